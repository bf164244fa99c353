"""How far everything below a group is complete, where it is too much to be looked at place by place: the database
counts, for each group and each kind of opening hours, and what it counted is kept for a few seconds. It is then a
little older than it could be, and no less true: what was complete stays complete."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, case, func, or_, select

from sync.db import Database
from sync.intake.sums import TOP
from sync.models import clone_signs, devices, locations, placements, screens, touchpoints
from sync.office import delivery, glances, local_time, places
from sync.office.delivery import DEAD_MINUTES, MINUTE_MS, Delivery
from sync.office.places import Location

DAY_MS = 86_400_000
KEPT_MS = 15_000
_WHAT = "delivery"


def refresh(db: Database, paths: Sequence[str], now_ms: int) -> None:
    """Count at and below these paths, unless somebody just did."""
    glances.keep(db, paths, _WHAT, KEPT_MS, now_ms, lambda tx: _by_branch(tx, paths, now_ms))


def summed(tx: Connection, paths: Sequence[str], nodes: Sequence[Location], now_ms: int) -> dict[int, Delivery]:
    """The delivery of each of `nodes`, which lie at or below these paths, with everything below it, by its number."""
    kept = glances.last(tx, paths, _WHAT)
    parts: dict[int, list[Delivery]] = {node.id: [] for node in nodes}
    for path, *counted in kept if kept is not None else _by_branch(tx, paths, now_ms):
        state = Delivery(*counted)
        for number in (TOP, *map(int, path.split("/")[1:-1])):
            if number in parts:
                parts[number].append(state)
    own = {node.id: node for node in nodes if node.kind != "group"}
    for number, state in delivery.of_places(tx, own, now_ms).items():
        parts[number].append(state)
    return {number: delivery.together(each) for number, each in parts.items() if each}


def _by_branch(tx: Connection, paths: Sequence[str], now_ms: int) -> list[tuple[Any, ...]]:
    """For each path of a location that has others below it what stands right below, as the fields of a Delivery."""
    found: dict[str, list[Delivery]] = {}
    for path, state in _counted(tx, paths, _branches(tx), now_ms):
        found.setdefault(path, []).append(state)
    return [(path, *astuple(delivery.together(each))) for path, each in found.items()]


class _Branch(NamedTuple):
    """A location that has others below it; `hours` as they are kept, inherited like the zone."""

    path: str
    zone: str
    hours: str | None


_TOP = _Branch("/", places.DEFAULT_ZONE, None)


def _branches(tx: Connection) -> dict[int, _Branch]:
    table, below = locations.c, locations.alias("below")
    query = select(table.id, table.parent_id, table.path, table.zone, table.hours)
    rows = tx.execute(query.where(table.id.in_(select(below.c.parent_id)))).all()
    found: dict[int, _Branch] = {}
    for number, parent, path, zone, hours in sorted(rows, key=lambda row: len(row.path)):  # parents first
        above = found.get(parent, _TOP)
        found[number] = _Branch(path, zone or above.zone, hours if hours is not None else above.hours)
    return found


def _counted(
    tx: Connection, paths: Sequence[str], branches: Mapping[int, _Branch], now_ms: int
) -> Iterator[tuple[str, Delivery]]:
    """What stands right below each location that has others below it (its path; "/" for what is at the top)."""
    doubts = _doubts(tx, paths)
    is_open: dict[tuple[str, str | None], bool] = {}
    for row in tx.execute(_query(paths, now_ms)):
        above = branches.get(row.parent_id, _TOP)
        clock = (row.zone or above.zone, row.hours if row.hours is not None else above.hours)
        if clock not in is_open:
            hours = places.read_hours(clock[1]) if clock[1] is not None else None
            is_open[clock] = (local_time.open_for(now_ms, clock[0], hours) or 0) >= DEAD_MINUTES
        yield above.path, _several(row, is_open[clock])
        if row.parent_id in doubts:
            yield above.path, Delivery(uncertain=doubts.pop(row.parent_id))


def _several(row: Row[Any], is_open: bool) -> Delivery:
    return Delivery(
        screens=row.screens,
        complete_ms=row.complete_ms if not row.unknown else None,
        dead=int(row.quiet) if is_open else 0,
        dead_since_ms=row.quiet_since_ms if is_open else None,
        unenrolled=row.screens - row.enrolled,
        living_ms=_living(row, is_open),
    )


def _living(row: Row[Any], is_open: bool) -> int | None:
    if is_open:
        found: int | None = row.living_ms if not row.unheard else None
        return found
    return row.complete_ms if not row.unknown else None


def _query(paths: Sequence[str], now_ms: int) -> Any:
    quiet = or_(devices.c.contact_ms.is_(None), devices.c.contact_ms <= now_ms - DEAD_MINUTES * MINUTE_MS)
    stands = or_(locations.c.closed_day.is_(None), locations.c.closed_day >= now_ms // DAY_MS)
    is_quiet = and_(devices.c.id.is_not(None), quiet, stands)
    return (
        _standing(
            select(
                locations.c.parent_id,
                locations.c.zone,
                locations.c.hours,
                func.count().label("screens"),
                func.count(devices.c.id).label("enrolled"),
                func.sum(case((and_(devices.c.id.is_not(None), devices.c.complete_ms.is_(None)), 1), else_=0)).label(
                    "unknown"
                ),
                func.min(devices.c.complete_ms).label("complete_ms"),
                func.min(case((~is_quiet, devices.c.complete_ms))).label("living_ms"),
                func.sum(
                    case((and_(~is_quiet, devices.c.id.is_not(None), devices.c.complete_ms.is_(None)), 1), else_=0)
                ).label("unheard"),
                func.sum(case((is_quiet, 1), else_=0)).label("quiet"),
                func.min(case((is_quiet, devices.c.contact_ms))).label("quiet_since_ms"),
            )
        )
        .where(placements.c.to_ms.is_(None), places.below(paths))
        .group_by(locations.c.parent_id, locations.c.zone, locations.c.hours)
    )


def _standing(query: Any) -> Any:
    return (
        query.select_from(placements)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .outerjoin(devices, devices.c.id == screens.c.device_id)
    )


def _doubts(tx: Connection, paths: Sequence[str]) -> dict[int | None, int]:
    """Of how many screens right below each location it is not certain where they stand."""
    signed = tx.execute(select(clone_signs.c.device_id).where(clone_signs.c.settled_ms.is_(None)).distinct()).scalars()
    doubtful = signed.all()
    if not doubtful:
        return {}
    query = _standing(select(locations.c.parent_id, func.count()))
    query = query.where(placements.c.to_ms.is_(None), places.below(paths), devices.c.id.in_(doubtful))
    return {row[0]: int(row[1]) for row in tx.execute(query.group_by(locations.c.parent_id))}
