"""Pictures of every screen of the terminal: `python tests/end_to_end/screenshots.py --out DIR`.

Of one whole visit, of what can be asked of the screen for it, of the question on every scale, and of the staff's pages.
Each in four sizes (a 10-inch display, the Pi's 7-inch one, a tall one, a phone) and three languages, one of them from
right to left; the longest of them in the dark as well. Not a test: somebody has to look."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace
from playwright.sync_api import Browser, Page, sync_playwright

from kiosk.choices import STAFF
from sync.survey import SCALES
from tests.conftest import BROWSER_ARGS
from tests.terminals import PIN, served, set_pin, terminal
from tests.whole_survey import TOLD, WHOLE

SIZES = ((1280, 800), (800, 480), (800, 1280), (375, 812))
BARE = ((800, 480), (800, 1280))
"""Glass that is touched and has no keyboard: the page brings its own."""
LANGUAGES = ("en", "de", "ar")
CHROMIUM = "/usr/bin/chromium"
COMMENT = {
    "en": "Anna at the till took the time to explain the difference.\nThe car park was full, though.",
    "de": "Anna an der Kasse hat sich Zeit genommen und den Unterschied erklärt.\nDer Parkplatz war aber voll.",
    "ar": "خصصت آنا عند الصندوق وقتًا لتشرح لي الفرق.\nلكن موقف السيارات كان ممتلئًا.",
}


def question(page: Page, address: str, lang: str) -> Iterator[str]:
    """The question, and what can be asked of it."""
    page.goto(f"{address}/?lang={lang}")
    yield "ask"
    for mode in ("more", "low"):
        button = page.locator(f"[data-mode={mode}]")
        if button.is_visible():
            button.click()
            yield f"ask-{mode}"
            page.locator("button[value='1']").click()
            page.locator(".chips").wait_for()
            yield f"thanks-{mode}"
            page.locator("button[value=write]").click()
            page.locator("textarea").wait_for()
            yield f"comment-{mode}"
            page.goto(f"{address}/?lang={lang}")


def scales(browser: Browser, out: Path) -> None:
    """The question on every scale."""
    for scale in sorted(SCALES):
        asked = replace(WHOLE, questions=(replace(WHOLE.first, scale=scale),))
        with (
            TemporaryDirectory() as folder,
            terminal(Path(folder), "s-oslo", asked=asked, languages=LANGUAGES, messages=(TOLD,)) as box,
            served(box) as there,
        ):
            for width, height in SIZES:
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(there.address)
                page.wait_for_timeout(300)
                page.screenshot(path=out / f"scale-{scale}-{width}x{height}.png")
                page.close()


def staff(browser: Browser, out: Path) -> None:
    """What staff see: the pairing of a new terminal, the door, the sections behind it, and a test."""
    with (
        TemporaryDirectory() as folder,
        terminal(Path(folder), centre="http://127.0.0.1:9") as box,
        served(box) as there,
    ):
        set_pin(Path(folder))
        for width, height in SIZES:
            for lang in LANGUAGES:
                page = browser.new_page(viewport={"width": width, "height": height}, locale=lang)
                box.standings.choices.speak(STAFF, lang)
                box.standings.choices.end_test()
                for screen in inside(page, there.address):
                    page.screenshot(path=out / f"{screen}-{width}x{height}-{lang}.png")
                page.close()


def inside(page: Page, address: str) -> Iterator[str]:
    page.goto(f"{address}/staff/pairing")
    yield "staff-new"
    page.goto(f"{address}/staff")
    yield "staff-door"
    for key in (*PIN, "open"):
        page.locator(f".digits [value='{key}']").click()
    for section in ("", "/test", "/language", "/stick", "/pairing"):
        page.goto(f"{address}/staff{section}")
        yield f"staff{section.replace('/', '-')}"
    page.goto(f"{address}/staff/test")
    page.locator("form[action='/staff/test'] button").first.click()
    page.locator(".ask").wait_for()
    yield "staff-testing"


def walk(page: Page, address: str, lang: str) -> Iterator[str]:
    """One visit, stopping at every screen."""
    yield from question(page, address, lang)
    page.locator("button[value='3']").click()
    page.locator(".chips").wait_for()
    yield "thanks"
    for chip in page.locator(".chip").all()[1:4:2]:
        chip.click()
    yield "reasons"
    page.locator("button[value=change]").click()
    page.locator(".ask").wait_for()
    yield "change"
    page.locator("button[value='1']").click()
    page.locator(".chips").wait_for()
    yield "unhappy"
    page.locator("button[value=write]").click()
    page.locator("textarea").wait_for()
    if page.evaluate("() => matchMedia('(any-pointer: coarse)').matches"):
        page.locator(".keyboard").wait_for()
    yield "comment"
    page.locator("textarea").fill(COMMENT[lang])
    yield "written"
    page.evaluate("() => { document.querySelector('main > form').dataset.idle = 4; }")
    page.locator("textarea").press("End")
    page.locator(".there.asks").wait_for()
    yield "there"
    page.evaluate("() => { document.querySelector('main > form').dataset.idle = 45; }")
    page.locator("textarea").press("End")
    yield from after_the_comment(page)
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    page.goto(f"{address}/?lang={lang}")
    page.route("**/late", lambda route: route.abort())
    page.locator("button[value='0']").click()
    page.locator("[data-wait=moment]").wait_for(state="visible")
    yield "moment"
    page.locator("[data-wait=break]").wait_for(state="visible", timeout=10_000)
    yield "break"
    page.unroute("**/late")


def after_the_comment(page: Page) -> Iterator[str]:
    page.locator("button[value=finish]").click()
    page.locator(".rating").wait_for()
    yield "rating"
    page.locator("button[name=rate][value='4']").click()
    page.locator(".contact").wait_for()
    yield "contact"
    page.locator(".step.main").click()
    page.locator("[data-missing=consent]").wait_for(state="visible")
    yield "missing"
    page.locator("button[value=finish]").click()
    page.locator(".done").wait_for()
    yield "done"


def pictures(browser: Browser, address: str, out: Path) -> None:
    for width, height in SIZES:
        for lang in LANGUAGES:
            for scheme in ("light", "dark"):
                if scheme == "dark" and lang != "de":
                    continue
                page = browser.new_page(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,  # type: ignore[arg-type]
                    has_touch=(width, height) in BARE,
                )
                for screen in walk(page, address, lang):
                    page.wait_for_timeout(300)
                    page.screenshot(path=out / f"{screen}-{width}x{height}-{lang}-{scheme}.png")
                page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder for the pictures")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        terminal(Path(folder), "s-oslo", asked=WHOLE, languages=LANGUAGES, messages=(TOLD,)) as box,
        served(box) as there,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
        pictures(browser, there.address, out)
        scales(browser, out)
        staff(browser, out)
        browser.close()


if __name__ == "__main__":
    main()
