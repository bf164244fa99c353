"""The overview of more places than stand on one page: groups are read from their sums (sync/intake/sums.py), places
come page by page. What it costs doesn't grow with their number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from sync import models
from sync.intake.sums import TOP
from sync.models import locations, sums_day, tallies_day
from sync.office import counts, delivery, falling, local_time, places, wide_delivery
from sync.office.changes import WEEK
from sync.office.counts import LOADED, PERIOD, Days, Figure, Question
from sync.office.delivery import Delivery
from sync.office.lines import Day, Line, Overview, Section, Yesterday, Youth
from sync.office.places import Location
from sync.office.rights import EVERYWHERE
from sync.survey import Scale

A_PAGE = 25
"""Lines at once."""
DAY_MS = 86_400_000
ALL = Location(TOP, None, EVERYWHERE, "group", "", places.DEFAULT_ZONE, None)
"""Everything there is, as if it stood in one group."""

Zoned = dict[str, Days]
"""Days by the time zone of those who count them."""


class Scope(NamedTuple):
    """What is looked at: its topmost locations (ALL for everything), and what anybody may be shown of them."""

    paths: tuple[str, ...]
    heads: tuple[Location, ...]
    singles: bool


class _Reading(NamedTuple):
    scale: Scale
    now_ms: int
    days: dict[int, Zoned]
    deliveries: dict[int, Delivery]
    singles: bool


def is_wide(tx: Connection, paths: Sequence[str], most: int) -> bool:
    """Whether more than `most` places are at and below these paths."""
    query = select(locations.c.id).where(places.below(paths), locations.c.kind != "group").limit(most + 1)
    return len(tx.execute(query).all()) > most


def scope(tx: Connection, paths: Sequence[str], singles: bool) -> Scope:
    """Everything at and below these paths. `singles`: for somebody who may see single answers there."""
    if EVERYWHERE in paths:
        return Scope((EVERYWHERE,), (ALL,), singles)
    tree = places.resolved(tx, {int(path.split("/")[-2]) for path in paths})
    return Scope(tuple(paths), tuple(place for place in tree.values() if place.path in paths), singles)


def asked(tx: Connection, scope: Scope, now_ms: int, question: str | None) -> Question:
    """The question that an overview scores."""
    every = _questions(tx, scope, _last(scope, now_ms))
    return next((each for each in every if each.id == question), every[0])


def one(tx: Connection, place: Location, now_ms: int, *, singles: bool) -> tuple[Question, Line]:
    """One place or group alone, by its most answered first question. Its sums have to be folded."""
    here = Scope((place.path,), (place,), singles)
    last = _last(here, now_ms)
    question = _questions(tx, here, last)[0]
    days = _days(tx, [place], question, last, singles=singles)
    return question, _line(_Reading(question.scale, now_ms, days, {}, singles), place)


def _last(scope: Scope, now_ms: int) -> int:
    return max(local_time.day_of(now_ms, place.zone) for place in scope.heads)


def overview(tx: Connection, scope: Scope, now_ms: int, *, question: str | None, page: int) -> Overview:
    """As sync.office.overview.overview, of which it is the wide half."""
    last = _last(scope, now_ms)
    top = scope.heads[0] if len(scope.heads) == 1 and scope.heads[0] is not ALL else None
    every = _questions(tx, scope, last)
    chosen = next((each for each in every if each.id == question), every[0])
    listed, total, pages = _listed(tx, scope, page)
    nodes = {place.id: place for place in (*scope.heads, *listed)}
    reading = _Reading(
        chosen.scale,
        now_ms,
        _days(tx, list(nodes.values()), chosen, last, singles=scope.singles),
        wide_delivery.summed(tx, scope.paths, list(nodes.values()), now_ms),
        scope.singles,
    )
    whole = _line(reading, top) if top else None
    lines = tuple(_line(reading, place) for place in listed)
    return Overview(
        top=top,
        question=chosen,
        questions=tuple(every),
        whole=whole,
        yesterday=_yesterday(reading, scope.heads),
        falls=falling.newest(tx, scope.paths, chosen, now_ms, singles=scope.singles),
        youth=_youth(tx, reading, scope, last),
        agreed=delivery.agreed(((place, reading.deliveries.get(place.id, Delivery())) for place in listed), now_ms),
        sections=(Section(None, lines),),
        places=total,
        version=delivery.version(tx, now_ms),
        page=min(max(page, 1), pages),
        pages=pages,
    )


def _questions(tx: Connection, scope: Scope, last: int) -> list[Question]:
    """As counts.questions, from the sums."""
    known = counts.scored(tx)
    n: dict[str, int] = defaultdict(int)
    branches, leaves = _apart(tx, scope.heads)
    for table, numbers, more in (
        (sums_day, branches, [sums_day.c.whole]),
        (tallies_day, leaves, []),
    ):
        query = (
            select(table.c.question, func.sum(table.c.n))
            .where(table.c.location_id.in_(numbers), table.c.question.in_(known), table.c.choice == "", *more)
            .where(table.c.day.between(last - LOADED, last))
            .group_by(table.c.question)
        )
        for name, some in tx.execute(query) if numbers else ():
            n[name] += int(some)
    return counts.in_order(n, known)


def _apart(tx: Connection, nodes: Iterable[Location]) -> tuple[list[int], list[int]]:
    """Which of these have others below them, and which haven't."""
    numbers = {place.id for place in nodes}
    below = locations.c.parent_id
    found = set(tx.execute(select(below).where(below.in_(numbers)).distinct()).scalars())
    found |= numbers & {TOP}
    return sorted(found), sorted(numbers - found)


