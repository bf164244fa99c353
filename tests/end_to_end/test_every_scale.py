"""Every scale, as the first question and as a rating, on every glass; and texts that no screen was drawn for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import SCALES
from tests.asking import asking
from tests.end_to_end.test_screen_in_browser import NewPage, accessible, at, fits, press
from tests.terminals import Served, served, terminal

SIZES = ((1280, 800), (800, 480), (375, 812))
ALL = frozenset({"comment", "rating", "contact"})
CUT = """() => Array.from(document.querySelectorAll("main :is(h1, h2, p, label, .label, .end, button, a)"))
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().width > 1)
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline"
                   || one.getBoundingClientRect().left < -1 || one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.innerText)"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "s-oslo") as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    with served(box) as opened:
        yield opened


def ask(box: Terminal, definition: dict[str, Any], *languages: str) -> None:
    screen = wire.ScreenManifest("p-oslo", [definition], list(languages or ("en", "de")), "Oslo", "Europe/Oslo")
    box.standings.take(KeptManifest("", wire.Manifest({"s-oslo": screen})))
    assert box.standings.problem is None


def least(width: int, height: int) -> float:
    """15 mm in pixels, but for what a browser rounds."""
    return 15 * (5.2 if max(width, height) < 1000 else 5.9) - 0.5


def smallest(page: Page, what: str) -> float:
    """The shortest side of these, in pixels."""
    sides = "all => Math.min(...all.flatMap(one => [one.offsetWidth, one.offsetHeight]))"
    return float(page.locator(what).evaluate_all(sides))


@pytest.mark.parametrize("scale", SCALES)
def test_each_answer_of_a_scale_can_be_hit(new_page: NewPage, there: Served, box: Terminal, scale: str) -> None:
    page = new_page(reduced_motion="reduce")
    ask(box, asking(ALL, scale, rating=scale))
    page.goto(there.address)
    answers = SCALES[scale].high - SCALES[scale].low + 1
    for size in on_every_glass(page):
        assert page.locator("main .option").count() == answers
        assert smallest(page, "main .option, main nav a") >= least(*size)
        fits(page)
    press(page, "value", SCALES[scale].high)
    at(page, "thanks")
    press(page, "action", "finish")
    at(page, "rating")
    for size in on_every_glass(page):
        assert page.locator("main .option[aria-pressed=false]").count() == answers
        assert smallest(page, "main .option, main .step") >= least(*size)
        fits(page)
    if scale == "nps11":
        accessible(page)


def on_every_glass(page: Page) -> Iterator[tuple[int, int]]:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        yield width, height


@pytest.mark.parametrize("lang", ["en", "de"])
def test_what_is_missing_to_be_reached_fits_beside_its_field(
    new_page: NewPage, there: Served, box: Terminal, lang: str
) -> None:
    page = new_page(reduced_motion="reduce")
    ask(box, asking(frozenset({"contact"})))
    page.goto(f"{there.address}/?lang={lang}")
    press(page, "value", 0)
    at(page, "thanks")
    assert page.locator("main [value=finish]").inner_text() == {"en": "Next", "de": "Weiter"}[lang]
    press(page, "action", "finish")
    at(page, "contact")
    for _ in on_every_glass(page):
        fits(page)
    press(page, "action", "agree")
    assert page.evaluate("() => document.activeElement.id") == "reach"
    assert page.locator("[role=alert]:visible").count() == 2
    for size in on_every_glass(page):
        assert smallest(page, "main .step, main .agree, main [type=text]") >= least(*size)
        fits(page)
    accessible(page)


def with_texts(definition: dict[str, Any], text: str) -> dict[str, Any]:
    """The same survey, every text as long as it may be."""
    for question in definition["questions"]:
        question["texts"] = dict.fromkeys(definition["languages"], text[:200])
        for choice in question.get("choices", []):
            choice["texts"] = dict.fromkeys(definition["languages"], text[:60])
        if "consent" in question:
            question["consent"] = dict.fromkeys(definition["languages"], text[:400])
    return definition


TEXTS = {
    "one word of 200 letters": "W" * 400,
    "an Arabic sentence in an English survey": "ما مدى احتمال أن توصي بنا لصديق (123)؟ " * 11,
    "markup": """"'><b class=x>&lt;{{ 7 }}</template><script>document.title="harm"</script>""" * 6,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_breaks_a_screen(new_page: NewPage, there: Served, box: Terminal, text: str) -> None:
    page = new_page(reduced_motion="reduce")
    ask(box, with_texts(asking(ALL), text))
    page.goto(there.address)
    ways = {"ask": ("value", 0), "thanks": ("action", "write"), "comment": ("action", "finish"),
            "rating": ("action", "finish"), "contact": ("action", "finish")}  # fmt: skip
    for screen, button in ways.items():
        at(page, screen)
        assert text[:60] in page.locator("main").evaluate("main => main.textContent")
        for size in on_every_glass(page):
            assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, (screen, size)
            assert page.evaluate(CUT) == [], (screen, size)
        press(page, *button)
    at(page, "done")
    assert page.title() == text[:200].strip()
    assert page.locator("main script, main b.x").count() == 0
