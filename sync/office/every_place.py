"""What every place of a large chain was answered, in one question to the database: to put all of them in order, and to
sum them up where the sums of groups (sync/intake/sums.py) don't tell answers apart finely enough."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, case, func, or_, select

from sync.intake.sums import TOP
from sync.models import locations, shown_day, sums_day
from sync.office import changes, counts, crew_sight, local_time, places, windows
from sync.office.counts import Figure, Question
from sync.office.filters import Filters
from sync.office.places import Location
from sync.office.rights import Reach
from sync.office.wanted import Sort, Wanted
from sync.office.windows import Window
from sync.scores import ENOUGH, RANKED, Histogram, add, value, weights
from sync.survey import Scale

A_PAGE = 25
"""Lines at once."""
_HINTS_AT = 1.2
"""Standard errors; no difference of fewer is certain, so that it need not be reckoned."""


class Asked(NamedTuple):
    """What is counted, and for whom: `singles` for somebody who may see single answers, `crews` at and below these
    paths with what crews were answered (see crew_sight)."""

    question: Question
    filters: Filters
    singles: bool
    crews: tuple[str, ...] = ()


class Listed(NamedTuple):
    """A `page` of `pages` of places, and of each the groups above it, where they don't stand around it."""

    places: Sequence[Location]
    page: int
    pages: int
    above: Mapping[int, tuple[Location, ...]] = {}


class Part(NamedTuple):
    """What was answered at and below a location on one day, at places of one time zone."""

    location: int
    zone: str
    day: int
    aside: bool
    counts: tuple[int, ...]


class Own(NamedTuple):
    """A place's period, and what its change is reckoned from (sync/office/windows.py)."""

    counts: Histogram
    before: Histogram
    since: Histogram


def branches(tx: Connection, numbers: Sequence[int], asked: Asked, first: int, last: int) -> Iterator[Part]:
    """The days of each of these locations that have others below them."""
    if not numbers:
        return
    if not asked.filters.narrowed.is_wide:
        yield from _rolled_up(tx, set(numbers), asked, first, last)
        return
    table = sums_day.c
    query = select(
        table.location_id, table.zone, table.day, table.aside, *counts.value_columns(asked.question.scale, sums_day)
    ).where(
        table.location_id.in_(numbers),
        table.question == asked.question.id,
        table.choice == "",
        table.whole.is_(asked.singles),
        table.day.between(first, last),
        shown(tx, numbers, asked.crews),
    )
    for number, zone, day, aside, *found in tx.execute(query):
        yield Part(number, zone, day, bool(aside), tuple(map(int, found)))


def shown(tx: Connection, numbers: Sequence[int], crews: Sequence[str]) -> ColumnElement[bool]:
    """Of the sums of these locations those of crews only where all crews there are seen."""
    return or_(~sums_day.c.crews, sums_day.c.location_id.in_(crew_sight.branches(tx, numbers, crews)))


class Number(NamedTuple):
    """How many answers were given at and below a location on one day, at places of one time zone."""

    location: int
    zone: str
    day: int
    n: int


def answered(tx: Connection, numbers: Sequence[int], asked: Asked, last: int) -> Iterator[Number]:
    """The last few days of these locations that have others below them, for whom only what was released is shown."""
    if not numbers or asked.singles:
        return
    table = sums_day.c
    what = (table.location_id, table.zone, table.day)
    query = select(*what, func.sum(table.n)).where(
        table.location_id.in_(numbers),
        table.question == asked.question.id,
        table.choice == "",
        table.whole,
        ~table.aside,
        table.day.between(last - 3, last),
        shown(tx, numbers, asked.crews),
    )
    for number, zone, day, n in tx.execute(query.group_by(*what)):
        yield Number(number, zone, day, int(n))


class _Branch(NamedTuple):
    chain: tuple[int, ...]
    zone: str


