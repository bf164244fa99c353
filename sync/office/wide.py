"""The overview of more places than stand on one page: groups are read from their sums (sync/intake/sums.py), places
come page by page. What it costs doesn't grow with their number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, select

from sync import models
from sync.intake.sums import TOP
from sync.models import locations, sums_day, tallies_day
from sync.office import (
    attention,
    counts,
    crew_sight,
    delivery,
    every_place,
    falling,
    local_time,
    places,
    wide_delivery,
    wide_lines,
)
from sync.office import windows as calendar
from sync.office.attention import Attention
from sync.office.counts import LOADED, PERIOD, Days, Question
from sync.office.delivery import Delivery
from sync.office.every_place import A_PAGE, Asked, Listed
from sync.office.filters import Filters
from sync.office.lines import Line, Overview, Section, Youth
from sync.office.places import Location
from sync.office.rights import EVERYWHERE
from sync.office.wanted import Wanted
from sync.office.wide_lines import Reading, Zoned

DAY_MS = 86_400_000
ALL = Location(TOP, None, EVERYWHERE, "group", "", places.DEFAULT_ZONE, None)
"""Everything there is, as if it stood in one group."""


class Scope(NamedTuple):
    """What is looked at: its topmost locations (ALL for everything), and what anybody may be shown of them."""

    paths: tuple[str, ...]
    heads: tuple[Location, ...]
    singles: bool


def is_wide(tx: Connection, paths: Sequence[str], most: int) -> bool:
    """Whether more than `most` places are at and below these paths."""
    query = select(locations.c.id).where(crew_sight.answered(paths), locations.c.kind != "group").limit(most + 1)
    return len(tx.execute(query).all()) > most


def scope(tx: Connection, paths: Sequence[str], singles: bool) -> Scope:
    """Everything at and below these paths. `singles`: for somebody who may see single answers there."""
    if EVERYWHERE in paths:
        return Scope((EVERYWHERE,), (ALL,), singles)
    tree = places.resolved(tx, {int(path.split("/")[-2]) for path in paths})
    return Scope(tuple(paths), tuple(place for place in tree.values() if place.path in paths), singles)


def asked(tx: Connection, scope: Scope, now_ms: int, question: str | None) -> Question:
    """The question that an overview scores."""
    every = questions(tx, scope, now_ms)
    return next((each for each in every if each.id == question), every[0])


def one(tx: Connection, place: Location, now_ms: int, *, singles: bool) -> tuple[Question, Line]:
    """One place or group alone, without its crews, by its most answered first question. Its sums have to be folded."""
    here = Scope((place.path,), (place,), singles)
    question = questions(tx, here, now_ms)[0]
    days = _days(tx, [place], Asked(question, Filters(), singles), now_ms, is_plain=True)
    return question, wide_lines.line(Reading(question.scale, now_ms, Filters(), days, {}), place)


def _last(scope: Scope, now_ms: int) -> int:
    return max(local_time.day_of(now_ms, place.zone) for place in scope.heads)


def overview(tx: Connection, scope: Scope, now_ms: int, wanted: Wanted) -> Overview:
    """As sync.office.overview.overview, of which it is the wide half."""
    last = _last(scope, now_ms)
    top = scope.heads[0] if len(scope.heads) == 1 and scope.heads[0] is not ALL else None
    every = questions(tx, scope, now_ms)
    chosen = next((each for each in every if each.id == wanted.filters.question), every[0])
    asked = Asked(chosen, wanted.filters, scope.singles, crew_sight.opened(scope.paths))
    by_name = wanted.sort.by == "name"
    listed = _listed(tx, scope, wanted.page) if by_name else every_place.listed(tx, scope.paths, asked, wanted, now_ms)
    nodes = {place.id: place for place in (*scope.heads, *listed.places)}
    reading = Reading(
        chosen.scale,
        now_ms,
        wanted.filters,
        _days(tx, list(nodes.values()), asked, now_ms, is_plain=wanted.is_plain),
        wide_delivery.summed(tx, scope.paths, list(nodes.values()), now_ms),
    )
    lines = tuple(
        replace(wide_lines.line(reading, place), above=listed.above.get(place.id, ())) for place in listed.places
    )
    news = _attention(tx, scope, chosen, now_ms) if wanted.is_plain else attention.NOTHING
    youth = _youth(tx, reading, scope, last) if wanted.is_plain else None
    return Overview(
        top=top,
        question=chosen,
        questions=tuple(every),
        whole=wide_lines.line(reading, top) if top else None,
        yesterday=wide_lines.yesterday(reading, scope.heads),
        attention=news,
        youth=youth,
        agreed=delivery.agreed(
            ((place, reading.deliveries.get(place.id, Delivery())) for place in listed.places), now_ms
        ),
        sections=(Section(None, lines),),
        places=_size(tx, scope),
        version=delivery.version(tx, now_ms),
        total=wide_lines.total(reading, scope.heads),
        window=reading.window(wide_lines.named_zone(reading, scope.heads)),
        wanted=wanted,
        page=listed.page,
        pages=listed.pages,
    )


def _attention(tx: Connection, scope: Scope, question: Question, now_ms: int) -> Attention:
    """Of the places that were found last, those of which it is certain that the answers were given there."""
    numbers = falling.candidates(tx, scope.paths, question, singles=scope.singles)
    there = tx.execute(
        select(locations.c.id).where(locations.c.id.in_(numbers), crew_sight.answered(scope.paths))
    ).scalars()
    tree = places.resolved(tx, known := set(there) - _uncertain(tx, numbers))
    sure = [tree[number] for number in sorted(known)]
    today = [local_time.day_of(now_ms, place.zone) for place in sure] or [_last(scope, now_ms)]
    first, last = attention.first_day(min(today)), max(today)
    days = counts.days_of(tx, sorted(known), question, first, last, singles=scope.singles)

    def of(place: Location) -> Days:
        return days.get(place.id, Days())

    return attention.attention(tx, scope.paths, sure, of, question, now_ms, singles=scope.singles)


def _uncertain(tx: Connection, numbers: Sequence[int]) -> set[int]:
    """Where two boxes may share one identity, and nobody has looked yet."""
    query = (
        select(models.touchpoints.c.location_id)
        .join(models.placements, models.placements.c.touchpoint_id == models.touchpoints.c.id)
        .join(models.screens, models.screens.c.id == models.placements.c.screen_id)
        .join(models.clone_signs, models.clone_signs.c.device_id == models.screens.c.device_id)
        .where(models.touchpoints.c.location_id.in_(numbers), models.placements.c.to_ms.is_(None))
        .where(models.clone_signs.c.settled_ms.is_(None))
    )
    return set(tx.execute(query).scalars())


def questions(tx: Connection, scope: Scope, now_ms: int) -> list[Question]:
    """As counts.questions, from the sums."""
    last = _last(scope, now_ms)
    known = counts.scored(tx)
    n: dict[str, int] = defaultdict(int)
    branches, leaves = _apart(tx, scope.heads)
    for table, numbers, more in (
        (sums_day, branches, [sums_day.c.whole, every_place.shown(tx, branches, crew_sight.opened(scope.paths))]),
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


def _listed(tx: Connection, scope: Scope, page: int) -> Listed:
    """What is shown line by line: right below the heads, groups first, by name. Where there is only one group to be
    shown, what is in it is."""
    right_below = and_(_right_below(scope), crew_sight.answered(scope.paths))
    while True:
        query = select(locations.c.id).where(right_below)
        only = tx.execute(query.limit(2)).scalars().all()
        if len(only) != 1 or tx.execute(select(locations.c.id).where(locations.c.parent_id == only[0])).first() is None:
            break
        right_below = and_(locations.c.parent_id == only[0], crew_sight.answered(scope.paths))
    size = tx.execute(select(func.count()).select_from(locations).where(right_below)).scalar_one()
    pages = max(-(-size // A_PAGE), 1)
    at = min(max(page, 1), pages)
    ordered = query.order_by(locations.c.kind != "group", func.lower(locations.c.name), locations.c.id)
    numbers = tx.execute(ordered.offset((at - 1) * A_PAGE).limit(A_PAGE)).scalars().all()
    tree = places.resolved(tx, set(numbers))
    return Listed([tree[number] for number in numbers], at, pages)


def _size(tx: Connection, scope: Scope) -> int:
    """How many places there are at all."""
    query = (
        select(func.count()).select_from(locations).where(crew_sight.answered(scope.paths), locations.c.kind != "group")
    )
    return int(tx.execute(query).scalar_one())


def _right_below(scope: Scope) -> Any:
    if scope.heads == (ALL,):
        return locations.c.parent_id.is_(None)
    if len(scope.heads) == 1:
        return locations.c.parent_id == scope.heads[0].id
    return locations.c.id.in_([place.id for place in scope.heads])


def _days(tx: Connection, nodes: Sequence[Location], asked: Asked, now_ms: int, *, is_plain: bool) -> dict[int, Zoned]:
    """What was answered at and below each of these, by the zones of those who answered."""
    branches, leaves = _apart(tx, nodes)
    windows = {place.id: calendar.window(asked.filters, local_time.day_of(now_ms, place.zone)) for place in nodes}
    first = min(each.before for each in windows.values()) - 1  # other zones below may be a day behind
    last = max(each.last for each in windows.values()) + 1
    first = min(first, last - LOADED - 1) if is_plain else first
    zones = {place.id: place.zone for place in nodes}
    found: dict[int, Zoned] = defaultdict(lambda: defaultdict(Days))
    for part in every_place.branches(tx, branches, asked, first, last):
        wide_lines.keep(found[part.location][part.zone], part.day, part.aside, part.counts, asked.filters.narrowed)
    for each in every_place.answered(tx, branches, asked, last):
        days = found[each.location][each.zone]
        days.told = {**(days.told or {}), each.day: each.n}
    narrowed = asked.filters.narrowed
    own = counts.days_of(tx, leaves, asked.question, first, last, singles=asked.singles, narrowed=narrowed)
    for place, days in own.items():
        found[place][zones[place]] = days
    return found


def _youth(tx: Connection, reading: Reading, scope: Scope, last: int) -> Youth | None:
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
