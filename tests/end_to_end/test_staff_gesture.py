"""The staff's way to their page from a customer's screen, and their test of it, in a real browser."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kiosk.choices import TEST_MS
from kiosk.terminal import Terminal
from tests.terminals import Hands, Served, sealed, served, set_pin, terminal

NewPage = Callable[..., Page]
WIDTH, HEIGHT = 800, 480
LEFT, RIGHT = (10, 10), (WIDTH - 10, 10)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    set_pin(tmp_path)
    with terminal(tmp_path, "scr-1") as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    with served(box) as opened:
        yield opened


@pytest.fixture
def page(new_page: NewPage, there: Served) -> Page:
    """The question, on the Pi's 7-inch glass."""
    opened = new_page(viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True)
    opened.goto(f"{there.address}/")
    return opened


def touch(page: Page, *places: tuple[int, int]) -> None:
    for x, y in places:
        page.touchscreen.tap(x, y)


def test_the_corners_in_turn_lead_to_the_staffs_page_and_back(page: Page) -> None:
    touch(page, LEFT, RIGHT, LEFT, RIGHT)
    expect(page.get_by_role("heading", name="The PIN, please")).to_be_visible()


def test_also_in_the_middle_of_a_visit(page: Page) -> None:
    page.locator("button[value='0']").tap()
    page.locator(".chips").wait_for()
    touch(page, (WIDTH // 2, 5), LEFT, RIGHT, LEFT, RIGHT)
    expect(page.get_by_role("heading", name="The PIN, please")).to_be_visible()


@pytest.mark.parametrize(
    "places",
    [
        (LEFT, RIGHT, LEFT),
        (RIGHT, LEFT, RIGHT, LEFT),
        (LEFT, RIGHT, (WIDTH // 2, 5), LEFT, RIGHT),
        (LEFT, LEFT, RIGHT, RIGHT, LEFT, LEFT, RIGHT, RIGHT),
    ],
)
def test_anything_else_does_not(page: Page, places: tuple[tuple[int, int], ...]) -> None:
    touch(page, *places)
    page.wait_for_timeout(100)
    assert page.locator("[data-screen=ask]").is_visible()


def test_taken_slowly_it_leads_nowhere(page: Page) -> None:
    page.clock.install()
    for place in (LEFT, RIGHT, LEFT):
        touch(page, place)
        page.clock.run_for(2000)
    touch(page, RIGHT)
    page.clock.run_for(1000)
    assert page.locator("[data-screen=ask]").is_visible()


def test_while_the_terminal_is_dead_the_screen_stays(page: Page, there: Served) -> None:
    there.die()
    touch(page, LEFT, RIGHT, LEFT, RIGHT)
    page.wait_for_timeout(200)
    assert page.locator("[data-screen=ask]").is_visible()
    there.revive()


def test_a_child_finds_nothing_there(page: Page) -> None:
    """2,000 touches anywhere, a third of them along the upper edge."""
    chance = random.Random(2026)
    spots = [
        (chance.uniform(0, WIDTH), chance.uniform(0, HEIGHT if chance.random() < 0.67 else 80)) for _ in range(2000)
    ]
    page.evaluate(
        """(spots) => {
          for (const [clientX, clientY] of spots) {
            const target = document.elementFromPoint(clientX, clientY) || document.body;
            for (const kind of ["pointerdown", "pointerup"]) {
              target.dispatchEvent(new PointerEvent(kind, { clientX, clientY, isPrimary: true, bubbles: true }));
            }
          }
        }""",
        spots,
    )
    page.wait_for_timeout(300)
    assert page.url.endswith("/")
    page.locator("button[value='3']").tap()
    page.locator(".chips").wait_for()


def test_a_test_is_marked_from_the_face_to_the_end_and_ends_by_itself(page: Page, box: Terminal) -> None:
    box.standings.choices.test()
    page.clock.install()
    page.reload()
    band = page.get_by_text("Test: answers don’t count")
    expect(band).to_be_visible()
    page.locator("button[value='0']").tap()
    page.locator(".chips").wait_for()
    assert isinstance(box.clock, Hands)
    box.clock.ahead_ms += TEST_MS
    page.clock.run_for(TEST_MS + 2000)
    page.locator("[data-screen=ask]").wait_for()
    expect(band).to_have_count(0)
    page.locator("button[value='3']").tap()
    page.locator(".chips").wait_for()
    page.locator("button[value=finish]").tap()
    page.locator(".done").wait_for()
    for _ in range(50):
        if len(sealed(box)) == 2:
            break
        page.wait_for_timeout(50)
    assert [entry["test"] for entry in sealed(box)] == [True, False]
