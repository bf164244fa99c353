"""A customer takes the question from a crew's tablet to their own telephone, in real browsers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from kiosk.gateway import COOKIE
from kiosk.screen_keys import ScreenKeys
from kiosk.terminal import Terminal
from tests.end_to_end.test_handover_in_browser import GLASS, NewPage, entries
from tests.handing import handing, offer, on, sign_in, tablet, touch
from tests.terminals import sealed, served

LOCAL = "http://127.0.0.1:1"
PHONE = {"width": 375, "height": 812}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with tablet(tmp_path / "gateway", public_url=LOCAL) as opened:
        yield opened


READ = """async () => {
  const { decodeQR } = await import("/static/vendor/qr@0.7.0/decode.js");
  const drawing = document.querySelector(".code svg");
  const wide = Number(drawing.getAttribute("viewBox").split(" ")[2]);
  const paper = new OffscreenCanvas(wide * 4, wide * 4).getContext("2d");
  paper.fillStyle = "white";
  paper.fillRect(0, 0, wide * 4, wide * 4);
  paper.fillStyle = "black";
  paper.scale(4, 4);
  paper.translate(4, 4);
  paper.fill(new Path2D(drawing.querySelector("path").getAttribute("d")));
  return decodeQR(paper.getImageData(0, 0, wide * 4, wide * 4));
}"""


def test_a_customer_takes_the_question_to_their_own_telephone(new_page: NewPage, box: Terminal) -> None:
    key = ScreenKeys(box.outbox.disk).bind("van12")
    with served(box) as there:
        page = new_page(viewport=GLASS)
        page.context.add_cookies([{"name": COOKIE, "value": f"van12.{key}", "url": there.address}])
        page.goto(f"{there.address}/s/van12/")
        sign_in(page)
        offer(page, "A-100")
        touch(page, "speak", "nl")
        touch(page, "phone")
        on(page, "phone")
        link = page.evaluate(READ)
        assert link.startswith(f"{LOCAL}/own/")
        touch(page, "here")
        on(page, "confirm")
        touch(page, "phone")
        touch(page, "taken")
        on(page, "over")
        (handover,) = entries(box, 1)
        assert (handover["outcome"], handover["held_ms"], handover["lang"]) == ("phone", None, "nl")
        phone = new_page(viewport=PHONE, locale="nl-NL", java_script_enabled=False)
        phone.goto(link.replace(LOCAL, there.address))
        touch(phone, "value", "3")
        on(phone, "thanks")
        touch(phone, "action", "finish")
        on(phone, "thanks")
        assert "/own/" in phone.url
        assert phone.locator("form").count() == 0
        other = new_page(viewport=PHONE)
        other.goto(link.replace(LOCAL, there.address))
        other.get_by_text("This was answered.").wait_for()
        given = next(entry for entry in sealed(box) if entry["kind"] == "response")
        assert (given["id"], given["mode"], given["lang"]) == (handover["response"], "handover", "nl")
        assert given["handover"] == {"job": "A-100", "crew": "7", "phone": True}


def test_without_a_network_there_is_no_button(new_page: NewPage, box: Terminal) -> None:
    key = ScreenKeys(box.outbox.disk).bind("van12")
    with served(box) as there:
        page = new_page(viewport=GLASS)
        page.context.add_cookies([{"name": COOKIE, "value": f"van12.{key}", "url": there.address}])
        page.goto(f"{there.address}/s/van12/")
        sign_in(page)
        on(page, "jobs")
        there.die()
        with page.expect_event("requestfailed"):
            offer(page, "A-101")
        assert not page.locator("button[name=phone]").is_visible()


RULES = {"resultTypes": ["violations"]}
WALK: tuple[tuple[str, Callable[[Page], None]], ...] = (
    ("locked", sign_in),
    ("jobs", lambda page: touch(page, "job", "A" * 40)),
    ("pass", lambda page: touch(page, "pass")),
    ("confirm", lambda page: touch(page, "phone")),
    ("phone", lambda page: touch(page, "taken")),
    ("over", lambda page: touch(page, "lock")),
)


@pytest.mark.parametrize(
    ("size", "languages"), [((1280, 800), ("en", "nl")), ((375, 667), ("ar", "en"))], ids=["wide", "small"]
)
def test_every_screen_of_a_crew_is_for_everybody(
    new_page: NewPage, tmp_path: Path, size: tuple[int, int], languages: tuple[str, ...]
) -> None:
    """Whatever they see with, and from which side they read: axe finds nothing, and nothing stands beside the glass."""
    jobs = ("A-100", "A" * 40)
    with tablet(tmp_path / "own", handing(jobs), languages=languages, public_url=LOCAL) as own:
        key = ScreenKeys(own.outbox.disk).bind("van12")
        with served(own) as there:
            page = new_page(
                viewport={"width": size[0], "height": size[1]}, color_scheme="dark", reduced_motion="reduce"
            )
            page.context.add_cookies([{"name": COOKIE, "value": f"van12.{key}", "url": there.address}])
            page.goto(f"{there.address}/s/van12/")
            for screen, then in WALK:
                on(page, screen)
                assert Axe().run(page, options=RULES).response["violations"] == [], screen
                assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), screen
                then(page)
