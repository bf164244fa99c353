"""Letters, and a connection to the mail server that carries one after the other. What became of each is told exactly:
taken; refused, so that it certainly did not leave; or not known, when the answer to its last line never came."""

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, make_msgid
from typing import Any

from sync.config import Settings

TIMEOUT_S = 10
Why = str
"""`unreachable`, `refused` (its sign-in, or the letter), `password` (its file cannot be read)."""
WHOLE = ("list-unsubscribe", "message-id")
"""Lines of the head that stand on one line however long they are: some mail programs read no other."""
_LINE_BREAKS = re.compile(rb"\r\n|\r|\n")
_DOTS = re.compile(rb"(?m)^\.")


class _Head(EmailPolicy):
    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in WHOLE:
            return f"{name}: {value}{self.linesep}".encode("ascii", "replace")
        return super().fold_binary(name, value)


_PLAIN = _Head(linesep="\r\n", cte_type="7bit")
_WIDE = _Head(linesep="\r\n", utf8=True)


@dataclass(frozen=True)
class Letter:
    """To one person: plain text, and the same as HTML where there is any. `headers`: by name, beside the usual ones; a
    Message-ID among them is kept."""

    to: str
    subject: str
    text: str
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Undelivered(Exception):
    """A letter certainly did not leave; `why` as above. `code`: what the server said, 0 if nothing."""

    def __init__(self, why: Why, code: int = 0) -> None:
        super().__init__(why)
        self.why, self.code = why, code

    @property
    def is_final(self) -> bool:
        """The server would say the same in a minute."""
        return 500 <= self.code < 600


class Unanswered(Exception):
    """All of a letter was handed over, and nobody said that it was taken: it may have arrived."""


def message(settings: Settings, letter: Letter) -> EmailMessage:
    """What travels. A line break in what people gave ends no line of the head."""
    made = EmailMessage(_PLAIN)
    mail_from = settings.mail_from or ""
    made["From"] = mail_from
    made["To"] = _mailbox(letter.to)
    made["Subject"] = _one_line(letter.subject)
    made["Date"] = formatdate(localtime=False)
    made["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers.items():
        made[name] = _one_line(value)
    if "Message-ID" not in made:
        made["Message-ID"] = make_msgid(domain=domain(settings))
    made.set_content(letter.text)
    if letter.html:
        made.add_alternative(letter.html, subtype="html")
    return made


def domain(settings: Settings) -> str:
    """Whose name stands behind the @ of what is sent."""
    return (settings.mail_from or "@smilepost").rpartition("@")[2].strip("> ")


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))


def _mailbox(address: str) -> str:
    """With the domain as the wires know it: bücher.example is xn--bcher-kva.example there."""
    name, at, host = address.rpartition("@")
    try:
        return f"{name}{at}{host.encode('idna').decode()}"
    except UnicodeError:
        return address


class Carrier:
    """Carries letters over one connection; a context. Opening it raises Undelivered. Not for two threads, except for
    `hang_up`. `carried`: how many were given to it."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self.carried = settings, 0
        self._server = _connect(settings)
        try:
            self._greet()
        except BaseException:
            self._server.close()
            raise

    def __enter__(self) -> "Carrier":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, smtplib.SMTPException):
            if self.is_open:
                self._server.quit()
        self._server.close()

    @property
    def is_open(self) -> bool:
        return self._server.sock is not None

    def hang_up(self) -> None:
        """Whoever waits for the server waits no more."""
        sock = self._server.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def carry(self, letter: Letter) -> None:
        """Hands one over. Raises Undelivered, Unanswered."""
        self.carried += 1
        made = message(self._settings, letter)
        wide = not str(made["To"]).isascii()
        body = made.as_bytes(policy=_WIDE if wide else _PLAIN)
        try:
            self._envelope(str(made["From"].addresses[0].addr_spec), str(made["To"]), len(body), wide=wide)
            self._expect(self._server.docmd("DATA"), 354)
            self._server.send(_DOTS.sub(b"..", _LINE_BREAKS.sub(b"\r\n", body)))
        except (OSError, smtplib.SMTPServerDisconnected):
            self._server.close()
            raise Undelivered("unreachable") from None
        except smtplib.SMTPException:
            self._reset()
            raise Undelivered("refused") from None
        except Undelivered:
            self._reset()
            raise
        self._finish(body.endswith(b"\n"))

    def _envelope(self, sender: str, to: str, size: int, *, wide: bool) -> None:
        server = self._server
        most = server.esmtp_features.get("size", "") if server.does_esmtp else ""
        if most.isdecimal() and 0 < int(most) < size:
            raise Undelivered("refused", 552)
        if wide and not server.has_extn("smtputf8"):
            raise Undelivered("refused", 553)
        self._expect(server.mail(sender, ["SMTPUTF8", "BODY=8BITMIME"] if wide else []), 250)
        self._expect(server.rcpt(to), 250, 251)

    def _finish(self, is_line: bool) -> None:
        """Without the dot no server takes a letter; from here on it may have."""
        try:
            self._server.send(b".\r\n" if is_line else b"\r\n.\r\n")
            code, _said = self._server.getreply()
        except (OSError, smtplib.SMTPException):
            self._server.close()
            raise Unanswered from None
        if 400 <= code < 600:
            self._reset()
            raise Undelivered("refused", code)
        if not 200 <= code < 300:
            self._server.close()
            raise Unanswered

    def _expect(self, reply: tuple[int, bytes], *codes: int) -> None:
        if reply[0] not in codes:
            raise Undelivered("refused", reply[0])

    def _reset(self) -> None:
        """For the next letter; a server that cannot is left."""
        with suppress(OSError, smtplib.SMTPException):
            if self._server.rset()[0] == 250:
                return
        self._server.close()

    def _greet(self) -> None:
        settings = self._settings
        try:
            self._server.ehlo_or_helo_if_needed()
            if settings.smtp_security == "starttls":
                self._server.starttls(context=ssl.create_default_context())
                self._server.ehlo_or_helo_if_needed()
            if settings.smtp_user:
                self._server.login(settings.smtp_user, _password(settings))
        except smtplib.SMTPResponseException as problem:
            raise Undelivered("refused", problem.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise Undelivered("refused") from None
        except (OSError, smtplib.SMTPException):
            raise Undelivered("unreachable") from None


def _connect(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host or "", settings.smtp_port
    try:
        if settings.smtp_security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    except smtplib.SMTPResponseException as problem:
        raise Undelivered("refused", problem.smtp_code) from None
    except (OSError, smtplib.SMTPException):
        raise Undelivered("unreachable") from None


def _password(settings: Settings) -> str:
    try:
        return settings.smtp_password_file.read_text("utf-8").strip() if settings.smtp_password_file else ""
    except (OSError, UnicodeDecodeError):
        raise Undelivered("password") from None
