"""Agreements with those who represent the crews: while one is in force, whoever sees a place sees its crews one by one.
An administrator writes down which it is and from which day on; taking it back closes at once. Both are in the log."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sync.models import crew_agreements, locations
from sync.office import audit, forms, local_time, organisation, places, zones
from sync.office.audit import Actor, Subject
from sync.office.places import Location
from sync.office.rights import EVERYWHERE, Rights
from sync.office.tongue import _

MAX_NAME = 120
AHEAD = 366
"""Days from today on which one may begin."""


@dataclass(frozen=True)
class Agreement:
    """`place` None and `path` "/": everywhere. From the beginning of the local day `from_day` on, until `ended_ms`
    (None: nobody took it back)."""

    id: int
    name: str
    place: int | None
    place_name: str
    path: str
    from_day: int
    from_ms: int
    made_by: str
    made_ms: int
    ended_ms: int | None = None
    ended_by: str | None = None

    def holds(self, now_ms: int) -> bool:
        return self.ended_ms is None and self.from_ms <= now_ms


def paths(tx: Connection, now_ms: int) -> tuple[str, ...]:
    """At and below these places one is in force now."""
    return tuple(sorted({each.path for each in _every(tx) if each.holds(now_ms)}))


def at(tx: Connection, path: str, now_ms: int) -> list[Agreement]:
    """Those in force at this place, made there or above it; the oldest first."""
    return [each for each in _every(tx) if each.holds(now_ms) and path.startswith(each.path)]


def seen(tx: Connection, rights: Rights) -> list[Agreement]:
    """All that were ever made at places that this person sees, or above them; the newest first."""
    roots = rights.roots()
    found = (each for each in _every(tx, ended=True) if _concerns(each.path, roots))
    return sorted(found, key=lambda each: (each.ended_ms is not None, -each.made_ms, -each.id))


def _concerns(path: str, roots: tuple[str, ...]) -> bool:
    return any(path.startswith(root) or root.startswith(path) for root in roots)


def find(tx: Connection, number: int) -> Agreement | None:
    return next((each for each in _every(tx, ended=True) if each.id == number), None)


def make(tx: Connection, by: Actor, name: str, location: int | None, from_day: int | None, now_ms: int) -> int:
    """A new one's number. Raises Wrong under "name", "day" and "place": it is for all crews of a group, since what was
    shown of several together would tell of the others once one of them is open."""
    place = places.resolved(tx, {location})[location] if location is not None else None
    zone = place.zone if place else zones.DEFAULT_ZONE
    today = local_time.day_of(now_ms, zone)
    forms.refuse(
        {
            "name": forms.name_problem(name, MAX_NAME),
            "day": _day_problem(from_day, today),
            "place": _place_problem(place),
        }
    )
    day = from_day or today
    values = {
        "location_id": location, "name": name.strip(), "from_day": day, "from_ms": local_time.begins(day, zone),
        "made_by": by.name, "made_ms": now_ms,
    }  # fmt: skip
    number = int(tx.execute(insert(crew_agreements).values(values).returning(crew_agreements.c.id)).scalar_one())
    after = {"from_day": local_time.date_of(day).isoformat(), "at": place.name if place else organisation.name(tx)}
    path = place.path if place else EVERYWHERE
    audit.note(tx, by, "agreement made", Subject("agreement", str(number), name.strip(), path), now_ms, after=after)
    return number


def _place_problem(place: Location | None) -> str | None:
    if place is None or place.kind == "group":
        return None
    return _("An agreement is for all crews of a group: choose the group that {place} is in.").format(place=place.name)


def _day_problem(day: int | None, today: int) -> str | None:
    if day is None:
        return _("Give the first day on which it is in force.")
    if not today - 20 * AHEAD <= day <= today + AHEAD:
        return _("Give a day of the last twenty years, or of the coming one.")
    return None


def end(tx: Connection, by: Actor, number: int, now_ms: int) -> None:
    """It opens nothing from now on; one that was taken back before stays so."""
    table = crew_agreements
    mine = (table.c.id == number, table.c.ended_ms.is_(None))
    if tx.execute(update(table).where(*mine).values(ended_ms=now_ms, ended_by=by.name)).rowcount != 1:
        return
    found = find(tx, number)
    if found is not None:
        subject = Subject("agreement", str(number), found.name, found.path)
        audit.note(tx, by, "agreement ended", subject, now_ms)


def _every(tx: Connection, *, ended: bool = False) -> list[Agreement]:
    """Few: an organisation has as many as it has works councils."""
    table = crew_agreements
    query = (
        select(table, locations.c.name.label("place"), locations.c.path)
        .outerjoin(locations, locations.c.id == table.c.location_id)
        .order_by(table.c.made_ms, table.c.id)
    )
    query = query if ended else query.where(table.c.ended_ms.is_(None))
    return [_read(row) for row in tx.execute(query)]


def _read(row: Row[Any]) -> Agreement:
    return Agreement(
        row.id, row.name, row.location_id, row.place or "", row.path or EVERYWHERE, row.from_day, row.from_ms,
        row.made_by, row.made_ms, row.ended_ms, row.ended_by,
    )  # fmt: skip
