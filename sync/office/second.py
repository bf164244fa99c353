"""The second factor of a person: a code of their authenticator app, or one of ten recovery codes, each good once.

What the app shares with us is not stored: it is derived from the secret outside the database, and from a nonce."""

import re
import secrets
from hashlib import sha256
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from sync.db import Database
from sync.intake.keys import Secrets
from sync.models import recovery_codes, sessions, users
from sync.office import audit, people, throttle, totp
from sync.office.audit import Actor
from sync.office.people import BadPerson, User
from sync.office.throttle import Wait
from sync.office.tongue import _

CODES = 10
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is read as something else
_GROUPS, _GROUP = 4, 4

_RECOVERY = re.compile(r"[0-9A-Z]{4}(?:[ -]?[0-9A-Z]{4}){3}", re.ASCII)

Shown = Literal["a code", "a recovery code"]


def nonce(tx: Connection, user: User, token: str) -> str:
    """For a second factor that is being set up: the same while this session goes on, so that a page which is loaded
    again shows the same, and another one after each change."""
    old = tx.execute(select(users.c.totp_nonce).where(users.c.id == user.id)).scalar()
    return sha256(f"smilepost nonce\n{token}\n{old or ''}".encode()).hexdigest()[:32]


def key(keys: Secrets, user: User, nonce: str) -> bytes:
    """What the app is told, to make its codes of."""
    return keys.second_factors(user.id, nonce)[0]


def put(tx: Connection, by: Actor, keys: Secrets, user: User, nonce: str, typed: str, now_ms: int) -> list[str] | None:
    """Set the second factor up, or another one, once its app showed a code: the new recovery codes, to be shown once.
    None when the code doesn't fit. Every other session of this person owes it from now on."""
    step = totp.fits(key(keys, user, nonce), _digits(typed), now_ms)
    if step is None:
        return None
    values = {"totp_nonce": nonce, "totp_ms": now_ms, "totp_step": step}
    tx.execute(update(users).where(users.c.id == user.id).values(values))
    tx.execute(update(sessions).where(sessions.c.user_id == user.id).values(second_ms=None))
    action = "second factor changed" if user.has_second else "second factor set up"
    audit.note(tx, by, action, people.subject(tx, user.id), now_ms)
    return _new_codes(tx, user.id)


def show(db: Database, keys: Secrets, user: User, typed: str, address: str, now_ms: int) -> Shown | Wait | None:
    """Show the second factor; None when it doesn't fit, or was shown before. Throttled as passwords are."""
    account = f"second factor of {user.id}"
    # Written down as failed before it is looked at: tries at the same moment, in other processes too, all count.
    with db.writing() as tx:
        wait_ms = throttle.count_try(tx, account, address, now_ms)
    if wait_ms:
        return Wait(wait_ms)
    with db.writing() as tx:
        shown = _code(tx, keys, user.id, typed, now_ms) or _recovery_code(tx, user.id, typed, now_ms)
        if shown:
            throttle.forgive(tx, account, address, now_ms)
    return shown


def remove(tx: Connection, by: Actor, user: int, now_ms: int) -> bool:
    """Take the second factor out of force; whether one was. The recovery codes go with it."""
    mine = update(users).where(users.c.id == user, users.c.totp_ms.is_not(None))
    if tx.execute(mine.values(totp_ms=None)).rowcount != 1:
        return False
    tx.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user))
    audit.note(tx, by, "second factor removed", people.subject(tx, user), now_ms)
    return True


def do_without(tx: Connection, by: Actor, user: User, now_ms: int) -> None:
    """Remove one's own. Raises BadPerson for an administrator."""
    if user.rights.is_admin():
        raise BadPerson(_("Administrators always have a second factor. You can set up another one instead."))
    remove(tx, by, user.id, now_ms)


def renew_codes(tx: Connection, by: Actor, user: int, now_ms: int) -> list[str]:
    """New recovery codes, to be shown once; the old ones are worth nothing."""
    audit.note(tx, by, "recovery codes renewed", people.subject(tx, user), now_ms)
    return _new_codes(tx, user)


def may_be_code(typed: str) -> bool:
    """Whether this looks like a code or a recovery code, rather than a password."""
    return bool(_digits(typed)) or _RECOVERY.fullmatch(typed.strip().upper()) is not None


def codes_left(tx: Connection, user: int) -> int:
    table = recovery_codes
    query = select(func.count()).select_from(table).where(table.c.user_id == user, table.c.used_ms.is_(None))
    return tx.execute(query).scalar_one()


def _code(tx: Connection, keys: Secrets, user: int, typed: str, now_ms: int) -> Shown | None:
    row = tx.execute(select(users.c.totp_nonce).where(users.c.id == user, users.c.totp_ms.is_not(None))).one_or_none()
    every = keys.second_factors(user, row.totp_nonce) if row else ()
    step = next((step for each in every if (step := totp.fits(each, _digits(typed), now_ms)) is not None), None)
    if step is None:
        return None
    # A step that was used, or one before it, is never taken again: of two at the same moment one comes in.
    mine = update(users).where(users.c.id == user, users.c.totp_step < step, users.c.totp_ms.is_not(None))
    return "a code" if tx.execute(mine.values(totp_step=step)).rowcount == 1 else None


def _recovery_code(tx: Connection, user: int, typed: str, now_ms: int) -> Shown | None:
    table = recovery_codes
    mine = update(table).where(table.c.user_id == user, table.c.code_hash == _hash(user, typed))
    used = tx.execute(mine.where(table.c.used_ms.is_(None)).values(used_ms=now_ms)).rowcount == 1
    return "a recovery code" if used else None


def _new_codes(tx: Connection, user: int) -> list[str]:
    codes = ["-".join(_group() for _ in range(_GROUPS)) for _ in range(CODES)]
    tx.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user))
    tx.execute(insert(recovery_codes), [{"user_id": user, "code_hash": _hash(user, code)} for code in codes])
    return codes


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))


def _hash(user: int, typed: str) -> str:
    plain = "".join(each for each in typed.upper() if each.isalnum()).translate(str.maketrans("OIL", "011"))
    return sha256(f"{user}\n{plain}".encode("utf-8", "surrogateescape")).hexdigest()


def _digits(typed: str) -> str:
    """The code without what people put between; also as an Arabic keyboard writes it."""
    digits = "".join(str(int(each)) if each.isdecimal() else "-" for each in typed if not each.isspace())
    return digits if len(digits) == totp.DIGITS else ""
