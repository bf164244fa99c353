"""From an empty database to a screen whose tap stands on the overview, in the browser alone: what somebody does who has
just installed it."""

import re
import time
from base64 import b32decode
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from sync.office import totp
from tests.end_to_end.conftest import Chain

NewPage = Callable[..., Page]
PASSWORD = "four walls and a window"
TEN_MINUTES_S = 600
SOON = 60_000
"""Milliseconds: a page asks every few seconds, a terminal every few more, and a machine may be busy."""


def the_link(chain: Chain) -> str:
    found = re.search(r"http://\S+/start/\S+", chain.log("server"))
    assert found, chain.log("server")
    return found.group()


def shown_code(page: Page) -> str:
    """What the app on a telephone would show for the key that stands there as text."""
    page.get_by_text("It cannot scan?").click()
    key = page.locator("code.key-text").inner_text().replace(" ", "")
    return totp.code(b32decode(key + "=" * (-len(key) % 8)), int(time.time()) // totp.STEP_S)


def pressed(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_from_nothing_to_a_tap_on_the_overview(chain: Chain, new_page: NewPage, tmp_path: Path) -> None:
    began = time.monotonic()
    chain.start()
    office = new_page(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="Europe/Oslo")
    office.goto(the_link(chain))
    for label, text in (
        ("What is your organisation called?", "Nordlys"),
        ("Your name", "Astrid"),
        ("Your email address", "astrid@example.com"),
        ("A password", PASSWORD),
    ):
        office.get_by_label(label).fill(text)
    pressed(office, "Begin")

    office.get_by_label("Type the six digits").fill(shown_code(office))
    pressed(office, "Set it up")
    expect(office.locator(".recovery li")).to_have_count(10)
    office.get_by_role("link", name="I have kept them: go on").click()

    office.get_by_label("What is it called?").fill("Oslo")
    expect(office.get_by_label("Time zone")).to_have_value("Europe/Oslo")  # the browser's own, proposed
    office.get_by_label("Always").check()
    pressed(office, "Go on")
    # Left, and taken up again from the overview.
    office.goto(chain.office)
    office.get_by_role("link", name=re.compile("go on", re.IGNORECASE)).click()
    office.get_by_label("What is it called?").fill("Checkout")
    pressed(office, "Go on")
    office.get_by_role("radio").first.check()
    pressed(office, "Go on")
    office.locator("form[action='/set-up/screen'] button").first.click()
    code = office.get_by_text(re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$")).first.inner_text()

    screen = new_page(viewport={"width": 800, "height": 480})
    screen.goto(chain.screen)
    screen.get_by_label("Code", exact=True).fill(code)
    pressed(screen, "Pair")
    happy = screen.get_by_role("button", name="Happy", exact=True)
    for _ in range(60):
        if happy.count():
            break
        screen.goto(chain.screen)
        time.sleep(0.5)
    happy.click()
    screen.get_by_role("heading", name=re.compile("Thank you")).first.wait_for()

    # The open set-up page notices the terminal by itself.
    expect(office.get_by_role("heading", name="The screen has come")).to_be_visible(timeout=SOON)
    for _ in range(60):
        office.goto(chain.office)
        if office.get_by_text(re.compile("1 (answer|today)")).count():
            break
        time.sleep(0.5)
    expect(office.get_by_text(re.compile("1 (answer|today)")).first).to_be_visible()
    assert time.monotonic() - began < TEN_MINUTES_S
    for log in (chain.log("server"), chain.log("kiosk")):
        assert PASSWORD not in log
        assert code not in log
    # The link has done its one thing.
    stranger = new_page()
    stranger.goto(the_link(chain))
    assert stranger.get_by_role("button", name="Begin").count() == 0