def _rolled_up(tx: Connection, wanted: set[int], asked: Asked, first: int, last: int) -> Iterator[Part]:
    """From the tallies of every place below, by what they stand right below."""
    if not asked.singles:
        raise ValueError("answers are narrowed down for those only who may see single ones")
    tree, narrowed = _tree(tx), asked.filters.narrowed
    table = counts.source(narrowed)
    day = counts.local_day(table)
    # A shop in which there are others counts for itself.
    shops = select(locations.c.id).where(locations.c.kind != "group", locations.c.id.in_(list(tree)))
    under = case((locations.c.id.in_(shops), locations.c.id), else_=locations.c.parent_id).label("under")
    sums = (func.sum(each) for each in counts.value_columns(asked.question.scale, table))
    query = (
        select(under, locations.c.zone, day.label("on_day"), table.c.aside, *sums)
        .join(locations, locations.c.id == table.c.location_id)
        .where(crew_sight.answered(_paths(tree, wanted, asked.crews)), *counts.between_days(table, first, last))
        .where(table.c.question == asked.question.id, table.c.choice == "", *counts.narrowing(table, narrowed))
        .group_by("under", locations.c.zone, "on_day", table.c.aside)
    )
    for number, zone, on_day, aside, *found in tx.execute(query):
        above = tree.get(number, _Branch((), places.DEFAULT_ZONE))
        for each in (TOP, *above.chain):
            if each in wanted:
                yield Part(each, zone or above.zone, int(on_day), bool(aside), tuple(map(int, found)))


def _paths(tree: Mapping[int, _Branch], wanted: set[int], crews: Sequence[str]) -> list[Reach]:
    paths = [f"/{'/'.join(map(str, tree[each].chain))}/" if each != TOP else "/" for each in sorted(wanted)]
    return [Reach(path, crews) for path in paths]


def _tree(tx: Connection) -> dict[int, _Branch]:
    """Every location that has others below it."""
    below = locations.alias("below")
    query = select(locations.c.id, locations.c.path, locations.c.zone)
    rows = tx.execute(query.where(locations.c.id.in_(select(below.c.parent_id)))).all()
    found: dict[int, _Branch] = {}
    for number, path, zone in sorted(rows, key=lambda row: len(row.path)):  # parents first
        chain = tuple(int(each) for each in path.split("/") if each)
        above = found[chain[-2]].zone if len(chain) > 1 else places.DEFAULT_ZONE
        found[number] = _Branch(chain, zone or above)
    return found


def own(tx: Connection, paths: Sequence[str], asked: Asked, now_ms: int, *, compared: bool) -> dict[int, Own]:
    """What each place at and below these paths was answered, each on its own days, by its number; `compared`: with the
    days before too. The database sums up the days that lie alike in every time zone; around midnight the others are
    told apart here."""
    zones = _zones(tx, paths)
    by_zone = {zone: windows.window(asked.filters, local_time.day_of(now_ms, zone)) for zone in set(zones.values())}
    early, late = min(by_zone.values()), max(by_zone.values())
    needed = compared or windows.is_usual(asked.filters)
    nothing = (0,) * (asked.question.scale.high - asked.question.scale.low + 1)
    before, since = dict[int, Histogram](), dict[int, Histogram]()
    for number, day, *values in tx.execute(_query(paths, asked, early, late, since=not needed)):
        window = early if early == late else by_zone[zones[number]]
        side = since if window.since <= day <= window.last else before
        if side is since or window.before <= day <= window.until:
            counted = tuple(map(int, values))
            side[number] = add([side[number], counted]) if number in side else counted
    usual = windows.is_usual(asked.filters)
    return {
        number: _own(before.get(number, nothing), since.get(number, nothing), usual=usual)
        for number in before.keys() | since.keys()
    }


def _own(before: Histogram, since: Histogram, *, usual: bool) -> Own:
    """The usual period is both sides together."""
    return Own(tuple(map(sum, zip(before, since, strict=True))) if usual else since, before, since)


def _query(paths: Sequence[str], asked: Asked, early: Window, late: Window, *, since: bool) -> Any:
    """`early`, `late`: of those places whose day began last, and first. `since`: without the days before."""
    table, narrowed = _source(asked), asked.filters.narrowed
    day: ColumnElement[Any] = counts.local_day(table)
    part = case(
        (day.between(late.since, early.last), early.last),
        (day.between(late.before, early.until), early.until),
        else_=day,
    ).label("part")
    sums = (func.sum(each) for each in counts.value_columns(asked.question.scale, table))
    query = (
        select(table.c.location_id, part, *sums)
        .join(locations, locations.c.id == table.c.location_id)
        .where(crew_sight.answered(paths), locations.c.kind != "group")
        .where(*counts.between_days(table, early.since if since else early.before, late.last))
        .where(table.c.question == asked.question.id, table.c.choice == "", *counts.narrowing(table, narrowed))
        .group_by(table.c.location_id, "part")
    )
    if "aside" in table.c and narrowed.flagged != "with":
        query = query.where(table.c.aside.is_(narrowed.flagged == "only"))
    return query


