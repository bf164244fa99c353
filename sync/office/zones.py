"""Time zones: which there are, and which one held at a place when.

Days and hours that were counted stay where they are when a place's zone changes: what was captured before is told by
the zone that held then, also when it arrives later."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy import Connection, func, select

from sync import models
from sync.intake import clocks
from sync.office.tongue import _
from sync.rows import append

DEFAULT_ZONE = "UTC"
"""Where nothing above a place says another."""
MAX_ZONE = 64
Former = tuple[tuple[int, str], ...]
"""Until when (ms) which zone held, oldest first."""
_NOT_A_PLACE = ("Etc/", "SystemV/", "posix", "right/")


def exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def every() -> tuple[str, ...]:
    """The names to choose from: those of places, and UTC."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith(_NOT_A_PLACE))
    return (DEFAULT_ZONE, *sorted(places))


def problem(name: str) -> str | None:
    """Why this is no time zone, with the nearest there is; None when it is one."""
    if exists(name):
        return None
    near = nearest(name)
    if near:
        return _("There is no time zone “{zone}”. Do you mean {near}?").format(zone=name[:MAX_ZONE], near=near)
    return _("There is no time zone “{zone}”. Names look like Europe/Amsterdam.").format(zone=name[:MAX_ZONE])


def nearest(name: str) -> str | None:
    """The zone that is most like what was typed: a city alone, other capitals, a slip."""
    typed = name.strip().casefold().replace(" ", "_")[:MAX_ZONE]
    known = {each.casefold(): each for each in every()}
    cities = {each.rpartition("/")[2]: each for each in known}
    if typed in known or typed.rpartition("/")[2] in cities:
        return known[typed] if typed in known else known[cities[typed.rpartition("/")[2]]]
    city = get_close_matches(typed.rpartition("/")[2], cities, 1, 0.75)
    whole = get_close_matches(typed, known, 1, 0.75)
    return known[whole[0]] if whole else known[cities[city[0]]] if city else None


def at(zone: str, former: Former, ms: int) -> str:
    """The zone that held at that moment, where `zone` holds today."""
    return next((before for until_ms, before in former if ms < until_ms), zone)


def today(zone: str, former: Former, ms: int) -> int:
    """The local day of that moment, where `zone` holds today. What was over once stays over: a place that was put into
    a zone further west lives its day for longer, and what comes in again on the day before comes late."""
    return max(clocks.local(ms, at(zone, former, ms)).day,
               *(clocks.local(until_ms, was).day for until_ms, was in former if until_ms <= ms), 0)  # fmt: skip


def former(tx: Connection, wanted: Iterable[int] | None = None) -> dict[int, Former]:
    """What held before at these locations (None: at all), where it was another."""
    table = models.former_zones
    query = select(table).order_by(table.c.location_id, table.c.until_ms)
    if wanted is not None:
        query = query.where(table.c.location_id.in_(set(wanted)))
    found: dict[int, Former] = {}
    for row in tx.execute(query):
        found[row.location_id] = (*found.get(row.location_id, ()), (row.until_ms, row.zone))
    return found


def keep(tx: Connection, was: Mapping[int, str], now: Mapping[int, str], now_ms: int) -> int:
    """Write down what held until now where another holds from now on, at places with touchpoints: only there something
    can have been captured. Returns at how many."""
    changed = {number for number, zone in now.items() if number in was and was[number] != zone}
    if not changed:
        return 0
    points, table = models.touchpoints, models.former_zones
    asked = changed & set(tx.execute(select(points.c.location_id).distinct()).scalars())
    # Twice within one millisecond: what held for no time at all is not worth a row.
    known = set(tx.execute(select(table.c.location_id).where(table.c.until_ms == now_ms)).scalars())
    append(tx, table, [(number, now_ms, was[number]) for number in sorted(asked - known)])
    return len(asked)


def resolved(tx: Connection, path: str) -> dict[int, str]:
    """What holds at this location and at each below it, by number."""
    table = models.locations
    chain = [int(part) for part in path.split("/") if part]
    those = table.c.id.in_(chain) | ((table.c.path >= path) & (table.c.path < path[:-1] + "0"))
    found: dict[int, str] = {}
    for row in tx.execute(
        select(table.c.id, table.c.parent_id, table.c.zone, table.c.path)
        .where(those)
        .order_by(func.length(table.c.path), table.c.path)
    ):
        found[row.id] = row.zone or found.get(row.parent_id, DEFAULT_ZONE)
    return {number: zone for number, zone in found.items() if number not in chain[:-1]}
