"""Who gets which briefing by mail: a team at its address, people who sign in wherever they read their mail."""

import secrets as random
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, false, insert, or_, select, update

from sync.intake.keys import Secrets
from sync.models import locations, subscriptions, users
from sync.office import audit, letter_times, listing, mailing_days, places
from sync.office.audit import Actor, Subject
from sync.office.letter_times import About
from sync.office.listing import Page
from sync.office.mailing_days import Cadence
from sync.office.rights import EVERYWHERE, Permission, Rights

Stopped = Literal["one_click", "page", "person"]
"""How it was stopped: by the button of a mail program, on the page that a letter leads to, by somebody signed in."""
ADMINISTER: Permission = "devices"
"""Whoever runs a place looks after who hears of it."""


@dataclass(frozen=True)
class Subscription:
    """`place` is a location's number, None for all that they see. It goes to `address`; with `user` that is theirs
    today. `name` is that person's, `place_name` and `path` those of the location."""

    id: int
    kind: str
    cadence: Cadence
    place: int | None
    place_name: str
    path: str
    address: str
    user: int | None
    name: str
    language: str
    made_ms: int
    next_day: int
    stopped_ms: int | None
    stopped_why: str | None
    leave_hash: str

    @property
    def about(self) -> About:
        return About(self.kind, self.place, self.user)


def query() -> Select[Any]:
    """Every subscription with the names that belong to it."""
    return (
        select(
            subscriptions,
            locations.c.name.label("place_name"),
            locations.c.path,
            users.c.name.label("user_name"),
            users.c.email,
        )
        .outerjoin(locations, locations.c.id == subscriptions.c.location_id)
        .outerjoin(users, users.c.id == subscriptions.c.user_id)
    )


def read(row: Row[Any]) -> Subscription:
    """One row of `query`."""
    return Subscription(
        id=row.id,
        kind=row.kind,
        cadence=row.cadence,
        place=row.location_id,
        place_name=row.place_name or "",
        path=row.path or EVERYWHERE,
        address=row.email if row.user_id is not None else row.address,
        user=row.user_id,
        name=row.user_name or "",
        language=row.language,
        made_ms=row.made_ms,
        next_day=row.next_day,
        stopped_ms=row.stopped_ms,
        stopped_why=row.stopped_why,
        leave_hash=row.leave_hash,
    )


def one(tx: Connection, number: int) -> Subscription | None:
    row = tx.execute(query().where(subscriptions.c.id == number)).one_or_none()
    return read(row) if row else None


def every(
    tx: Connection, rights: Rights, number: int, search: str = "", place: int | None = None
) -> Page[Subscription]:
    """Those of places that this person runs; those in force first, then by place."""
    table = subscriptions.c
    wanted = query().where(_theirs(rights)).order_by(table.stopped_ms.is_not(None), locations.c.name, table.id)
    if place is not None:
        wanted = wanted.where(table.location_id == place)
    if search:
        found = listing.holds(search, locations.c.name, table.address, users.c.name, users.c.email)
        wanted = wanted.where(found)
    return listing.page(tx, wanted, number, read, search=search)


def _theirs(rights: Rights) -> ColumnElement[bool]:
    roots = rights.roots(ADMINISTER)
    if EVERYWHERE in roots:
        return or_(places.below(roots), subscriptions.c.location_id.is_(None))
    return places.below(roots) if roots else false()


def own(tx: Connection, user: int) -> list[Subscription]:
    """Somebody's own, those in force first."""
    table = subscriptions.c
    mine = query().where(table.user_id == user)
    return [read(row) for row in tx.execute(mine.order_by(table.stopped_ms.is_not(None), table.id).limit(200))]


def same(tx: Connection, about: About, cadence: Cadence, address: str) -> Subscription | None:
    """The one that tells the same to the same, whether it is in force or was stopped."""
    table = subscriptions.c
    to = table.user_id == about.user if about.user is not None else table.address == address
    place = table.location_id == about.place if about.place is not None else table.location_id.is_(None)
    mine = query().where(table.kind == about.kind, table.cadence == cadence, place, to)
    row = tx.execute(mine.order_by(table.stopped_ms.is_not(None), table.id).limit(1)).one_or_none()
    return read(row) if row else None


