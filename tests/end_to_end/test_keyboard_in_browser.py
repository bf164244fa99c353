"""The keyboard that a page brings along for glass without one, in a real browser: a Raspberry Pi's, as far as its page
can tell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk import keyboard
from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import BUILTIN
from tests.end_to_end.test_languages_in_browser import FOUR_EACH, definition
from tests.end_to_end.test_page_outlives_its_terminal import kept
from tests.end_to_end.test_screen_in_browser import (
    LEAST_TEXT,
    accessible,
    at,
    delivered,
    fits,
    focus,
    press,
    until,
)
from tests.terminals import Served, served, terminal

NewPage = Callable[..., Page]
PI: dict[str, Any] = {"viewport": {"width": 800, "height": 480}, "has_touch": True}
MM = 5.2
TABLET = (
    "Mozilla/5.0 (Linux; Android 14; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
SAID = {
    "en": "Kim's till: 10 min. Slow!",
    "de": "Groß! Über 5 Äpfel, 2 €",
    "ar": "لطيفة، أين الموقف؟ 5 ٥",
    "tr": "Iğdır'da İyi",
}
WATCH = """() => {
  window.broken = [];
  document.addEventListener('securitypolicyviolation', event => window.broken.push(event.violatedDirective));
}"""


@contextmanager
def speaking(folder: Path, *languages: str, **settings: Any) -> Iterator[tuple[Served, Terminal]]:
    """A terminal whose question is asked in these languages, translated or not."""
    with terminal(folder, "s-front", **settings) as box, served(box) as there:
        told = wire.read_entry(wire.encode(BUILTIN))
        told["languages"] = list(languages)
        choices = [choice for question in told["questions"] for choice in question.get("choices", [])]
        for text in [*told["questions"], *choices]:
            text["texts"] = {lang: text["texts"].get(lang, text["texts"]["en"]) for lang in ("en", *languages)}
        screen = wire.ScreenManifest("p-s-front", [told], list(languages), "Oslo", "Europe/Oslo")
        box.standings.take(KeptManifest("", wire.Manifest({"s-front": screen})))
        yield there, box


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Served]:
    with terminal(tmp_path / "terminal") as box, served(box) as opened:
        yield opened


def key(page: Page, name: str) -> None:
    """Touch a key, and let it go."""
    quoted = name.replace("'", "\\'")
    page.locator(f".keyboard [data-skbtn='{quoted}']").tap()


def is_there(page: Page, name: str) -> bool:
    names = page.locator(".keyboard button").evaluate_all("keys => keys.map(key => key.dataset.skbtn)")
    return name in names


def small(letter: str, lang: str) -> str:
    if lang == "tr" and letter in "Iİ":
        return {"I": "ı", "İ": "i"}[letter]
    return letter.lower()


def type_by_touch(page: Page, text: str, lang: str = "en") -> None:
    """As a finger does: another layer where a key is not on this one, a capital where it isn't one already."""
    for letter in text:
        name = {" ": "{space}", "\n": "{enter}"}.get(letter, small(letter, lang))
        if not is_there(page, name):
            key(page, "{signs}" if is_there(page, "{signs}") else "{letters}")
        shift = page.locator(".keyboard [data-skbtn='{shift}']")
        if letter.isalpha() and shift.count():
            wanted = str(letter != name).lower()
            while shift.get_attribute("aria-pressed") != wanted:
                shift.tap()
        key(page, name)


def to_comment(page: Page, address: str, lang: str = "en") -> None:
    page.goto(f"{address}/?lang={lang}")
    press(page, "value", 1)
    at(page, "thanks")
    press(page, "action", "write")
    at(page, "comment")


@pytest.mark.parametrize("lang", SAID)
def test_a_comment_is_typed_by_touch_alone(new_page: NewPage, tmp_path: Path, lang: str) -> None:
    with speaking(tmp_path, lang, "en") as (there, box):
        page = new_page(**PI)
        page.add_init_script(f"({WATCH})()")
        page.goto(f"{there.address}/?lang={lang}")
        page.locator("button[name=value][value='0']").tap()
        at(page, "thanks")
        page.locator("button[value=write]").tap()
        page.locator(".keyboard").wait_for()
        type_by_touch(page, SAID[lang], lang)
        assert page.locator("textarea").input_value() == SAID[lang]
        accessible(page)
        assert page.evaluate("() => window.broken") == []
        page.locator("button[value=finish]").tap()
        at(page, "done")
        assert page.locator(".keyboard").count() == 0
        assert delivered(box)[0]["answers"]["comment"] == SAID[lang]


