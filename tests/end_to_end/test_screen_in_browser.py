"""The terminal's screens in a real browser: by touch, by key, without script, and while the terminal is not well and
the page has no store of its own. With one: test_page_outlives_its_terminal."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from kiosk.terminal import Terminal
from tests.terminals import Served, full_disk, sealed, served, terminal

LINES = """heading => {
  const text = document.createRange();
  text.selectNodeContents(heading);
  return new Set(Array.from(text.getClientRects(), line => line.top)).size;
}"""
BROKEN_WORDS = """texts => texts.flatMap(one => {
  const nodes = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), range = document.createRange(), broken = [];
  while (nodes.nextNode()) {
    for (const word of nodes.currentNode.data.matchAll(/\\S+/g)) {
      range.setStart(nodes.currentNode, word.index);
      range.setEnd(nodes.currentNode, word.index + word[0].length);
      if (new Set(Array.from(range.getClientRects(), part => part.top)).size > 1) broken.push(word[0]);
    }
  }
  return broken;
})"""
LEAST_TEXT = "texts => Math.min(...texts.map(one => parseFloat(getComputedStyle(one).fontSize)))"
NewPage = Callable[..., Page]
PI = {"width": 800, "height": 480}
PHONE = {"width": 375, "height": 812}


def until(happened: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until it did; a page under this policy evaluates no strings, so it can't be asked to wait itself."""
    last = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < last, "waited in vain"
        time.sleep(0.02)


def without_store(page: Page) -> None:
    """From the next page on, the browser refuses to keep anything."""
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")


def delivered(box: Terminal, count: int = 1) -> list[dict[str, Any]]:
    """Every entry, once there are `count`: a page thanks as soon as either of the two holds an answer."""
    until(lambda: len(sealed(box)) >= count)
    return sealed(box)


def at(page: Page, screen: str) -> None:
    page.locator(f"main > [data-screen={screen}]").wait_for()


def press(page: Page, name: str, value: object) -> None:
    page.locator(f"button[name={name}][value='{value}']:not([hidden])").click()


