"""Which local days are over, place by place."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from sync.office import places, zones
from sync.office.places import Standing

Calendar = Callable[[int], int]
"""What local day it is at a location."""


def calendar(tx: Connection, standings: Mapping[str, Standing] | None, now_ms: int) -> Calendar:
    """What local day it is at each location. Where a device stands or stood is known; others are looked up."""
    times = {each.location_id: (each.zone, each.former) for each in (standings or {}).values()}
    known: dict[int, int] = {}

    def today(location: int) -> int:
        if location not in known:
            zone, former = times.get(location) or _time(tx, location)
            known[location] = zones.today(zone, former, now_ms)
        return known[location]

    return today


def _time(tx: Connection, location: int) -> tuple[str, zones.Former]:
    return places.resolved(tx, {location})[location].zone, zones.former(tx, {location}).get(location, ())
