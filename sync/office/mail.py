"""Letters to people who sign in, by the mail server that the configuration names. A page never waits for one.

What went wrong last is kept as a fact, without an address or a link, for those who look after people."""

import logging
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import msgspec
from sqlalchemy import Connection, delete

from sync import facts, models
from sync.config import Settings
from sync.db import Database
from sync.office.tongue import _

TIMEOUT_S = 10
FAILED = "mail_failed"
"""The fact that the newest letter did not leave: Trouble as JSON."""
Why = str
"""`unreachable`, `refused` (its sign-in, or the letter), `password` (its file cannot be read)."""

log = logging.getLogger(__name__)
_carriers = ThreadPoolExecutor(2, thread_name_prefix="mail")
_on_their_way: set["Future[None]"] = set()


@dataclass(frozen=True)
class Letter:
    """Plain text to one person."""

    to: str
    subject: str
    text: str


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


class Undelivered(Exception):
    """A letter did not leave; `why` as in Trouble."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


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


def send(settings: Settings, letter: Letter) -> None:
    """Hands it to the mail server, within seconds. Raises Undelivered."""
    try:
        with _connect(settings) as server:
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, _password(settings))
            server.send_message(_message(settings, letter))
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError):
        raise Undelivered("refused") from None
    except (OSError, smtplib.SMTPException):
        raise Undelivered("unreachable") from None


def _connect(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host or "", settings.smtp_port
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=TIMEOUT_S)


def _password(settings: Settings) -> str:
    try:
        return settings.smtp_password_file.read_text("utf-8").strip() if settings.smtp_password_file else ""
    except (OSError, UnicodeDecodeError):
        raise Undelivered("password") from None


def _message(settings: Settings, letter: Letter) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.mail_from or ""
    message["To"] = letter.to
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=(settings.mail_from or "@smilepost").rpartition("@")[2].strip("> "))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _carry(db: Database, settings: Settings, now_ms: Callable[[], int], write: Write) -> None:
    try:
        letter = write()
        if letter is None:
            return
        why = _tried(settings, letter)
        with db.writing() as tx:
            if why:
                facts.keep(tx, FAILED, msgspec.json.encode(Trouble(now_ms(), why)).decode())
            else:
                tx.execute(delete(models.centre).where(models.centre.c.name == FAILED))
    except Exception as problem:  # whatever it is: nobody waits for it, and its words may hold the letter's
        log.error("A letter was not sent: %s.", type(problem).__name__)


def _tried(settings: Settings, letter: Letter) -> Why | None:
    try:
        send(settings, letter)
    except Undelivered as problem:
        log.warning("A letter was not sent: %s.", problem.why)
        return problem.why
    return None
