"""A score is a function of a histogram, and says no more than it knows."""

from collections.abc import Iterator
from fractions import Fraction
from math import comb, prod
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.scores import (
    Score,
    add,
    difference,
    rounded,
    score,
    score_range,
    showing,
    t_quantile,
    value,
    wilson,
)
from sync.survey import SCALES, Scale


def histograms(scale: Scale, least: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    counts = st.tuples(*[st.integers(0, 400)] * (scale.high - scale.low + 1))
    return counts.filter(lambda some: sum(some) >= least)


scales = st.sampled_from(sorted(SCALES))
asked = scales.flatmap(lambda name: st.tuples(st.just(SCALES[name]), histograms(SCALES[name])))
answered = scales.flatmap(lambda name: st.tuples(st.just(SCALES[name]), histograms(SCALES[name], least=1)))


def nps_counts(promoters: int, passives: int, detractors: int) -> list[int]:
    return [0, 0, 0, 0, 0, detractors, 0, 0, passives, 0, promoters]


@pytest.mark.parametrize(
    ("scale", "best_first", "published"),
    [("smiley4", (126, 60, 16, 17), 78), ("smiley5", (51, 23, 12, 2, 4), 81)],
)
def test_the_published_examples_give_the_published_scores(
    scale: str, best_first: tuple[int, ...], published: int
) -> None:
    exact = value(SCALES[scale], best_first[::-1])
    assert exact is not None
    assert rounded(exact) == published


@pytest.mark.parametrize(
    ("scale", "counts", "expected"),
    [
        ("smiley4", (0, 1, 0, 0), Fraction(100, 3)),
        ("smiley4", (1, 0, 0, 1), 50),
        ("smiley5", (0, 0, 0, 1, 0), 75),
        ("nps11", nps_counts(60, 30, 10), 50),
        ("nps11", (1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0), -100),
        ("nps11", (0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0), 0),
        ("csat5", (1, 1, 1, 1, 1), 40),
        ("ces7", (0, 0, 0, 0, 0, 1, 1), Fraction(13, 2)),
        ("yesno", (1, 3), 75),
    ],
)
def test_each_family_has_its_own_score(scale: str, counts: tuple[int, ...], expected: Fraction) -> None:
    assert value(SCALES[scale], counts) == expected


@pytest.mark.parametrize("name", sorted(SCALES))
def test_nothing_counted_is_no_score_and_not_zero(name: str) -> None:
    nothing = [0] * (SCALES[name].high - SCALES[name].low + 1)
    assert value(SCALES[name], nothing) is None
    assert score(SCALES[name], nothing) is None


@pytest.mark.parametrize("counts", [(1, 2, 3), (1, 2, 3, 4, 5), (1, 2, -3, 4), ()])
def test_a_histogram_of_another_scale_is_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a histogram of 0 to 3 has 4 counts"):
        score(SCALES["smiley4"], counts)


@pytest.mark.parametrize(("n", "half_width"), [(10, 39), (20, 28), (50, 18), (100, 13), (200, 9)])
def test_an_nps_is_as_uncertain_as_published(n: int, half_width: int) -> None:
    nps = score(SCALES["nps11"], nps_counts(n * 6 // 10, n * 3 // 10, n // 10))
    assert nps is not None
    assert rounded((nps.high - nps.low) / 2) == half_width


@pytest.mark.parametrize(("good", "n", "low", "high"), [(17, 20, 64, 95), (85, 100, 77, 91), (0, 10, 0, 28)])
def test_a_share_is_as_uncertain_as_published(good: int, n: int, low: int, high: int) -> None:
    assert tuple(map(rounded, wilson(good, n))) == (low, high)


@pytest.mark.parametrize(
    ("df", "table"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, with more decimals
    [(1, 12.706204736), (2, 4.302652730), (5, 2.570581836), (9, 2.262157163), (30, 2.042272456), (100, 1.983971519)],
)
def test_the_quantiles_are_those_of_the_tables(df: int, table: float) -> None:
    assert t_quantile(df) == pytest.approx(table, abs=1e-8)


def test_the_two_ways_to_a_quantile_meet() -> None:
    assert t_quantile(199) > t_quantile(200) > t_quantile(201) > t_quantile(202)
    assert t_quantile(200) - t_quantile(201) == pytest.approx(t_quantile(201) - t_quantile(202), abs=1e-6)
    assert t_quantile(10**7) == pytest.approx(1.959964, abs=1e-6)


def test_five_equal_answers_are_not_certain() -> None:
    best = score(SCALES["smiley4"], (0, 0, 0, 5))
    assert best is not None
    assert best.value == best.high == 100
    assert best.low < 60


@pytest.mark.parametrize(
    ("n", "shown"), [(0, "none"), (4, "none"), (5, "early"), (29, "early"), (30, "full"), (9_000, "full")]
)
def test_what_is_shown_depends_on_how_many_answered(n: int, shown: str) -> None:
    assert showing(n) == shown


def test_two_below_the_usual_is_certain_only_with_enough_answers() -> None:
    def index(times: int, *counts: int) -> Score:
        found = score(SCALES["smiley4"], [times * count for count in counts])
        assert found is not None
        return found

    few = difference(index(1, 5, 5, 20, 70), index(1, 4, 4, 18, 74))
    many = difference(index(100, 5, 5, 20, 70), index(100, 4, 4, 18, 74))
    assert few.value == many.value < 0
    assert not few.certain
    assert many.certain
    assert many.high < 0


@pytest.mark.parametrize(("number", "shown"), [(Fraction(1, 2), 1), (Fraction(-1, 2), 0), (86.49, 86), (86.5, 87)])
def test_only_the_display_rounds(number: Fraction | float, shown: int) -> None:
    assert rounded(number) == shown
    assert rounded(Fraction(25, 4), 1) == Fraction(63, 10)


@given(answered)
def test_a_score_lies_in_its_interval_and_its_range(case: tuple[Scale, tuple[int, ...]]) -> None:
    scale, counts = case
    found = score(scale, counts)
    assert found is not None
    lowest, highest = score_range(scale)
    assert lowest <= found.low <= float(found.value) <= found.high <= highest
    assert found.low < found.high


@given(answered, st.integers(2, 50))
def test_more_of_the_same_keeps_the_score_and_narrows_the_interval(
    case: tuple[Scale, tuple[int, ...]], times: int
) -> None:
    scale, counts = case
    once, often = score(scale, counts), score(scale, [times * count for count in counts])
    assert once is not None
    assert often is not None
    assert often.value == once.value
    assert often.high - often.low < once.high - once.low + 1e-9


@given(answered)
def test_a_better_answer_never_lowers_a_score(case: tuple[Scale, tuple[int, ...]]) -> None:
    scale, counts = case
    lowest = next(index for index, count in enumerate(counts) if count)
    better = list(counts)
    better[lowest] -= 1
    better[min(lowest + 1, len(better) - 1)] += 1
    before, after = value(scale, counts), value(scale, better)
    assert before is not None
    assert after is not None
    assert after >= before


@given(answered)
def test_a_group_of_the_same_place_twice_scores_like_the_place(case: tuple[Scale, tuple[int, ...]]) -> None:
    scale, counts = case
    assert value(scale, add([counts, counts])) == value(scale, counts)


@given(answered)
def test_nothing_differs_from_itself(case: tuple[Scale, tuple[int, ...]]) -> None:
    found = score(*case)
    assert found is not None
    assert difference(found, found).value == 0
    assert not difference(found, found).certain


@given(asked)
def test_the_order_of_adding_does_not_matter(case: tuple[Scale, tuple[int, ...]]) -> None:
    _, counts = case
    other = counts[::-1]
    assert add([counts, other]) == add([other, counts])


def all_histograms(n: int, values: int) -> Iterator[tuple[int, ...]]:
    if values == 1:
        yield (n,)
        return
    for first in range(n + 1):
        for rest in all_histograms(n - first, values - 1):
            yield (first, *rest)


def chance(counts: tuple[int, ...], shares: tuple[float, ...]) -> float:
    ways, left = 1, sum(counts)
    for count in counts:
        ways, left = ways * comb(left, count), left - count
    return ways * prod(share**count for share, count in zip(shares, counts, strict=True))


SHOPS = {
    "most are very happy": (0.02, 0.03, 0.10, 0.85),
    "nearly all are very happy": (0.01, 0.01, 0.03, 0.95),
    "split": (0.40, 0.10, 0.10, 0.40),
    "bad": (0.60, 0.20, 0.15, 0.05),
}


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("shop", sorted(SHOPS))
def test_the_interval_of_an_index_holds_what_it_promises(shop: str, n: int) -> None:
    """Exactly: over every histogram that n answers can give."""
    scale, shares = SCALES["smiley4"], SHOPS[shop]
    truth = sum(100 / 3 * index * share for index, share in enumerate(shares))
    covered = 0.0
    for counts in all_histograms(n, 4):
        found = score(scale, counts)
        assert found is not None
        covered += chance(counts, shares) * (found.low <= truth <= found.high)
    assert covered >= 0.948


def drawn(random: Random, shares: tuple[float, ...], n: int) -> list[int]:
    picks = random.choices(range(len(shares)), shares, k=n)
    return [picks.count(index) for index in range(len(shares))]


@pytest.mark.parametrize(
    ("name", "shares", "truth"),
    [
        ("nps11", (0.02,) * 5 + (0.0, 0.0, 0.15, 0.15, 0.2, 0.4), 50.0),
        ("csat5", (0.05, 0.05, 0.05, 0.25, 0.60), 85.0),
        ("ces7", (0.05, 0.05, 0.05, 0.05, 0.1, 0.2, 0.5), 5.7),
        ("yesno", (0.3, 0.7), 70.0),
    ],
)
@pytest.mark.parametrize("n", [10, 50])
def test_every_family_covers_the_truth(name: str, shares: tuple[float, ...], truth: float, n: int) -> None:
    """In 2,000 simulated samples, drawn the same way every time. A share of ten answers has eleven values only, so
    its true coverage jumps about 95 %: Wilson gives 92.4 % at 7 of 10."""
    random, held = Random(f"{name} {n}"), 0
    for _ in range(2_000):
        found = score(SCALES[name], drawn(random, shares, n))
        assert found is not None
        held += found.low <= truth <= found.high
    assert held / 2_000 >= 0.91


def test_a_change_is_rarely_claimed_where_there_is_none() -> None:
    random, claimed = Random("no change"), 0
    for _ in range(2_000):
        one, other = (score(SCALES["smiley4"], drawn(random, SHOPS["most are very happy"], n)) for n in (40, 160))
        assert one is not None
        assert other is not None
        claimed += difference(one, other).certain
    assert claimed / 2_000 <= 0.06
