"""People who sign in: their accounts, their sessions, one-click links."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from sync.db import Database
from sync.models import grants, locations, sessions, sign_in_links, users
from sync.office import agreements, audit, links, organisation, passwords, rights, throttle
from sync.office.audit import Actor, Subject
from sync.office.passwords import Verify
from sync.office.rights import EVERYWHERE, Grant, Rights
from sync.office.throttle import Wait
from sync.office.tongue import _

HOUR_MS = 3_600_000
IDLE_MS = 12 * HOUR_MS
LONGEST_MS = 30 * 24 * HOUR_MS
SEEN_EVERY_MS = 5 * 60_000
"""How stale `seen_ms` may grow before it is written again: not every page view is worth a commit."""

LONGEST_TEXT = 200

# One mailbox and no more: what separates several in a letter's head is in none of its parts.
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+")


class BadPerson(ValueError):
    """What was given for an account cannot be used; the message is a sentence for the person who gave it."""


@dataclass(frozen=True)
class User:
    """Who is signed in. `language` is the one they chose, None for their browser's; `has_second`: a second factor of
    theirs is in force, and `is_second`: it was shown in this session; `seen_ms` is when this session last wrote down
    that it was used."""

    id: int
    email: str
    name: str
    rights: Rights
    language: str | None = None
    has_second: bool = False
    is_second: bool = False
    seen_ms: int = 0

    @property
    def owes_second(self) -> bool:
        """Whether a second factor stands between this session and the pages: who has one shows it, who is an
        administrator has one."""
        return not self.is_second and (self.has_second or self.rights.is_admin())


def add_user(
    tx: Connection,
    email: str,
    name: str,
    password: str | None,
    *,
    roles: Sequence[tuple[str, int | None]],
    now_ms: int,
) -> int:
    """A new account's number. `roles`: each with the location where it holds, None for the whole tree. Without a
    password they are invited, and choose it themselves. Raises BadPerson."""
    row = {"email": an_email(email), "name": a_name(name), "created_ms": now_ms}
    if password is not None:
        refused = passwords.problem(password, (email, name, organisation.name(tx)))
        if refused:
            raise BadPerson(refused)
        row["password_hash"] = passwords.hashed(password)
    try:
        with tx.begin_nested():
            number: int = tx.execute(insert(users).values(row).returning(users.c.id)).scalar_one()
    except IntegrityError:
        raise BadPerson(_("There is already an account for {email}.").format(email=row["email"])) from None
    for role, location in roles:
        grant(tx, number, role, location)
    return number


def grant(tx: Connection, user: int, role: str, location: int | None) -> None:
    """Give somebody a role at a location and below it; None: everywhere. Raises BadPerson."""
    if role not in rights.ROLES:
        raise BadPerson(f"A role is one of {', '.join(rights.ROLES)}, not {role!r}.")
    if location is not None and tx.execute(select(locations.c.id).where(locations.c.id == location)).scalar() is None:
        raise BadPerson(f"There is no place with the number {location}.")
    tx.execute(insert(grants).values(user_id=user, role=role, location_id=location))


def rights_of(tx: Connection, user: int, now_ms: int | None = None) -> Rights:
    """Everything this person was granted; with the agreements about crews that are in force at that moment, where it
    is told."""
    query = (
        select(grants.c.role, grants.c.location_id, locations.c.path, locations.c.kind)
        .outerjoin(locations, locations.c.id == grants.c.location_id)
        .where(grants.c.user_id == user)
        .order_by(grants.c.id)
    )
    given = tuple(Grant(row[0], row[1], row[2] or EVERYWHERE, row[3] == "crew") for row in tx.execute(query))
    return Rights(given, agreements.paths(tx, now_ms) if now_ms is not None else ())


def subject(tx: Connection, user: int) -> Subject:
    """This person, as the audit log names them: where they were granted something, and nowhere below."""
    name = tx.execute(select(users.c.name).where(users.c.id == user)).scalar_one()
    paths = {each.path for each in rights_of(tx, user).grants}
    return Subject("person", str(user), name, paths.pop() if len(paths) == 1 else EVERYWHERE)


def an_email(text: str) -> str:
    """An address to sign in with, as it is kept. Raises BadPerson."""
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or len(email) > LONGEST_TEXT or not email.isprintable():
        raise BadPerson(
            _("An email address looks like astrid@example.com, not “{text}”.").format(
                text=" ".join(text.split())[:LONGEST_TEXT]
            )
        )
    return email


def a_name(text: str) -> str:
    """What the pages call a person, trimmed. Raises BadPerson."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_TEXT or not name.isprintable():
        raise BadPerson(
            _("A name has 1 to {most} characters on one line, not {n}.").format(most=LONGEST_TEXT, n=len(name))
        )
    return name