SIZES = (
    """() => Array.from(document.querySelectorAll('.keyboard button'), key => [key.offsetWidth, key.offsetHeight])"""
)
COVERED = """() => {
  const top = document.querySelector('.keyboard').getBoundingClientRect().top;
  const places = Array.from(document.querySelectorAll('main textarea, main .step, main .hint, main h1'));
  return places.filter(one => one.getBoundingClientRect().top < 0 || one.getBoundingClientRect().bottom > top).length;
}"""


def test_keys_are_large_and_nothing_is_covered(new_page: NewPage, tmp_path: Path) -> None:
    with speaking(tmp_path, "pt") as (there, _box):
        page = new_page(**PI)
        to_comment(page, there.address, "pt")
        page.locator(".keyboard").wait_for()
        for width, height, least in ((800, 480, 9 * 5.2), (1280, 800, 14.5 * 5.9), (800, 1280, 14.5 * 5.9)):
            page.set_viewport_size({"width": width, "height": height})
            fits(page)
            assert page.evaluate(COVERED) == 0
            sizes = page.evaluate(SIZES)
            assert min(wide for wide, _high in sizes) >= 9 * MM
            assert min(high for _wide, high in sizes) >= least
            assert page.locator(".keyboard button").evaluate_all(LEAST_TEXT) >= 16


def test_a_held_key_deletes_on_and_an_emoji_goes_as_a_whole(new_page: NewPage, there: Served) -> None:
    page = new_page(**PI)
    to_comment(page, there.address)
    page.locator(".keyboard").wait_for()
    field = page.locator("textarea")
    field.evaluate("one => { one.value = 'Good 👩‍👩‍👧😀'; one.setSelectionRange(99, 99); }")
    key(page, "{bksp}")
    assert field.input_value() == "Good 👩‍👩‍👧"
    delete = page.locator("[data-skbtn='{bksp}']").bounding_box()
    assert delete
    page.mouse.move(delete["x"] + 20, delete["y"] + 20)
    page.mouse.down()
    until(lambda: field.input_value() == "")
    page.mouse.up()
    letter = page.locator("[data-skbtn=s]").bounding_box()
    assert letter
    page.mouse.move(letter["x"] + 20, letter["y"] + 20)
    page.mouse.down()
    page.wait_for_timeout(800)
    page.mouse.up()
    assert field.input_value() == "S"  # a slow finger types once
    assert page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"


def test_it_types_at_the_caret_and_not_beyond_the_limit(new_page: NewPage, there: Served) -> None:
    page = new_page(**PI)
    to_comment(page, there.address)
    page.locator(".keyboard").wait_for()
    field = page.locator("textarea")
    page.evaluate("() => { window.told = []; document.addEventListener('input', e => window.told.push(e.inputType)); }")
    field.evaluate("one => { one.value = 'ac'; one.setSelectionRange(1, 1); }")
    for name in ("b", "{enter}", "@"):
        key(page, name)
    assert field.input_value().lower() == "ab\n@c"
    assert page.evaluate("() => window.told.length") == 3
    field.evaluate("one => { one.setSelectionRange(0, 5); }")
    key(page, "x")
    assert field.input_value().lower() == "x"
    field.evaluate("one => { one.value = '😀'.repeat(999) + 'a'; one.setSelectionRange(0, 0); }")
    key(page, "b")
    key(page, "c")
    assert field.input_value().lower() == "b" + "😀" * 999 + "a"


def test_capitals_come_by_themselves_once_or_for_good(new_page: NewPage, there: Served) -> None:
    page = new_page(**PI)
    to_comment(page, there.address)
    page.locator(".keyboard").wait_for()
    for name in ("o", "k", ".", "{space}", "y", "e", "{shift}", "s", "{shift}", "{shift}", "o", "k", "{shift}", "a"):
        key(page, name)
    assert page.locator("textarea").input_value() == "Ok. YeSOKa"


