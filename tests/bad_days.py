"""A shop and head office with a wire between them that has bad days; a test makes every pass of the sender itself."""

import gzip
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from sqlalchemy import func, select

from kiosk.sender import Sender
from kiosk.terminal import Terminal
from sync import models, wire
from sync.centre import Centre
from sync.intake import enrol, tally
from tests.boxes import open_shop

Environ = dict[str, Any]
Start = Callable[..., Any]
Day = Callable[["Wire", Environ, Start], Iterable[bytes]]


class Wire:
    """The centre behind a wire that has bad days: `days` are used up one request each, then it is well. `messages`:
    every batch that came."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.days: list[Day] = []
        self.messages: list[dict[str, Any]] = []

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == wire.BATCHES:
            message, environ = self.read(environ)
            self.messages.append(message)
            if self.days:
                return self.days.pop(0)(self, environ, start)
        return self.well(environ, start)

    def read(self, environ: Environ) -> tuple[dict[str, Any], Environ]:
        """The message of a request, and the request as if it had not been read yet."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        plain = gzip.decompress(body) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else body
        return wire.read_entry(plain), {**environ, "wsgi.input": BytesIO(body)}

    def well(self, environ: Environ, start: Start) -> Iterable[bytes]:
        answer: Iterable[bytes] = self.app(environ, start)
        return answer


def status(line: str, kind: str = "text/html", body: bytes = b"<h1>no</h1>", **headers: str) -> Day:
    def day(_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(line, [("Content-Type", kind), *((k.replace("_", "-"), v) for k, v in headers.items())])
        return [body]

    return day


def cut_after_commit(wire_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
    """The centre stored it, and the answer was lost."""
    body = b"".join(wire_.well(environ, lambda *_: None))
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body[: len(body) // 2]]


def garbled(wire_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
    return [b"".join(wire_.well(environ, start)).replace(b'"stored"', b'"Stored"')]


PORTAL = status("200 OK", body=b"<html>Welcome to our Wi-Fi</html>")
PORTAL_JSON = status("200 OK", "application/json", b'{"status": "ok"}')
REDIRECT = status("302 Found", Location="http://127.0.0.1:9/login")


def tap(terminal: Terminal, value: int = 3, ended: Any = "done", **answers: Any) -> str:
    standing, name = terminal.standing(), terminal.new_id()
    assert standing is not None
    terminal.hold(
        standing, id=name, rev=1, lang="en", answers={"visit": value, **answers}, shown={}, first_ms=900,
        total_ms=4000, ago_ms=0, from_page=True,
    )  # fmt: skip
    terminal.seal(name, ended)
    return name


def sender_of(terminal: Terminal) -> Sender:
    assert terminal.sender is not None
    return terminal.sender


class Watch:
    """Seconds that a test lets pass."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def later(terminal: Terminal, seconds: float = 310.0) -> None:
    watch = sender_of(terminal)._monotonic
    assert isinstance(watch, Watch)
    watch.now += seconds


def passes(terminal: Terminal, most: int = 60) -> int:
    """Make passes until the sender would wait for the next look; waits between are not waited for."""
    sender = sender_of(terminal)
    for made in range(1, most + 1):
        later(terminal)
        sender.pass_once()
        if sender.pace.online and not terminal.outbox.take(1):
            return made
    raise AssertionError(f"still not through after {most} passes")


def counted(centre: Centre) -> int:
    table = models.tallies_day
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return int(tx.execute(select(func.coalesce(func.sum(table.c.n), 0)).where(table.c.choice == "")).scalar_one())


def health(terminal: Terminal, *names: str) -> list[Any]:
    told = terminal.health()
    return [told[name] for name in names]


def enrol_code(centre: Centre, place: str) -> str:
    """A code for the screen of a new shop."""
    _, placement = open_shop(centre, place)
    with centre.db.writing() as tx:
        return enrol.new_code(tx, placement, centre.now_ms())
