"""Where somebody is signed in, as they recognise it: on what, from where, since when. And how to end it."""

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, select, update

from sync.models import sessions
from sync.office import audit, people
from sync.office.audit import Actor
from sync.office.people import IDLE_MS
from sync.office.tongue import _

_HANDLE = 16

# The first that is found in what a browser says of itself: each also says what it is like.
_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox/": "Firefox",
             "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari"}  # fmt: skip
_SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "CrOS": "ChromeOS", "Windows": "Windows",
            "Mac OS X": "Mac", "Linux": "Linux"}  # fmt: skip


@dataclass(frozen=True)
class Session:
    """`handle` names it without opening it; `is_this`: it asks; `is_half`: nobody got past the second factor."""

    handle: str
    device: str
    address: str
    began_ms: int
    seen_ms: int
    is_this: bool
    is_half: bool


def open_ones(tx: Connection, user: int, token: str, now_ms: int, *, owes: bool) -> list[Session]:
    """This person's sessions, the newest used first. `token`: of the one that asks; `owes`: whether they have to show
    a second factor."""
    newest = (sessions.c.seen_ms.desc(), sessions.c.created_ms.desc())
    query = select(sessions).where(*_open(user, now_ms)).order_by(*newest)
    mine = sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
    return [
        Session(row.token_hash[:_HANDLE], device(row.agent), row.address, row.created_ms, row.seen_ms,
                row.token_hash == mine, owes and row.second_ms is None)
        for row in tx.execute(query)
    ]  # fmt: skip


def end(tx: Connection, by: Actor, user: int, handle: str, now_ms: int) -> bool:
    """End the session of this person with this handle; whether there was one."""
    found = tx.execute(select(sessions).where(*_open(user, now_ms))).all()
    row = next((row for row in found if row.token_hash[:_HANDLE] == handle), None)
    if row is None:
        return False
    tx.execute(update(sessions).where(sessions.c.token_hash == row.token_hash).values(revoked_ms=now_ms))
    ended = {"device": device(row.agent), "address": row.address}
    audit.note(tx, by, "session ended", people.subject(tx, user), now_ms, before=ended)
    return True


def device(agent: str) -> str:
    """What somebody sits at, by what their browser says of itself."""
    browser = next((name for sign, name in _BROWSERS.items() if sign in agent), None)
    system = next((name for sign, name in _SYSTEMS.items() if sign in agent), None)
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or _("An unknown browser")


def _open(user: int, now_ms: int) -> tuple[ColumnElement[bool], ...]:
    return (
        sessions.c.user_id == user,
        sessions.c.revoked_ms.is_(None),
        sessions.c.expires_ms > now_ms,
        sessions.c.seen_ms > now_ms - IDLE_MS,
    )
