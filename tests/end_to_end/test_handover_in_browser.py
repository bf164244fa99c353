"""A crew's tablet in a real browser: what comes of each handover arrives, and the crew sees the same whatever it
was."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from kiosk.terminal import Terminal
from tests.end_to_end.test_page_outlives_its_terminal import anchored, came_back, kept
from tests.end_to_end.test_screen_in_browser import until
from tests.handing import WRONG, answer, handing, offer, on, sign_in, tablet, touch
from tests.terminals import PIN, Served, sealed, served

NewPage = Callable[..., Page]
GLASS = {"width": 800, "height": 1280}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with tablet(tmp_path / "tablet") as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    with served(box) as opened:
        yield opened


def entries(box: Terminal, count: int) -> list[dict[str, Any]]:
    """Everything sealed, once there is so much."""
    until(lambda: len(sealed(box)) >= count)
    return sealed(box)


def test_what_comes_of_every_job_is_sealed_once(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page(viewport=GLASS)
    page.goto(there.address)
    sign_in(page)
    offer(page, "A-100")
    answer(page, 3, "They even took the old one away")
    touch(page, "lock")
    sign_in(page)
    offer(page, "A-101")
    touch(page, "decline")
    on(page, "over")
    touch(page, "lock")
    sign_in(page)
    touch(page, "job", "A-102")
    touch(page, "skip")
    on(page, "jobs")
    page.locator("input[name=job]").fill("  b  7 ")
    touch(page, "typed")
    touch(page, "pass")
    touch(page, "speak", "nl")
    page.get_by_role("button", name="Nederlands").wait_for()
    answer(page, 0)
    found = entries(box, 6)
    said, *others = [entry for entry in found if entry["kind"] == "handover"]
    given = [entry for entry in found if entry["kind"] == "response"]
    assert (said["outcome"], said["job"], said["crew"], said["response"]) == ("answered", "A-100", "7", given[0]["id"])
    assert [(entry["outcome"], entry["job"], entry["response"]) for entry in others] == [
        ("declined", "A-101", None), ("skipped", "A-102", None), ("answered", "b 7", given[1]["id"]),
    ]  # fmt: skip
    assert given[0]["mode"] == "handover"
    assert given[0]["handover"]["job"] == "A-100"
    assert 0 < given[0]["handover"]["held_ms"] <= said["held_ms"]
    assert (given[1]["lang"], others[2]["lang"]) == ("nl", "nl")
    assert page.locator("em").all_inner_texts() == []  # over: nothing of the jobs stands there
    touch(page, "lock")
    sign_in(page)
    on(page, "jobs")
    assert page.locator("em").all_inner_texts() == ["Asked", "Asked", "Not asked"]


def test_nobody_gets_in_by_guessing(new_page: NewPage, there: Served) -> None:
    page = new_page(viewport=GLASS)
    page.goto(there.address)
    for _ in range(5):
        sign_in(page, WRONG)
        page.get_by_text("That is not it.").or_(page.get_by_text("The next try counts")).wait_for()
    page.get_by_text("The next try counts in").wait_for()
    sign_in(page, PIN)
    page.wait_for_timeout(100)
    on(page, "locked")
    page.reload()
    page.get_by_text("The next try counts in").wait_for()


@pytest.mark.parametrize("told", [handing(pins=[]), handing(jobs=())])
def test_a_crew_without_a_pin_or_without_jobs_reads_what_to_do(
    new_page: NewPage, tmp_path: Path, told: dict[str, Any]
) -> None:
    with tablet(tmp_path / "own", told) as own, served(own) as here:
        page = new_page(viewport=GLASS)
        page.goto(here.address)
        if not told["pins"]:
            page.get_by_text("head office has set no PIN").wait_for()
        else:
            sign_in(page)
            page.get_by_text("No jobs are known for today.").wait_for()


def test_a_day_without_network_is_a_day_like_any_other(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page(viewport=GLASS)
    page.goto(there.address)
    on(page, "locked")
    anchored(page)
    kept(page)
    page.evaluate("() => Masks.load()")
    sign_in(page)
    there.die()
    offer(page, "A-100")
    answer(page, 3, "Quick and friendly")
    page.reload()
    sign_in(page)
    page.get_by_text("1 waiting to be sent").wait_for()
    assert page.locator("em").all_inner_texts() == ["Asked"]
    offer(page, "A-101")
    touch(page, "have")
    on(page, "ask")
    touch(page, "value", "0")
    on(page, "thanks")
    page.reload()  # the customer is cut off in the middle
    sign_in(page)
    page.get_by_text("2 waiting to be sent").wait_for()
    came_back(there, page)
    found = entries(box, 4)
    told = {(entry["kind"], entry.get("outcome") or entry["ended"]) for entry in found}
    assert told == {("response", "done"), ("response", "left"), ("handover", "answered")}


CREW_SEES = """() => [document.title, location.href, document.documentElement.outerHTML,
  JSON.stringify(localStorage), history.length, document.cookie].join("\\n")"""


def test_the_crew_sees_the_same_after_the_best_and_after_the_worst_answer(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    """Pixels, page, title, address, history and what the browser keeps in clear; and how many frames it took."""
    seen: list[list[bytes | str]] = []
    for value, comment in ((3, ""), (0, "")):
        page = new_page(viewport=GLASS, reduced_motion="reduce")
        page.goto(there.address)
        sign_in(page)
        offer(page, "A-100")
        answer(page, value, comment)
        shown: list[bytes | str] = []
        for step in ("over", "locked", "jobs"):
            on(page, step)
            page.evaluate("() => document.fonts.ready")
            page.wait_for_timeout(150)
            shown += [page.screenshot(animations="disabled"), page.evaluate(CREW_SEES)]
            if step == "over":
                touch(page, "lock")
            elif step == "locked":
                sign_in(page)
        seen.append(shown)
    best, worst = seen
    assert best == worst


TIMED = """() => new Promise((resolve) => {
  const begun = performance.now();
  let frames = 0;
  const watch = () => {
    frames += 1;
    if (document.querySelector(".over")) resolve([performance.now() - begun, frames]);
    else requestAnimationFrame(watch);
  };
  document.querySelector("button[value=finish]").click();
  watch();
})"""


def test_how_long_the_end_takes_tells_nothing(new_page: NewPage, there: Served) -> None:
    """From the last touch to the last screen, by turns for the best and the worst answer in one page: their medians
    differ by less than each of them scatters."""
    page = new_page(viewport=GLASS)
    page.goto(there.address)
    took: dict[int, list[float]] = {0: [], 3: []}
    sign_in(page)
    for number in range(12):
        value = 3 * (number % 2)
        page.locator("input[name=job]").fill(f"N {number}")
        touch(page, "typed")
        touch(page, "pass")
        touch(page, "have")
        touch(page, "value", str(value))
        on(page, "thanks")
        took[value].append(page.evaluate(TIMED)[0])
        touch(page, "lock")
        sign_in(page)
        on(page, "jobs")
    best, worst = (sorted(times) for times in took.values())
    scatter = max(best[-1] - best[0], worst[-1] - worst[0], 1000 / 60)
    assert abs(best[3] - worst[3]) <= scatter