def test_a_visit_by_touch(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page(has_touch=True, viewport=PI)
    page.goto(there.address)
    page.get_by_role("button", name="Unhappy", exact=True).tap()
    at(page, "thanks")
    assert page.get_by_role("status").inner_text() == "Thank you. Your answer is saved."
    page.get_by_role("button", name="Waiting time").tap()
    page.get_by_role("button", name="Price").tap()
    page.get_by_role("button", name="Write a comment").tap()
    page.get_by_label("Would you like to tell us more?").fill("One till of six was open.")
    page.get_by_role("button", name="Send").tap()
    at(page, "done")
    at(page, "ask")
    (entry,) = delivered(box)
    answers = {"visit": 1, "visit_unhappy": ["waiting", "price"], "comment": "One till of six was open."}
    assert (entry["answers"], entry["ended"], entry["lang"]) == (answers, "done", "en")
    assert 0 <= entry["first_ms"] <= entry["total_ms"] < 20_000
    assert len(entry["shown"]["visit_unhappy"]) == 6


def test_a_visit_without_script(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(there.address)
    press(page, "value", 3)
    press(page, "toggle", "staff")
    assert page.locator(".chip[aria-pressed=true]").inner_text() == "Friendly staff"
    press(page, "action", "write")
    page.get_by_label("Would you like to tell us more?").fill("<i>Fine</i>")
    press(page, "action", "finish")
    at(page, "done")
    until(lambda: page.locator("[data-screen=ask]").count())
    assert delivered(box)[0]["answers"] == {"visit": 3, "visit_happy": ["staff"], "comment": "<i>Fine</i>"}


def test_without_script_a_visitor_who_left_is_forgotten_by_itself(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(there.address)
    press(page, "value", 0)
    at(page, "thanks")
    until(lambda: page.locator("[data-screen=ask]").count(), 15)
    assert [(entry["answers"], entry["ended"]) for entry in delivered(box)] == [({"visit": 0}, "idle")]


def test_without_script_a_full_disk_is_waited_for(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(there.address)
    with full_disk():
        press(page, "value", 2)
        assert page.locator("h1").inner_text() == "One moment, please"
    until(lambda: page.locator("[data-screen=thanks]").count())
    press(page, "action", "finish")
    assert [entry["answers"] for entry in delivered(box)] == [{"visit": 2}]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_two_visitors_in_a_row_see_nothing_of_each_other(
    new_page: NewPage, there: Served, box: Terminal, script: bool
) -> None:
    page = new_page(java_script_enabled=script)
    page.goto(there.address)
    press(page, "value", 0)
    press(page, "toggle", "staff")
    press(page, "action", "write")
    page.locator("textarea").fill("between us")
    press(page, "action", "finish")
    at(page, "done")
    until(lambda: page.locator("[data-screen=ask]").count())
    for _ in range(6):
        page.go_back()
        if page.url == "about:blank":
            break
        until(lambda: page.locator("[data-screen=ask], [data-screen=done]").count())
        assert "between us" not in page.content()
    page.goto(there.address)
    press(page, "value", 0)
    at(page, "thanks")
    assert page.locator(".chip[aria-pressed=true]").count() == 0
    press(page, "action", "write")
    assert page.locator("textarea").input_value() == ""
    press(page, "action", "finish")
    at(page, "done")
    assert [entry["answers"].get("comment") for entry in delivered(box, 2)] == ["between us", None]


def test_many_quick_touches_on_reasons_all_survive(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    page.goto(there.address)
    press(page, "value", 0)
    at(page, "thanks")
    for name in ["waiting", "staff", "price", "staff", "choice", "clean", "other", "staff", "price"]:
        page.locator(f".chip[value={name}]").evaluate("chip => chip.click()")
    kept = ["waiting", "choice", "clean", "other", "staff"]
    (draft,) = box.outbox.drafts_of(None)
    until(lambda: (held := box.draft(draft)) and held.answers.get("visit_unhappy") == kept)
    assert page.locator(".chip[aria-pressed=true]").count() == 5
    press(page, "action", "finish")
    at(page, "done")
    assert delivered(box)[0]["answers"]["visit_unhappy"] == kept


def test_reasons_touched_while_the_terminal_hangs_go_with_the_finish(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page()
    without_store(page)
    page.goto(there.address)
    press(page, "value", 3)
    at(page, "thanks")
    with there.hung():
        press(page, "toggle", "price")
        press(page, "toggle", "staff")
        press(page, "action", "finish")
        page.wait_for_timeout(500)
    at(page, "done")
    assert [entry["answers"] for entry in delivered(box)] == [{"visit": 3, "visit_happy": ["price", "staff"]}]


def test_a_second_tap_of_the_same_finger_hits_nothing(new_page: NewPage, tmp_path: Path) -> None:
    with terminal(tmp_path, input_guard_ms=40_000) as box, served(box) as there:
        page = new_page()
        page.clock.install()
        page.goto(there.address)
        page.clock.fast_forward(40_000)
        face = page.locator("button[value='1']").bounding_box()
        assert face
        page.mouse.click(face["x"] + 150, face["y"] + face["height"] - 40)
        at(page, "thanks")
        page.locator("main > form").evaluate("form => { form.dataset.idle = 3600; }")  # nobody walks away from here on
        for chip in page.locator(".chip").all():
            chip.click()
        assert page.locator(".chip[aria-pressed=true]").count() == 0
        page.locator(".chip").first.focus()
        page.keyboard.press("Enter")
        assert page.locator(".chip[aria-pressed=true]").count() == 1
        page.clock.fast_forward(40_000)
        page.locator(".chip").last.click()
        assert page.locator(".chip[aria-pressed=true]").count() == 2


def test_a_visit_by_keys_alone(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    page.goto(there.address)
    focus(page, "button[value='0']")
    page.keyboard.press("Enter")
    at(page, "thanks")
    assert page.evaluate("() => document.activeElement.tagName") == "MAIN"
    focus(page, "button[value=staff]")
    page.keyboard.press("Space")
    focus(page, "button[value=write]")
    page.keyboard.press("Enter")
    at(page, "comment")
    focus(page, "textarea")
    page.keyboard.type("Rude.")
    focus(page, "button[value=finish]")
    page.keyboard.press("Enter")
    at(page, "done")
    assert delivered(box)[0]["answers"] == {"visit": 0, "visit_unhappy": ["staff"], "comment": "Rude."}


def focus(page: Page, what: str) -> None:
    """Tab on until it has the focus."""
    for _ in range(20):
        if page.locator(what).evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} cannot be reached by keys")


def test_nobody_is_thanked_while_the_disk_is_full(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    without_store(page)
    page.goto(there.address)
    with full_disk():
        press(page, "value", 1)
        page.locator("[data-wait=moment]").wait_for()
        assert page.get_by_role("status").inner_text() == "One moment, please"
        page.locator("[data-wait=break]").wait_for()
        assert "Thank" not in page.locator("main").inner_text()
    until(lambda: not page.locator(".wait").is_visible())
    at(page, "ask")
    (entry,) = delivered(box)
    assert (entry["answers"], entry["ended"], entry["rev"]) == ({"visit": 1}, "left", 1)
    press(page, "value", 3)
    at(page, "thanks")


def test_a_short_hiccup_ends_in_thanks(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    without_store(page)
    page.goto(there.address)
    with full_disk():
        press(page, "value", 2)
        page.locator("[data-wait=moment]").wait_for()
    at(page, "thanks")
    press(page, "action", "finish")
    at(page, "done")
    assert [entry["answers"] for entry in delivered(box)] == [{"visit": 2}]


def test_a_terminal_that_hangs_counts_the_touch_once_when_it_is_back(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page()
    without_store(page)
    page.goto(there.address)
    with there.hung():
        press(page, "value", 0)
        page.locator("[data-wait=moment]").wait_for()
        page.locator("[data-wait=break]").wait_for()
    at(page, "ask")
    until(lambda: not page.locator(".wait").is_visible())
    press(page, "value", 3)
    at(page, "thanks")
    press(page, "action", "finish")
    at(page, "done")
    assert [entry["answers"]["visit"] for entry in delivered(box, 2)] == [0, 3]


def test_a_terminal_that_died_in_the_middle_of_a_visit(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    without_store(page)
    page.goto(there.address)
    press(page, "value", 3)
    at(page, "thanks")
    there.die()
    press(page, "toggle", "staff")
    press(page, "action", "finish")
    page.locator("[data-wait=moment]").wait_for()
    there.revive()
    at(page, "done")
    assert [entry["answers"] for entry in delivered(box)] == [{"visit": 3, "visit_happy": ["staff"]}]


def test_a_visitor_who_walks_away_is_over_and_the_language_returns(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page()
    page.clock.install()
    page.goto(there.address)
    page.get_by_role("link", name="Français").click()
    page.get_by_role("heading", name="Comment s’est passée votre visite").wait_for()
    assert page.locator("html").get_attribute("lang") == "fr"
    press(page, "value", 1)
    at(page, "thanks")
    press(page, "action", "write")
    at(page, "comment")
    page.locator("textarea").fill("jamais envoyé")
    page.clock.fast_forward(44_000)
    assert page.locator("textarea").count() == 1
    page.clock.fast_forward(2_000)
    at(page, "ask")
    assert page.locator("html").get_attribute("lang") == "en"
    assert [(entry["answers"], entry["ended"], entry["lang"]) for entry in delivered(box)] == [
        ({"visit": 1}, "idle", "fr")
    ]


def test_a_screen_whose_terminal_is_gone_invites_nobody(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.clock.install()
    without_store(page)
    page.goto(there.address)
    there.die()
    page.clock.fast_forward(61_000)
    page.clock.fast_forward(6_000)
    page.locator("[data-wait=break]").wait_for()
    there.revive()
    page.clock.fast_forward(4_000)
    until(lambda: not page.locator(".wait").is_visible())
    press(page, "value", 3)
    at(page, "thanks")


@pytest.mark.parametrize(
    ("size", "scheme", "lang"),
    [(PI, "light", "en"), (PI, "dark", "en"), (PI, "light", "de"), (PHONE, "light", "en"), (PHONE, "dark", "de")],
    ids=["en", "en-dark", "de", "phone-en", "phone-de-dark"],
)
def test_every_screen_is_accessible(
    new_page: NewPage, there: Served, size: dict[str, int], scheme: str, lang: str
) -> None:
    page = new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{there.address}/?lang={lang}")
    accessible(page)
    press(page, "value", 1)
    at(page, "thanks")
    page.locator(".chip").first.click()
    accessible(page)
    press(page, "action", "change")
    at(page, "ask")
    accessible(page)
    press(page, "value", 0)
    at(page, "thanks")
    press(page, "action", "write")
    at(page, "comment")
    accessible(page)
    press(page, "action", "finish")
    at(page, "done")
    accessible(page)
    without_store(page)
    page.goto(f"{there.address}/?lang={lang}")
    with there.hung():
        press(page, "value", 3)
        page.locator("[data-wait=moment]").wait_for()
        accessible(page)


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 480), (800, 1280), (375, 812)])
@pytest.mark.parametrize("lang", ["en", "nl", "de", "fr"])
def test_everything_fits_and_can_be_hit(new_page: NewPage, there: Served, width: int, height: int, lang: str) -> None:
    mm = 5.2 if max(width, height) < 1000 else 5.9
    page = new_page(viewport={"width": width, "height": height})
    page.goto(f"{there.address}/?lang={lang}")
    sized(page, ".option", 20 * mm)
    if width > height:
        assert page.locator("h1").evaluate(LINES) == 1
    fits(page)
    press(page, "value", 0)
    at(page, "thanks")
    sized(page, ".chip, .step", 15 * mm)
    fits(page)
    press(page, "action", "write")
    at(page, "comment")
    sized(page, ".step", 15 * mm)
    fits(page)


def test_a_language_from_right_to_left_mirrors_the_screens(new_page: NewPage, tmp_path: Path) -> None:
    with terminal(tmp_path, "s-souk", languages=["ar", "en"]) as box, served(box) as there:
        page = new_page(viewport=PI)
        page.goto(there.address)
        assert page.locator("html").get_attribute("dir") == "rtl"
        fits(page)
        page.get_by_role("link", name="English").click()
        assert page.locator("html").get_attribute("dir") == "ltr"
        page.get_by_role("link", name="العربية").click()
        press(page, "value", 0)
        at(page, "thanks")
        fits(page)
        accessible(page)
        assert (
            page.evaluate("() => [...document.querySelectorAll('.steps button')].map(one => one.offsetLeft)")[0] > 400
        )


def sized(page: Page, what: str, least: float) -> None:
    for element in page.locator(what).all():
        place = element.bounding_box()
        assert place is not None
        assert min(place["width"], place["height"]) >= least - 0.5, element.inner_text()


def fits(page: Page) -> None:
    """Nothing is cut, nothing scrolls, no word is broken, and all of it can be read."""
    over = "() => [document.body.scrollWidth - innerWidth, document.body.scrollHeight - innerHeight]"
    assert page.evaluate(over) == [0, 0]
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"
    texts = page.locator("main").locator("button, a, h1, h2, p, .label, .aside")
    assert texts.evaluate_all(cut) == []
    assert texts.evaluate_all(BROKEN_WORDS) == []
    assert texts.evaluate_all(LEAST_TEXT) >= 16