def _source(asked: Asked) -> Table:
    if asked.singles:
        return counts.source(asked.filters.narrowed)
    if not asked.filters.narrowed.is_wide:
        raise ValueError("answers are narrowed down for those only who may see single ones")
    return shown_day


def _zones(tx: Connection, paths: Sequence[str]) -> dict[int, str]:
    """The time zone of each place at and below these paths; of one that is shared by all of them, under no place."""
    tops = [int(path.split("/")[-2]) for path in paths if path != "/"]
    heads = {place.zone for place in places.resolved(tx, set(tops)).values() if place.id in tops} if tops else set()
    query = select(locations.c.zone).where(places.below(paths), locations.c.zone.is_not(None)).distinct()
    named = heads | set(tx.execute(query).scalars())
    if "/" in paths:
        query = select(locations.c.id).where(locations.c.parent_id.is_(None), locations.c.zone.is_(None)).limit(1)
        named |= {places.DEFAULT_ZONE} if not named or tx.execute(query).first() else set()
    if len(named) == 1:
        return {TOP: named.pop()}
    tree = _tree(tx)
    rows = tx.execute(select(locations.c.id, locations.c.parent_id, locations.c.zone).where(places.below(paths)))
    return {row.id: row.zone or (tree[row.parent_id].zone if row.parent_id else places.DEFAULT_ZONE) for row in rows}


def listed(tx: Connection, paths: Sequence[str], asked: Asked, wanted: Wanted, now_ms: int) -> Listed:
    """A page of all places at and below these paths by a figure, as sync.office.lines.in_order has them."""
    query = select(locations.c.id, locations.c.name).where(crew_sight.answered(paths), locations.c.kind != "group")
    names: dict[int, str] = dict(tuple(row) for row in tx.execute(query))
    found = own(tx, paths, asked, now_ms, compared=wanted.sort.by == "change")
    scale, sign = asked.question.scale, -1 if wanted.sort.down else 1
    keys = []
    for number, name in names.items():
        worth = _worth(scale, found.get(number), wanted.sort)
        keys.append((worth is None, sign * (worth or 0.0), name.casefold(), number))
    pages = max(-(-len(keys) // A_PAGE), 1)
    at = min(max(wanted.page, 1), pages)
    numbers = [key[-1] for key in sorted(keys)[(at - 1) * A_PAGE : at * A_PAGE]]
    tree = places.resolved(tx, set(numbers))
    chains = {number: above(tree, tree[number], paths) for number in numbers}
    return Listed([tree[number] for number in numbers], at, pages, chains)


def above(tree: Mapping[int, Location], place: Location, paths: Sequence[str]) -> tuple[Location, ...]:
    """The groups that a place is in, from the top of these paths down."""
    chain = [tree[int(each)] for each in place.path.split("/") if each][:-1]
    return tuple(each for each in chain if any(each.path.startswith(path) for path in paths))


def _worth(scale: Scale, found: Own | None, sort: Sort) -> float | None:
    """Equal figures are equal numbers: a fraction is rounded to the nearest float there is."""
    if sort.by == "change":
        return _changed(scale, found) if found else 0.0
    n = sum(found.counts) if found else 0
    if sort.by == "n" or found is None or n < ENOUGH:
        return float(n) if sort.by == "n" else None
    exact = value(scale, found.counts)
    return None if exact is None else float(exact)


def _changed(scale: Scale, found: Own) -> float:
    """By how much it has certainly changed, else nothing."""
    sides = [_moments(scale, counted) for counted in (found.before, found.since)]
    if any(n < RANKED for n, _, _ in sides):
        return 0.0
    error = sqrt(sum(variance / n for n, _, variance in sides))
    if abs(sides[0][1] - sides[1][1]) < _HINTS_AT * error:
        return 0.0
    change = changes.of_week(Figure(scale, found.before), Figure(scale, found.since))
    return float(change.value) if change else 0.0


def _moments(scale: Scale, counted: Histogram) -> tuple[int, float, float]:
    """How many answers, their mean and their variance."""
    n, worth = sum(counted), weights(scale)
    if not n:
        return 0, 0.0, 0.0
    mean = sum(count * each for count, each in zip(counted, worth, strict=True)) / n
    return n, mean, sum(count * (each - mean) ** 2 for count, each in zip(counted, worth, strict=True)) / n