@pytest.mark.parametrize(
    ("setting", "glass"),
    [("native", PI), ("auto", {**PI, "user_agent": TABLET}), ("auto", {**PI, "has_touch": False})],
    ids=["set-native", "a-tablet", "no-touch"],
)
def test_where_the_native_one_comes_nothing_is_loaded(
    new_page: NewPage, tmp_path: Path, setting: str, glass: dict[str, Any]
) -> None:
    with speaking(tmp_path, "en", keyboard=setting) as (there, _box):
        page = new_page(**glass)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.install()
        to_comment(page, there.address)
        page.clock.fast_forward(20_000)
        page.wait_for_timeout(300)
        assert page.locator("textarea").evaluate("one => one.inputMode") == ""
        assert page.locator(".keyboard").count() == 0
        assert [url for url in asked if "/vendor/" in url or "key" in url.removeprefix(there.address)] == []


def test_it_can_be_had_everywhere(new_page: NewPage, tmp_path: Path) -> None:
    with speaking(tmp_path, "en", keyboard="screen") as (there, _box):
        page = new_page(**{**PI, "user_agent": TABLET})
        to_comment(page, there.address)
        page.locator(".keyboard").wait_for()
        assert page.locator("textarea").evaluate("one => one.inputMode") == "none"


def test_it_makes_way_for_a_keyboard_of_the_customers_own(new_page: NewPage, there: Served) -> None:
    page = new_page(**PI)
    to_comment(page, there.address)
    page.locator(".keyboard").wait_for()
    page.keyboard.press("7")  # a keypad has it as well
    assert page.locator(".keyboard").count() == 1
    page.keyboard.press("a")
    expect(page.locator(".keyboard")).to_have_count(0)
    assert page.locator("textarea").input_value() == "7a"
    page.locator("textarea").tap()
    page.locator(".keyboard").wait_for()
    key(page, "{hide}")
    expect(page.locator(".keyboard")).to_have_count(0)


