"""Which screens have been silent for too long: what sync.office.silence is asked with, read for many terminals at
once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from sync.models import devices, placements, questions, responses, screens, tallies_hour, touchpoints
from sync.office import local_time, places
from sync.office.places import Location
from sync.office.silence import HOUR_MS, WEEK_HOURS, WEEKS, Pattern, Verdict, judge
from sync.survey import BUILTIN

LOADED_HOURS = (WEEKS + 2) * WEEK_HOURS
"""Before now; a silence of up to two weeks has its four weeks before it."""
LEAST_MS = 30 * 60_000
"""Nobody is called silent who brought something new within that time."""


class Silence(NamedTuple):
    """`usual` answers would have come since the last one. `alone`: others at the same place were used since then; else
    nobody answered anywhere there, and the place may be closed today."""

    since_ms: int
    usual: float
    alone: bool


class Judged(NamedTuple):
    """Of a terminal. `due_ms`: when it would be silent if nobody answers; None when that cannot be said."""

    silence: Silence | None
    due_ms: int | None


class _Spot(NamedTuple):
    """A screen that a terminal drives. `last_ms`: its last answer, or when it came; `shared`: other terminals stand at
    the same touchpoint."""

    device: str
    touchpoint: int
    location: int
    last_ms: int
    shared: bool


def may_be(stored_ms: int | None, now_ms: int) -> bool:
    """Whether a terminal that brought something new at last then may be silent."""
    return stored_ms is None or now_ms - stored_ms >= LEAST_MS


def silences(tx: Connection, those: Iterable[str], now_ms: int) -> dict[str, Judged]:
    """What to think of each of these terminals' screens: the longest silence of each, if there is any."""
    spots = _spots(tx, sorted(set(those)))
    if not spots:
        return {}
    tree = places.resolved(tx, {spot.location for spot in spots})
    patterns = _patterns(tx, [spot for spot in spots if not spot.shared], now_ms)
    lasts = _lasts(tx, {spot.location for spot in spots})
    found: dict[str, list[Judged]] = defaultdict(list)
    for spot in spots:
        at = tree[spot.location]
        own = _own_pattern(tx, spot, at, now_ms) if spot.shared else patterns.get(spot.touchpoint)
        if own is not None:
            others = [ms for device, ms in lasts[spot.location] if device != spot.device]
            found[spot.device].append(_judged(own, spot, at, others, now_ms))
    return {device: _worst(each) for device, each in found.items()}


def _judged(pattern: Pattern, spot: _Spot, at: Location, others: Sequence[int], now_ms: int) -> Judged:
    verdict: Verdict = judge(pattern, spot.last_ms, now_ms, _hour_there(at.zone), _open_there(at))
    if not verdict.is_silent(now_ms):
        return Judged(None, verdict.due_ms)
    return Judged(Silence(spot.last_ms, verdict.usual, any(ms > spot.last_ms for ms in others)), verdict.due_ms)


def _worst(each: Sequence[Judged]) -> Judged:
    silent = max((one.silence for one in each if one.silence), key=lambda one: one.usual, default=None)
    return Judged(silent, min((one.due_ms for one in each if one.due_ms is not None), default=None))


def _hour_there(zone: str) -> Callable[[int], int]:
    def hour_of(ms: int) -> int:
        there = local_time.at(ms, zone)
        return local_time.day_of(ms, zone) * 24 + there.hour

    return hour_of


def _open_there(at: Location) -> Callable[[int], bool]:
    return lambda ms: local_time.is_open(ms, at.zone, at.hours)


def _spots(tx: Connection, those: Sequence[str]) -> list[_Spot]:
    """Where these terminals' screens stand, and when each was answered at last."""
    last = (
        select(responses.c.captured_ms)
        .where(responses.c.device_id == screens.c.device_id, ~responses.c.test)
        .where(responses.c.touchpoint_id == placements.c.touchpoint_id)
        .order_by(responses.c.captured_ms.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(screens.c.device_id, placements.c.touchpoint_id, touchpoints.c.location_id, placements.c.from_ms)
        .add_columns(devices.c.enrolled_ms, last)
        .join(placements, placements.c.screen_id == screens.c.id)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(devices, devices.c.id == screens.c.device_id)
        .where(placements.c.to_ms.is_(None), screens.c.device_id.in_(those))
    )
    rows = tx.execute(query).all()
    shared = _shared(tx, {row[1] for row in rows})
    return [_Spot(row[0], row[1], row[2], _since(row), row[1] in shared) for row in rows]


def _since(row: Any) -> int:
    """Its last answer since it stands there; before the first one: when it came."""
    _device, _touchpoint, _location, from_ms, enrolled_ms, last_ms = row
    return int(max(from_ms, enrolled_ms if last_ms is None else last_ms))


def _shared(tx: Connection, points: set[int]) -> set[int]:
    """Those touchpoints where more than one terminal stands."""
    query = (
        select(placements.c.touchpoint_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .where(placements.c.to_ms.is_(None), placements.c.touchpoint_id.in_(points), screens.c.device_id.is_not(None))
        .group_by(placements.c.touchpoint_id)
        .having(func.count(screens.c.device_id.distinct()) > 1)
    )
    return set(tx.execute(query).scalars())


def _patterns(tx: Connection, spots: Sequence[_Spot], now_ms: int) -> dict[int, Pattern]:
    """By touchpoint: what is asked first there, by the hour."""
    table = tallies_hour.c
    known = tx.execute(select(questions.c.id).where(questions.c.asked == "first")).scalars()
    firsts = {BUILTIN.first.id, *known}
    query = (
        select(table.touchpoint_id, table.hour, func.sum(table.n))
        .where(
            table.location_id.in_({spot.location for spot in spots}),
            table.question.in_(firsts),
            table.choice == "",
            table.hour >= now_ms // HOUR_MS - LOADED_HOURS,
            table.touchpoint_id.in_({spot.touchpoint for spot in spots}),
        )
        .group_by(table.touchpoint_id, table.hour)
    )
    counts: dict[int, dict[int, int]] = defaultdict(dict)
    for touchpoint, hour, n in tx.execute(query):
        counts[touchpoint][hour] = int(n)
    return {touchpoint: _pattern(each) for touchpoint, each in counts.items()}


def _own_pattern(tx: Connection, spot: _Spot, at: Location, now_ms: int) -> Pattern | None:
    """Of a terminal that shares its touchpoint: its own answers, so that one that is used a lot hides no other."""
    table = responses.c
    query = select(table.captured_ms).where(
        table.device_id == spot.device,
        ~table.test,
        table.captured_ms >= now_ms - LOADED_HOURS * HOUR_MS,
        table.touchpoint_id == spot.touchpoint,
    )
    hour_of, counts = _hour_there(at.zone), defaultdict[int, int](int)
    for ms in tx.execute(query).scalars():
        counts[hour_of(ms)] += 1
    return _pattern(counts) if counts else None


def _pattern(counts: Mapping[int, int]) -> Pattern:
    return Pattern(counts, min(counts))


def _lasts(tx: Connection, locations: set[int]) -> dict[int, list[tuple[str, int]]]:
    """By place, every terminal there and when it last brought something new."""
    query = (
        select(touchpoints.c.location_id, devices.c.id, devices.c.stored_ms)
        .join(placements, placements.c.touchpoint_id == touchpoints.c.id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .join(devices, devices.c.id == screens.c.device_id)
        .where(placements.c.to_ms.is_(None), touchpoints.c.location_id.in_(locations), devices.c.stored_ms.is_not(None))
    )
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for location, device, ms in tx.execute(query):
        found[location].append((device, ms))
    return found
