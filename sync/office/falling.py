"""The news of very many places: which of them fell the most. Looking through all of them takes a moment, so what was
found is kept for a while; how far they fell is reckoned from the newest counts each time."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from sync.db import Database
from sync.models import clone_signs, devices, locations, placements, screens, tallies_day, touchpoints
from sync.office import changes, counts, glances, local_time, places
from sync.office.changes import WEEK, Fall
from sync.office.counts import LOADED, PERIOD, Days, Question
from sync.office.places import Location
from sync.scores import RANKED, value
from sync.survey import Scale

KEPT_MS = 15 * 60_000
"""So old may a search be."""
CANDIDATES, KEPT = 40, 6
"""Places that are reckoned exactly, of those that seem to have fallen the most; and of them those that are kept."""


def refresh(db: Database, paths: Sequence[str], question: Question, now_ms: int, *, singles: bool) -> None:
    """Look through everything at and below these paths, unless somebody just did."""

    def look(tx: Connection) -> list[int]:
        return _search(tx, paths, question, now_ms, singles=singles)

    glances.keep(db, paths, _what(question, singles), KEPT_MS, now_ms, look)


def newest(tx: Connection, paths: Sequence[str], question: Question, now_ms: int, *, singles: bool) -> tuple[Fall, ...]:
    """The largest certain falls among those that were found last."""
    found = glances.last(tx, paths, _what(question, singles))
    return _reckoned(tx, found, question, now_ms, singles=singles) if found else ()


def _what(question: Question, singles: bool) -> str:
    return f"falls {'whole' if singles else 'shown'} {question.id}"


def _search(tx: Connection, paths: Sequence[str], question: Question, now_ms: int, *, singles: bool) -> list[int]:
    numbers = _candidates(tx, paths, question, local_time.day_of(now_ms, places.DEFAULT_ZONE))
    return [fall.place.id for fall in _reckoned(tx, numbers, question, now_ms, singles=singles, most=KEPT)]


def _candidates(tx: Connection, paths: Sequence[str], question: Question, today: int) -> list[int]:
    """Those whose mean fell the most, in standard errors; by days of UTC, so that the edges are a little blurred."""
    table, week = tallies_day.c, tallies_day.c.day > today - WEEK
    columns = [
        func.sum(case((side, part), else_=0.0))
        for side in (week, ~week)
        for part in (table.n, _moment(question.scale, 1), _moment(question.scale, 2))
    ]
    query = (
        select(table.location_id, *columns)
        .join(locations, locations.c.id == table.location_id)
        .where(places.below(paths), locations.c.kind != "group")
        .where(table.question == question.id, table.choice == "", ~table.aside)
        .where(table.day.between(today - PERIOD + 1, today + 1))
        .group_by(table.location_id)
    )
    fallen = [(_deviation(*map(float, row[1:])), row[0]) for row in tx.execute(query)]
    return [place for deviation, place in sorted(fallen)[:CANDIDATES] if deviation < 0]


def _moment(scale: Scale, power: int) -> ColumnElement[float]:
    """The sum of what each answer of a row weighs in the score, or of its square."""
    total: Any = 0.0
    for at, column in enumerate(counts.value_columns(scale)):
        alone = tuple(int(each == at) for each in range(scale.high - scale.low + 1))
        total = total + column * float(value(scale, alone) or 0) ** power
    return total  # type: ignore[no-any-return]


def _deviation(n: float, total: float, squares: float, n0: float, total0: float, squares0: float) -> float:
    if min(n, n0) < RANKED:
        return 0.0
    mean, mean0 = total / n, total0 / n0
    error = sqrt(max(squares / n - mean**2, 1.0) / n + max(squares0 / n0 - mean0**2, 1.0) / n0)
    return (mean - mean0) / error


def _reckoned(
    tx: Connection, numbers: Sequence[int], question: Question, now_ms: int, *, singles: bool, most: int | None = None
) -> tuple[Fall, ...]:
    """Of places of which it is certain that the answers were given there."""
    sure = _those_that_stand(tx, sorted(set(numbers) - _uncertain(tx, numbers)))
    today = {place.id: local_time.day_of(now_ms, place.zone) for place in sure}
    last = max(today.values(), default=0)
    days = counts.days_of(tx, list(today), question, last - LOADED, last, singles=singles)
    every = changes.falls(
        question.scale, sure, lambda place: days.get(place.id, Days()), lambda place: today[place.id], most=most
    )
    return every


def _those_that_stand(tx: Connection, numbers: Sequence[int]) -> list[Location]:
    """A place that was deleted since is none of the news."""
    there = tx.execute(select(locations.c.id).where(locations.c.id.in_(numbers))).scalars().all()
    tree = places.resolved(tx, set(there))
    return [tree[number] for number in there]


def _uncertain(tx: Connection, numbers: Sequence[int]) -> set[int]:
    """Where two boxes may share one identity, and nobody has looked yet."""
    query = (
        select(touchpoints.c.location_id)
        .join(placements, placements.c.touchpoint_id == touchpoints.c.id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .join(devices, devices.c.id == screens.c.device_id)
        .join(clone_signs, clone_signs.c.device_id == devices.c.id)
        .where(touchpoints.c.location_id.in_(numbers), placements.c.to_ms.is_(None), clone_signs.c.settled_ms.is_(None))
    )
    return set(tx.execute(query).scalars())
