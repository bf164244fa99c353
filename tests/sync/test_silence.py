"""Nobody answers: chance, or a screen that is covered up? By tables, without a database."""

import math
from random import Random

import pytest

from sync.office.silence import HOUR_MS, UNLIKELY, WEEK_HOURS, Pattern, Verdict, judge

NOW_H = 4_000 * 24 + 12
"""A noon, in hours; the place's clock shows UTC."""


def shop(hour: int) -> bool:
    return 9 <= hour % 24 < 18


def weeks(a_hour: float, n: int = 4) -> Pattern:
    """So many answers in every open hour of the last n weeks."""
    hours = [hour for hour in range(NOW_H - n * WEEK_HOURS - 24, NOW_H) if shop(hour)]
    counts = {hour: int(a_hour) for hour in hours}
    return Pattern(counts, hours[0])


def asked(pattern: Pattern, since_h: float, now_h: float = NOW_H) -> Verdict:
    times = round(since_h * HOUR_MS), round(now_h * HOUR_MS)
    return judge(pattern, *times, lambda ms: ms // HOUR_MS, lambda ms: shop(ms // HOUR_MS))


@pytest.mark.parametrize(
    ("a_hour", "since", "silent"),
    [
        (7, 1.0, True),
        (7, 0.9, False),
        (3, 2.0, False),
        (3, 2.4, True),
        (3, 2.9, True),  # nine in the morning, just opened
        (2, 3 + 24 * 0 + 15, False),  # since yesterday evening at six: three hours open
        (2, 3 + 15 + 0.5, True),  # half an hour of yesterday as well
        (1, 24.0, True),  # nine open hours
        (0, 300.0, False),  # nobody ever answers there
    ],
)
def test_none_where_many_are_usual(a_hour: int, since: float, silent: bool) -> None:
    assert asked(weeks(a_hour), NOW_H - since).is_silent(NOW_H * HOUR_MS) is silent


def test_what_is_usual_is_told() -> None:
    assert asked(weeks(7), NOW_H - 2).usual == pytest.approx(14)
    assert asked(weeks(7), NOW_H - 2.5).due_ms == round((NOW_H - 2.5 + UNLIKELY / 7) * HOUR_MS)


def test_a_closed_night_makes_nobody_silent() -> None:
    for now in (NOW_H - 12, NOW_H - 4, NOW_H - 3):
        assert not asked(weeks(20), NOW_H - 18.3, now).is_silent(now * HOUR_MS)


@pytest.mark.parametrize(("n", "judged"), [(1, False), (2, True), (3, True)])
def test_nothing_is_said_before_two_weeks(n: int, judged: bool) -> None:
    assert asked(weeks(30, n), NOW_H - 2).is_silent(NOW_H * HOUR_MS) is judged


def test_saturday_is_compared_with_saturdays() -> None:
    """A touchpoint where people answer on one weekday only is silent on no other."""
    hours = [NOW_H - week * WEEK_HOURS - back for week in range(1, 5) for back in range(3)]
    pattern = Pattern(dict.fromkeys(hours, 10), min(hours))
    assert asked(pattern, NOW_H - 2).is_silent(NOW_H * HOUR_MS)
    assert not asked(pattern, NOW_H - 24 - 2, NOW_H - 24).is_silent((NOW_H - 24) * HOUR_MS)


def test_a_long_silence_stays_one() -> None:
    """It does not become usual: only the weeks before it are asked."""
    pattern = weeks(5)
    for later in (1, 7, 13):
        now = NOW_H + later * 24
        assert asked(pattern, NOW_H, now).is_silent(now * HOUR_MS)


def test_chance_alone_is_called_silence_less_than_once_in_a_thousand() -> None:
    """Customers who come at random, four an hour: how often are λ of them late?"""
    random = Random(7)
    gaps = [random.expovariate(4) for _ in range(200_000)]
    wrong = sum(gap * 4 >= UNLIKELY for gap in gaps) / len(gaps)
    assert wrong == pytest.approx(math.exp(-UNLIKELY), rel=0.2)
    assert wrong < 0.0013
