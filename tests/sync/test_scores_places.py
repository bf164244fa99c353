"""Many places and many days side by side: a ranking that trusts volume, how much places differ, what is usual."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.scores import (
    against_usual,
    change,
    difference,
    rank,
    score,
    share,
    share_change,
    shrunken,
    spread,
    usual,
    value,
    weekday,
)
from sync.survey import SCALES

SMILEY, YES = SCALES["smiley4"], SCALES["yesno"]
Counts = tuple[int, int, int, int]
some = st.tuples(*[st.integers(0, 60)] * 4)


def test_a_small_place_is_pulled_to_the_middle() -> None:
    # (100 · 80 + 50 · 95) / 150
    assert shrunken(Fraction(95), 50, Fraction(80), Fraction(100)) == 85
    assert shrunken(Fraction(95), 0, Fraction(80), Fraction(100)) == 80
    assert shrunken(Fraction(95), 50, Fraction(80), Fraction(0)) == 95


@pytest.mark.parametrize(("n", "weight"), [(0, 0), (-1, 5), (5, -1)])
def test_nothing_is_shrunken_by_nothing(n: int, weight: int) -> None:
    with pytest.raises(ValueError, match="n and W are 0 or more"):
        shrunken(Fraction(95), n, Fraction(80), Fraction(weight))


def test_a_ranking_trusts_volume_and_shows_its_formula() -> None:
    oslo, bergen, molde = (10, 20, 70, 300), (1, 1, 3, 27), (0, 0, 1, 9)
    found = rank(
        SMILEY, [("Bergen", bergen), ("Molde", molde), ("Oslo", oslo), ("van 12", (0, 0, 1, 2)), ("new", (0,) * 4)]
    )
    assert [(each.key, each.rank) for each in found.ranked] == [("Bergen", 1), ("Oslo", 2)]
    assert [each.key for each in found.early] == ["Molde"]
    assert found.unshown == ("van 12", "new")
    assert found.average == value(SMILEY, (11, 21, 74, 336))
    assert found.weight == Fraction(400 + 32 + 10, 3)
    own = found.ranked[0]
    assert own.shrunken == (found.weight * found.average + 32 * own.score.value) / (found.weight + 32)


def test_a_little_luck_does_not_lead_a_ranking() -> None:
    busy, lucky, bad = (20, 60, 220, 1200), (0, 0, 4, 27), (300, 300, 300, 300)
    found = rank(SMILEY, [("bad", bad), ("lucky", lucky), ("busy", busy)])
    assert [each.key for each in found.ranked] == ["busy", "lucky", "bad"]
    assert found.ranked[1].score.value > found.ranked[0].score.value


def test_few_answers_cannot_be_subtracted_out_of_a_ranking() -> None:
    oslo, van = (10, 20, 70, 300), (4, 0, 0, 0)
    assert rank(SMILEY, [("Oslo", oslo), ("van", van)]) == rank(SMILEY, [("Oslo", oslo), ("van", (0, 0, 0, 3))])
    whole = rank(SMILEY, [("Oslo", oslo), ("van", van)], singles=True)
    assert whole.average == value(SMILEY, (14, 20, 70, 300))
    assert whole.weight == 202


def test_equal_places_share_a_rank() -> None:
    good, bad = (0, 0, 10, 30), (10, 0, 10, 20)
    found = rank(SMILEY, [("d", bad), ("a", good), ("b", good), ("c", bad), ("e", (40, 0, 0, 0))])
    assert [(each.key, each.rank) for each in found.ranked] == [("a", 1), ("b", 1), ("d", 3), ("c", 3), ("e", 5)]


def test_nothing_to_rank_is_no_average() -> None:
    found = rank(SMILEY, [("van", (0, 0, 0, 0))])
    assert (found.ranked, found.early, found.unshown, found.average, found.weight) == ((), (), ("van",), None, 0)
    assert rank(SMILEY, []).average is None


@given(st.lists(some, max_size=8))
def test_a_shrunken_score_lies_between_its_own_and_the_average(places: list[Counts]) -> None:
    found = rank(SMILEY, list(enumerate(places)))
    assert len(found.ranked) + len(found.early) + len(found.unshown) == len(places)
    for each in found.ranked:
        assert found.average is not None
        assert min(each.score.value, found.average) <= each.shrunken <= max(each.score.value, found.average)
    pulled = [each.shrunken for each in found.ranked]
    assert pulled == sorted(pulled, reverse=True)
    assert [each.rank for each in found.ranked] == [1 + sum(one > own for one in pulled) for own in pulled]


def test_a_day_is_compared_with_the_same_weekday() -> None:
    assert [weekday(day) for day in (0, 3, 4)] == [3, 6, 0]  # 1970-01-01 was a Thursday
    days = {day: (1, 2, 7, 30) if weekday(day) == 1 else (40, 0, 0, 0) for day in range(40)}
    tuesday = 33
    assert weekday(tuesday) == 1
    days[tuesday] = (20, 10, 5, 5)
    norm = usual(SMILEY, days, tuesday)
    assert (norm.counts, norm.days, norm.weeks) == ((4, 8, 28, 120), 4, 4)
    found = against_usual(SMILEY, days, tuesday)
    assert found is not None
    assert found.days == 4
    assert found.usual == norm.score == score(SMILEY, (4, 8, 28, 120))
    assert found.change == difference(found.day, found.usual)
    assert found.change.certain
    assert found.change.value < 0


def test_a_usual_day_rests_on_the_days_there_were() -> None:
    days = {33: (1, 2, 7, 30), 26: (0, 0, 0, 0), 19: (0, 0, 10, 25), 5: (9, 9, 9, 9)}
    norm = usual(SMILEY, days, 33)
    assert (norm.counts, norm.days) == ((9, 9, 19, 34), 2)
    assert usual(SMILEY, days, 33, weeks=2)[:3] == ((0, 0, 10, 25), 1, 2)
    assert usual(SMILEY, {}, 33) == ((0, 0, 0, 0), 0, 4, None)


def test_too_few_answers_are_not_compared_with_the_usual() -> None:
    enough, few = (0, 0, 10, 20), (0, 0, 10, 19)
    assert against_usual(SMILEY, {33: enough, 26: enough}, 33) is not None
    assert against_usual(SMILEY, {33: few, 26: enough}, 33) is None
    assert against_usual(SMILEY, {33: enough, 26: few}, 33) is None
    assert against_usual(SMILEY, {33: few, 26: few}, 33, least=29) is not None
    assert against_usual(SMILEY, {26: enough}, 33) is None
    assert against_usual(SMILEY, {33: enough}, 33) is None
    assert against_usual(SMILEY, {33: (0, 0, 0, 0), 26: enough}, 33, least=0) is None


def test_two_spans_are_compared_only_with_enough_in_both() -> None:
    before, after = (4, 8, 28, 120), (20, 10, 5, 5)
    found = change(SMILEY, before, after)
    one, other = score(SMILEY, after), score(SMILEY, before)
    assert one is not None
    assert other is not None
    assert found == difference(one, other)
    assert change(SMILEY, before, (0, 0, 0, 29)) is None
    assert change(SMILEY, (0, 0, 0, 0), after, least=0) is None


def test_a_reason_moves_among_the_unhappy() -> None:
    found = share_change((10, 100), (40, 100))
    assert found is not None
    assert found.value == 30
    # Newcombe's method 10 for 40/100 and 10/100 ("Interval estimation for the difference between independent
    # proportions", Statistics in Medicine 17, 1998): Wilson's 30.9–49.8 and 5.5–17.4, put together.
    assert (round(found.low, 1), round(found.high, 1)) == (18.3, 40.8)
    assert share_change((10, 29), (40, 100)) is None
    assert share_change((0, 0), (40, 100), least=0) is None


def test_a_share_is_of_what_was_counted() -> None:
    assert share(0, 0) is None
    assert share(3, 4) == score(YES, (1, 3))
    for good in (-1, 5):
        with pytest.raises(ValueError, match=r"a share is of 0 … 4 out of 4 answers"):
            share(good, 4)


def places_around(middle: float, tau: float, sizes: list[int], seed: int) -> list[tuple[int, ...]]:
    random = np.random.default_rng(seed)
    truly = np.clip(random.normal(middle, tau, size=len(sizes)), 1, 99) / 100
    return [(n - good, good) for n, good in zip(sizes, random.binomial(sizes, truly).tolist(), strict=True)]


SIZED = [30, 40, 60, 90, 120, 200, 300, 500, 800, 1500] * 2


@pytest.mark.parametrize("tau", [2.0, 5.0, 10.0])
def test_the_spread_of_places_is_what_chance_does_not_explain(tau: float) -> None:
    held, found = 0, []
    for seed in range(200):
        each = spread(YES, places_around(80, tau, SIZED, seed))
        assert each is not None
        held += each.low <= tau <= each.high
        found.append(each.tau)
    print(f"\ntrue {tau}: mean estimate {np.mean(found):.2f}, interval holds {held} of 200")
    assert held >= 0.93 * 200
    assert abs(float(np.mean(found)) - tau) < 0.15 * tau + 0.3


def test_places_alike_are_not_said_to_differ() -> None:
    certain = 0
    for seed in range(200):
        each = spread(YES, places_around(80, 0, SIZED, seed))
        assert each is not None
        certain += each.certain
    assert certain <= 0.05 * 200


def test_a_spread_needs_three_places_with_enough_answers() -> None:
    enough, few = (0, 0, 10, 20), (0, 0, 10, 19)
    assert spread(SMILEY, [enough, enough, few, few]) is None
    assert spread(SMILEY, []) is None
    found = spread(SMILEY, [enough, enough, enough, few])
    assert found is not None
    assert (found.places, found.tau, found.low) == (3, 0, 0)
    assert not found.certain
    assert spread(SMILEY, [enough, enough, few], least=5) is not None


def test_the_middle_half_is_of_the_scores_as_shown() -> None:
    found = spread(YES, [(100 - good, good) for good in (50, 60, 70, 80, 90)])
    assert found is not None
    assert found.middle == (60, 80)
    assert found.certain
    assert found.low < found.tau < found.high


def test_places_of_equal_answers_are_not_beyond_chance_for_nothing() -> None:
    alike = spread(YES, [(0, 40)] * 5)
    assert alike is not None
    assert (alike.tau, alike.low) == (0, 0)
    assert alike.high > 0
    apart = spread(YES, [(0, 40), (40, 0), (0, 40)])
    assert apart is not None
    assert apart.certain
