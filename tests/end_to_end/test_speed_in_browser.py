"""What makes a screen quick, held without a stopwatch: how much goes over the line, that nothing moves once it is
painted, and that a page which is never loaded anew keeps nothing of its visits. `python -m tests.bench paint` has the
times."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from kiosk.terminal import Terminal
from tests.end_to_end.test_page_outlives_its_terminal import kept
from tests.end_to_end.test_screen_in_browser import at, press, until
from tests.fullest import keep_manifest
from tests.meter import Meter, metered
from tests.terminals import Served, terminal
from tests.visitors import WATCH_SHIFTS, counts, visits

NewPage = Callable[..., Page]
FIRST_VIEW, LATER_VIEW = 32_000, 3_000
"""Bytes over the line, headers and all."""
SIZES = {"pi": (800, 480), "ten inches": (1280, 800), "phone": (375, 812)}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    keep_manifest(tmp_path)
    with terminal(tmp_path) as opened:
        yield opened


@pytest.fixture
def meter(there: Served) -> Iterator[Meter]:
    with metered(urlsplit(there.address).port or 0) as opened:
        yield opened


def test_a_first_view_is_small_and_later_ones_are_smaller(new_page: NewPage, meter: Meter) -> None:
    view = new_page(service_workers="block")
    view.goto(meter.address)
    first = meter.since(0) + meter.asked("/sw.js")
    view.close()  # what it loads once it is idle belongs to no later view
    page = new_page()
    page.goto(meter.address)
    kept(page)
    before = meter.since(0)
    page.reload()
    at(page, "ask")
    later = [meter.since(before)]
    for name, value, then in (("value", 0, "thanks"), ("action", "write", "comment"), ("action", "finish", "")):
        before = meter.bytes_down
        press(page, name, value)
        if then:
            at(page, then)
        later.append(meter.since(before))
    print(f"first view {first} bytes, a reload and the steps of a visit {later}")
    assert first <= FIRST_VIEW
    assert max(later) <= LATER_VIEW


def test_without_script_each_step_is_small(new_page: NewPage, meter: Meter) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(meter.address)
    first = meter.since(0)
    later = []
    for name, value, then in (("value", 0, "thanks"), ("action", "write", "comment"), ("action", "back", "thanks")):
        before = meter.bytes_down
        press(page, name, value)
        at(page, then)
        later.append(meter.since(before))
    before = meter.bytes_down
    page.goto(meter.address)
    later.append(meter.since(before))
    print(f"first view {first} bytes, the steps of a visit and the question again {later}")
    assert first <= FIRST_VIEW
    assert max(later) <= LATER_VIEW


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_once_it_is_painted(new_page: NewPage, there: Served, size: str) -> None:
    page = new_page(viewport=dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.add_init_script(WATCH_SHIFTS)
    page.goto(there.address)
    kept(page)
    page.wait_for_timeout(200)
    assert page.evaluate("() => window.shifts") == []
    press(page, "value", 0)
    at(page, "thanks")
    press(page, "action", "write")
    at(page, "comment")
    page.locator("textarea").fill("One till of six was open.")
    press(page, "action", "back")
    at(page, "thanks")
    press(page, "action", "change")
    at(page, "ask")
    press(page, "value", 3)
    at(page, "thanks")
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.shifts") == []


def test_a_page_keeps_nothing_of_its_visits(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.goto(there.address)
    kept(page)
    tools = page.context.new_cdp_session(page)
    visits(page, 20)
    before = counts(tools)
    visits(page, 60)

    def is_as_before() -> bool:  # a fetch or a transaction may still be going on
        return all(after <= before[name] for name, after in counts(tools).items())

    until(is_as_before)
