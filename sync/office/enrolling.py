"""A place for a terminal, named by whoever sets it up: found or made, and a code that leads a box there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Row, select

from sync import models
from sync.intake import enrol
from sync.office import audit, places
from sync.office.audit import COMMAND, Subject
from sync.office.places import BadPlace, Location

TOUCHPOINT = "Checkout"
NAMED = 8
"""How many names a refusal lists."""


@dataclass(frozen=True)
class New:
    """What may be made when it is not there yet; `group` is the name of the group around the place."""

    zone: str | None
    group: str | None


@dataclass(frozen=True)
class Invitation:
    """A code, and where it leads. `replaces`: a box drives that screen already."""

    code: str
    place: str
    touchpoint: str
    screen: str
    replaces: bool


def invite(
    tx: Connection, place: str, touchpoint: str | None, screen: str | None, new: New | None, now_ms: int
) -> Invitation:
    """Without `screen` the code is for another screen at the touchpoint (by default "Checkout"); with the name of one
    that stands there, for that one. Without `new` the place and the touchpoint have to exist. Raises BadPlace."""
    made: list[Made] = []
    at = _place(tx, place, new, made)
    number, spot = _touchpoint(tx, at, touchpoint or TOUCHPOINT, new, made)
    standing = {row.name: row for row in _screens(tx, number)}
    name = screen or _free_name(spot, standing)
    known = standing.get(name)
    placement = known.placement if known else _add_screen(tx, name, number, now_ms, made)
    replaces = known is not None and known.device_id is not None
    _note(tx, at, made, now_ms)
    return Invitation(enrol.new_code(tx, placement, now_ms), at.name, spot, name, replaces)


def find(tx: Connection, name: str) -> Location | None:
    """The place of this name, capitals aside. Raises BadPlace when several have it."""
    named = [place for place in places.locations(tx) if place.name.casefold() == name.strip().casefold()]
    if len(named) > 1:
        raise BadPlace(f"{len(named)} places are called {name!r}: rename one, so that it is clear which is meant.")
    return named[0] if named else None


def must_find(tx: Connection, name: str) -> Location:
    """Raises BadPlace with the names there are."""
    found = find(tx, name)
    if found is None:
        raise BadPlace(f"There is no place {name!r}{_known(place.name for place in places.locations(tx))}.")
    return found


@dataclass(frozen=True)
class Spot:
    """A location, or one touchpoint of it; `name` as a person says it."""

    location: int
    touchpoint: int | None
    name: str


def must_find_spot(tx: Connection, place: str, touchpoint: str | None = None) -> Spot:
    """A place or a group by its name, or a touchpoint there by its own. Raises BadPlace with the names there are."""
    at = must_find(tx, place)
    if touchpoint is None:
        return Spot(at.id, None, at.name)
    if at.kind == "group":
        raise BadPlace(f"{at.name!r} is a group of places; touchpoints are in one of them.")
    found = _standing_touchpoint(tx, at, touchpoint)
    if isinstance(found, list):
        raise BadPlace(f"{at.name} has no touchpoint {touchpoint!r}{_known(found)}.")
    return Spot(at.id, found[0], f"{at.name}, {found[1]}")


class Made(NamedTuple):
    """What was made on the way: its kind, its number or id, its name; a group and a place with where they lie."""

    kind: str
    id: str
    name: str
    location: int | None = None


def _note(tx: Connection, at: Location, made: list[Made], now_ms: int) -> None:
    """Write down what was made; only the server's command line makes anything here."""
    for each in made:
        path = each.location and places.locations(tx, each.location)[0].path
        subject = Subject(each.kind, each.id, each.name, path or at.path)
        audit.note(tx, COMMAND, f"{each.kind} added", subject, now_ms, after={"name": each.name})


def _add_screen(tx: Connection, name: str, touchpoint: int, now_ms: int, made: list[Made]) -> str:
    screen, placement = places.add_screen(tx, name, touchpoint, now_ms)
    made.append(Made("screen", screen, name))
    return placement


def _place(tx: Connection, name: str, new: New | None, made: list[Made]) -> Location:
    found = find(tx, name)
    if found is None and new is None:
        known = _known(place.name for place in places.locations(tx) if place.kind != "group")
        raise BadPlace(f"There is no place {name!r}{known}; --new makes it.")
    if found is None and new is not None:
        group = _group(tx, new.group, new.zone, made) if new.group else None
        if new.zone is None and (group is None or not places.has_zone(tx, group)):
            raise BadPlace(f"{name!r} is new and needs its time zone, such as --zone Europe/Amsterdam.")
        number = places.add_location(tx, name, parent=group, zone=new.zone)
        made.append(Made("place", str(number), name, number))
        found = next(place for place in places.locations(tx) if place.id == number)
    if found is None or found.kind == "group":
        raise BadPlace(f"{name!r} is a group of places; a terminal stands in one of them.")
    return found


def _group(tx: Connection, name: str, zone: str | None, made: list[Made]) -> int:
    """A group that is made takes the zone of its first place: its own days and hours are shown in it."""
    found = find(tx, name)
    if found is not None and found.kind != "group":
        raise BadPlace(f"{name!r} is a {found.kind}, not a group.")
    if found:
        return found.id
    number = places.add_location(tx, name, kind="group", zone=zone)
    made.append(Made("place", str(number), name, number))
    return number


def _touchpoint(tx: Connection, place: Location, name: str, new: New | None, made: list[Made]) -> tuple[int, str]:
    found = _standing_touchpoint(tx, place, name)
    if not isinstance(found, list):
        return found
    if found and new is None:
        raise BadPlace(f"{place.name} has no touchpoint {name!r}{_known(found)}; --new makes it.")
    name = places.a_name(name, "touchpoint")
    number = places.add_touchpoint(tx, place.id, name)
    made.append(Made("touchpoint", str(number), name))
    return number, name


def _standing_touchpoint(tx: Connection, place: Location, name: str) -> tuple[int, str] | list[str]:
    """The touchpoint of this name, capitals aside; or the names there are."""
    table = models.touchpoints
    query = select(table.c.id, table.c.name).where(table.c.location_id == place.id).order_by(table.c.id)
    rows = tx.execute(query).all()
    named = (row for row in rows if row.name.casefold() == name.strip().casefold())
    return next(((int(row.id), str(row.name)) for row in named), [str(row.name) for row in rows])


def _screens(tx: Connection, touchpoint: int) -> list[Row[tuple[str, str | None, str]]]:
    """The screens that stand at a touchpoint now: name, device_id, placement."""
    screens, placements = models.screens, models.placements
    query = (
        select(screens.c.name, screens.c.device_id, placements.c.id.label("placement"))
        .join(placements, placements.c.screen_id == screens.c.id)
        .where(placements.c.touchpoint_id == touchpoint, placements.c.to_ms.is_(None))
        .order_by(placements.c.from_ms, placements.c.id)
    )
    return list(tx.execute(query))


def _free_name(touchpoint: str, standing: "dict[str, Row[tuple[str, str | None, str]]]") -> str:
    """A screen that nobody enrolled yet is used first: its code ran out, or was lost."""
    waiting = next((name for name, row in standing.items() if row.device_id is None), None)
    numbers = range(2, len(standing) + 2)
    free = (name for name in [touchpoint, *(f"{touchpoint} {n}" for n in numbers)] if name not in standing)
    return waiting or next(free)


def _known(names: Iterable[str]) -> str:
    every = sorted(names)
    listed = ", ".join(every[:NAMED]) + (", …" if len(every) > NAMED else "")
    return f" (there is {listed})" if every else " (there is none yet)"
