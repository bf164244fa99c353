"""The tree of locations, their touchpoints, and which screen stands where."""

import json
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, insert, or_, select, text, true, update

from sync import models
from sync.office import zones
from sync.office.rights import EVERYWHERE
from sync.office.zones import Former

Hours = list[list[tuple[int, int]]] | None
"""Seven lists, Monday first, of (open, close) minutes of the day; None when always open."""

DEFAULT_ZONE = zones.DEFAULT_ZONE
MAX_NAME = 120
DAY_MS = 86_400_000
INTERVAL, INTERVAL_S = "response_interval", 5
"""The setting, and what holds without it: two answers on one screen within less are one person playing (the response
interval of the trade)."""
KINDS = ("group", "store", "crew")


class BadPlace(ValueError):
    """What was given for a place cannot be used; the message is a sentence for the person who gave it."""


@dataclass(frozen=True)
class Location:
    """A node of the tree, its time zone and opening hours already resolved from above. `opened_day`, `closed_day`: its
    first and its last local day, where they are known."""

    id: int
    parent_id: int | None
    path: str
    kind: str
    name: str
    zone: str
    hours: Hours
    opened_day: int | None = None
    closed_day: int | None = None


@dataclass(frozen=True)
class Standing:
    """Where a placement puts its screen, and how time runs there. `interval_ms`: its response interval. `former`: the
    zones that held there before. `from_ms`, `to_ms`: from when on it stood there, and until when (None: it does)."""

    placement: str
    screen: str
    touchpoint_id: int
    location_id: int
    place: str
    zone: str
    hours: Hours
    interval_ms: int = INTERVAL_S * 1000
    former: Former = ()
    from_ms: int = 0
    to_ms: int | None = None

    def zone_at(self, ms: int) -> str:
        """The time zone by which that moment's day and hour are told there."""
        return zones.at(self.zone, self.former, ms)


