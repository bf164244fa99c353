"""A terminal with a real outbox, a clock whose hands can be moved, a disk that can be full, and a visitor whose browser
has no script."""

import re
import resource
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from kiosk import identity, pin
from kiosk.app import create_app
from kiosk.clock import Clock
from kiosk.config import Settings
from kiosk.identity import Identity, KeptManifest
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import BUILTIN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Hands(Clock):
    """A clock that can be put forward."""

    ahead_ms = 0

    def boottime_ms(self) -> int:
        return super().boottime_ms() + self.ahead_ms


@contextmanager
def terminal(
    folder: Path,
    *screens: str,
    asked: Any = BUILTIN,
    languages: Sequence[str] = BUILTIN.languages,
    by_office: Any = None,
    messages: Sequence[dict[str, dict[str, str]]] = (),
    **settings: Any,
) -> Iterator[Terminal]:
    """A terminal on the data in `folder`, head office having told it of `screens`, what is `asked` there and in which
    `languages`, what their settings are, and the `messages` of what was done."""
    if screens:
        definition = wire.read_entry(wire.encode(asked))
        told = {
            name: wire.ScreenManifest(
                "p-" + name,
                [definition],
                list(languages),
                "Oslo",
                "Europe/Oslo",
                settings=by_office or {},
                messages=list(messages),
            )
            for name in screens
        }
        identity.save_manifest(folder, KeptManifest("", wire.Manifest(told)))
    box = Terminal(Settings(data=folder, **{"input_guard_ms": 0, **settings}), Hands())
    try:
        yield box
    finally:
        box.stop()


PIN = "830516"


@cache
def kept_pin() -> str:
    """The hash of `PIN`."""
    return wire.hash_pin(PIN)


def set_pin(folder: Path) -> None:
    """The staff's page of the terminal on this data opens with `PIN`."""
    folder.mkdir(parents=True, exist_ok=True)
    pin.keep(folder, kept_pin())


def enrolled(folder: Path) -> None:
    """Head office has given the terminal on this data a place in its fleet."""
    folder.mkdir(parents=True, exist_ok=True)
    identity.save(folder, Identity("install", "dev-1", 1, b64encode(b"k" * 32).decode(), {"scr-1": "plc-1"}))


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing: a full disk would not take it."""


class Served:
    """A terminal that answers over HTTP; while `hung`, requests wait for better times. It can `die` and `revive`. The
    path that it `refuses` is not there."""

    refuses: str | None = None

    def __init__(self, box: Terminal) -> None:
        self._app = create_app(box)
        self._better = Event()
        self._better.set()
        self._port = 0
        self.revive()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def revive(self) -> None:
        self._server = make_server("127.0.0.1", self._port, self._answer, threaded=True, request_handler=_Quiet)
        self._port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def die(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @contextmanager
    def hung(self) -> Iterator[None]:
        self._better.clear()
        try:
            yield
        finally:
            self._better.set()

    def _answer(self, environ: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes]":
        self._better.wait()
        if environ["PATH_INFO"] == self.refuses:
            start("404 Not Found", [("Content-Length", "0")])
            return []
        return self._app(environ, start)


@contextmanager
def served(box: Terminal) -> Iterator[Served]:
    """A terminal that answers, as long as the block."""
    opened = Served(box)
    try:
        yield opened
    finally:
        opened.die()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can be written to."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def sealed(box: Terminal) -> list[dict[str, Any]]:
    """Every entry of the outbox, in the order of sealing."""
    return [wire.read_entry(row[0]) for row in box.outbox.disk.rows("SELECT body FROM entries ORDER BY n")]


Typed = str | dict[str, str] | None


class Page(HTMLParser):
    """What a browser without script sees of a page: its form's fields, what can be pressed, its texts; beside it the
    `modes` form's fields and its `toggles`, each with the value it sends and whether it is pressed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[tuple[str, str, bool]] = []
        self.boxes: dict[str, str] = {}
        self.missing: list[str] = []
        self.texts: list[str] = []
        self.screen = self.action = self.refresh = self.lang = ""
        self._typing = ""
        self._hidden = 0
        self.modes: list[tuple[str, str]] = []
        self.toggles: dict[str, tuple[str, bool]] = {}
        self._beside = False
        self.feed(re.sub(r"(?s)<template.*?</template>", "", html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._beside = given.get("id") == "modes" if tag == "form" else self._beside
        if self._beside:
            self.modes += [(given["name"], given["value"])] if tag == "input" else []
        elif given.get("type") == "checkbox":
            self.boxes[given["name"]] = given["value"]
            self.fields += [(given["name"], given["value"])] if "checked" in given else []
        elif tag == "input":
            self.fields.append((given["name"], given["value"]))
        elif given.get("form") == "modes":
            self.toggles[given["data-mode"]] = (given["value"], given["aria-pressed"] == "true")
        elif tag == "button" and "hidden" not in given and "name" in given:
            self.buttons.append((given["name"], given["value"], given.get("aria-pressed") == "true"))
        elif tag == "textarea":
            self._typing = given["name"]
            self.fields.append((self._typing, ""))
        elif tag == "form":
            self.action = given["action"]
        elif tag == "meta" and given.get("http-equiv") == "refresh":
            self.refresh = given["content"].partition("url=")[2]
        elif tag == "html":
            self.lang = given["lang"]
        if "data-missing" in given and "hidden" not in given:
            self.missing.append(given["data-missing"])
        self._hidden += tag == "div" and (self._hidden > 0 or "hidden" in given)
        self.screen = given.get("data-screen", self.screen)

    def handle_endtag(self, tag: str) -> None:
        self._typing = "" if tag == "textarea" else self._typing
        self._hidden -= tag == "div" and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if self._typing:
            self.fields[-1] = (self._typing, self.fields[-1][1] + data.removeprefix("\n"))
        elif data.strip() and not self._hidden:
            self.texts.append(data.strip())

    @property
    def values(self) -> dict[str, str]:
        return dict(self.fields)

    @property
    def pressed(self) -> set[str]:
        return {value for _name, value, on in self.buttons if on}


class Visitor:
    """Somebody at the screen, in a browser without script: reads pages, presses buttons, is redirected."""

    def __init__(self, client: FlaskClient, base: str = "") -> None:
        self.client = client
        self.answer: TestResponse
        self.page: Page
        self.go(base + "/")

    def go(self, place: str) -> None:
        self._read(self.client.get(place, follow_redirects=True))

    def press(self, name: str, value: object, typed: Typed = None) -> None:
        """`typed`: a comment, or what is put into each field; a box is ticked by its name alone."""
        assert (name, str(value)) in {(button[0], button[1]) for button in self.page.buttons}
        self._read(self.send(name, value, typed))

    def send(self, name: str, value: object, typed: Typed = None) -> TestResponse:
        """Post the form of this page and follow where it leads, but stay at this page."""
        put = {"comment": typed} if isinstance(typed, str) else typed or {}
        fields: dict[str, list[str]] = {}
        for field, content in self.page.fields:
            fields.setdefault(field, []).append(put.get(field, content))
        for box in self.page.boxes.keys() & put.keys():
            fields[box] = [self.page.boxes[box]] if put[box] else []
        fields.setdefault(name, []).append(str(value))
        answer = self.client.post(self.page.action, data=fields)
        assert answer.status_code == 303
        return self.client.get(answer.location, follow_redirects=True)

    def wait(self) -> None:
        """Until the page refreshes itself."""
        self.go(self.page.refresh)

    def _read(self, answer: TestResponse) -> None:
        self.answer = answer
        self.page = Page(answer.get_data(as_text=True))
