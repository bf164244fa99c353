"""The link under which a crew (or the people of a store) reads its briefing without a password. It opens nothing by
itself, as mail scanners and other people open links: only on a telephone on which "This is my phone" was pressed. Of
link and telephone alike only hashes are kept; whose telephone it is stands nowhere."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sync.models import crew_links, crew_phones
from sync.office import audit, places
from sync.office.audit import Actor, Subject
from sync.office.places import Location

LONGEST = 100
MOST_PHONES = 4
"""Of one link: a crew's own, and nobody else's."""
SEEN_EVERY_MS = 10 * 60_000
_PLATFORMS = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")
_BROWSERS = (("Edg", "Edge"), ("SamsungBrowser", "Samsung"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
             ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip


@dataclass(frozen=True)
class Link:
    """One that is in use."""

    id: int
    place: Location
    made_ms: int


@dataclass(frozen=True)
class Phone:
    """A telephone on which the link may be read. `agent`: what kind, as its browser says."""

    id: int
    link_id: int
    agent: str
    pressed_ms: int
    seen_ms: int


class Full(Exception):
    """As many telephones as there may be read this link already."""


def make(tx: Connection, by: Actor, place: int, now_ms: int) -> str:
    """The secret of a new link's address, 256 random bits; the one before opens nothing from now on."""
    here = _held(tx, place)
    _revoke(tx, place, now_ms)
    token = secrets.token_urlsafe(32)
    tx.execute(insert(crew_links).values(location_id=place, token_hash=_hash(token), made_ms=now_ms))
    audit.note(tx, by, "briefing link made", _subject(here), now_ms)
    return token


def revoke(tx: Connection, by: Actor, place: int, now_ms: int) -> None:
    """From now on no link opens this briefing."""
    here = _held(tx, place)
    if _revoke(tx, place, now_ms):
        audit.note(tx, by, "briefing link revoked", _subject(here), now_ms)


def _revoke(tx: Connection, place: int, now_ms: int) -> int:
    mine = (crew_links.c.location_id == place, crew_links.c.revoked_ms.is_(None))
    return tx.execute(update(crew_links).where(*mine).values(revoked_ms=now_ms)).rowcount


def _held(tx: Connection, place: int) -> Location:
    """One at a time changes the links of a place."""
    places.hold_tree(tx)
    return places.resolved(tx, {place})[place]


def opened(tx: Connection, token: str) -> Link | None:
    """Whose address this is; None when it never was one or was revoked."""
    if len(token) > LONGEST:
        return None
    mine = (crew_links.c.token_hash == _hash(token), crew_links.c.revoked_ms.is_(None))
    return _link(tx, tx.execute(select(crew_links).where(*mine)).first())


def of(tx: Connection, place: int) -> Link | None:
    """The one in use there."""
    mine = (crew_links.c.location_id == place, crew_links.c.revoked_ms.is_(None))
    return _link(tx, tx.execute(select(crew_links).where(*mine)).first())


def _link(tx: Connection, row: Row[Any] | None) -> Link | None:
    if row is None:
        return None
    return Link(row.id, places.resolved(tx, {row.location_id})[row.location_id], row.made_ms)


def press(tx: Connection, link: Link, agent: str, address: str, now_ms: int) -> str:
    """Somebody says that this is their telephone: the key to keep in it. Raises Full."""
    tx.execute(select(crew_links.c.id).where(crew_links.c.id == link.id).with_for_update())
    if len(phones(tx, link)) >= MOST_PHONES:
        raise Full
    key = secrets.token_urlsafe(32)
    row = {"link_id": link.id, "key_hash": _hash(key), "agent": called(agent), "pressed_ms": now_ms, "seen_ms": now_ms}
    tx.execute(insert(crew_phones).values(row))
    audit.note(tx, crew(link.place, address), "phone added", _subject(link.place), now_ms)
    return key


def phone(tx: Connection, link: Link, key: str) -> Phone | None:
    """The telephone that shows this key, where it may read the link."""
    if not key or len(key) > LONGEST:
        return None
    mine = (crew_phones.c.link_id == link.id, crew_phones.c.key_hash == _hash(key), crew_phones.c.revoked_ms.is_(None))
    row = tx.execute(select(crew_phones).where(*mine)).first()
    return _phone(row) if row else None


def note_seen(tx: Connection, each: Phone, now_ms: int) -> None:
    tx.execute(update(crew_phones).where(crew_phones.c.id == each.id).values(seen_ms=now_ms))


def phones(tx: Connection, link: Link) -> list[Phone]:
    """Those that may read it, the first that was added first."""
    mine = (crew_phones.c.link_id == link.id, crew_phones.c.revoked_ms.is_(None))
    return [_phone(row) for row in tx.execute(select(crew_phones).where(*mine).order_by(crew_phones.c.id))]


def forget_phone(tx: Connection, by: Actor, number: int, now_ms: int) -> int:
    """It reads nothing any more; the place that it belonged to. Raises LookupError."""
    query = select(crew_links.c.location_id).join(crew_phones, crew_phones.c.link_id == crew_links.c.id)
    place = tx.execute(query.where(crew_phones.c.id == number)).scalar()
    if place is None:
        raise LookupError(number)
    mine = (crew_phones.c.id == number, crew_phones.c.revoked_ms.is_(None))
    if tx.execute(update(crew_phones).where(*mine).values(revoked_ms=now_ms)).rowcount:
        audit.note(tx, by, "phone removed", _subject(places.resolved(tx, {place})[place]), now_ms)
    return int(place)


def forget(tx: Connection, place: int) -> None:
    """All of a place that is deleted."""
    mine = select(crew_links.c.id).where(crew_links.c.location_id == place)
    tx.execute(crew_phones.delete().where(crew_phones.c.link_id.in_(mine)))
    tx.execute(crew_links.delete().where(crew_links.c.location_id == place))


def crew(place: Location, address: str) -> Actor:
    """Whoever reads with a telephone of this place, as the log names them: nobody in person."""
    return Actor(f"a phone of {place.name}", None, address)


def called(agent: str) -> str:
    """What kind of telephone it is, from what its browser calls itself: no more than tells two apart."""
    platform = next((each for each in _PLATFORMS if each in agent), "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    return " · ".join(part for part in (platform, browser) if part)


def _phone(row: Row[Any]) -> Phone:
    return Phone(row.id, row.link_id, row.agent, row.pressed_ms, row.seen_ms)


def _subject(place: Location) -> Subject:
    return Subject("place", str(place.id), place.name, place.path)


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
