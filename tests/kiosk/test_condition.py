"""What `smilepost kiosk status` says to somebody who stands beside the terminal."""

from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from kiosk import audits, condition

NOW = datetime(2026, 3, 3, 15, 30, tzinfo=ZoneInfo("Europe/Oslo"))
CENTRE = "https://feedback.example.com"


def ms(hour: int, minute: int, day: int = 3) -> int:
    return int(NOW.replace(day=day, hour=hour, minute=minute).timestamp() * 1000)


WELL: dict[str, Any] = {
    "running": True,
    "address": "http://127.0.0.1:8321/",
    "centre": CENTRE,
    "places": {"scr-1": "Oslo"},
    "enrolled": True,
    "pending": 0,
    "parked": 0,
    "in_pages": (0, 0),
    "oldest_pending_ms": None,
    "last_success_ms": ms(15, 29),
    "last_error": None,
    "storage": None,
    "aside": 0,
    "damaged": 0,
    "free_bytes": 13_240_000_000,
    "clock_synced": True,
}


def said(**otherwise: object) -> list[str]:
    return condition.sentences({**WELL, **otherwise}, NOW)


def test_all_is_well() -> None:
    assert said() == [
        "The terminal is running; its screen is at http://127.0.0.1:8321/.",
        "It stands at Oslo.",
        "Nothing waits to be sent.",
        f"Head office at {CENTRE} answers, last at 15:29.",
        "13.2 GB of its disk are free.",
        "Its clock is kept right by the network.",
    ]


def test_a_card_in_another_box_and_a_loss_are_said() -> None:
    assert "Its card was put into another box, or copied" in said(moved=True)[1]
    assert "3 answers are lost: no longer here, and not at head office." in said(lost=3)
    assert "1 answer is lost: no longer here, and not at head office." in said(lost=1)


def test_a_day_without_a_network() -> None:
    told = said(
        pending=12,
        oldest_pending_ms=88 * 60_000,
        last_error="head office does not answer",
        last_success_ms=ms(23, 5, 2),
    )
    assert "12 answers wait to be sent, since 14:02." in told
    assert f"Head office does not answer ({CENTRE}). It answered last at 23:05 on 2 March." in told


@pytest.mark.parametrize(
    ("otherwise", "sentence"),
    [
        ({"running": False}, f"Head office is {CENTRE}; whether it answers is known when the terminal runs."),
        ({"running": False}, "The terminal is not running: `smilepost kiosk run` starts it."),
        ({"running": False, "in_pages": None}, "What the pages of its screens still keep is known only while it runs."),
        (
            {"in_pages": (3, 90_000_000)},
            "It has been waiting for more than a day: bring that screen to its network, or save what waits in it as a "
            "file.",
        ),
        (
            {"away": 2},
            "2 screens were not heard of for more than a day: what they took since then waits in them.",
        ),
        ({"enrolled": False}, "It is not enrolled yet: `smilepost kiosk enrol CODE` brings it to its place."),
        ({"places": {}}, "It is enrolled; head office has not told it yet where it stands."),
        ({"places": {"scr-1": "Oslo", "scr-2": "Oslo"}}, "It stands at Oslo with 2 screens."),
        ({"pending": 1, "oldest_pending_ms": 0}, "1 answer waits to be sent, since 15:30."),
        ({"parked": 1}, "1 answer is kept here that head office could not take."),
        ({"parked": 1_200}, "1,200 answers are kept here that head office could not take."),
        ({"centre": None}, 'No head office is named yet: the key "centre" in [kiosk] is its address.'),
        ({"last_success_ms": None}, f"Head office is {CENTRE}; it was not asked yet since the terminal was started."),
        (
            {"last_success_ms": None, "last_error": "head office is busy"},
            f"Head office is busy ({CENTRE}). It has not answered since the terminal was started.",
        ),
        ({"free_bytes": 42_000_000}, "Only 42 MB of its disk are free."),
        (
            {"storage": "full"},
            "The disk is full: until there is room again, no more answers are kept than room was put aside for.",
        ),
        ({"storage": "failing", "free_bytes": None}, "The disk fails: no answer can be kept until it works again."),
        (
            {"aside": 1, "damaged": 2},
            "A damaged file was moved aside (outbox-aside-… in the data folder); what could be read of it is back.",
        ),
        ({"aside": 1, "damaged": 2}, "2 answers cannot be read any more."),
        ({"free_bytes": 420_000_000}, "420 MB of its disk are free."),
        (
            {"clock_synced": False},
            "Its clock is not kept right by the network; head office corrects the times when answers arrive.",
        ),
    ],
)
def test_what_else_there_is_to_say(otherwise: dict[str, object], sentence: str) -> None:
    assert sentence in said(**otherwise)


def test_why_answers_are_kept_here() -> None:
    told = said(parked=4, parked_codes={"off_scale": 1, "server_error": 3})
    at = told.index("4 answers are kept here that head office could not take.")
    assert told[at + 1 : at + 3] == [
        "  3 answers: head office stumbled over it; tried again by itself when its version changes.",
        "  1 answer: an answer outside of its question’s scale.",
    ]


def test_a_manifest_that_cannot_be_used() -> None:
    told = said(manifest_error="it cannot be read", last_error="the manifest cannot be used (it cannot be read)")
    assert f"Head office at {CENTRE} answers, last at 15:29." in told
    assert (
        "What head office says of its screens cannot be used (it cannot be read); it goes on with what it was told "
        "before."
    ) in told


@pytest.mark.parametrize("why", [*get_args(audits.Why)])
def test_an_audit_that_is_under_way(why: str) -> None:
    assert [line for line in said(audit=why) if line.startswith("Head office is being asked which answers it misses")]