def set_password(tx: Connection, by: Actor, user: int, password: str, now_ms: int, *, keep: str | None = None) -> None:
    """Choose another password: every session ends but the one with the token `keep`, and every link. Raises
    BadPerson."""
    row = tx.execute(select(users.c.email, users.c.name).where(users.c.id == user)).one()
    refused = passwords.problem(password, (row.email, row.name, organisation.name(tx)))
    if refused:
        raise BadPerson(refused)
    tx.execute(update(users).where(users.c.id == user).values(password_hash=passwords.hashed(password)))
    sign_out_everywhere(tx, user, now_ms, keep=keep)
    links.withdraw(tx, user, now_ms)
    audit.note(tx, by, "password changed", subject(tx, user), now_ms)


def sign_in(
    db: Database, email: str, password: str, address: str, now_ms: int, verify: Verify = passwords.verify, *,
    agent: str = "",
) -> str | Wait | None:  # fmt: skip
    """The token of a new session; None for a wrong password, an unknown or a disabled account alike; Wait when
    this account or this address failed too often of late. A try costs one hash whoever it is for; one that has to
    wait costs none."""
    account = email.strip().lower().replace("\0", "")[:LONGEST_TEXT]  # PostgreSQL holds no NUL
    row = _tried(db, account, password, address, now_ms, verify)
    if row is None or isinstance(row, Wait):
        return row
    with db.writing() as tx:
        throttle.forgive(tx, account, address, now_ms)
        if passwords.is_outdated(row.password_hash):
            tx.execute(update(users).where(users.c.id == row.id).values(password_hash=passwords.hashed(password)))
        return let_in(tx, row.id, now_ms, address=address, agent=agent)


def let_in(tx: Connection, user: int, now_ms: int, *, address: str, agent: str) -> str:
    """The token of a new session for somebody whose password is known to be right; the second factor stays owed."""
    has_second = tx.execute(select(users.c.totp_ms).where(users.c.id == user)).scalar() is not None
    if not has_second and not rights_of(tx, user).is_admin():
        note_signed_in(tx, user, address, now_ms, "a password")
    return new_session(tx, user, now_ms, address=address, agent=agent)


def fits(db: Database, user: User, password: str, address: str, now_ms: int) -> bool | Wait:
    """Whether this is the password of somebody who is signed in: asked once more before something grave."""
    row = _tried(db, user.email, password, address, now_ms, passwords.verify)
    if row is None or isinstance(row, Wait):
        return row or False
    with db.writing() as tx:
        throttle.forgive(tx, user.email, address, now_ms)
    return True


def note_signed_in(tx: Connection, user: int, address: str, now_ms: int, how: str) -> None:
    """Into the audit log, once all that is owed was shown. `how`: by what."""
    mine = subject(tx, user)
    email = tx.execute(select(users.c.email).where(users.c.id == user)).scalar_one()
    audit.note(tx, Actor(f"{mine.name} <{email}>", user, address), "signed in", mine, now_ms, after={"by": how})


def _tried(
    db: Database, account: str, password: str, address: str, now_ms: int, verify: Verify
) -> Row[Any] | Wait | None:
    # Written down as failed before it is looked at: tries at the same moment, in other processes too, all count.
    with db.writing() as tx:
        wait_ms = throttle.count_try(tx, account, address, now_ms)
    if wait_ms:
        return Wait(wait_ms)
    with db.reading() as tx:
        row = tx.execute(select(users).where(users.c.email == account)).one_or_none()
    usable = row is not None and row.disabled_ms is None and row.password_hash is not None
    stored = row.password_hash if row is not None and usable else passwords.nobodys()
    return row if verify(stored, password[: passwords.LONGEST + 1]) and usable else None


