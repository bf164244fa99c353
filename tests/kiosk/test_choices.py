"""What staff choose for their own terminal: to try its screens out, and the language that they begin in."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.app import create_app
from kiosk.choices import SCREENS, TEST_MS, Choices
from kiosk.screens import SCREEN_HEADER
from kiosk.terminal import Terminal
from sync.survey import BUILTIN
from tests.deliveries import PageClock
from tests.terminals import Hands, Visitor, full_disk, sealed, terminal

BAND = "Test: answers don’t count"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "scr-1", "scr-2") as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def choices(box: Terminal) -> Choices:
    return box.standings.choices


def were_tests(box: Terminal) -> list[bool]:
    return [entry["test"] for entry in sealed(box)]


def pass_ms(box: Terminal, ms: int) -> None:
    assert isinstance(box.clock, Hands)
    box.clock.ahead_ms += ms


def visit(visitor: Visitor, box_is_steady: bool = True) -> None:
    """From the face to the end, the band on every screen or on none."""
    marked = BAND in visitor.page.texts
    for name, value, typed in (
        ("value", 0, None), ("toggle", "waiting", None), ("action", "write", None), ("action", "finish", "Long queue"),
    ):  # fmt: skip
        visitor.press(name, value, typed)
        if visitor.page.screen != "done" or box_is_steady:
            assert (BAND in visitor.page.texts) is marked, visitor.page.screen


def test_staff_try_the_screen_out_and_nothing_counts(box: Terminal, client: FlaskClient) -> None:
    visit(Visitor(client))
    choices(box).test()
    visitor = Visitor(client)
    assert BAND in visitor.page.texts
    visit(visitor)
    choices(box).end_test()
    visitor = Visitor(client)
    assert BAND not in visitor.page.texts
    visit(visitor)
    assert were_tests(box) == [False, True, False]


def test_every_screen_of_the_box_is_marked_and_loads_itself_anew(box: Terminal, client: FlaskClient) -> None:
    before = client.get("/s/scr-2/clock").json
    choices(box).test()
    assert BAND in unescape(client.get("/s/scr-2/").text)
    assert client.get("/s/scr-2/clock").json["shows"] != before["shows"]  # type: ignore[index]
    choices(box).end_test()
    assert client.get("/s/scr-2/clock").json["shows"] == before["shows"]  # type: ignore[index]


def test_a_test_ends_by_itself(box: Terminal, client: FlaskClient) -> None:
    choices(box).test()
    pass_ms(box, TEST_MS - 1000)
    (left_ms,) = re.findall('class="testing" data-ms="([0-9]+)"', client.get("/").text)
    assert 0 < int(left_ms) <= 1000
    pass_ms(box, 1000)
    assert BAND not in unescape(client.get("/").text)


def test_a_restart_ends_it(tmp_path: Path) -> None:
    with terminal(tmp_path) as box:
        choices(box).test()
    with terminal(tmp_path) as box:
        assert BAND not in Visitor(create_app(box).test_client()).page.texts


def test_what_counts_is_what_the_page_showed_when_it_was_touched(box: Terminal, client: FlaskClient) -> None:
    """Without script, the test begins or ends while somebody stands before the screen."""
    customer = Visitor(client)
    choices(box).test()
    visit(customer, box_is_steady=False)
    staff = Visitor(client)
    choices(box).end_test()
    visit(staff, box_is_steady=False)
    assert were_tests(box) == [False, True]


def test_a_page_says_for_itself_whether_it_was_a_test(box: Terminal, client: FlaskClient) -> None:
    """With script, and whatever the terminal believes by then."""
    clock = PageClock()
    clock.heard(clock.now_ms(), client.get("/clock").json)
    choices(box).test()
    for is_test in (False, True):
        record = clock.record(box.new_id(), 1, {BUILTIN.first.id: 3}, "done", clock.now_ms())
        told = clock.delivery({**record, "test": is_test})
        assert client.post("/late", json=told, headers={"Origin": "http://localhost"}).json["held"]  # type: ignore[index]
    assert were_tests(box) == [False, True]


def test_the_worker_keeps_no_page_of_a_test(box: Terminal, client: FlaskClient) -> None:
    """Shown hours later, while the terminal is dead, it would take a customer's answer for a test."""
    assert client.get("/").headers[SCREEN_HEADER] == "ask"
    choices(box).test()
    assert client.get("/").headers[SCREEN_HEADER] == "test"
    assert client.get("/?copy").headers[SCREEN_HEADER] == "test"


def test_a_place_begins_in_the_language_that_its_staff_chose(tmp_path: Path) -> None:
    with terminal(tmp_path, "scr-1") as box:
        client = create_app(box).test_client()
        assert Visitor(client).page.lang == BUILTIN.languages[0]
        choices(box).speak(SCREENS, "de")
        assert Visitor(client).page.lang == "de"
        assert box.standing().languages[1:3] == BUILTIN.languages[:2]  # type: ignore[union-attr]
        assert box.standings.told(None).languages == BUILTIN.languages  # type: ignore[union-attr]
    with terminal(tmp_path, "scr-1") as box:
        client = create_app(box).test_client()
        assert Visitor(client).page.lang == "de"
        choices(box).speak(SCREENS, "")
        assert Visitor(client).page.lang == BUILTIN.languages[0]


def test_a_language_that_is_not_asked_here_any_more_changes_nothing(box: Terminal) -> None:
    choices(box).speak(SCREENS, "fo")
    assert box.standing() == box.standings.told(None)


def test_while_the_disk_takes_nothing_screens_are_as_head_office_says(tmp_path: Path) -> None:
    with full_disk(), terminal(tmp_path) as box:
        assert choices(box).language(SCREENS) == ""
        assert Visitor(create_app(box).test_client()).page.screen == "ask"
