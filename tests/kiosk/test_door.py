"""The staff's door: who gets in, and how long everybody else has to wait."""

from threading import Event, Thread

import pytest

from kiosk.door import FREE_TRIES, IDLE_S, LONGEST_WAIT_S, MOST_VISITS, Door

PIN = "830516"


class Hours:
    """A clock that stands still until a test moves it."""

    s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Hours:
    return Hours()


@pytest.fixture
def door(clock: Hours) -> Door:
    return Door(PIN.__eq__, clock)


def knock(door: Door, pin: str, token: str | None = None) -> str:
    for digit in pin:
        token = door.press(token, digit)
    return door.press(token, "open")


def test_the_pin_opens_it(door: Door) -> None:
    token = knock(door, PIN)
    assert door.view(token).is_open
    assert not door.view(None).is_open
    assert not door.view("guessed").is_open


@pytest.mark.parametrize("pin", ["", "8", "83051", "8305160", "000000", "٨٣٠٥١٦"])
def test_nothing_else_does(door: Door, pin: str) -> None:
    assert not door.view(knock(door, pin)).is_open


def test_what_was_typed_can_be_cleared(door: Door) -> None:
    token = knock(door, "999", None)
    assert door.view(token).was_wrong
    for key in ("1", "2", "x", "10", ""):
        door.press(token, key)
    assert (door.view(token).typed, door.view(token).was_wrong) == (2, False)
    door.press(token, "clear")
    assert door.view(knock(door, PIN, token)).is_open


def test_a_visit_ends_five_idle_minutes_after_the_last_touch(door: Door, clock: Hours) -> None:
    token = knock(door, PIN)
    clock.s += IDLE_S - 1
    assert door.view(token).is_open
    clock.s += IDLE_S - 1
    assert door.view(token).is_open
    clock.s += IDLE_S
    assert not door.view(token).is_open


def test_leaving_ends_it_at_once(door: Door) -> None:
    token = knock(door, PIN)
    door.leave(token)
    door.leave(None)
    assert not door.view(token).is_open


def test_each_wrong_one_waits_longer_than_the_last(door: Door, clock: Hours) -> None:
    waits = []
    for _ in range(12):
        waits.append(door.view(knock(door, "000000")).wait_s)
        clock.s += waits[-1]
    assert FREE_TRIES == 5
    assert waits == [0] * (FREE_TRIES - 1) + [30, 60, 120, 240, 480] + [LONGEST_WAIT_S] * 3
    # Who tries one after the other needs years on average for six digits, and weeks for four.
    assert 10**4 / 2 * LONGEST_WAIT_S > 50 * 86_400


def test_while_it_waits_not_even_the_right_one_counts_from_any_browser(door: Door, clock: Hours) -> None:
    for _ in range(FREE_TRIES):
        knock(door, "000000")
    assert not door.view(knock(door, PIN)).is_open
    clock.s += 30
    assert door.view(knock(door, PIN)).is_open
    assert knock(door, "000000")
    assert door.view(None).wait_s == 0  # the right one in between began anew


def test_a_crowd_at_the_door_pushes_nobody_out_who_is_inside(door: Door, clock: Hours) -> None:
    inside = knock(door, PIN)
    for _ in range(10 * MOST_VISITS):
        clock.s += 0.01
        door.press(None, "1")
    assert door.view(inside).is_open


def test_a_flood_of_tries_is_looked_at_one_by_one_and_keeps_nobody_waiting(clock: Hours) -> None:
    """A hash takes long on a small machine: meanwhile the others are answered at once, and are no tries."""
    looking, go_on, looked_at = Event(), Event(), []

    def slowly(typed: str) -> bool:
        looked_at.append(typed)
        looking.set()
        assert go_on.wait(10)
        return typed == PIN

    door = Door(slowly, clock)
    first = Thread(target=knock, args=(door, "1111"))
    first.start()
    assert looking.wait(10)
    inside = knock(door, PIN)
    for _ in range(20):
        knock(door, "2222")
    assert looked_at == ["1111"]
    assert (door.view(inside).is_open, door.view(inside).typed, door.view(inside).wait_s) == (False, len(PIN), 0)
    go_on.set()
    first.join(10)
    door.press(inside, "open")
    assert door.view(inside).is_open
