"""Why a figure changed, answered from the record: what came late or was changed since, what is asked otherwise, what
else differs from the days it is compared with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from sync.models import driven, flag_decisions, former_zones, locations, placements, responses, touchpoints
from sync.office import answers, counts, crew_sight, listing, local_time, places, restated, windows
from sync.office.answers import Answer
from sync.office.awaited import Days
from sync.office.counts import Figure
from sync.office.filters import Filters
from sync.office.lines import Overview
from sync.office.listing import Page
from sync.office.places import Location
from sync.office.restated import Change
from sync.office.standing import Standing, standing
from sync.scores import Histogram, add, value

BACK_MS = 28 * 86_400_000
"""How long before the days that are looked at another version was answered, at most."""
MOST_BOXES = 60
"""Of more terminals nobody asks which version they showed: that is a question for a place."""
MOST_REASONS = 3
ARRIVED = ("late", "revised", "clock")
"""What a terminal brought, so that its answers are found by the terminal and when they came."""


@dataclass(frozen=True)
class Step:
    """One change since it was first shown, with the figure before and after it; None for those who may not see what
    single answers did. `reasons`: what somebody gave for setting or lifting a flag."""

    change: Change
    before: Figure | None
    after: Figure | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Began:
    """The first answer to another version of a survey, after `before` of it."""

    survey: str
    version: int
    before: int
    at_ms: int


@dataclass(frozen=True)
class Zoned:
    """A place lived by this zone until then."""

    place: Location
    zone: str
    until_ms: int


@dataclass(frozen=True)
class Share:
    """A place's share of the answers and its score, then and now."""

    place: Location
    was: Figure
    now: Figure


@dataclass(frozen=True)
class Mix:
    """Against the same weekdays before: how much of the difference comes from where was answered more or less (`mixed`)
    and how much of the `change` from how was answered there. `shares`: the places whose share moved most."""

    was: Figure
    now: Figure
    change: Fraction
    mixed: Fraction
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Why:
    """`steps` since it was first shown; `early`: what changed it before, or before anybody looked. `arrived`: the
    single answers that terminals brought late or anew; None for those who may not see them."""

    standing: Standing
    steps: tuple[Step, ...]
    early: tuple[Change, ...]
    began: tuple[Began, ...]
    zones: tuple[Zoned, ...]
    mix: Mix | None
    arrived: Page[Answer] | None


def why(tx: Connection, view: Overview, paths: Sequence[str], filters: Filters, now_ms: int, number: int) -> Why:
    """Of the period that `view` was asked for: what `filters` say, for all answers to its question. `number`: of the
    page of what arrived."""
    zone, figure = view.zone, view.total.figure
    told = standing(tx, figure, paths, view.question, filters.days, now_ms, zone=zone, singles=view.singles)
    every = restated.changes(tx, paths, view.question, filters.days, now_ms, news=False)
    first, last = filters.days(local_time.day_of(now_ms, zone))
    span = (local_time.begins(first, zone), min(local_time.begins(last + 1, zone), now_ms))
    return Why(
        standing=told,
        steps=tuple(replace(step, reasons=_reasons(tx, paths, step.change)) for step in _steps(told)),
        early=tuple(_plain(each, view.singles) for each in every if not each.is_news),
        began=tuple(_began(tx, paths, *span)),
        zones=tuple(_zones(tx, paths, *span)),
        mix=_mix(tx, view, paths, filters, now_ms),
        arrived=_arrived(tx, paths, every, zone, filters.days, now_ms, number) if view.singles else None,
    )


def _steps(told: Standing) -> Iterator[Step]:
    at = told.first
    for change in told.changes:
        if at is None or not change.counts:
            yield Step(change, None, None)
            continue
        after = Figure(at.scale, tuple(a + b for a, b in zip(at.counts, change.counts, strict=True)))
        yield Step(change, at, after)
        at = after


def _plain(change: Change, singles: bool) -> Change:
    """Without whose doing it was and what it did, for those who may not see that."""
    return change if singles else replace(change, counts=(), actor="")


def _reasons(tx: Connection, paths: Sequence[str], change: Change) -> tuple[str, ...]:
    """The newest of those that were given with it, each once."""
    if not change.actor or change.cause not in ("flagged", "lifted"):
        return ()
    table = flag_decisions
    query = (
        select(table.c.reason, func.max(table.c.at_ms).label("last_ms"))
        .join(responses, responses.c.id == table.c.response_id)
        .join(locations, locations.c.id == responses.c.location_id)
        .where(
            table.c.actor == change.actor,
            table.c.at_ms.between(change.from_ms, change.to_ms),
            crew_sight.answered(paths),
        )
        .group_by(table.c.reason)
        .order_by(func.max(table.c.at_ms).desc())
        .limit(MOST_REASONS)
    )
    return tuple(tx.execute(query).scalars())


def _boxes(tx: Connection, paths: Sequence[str]) -> list[str]:
    query = (
        select(driven.c.device_id)
        .distinct()
        .join(placements, placements.c.screen_id == driven.c.screen_id)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(places.below(paths))
        .limit(MOST_BOXES + 1)
    )
    return list(tx.execute(query).scalars())


