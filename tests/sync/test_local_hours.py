"""When a place is open: over midnight, and in the nights when the clocks change."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sync.office import local_time

OSLO = "Europe/Oslo"
NIGHT = [[(22 * 60, 28 * 60)]] * 7
"""From 22:00 to 04:00."""


def at(local: str, zone: str = OSLO, fold: int = 0) -> int:
    return round(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def daily(start: int, end: int) -> list[list[tuple[int, int]]]:
    return [[(start, end)]] * 7


@pytest.mark.parametrize(
    ("local", "fold", "hours", "minutes"),
    [
        # Over midnight, on an ordinary night.
        ("2026-03-03T21:59", 0, NIGHT, None),
        ("2026-03-04T03:59", 0, NIGHT, 359),
        ("2026-03-04T04:00", 0, NIGHT, None),
        # The night of 23 hours (Sunday, 29 March: 02:00 becomes 03:00).
        ("2026-03-29T01:59", 0, NIGHT, 239),
        ("2026-03-29T03:00", 0, NIGHT, 240),
        ("2026-03-29T03:59", 0, NIGHT, 299),
        ("2026-03-29T04:00", 0, NIGHT, None),
        # It opens at half past two, which there isn't: when the clock jumps over it.
        ("2026-03-29T01:59", 0, daily(150, 600), None),
        ("2026-03-29T03:00", 0, daily(150, 600), 0),
        ("2026-03-29T03:10", 0, daily(150, 600), 10),
        # It closes at half past two, likewise.
        ("2026-03-29T01:59", 0, daily(60, 150), 59),
        ("2026-03-29T03:00", 0, daily(60, 150), None),
        # The night of 25 hours (Sunday, 25 October: 03:00 becomes 02:00 once more).
        ("2026-10-25T02:30", 0, NIGHT, 270),
        ("2026-10-25T02:30", 1, NIGHT, 330),
        ("2026-10-25T03:59", 0, NIGHT, 419),
        # Open once it opened, and closed only when its hour has come for the last time.
        ("2026-10-25T02:15", 0, daily(150, 600), None),
        ("2026-10-25T02:45", 0, daily(150, 600), 15),
        ("2026-10-25T02:15", 1, daily(150, 600), 45),
        ("2026-10-25T02:15", 1, daily(60, 150), 135),
        ("2026-10-25T02:30", 1, daily(60, 150), None),
        # A whole day is one stretch with the next: midnight is no opening.
        ("2026-03-03T00:05", 0, daily(0, 1440), 1440),
        ("2026-03-29T00:00", 0, daily(0, 1440), 1440),
    ],
)
def test_how_long_it_has_been_open(
    local: str, fold: int, hours: list[list[tuple[int, int]]], minutes: int | None
) -> None:
    ms = at(local, fold=fold)
    assert local_time.open_for(ms, OSLO, hours) == minutes
    assert local_time.is_open(ms, OSLO, hours) == (minutes is not None)


def test_a_midnight_that_there_is_not() -> None:
    """In Cairo the clock jumps from 24:00 to 01:00 (24 April 2026)."""
    hours = daily(0, 1440)
    for local in ("2026-04-23T23:59", "2026-04-24T01:00"):
        assert local_time.open_for(at(local, "Africa/Cairo"), "Africa/Cairo", hours) == 1440


def test_the_grace_reaches_over_midnight() -> None:
    """People are let in ten minutes before a shop opens at five past midnight, which is the evening before."""
    tuesdays_only: list[list[tuple[int, int]]] = [[], [(5, 60)], [], [], [], [], []]
    ms, grace_ms = at("2026-03-02T23:55"), 15 * 60_000
    assert not local_time.is_open(ms, OSLO, tuesdays_only)
    assert local_time.is_open(ms, OSLO, tuesdays_only, grace_ms)
    assert not local_time.is_open(ms - grace_ms, OSLO, tuesdays_only, grace_ms)
    assert local_time.is_open(at("2026-03-03T01:10"), OSLO, tuesdays_only, grace_ms)
    assert not local_time.is_open(at("2026-03-10T23:55"), OSLO, tuesdays_only, grace_ms)


def test_nobody_is_open_in_a_week_without_hours() -> None:
    assert local_time.open_for(at("2026-03-03T12:00"), OSLO, [[]] * 7) is None
    assert local_time.is_open(at("2026-03-03T12:00"), OSLO, None)
