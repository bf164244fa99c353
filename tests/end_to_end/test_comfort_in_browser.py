"""The screen for whoever needs longer, reaches low, has a keypad alone, or has left: in a real browser."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from kiosk.terminal import Terminal
from tests.asking import asking
from tests.end_to_end.test_screen_in_browser import NewPage, accessible, at, delivered, fits, press
from tests.terminals import Served, served, terminal
from tests.whole_survey import WHOLE

ACCENT = {"light": "#7a1f5c", "on_light": "#ffffff", "dark": "#f0a6d6", "on_dark": "#2a0a1f"}
PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"
)
LOGO = {"kind": "image/png", "data": b64encode(PIXEL).decode(), "name": "Fjord"}
TOLD = (
    {"said": {"en": "The queue is long."}, "did": {"en": "A third till is open."}},
    {"said": {"en": "It is dark."}, "did": {"en": "There are more lamps."}},
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(
        tmp_path, "till", asked=WHOLE, languages=("en", "ar"), by_office={"accent": ACCENT, "logo": LOGO}, messages=TOLD
    ) as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    with served(box) as opened:
        yield opened


def test_who_stops_typing_is_asked_once_and_any_key_is_an_answer(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page(reduced_motion="reduce")
    page.clock.install()
    page.goto(there.address)
    press(page, "value", 0)
    at(page, "thanks")
    press(page, "action", "write")
    at(page, "comment")
    page.locator("textarea").fill("never sent")
    send = page.locator("button[value=finish]")
    before = send.bounding_box()
    page.clock.run_for(24_000)
    assert not page.locator(".there").is_visible()
    page.clock.run_for(2_000)
    asked = page.locator(".there.asks")
    assert asked.is_visible()
    said = page.get_by_role("status").inner_text()
    assert said.startswith("Are you still there? This screen starts again in 20 seconds.")
    assert send.bounding_box() == before  # nothing moved under a finger
    page.clock.run_for(3_000)
    assert "in 16 seconds." in asked.inner_text()
    assert page.get_by_role("status").inner_text() == said
    page.keyboard.press("Shift")
    assert not page.locator(".there").is_visible()
    page.clock.run_for(26_000)
    assert asked.is_visible()
    asked.get_by_role("button", name="I’m still here").click()
    assert page.locator("textarea").input_value() == "never sent"
    page.clock.run_for(46_000)
    at(page, "ask")
    assert [(entry["answers"], entry["ended"]) for entry in delivered(box)] == [({"visit": 0}, "idle")]


def test_more_time_lasts_for_the_visit_and_is_gone_for_the_next(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.clock.install()
    page.goto(there.address)
    more = page.get_by_role("button", name="More time")
    more.click()
    assert more.get_attribute("aria-pressed") == "true"
    page.get_by_role("link", name="العربية").click()  # another language is the same visitor
    assert page.locator("html").get_attribute("class") == "more large"
    page.get_by_role("link", name="English").click()
    press(page, "value", 0)
    at(page, "thanks")
    page.clock.run_for(95_000)
    press(page, "action", "write")
    at(page, "comment")
    page.clock.run_for(245_000)
    assert not page.locator(".there").is_visible()
    page.clock.run_for(10_000)
    assert page.locator(".there.asks").is_visible()
    page.clock.run_for(200_000)
    at(page, "ask")
    assert more.get_attribute("aria-pressed") == "false"
    assert page.locator("html").get_attribute("class") == ""


def test_everything_to_touch_comes_within_a_low_reach(new_page: NewPage, there: Served) -> None:
    page = new_page(viewport={"width": 800, "height": 1280})
    page.goto(there.address)
    page.get_by_role("button", name="Lower").click()
    highest = """() => Math.min(...Array.from(document.querySelectorAll("main :is(button, a, textarea)"))
      .filter((one) => one.checkVisibility({ visibilityProperty: true }))
      .map((one) => (one.querySelector(".face") || one).getBoundingClientRect().top))"""
    for screen, then in (("ask", ("value", 1)), ("thanks", ("action", "write")), ("comment", ("action", "back"))):
        at(page, screen)
        page.wait_for_timeout(250)
        fits(page)
        assert page.evaluate(highest) >= 0.6 * 1280, screen
        press(page, *then)


def test_the_time_that_is_left_is_shown_and_starts_anew_at_a_touch(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.goto(there.address)
    running = "() => document.querySelector('.lasts').getAnimations().map((one) => one.currentTime)"
    assert page.evaluate(running) == []  # nobody is there
    press(page, "value", 3)
    at(page, "thanks")
    page.wait_for_timeout(600)
    before = page.evaluate(running)
    page.mouse.click(5, 300)
    (after,) = page.evaluate(running)
    assert after < 500 < before[0]
    assert page.locator(".lasts").get_attribute("aria-hidden") == "true"


def test_the_idle_question_is_alive_until_somebody_comes(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.clock.install()
    page.goto(there.address)
    card = page.locator(".told .shown dd").first.inner_text()
    places = "() => Array.from(document.querySelectorAll('.option, .told, .foot'), (one) => one.offsetTop)"
    still = page.evaluate(places)
    assert page.locator(".alive").count() == 0
    page.clock.fast_forward(61_000)
    assert page.locator(".alive").count() == 1
    moved = (
        "() => document.querySelector('.face').getAnimations().map((one) => one.effect.getKeyframes().map(Object.keys))"
    )
    assert "scale" in str(page.evaluate(moved))
    assert page.evaluate(places) == still
    assert page.locator(".told .shown dd").first.inner_text() != card
    page.mouse.move(5, 5)
    page.mouse.down()
    assert page.locator(".alive").count() == 0


def test_who_wants_no_motion_gets_none(new_page: NewPage, there: Served) -> None:
    page = new_page(reduced_motion="reduce")
    page.clock.install()
    page.goto(there.address)
    page.clock.run_for(61_000)
    assert page.evaluate("() => document.querySelector('main').getAnimations({ subtree: true }).length") == 0


def lead(page: Page, key: str, to: str) -> None:
    """Press a key until `to` has the focus."""
    for _ in range(20):
        if page.locator(f"{to}:focus").count():
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {to}")


def test_a_whole_visit_on_a_keypad(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    page.goto(there.address)
    page.keyboard.press("1")
    at(page, "thanks")
    page.keyboard.press("2")
    second = page.locator(".chip").nth(1)
    assert second.get_attribute("aria-pressed") == "true"
    reason = second.get_attribute("value")
    lead(page, "ArrowRight", "button[value=write]")
    page.keyboard.press("Enter")
    at(page, "comment")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("12 minutes")
    page.keyboard.press("Escape")
    at(page, "thanks")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    at(page, "rating")
    page.keyboard.press("4")
    at(page, "contact")
    page.keyboard.press("+")
    assert page.locator("input[name=reach]:focus").count() == 1
    page.keyboard.press("Escape")
    at(page, "thanks")
    page.keyboard.press("-")
    page.keyboard.press("Enter")
    at(page, "rating")
    page.keyboard.press("5")
    at(page, "contact")
    lead(page, "Tab", "button[value=finish]")
    page.keyboard.press("Space")
    at(page, "done")
    (entry,) = delivered(box)
    assert entry["answers"]["visit"] == 0
    assert entry["answers"]["visit_unhappy"] == [reason]
    assert entry["answers"]["comment"] == "12 minutes"


def test_arrows_follow_the_way_a_language_is_read(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.goto(f"{there.address}/?lang=ar")
    for key, value in (("ArrowLeft", "0"), ("ArrowLeft", "1"), ("ArrowRight", "0"), ("ArrowDown", "1")):
        page.keyboard.press(key)
        assert page.locator(f"button[name=value][value='{value}']:focus").count() == 1


def test_ten_is_a_one_and_a_nought(new_page: NewPage, tmp_path: Path) -> None:
    with terminal(tmp_path, "till", asked=asking(scale="nps11")) as box, served(box) as there:
        page = new_page()
        for keys in ("7", "10", "1"):
            page.goto(there.address)
            page.keyboard.type(keys)
            at(page, "thanks")
            press(page, "action", "finish")
            at(page, "done")
        assert [entry["answers"]["first0"] for entry in delivered(box, 3)] == [7, 10, 1]


@pytest.mark.parametrize(("size", "scheme"), [((800, 480), "light")], ids=str)
def test_what_is_around_a_visit_is_accessible(
    new_page: NewPage, there: Served, size: tuple[int, int], scheme: str
) -> None:
    page = new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{there.address}/?lang=ar")
    accessible(page)
    page.locator("[data-mode=more]").click()
    accessible(page)
    press(page, "value", 0)
    at(page, "thanks")
    page.locator(".chip").first.click()
    accessible(page)
    press(page, "action", "write")
    at(page, "comment")
    page.locator("main > form").evaluate("form => { form.dataset.idle = 2; }")
    page.keyboard.press("Shift")
    page.locator(".there.asks").wait_for()
    accessible(page)
