"""A crew's day on one tablet, from signing in to the letter on the morning after: six jobs, two declined, the network
lost after the second, the browser killed after the fourth, and the network back in the evening."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError
from sqlalchemy import select
from werkzeug.serving import make_server

from kiosk.config import Settings as Gateway
from kiosk.terminal import Terminal
from sync import wire
from sync.app import create_app
from sync.centre import Centre, open_centre, wall_clock_ms
from sync.config import Settings
from sync.intake import enrol
from sync.models import handed_answers, handovers, responses
from sync.office import jobs, local_time, places, settings, subscribing
from sync.office.audit import COMMAND
from sync.office.jobs import Given
from sync.office.pages import briefing_letters
from sync.office.subscribing import Asked
from tests.bad_days import Watch, passes, sender_of
from tests.conftest import BROWSER_ARGS
from tests.end_to_end.test_page_outlives_its_terminal import anchored, kept, main_process, nudge
from tests.end_to_end.test_screen_in_browser import until
from tests.handing import JOBS, answer, offer, on, sign_in, touch
from tests.post_server import Post, post_server
from tests.processes import free_ports
from tests.strictness import Strictness
from tests.terminals import PIN, Hands, Served, sealed, served

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
NOON = 12
GLASS = {"width": 800, "height": 1280}


class Clock:
    """The wall's, until it is put forward."""

    ahead_ms = 0

    def __call__(self) -> int:
        return wall_clock_ms() + self.ahead_ms


def zone_of_noon() -> str:
    """Where it is about noon whenever this runs, so that no day ends in the middle of it."""
    east = (NOON - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/UTC"


@contextmanager
def tablet(browser: Browser, profile: Path) -> Iterator[Page]:
    """A browser the size of a tablet, with a profile that outlives it."""
    strictness = Strictness()
    args = [arg for arg in BROWSER_ARGS if "resolver" not in arg]
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=os.environ.get("SMILEPOST_CHROMIUM", "/usr/bin/chromium"), headless=True, args=args,
        viewport=GLASS, has_touch=True,
    )  # fmt: skip
    yield strictness.watch(context).new_page()
    with suppress(BrowserError):  # of one that was killed there may be nothing left to close
        context.close()
    assert strictness.complaints == []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[Post]:
    """A mail server in a process of its own."""
    with post_server(tmp_path / "mail") as opened:
        yield opened


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock: Clock, boxes: Post) -> Iterator[Centre]:
    told = Settings(
        data=tmp_path / "centre", database_url=database_url, smtp_host="127.0.0.1", smtp_port=boxes.port,
        smtp_security="none", mail_from="Smilepost <feedback@example.com>", public_url="https://hq.example",
    )  # fmt: skip
    opened = open_centre(told, clock)
    yield opened
    opened.db.close()


def test_six_jobs_are_told_of_once_in_the_morning(
    browser: Browser, centre: Centre, clock: Clock, boxes: Post, tmp_path: Path
) -> None:
    zone = zone_of_noon()
    today = local_time.day_of(clock(), zone)
    with centre.db.writing() as tx:
        depot = places.add_location(tx, "Depot Oslo", kind="group", zone=zone)
        van = places.add_location(tx, "Van 12", kind="crew", parent=depot)
        touchpoint = places.add_touchpoint(tx, van, "After installation")
        _, placement = places.add_screen(tx, "Tablet", touchpoint, clock() - HOUR_MS)
        settings.put(tx, van, None, "handover", "true", clock())
        settings.put(tx, van, None, "crew_pin", PIN, clock())
        crew = places.resolved(tx, {van})[van]
        for ref in JOBS:
            jobs.add(tx, COMMAND, crew, Given(ref, today, "Washing machine"), "page", clock())
        team = Asked("team", "daily", van, "van12@example.com", "en")
        subscribing.subscribe(tx, COMMAND, team, centre.secrets, clock())
        code = enrol.new_code(tx, placement, clock())
    app = create_app(centre)
    office = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=office.serve_forever, daemon=True).start()
    (port,) = free_ports(1)
    gateway = Terminal(
        Gateway(data=tmp_path / "gateway", centre=f"http://127.0.0.1:{office.server_port}", input_guard_ms=0,
                public_url=f"http://127.0.0.1:{port}"), Hands(),
    )  # fmt: skip
    sender_of(gateway)._monotonic = Watch()
    try:
        with served(gateway) as there:
            the_day(browser, gateway, there, code, tmp_path / "profile")
    finally:
        gateway.stop()
        office.shutdown()
    what_head_office_holds(centre)
    the_morning(centre, clock, boxes, zone, today)


