"""Histogram -> score, exactly; only the display rounds."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from math import floor
from typing import Literal, NamedTuple

from sync.scores import intervals
from sync.survey import Scale

Histogram = Sequence[int]
Showing = Literal["none", "early", "full"]
ENOUGH = 5
"""Below so many answers there is no score at all."""
RANKED = 30
"""From so many answers on a score is more than early."""

_RANGES = {"index": (0, 100), "nps": (-100, 100), "csat": (0, 100), "yes": (0, 100)}
_GOOD_FROM = {"csat": 4, "yes": 1}
_PROMOTERS, _PASSIVES = 9, 7


class Score(NamedTuple):
    """What `n` answers say: an exact value and its 95 % interval, cut off at the ends of the score's range."""

    n: int
    value: Fraction
    low: float
    high: float


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
    n = size(scale, counts)
    if n == 0:
        return None
    if scale.family == "nps":
        return Fraction(100 * (_promoters(counts) - _detractors(counts)), n)
    if scale.family in _GOOD_FROM:
        return Fraction(100 * _good(scale, counts), n)
    lowest, highest = score_range(scale)
    steps = sum(step * count for step, count in enumerate(counts))
    return lowest + Fraction((highest - lowest) * steps, (scale.high - scale.low) * n)


def score(scale: Scale, counts: Histogram) -> Score | None:
    """The score with its interval, or None when nothing was counted. Raises ValueError as `value` does."""
    exact = value(scale, counts)
    if exact is None:
        return None
    n, (lowest, highest) = sum(counts), score_range(scale)
    if scale.family == "nps":
        low, high = intervals.net(n, _promoters(counts), _detractors(counts))
    elif scale.family in _GOOD_FROM:
        low, high = intervals.wilson(_good(scale, counts), n)
    else:
        low, high = intervals.mean(counts, lowest, highest)
    return _cut(n, exact, low, high, lowest, highest)


def share(good: int, n: int) -> Score | None:
    """The share in %, of `n` answers, of those `good`, with its interval: for what has no scale of its own, such as a
    reason among the unhappy. None when nothing was counted; raises ValueError unless 0 ≤ `good` ≤ `n`."""
    if not 0 <= good <= n:
        raise ValueError(f"a share is of 0 … {n} out of {n} answers, not of {good}")
    return _cut(n, Fraction(100 * good, n), *intervals.wilson(good, n), 0, 100) if n else None


@cache
def weights(scale: Scale) -> tuple[float, ...]:
    """What each answer counts, the lowest value first: every score is the mean of these."""
    many = scale.high - scale.low + 1
    alone = ([int(each == at) for each in range(many)] for at in range(many))
    return tuple(float(value(scale, counts) or 0) for counts in alone)


def add(histograms: Iterable[Histogram]) -> tuple[int, ...]:
    """The sum of histograms of one scale, value by value; empty when there are none."""
    return tuple(map(sum, zip(*histograms, strict=True)))


def rounded(number: Fraction | float, digits: int = 0) -> Fraction:
    """To so many decimals, halves upwards: what a display shows."""
    unit = 10**digits
    return Fraction(floor(Fraction(number) * unit + Fraction(1, 2)), unit)


def _cut(n: int, exact: Fraction, low: float, high: float, lowest: int, highest: int) -> Score:
    at = float(exact)
    return Score(n, exact, min(max(low, lowest), at), max(min(high, highest), at))


def size(scale: Scale, counts: Histogram) -> int:
    """How many answers; raises ValueError for counts that don't fit the scale."""
    wanted = scale.high - scale.low + 1
    if len(counts) != wanted or min(counts) < 0:
        raise ValueError(f"a histogram of {scale.low} to {scale.high} has {wanted} counts of 0 or more, not {counts!r}")
    return sum(counts)


def _promoters(counts: Histogram) -> int:
    return sum(counts[_PROMOTERS:])


def _detractors(counts: Histogram) -> int:
    return sum(counts[:_PASSIVES])


def _good(scale: Scale, counts: Histogram) -> int:
    return sum(counts[_GOOD_FROM[scale.family] - scale.low :])
