"""How long a screen waits, for whom it changes, and that keys alone lead through all of it; and that a store's own look
outlives its terminal. In a real browser whose clock is put forward."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page

from kiosk.terminal import Terminal
from tests.end_to_end.test_comfort_in_browser import ACCENT, LOGO, TOLD
from tests.end_to_end.test_page_outlives_its_terminal import kept
from tests.end_to_end.test_screen_in_browser import NewPage, at, delivered, press
from tests.terminals import Served, served, terminal
from tests.whole_survey import WHOLE

DEFAULT = {"thanks": 10, "rating": 20, "comment": 45, "contact": 45, "warning": 25, "done": 3}
OF_A_SLOW_STORE = {"thanks": 30, "rating": 40, "comment": 90, "contact": 100, "warning": 50, "done": 6}
CLASSES = "() => Array.from(document.documentElement.classList).sort().join(' ')"
SIZE = "one => parseFloat(getComputedStyle(one).fontSize)"
IS_STRONG = """() => {
  const style = getComputedStyle(document.documentElement);
  return ["--ink-soft", "--edge"].map((name) => style.getPropertyValue(name) === style.getPropertyValue("--ink"));
}"""
ELEVEN = replace(
    WHOLE, questions=tuple(replace(one, scale="nps11") if one.id == "team" else one for one in WHOLE.questions)
)


@contextmanager
def shop(folder: Path, guard_ms: int = 0, **by_office: Any) -> Iterator[tuple[Served, Terminal]]:
    """A terminal that asks everything, in English and Arabic."""
    with (
        terminal(
            folder,
            "till",
            asked=ELEVEN,
            languages=("en", "ar"),
            by_office=by_office,
            messages=TOLD,
            input_guard_ms=guard_ms,
        ) as box,
        served(box) as there,
    ):
        yield there, box


def lead(page: Page, *screens: str) -> None:
    """From the question on, to the last of these."""
    ways = {"thanks": ("value", 0), "comment": ("action", "write"), "rating": ("action", "finish"),
            "contact": ("rate", 10), "done": ("action", "finish")}  # fmt: skip
    for screen in screens:
        press(page, *ways[screen])
        at(page, screen)


@pytest.mark.parametrize("seconds", [DEFAULT, OF_A_SLOW_STORE], ids=["as it comes", "as head office says"])
def test_each_screen_waits_its_time_and_goes_back(new_page: NewPage, tmp_path: Path, seconds: dict[str, int]) -> None:
    settings = {} if seconds is DEFAULT else {"seconds": seconds}
    walk = ("thanks", "rating", "contact", "done")
    with shop(tmp_path, **settings) as (there, box):
        page = new_page()
        page.clock.install()
        page.goto(there.address)
        for last in range(1, len(walk) + 1):
            lead(page, *walk[:last])
            screen = walk[last - 1]
            if screen == "contact":
                waits_and_asks(page, seconds["warning"])
                page.locator("input[name=reach]").fill("kari@example.org")
            page.clock.run_for((seconds[screen] - 2) * 1000)
            at(page, screen)
            page.clock.run_for(2_500)
            at(page, "ask")
        entries = delivered(box, 4)
        assert [entry["ended"] for entry in entries] == ["idle", "idle", "idle", "done"]
        assert "kari@example.org" not in str(entries)


def waits_and_asks(page: Page, warning: int) -> None:
    strip = page.locator(".there.asks")
    page.clock.run_for((warning - 2) * 1000)
    assert strip.count() == 0
    page.clock.run_for(2_500)
    assert strip.is_visible()


def test_what_was_thanked_for_stays_and_what_was_only_typed_goes(new_page: NewPage, tmp_path: Path) -> None:
    with shop(tmp_path) as (there, box):
        page = new_page()
        page.clock.install()
        page.goto(there.address)
        lead(page, "thanks")
        press(page, "toggle", "staff")
        lead(page, "comment")
        page.locator("textarea").fill("never sent")
        for touch in (lambda: page.mouse.click(5, 5), lambda: page.keyboard.press("Shift")):
            page.clock.run_for(43_000)
            assert page.locator(".there.asks").is_visible()
            touch()
            assert page.locator(".there.asks").count() == 0
            assert page.locator("textarea").input_value() == "never sent"
        page.clock.run_for(46_000)
        at(page, "ask")
        assert delivered(box)[0]["answers"] == {"visit": 0, "visit_unhappy": ["staff"]}
        lead(page, "thanks", "comment")
        assert page.locator("textarea").input_value() == ""


def test_who_asked_for_more_time_and_walked_off_leaves_none_of_it(new_page: NewPage, tmp_path: Path) -> None:
    with shop(tmp_path) as (there, _box):
        page = new_page()
        page.clock.install()
        page.goto(there.address)
        for mode in ("more", "low"):
            page.locator(f"[data-mode={mode}]").click()
        assert page.evaluate(CLASSES) == "large low more"
        page.clock.fast_forward(62_000)  # as long as the question waits for anybody
        assert page.evaluate(CLASSES) == ""
        assert page.locator(".mode[aria-pressed=true]").count() == 0
        more = page.locator("[data-mode=more]")
        assert page.evaluate(IS_STRONG) == [False, False]
        label = page.locator(".label").first
        size = label.evaluate(SIZE)
        more.click()
        assert label.evaluate(SIZE) > 1.1 * size
        assert page.evaluate(IS_STRONG) == [True, True]  # words and edges are as strong as the question
        more.click()
        assert page.evaluate(CLASSES) == ""
        lead(page, "thanks")
        page.clock.run_for(12_000)
        at(page, "ask")


def test_a_screen_that_is_large_and_low_for_good(new_page: NewPage, tmp_path: Path) -> None:
    with shop(tmp_path, large=True, low_reach=True) as (there, _box):
        page = new_page(viewport={"width": 800, "height": 1280})
        page.clock.install()
        page.goto(there.address)
        assert page.locator("[data-mode=low]").count() == 0
        for classes in ("large low more", "large low"):
            page.locator("[data-mode=more]").click()
            assert page.evaluate(CLASSES) == classes
        lead(page, "thanks")
        page.clock.run_for(12_000)
        at(page, "ask")
        assert page.evaluate(CLASSES) == "large low"
        tops = page.locator("main .face").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert min(tops) > 1280 / 2


FOCUS = """() => {
  const one = document.activeElement, look = getComputedStyle(one);
  if (one === document.body) return "lost";
  if (one.matches("main")) return "at the start";
  const visible = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2;
  return visible || one.matches("textarea, input") && look.boxShadow !== "none" ? "seen" : `unseen on ${one.outerHTML}`;
}"""


def key(page: Page, *keys: str, to: str = "") -> None:
    """Press these, or the one until it leads `to`; whoever has no pointer always sees where they are."""
    for one in keys if not to else keys * 20:
        if to and page.locator(f"{to}:focus").count():
            return
        page.keyboard.press(one)
        assert page.evaluate(FOCUS) in ("seen", "at the start"), one
    assert not to or page.locator(f"{to}:focus").count(), f"{keys} never lead to {to}"


def test_a_whole_visit_without_a_pointer(new_page: NewPage, tmp_path: Path) -> None:
    with shop(tmp_path, guard_ms=40_000) as (there, box):
        page = new_page(reduced_motion="reduce")
        page.goto(there.address)
        key(page, "ArrowRight", "Enter")
        at(page, "thanks")
        page.locator(".chip").first.click()  # a second tap of a finger: a key is never taken for one
        assert page.locator(".chip[aria-pressed=true]").count() == 0
        key(page, "1", "3")
        assert page.locator(".chip[aria-pressed=true]").count() == 2
        key(page, "Tab", to="button[value=write]")
        key(page, "Enter")
        at(page, "comment")
        key(page, "Tab", to="textarea")
        key(page, "1", "0", "Space", "m", "-")
        assert page.locator("textarea").input_value() == "10 m-"
        key(page, "Tab", to="button[value=finish]")
        key(page, "Enter")
        at(page, "rating")
        key(page, "1", "0")
        at(page, "contact")
        key(page, "ArrowDown", to="input[name=reach]")
        page.keyboard.type("0123456")
        key(page, "Tab", to="input[name=agree]")
        key(page, "Space")
        key(page, "Tab", to="footer button[value=agree]")
        key(page, "Enter")
        at(page, "done")
        answers = {entry["kind"]: entry["answers"] for entry in delivered(box, 2)}
        assert len(answers["response"].pop("visit_unhappy")) == 2
        assert answers == {
            "response": {"visit": 0, "comment": "10 m-", "team": 10},
            "contact": {"reach": "0123456"},
        }


LOOK = """async () => {
  document.addEventListener("securitypolicyviolation", (event) => { throw new Error(event.violatedDirective); });
  const logo = document.querySelector(".logo");
  await logo.decode();
  const style = getComputedStyle(document.documentElement);
  return [style.getPropertyValue("--accent"), style.getPropertyValue("--on-accent"), logo.naturalWidth, logo.alt,
          document.querySelector(".told .shown").innerText];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_store_keeps_its_look_when_its_terminal_is_dead(new_page: NewPage, tmp_path: Path, scheme: str) -> None:
    with shop(tmp_path, accent=ACCENT, logo=LOGO) as (there, _box):
        page = new_page(color_scheme=scheme)
        page.goto(there.address)
        kept(page)
        before = page.evaluate(LOOK)
        assert before[:4] == [ACCENT[scheme], ACCENT[f"on_{scheme}"], 1, "Fjord"]
        assert "A third till is open." in before[4] or "There are more lamps." in before[4]
        there.die()
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")  # only the worker has it now
        page.reload()
        at(page, "ask")
        assert page.evaluate(LOOK)[:4] == before[:4]
        assert page.locator(".told .shown").is_visible()
        press(page, "value", 3)
        at(page, "thanks")
        main = page.locator(".step.main").evaluate("one => getComputedStyle(one).backgroundColor")
        assert main == {"light": "rgb(122, 31, 92)", "dark": "rgb(240, 166, 214)"}[scheme]
        there.revive()


PLACES = """() => Array.from(document.querySelectorAll("main *"))
  .filter((one) => one instanceof HTMLElement)
  .map((one) => [one.offsetLeft, one.offsetTop, one.offsetWidth, one.offsetHeight])"""
AT_ITS_LARGEST = """() => {
  const all = document.querySelector("main").getAnimations({ subtree: true });
  for (const one of all) {
    one.pause();
    const { delay, duration } = one.effect.getComputedTiming();
    one.currentTime = delay + duration / 2;
  }
  return all.length;
}"""


def test_nothing_moves_while_the_question_is_alive(new_page: NewPage, tmp_path: Path) -> None:
    with shop(tmp_path) as (there, _box):
        page = new_page()
        page.clock.install()
        page.goto(there.address)
        still = page.evaluate(PLACES)
        page.clock.fast_forward(50_000)
        page.wait_for_timeout(200)  # its terminal answers what it was asked meanwhile
        assert page.locator(".alive").count() == 0
        page.clock.fast_forward(11_000)
        assert page.locator(".alive").count() == 1
        assert page.evaluate(AT_ITS_LARGEST) >= 4
        assert page.evaluate(PLACES) == still
        page.mouse.click(5, 5)
        assert page.locator(".alive").count() == 0
