"""The staff's page in a real browser: by touch, readable for all, and without any script."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kiosk.app import create_app
from tests.terminals import PIN, Served, Visitor, sealed, served, set_pin, terminal

NewPage = Callable[..., Page]
SIZES = {"pi": (800, 480), "phone": (375, 812), "laptop": (1440, 900)}
LEAST_MM = {"pi": 5.2, "phone": 5.2, "laptop": 5.9}
"""Pixels of a millimetre of the glass, as in tokens.css."""


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Served]:
    """A terminal that holds five answers, two of them parked."""
    set_pin(tmp_path)
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
