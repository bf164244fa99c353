"""What a chart draws, and what the clock and the words of a place say. No database."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from sync.office import charts, device_words, faces, local_time, words
from sync.office.charts import Axis
from sync.office.counts import Figure, together
from sync.office.delivery import Delivery
from sync.office.delivery import together as delivered
from sync.office.lines import Day
from sync.scores import Difference
from sync.survey import SCALES

SMILEY = SCALES["smiley4"]


def figure(*counts: int, scale: str = "smiley4") -> Figure:
    return Figure(SCALES[scale], counts)


def days(*counts: int) -> list[Day]:
    """Days with so many very happy people."""
    return [Day(index, figure(0, 0, 0, n)) for index, n in enumerate(counts)]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_the_parts_of_a_distribution_fill_it() -> None:
    bars = charts.distribution(figure(1, 2, 3, 4))
    assert [(bar.value, bar.n) for bar in bars] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert [bar.x for bar in bars] == [0, 10, 30, 60]
    assert sum(bar.width for bar in bars) == 100


def test_a_day_without_a_score_breaks_the_line() -> None:
    drawn = charts.spark(days(9, 9, 0, 9, 4, 9, 9), Axis(0, 100), 70, 10)
    assert drawn.lines == ("5,0 15,0", "55,0 65,0")
    assert drawn.dots == ((35, 0),)
    assert drawn.end == (65, 0)


def test_a_line_of_nothing_draws_nothing() -> None:
    assert charts.spark(days(0, 0), Axis(0, 100), 70, 10) == charts.Spark((), (), None)


def test_a_trend_has_a_band_a_line_and_bars() -> None:
    drawn = charts.trend(days(10, 20, 0), Axis(0, 100), 30, 100, 40)
    assert len(drawn.bands) == len(drawn.lines) == 1
    assert [column.bar_height for column in drawn.columns] == [20, 40, 0]
    assert drawn.most == 20


@pytest.mark.parametrize(
    ("scale", "counts", "axis"),
    [
        ("smiley4", [(0, 0, 10, 30)], (80, 100)),
        ("smiley4", [(40, 0, 0, 0)], (0, 100)),
        ("smiley4", [(5, 0, 0, 0), (0, 0, 0, 40)], (90, 100)),  # an early day doesn't set the scale
        ("smiley4", [(5, 0, 0, 5)], (40, 100)),  # unless there is no other
        ("smiley4", [], (0, 100)),
        ("nps11", [(0,) * 10 + (40,)], (80, 100)),
        ("ces7", [(0, 0, 0, 0, 0, 0, 40)], (6, 7)),
    ],
)
def test_an_axis_shows_the_worst_and_the_best(scale: str, counts: list[tuple[int, ...]], axis: tuple[int, int]) -> None:
    assert charts.axis(SCALES[scale], [Figure(SCALES[scale], each) for each in counts]) == axis


def test_what_lies_outside_stays_at_the_edge() -> None:
    assert [Axis(50, 100).y(score, 10) for score in (100, 75, 50, 0)] == [0, 5, 10, 10]


def test_parts_too_small_to_be_shown_are_left_out_of_a_sum() -> None:
    parts = [(0, 0, 0, 10), (3, 0, 0, 1)]
    assert together(SMILEY, parts, singles=True).counts == (3, 0, 0, 11)
    assert together(SMILEY, parts, singles=False).counts == (0, 0, 0, 10)
    assert together(SMILEY, [], singles=True).counts == (0, 0, 0, 0)


def test_several_screens_are_complete_through_the_earliest() -> None:
    healthy, dead, new = Delivery(1, 900), Delivery(1, 300, 1, 310), Delivery(1, unenrolled=1)
    assert delivered([healthy, dead, new]) == Delivery(3, 300, 1, 310, 1)
    assert delivered([healthy, Delivery(1, None)]).complete_ms is None
    assert delivered([]) == Delivery()


@pytest.mark.parametrize("scale", sorted(SCALES))
def test_every_answer_has_a_colour_from_the_worst_to_the_best(scale: str) -> None:
    low, high, _ = SCALES[scale]
    shades = [faces.shade(scale, value) for value in range(low, high + 1)]
    steps = int(shades[0].split("-")[1])
    assert len(set(shades)) == len(shades)
    assert (shades[0], shades[-1]) == (f"ramp-{steps}-0", f"ramp-{steps}-{steps - 1}")


@pytest.mark.parametrize(
    ("now", "minutes"),
    [
        ("2026-03-03T08:59", None),
        ("2026-03-03T09:00", 0),
        ("2026-03-03T20:59", 719),
        ("2026-03-03T21:00", None),
        ("2026-03-07T23:00", 60),  # Saturday, open from 22 to 2 at night
        ("2026-03-08T01:59", 239),
        ("2026-03-08T02:00", None),
    ],
)
def test_a_place_is_open_by_its_own_hours(now: str, minutes: int | None) -> None:
    hours = [[(540, 1260)]] * 5 + [[(1320, 1560)], []]
    assert local_time.open_for(ms(now), "UTC", hours) == minutes


def test_a_place_without_hours_is_always_open() -> None:
    assert local_time.open_for(ms("2026-03-03T03:00"), "UTC", None) == local_time.DAY_MINUTES


def test_the_day_of_a_moment_is_the_places_own() -> None:
    late = ms("2026-03-02T23:30")
    assert local_time.day_of(late, "Europe/Oslo") == local_time.day_of(late, "UTC") + 1
    assert local_time.date_of(local_time.day_of(late, "Europe/Oslo")).isoformat() == "2026-03-03"


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("2026-03-03T09:05", "10:05"),
        ("2026-03-02T22:59", "Mon 23:59"),
        ("2026-02-25T12:00", "Wed 13:00"),
        ("2026-02-24T12:00", "24 Feb 13:00"),
        ("2026-03-03T23:30", "4 Mar 00:30"),
    ],
)
def test_a_moment_is_said_as_shortly_as_it_can_be(then: str, said: str) -> None:
    assert words.moment(ms(then), "Europe/Oslo", ms("2026-03-03T11:00")) == said


def test_numbers_are_written_for_people() -> None:
    assert device_words.answers(1) == "1 answer"
    assert device_words.answers(12_345) == "12,345 answers"
    assert words.score(SCALES["nps11"], -20.4) == "−20"
    assert words.score(SCALES["csat5"], Fraction(171, 2)) == "86 %"
    assert words.score(SCALES["ces7"], Fraction(25, 4)) == "6.3"
    assert words.interval(figure(*[0] * 5, 10, *[0] * 4, 10, scale="nps11")) == "−40 to 40"
    assert words.size(SCALES["smiley4"], Difference(Fraction(-11), -15, -7)) == "11"


@pytest.mark.parametrize(
    ("code", "name"), [("de", "German"), ("pt-BR", "Brazilian Portuguese"), ("zz", "zz"), ("?", "?")]
)
def test_a_language_has_a_name_or_at_least_its_code(code: str, name: str) -> None:
    assert words.language(code).replace("Portuguese (Brazil)", "Brazilian Portuguese") == name
