"""How far what a page shows is complete: which screens stand where, and what their boxes have delivered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sync.models import devices, locations, placements, screens, touchpoints
from sync.office import local_time
from sync.office.places import Location

MINUTE_MS = 60_000
SILENT_MINUTES = 15
"""A terminal reports at least every five minutes; three missed reports in opening hours are silence."""


@dataclass(frozen=True)
class Delivery:
    """Of the screens standing at a place: how many there are, through when everything captured is here (None: not
    known for all of them), how many are silent while the place is open and since when the longest, how many wait
    to be enrolled."""

    screens: int = 0
    complete_ms: int | None = None
    silent: int = 0
    silent_since_ms: int | None = None
    unenrolled: int = 0


def deliveries(tx: Connection, path: str, places: Mapping[int, Location], now_ms: int) -> dict[int, Delivery]:
    """The delivery of every one of `places` (at or below `path`) where a screen stands, by the place's number."""
    query = (
        select(touchpoints.c.location_id, devices.c.id, devices.c.complete_ms, devices.c.contact_ms)
        .select_from(placements)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .outerjoin(devices, devices.c.id == screens.c.device_id)
        .where(placements.c.to_ms.is_(None), locations.c.path.startswith(path))
    )
    standing = defaultdict(list)
    for place, device, complete_ms, contact_ms in tx.execute(query):
        standing[place].append(_screen(places[place], device, complete_ms, contact_ms, now_ms))
    return {place: together(each) for place, each in standing.items()}


def first_placed(tx: Connection, path: str) -> int | None:
    """When the first screen ever was placed at or below `path`; None when none was."""
    query = (
        select(func.min(placements.c.from_ms))
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(locations.c.path.startswith(path))
    )
    found: int | None = tx.execute(query).scalar()
    return found


def _screen(
    place: Location, device: str | None, complete_ms: int | None, contact_ms: int | None, now_ms: int
) -> Delivery:
    if device is None:
        return Delivery(screens=1, unenrolled=1)
    open_minutes = local_time.open_for(now_ms, place.zone, place.hours)
    quiet_minutes = SILENT_MINUTES + 1 if contact_ms is None else (now_ms - contact_ms) // MINUTE_MS
    silent = open_minutes is not None and min(open_minutes, quiet_minutes) >= SILENT_MINUTES
    return Delivery(1, complete_ms, int(silent), contact_ms if silent else None)


def together(parts: Iterable[Delivery]) -> Delivery:
    """Several screens or places: complete through the earliest of them; a screen not enrolled yet owes nothing."""
    each = list(parts)
    owing = [part.complete_ms for part in each if part.screens > part.unenrolled]
    known = [ms for ms in owing if ms is not None]
    since = [part.silent_since_ms for part in each if part.silent_since_ms is not None]
    return Delivery(
        screens=sum(part.screens for part in each),
        complete_ms=min(known) if known and len(known) == len(owing) else None,
        silent=sum(part.silent for part in each),
        silent_since_ms=min(since, default=None),
        unenrolled=sum(part.unenrolled for part in each),
    )


def version(tx: Connection, now_ms: int) -> str:
    """Changes whenever something new has been stored, and every minute, since words about time grow old. A sum and
    not the latest: of two boxes delivering at once the earlier moment may be committed last."""
    query = select(func.coalesce(func.sum(devices.c.stored_ms), 0), func.count(devices.c.stored_ms))
    stored, delivering = tx.execute(query).one()
    return f"{delivering}-{stored}-{now_ms // MINUTE_MS}"
