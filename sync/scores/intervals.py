"""How sure a share, a mean and a net promoter score are: 95 % intervals from counts, in plain floating point.

None of them says ± 0 for a handful of equal answers. How often they hold: tests/sync/test_scores_coverage.py."""

from collections.abc import Sequence
from functools import cache
from math import atan, cos, pi, sin, sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
_POISSON = (0.0, 0.051293294387550578, 0.355361510698662, 0.817691447124168)
"""The 5 % quantiles of chi-squared with 2x degrees of freedom, halved, for x = 0 … 3."""


def wilson(good: int, n: int) -> tuple[float, float]:
    """The interval of a share of `n` > 0 answers, in % (Wilson, "Probable inference", JASA 22, 1927).

    Next to 0 and 100 % alone Wilson's covers only 84 % (true shares of about 0.18 / n): for up to two answers of a
    kind, three from 51 answers on, the limit on that side is the exact one of rare events instead (Brown, Cai and
    DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16, 2001, section 4.1.1)."""
    share, z2 = good / n, Z * Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low, high, few, bad = centre - half, centre + half, 2 if n <= 50 else 3, n - good
    if 0 < good <= few:
        low = min(low, _POISSON[good] / n)
    if 0 < bad <= few:
        high = max(high, 1 - _POISSON[bad] / n)
    return 100 * low, 100 * high


def net(n: int, promoters: int, detractors: int) -> tuple[float, float]:
    """The interval of a net promoter score of `n` > 0 answers: adjusted Wald (Rocks, "Interval estimation for the net
    promoter score", The American Statistician 70, 2016): three more answers, three quarters of one a promoter and as
    much a detractor.

    Without detractors it is the share of promoters (and without promoters less that of detractors), and is at least as
    unsure as `wilson` says: alone it would cover 87 % of ten answers where four in five are promoters and the others
    passive."""
    size = n + 3
    p, d = (promoters + 0.75) / size, (detractors + 0.75) / size
    half = Z * sqrt((p + d - (p - d) ** 2) / size)
    low, high = 100 * (p - d - half), 100 * (p - d + half)
    if not detractors:
        share = wilson(promoters, n)
        low, high = min(low, share[0]), max(high, share[1])
    if not promoters:
        share = wilson(detractors, n)
        low, high = min(low, -share[1]), max(high, -share[0])
    return low, high


def mean(counts: Sequence[int], lowest: float, highest: float) -> tuple[float, float]:
    """The t-interval of the mean of values spread evenly from `lowest` to `highest`, after adding one answer at each
    end. Without the two, five equal answers would claim ± 0, and the interval of a place where most are very happy
    would cover 55 % at n = 5."""
    last = len(counts) - 1
    size, steps, squares = 2, last, last * last
    for step, count in enumerate(counts):
        size += count
        steps += step * count
        squares += step * step * count
    # The squared standard error in steps of the scale, from whole numbers: nothing cancels out.
    error = (size * squares - steps * steps) / (size * size * (size - 1))
    unit, middle = (highest - lowest) / last, steps / size
    half = t_quantile(size - 1) * sqrt(error)
    return lowest + unit * (middle - half), lowest + unit * (middle + half)


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
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / df + second / df**2 + third / df**3
