"""Letters to people who sign in, by the mail server that the configuration names. A page never waits for one.

What went wrong last is kept as a fact, without an address or a link, for those who look after people."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import msgspec
from sqlalchemy import Connection, delete

from sync import facts, models
from sync.config import Settings
from sync.db import Database
from sync.office.carrying import TIMEOUT_S, Carrier, Letter, Unanswered, Undelivered, Why
from sync.office.tongue import _

__all__ = ["TIMEOUT_S", "Letter", "Trouble", "Undelivered", "finish", "is_configured", "later", "note", "send"]

FAILED = "mail_failed"
"""The fact that the newest letter did not leave: Trouble as JSON."""

log = logging.getLogger(__name__)
_carriers = ThreadPoolExecutor(2, thread_name_prefix="mail")
_on_their_way: set["Future[None]"] = set()


class Trouble(msgspec.Struct, frozen=True):
    """That the newest letter did not leave, when and why."""

    at_ms: int
    why: Why

    @property
    def sentence(self) -> str:
        return {
            "refused": _("The mail server refused it: look at smtp_user, smtp_password_file and mail_from."),
            "password": _("The file that smtp_password_file names cannot be read."),
        }.get(self.why, _("The mail server does not answer as expected: look at smtp_host, smtp_port, smtp_security."))


def is_configured(settings: Settings) -> bool:
    return settings.smtp_host is not None


Write = Callable[[], Letter | None]
"""Makes a letter; None: there is nobody to write to."""


def later(db: Database, settings: Settings, now_ms: Callable[[], int], write: Write) -> "Future[None]":
    """Has a letter written and carried while the page goes on. Call it after the commit. What goes wrong is logged and
    kept, and never raised."""
    handed = _carriers.submit(_carry, db, settings, now_ms, write)
    _on_their_way.add(handed)
    handed.add_done_callback(_on_their_way.discard)
    return handed


def finish(seconds: float) -> None:
    """Waits, not longer than this, until what was handed over so far has left: before the database is closed."""
    wait(list(_on_their_way), seconds)


def trouble(tx: Connection) -> Trouble | None:
    """What went wrong with the newest letter."""
    kept = facts.get(tx, FAILED)
    return msgspec.json.decode(kept, type=Trouble) if kept else None


def note(db: Database, why: Why | None, now_ms: int) -> None:
    """Keeps what went wrong with the newest letter; None: nothing did."""
    with db.writing() as tx:
        if why:
            facts.keep(tx, FAILED, msgspec.json.encode(Trouble(now_ms, why)).decode())
        else:
            tx.execute(delete(models.centre).where(models.centre.c.name == FAILED))


def send(settings: Settings, letter: Letter) -> None:
    """Hands it to the mail server, within seconds. Raises Undelivered."""
    with Carrier(settings) as carrier:
        try:
            carrier.carry(letter)
        except Unanswered:
            raise Undelivered("unreachable") from None


def _carry(db: Database, settings: Settings, now_ms: Callable[[], int], write: Write) -> None:
    try:
        letter = write()
        if letter is not None:
            note(db, _tried(settings, letter), now_ms())
    except Exception as problem:  # whatever it is: nobody waits for it, and its words may hold the letter's
        log.error("A letter was not sent: %s.", type(problem).__name__)


def _tried(settings: Settings, letter: Letter) -> Why | None:
    try:
        send(settings, letter)
    except Undelivered as problem:
        log.warning("A letter was not sent: %s.", problem.why)
        return problem.why
    return None
