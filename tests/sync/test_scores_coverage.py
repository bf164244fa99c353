"""How often the 95 % intervals hold: 10,000 places drawn at every point of a grid (pytest -s prints it), and the
shipped functions asked about them."""

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.scores import Score, difference, score, t_quantile
from sync.survey import SCALES, Scale
from tests.sync.drawn import EVEN, HAPPY, SIZES, each_kind, falling, split, told_apart, truth, values

DRAWS = 10_000
MEAN, LEAST = 0.93, 0.88
TOUCHING = 1e-9
"""Of floating point: an end that is the truth holds it."""
Scored = Callable[[Scale, Sequence[int]], Score | None]


def shapes(scale: Scale) -> dict[str, tuple[float, ...]]:
    many = values(scale)
    named = {f"{best:.0%} happy" if best else "even": falling(many, max(best, 1 / many)) for best in HAPPY}
    return named if many == 2 else {**named, "half hate it": split(many, 0.5), "a tenth hate it": split(many, 0.9)}


def held(scale: Scale, shares: Sequence[float], n: int, scored: Scored = score) -> float:
    """How often the interval of `n` answers holds the truth."""
    drawn = np.random.default_rng(n).multinomial(n, shares, size=DRAWS)
    kinds, which = each_kind(scale, drawn)
    true, intervals = truth(scale, shares), [scored(scale, counts) for counts in kinds]
    holds = [own is not None and own.low - TOUCHING <= true <= own.high + TOUCHING for own in intervals]
    return float(np.asarray(holds)[which].mean())


def printed(title: str, columns: Sequence[object], rows: dict[str, list[float]]) -> float:
    """Print the grid and how much more than promised it holds; the mean of all."""
    print(f"\n{title:22}", *(f"{column!s:>10}" for column in columns))
    for name, row in rows.items():
        print(f"{name:22}", *(f"{100 * share:10.1f}" for share in row))
    every = np.asarray(list(rows.values()))
    mean = float(every.mean())
    print(f"mean {100 * mean:.2f} %, least {100 * every.min():.1f} %; over-coverage {100 * (mean - 0.95):+.2f} points,")
    print(f"     {int((every > 0.99).sum())} of {every.size} points above 99 %")
    return mean


@pytest.mark.parametrize("name", sorted(SCALES))
def test_an_interval_holds_as_often_as_it_says(name: str) -> None:
    scale = SCALES[name]
    grid = {shape: [held(scale, shares, n) for n in SIZES] for shape, shares in shapes(scale).items()}
    assert printed(name, SIZES, grid) >= MEAN
    assert min(map(min, grid.values())) >= LEAST


@pytest.mark.parametrize("n", SIZES)
def test_a_share_next_to_everybody_is_not_too_sure(n: int) -> None:
    """Where Wilson's own interval is at its worst: one answer in six samples is not the usual one."""
    rare = 0.175 / n
    assert held(SCALES["yesno"], (rare, 1 - rare), n) >= LEAST
    assert held(SCALES["csat5"], (0, rare, 0, 0, 1 - rare), n) >= LEAST
    assert held(SCALES["csat5"], (1 - rare, 0, 0, 0, rare), n) >= LEAST


PAIRS = ((5, 5), (10, 100), (30, 30), (50, 300), (1000, 1000))
CHANGES = ((EVEN, EVEN), (0.85, 0.85), (0.95, 0.7), (0.98, 0.98))


def held_apart(scale: Scale, one: Sequence[float], other: Sequence[float], sizes: tuple[int, int]) -> float:
    """How often the interval of the difference of two scores holds the true difference."""
    random, drawn = np.random.default_rng(sizes), []
    for shares, n in zip((one, other), sizes, strict=True):
        kinds, which = each_kind(scale, random.multinomial(n, shares, size=DRAWS))
        drawn.append(([score(scale, counts) for counts in kinds], which))
    true, times, found = truth(scale, one) - truth(scale, other), 0, 0
    (ones, left), (others, right) = drawn
    pairs, counted = np.unique(left * len(others) + right, return_counts=True)
    for pair, count in zip(pairs.tolist(), counted.tolist(), strict=True):
        first, second = ones[pair // len(others)], others[pair % len(others)]
        assert first is not None
        assert second is not None
        gap = difference(first, second)
        times, found = times + count, found + count * (gap.low - TOUCHING <= true <= gap.high + TOUCHING)
    assert times == DRAWS
    return found / times


@pytest.mark.parametrize("name", sorted(SCALES))
def test_the_interval_of_a_difference_holds_as_often_as_it_says(name: str) -> None:
    scale, many = SCALES[name], values(SCALES[name])
    grid = {}
    for one, other in CHANGES:
        shares = [falling(many, max(best, 1 / many)) for best in (one, other)]
        grid[f"{one:.0%} and {other:.0%} happy" if one else "even"] = [
            held_apart(scale, *shares, sizes) for sizes in PAIRS
        ]
    assert printed(name, [f"{one}, {other}" for one, other in PAIRS], grid) >= MEAN
    assert min(map(min, grid.values())) >= LEAST


def plain_t(scale: Scale, counts: Sequence[int]) -> Score | None:
    """What a textbook says: the mean of the answers and its standard error, nothing added."""
    own = score(scale, counts)
    assert own is not None
    steps = np.repeat(np.linspace(0, 100, values(scale)), counts)
    half = t_quantile(own.n - 1) * float(steps.std(ddof=1)) / sqrt(own.n)
    return own._replace(low=float(own.value) - half, high=float(own.value) + half)


def plain_wilson(scale: Scale, counts: Sequence[int]) -> Score | None:
    own = score(scale, counts)
    assert own is not None
    z2, share = 1.96**2, float(own.value) / 100
    half = 1.96 * sqrt(share * (1 - share) / own.n + z2 / (4 * own.n**2)) / (1 + z2 / own.n)
    centre = (share + z2 / (2 * own.n)) / (1 + z2 / own.n)
    return own._replace(low=100 * (centre - half), high=100 * (centre + half))


def test_the_grid_sees_an_interval_that_is_too_sure() -> None:
    assert held(SCALES["smiley4"], falling(4, 0.95), 10, plain_t) < 0.6
    assert held(SCALES["smiley5"], falling(5, 0.85), 20, plain_t) < LEAST
    assert held(SCALES["csat5"], split(5, 0.983), 10, plain_wilson) < LEAST


@given(
    st.sampled_from(sorted(SCALES)).flatmap(
        lambda name: st.tuples(
            st.just(SCALES[name]),
            *[st.lists(st.integers(0, 4), min_size=(many := values(SCALES[name])), max_size=many)] * 2,
        )
    )
)
def test_what_is_told_apart_is_all_that_counts(case: tuple[Scale, list[int], list[int]]) -> None:
    """Histograms that the grid takes for one kind have one score and one interval."""
    scale, one, other = case
    if sum(one) == sum(other) > 0:
        alike = len(set(told_apart(scale, np.asarray([one, other])).tolist())) == 1
        assert not alike or score(scale, one) == score(scale, other)
