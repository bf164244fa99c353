"""Histogram -> score, interval, words. No I/O, exact numbers; only the display rounds.

A histogram is a sequence of counts, one for every value of its scale from the lowest to the highest. Intervals
hold 95 % and are cut off at the ends of the score's range; none of them says ± 0 for a handful of equal answers.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from math import atan, cos, floor, pi, sin, sqrt
from statistics import NormalDist
from typing import Literal, NamedTuple

from sync.survey import Scale

Histogram = Sequence[int]
Showing = Literal["none", "early", "full"]
ENOUGH = 5
"""Below so many answers there is no score at all."""
RANKED = 30
"""From so many answers on a score is more than early."""

_Z = NormalDist().inv_cdf(0.975)
_RANGES = {"index": (0, 100), "nps": (-100, 100), "csat": (0, 100), "yes": (0, 100)}
_GOOD_FROM = {"csat": 4, "yes": 1}
_PROMOTERS, _PASSIVES = 9, 7


class Score(NamedTuple):
    """What `n` answers say: an exact value and its 95 % interval."""

    n: int
    value: Fraction
    low: float
    high: float


class Difference(NamedTuple):
    """One score minus another, with its 95 % interval."""

    value: Fraction
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether the interval excludes zero: only then may a sentence or an arrow claim a change."""
        return self.low > 0 or self.high < 0


def showing(n: int) -> Showing:
    """How much may be said about `n` answers: fewer than 5 nothing, fewer than 30 "early", else everything."""
    if n < ENOUGH:
        return "none"
    return "early" if n < RANKED else "full"


def score_range(scale: Scale) -> tuple[int, int]:
    """The lowest and the highest score a scale can give."""
    return _RANGES.get(scale.family, (scale.low, scale.high))


def value(scale: Scale, counts: Histogram) -> Fraction | None:
    """The score, exactly, or None when nothing was counted (which is not zero).

    index: the mean of weights evenly spread from 0 to 100 (HappyOrNot's Happy Index); nps: % of 9–10 minus % of
    0–6; csat: % of 4 and 5; yes: % of 1; ces: the mean. Raises ValueError for counts that don't fit the scale."""
    n = _size(scale, counts)
    if n == 0:
        return None
    if scale.family == "nps":
        return Fraction(100 * (_promoters(counts) - _detractors(counts)), n)
    if scale.family in _GOOD_FROM:
        return Fraction(100 * _good(scale, counts), n)
    return _mean(scale, counts)


def score(scale: Scale, counts: Histogram) -> Score | None:
    """The score with its interval, or None when nothing was counted. Raises ValueError as `value` does."""
    exact = value(scale, counts)
    if exact is None:
        return None
    n = sum(counts)
    if scale.family == "nps":
        low, high = _nps_interval(n, _promoters(counts), _detractors(counts))
    elif scale.family in _GOOD_FROM:
        low, high = wilson(_good(scale, counts), n)
    else:
        low, high = _mean_interval(scale, counts)
    lowest, highest = score_range(scale)
    return Score(n, exact, min(max(low, lowest), float(exact)), max(min(high, highest), float(exact)))


def difference(one: Score, other: Score) -> Difference:
    """`one` minus `other` for two independent scores of the same scale.

    The interval is put together from the two intervals as they are, however lopsided (MOVER: Zou and Donner,
    "Construction of confidence limits about effect measures", Statistics in Medicine 27, 2008)."""
    gap = one.value - other.value
    below = sqrt((float(one.value) - one.low) ** 2 + (other.high - float(other.value)) ** 2)
    above = sqrt((one.high - float(one.value)) ** 2 + (float(other.value) - other.low) ** 2)
    return Difference(gap, float(gap) - below, float(gap) + above)


def add(histograms: Iterable[Histogram]) -> tuple[int, ...]:
    """The sum of histograms of one scale, value by value; empty when there are none."""
    return tuple(map(sum, zip(*histograms, strict=True)))