def the_day(browser: Browser, gateway: Terminal, there: Served, code: str, profile: Path) -> None:
    with tablet(browser, profile) as page:  # the day before
        page.goto(f"{there.address}/pair")
        page.locator("#code").fill(code)
        page.get_by_role("button", name="Pair").click()
        on(page, "locked")
        path = page.evaluate("() => location.pathname")
    with tablet(browser, profile) as page:
        page.goto(f"{there.address}{path}")
        on(page, "locked")
        anchored(page)
        kept(page, path)
        page.evaluate("() => Masks.load()")
        sign_in(page)
        offer(page, JOBS[0])
        answer(page, 3, "They carried it up four stairs")
        touch(page, "lock")
        sign_in(page)
        offer(page, JOBS[1])
        touch(page, "decline")
        on(page, "over")
        until(lambda: len(sealed(gateway)) == 3)
        there.die()  # out of reach of any network
        touch(page, "lock")
        sign_in(page)
        offer(page, JOBS[2])
        answer(page, 0, "The door is scratched")
        touch(page, "lock")
        sign_in(page)
        offer(page, JOBS[3])
        answer(page, 3)
        page.wait_for_timeout(200)  # what was thanked is in its store; the handover's end follows it
        os.kill(main_process(profile), signal.SIGKILL)
    time.sleep(1)
    with tablet(browser, profile) as page:
        page.goto(f"{there.address}{path}")
        sign_in(page)
        page.get_by_text("2 waiting to be sent").wait_for()
        offer(page, JOBS[4])
        touch(page, "decline")
        on(page, "over")
        touch(page, "lock")
        sign_in(page)
        offer(page, JOBS[5])
        answer(page, 2)
        there.revive()  # in the evening
        until(lambda: delivered(page, gateway, 10), 20)
    assert passes(gateway) >= 1


def delivered(page: Page, gateway: Terminal, count: int) -> bool:
    """By itself the page tries every 15 to 30 s."""
    nudge(page)
    page.wait_for_timeout(200)
    return len(sealed(gateway)) == count


def what_head_office_holds(centre: Centre) -> None:
    with centre.db.reading() as tx:
        offered = {row.job: row.outcome for row in tx.execute(select(handovers))}
        given = {row.job for row in tx.execute(select(handed_answers))}
        said = sorted(wire.read_entry(row.body.encode())["answers"]["visit"] for row in tx.execute(select(responses)))
    a, b, c, d, e, f = (ref.casefold() for ref in JOBS)
    assert offered == {a: "answered", b: "declined", c: "answered", d: "answered", e: "declined", f: "answered"}
    assert given == {a, c, d, f}
    assert said == [0, 2, 3, 3]


def the_morning(centre: Centre, clock: Clock, boxes: Post, zone: str, today: int) -> None:
    """Two server processes go their rounds; the letter comes at seven on the crew's own clock, and once."""
    app = create_app(centre)
    posts = [briefing_letters.post(app, centre) for _ in range(2)]
    seven_ms = local_time.moment(today + 1, 7 * 60, zone)
    for minutes, letters in ((-8 * 60, 0), (-1, 0), (0, 1), (1, 1), (600, 1)):
        clock.ahead_ms = seven_ms + minutes * MINUTE_MS + 1_000 - wall_clock_ms()
        for post in posts:
            post.go_round()
        assert len(boxes.letters()) == letters, minutes
    (letter,) = boxes.letters()
    text = " ".join(letter.get_body(("plain",)).get_content().split())
    assert letter["To"] == "van12@example.com"
    assert "Van 12" in letter["Subject"]
    assert "4 customers answered yesterday" in text, text
    assert "Yesterday asked in 6 of 6 jobs (100%). 4 answered, 2 declined" in text, text
    assert "stairs" not in text  # four answers: nobody shall know from which door a word came
    assert "scratched" not in text
