"""The staff's page in a real browser: by touch, readable for all, and without any script."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kiosk.app import create_app
from tests.terminals import PIN, Served, Visitor, enrolled, sealed, served, set_pin, terminal

NewPage = Callable[..., Page]
SIZES = {"pi": (800, 480), "phone": (375, 812), "laptop": (1440, 900)}
LEAST_MM = {"pi": 5.2, "phone": 5.2, "laptop": 5.9}
"""Pixels of a millimetre of the glass, as in tokens.css."""


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Served]:
    """A terminal that holds five answers, two of them parked."""
    set_pin(tmp_path)
    enrolled(tmp_path)
    with terminal(tmp_path, "scr-1", centre="http://127.0.0.1:9") as box:
        client = create_app(box).test_client()
        for _ in range(5):
            visitor = Visitor(client)
            visitor.press("value", 0)
            visitor.press("action", "finish")
        parked = [(entry["id"], entry["rev"]) for entry in sealed(box)]
        box.outbox.park(parked[:1], "too_long")
        box.outbox.park(parked[1:2], "damaged")
        with served(box) as address:
            yield address


def let_in(page: Page, there: Served) -> None:
    page.goto(f"{there.address}/staff")
    for digit in PIN:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="This terminal")).to_be_visible()


def read_by_all(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("size", "scheme"), [("pi", "light"), ("phone", "dark"), ("laptop", "light")])
def test_staff_come_in_by_touch_and_see_what_waits(new_page: NewPage, there: Served, size: str, scheme: str) -> None:
    glass = dict(zip(("width", "height"), SIZES[size], strict=True))
    page = new_page(viewport=glass, color_scheme=scheme, has_touch=True)
    page.goto(f"{there.address}/staff")
    read_by_all(page)
    for key in page.locator(".keys button").all():
        box = key.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 12 * LEAST_MM[size]
        assert box["y"] + box["height"] <= SIZES[size][1]  # the whole pad is on the glass
    let_in(page, there)
    expect(page.get_by_text("3 answers wait to be sent")).to_be_visible()
    expect(page.get_by_text("1 answer: a comment longer than head office takes.")).to_be_visible()
    read_by_all(page)


def test_the_pin_can_be_typed_on_a_keypad(new_page: NewPage, there: Served) -> None:
    page = new_page(locale="ar")
    page.goto(f"{there.address}/staff")
    for number, key in enumerate(["9", "Backspace", *PIN]):
        page.keyboard.press(key)
        expect(page.locator(".typed")).to_have_text("●" * (number - 1) if number > 1 else ["●", "–"][number])
    row = [button.inner_text() for button in page.locator(".digits button").all()[:3]]
    left = [box["x"] for button in page.locator(".digits button").all()[:3] if (box := button.bounding_box())]
    assert (row, left) == (["1", "2", "3"], sorted(left))  # fingers know a PIN by its place
    page.keyboard.press("Enter")
    expect(page.locator(".digits")).to_have_count(0)


def test_it_all_works_without_a_script(new_page: NewPage, there: Served) -> None:
    page = new_page(java_script_enabled=False)
    let_in(page, there)
    page.get_by_role("button", name="Try the parked ones again").click()
    expect(page.get_by_role("status")).to_contain_text("They are in the queue again.")
    expect(page.get_by_text("4 answers wait to be sent")).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("[data-screen=ask]")).to_be_visible()
    page.goto(f"{there.address}/staff")
    expect(page.get_by_role("heading", name="The PIN, please")).to_be_visible()


SECTIONS = {
    "Test": "Try the screen out",
    "Language": "Language",
    "Stick": "Carry it to head office",
    "Pairing": "Pair this screen",
}


@pytest.mark.parametrize("size", ["pi", "phone"])
def test_every_section_is_for_fingers_and_for_all(new_page: NewPage, there: Served, size: str) -> None:
    page = new_page(viewport=dict(zip(("width", "height"), SIZES[size], strict=True)), has_touch=True)
    let_in(page, there)
    for name, title in SECTIONS.items():
        page.goto(f"{there.address}/staff")
        page.get_by_role("link", name=name, exact=True).tap()
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        read_by_all(page)
        for control in page.locator("main button, .tabs a").all():
            box = control.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 9 * LEAST_MM[size], control.inner_text()


def test_staff_read_it_in_their_language(new_page: NewPage, there: Served) -> None:
    page = new_page(viewport={"width": 800, "height": 480})
    let_in(page, there)
    page.goto(f"{there.address}/staff/language")
    page.locator("form", has=page.get_by_role("heading", name="Of these pages")).get_by_text("العربية").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.goto(f"{there.address}/staff")
    expect(page.get_by_text("3 إجابات تنتظر الإرسال")).to_be_visible()
    read_by_all(page)


def test_staff_try_it_and_leave_without_a_trace(new_page: NewPage, there: Served) -> None:
    page = new_page(viewport={"width": 800, "height": 480})
    let_in(page, there)
    page.goto(f"{there.address}/staff/test")
    page.get_by_role("button", name="Begin a test").click()
    band = page.get_by_text("Test: answers don’t count")
    expect(band).to_be_visible()
    page.goto(f"{there.address}/staff/test")
    expect(page.get_by_text("The test goes on until")).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("[data-screen=ask]")).to_be_visible()
    expect(band).to_have_count(0)


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Served]:
    """A terminal on its first day; head office does not answer."""
    with terminal(tmp_path, centre="http://127.0.0.1:9") as box, served(box) as address:
        yield address


@pytest.mark.parametrize(("size", "scripted"), [("pi", True), ("phone", True), ("pi", False)])
def test_a_new_terminal_is_paired_by_touch(new_page: NewPage, new: Served, size: str, scripted: bool) -> None:
    glass = dict(zip(("width", "height"), SIZES[size], strict=True))
    page = new_page(viewport=glass, has_touch=True, java_script_enabled=scripted)
    page.goto(f"{new.address}/")
    if scripted:
        read_by_all(page)
    for key in "AB9DEF0":
        page.get_by_role("button", name=key, exact=True).tap()
    page.get_by_role("button", name="Delete the last character").tap()
    for key in "GH":
        page.get_by_role("button", name=key, exact=True).tap()
    expect(page.get_by_label("Code")).to_have_value("AB9D-EFGH")
    page.get_by_role("button", name="Pair").tap()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_label("Code")).to_have_value("AB9D-EFGH")
    page.get_by_role("button", name="Ask the question meanwhile").tap()
    expect(page.locator("[data-screen=ask]")).to_be_visible()


def test_a_keyboard_pairs_it_too(new_page: NewPage, new: Served) -> None:
    page = new_page()
    page.goto(f"{new.address}/")
    page.keyboard.type("oil-abcde")
    expect(page.get_by_label("Code")).to_have_value("011A-BCDE")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