def new_session(
    tx: Connection, user: int, now_ms: int, *, second: bool = False, address: str = "", agent: str = ""
) -> str:
    """The token of a new session of this person: 256 random bits, of which only the hash is kept. `second`: the second
    factor was shown, or the way in was as good as one."""
    tx.execute(delete(sessions).where(sessions.c.expires_ms <= now_ms))
    token = secrets.token_urlsafe(32)
    row = {"token_hash": _hash(token), "user_id": user, "created_ms": now_ms, "seen_ms": now_ms}
    where = {"second_ms": now_ms if second else None, "address": address[:64], "agent": agent[:LONGEST_TEXT]}
    tx.execute(insert(sessions).values(**row, **where, expires_ms=now_ms + LONGEST_MS))
    return token


def session_user(tx: Connection, token: str, now_ms: int) -> User | None:
    """Whose session this is, or None when it never was one, ended, was revoked, or lay idle for 12 hours."""
    query = (
        select(users, sessions.c.seen_ms, sessions.c.second_ms)
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(sessions.c.token_hash == _hash(token), sessions.c.revoked_ms.is_(None), users.c.disabled_ms.is_(None))
        .where(sessions.c.expires_ms > now_ms, sessions.c.seen_ms > now_ms - IDLE_MS)
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        rights=rights_of(tx, row.id, now_ms),
        language=row.language,
        has_second=row.totp_ms is not None,
        is_second=row.second_ms is not None,
        seen_ms=row.seen_ms,
    )


def note_seen(tx: Connection, token: str, now_ms: int) -> None:
    """This session is in use: it stays for another 12 hours, though never beyond 30 days from its start."""
    mine = sessions.c.token_hash == _hash(token)
    tx.execute(update(sessions).where(mine, sessions.c.seen_ms < now_ms).values(seen_ms=now_ms))


def sign_out(tx: Connection, token: str, now_ms: int) -> None:
    mine = sessions.c.token_hash == _hash(token)
    tx.execute(update(sessions).where(mine, sessions.c.revoked_ms.is_(None)).values(revoked_ms=now_ms))


def sign_out_everywhere(tx: Connection, user: int, now_ms: int, *, keep: str | None = None) -> None:
    """Revokes every session of this person but the one with the token `keep`, and every one-click link that leads to
    one."""
    open_ones = [sessions.c.user_id == user, sessions.c.revoked_ms.is_(None)]
    if keep is not None:
        open_ones.append(sessions.c.token_hash != _hash(keep))
    tx.execute(update(sessions).where(*open_ones).values(revoked_ms=now_ms))
    links = (sign_in_links.c.user_id == user, sign_in_links.c.expires_ms > now_ms)
    tx.execute(update(sign_in_links).where(*links).values(expires_ms=now_ms))


def new_link(tx: Connection, user: int, expires_ms: int) -> str:
    """The token of a link that signs this person in with one click, as often as it is followed until it expires."""
    token = secrets.token_urlsafe(32)
    tx.execute(insert(sign_in_links).values(token_hash=_hash(token), user_id=user, expires_ms=expires_ms))
    return token


def leave_everywhere(tx: Connection, by: Actor, user: int, now_ms: int, *, keep: str | None = None) -> None:
    """The same, as somebody wishes it."""
    sign_out_everywhere(tx, user, now_ms, keep=keep)
    audit.note(tx, by, "signed out everywhere", subject(tx, user), now_ms)


def follow_link(tx: Connection, token: str, now_ms: int, *, address: str = "", agent: str = "") -> str | None:
    """The token of a new session, or None when the link never was one or has expired."""
    query = (
        select(users.c.id)
        .join(sign_in_links, sign_in_links.c.user_id == users.c.id)
        .where(sign_in_links.c.token_hash == _hash(token), sign_in_links.c.expires_ms > now_ms)
        .where(users.c.disabled_ms.is_(None))
    )
    user = tx.execute(query).scalar()
    if user is None:
        return None
    note_signed_in(tx, user, address, now_ms, "a one-click link")
    return new_session(tx, user, now_ms, second=True, address=address, agent=agent)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