def rounded(number: Fraction | float, digits: int = 0) -> Fraction:
    """To so many decimals, halves upwards: what a display shows."""
    unit = 10**digits
    return Fraction(floor(Fraction(number) * unit + Fraction(1, 2)), unit)


def wilson(good: int, n: int) -> tuple[float, float]:
    """The interval of a share of `n` > 0 answers, in % (Wilson, "Probable inference", JASA 22, 1927)."""
    share, z2 = good / n, _Z * _Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return 100 * (centre - half), 100 * (centre + half)


@cache
def t_quantile(df: int) -> float:
    """The 97.5 % quantile of Student's t with `df` ≥ 1 degrees of freedom, to better than 1e-8.

    Up to 200 degrees by halving on the finite series, above by the asymptotic expansion (Abramowitz and Stegun,
    "Handbook of Mathematical Functions", 26.7.3, 26.7.4 and 26.7.5)."""
    if df > 200:
        return _far_quantile(df)
    low, high = 1.0, 13.0  # the widest is 12.7, at one degree
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _t_within(middle, df) < 0.95 else (low, middle)
    return (low + high) / 2


def _t_within(t: float, df: int) -> float:
    """The probability that |T| < t."""
    angle = atan(t / sqrt(df))
    square = cos(angle) ** 2
    if df % 2 == 0:
        return sin(angle) * _series(square, range(1, df - 2, 2))
    if df == 1:
        return 2 * angle / pi
    return 2 / pi * (angle + sin(angle) * cos(angle) * _series(square, range(2, df - 2, 2)))


def _series(square: float, odds: range) -> float:
    total = term = 1.0
    for k in odds:
        term *= square * k / (k + 1)
        total += term
    return total


def _far_quantile(df: int) -> float:
    z = _Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / df + second / df**2 + third / df**3


def _size(scale: Scale, counts: Histogram) -> int:
    wanted = scale.high - scale.low + 1
    if len(counts) != wanted or any(count < 0 for count in counts):
        raise ValueError(f"a histogram of {scale.low} to {scale.high} has {wanted} counts of 0 or more, not {counts!r}")
    return sum(counts)


def _promoters(counts: Histogram) -> int:
    return sum(counts[_PROMOTERS:])


def _detractors(counts: Histogram) -> int:
    return sum(counts[:_PASSIVES])


def _good(scale: Scale, counts: Histogram) -> int:
    return sum(counts[_GOOD_FROM[scale.family] - scale.low :])


def _mean(scale: Scale, counts: Histogram) -> Fraction:
    lowest, highest = score_range(scale)
    steps = sum(step * count for step, count in enumerate(counts))
    return lowest + Fraction((highest - lowest) * steps, (scale.high - scale.low) * sum(counts))


def _nps_interval(n: int, promoters: int, detractors: int) -> tuple[float, float]:
    """Adjusted Wald (Rocks, "Interval estimation for the net promoter score", The American Statistician 70, 2016):
    three more answers, three quarters of one a promoter and as much a detractor."""
    size = n + 3
    p, d = (promoters + 0.75) / size, (detractors + 0.75) / size
    half = _Z * sqrt((p + d - (p - d) ** 2) / size)
    return 100 * (p - d - half), 100 * (p - d + half)


def _mean_interval(scale: Scale, counts: Histogram) -> tuple[float, float]:
    """The t-interval of the mean after adding one answer at each end of the scale. Without the two, five equal
    answers would claim ± 0, and the interval of a place where most are very happy would cover 55 % at n = 5."""
    more = [counts[0] + 1, *counts[1:-1], counts[-1] + 1]
    size, mean = sum(more), float(_mean(scale, more))
    steps = sum(step * count for step, count in enumerate(more))
    squares = sum(step * step * count for step, count in enumerate(more))
    # The squared standard error in steps of the scale, from whole numbers: nothing cancels out.
    error = (size * squares - steps * steps) / (size * size * (size - 1))
    lowest, highest = score_range(scale)
    half = t_quantile(size - 1) * sqrt(error) * (highest - lowest) / (scale.high - scale.low)
    return mean - half, mean + half