def test_a_keypad_reaches_every_key_and_leaves_again(new_page: NewPage, there: Served) -> None:
    page = new_page(**PI)
    to_comment(page, there.address)
    page.locator(".keyboard").wait_for()
    focus(page, ".keyboard [data-skbtn=q]")
    for name in ("ArrowRight", "ArrowDown", "Enter", "ArrowUp", "ArrowRight", "Enter"):
        page.keyboard.press(name)
    assert page.locator("textarea").input_value() == "Se"
    assert page.evaluate("() => document.activeElement.dataset.skbtn") == "e"
    page.keyboard.press("Shift+Tab")
    assert page.locator("button[value=finish]").evaluate("one => one === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("() => !document.activeElement.closest('.keyboard')")


def test_a_second_tap_of_the_same_finger_types_nothing(new_page: NewPage, tmp_path: Path) -> None:
    with speaking(tmp_path, "en", input_guard_ms=1000) as (there, _box):
        page = new_page(**PI)
        page.goto(there.address)
        page.wait_for_timeout(1000)
        press(page, "value", 1)
        at(page, "thanks")
        page.wait_for_timeout(1000)
        press(page, "action", "write")
        page.locator(".keyboard").wait_for()
        key(page, "g")
        assert page.locator("textarea").input_value() == ""
        page.wait_for_timeout(1000)
        key(page, "g")
        assert page.locator("textarea").input_value() == "G"


def test_the_next_customer_finds_nothing_of_the_last(new_page: NewPage, there: Served) -> None:
    page = new_page(**PI)
    page.clock.install()
    to_comment(page, there.address)
    page.locator(".keyboard").wait_for()
    type_by_touch(page, "Mine")
    page.clock.fast_forward(46_000)
    at(page, "ask")
    assert page.locator(".keyboard").count() == 0
    press(page, "value", 1)
    at(page, "thanks")
    press(page, "action", "write")
    page.locator(".keyboard").wait_for()
    assert page.locator("textarea").input_value() == ""
    key(page, "a")
    assert page.locator("textarea").input_value() == "A"


def test_a_customer_types_at_a_dead_terminal(new_page: NewPage, tmp_path: Path) -> None:
    """Also when the page is loaded anew: the worker kept what had been loaded in an idle moment."""
    with speaking(tmp_path, "de", "en") as (there, box):
        page = new_page(**PI)
        page.goto(there.address)
        kept(page)
        for lang in ("de", "en"):
            kept(page, f"/keyboard/{lang}.json")
        there.die()
        page.reload()
        press(page, "value", 3)
        at(page, "thanks")
        press(page, "action", "write")
        page.locator(".keyboard").wait_for()
        type_by_touch(page, "Schön", "de")
        press(page, "action", "finish")
        at(page, "done")
        there.revive()
        page.evaluate("() => { dispatchEvent(new Event('online')); }")
        assert delivered(box)[0]["answers"]["comment"] == "Schön"


def test_without_its_files_the_native_one_is_let_in(new_page: NewPage, there: Served) -> None:
    page = new_page(**PI, service_workers="block")
    page.route("**/keys.js*", lambda route: route.abort())
    to_comment(page, there.address)
    until(lambda: page.locator("textarea").evaluate("one => one.inputMode") == "")
    page.unroute("**/keys.js*")
    press(page, "action", "back")
    at(page, "thanks")
    press(page, "action", "write")
    page.locator(".keyboard").wait_for()


"""A screen of the visit, as far as its script can tell."""
FIELDS = """() => {
  const main = document.querySelector('main'), form = document.createElement('form');
  form.lang = 'uk', form.className = 'screen', form.dataset.idle = 3600;
  for (const [type, name] of [['text', 'name'], ['email', 'mail'], ['tel', 'phone'], ['text', 'code']]) {
    const field = Object.assign(document.createElement('input'), { type, name, ariaLabel: name });
    if (name === 'code') field.autocapitalize = 'characters';
    if (name === 'name') field.autocapitalize = 'words';
    form.append(field);
  }
  main.replaceChildren(form);
}"""


def test_a_form_with_several_fields(new_page: NewPage, there: Served) -> None:
    """It waits for a touch, shows each field the keys it wants, and goes from one to the next."""
    page = new_page(**PI)
    page.goto(there.address)
    page.evaluate(FIELDS)
    page.wait_for_timeout(300)
    assert page.locator(".keyboard").count() == 0
    page.locator("[name=name]").tap()
    page.locator(".keyboard").wait_for()
    for name in ("ї", "ж", "{space}", "{latin}", "b", "{enter}"):
        key(page, name)
    assert page.locator("[name=name]").input_value() == "Їж B"
    for name in ("a", "{signs}", "_", "{latin}", "@", "b", ".", "n", "o", "{enter}"):
        key(page, name)
    assert page.locator("[name=mail]").input_value() == "a_@b.no"
    for name in ("+", "4", "7", "{enter}"):
        key(page, name)
    assert page.locator("[name=phone]").input_value() == "+47"
    for name in ("7", "k", "q", "2"):
        key(page, name)
    assert page.locator("[name=code]").input_value() == "7KQ2"
    key(page, "{enter}")
    expect(page.locator(".keyboard")).to_have_count(0)


ASK_FOR_CONTACT = """lang => {
  const read = document.createElement('template');
  read.innerHTML = Object.values(FRAMES).join('');
  const found = Array.from(read.content.querySelectorAll('template[data-frame=contact]'));
  const shown = found.find(one => one.content.firstElementChild.lang === lang).content.firstElementChild;
  document.querySelector('main').replaceChildren(shown);
  shown.classList.add('still');
}"""
HIDDEN = "one => one.scrollHeight - one.clientHeight"


def test_how_to_be_reached_fits_above_the_keys_in_every_language(new_page: NewPage, tmp_path: Path) -> None:
    """Also when both of what is missing is said."""
    with terminal(tmp_path) as box, served(box) as there:
        screens = {
            f"s-{number}": wire.ScreenManifest("plc", [definition("smiley4")], four, "Oslo", "Europe/Oslo")
            for number, four in enumerate(FOUR_EACH)
        }
        box.standings.take(KeptManifest("", wire.Manifest(screens)))
        page = new_page(**PI, service_workers="block")
        over: dict[str, list[int]] = {}
        for number, four in enumerate(FOUR_EACH):
            page.goto(f"{there.address}/s/s-{number}/")
            for lang in four:
                page.evaluate(ASK_FOR_CONTACT, lang)
                page.locator("#reach").tap()
                page.locator(".keyboard").wait_for()
                screen = page.locator("main > .screen")
                over[lang] = [screen.evaluate(HIDDEN)]
                page.locator(".missing").evaluate_all("all => all.forEach(one => { one.hidden = false; })")
                over[lang].append(screen.evaluate(HIDDEN))
                if lang == "ar":
                    accessible(page)
        assert over == {lang: [0, 0] for four in FOUR_EACH for lang in four}


def test_every_language_has_names_for_its_keys() -> None:
    assert all(all(keyboard.told(lang)["names"].values()) for lang in BUILTIN.languages)
