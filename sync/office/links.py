"""Links that do one thing once: let the first person in, an invited one, or one who forgot their password.

Only a link's hash is kept. Looking at it uses nothing up, since mail scanners follow links; doing what it is for does.
A new one takes the place of the older ones of the same person."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from sync.models import one_time_links, users

Purpose = Literal["first", "invite", "password"]
HOUR_MS = 3_600_000
FIRST_MS = 24 * HOUR_MS
PERSON_MS = 48 * HOUR_MS
"""How long an invitation, or a link to a new password, is good for."""
PATHS: dict[Purpose, str] = {"first": "/start/", "invite": "/welcome/", "password": "/password/"}
"""Where the token of each leads, when it is put behind."""
_KEPT_MS = 30 * 24 * HOUR_MS


@dataclass(frozen=True)
class Guest:
    """Whose link it is; nobody's (None) is the first person's, who isn't there yet."""

    user: int | None
    email: str = ""
    name: str = ""
    language: str | None = None


def first(tx: Connection, now_ms: int) -> str:
    """The token of the link with which an empty centre begins."""
    return _new(tx, "first", None, now_ms, FIRST_MS)


def invite(tx: Connection, user: int, now_ms: int) -> str:
    """The token of a link with which somebody who was invited chooses their password."""
    return _new(tx, "invite", user, now_ms, PERSON_MS)


def reset(tx: Connection, user: int, now_ms: int) -> str:
    """The token of a link to a new password, for somebody who lost theirs."""
    return _new(tx, "password", user, now_ms, PERSON_MS)


def forgotten(tx: Connection, email: str, now_ms: int) -> tuple[Guest, str] | None:
    """A link to a new password for whoever signs in with this address; None when nobody does, or nobody yet: who was
    invited has a link already, and a stranger doesn't take that away."""
    account = email.strip().lower().replace("\0", "")
    usable = (users.c.disabled_ms.is_(None), users.c.password_hash.is_not(None))
    row = tx.execute(select(users).where(users.c.email == account, *usable)).one_or_none()
    if row is None:
        return None
    return Guest(row.id, row.email, row.name, row.language), reset(tx, row.id, now_ms)


def withdraw(tx: Connection, user: int, now_ms: int) -> None:
    """No link of this person works any more."""
    tx.execute(update(one_time_links).where(*_open(now_ms), one_time_links.c.user_id == user).values(expires_ms=now_ms))


def look(tx: Connection, purpose: Purpose, token: str, now_ms: int) -> Guest | None:
    """Whose this link is, while it works; uses nothing up."""
    table = one_time_links
    query = (
        select(table.c.user_id, users.c.email, users.c.name, users.c.language)
        .outerjoin(users, users.c.id == table.c.user_id)
        .where(table.c.token_hash == _hash(token), table.c.purpose == purpose, *_open(now_ms))
        .where(users.c.disabled_ms.is_(None))
    )
    row = tx.execute(query).one_or_none()
    return Guest(row.user_id, row.email or "", row.name or "", row.language) if row else None


def use(tx: Connection, purpose: Purpose, token: str, now_ms: int) -> bool:
    """Use the link up; False for all but one of those who try at the same moment, in whatever process."""
    table = one_time_links
    mine = update(table).where(table.c.token_hash == _hash(token), table.c.purpose == purpose, *_open(now_ms))
    return tx.execute(mine.values(used_ms=now_ms)).rowcount == 1


def _new(tx: Connection, purpose: Purpose, user: int | None, now_ms: int, lasts_ms: int) -> str:
    table = one_time_links
    tx.execute(delete(table).where(table.c.expires_ms <= now_ms - _KEPT_MS))
    if user is None:
        tx.execute(update(table).where(*_open(now_ms), table.c.purpose == purpose).values(expires_ms=now_ms))
    else:
        withdraw(tx, user, now_ms)
    token = secrets.token_urlsafe(32)
    row = {"token_hash": _hash(token), "purpose": purpose, "user_id": user, "made_ms": now_ms}
    tx.execute(insert(table).values(**row, expires_ms=now_ms + lasts_ms))
    return token


def _open(now_ms: int) -> tuple[ColumnElement[bool], ...]:
    return one_time_links.c.used_ms.is_(None), one_time_links.c.expires_ms > now_ms


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
