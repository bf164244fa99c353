"""Keys of machines: for a part of the tree, to read or to import. Shown once; what is kept opens nothing."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

from sqlalchemy import Connection, Row, false, func, insert, or_, select, update

from sync.models import api_keys, locations
from sync.office import audit, forms, listing
from sync.office.audit import Actor, Subject
from sync.office.listing import Page
from sync.office.rights import EVERYWHERE, Grant, Rights
from sync.office.tongue import _

Kind = Literal["read", "responses", "import"]
"""`read`: places and scores that everybody may see; `responses`: those, single answers and comments as well."""
KINDS: tuple[Kind, ...] = get_args(Kind)
PREFIX = "sp_"
"""Keys begin alike, so that whoever looks for lost secrets in files and logs knows one."""
HINT = len(PREFIX) + 5
LONGEST = 100
USED_EVERY_MS = 60_000
"""How stale `used_ms` may grow before it is written again."""


@dataclass(frozen=True)
class Holder:
    """A machine that showed its key. `location` None and `path` "/": the whole organisation."""

    id: int
    name: str
    may: Kind
    location: int | None
    path: str
    used_ms: int | None

    @property
    def rights(self) -> Rights:
        """What it may, in the words of people's rights."""
        return Rights((Grant(f"{self.may} key", self.location, self.path),))


@dataclass(frozen=True)
class Key:
    """What its owner sees of it. `place` None: the whole organisation."""

    id: int
    name: str
    hint: str
    place: str | None
    may: str
    made_ms: int
    used_ms: int | None
    revoked_ms: int | None


def make(tx: Connection, by: Actor, name: str, location: int | None, may: str, now_ms: int) -> tuple[int, str]:
    """A new key's number, and the key itself: 256 random bits, of which only the hash is kept. Raises Wrong."""
    place = None if location is None else _place(tx, location)
    path = EVERYWHERE if location is None else place and place.path
    forms.refuse(
        {
            "name": forms.name_problem(name),
            "may": None if may in KINDS else _("Choose what the key is for."),
            "place": None if path else _("There is no such place any more: choose another one."),
        }
    )
    token = PREFIX + secrets.token_urlsafe(32)
    row = {"name": name.strip(), "key_hash": _hash(token), "hint": token[:HINT], "location_id": location, "may": may}
    made = insert(api_keys).values(**row, made_ms=now_ms).returning(api_keys.c.id)
    number: int = tx.execute(made).scalar_one()
    subject = Subject("key", str(number), name.strip(), path or EVERYWHERE)
    after = {"may": may, "hint": token[:HINT]} | ({"place": place.name} if place else {})
    audit.note(tx, by, "key made", subject, now_ms, after=after)
    return number, token


def refuse_unless_theirs(tx: Connection, rights: Rights, location: int | None) -> None:
    """Nobody gives a machine single answers that they may not read themselves. Raises Wrong."""
    place = None if location is None else _place(tx, location)
    path = place.path if place else EVERYWHERE
    sentence = _("You may not read single answers there yourself, so no machine does in your name.")
    forms.refuse({"may": None if rights.may("responses", path) else sentence})


def revoke(tx: Connection, by: Actor, number: int, now_ms: int) -> None:
    """From now on it opens nothing; one that was revoked before stays so."""
    mine = (api_keys.c.id == number, api_keys.c.revoked_ms.is_(None))
    if tx.execute(update(api_keys).where(*mine).values(revoked_ms=now_ms)).rowcount != 1:
        return
    query = select(api_keys.c.name, locations.c.path).outerjoin(locations, locations.c.id == api_keys.c.location_id)
    row = tx.execute(query.where(api_keys.c.id == number)).one()
    audit.note(tx, by, "key revoked", Subject("key", str(number), row.name, row.path or EVERYWHERE), now_ms)


def holder(tx: Connection, token: str) -> Holder | None:
    """Whose key this is; None when it never was one or was revoked."""
    if len(token) > LONGEST:
        return None
    query = (
        select(api_keys, locations.c.path)
        .outerjoin(locations, locations.c.id == api_keys.c.location_id)
        .where(api_keys.c.key_hash == _hash(token), api_keys.c.revoked_ms.is_(None))
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return Holder(row.id, row.name, row.may, row.location_id, row.path or EVERYWHERE, row.used_ms)


def note_used(tx: Connection, key: int, now_ms: int) -> None:
    tx.execute(update(api_keys).where(api_keys.c.id == key).values(used_ms=now_ms))


def every(tx: Connection, rights: Rights, number: int, search: str = "") -> Page[Key]:
    """Those in the parts of the tree where this person may see to keys; those in use first, then the newest."""
    # From the keys to their places, and not through ten thousand places to the few keys.
    path = func.coalesce(locations.c.path, EVERYWHERE)
    query = (
        select(api_keys, locations.c.name.label("place"))
        .outerjoin(locations, locations.c.id == api_keys.c.location_id)
        .where(or_(false(), *(path.startswith(root) for root in rights.roots("keys"))))
        .order_by(api_keys.c.revoked_ms.is_not(None), api_keys.c.made_ms.desc(), api_keys.c.id.desc())
    )
    if search:
        query = query.where(listing.holds(search, api_keys.c.name, api_keys.c.hint, locations.c.name))
    return listing.page(tx, query, number, _read, search=search)


def _read(row: Row[tuple[object, ...]]) -> Key:
    return Key(row.id, row.name, row.hint, row.place, row.may, row.made_ms, row.used_ms, row.revoked_ms)


def _place(tx: Connection, location: int) -> Row[str, str] | None:
    return tx.execute(select(locations.c.path, locations.c.name).where(locations.c.id == location)).one_or_none()


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