def a_name(text: str, what: str) -> str:
    """The name, trimmed. Raises BadPlace when it is empty, too long or has control characters."""
    name = text.strip()
    if not name or len(name) > MAX_NAME:
        raise BadPlace(f"The name of a {what} has 1 to {MAX_NAME} characters, not {len(name)}.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise BadPlace(f"The name of a {what} cannot hold control characters.")
    return name


def a_zone(name: str) -> str:
    """Raises BadPlace when there is no such time zone."""
    if not zones.exists(name):
        raise BadPlace(f"There is no time zone {name!r}; names look like Europe/Amsterdam.")
    return name


def hold_tree(tx: Connection) -> None:
    """Until the end of this transaction nobody else adds, moves or removes a place: a path is never built on one that
    is being rewritten. On SQLite a write transaction is alone anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('smilepost locations'))"))


def add_location(
    tx: Connection,
    name: str,
    *,
    kind: str = "store",
    parent: int | None = None,
    zone: str | None = None,
    hours: Hours = None,
) -> int:
    """Raises BadPlace. `zone` None and `hours` None inherit from above (a root without them is UTC, always open)."""
    if kind not in KINDS:
        raise BadPlace(f"A place is one of {', '.join(KINDS)}, not {kind!r}.")
    values = {
        "name": a_name(name, "place"),
        "kind": kind,
        "parent_id": parent,
        "zone": a_zone(zone) if zone else None,
        "hours": json.dumps(hours) if hours is not None else None,
        "path": f"new {secrets.token_hex(8)}",
    }
    hold_tree(tx)
    above = "/" if parent is None else _path(tx, parent)
    number: int = tx.execute(insert(models.locations).values(values).returning(models.locations.c.id)).scalar_one()
    tx.execute(update(models.locations).where(models.locations.c.id == number).values(path=f"{above}{number}/"))
    if parent is not None:
        _sum_up_again(tx, parent)
    return number


def _sum_up_again(tx: Connection, above: int) -> None:
    """A place at which answers were given has others below it from now on (see sync.intake.sums)."""
    table = models.locations
    query = select(table.c.id).where(table.c.id == above, table.c.kind != "group")
    tx.execute(insert(models.sums_marks).from_select(["location_id"], query))


def _path(tx: Connection, location: int) -> str:
    path = tx.execute(select(models.locations.c.path).where(models.locations.c.id == location)).scalar()
    if path is None:
        raise BadPlace(f"There is no place with the number {location}.")
    return str(path)


def has_zone(tx: Connection, location: int) -> bool:
    """Whether a time zone was set at this location or above it."""
    table = models.locations
    chain = _chain(_path(tx, location))
    return tx.execute(select(table.c.id).where(table.c.id.in_(chain), table.c.zone.is_not(None))).first() is not None


def add_touchpoint(tx: Connection, location: int, name: str) -> int:
    """Raises BadPlace."""
    table = models.touchpoints
    row = {"location_id": location, "name": a_name(name, "touchpoint")}
    number: int = tx.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
    return number


def add_screen(tx: Connection, name: str, touchpoint: int, now_ms: int) -> tuple[str, str]:
    """A new screen standing at a touchpoint from now on: (screen id, placement id). Raises BadPlace, also for a
    touchpoint that is retired."""
    _refuse_retired(tx, touchpoint, now_ms // DAY_MS)
    screen, placement = f"scr-{secrets.token_hex(6)}", f"plc-{secrets.token_hex(6)}"
    tx.execute(insert(models.screens).values(id=screen, name=a_name(name, "screen")))
    tx.execute(
        insert(models.placements).values(id=placement, screen_id=screen, touchpoint_id=touchpoint, from_ms=now_ms)
    )
    return screen, placement


def _refuse_retired(tx: Connection, touchpoint: int, today: int) -> None:
    """`today`: the world's day, at most one off from the place's own. On PostgreSQL nobody retires it meanwhile."""
    table = models.touchpoints
    query = select(table.c.name, table.c.retired_day).where(table.c.id == touchpoint).with_for_update(read=True)
    found = tx.execute(query).first()
    if found is not None and found.retired_day is not None and found.retired_day < today:
        raise BadPlace(f"The touchpoint {found.name!r} is retired: no screen is put there any more.")


def locations(tx: Connection, under: int | None = None) -> list[Location]:
    """Every location at or below `under` (None: all), parents before children, then by number."""
    if under is None:
        return visible(tx, [EVERYWHERE])
    top = tx.execute(select(models.locations.c.path).where(models.locations.c.id == under)).scalar()
    return visible(tx, [top]) if top is not None else []


def below(paths: Sequence[str]) -> ColumnElement[bool]:
    """Rows of locations at and below these paths; "/" is above all of them. A range of the index of paths: what comes
    after "/" is "0"."""
    if EVERYWHERE in paths:
        return true()
    path = models.locations.c.path
    return or_(false(), *(and_(path >= top, path < top[:-1] + "0") for top in paths))


def visible(tx: Connection, paths: Sequence[str]) -> list[Location]:
    """Every location at or below one of these paths, parents before children, then by number. Reads them, and what is
    above them."""
    above = {int(part) for path in paths for part in path.split("/") if part}
    those = or_(below(paths), models.locations.c.id.in_(above))
    found = _tree(tx.execute(select(models.locations).where(those)).all())
    return [place for place in found.values() if place.path.startswith(tuple(paths))]


def _tree(rows: Sequence[Row[Any]]) -> dict[int, Location]:
    found: dict[int, Location] = {}
    for row in sorted(rows, key=lambda row: (row.path.count("/"), row.id)):
        above = found.get(row.parent_id)
        zone = row.zone or (above.zone if above else DEFAULT_ZONE)
        hours = read_hours(row.hours) if row.hours is not None else (above.hours if above else None)
        dates = (row.opened_day, row.closed_day)
        found[row.id] = Location(row.id, row.parent_id, row.path, row.kind, row.name, zone, hours, *dates)
    return found


def read_hours(text: str) -> Hours:
    """As they are kept in a row."""
    days = json.loads(text)
    return None if days is None else [[(start, end) for start, end in day] for day in days]


def stood(tx: Connection, device: str) -> dict[str, Standing]:
    """Every place where the screens that this device drives or drove stand or stood, oldest first, by placement."""
    driven = select(models.driven.c.screen_id).where(models.driven.c.device_id == device)
    return _standings(tx, models.placements.c.screen_id.in_(driven))


def stands(tx: Connection, device: str) -> dict[str, Standing]:
    """Where the screens of this device stand now, by placement."""
    return _standings(tx, (models.screens.c.device_id == device) & models.placements.c.to_ms.is_(None))


def placed(tx: Connection, placement: str) -> Standing | None:
    """Where one placement puts its screen."""
    return _standings(tx, models.placements.c.id == placement).get(placement)


def _standings(tx: Connection, those: ColumnElement[bool]) -> dict[str, Standing]:
    screens, placements, touchpoints = models.screens, models.placements, models.touchpoints
    query = (
        select(placements, touchpoints.c.location_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .where(those)
        .order_by(placements.c.from_ms, placements.c.id)
    )
    rows = tx.execute(query).all()
    wanted = {row.location_id for row in rows}
    tree, intervals = _resolved(tx, wanted)
    former = zones.former(tx, wanted)
    return {row.id: _standing(row, tree[row.location_id], intervals, former.get(row.location_id, ())) for row in rows}


Intervals = dict[tuple[int, int], int]
"""Seconds, by the location and the touchpoint (0: all of them) where they were set."""


def _standing(row: Row[Any], place: Location, intervals: Intervals, former: Former) -> Standing:
    spots = [(place.id, row.touchpoint_id), *((number, 0) for number in reversed(_chain(place.path)))]
    seconds = next((intervals[spot] for spot in spots if spot in intervals), INTERVAL_S)
    how = (place.zone, place.hours, seconds * 1000, former, row.from_ms, row.to_ms)
    return Standing(row.id, row.screen_id, row.touchpoint_id, place.id, place.name, *how)


def resolved(tx: Connection, wanted: set[int]) -> dict[int, Location]:
    """These locations and all above them, with what they inherit, read without the rest of the tree."""
    table = models.locations
    chain = {number for path in paths(tx, wanted).values() for number in path}
    return _tree(tx.execute(select(table).where(table.c.id.in_(chain))).all())


def _resolved(tx: Connection, wanted: set[int]) -> tuple[dict[int, Location], Intervals]:
    """These locations with what they inherit, read without the rest of the tree: on the way of every batch."""
    table, settings = models.locations, models.settings
    mine = (settings.c.location_id == table.c.id) & (settings.c.key == INTERVAL)
    query = (
        select(table, settings.c.touchpoint_id, settings.c.value)
        .outerjoin(settings, mine)
        .where(table.c.id.in_({number for path in paths(tx, wanted).values() for number in path}))
    )
    rows = tx.execute(query).all()
    intervals = {(row.id, row.touchpoint_id): int(row.value) for row in rows if row.value is not None}
    return _tree(rows), intervals


def paths(tx: Connection, wanted: set[int]) -> dict[int, list[int]]:
    """The numbers from the root down to each of these locations. Raises BadPlace where there is none of them."""
    table = models.locations
    query = select(table.c.id, table.c.path).where(table.c.id.in_(wanted))
    found = {row.id: _chain(row.path) for row in tx.execute(query)}
    if missing := wanted - found.keys():
        raise BadPlace(f"There is no place with the number {min(missing)}.")
    return found


def _chain(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]
