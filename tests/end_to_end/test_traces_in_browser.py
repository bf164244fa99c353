"""How the glass is touched: a fault of the glass is told, a person never is, and a child counts once."""

import random
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest
from playwright.sync_api import Page

from kiosk.terminal import Terminal
from sync import wire
from sync.intake import bursts
from sync.office import places
from tests.end_to_end.test_screen_in_browser import NewPage, at, delivered, until
from tests.terminals import Served, sealed, served, terminal

PEOPLE = """([people, wide, high]) => {
  let t = performance.now(), flagged = 0;
  performance.now = () => t;
  const touch = (x, y, contact) => {
    document.dispatchEvent(new PointerEvent("pointerdown", { clientX: x, clientY: y }));
    t += contact;
    document.dispatchEvent(new PointerEvent("pointerup", { clientX: x, clientY: y }));
    flagged += Traces.isGhost();
  };
  for (const touches of people) {
    Traces.rest();
    for (const [wait, x, y, contact] of touches) { t += wait; touch(x, y, contact); }
  }
  return flagged;
}"""


@pytest.fixture
def page(new_page: NewPage, there: Served) -> Page:
    """A screen whose clock stands still until it is told to run."""
    opened = new_page()
    opened.clock.install()
    opened.goto(there.address)
    at(opened, "ask")
    opened.clock.pause_at(opened.evaluate("Date.now() + 1000"))
    return opened


def touch(page: Page, x: float, y: float, contact_ms: int) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.clock.run_for(contact_ms)
    page.mouse.up()


def middle(page: Page, value: int) -> tuple[float, float]:
    face = page.locator(f"button[name=value][value='{value}']").bounding_box()
    assert face
    return face["x"] + face["width"] / 2, face["y"] + face["height"] / 2


def held_flags(box: Terminal) -> list[str]:
    (name,) = box.outbox.drafts_of(None)
    draft = box.draft(name)
    assert draft
    return draft.flags


@pytest.mark.parametrize("interval_ms", [900, 6_000])
def test_a_fault_of_the_glass_is_told_by_its_sixth_touch(page: Page, box: Terminal, interval_ms: int) -> None:
    x, y = middle(page, 2)
    for number in range(1, 7):
        touch(page, x + number % 3 - 1, y + number % 2, 4)
        at(page, "thanks")
        if number == 5:
            until(lambda: box.outbox.drafts_of(None))
            assert held_flags(box) == []
        page.clock.run_for(interval_ms - 4 + (5 if number % 2 else -5))
    until(lambda: held_flags(box) == ["ghost"])


@pytest.mark.parametrize(
    "spoil",
    [lambda n: {"contact_ms": 25}, lambda n: {"aside": 3 * n}, lambda n: {"late_ms": 70 * (n % 2)}],
    ids=["a longer contact", "another place", "another interval"],
)
def test_what_is_no_machine_is_no_fault(page: Page, box: Terminal, spoil: Callable[[int], dict[str, int]]) -> None:
    x, y = middle(page, 2)
    for number in range(1, 9):
        how = {"contact_ms": 4, "aside": 0, "late_ms": 0, **spoil(number)}
        touch(page, x + how["aside"], y, how["contact_ms"])
        at(page, "thanks")
        page.clock.run_for(2_000 + how["late_ms"])
    assert held_flags(box) == []


def a_person(rng: random.Random) -> list[tuple[float, float, float, float]]:
    """(wait, x, y, contact) of each touch: a face, a few reasons, a button; some drum with a finger."""
    x, y = rng.uniform(100, 1180), rng.uniform(250, 600)
    drums = rng.random() < 0.2
    touches = []
    for _ in range(rng.randrange(1, 12)):
        wait = rng.gauss(420, 60) if drums else rng.lognormvariate(7, 0.5)
        touches.append((max(wait, 60), rng.gauss(x, 6), rng.gauss(y, 6), max(rng.gauss(85, 30), 12)))
        if not drums:
            x, y = rng.uniform(100, 1180), rng.uniform(150, 750)
    return touches


def test_three_hundred_people_get_no_flag(page: Page) -> None:
    rng = random.Random(11)
    assert page.evaluate(PEOPLE, [[a_person(rng) for _ in range(300)], 1280, 800]) == 0


def test_the_same_as_a_machine_does_it_gets_one(page: Page) -> None:
    """The recorder sees what it should, so that the people above were really seen."""
    assert page.evaluate(PEOPLE, [[[(700, 500, 400, 5)] * 9], 1280, 800]) == 4


def test_twelve_rapid_clicks_are_one_response(tmp_path: Path, new_page: NewPage) -> None:
    with terminal(tmp_path, input_guard_ms=700) as box, served(box) as there:
        page = new_page()
        page.goto(there.address)
        at(page, "ask")
        page.wait_for_timeout(750)
        x, y = middle(page, 1)
        page.mouse.click(x, y, click_count=12, delay=10)
        at(page, "thanks")
        until(lambda: box.outbox.drafts_of(None))
        page.wait_for_timeout(750)
        page.locator("button[value=finish]").click()
        (entry,) = delivered(box)
        assert entry["answers"]["visit"] == 1
        assert entry["since_prev_ms"] is None


def test_four_minutes_of_a_child_count_once(page: Page, box: Terminal) -> None:
    """It hits what it hits, without ever letting go for long."""
    rng, passed = random.Random(5), 0
    while passed < 240_000:
        wait = rng.randrange(80, 900)
        page.clock.run_for(wait)
        touch(page, rng.uniform(5, 1275), rng.uniform(5, 795), rng.randrange(20, 140))
        passed += wait
    page.clock.run_for(60_000)
    until(lambda: not box.outbox.drafts_of(None))
    newest = {entry["id"]: wire.read_response(wire.encode(entry)) for entry in sealed(box)}
    entries = list(newest.values())
    assert len(entries) > 5
    # The page's clock ran ahead of its terminal's: where each lies, the page says itself.
    at_ms = list(accumulate(entry.since_prev_ms or 0 for entry in entries))
    stamps = [wire.Stamp("page", ms, 0, synced=False) for ms in at_ms]
    taps = [
        bursts.Tap(entry.id, entry.screen, stamp, entry.first_ms, entry.since_prev_ms, entry.pause_ms)
        for entry, stamp in zip(entries, stamps, strict=True)
    ]
    aside = bursts.among(taps) | {e.id for e in entries if (e.since_prev_ms or 10**9) < places.INTERVAL_S * 1000}
    assert [entry.id for entry in entries if entry.id not in aside] == [entries[0].id]
