"""What days that are over still lack: screens that stood there and have not delivered them to their end."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, func, or_, select

from sync.models import devices, driven, locations, placements, screens, touchpoints
from sync.office import delivery, local_time, places
from sync.office.places import Location

MOST = 20
"""Screens that are named; how many there are is counted all the same."""
Days = Callable[[int], tuple[int, int]]
"""From the local day it is at a place to the first and the last of the days that are looked at there."""


@dataclass(frozen=True)
class Owing:
    """A screen whose box has delivered only what was captured until `since_ms` (None: nothing yet). `is_gone`: the box
    was taken out of service, or another one put in its place, so nothing more will come; else it is waited for, also
    where it is `dead`: nothing was heard of it while the place was open."""

    place: Location
    screen: str
    since_ms: int | None
    is_gone: bool
    dead: bool


@dataclass(frozen=True)
class Awaited:
    """Of `screens` that stood there. `owing`: the first of those that are waited for; `gone`: those that are not."""

    screens: int = 0
    owing: tuple[Owing, ...] = ()
    owes: int = 0
    gone: tuple[Owing, ...] = ()

    @property
    def since_ms(self) -> int | None:
        """Through when all those that are waited for have delivered, as far as anything is known of them."""
        return min((each.since_ms for each in self.owing if each.since_ms is not None), default=None)


class _Box(NamedTuple):
    """One that drove a screen from one moment to another (None: it does)."""

    id: str
    from_ms: int
    to_ms: int | None
    complete_ms: int | None
    contact_ms: int | None
    is_over: bool


def awaited(tx: Connection, paths: Sequence[str], days: Days, now_ms: int) -> Awaited:
    """Of the days that are over at and below these paths. Reads the screens of which something is missing alone."""
    low_ms, high_ms = _ends(tx, days, now_ms)
    there = _stood(paths, low_ms, high_ms)
    number = tx.execute(select(func.count(placements.c.screen_id.distinct())).select_from(_tables()).where(there))
    rows = tx.execute(
        select(placements, screens.c.name, screens.c.device_id, touchpoints.c.location_id)
        .select_from(_tables())
        .where(there, screens.c.id.in_(_behind(low_ms, high_ms)))
        .order_by(placements.c.from_ms, placements.c.id)
    ).all()
    tree = places.resolved(tx, {row.location_id for row in rows}) if rows else {}
    boxes = _boxes(tx, {row.screen_id: row.device_id for row in rows})
    found = [each for row in rows for each in _owing(row, tree[row.location_id], boxes[row.screen_id], days, now_ms)]
    # A screen may have come back to where it stood before: it is named once.
    told = {(each.place.id, each.screen, each.since_ms, each.is_gone): each for each in found}
    found = sorted(told.values(), key=lambda each: each.since_ms or 0)
    owing, gone = [each for each in found if not each.is_gone], [each for each in found if each.is_gone]
    return Awaited(number.scalar_one(), tuple(owing[:MOST]), len(owing), tuple(gone[:MOST]))


def _ends(tx: Connection, days: Days, now_ms: int) -> tuple[int, int]:
    """Between which moments these days lie, in whatever zone; what is not over is left out."""
    set_somewhere = tx.execute(select(locations.c.zone).distinct().where(locations.c.zone.is_not(None))).scalars()
    spans = [(zone, local_time.day_of(now_ms, zone)) for zone in {places.DEFAULT_ZONE, *set_somewhere}]
    return (
        min(local_time.begins(days(today)[0], zone) for zone, today in spans),
        max(local_time.begins(min(days(today)[1] + 1, today), zone) for zone, today in spans),
    )


def _tables() -> Any:
    joined = placements.join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
    return joined.join(locations, locations.c.id == touchpoints.c.location_id).join(
        screens, screens.c.id == placements.c.screen_id
    )


def _stood(paths: Sequence[str], low_ms: int, high_ms: int) -> Any:
    until = or_(placements.c.to_ms.is_(None), placements.c.to_ms > low_ms)
    return and_(places.below(paths), placements.c.from_ms < high_ms, until)


def _behind(low_ms: int, high_ms: int) -> Any:
    """Screens with a box that has not delivered everything: the one that drives it, or one from before that came."""
    box, now = devices.alias("box"), devices.alias("now")
    lacks = or_(box.c.complete_ms.is_(None), box.c.complete_ms < high_ms)
    counts = or_(box.c.id == now.c.id, now.c.id.is_(None), now.c.enrolled_ms > low_ms)
    return (
        select(driven.c.screen_id)
        .join(box, box.c.id == driven.c.device_id)
        .join(screens, screens.c.id == driven.c.screen_id)
        .outerjoin(now, now.c.id == screens.c.device_id)
        .where(lacks, counts)
    )


def _boxes(tx: Connection, those: Mapping[str, str | None]) -> dict[str, list[_Box]]:
    """Which box drove each of these screens (and the one that does now), from when to when: until the next came."""
    names = sorted(those)
    found: dict[str, list[_Box]] = {name: [] for name in names}
    for start in range(0, len(names), 500):
        query = (
            select(driven.c.screen_id, devices)
            .join(devices, devices.c.id == driven.c.device_id)
            .where(driven.c.screen_id.in_(names[start : start + 500]))
            .order_by(devices.c.enrolled_ms, devices.c.id)
        )
        for row in tx.execute(query):
            mine = found[row.screen_id]
            if mine:
                mine[-1] = mine[-1]._replace(to_ms=row.enrolled_ms, is_over=True)
            ended = row.revoked_ms if row.revoked_ms is not None else None
            is_over = ended is not None or row.id != those[row.screen_id]
            mine.append(_Box(row.id, row.enrolled_ms, ended, row.complete_ms, row.contact_ms, is_over))
    return found


def _owing(row: Row[Any], place: Location, boxes: Iterable[_Box], days: Days, now_ms: int) -> list[Owing]:
    """What one placement lacks of the days that are over there."""
    today = local_time.day_of(now_ms, place.zone)
    first, last = days(today)
    start_ms = max(local_time.begins(first, place.zone), row.from_ms)
    end_ms = min(local_time.begins(min(last + 1, today), place.zone), row.to_ms if row.to_ms is not None else now_ms)
    found = []
    for box in boxes:
        until_ms = min(end_ms, box.to_ms if box.to_ms is not None else end_ms)
        began_ms = max(start_ms, box.from_ms)
        if began_ms < until_ms and (box.complete_ms is None or box.complete_ms < until_ms):
            gone = box.is_over or delivery.is_over(place, now_ms)
            dead = not gone and delivery.is_dead(place, box.contact_ms, now_ms)
            found.append(Owing(place, row.name, box.complete_ms, gone, dead))
    return found