def begin(
    tx: Connection,
    by: Actor,
    about: About,
    cadence: Cadence,
    address: str,
    language: str,
    secrets: Secrets,
    now_ms: int,
) -> int:
    """The number of a new one; what it tells and to whom was checked. `address` counts where there is no user."""
    row = {
        "kind": about.kind,
        "cadence": cadence,
        "location_id": about.place,
        "user_id": about.user,
        "address": "" if about.user is not None else address,
        "language": language,
        "leave_hash": random.token_hex(32),
        "made_ms": now_ms,
        "next_day": _first_day(tx, about, cadence, now_ms),
    }
    number: int = tx.execute(insert(subscriptions).values(row).returning(subscriptions.c.id)).scalar_one()
    _keep_token(tx, number, _tokens(secrets, number, now_ms)[0])
    _note(tx, by, "briefing subscribed", number, now_ms)
    return number


def stop(tx: Connection, by: Actor, number: int, why: Stopped, now_ms: int) -> bool:
    """No more letters from now on; whether there would have been any."""
    mine = (subscriptions.c.id == number, subscriptions.c.stopped_ms.is_(None))
    stopped = update(subscriptions).where(*mine)
    more = {"version": subscriptions.c.version + 1}
    if tx.execute(stopped.values(stopped_ms=now_ms, stopped_why=why, **more)).rowcount != 1:
        return False
    _note(tx, by, "briefing stopped", number, now_ms, by_way_of=why)
    return True


def resume(tx: Connection, by: Actor, number: int, now_ms: int) -> bool:
    """As if it began now: what it left out meanwhile is not missing."""
    found = one(tx, number)
    if found is None or found.stopped_ms is None:
        return False
    mine = (subscriptions.c.id == number, subscriptions.c.stopped_ms.is_not(None))
    values = {
        "stopped_ms": None,
        "stopped_why": None,
        "next_day": _first_day(tx, found.about, found.cadence, now_ms),
        "version": subscriptions.c.version + 1,
    }
    if tx.execute(update(subscriptions).where(*mine).values(values)).rowcount != 1:
        return False
    _note(tx, by, "briefing taken up again", number, now_ms)
    return True


def leave_token(tx: Connection, found: Subscription, secrets: Secrets) -> str | None:
    """What the link in a letter ends with, which stops it without signing in. None when the secret that it was made of
    is not there any more: `renew` makes another."""
    return next((each for each in _tokens(secrets, found.id, found.made_ms) if _hash(each) == found.leave_hash), None)


def renew(tx: Connection, found: Subscription, secrets: Secrets) -> str:
    """The same, of the newest secret."""
    token = _tokens(secrets, found.id, found.made_ms)[0]
    _keep_token(tx, found.id, token)
    return token


def of_token(tx: Connection, token: str) -> Subscription | None:
    """Which one a link in a letter stops; None when it never was one."""
    if len(token) > 100:
        return None
    row = tx.execute(query().where(subscriptions.c.leave_hash == _hash(token))).one_or_none()
    return read(row) if row else None


def subject(found: Subscription) -> Subject:
    return Subject("subscription", str(found.id), found.place_name or found.name or found.address, found.path)


def _tokens(secrets: Secrets, number: int, made_ms: int) -> list[str]:
    return secrets.leave_tokens(number, made_ms)


def _keep_token(tx: Connection, number: int, token: str) -> None:
    tx.execute(update(subscriptions).where(subscriptions.c.id == number).values(leave_hash=_hash(token)))


def _first_day(tx: Connection, about: About, cadence: Cadence, now_ms: int) -> int:
    return mailing_days.first(cadence, letter_times.clocks(tx, [about])[about], now_ms)


def _note(tx: Connection, by: Actor, action: str, number: int, now_ms: int, **more: Any) -> None:
    found = one(tx, number)
    assert found is not None  # noqa: S101 (it was just changed)
    told = {"to": found.address, "briefing": found.kind, "cadence": found.cadence, **more}
    audit.note(tx, by, action, subject(found), now_ms, after=told)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
