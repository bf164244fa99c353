"""Setting what screens are told, by somebody: looked at for what another set meanwhile, and written down."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from sync import models
from sync.office import audit, edits, places
from sync.office.audit import Actor, Subject
from sync.office.settings.kept import ALL, Holding, known, put, take_out
from sync.office.settings.keys import Given

UNTOLD = ("staff_pin", "crew_pin")
"""Of which nothing is written down but that it was set."""


class At(NamedTuple):
    """A place, or one of its touchpoints: where something is set."""

    location: int
    touchpoint: int | None
    subject: Subject


def find(tx: Connection, location: int, touchpoint: int | None) -> At:
    """Raises places.BadPlace where there is no such location or touchpoint."""
    table, points = models.locations, models.touchpoints
    place = tx.execute(select(table.c.name, table.c.path).where(table.c.id == location)).first()
    if place is None:
        raise places.BadPlace(f"There is no place with the number {location}.")
    if touchpoint is None:
        return At(location, None, Subject("place", str(location), place.name, place.path))
    there = (points.c.id == touchpoint) & (points.c.location_id == location)
    name = tx.execute(select(points.c.name).where(there)).scalar()
    if name is None:
        raise places.BadPlace(f"The place {place.name} has no touchpoint with the number {touchpoint}.")
    return At(location, touchpoint, Subject("touchpoint", str(touchpoint), f"{place.name}, {name}", place.path))


def stamps(tx: Connection, at: At) -> dict[str, int]:
    """When each of those that are set there itself was set, in ms: who changes one says which they saw."""
    table = models.settings
    here = (table.c.location_id == at.location) & (table.c.touchpoint_id == (at.touchpoint or ALL))
    return {row.key: row.set_ms for row in tx.execute(select(table.c.key, table.c.set_ms).where(here))}


def change(
    tx: Connection, by: Actor, at: At, key: str, given: Given | None, now_ms: int, *, seen_ms: int | None = None
) -> bool:
    """Set it there, or (None) let what holds above hold; whether anything changed. `seen_ms`: the stamp that they saw,
    0 for none, None when nobody looked. Raises BadSetting, BadPlace, and edits.Changed."""
    # One at a time sets something at a place.
    tx.execute(select(models.locations.c.id).where(models.locations.c.id == at.location).with_for_update())
    stamp = stamps(tx, at).get(key, 0)
    if seen_ms is not None and seen_ms != stamp:
        raise edits.Changed
    before = _holding(tx, at, key)
    if given is None:
        if not take_out(tx, at.location, at.touchpoint, key):
            return False
    else:
        put(tx, at.location, at.touchpoint, key, given, max(now_ms, stamp + 1))
    after, verb = _holding(tx, at, key), "setting changed" if given is not None else "setting taken back"
    audit.note(tx, by, verb, at.subject, now_ms, before=_told(before, key), after=_told(after, key))
    return True


def _holding(tx: Connection, at: At, key: str) -> Holding | None:
    return next((each for each in known(tx, at.location, at.touchpoint) if each.key == key), None)


def _told(holding: Holding | None, key: str) -> dict[str, Any] | None:
    if holding is None or (key in UNTOLD and holding.value is None):
        return None
    return {key: "set" if key in UNTOLD else holding.shown}
