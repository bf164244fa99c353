"""Screens on a wall: each is opened by an address that nobody can guess, and shows one place to whoever stands before
it. The address is shown once; what is kept opens nothing."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sync.models import locations, walls
from sync.office import audit, forms, listing, places, tongue
from sync.office.audit import Actor, Subject
from sync.office.listing import Page
from sync.office.places import Location
from sync.office.rights import Rights
from sync.office.tongue import _

LONGEST = 100
USED_EVERY_MS = 10 * 60_000
"""How stale `used_ms` may grow before it is written again: a wall asks every minute, for years."""


@dataclass(frozen=True)
class Wall:
    """What its owner sees of it."""

    id: int
    name: str
    place: str
    language: str
    made_ms: int
    used_ms: int | None
    revoked_ms: int | None


@dataclass(frozen=True)
class Opened:
    """A wall that somebody opened with its address."""

    id: int
    name: str
    language: str
    place: Location
    used_ms: int | None


def make(tx: Connection, by: Actor, name: str, location: int | None, language: str, now_ms: int) -> tuple[int, str]:
    """A new wall's number, and the secret of its address: 256 random bits, of which only the hash is kept. Crews have
    none: their figures are for themselves. Raises Wrong."""
    place = places.resolved(tx, {location})[location] if location is not None else None
    forms.refuse(
        {
            "name": forms.name_problem(name),
            "language": None if language in tongue.LANGUAGES else _("Choose the language of the wall."),
            "place": _place_problem(place),
        }
    )
    assert place is not None  # noqa: S101 (refused above)
    token = secrets.token_urlsafe(32)
    row = {"name": name.strip(), "location_id": place.id, "language": language, "token_hash": _hash(token)}
    number: int = tx.execute(insert(walls).values(**row, made_ms=now_ms).returning(walls.c.id)).scalar_one()
    after = {"place": place.name, "language": language}
    audit.note(tx, by, "wall made", Subject("wall", str(number), name.strip(), place.path), now_ms, after=after)
    return number, token


def _place_problem(place: Location | None) -> str | None:
    if place is None:
        return _("Choose the place that the wall shows.")
    if place.kind == "crew":
        return _("A crew has no wall: its figures are for the crew itself. Choose a store or a group.")
    return None


def revoke(tx: Connection, by: Actor, number: int, now_ms: int) -> None:
    """From now on its address opens nothing; one that was revoked before stays so."""
    mine = (walls.c.id == number, walls.c.revoked_ms.is_(None))
    if tx.execute(update(walls).where(*mine).values(revoked_ms=now_ms)).rowcount != 1:
        return
    query = select(walls.c.name, locations.c.path).join(locations, locations.c.id == walls.c.location_id)
    row = tx.execute(query.where(walls.c.id == number)).one()
    audit.note(tx, by, "wall revoked", Subject("wall", str(number), row.name, row.path), now_ms)


def opened(tx: Connection, token: str) -> Opened | None:
    """Whose address this is; None when it never was one or was revoked."""
    if len(token) > LONGEST:
        return None
    row = tx.execute(
        select(walls).where(walls.c.token_hash == _hash(token), walls.c.revoked_ms.is_(None))
    ).one_or_none()
    if row is None:
        return None
    place = places.resolved(tx, {row.location_id})[row.location_id]
    return Opened(row.id, row.name, row.language, place, row.used_ms)


def note_used(tx: Connection, number: int, now_ms: int) -> None:
    tx.execute(update(walls).where(walls.c.id == number).values(used_ms=now_ms))


def every(tx: Connection, rights: Rights, number: int, search: str = "") -> Page[Wall]:
    """Those of places that this person sees to; those in use first, then the newest."""
    query = (
        select(walls, locations.c.name.label("place"))
        .join(locations, locations.c.id == walls.c.location_id)
        .where(places.below(rights.roots("places")))
        .order_by(walls.c.revoked_ms.is_not(None), walls.c.made_ms.desc(), walls.c.id.desc())
    )
    if search:
        query = query.where(listing.holds(search, walls.c.name, locations.c.name))
    return listing.page(tx, query, number, _read, search=search)


def _read(row: Row[Any]) -> Wall:
    return Wall(row.id, row.name, row.place, row.language, row.made_ms, row.used_ms, row.revoked_ms)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
