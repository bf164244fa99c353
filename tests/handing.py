"""A crew's tablet, and the way of its crew and its customers through it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from kiosk import identity
from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import BUILTIN
from tests.terminals import PIN, terminal

JOBS = ("A-100", "A-101", "A-102", "A-103", "A-104", "A-105")
WRONG = "111213"


@cache
def crew_pin() -> str:
    """The hash of `PIN`, with few rounds: a tablet of its own would take a moment longer."""
    return wire.hash_crew_pin(PIN, 1_000)


def today() -> int:
    return datetime.now(UTC).toordinal() - date(1970, 1, 1).toordinal()


def handing(jobs: Sequence[str] = JOBS, **changes: Any) -> dict[str, Any]:
    """What head office tells a tablet of its crew."""
    listed = [{"ref": ref, "day": today(), "what": "Washing machine"} for ref in jobs]
    return {"crew": "7", "team": "Van 12", "pins": [crew_pin()], "jobs": listed, **changes}


@contextmanager
def tablet(
    folder: Path,
    told: dict[str, Any] | None = None,
    asked: Any = BUILTIN,
    languages: Sequence[str] = ("en", "nl"),
    **settings: Any,
) -> Iterator[Terminal]:
    """A terminal whose one screen, `van12`, is a crew's."""
    folder.mkdir(exist_ok=True)
    definition = wire.read_entry(wire.encode(asked))
    screen = wire.ScreenManifest("p-van12", [definition], list(languages), "Oslo", "UTC", handover=told or handing())
    identity.save_manifest(folder, KeptManifest("", wire.Manifest({"van12": screen})))
    with terminal(folder, **settings) as box:
        yield box


def on(page: Page, name: str) -> None:
    """The tablet is at this screen."""
    page.locator(f"main > [data-screen={name}]").wait_for()


def touch(page: Page, name: str, value: str | None = None) -> None:
    page.locator(f"button[name={name}]" + (f"[value='{value}']" if value else "")).first.click()


def sign_in(page: Page, pin: str = PIN) -> None:
    on(page, "locked")
    for digit in pin:
        touch(page, "digit", digit)
    touch(page, "enter")


def offer(page: Page, job: str) -> None:
    """Take this job, and pass the tablet on."""
    on(page, "jobs")
    touch(page, "job", job)
    touch(page, "pass")
    on(page, "confirm")


def answer(page: Page, value: int, comment: str = "") -> None:
    """As a customer does; the tablet is over then."""
    touch(page, "have")
    on(page, "ask")
    touch(page, "value", str(value))
    on(page, "thanks")
    if comment:
        touch(page, "action", "write")
        page.locator("textarea").fill(comment)
    touch(page, "action", "finish")
    on(page, "over")
