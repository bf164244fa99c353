"""Which of very many places may need a look: those that seem to have fallen, or to make unusually many people unhappy
today. Looking through all of them takes a moment, so what was found is kept for a while; what is said of them is
reckoned from the newest counts each time (sync/office/attention.py)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from sync.db import Database
from sync.models import locations, shown_day, tallies_day
from sync.office import attention, counts, crew_sight, glances, local_time, places
from sync.office.counts import Question
from sync.scores import LOOKED_AT, RANKED, drop, weights

KEPT_MS = 5 * 60_000
"""So old may a search be."""
CANDIDATES = 60
"""Places that are reckoned exactly, of those that seem to have fallen the most."""
_SEEMS = -2.5
"""Standard errors; what is named lies further out."""
_ENDS = (0, 1, 3, 7, 14, 22, 24, 28, LOOKED_AT)
"""Days before today at which what is read is cut: today alone, yesterday alone, and so on."""
_SPLITS = (((1,), (2, 3, 4, 5)), ((1, 2), (3, 4, 5, 6)), ((1, 2, 3), (4, 5, 6, 7)), ((1, 2, 3, 4), (5, 6, 7, 8)))
"""The last 1, 3, 7 and 14 whole days, and the three weeks before each."""

Part = tuple[int, float, float, int]
"""Of some days: how many answers, the sum of what they are worth, of the squares, and how many are unhappy."""


def refresh(db: Database, paths: Sequence[str], question: Question, now_ms: int, *, singles: bool) -> None:
    """Look through everything at and below these paths, unless somebody just did."""

    def look(tx: Connection) -> list[int]:
        return _search(tx, paths, question, now_ms, singles=singles)

    glances.keep(db, paths, _what(question, singles), KEPT_MS, now_ms, look)


def candidates(tx: Connection, paths: Sequence[str], question: Question, *, singles: bool) -> list[int]:
    """What was found last; nothing before anybody looked."""
    return list(glances.last(tx, paths, _what(question, singles)) or ())


def _what(question: Question, singles: bool) -> str:
    return f"falling {'whole' if singles else 'shown'} {question.id}"


def _search(tx: Connection, paths: Sequence[str], question: Question, now_ms: int, *, singles: bool) -> list[int]:
    """By days of UTC first, so that the edges are a little blurred; of those that seem to have fallen, the ones that
    have."""
    today = local_time.day_of(now_ms, places.DEFAULT_ZONE)
    found: dict[int, dict[int, Part]] = defaultdict(dict)
    for place, part, n, total, squares, bad in tx.execute(_query(paths, question, today, singles=singles)):
        found[place][int(part)] = (int(n), float(total), float(squares), int(bad))
    fallen = sorted((_deviation(parts), place) for place, parts in found.items())
    seeming = [place for deviation, place in fallen[:CANDIDATES] if deviation < _SEEMS]
    bad = [place for place, parts in found.items() if _is_bad(parts)]
    return sorted({*_fallen(tx, seeming, question, now_ms, singles=singles), *bad})


def _fallen(tx: Connection, numbers: Sequence[int], question: Question, now_ms: int, *, singles: bool) -> list[int]:
    tree = places.resolved(tx, set(numbers)) if numbers else {}
    today = {number: local_time.day_of(now_ms, tree[number].zone) for number in numbers}
    first, last = attention.first_day(min(today.values(), default=0)), max(today.values(), default=0)
    days = counts.days_of(tx, numbers, question, first, last, singles=singles)
    return [number for number in days if drop(question.scale, days[number].counts, today[number] - 1)]


def _query(paths: Sequence[str], question: Question, today: int, *, singles: bool) -> Any:
    table = tallies_day if singles else shown_day
    ago = today - table.c.day
    part = case(*((ago <= end, at) for at, end in enumerate(_ENDS)), else_=len(_ENDS)).label("part")
    columns, worth = counts.value_columns(question.scale, table), weights(question.scale)
    unhappy = columns[: attention.unhappy(question.scale)]
    query = (
        select(table.c.location_id, part, func.sum(table.c.n), _sum(columns, worth, 1), _sum(columns, worth, 2))
        .add_columns(func.sum(sum(unhappy[1:], start=unhappy[0])))
        .join(locations, locations.c.id == table.c.location_id)
        .where(crew_sight.answered(paths), locations.c.kind != "group")
        .where(table.c.question == question.id, table.c.choice == "")
        .where(table.c.day.between(today - LOOKED_AT, today + 1))
        .group_by(table.c.location_id, "part")
    )
    return query.where(~table.c.aside) if "aside" in table.c else query


def _sum(columns: Sequence[ColumnElement[int]], worth: Sequence[float], power: int) -> ColumnElement[float]:
    total: Any = 0.0
    for column, each in zip(columns, worth, strict=True):
        total = total + column * each**power
    return func.sum(total)


def _deviation(parts: Mapping[int, Part]) -> float:
    """How far it seems to have fallen at worst, in standard errors."""
    return min(_apart(_together(parts, since), _together(parts, before)) for since, before in _SPLITS)


def _together(parts: Mapping[int, Part], numbers: Sequence[int]) -> Part:
    n, total, squares, bad = 0, 0.0, 0.0, 0
    for number in numbers:
        if number in parts:
            own = parts[number]
            n, total, squares, bad = n + own[0], total + own[1], squares + own[2], bad + own[3]
    return n, total, squares, bad


def _apart(since: Part, before: Part) -> float:
    if min(since[0], before[0]) < RANKED:
        return 0.0
    means = [total / n for n, total, _, _ in (since, before)]
    errors = [
        max(squares / n - mean**2, 1.0) / n for (n, _, squares, _), mean in zip((since, before), means, strict=True)
    ]
    return (means[0] - means[1]) / sqrt(sum(errors))


def _is_bad(parts: Mapping[int, Part]) -> bool:
    now, usual = _together(parts, (0,)), _together(parts, range(1, 8))
    return attention.is_unusual(now[3], now[0], usual[3], usual[0])