def _listed(tx: Connection, scope: Scope, page: int) -> tuple[list[Location], int, int]:
    """What is shown line by line: right below the heads, groups first, by name; how many places there are at all, and
    on how many pages this comes. Where there is only one group to be shown, what is in it is."""
    right_below = _right_below(scope)
    while True:
        query = select(locations.c.id).where(right_below)
        only = tx.execute(query.limit(2)).scalars().all()
        if len(only) != 1 or tx.execute(select(locations.c.id).where(locations.c.parent_id == only[0])).first() is None:
            break
        right_below = locations.c.parent_id == only[0]
    size = tx.execute(select(func.count()).select_from(locations).where(right_below)).scalar_one()
    pages = max(-(-size // A_PAGE), 1)
    start = (min(max(page, 1), pages) - 1) * A_PAGE
    ordered = query.order_by(locations.c.kind != "group", func.lower(locations.c.name), locations.c.id)
    numbers = tx.execute(ordered.offset(start).limit(A_PAGE)).scalars().all()
    tree = places.resolved(tx, set(numbers))
    total = tx.execute(
        select(func.count()).select_from(locations).where(places.below(scope.paths), locations.c.kind != "group")
    ).scalar_one()
    return [tree[number] for number in numbers], total, pages


def _right_below(scope: Scope) -> Any:
    if scope.heads == (ALL,):
        return locations.c.parent_id.is_(None)
    if len(scope.heads) == 1:
        return locations.c.parent_id == scope.heads[0].id
    return locations.c.id.in_([place.id for place in scope.heads])


def _days(
    tx: Connection, nodes: Sequence[Location], question: Question, last: int, *, singles: bool
) -> dict[int, Zoned]:
    """What was answered at and below each of these, by the zones of those who answered."""
    branches, leaves = _apart(tx, nodes)
    zones = {place.id: place.zone for place in nodes}
    found: dict[int, Zoned] = defaultdict(lambda: defaultdict(Days))
    for row in tx.execute(_sums(branches, question, last, singles)) if branches else ():
        _keep(found[row.location_id][row.zone], row.day, row.aside, tuple(map(int, row[4:])))
    for place, days in counts.days_of(tx, leaves, question, last - LOADED, last, singles=singles).items():
        found[place][zones[place]] = days
    return found


def _sums(branches: list[int], question: Question, last: int, singles: bool) -> Select[Any]:
    table = sums_day.c
    columns = [table[f"s{value}"] for value in range(question.scale.low, question.scale.high + 1)]
    return select(table.location_id, table.zone, table.day, table.aside, *columns).where(
        table.location_id.in_(branches),
        table.question == question.id,
        table.choice == "",
        table.whole.is_(singles),
        table.day.between(last - LOADED, last),
    )


def _keep(days: Days, day: int, aside: bool, sums: tuple[int, ...]) -> None:
    if not any(sums):
        return
    if aside:
        days.aside[day] = sum(sums)
    else:
        days.counts[day] = sums


def _between(reading: _Reading, zoned: Zoned, back: int, until: int) -> Figure:
    """From `back` days ago to `until` days ago, as each zone counts its days."""
    parts = []
    for zone, days in zoned.items():
        now = local_time.day_of(reading.now_ms, zone)
        parts += [days.counts[day] for day in range(now - back, now - until + 1) if day in days.counts]
    return counts.together(reading.scale, parts, singles=True)


def _line(reading: _Reading, place: Location) -> Line:
    zoned = reading.days.get(place.id, {})
    today = {zone: local_time.day_of(reading.now_ms, zone) for zone in zoned}
    last = max(today.values(), default=local_time.day_of(reading.now_ms, place.zone))
    days = tuple(
        Day(
            day,
            counts.together(
                reading.scale,
                [
                    each.counts[day]
                    for zone, each in zoned.items()
                    if day in each.counts and today[zone] - PERIOD < day <= today[zone]
                ],
                singles=True,
            ),
        )
        for day in range(last - PERIOD + 1, last + 1)
    )
    return Line(
        place=place,
        figure=_between(reading, zoned, PERIOD - 1, 0),
        before=_between(reading, zoned, PERIOD - 1, WEEK),
        since=_between(reading, zoned, WEEK - 1, 0),
        days=days,
        today=_between(reading, zoned, 0, 0).n,
        aside=sum(
            n
            for zone, each in zoned.items()
            for day, n in each.aside.items()
            if today[zone] - PERIOD < day <= today[zone]
        ),
        delivery=reading.deliveries.get(place.id, Delivery()),
    )


def _yesterday(reading: _Reading, tops: Sequence[Location]) -> Yesterday:
    """Each place's own; the day is named after the zone in which most was answered."""
    every: dict[str, int] = defaultdict(int)
    for place in tops:
        for zone, days in reading.days.get(place.id, {}).items():
            every[zone] += sum(map(sum, days.counts.values()))
    named = max(sorted(every), key=lambda zone: every[zone], default=tops[0].zone)

    def back(*days: int) -> Figure:
        parts = [_between(reading, reading.days.get(place.id, {}), ago, ago).counts for place in tops for ago in days]
        return counts.together(reading.scale, parts, singles=True)

    day = local_time.day_of(reading.now_ms, named) - 1
    return Yesterday(day, back(1), back(*(1 + WEEK * weeks for weeks in range(1, 5))))


def _youth(tx: Connection, reading: _Reading, scope: Scope, last: int) -> Youth | None:
    placed, points = models.placements, models.touchpoints
    old = (
        select(placed.c.id)
        .join(points, points.c.id == placed.c.touchpoint_id)
        .join(locations, locations.c.id == points.c.location_id)
        .where(places.below(scope.paths), placed.c.from_ms < (last - PERIOD + 1) * DAY_MS)
    )
    if tx.execute(old.limit(1)).first() is not None:
        return None
    answered = [
        (day, local_time.day_of(reading.now_ms, zone))
        for place in scope.heads
        for zone, days in reading.days.get(place.id, {}).items()
        for day in days.counts
    ]
    return Youth(min((day for day, _ in answered), default=None), all(day >= today for day, today in answered))