def _began(tx: Connection, paths: Sequence[str], start_ms: int, end_ms: int) -> Iterator[Began]:
    """Serve: the index of what was given on a terminal when."""
    boxes = _boxes(tx, paths)
    if len(boxes) > MOST_BOXES:
        return
    table = responses
    query = (
        select(table.c.survey, table.c.version, func.min(table.c.captured_ms).label("first_ms"))
        .join(locations, locations.c.id == table.c.location_id)
        .where(table.c.device_id.in_(boxes), ~table.c.test, crew_sight.answered(paths))
        .where(table.c.captured_ms.between(start_ms - BACK_MS, end_ms - 1))
        .group_by(table.c.survey, table.c.version)
        .order_by("first_ms")
    )
    before: dict[str, int] = {}
    for row in tx.execute(query):
        if row.survey in before and row.first_ms >= start_ms:
            yield Began(row.survey, row.version, before[row.survey], row.first_ms)
        before[row.survey] = row.version


def _zones(tx: Connection, paths: Sequence[str], start_ms: int, end_ms: int) -> list[Zoned]:
    query = (
        select(former_zones)
        .join(locations, locations.c.id == former_zones.c.location_id)
        .where(places.below(paths), former_zones.c.until_ms.between(start_ms, end_ms))
        .order_by(former_zones.c.until_ms, former_zones.c.location_id)
        .limit(listing.A_PAGE)
    )
    rows = tx.execute(query).all()
    tree = places.resolved(tx, {row.location_id for row in rows}) if rows else {}
    return [Zoned(tree[row.location_id], row.zone, row.until_ms) for row in rows]


def _arrived(
    tx: Connection, paths: Sequence[str], every: Iterable[Change], zone: str, days: Days, now_ms: int, number: int
) -> Page[Answer]:
    """The newest first. Serve: the index of what was given on a terminal when."""
    first, last = days(local_time.day_of(now_ms, zone))
    low_ms, high_ms = local_time.begins(first - 1, zone), local_time.begins(last + 2, zone)
    table = responses
    brought = [_brought(each, zone) for each in every if each.device and each.cause in ARRIVED]
    query = (
        select(table.c.id)
        .join(locations, locations.c.id == table.c.location_id)
        .where(crew_sight.answered(paths), ~table.c.test, or_(false(), *brought))
        .where(table.c.captured_ms.between(low_ms, high_ms), table.c.day.between(first, last))
        .order_by(table.c.received_ms.desc(), table.c.captured_ms.desc(), table.c.id)
    )
    page = listing.page(tx, query, number, lambda row: str(row.id))
    found = {each.id: each for each in answers.those(tx, page.items)}
    return Page(tuple(found[name] for name in page.items if name in found), page.number, page.pages, page.total)


def _brought(change: Change, zone: str) -> ColumnElement[bool]:
    """What a box delivered then of days that were over."""
    table, today = responses, local_time.day_of(change.from_ms, zone)
    then = table.c.received_ms.between(change.from_ms, change.to_ms)
    return and_(table.c.device_id == change.device, then, table.c.day < today)


def _mix(tx: Connection, view: Overview, paths: Sequence[str], filters: Filters, now_ms: int) -> Mix | None:
    """Of the places of a group that stand on one page."""
    tree = {line.place.id: line.place for line in view.lines if counts.is_place(line.place)}
    if view.pages > 1 or len(tree) < 2:
        return None
    back = windows.WEEK * windows.weeks_back(filters)
    spans = {place.id: filters.days(local_time.day_of(now_ms, place.zone)) for place in tree.values()}
    low, high = min(first for first, _ in spans.values()) - back, max(last for _, last in spans.values())
    found = counts.by_day(tx, paths, view.question, low, high, singles=view.singles)
    scale, nothing = view.question.scale, (0,) * (view.question.scale.high - view.question.scale.low + 1)

    def period(number: int, ago: int) -> Histogram:
        first, last = spans[number]
        days = found[number].counts if number in found else {}
        return add([nothing, *(each for day, each in days.items() if first - ago <= day <= last - ago)])

    shares = [Share(place, Figure(scale, period(n, back)), Figure(scale, period(n, 0))) for n, place in tree.items()]
    return _mixed(shares, Figure(scale, add([nothing, *(each.was.counts for each in shares)])),
                  Figure(scale, add([nothing, *(each.now.counts for each in shares)])))  # fmt: skip


def _mixed(shares: list[Share], was: Figure, now: Figure) -> Mix | None:
    """Every score here is a mean, so that of a group is the mean of its places by their shares: what the shares alone
    would have changed is reckoned at the middle of each place's two scores (Kitagawa 1955)."""
    if was.showing != "full" or now.showing != "full" or was.value is None or now.value is None:
        return None
    mixed = Fraction(0)
    for each in shares:
        known = [value(each.was.scale, part.counts) for part in (each.was, each.now) if part.n]
        middle = sum((one for one in known if one is not None), Fraction(0)) / (len(known) or 1)
        mixed += (Fraction(each.now.n, now.n) - Fraction(each.was.n, was.n)) * middle
    given = [each for each in shares if each.was.n or each.now.n]
    given.sort(key=lambda each: -abs(Fraction(each.now.n, now.n) - Fraction(each.was.n, was.n)))
    return Mix(was, now, now.value - was.value, mixed, tuple(given[:3]))
