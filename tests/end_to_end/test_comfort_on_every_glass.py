"""Every screen with more time and a low reach, on every glass and in languages far from each other: nothing is cut, and
axe finds nothing. Each pair of screen, modes, glass and language is looked at; not each four of them."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from msgspec.structs import replace
from playwright.sync_api import Page

from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import wire
from tests.end_to_end.test_comfort_in_browser import LOGO
from tests.end_to_end.test_screen_in_browser import BROKEN_WORDS, LEAST_TEXT, NewPage, at, press
from tests.terminals import Served, served, terminal
from tests.whole_survey import TOLD, WHOLE

LANGUAGES = ("en", "de", "ar")
SIZES = ((1280, 800), (800, 480), (375, 812))
MODES = ("", "more", "low", "more low")
FIRST = ("smiley4", "smiley5", "nps11")
LASTING = {"thanks": 600, "rating": 600, "comment": 600, "contact": 600, "done": 600}
CUT = """() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 1;
  const all = (what) => Array.from(document.querySelectorAll(what)).filter(shown);
  const name = (one) => `${one.tagName} ${one.className} ${one.innerText || ""}`.trim();
  const wrong = [];
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("scrolls sideways");
  const touched = all("main :is(button, a, textarea, input:not([type=hidden]))");
  for (const one of touched) {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const isOff = left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
    if (isOff) wrong.push(`off the glass: ${name(one)}`);
  }
  for (const one of all("main :is(button, a, h1, h2, p, label, .label, .aside, dt, dd)")) {
    const text = document.createRange();
    text.selectNodeContents(one);
    const own = one.getBoundingClientRect(), inner = text.getBoundingClientRect();
    const isWider = inner.left < own.left - 1 || inner.right > own.right + 1;
    const isHigher = one.matches("button, a") && (inner.top < own.top - 1 || inner.bottom > own.bottom + 1);
    if (isWider || isHigher) wrong.push(`larger than its place: ${name(one)}`);
  }
  const asks = document.querySelector("main .there.asks");
  const apart = ".option .label, .face, .question, .end, .chip, .step, .mode, .logo, nav a, .told dl.shown, .hint";
  const alone = all(`main :is(${apart})`).filter((one) => !(asks && one.matches(".question")));
  alone.forEach((one, place) => {
    const a = one.getBoundingClientRect();
    for (const other of alone.slice(place + 1)) {
      const b = other.getBoundingClientRect();
      const isApart = a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
      if (!isApart && !one.contains(other) && !other.contains(one)) wrong.push(`${name(one)} runs into ${name(other)}`);
    }
  });
  return wrong;
}"""
AXE = """async () => {
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const { violations } = await axe.run({ runOnly, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
}"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "s-oslo", asked=WHOLE, languages=LANGUAGES) as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    with served(box) as opened:
        yield opened


def ask(box: Terminal, scale: str) -> None:
    """The first question on this scale, in a store with a logo and something to tell; nobody is hurried."""
    others = WHOLE.questions[1:] if scale == "smiley4" else ()
    asked = replace(WHOLE, questions=(replace(WHOLE.first, scale=scale), *others))
    settings = {"logo": LOGO, "seconds": LASTING}
    survey = wire.read_entry(wire.encode(asked))
    manifest = wire.ScreenManifest(
        "p-oslo", [survey], list(LANGUAGES), "Oslo", "Europe/Oslo", settings=settings, messages=[TOLD]
    )
    box.standings.take(KeptManifest("", wire.Manifest({"s-oslo": manifest})))
    assert box.standings.problem is None


def screens(page: Page, there: Served, box: Terminal, lang: str) -> Iterator[str]:
    """One visit that stops at every screen, and the question on the other scales."""
    for scale in reversed(FIRST):
        ask(box, scale)
        page.goto(f"{there.address}/?lang={lang}")
        page.evaluate(AXE_SCRIPT)
        yield f"ask {scale}"
    press(page, "value", 1)
    at(page, "thanks")
    page.locator(".chip").first.click()
    yield "thanks"
    press(page, "action", "write")
    at(page, "comment")
    yield "comment"
    asked_still(page)
    yield "comment, still there?"
    press(page, "action", "finish")
    at(page, "rating")
    yield "rating"
    press(page, "rate", 4)
    at(page, "contact")
    yield "contact"
    press(page, "action", "agree")
    page.locator("[data-missing=consent]").wait_for()
    yield "contact, what is missing"
    press(page, "action", "finish")
    at(page, "done")
    yield "done"


def asked_still(page: Page) -> None:
    page.locator(".there").evaluate("strip => { strip.dataset.after = 0; }")
    page.keyboard.press("Shift")
    page.locator(".there.asks").wait_for()
    page.locator(".there").evaluate("strip => { strip.dataset.after = 500; }")


def dress(page: Page, modes: str) -> None:
    """As the buttons of the question do."""
    page.evaluate(
        """modes => {
          Modes.reset();
          for (const mode of modes.split(" ").filter(Boolean)) Modes.toggle(mode, document.querySelector(".screen"));
        }""",
        modes,
    )


def wrong(page: Page) -> list[object]:
    """What is cut, runs into another, breaks a word or is too small to read."""
    texts = page.locator("main").locator("button, a, h1, h2, p, .label, .aside, dt, dd")
    small = texts.evaluate_all(LEAST_TEXT) < 14
    return [*page.evaluate(CUT), *texts.evaluate_all(BROKEN_WORDS), *(["too small"] if small else [])]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_who_needs_it_otherwise_sees_everything_on_every_glass(
    new_page: NewPage, there: Served, box: Terminal, lang: str
) -> None:
    page = new_page(reduced_motion="reduce")
    row = LANGUAGES.index(lang)
    found = []
    for screen, name in zip(count(), screens(page, there, box, lang), strict=False):
        for number, modes in enumerate(MODES):
            size = SIZES[(number + row + screen) % len(SIZES)]
            page.set_viewport_size({"width": size[0], "height": size[1]})
            dress(page, modes)
            found += [(name, modes, size, problem) for problem in wrong(page)]
            if number == (screen + row) % len(MODES):
                found += [(name, modes, size, problem) for problem in page.evaluate(AXE)]
        dress(page, "")
    assert found == []


@pytest.mark.parametrize("look", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced"])
def test_in_the_dark_and_in_colours_of_ones_own(
    new_page: NewPage, there: Served, box: Terminal, look: dict[str, str]
) -> None:
    page = new_page(reduced_motion="reduce", viewport={"width": 800, "height": 480}, **look)
    found = []
    for screen, name in zip(count(), screens(page, there, box, "en"), strict=False):
        dress(page, MODES[screen % len(MODES)])
        found += [(name, problem) for problem in page.evaluate(AXE)]
        dress(page, "")
    assert found == []
