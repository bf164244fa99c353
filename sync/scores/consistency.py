"""How much places differ beyond what chance explains."""

from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from operator import mul
from statistics import NormalDist, quantiles
from typing import NamedTuple

from sync.scores.scales import RANKED, Histogram, size, weights
from sync.survey import Scale

FEWEST_PLACES = 3
_HALVINGS = 40


class Spread(NamedTuple):
    """How much `places` differ, in points of the scale (NPS: of 200, CES: of 6).

    `tau` is the standard deviation of their true scores, what chance does to few answers taken off, and `low` …
    `high` its 95 % interval; `certain` when no difference at all is ruled out (low > 0). `middle` are the ends of the
    middle half of the scores as shown (chance included)."""

    places: int
    tau: float
    low: float
    high: float
    middle: tuple[float, float]

    @property
    def certain(self) -> bool:
        """Whether the places differ by more than chance."""
        return self.low > 0


def spread(scale: Scale, places: Iterable[Histogram], *, least: int = RANKED) -> Spread | None:
    """How much places differ that have `least` answers or more, or None when there are fewer than three of them.

    tau: DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7, 1986. Its interval:
    Q-profile (Viechtbauer, "Confidence intervals for the amount of heterogeneity in meta-analysis", Statistics in
    Medicine 26, 2007) with Wilson and Hilferty's quantiles of chi-squared (1931)."""
    found = [counts for counts in places if size(scale, counts) >= max(least, 1)]
    if len(found) < FEWEST_PLACES:
        return None
    means, errors = _means_and_errors(scale, found)
    q, trust = _q(means, errors, 0.0), [1 / error for error in errors]
    slack = sum(trust) - sum(each * each for each in trust) / sum(trust)
    tau = sqrt(max(0.0, (q - len(found) + 1) / slack))
    low, high = _profile(means, errors)
    lower, _, upper = quantiles(means, n=4, method="inclusive")
    # The two are reckoned in different ways, so that an estimate may just miss its interval.
    return Spread(len(found), tau, min(low, tau), max(high, tau), (lower, upper))


def _means_and_errors(scale: Scale, places: Sequence[Histogram]) -> tuple[list[float], list[float]]:
    """The scores and their squared standard errors, from how much single answers vary within places, all together.
    Each place's own is too uncertain and goes along with its score: 300 places that are alike would be said to differ
    one time in eight. One answer at each end is added, so that equal answers are not ± 0."""
    worth = weights(scale)
    sizes = [sum(counts) for counts in places]
    means = [sum(map(mul, counts, worth)) / n for counts, n in zip(places, sizes, strict=True)]
    squares = (worth[-1] - worth[0]) ** 2 / 2
    for counts, mean in zip(places, means, strict=True):
        squares += sum(count * (each - mean) ** 2 for count, each in zip(counts, worth, strict=True))
    within = squares / (sum(sizes) + 2 - len(places))
    return means, [within / n for n in sizes]


def _q(means: Sequence[float], errors: Sequence[float], between: float) -> float:
    """Cochran's Q when places differ by this variance."""
    trust = [1 / (error + between) for error in errors]
    centre = sum(each * mean for each, mean in zip(trust, means, strict=True)) / sum(trust)
    return sum(each * (mean - centre) ** 2 for each, mean in zip(trust, means, strict=True))


def _profile(means: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
    """The taus at which Q is as large, or as small, as it is by chance once in 40 times."""

    def q(between: float) -> float:
        return _q(means, errors, between)

    def least(between: float) -> float:
        return sum(error * (1 - 1 / error / trust) / (error + between) for error in errors)

    trust, free = sum(1 / error for error in errors), len(means) - 1
    # Places closer together than chance alone leaves them are luck: they say no more than places just as close.
    return _solved(q, _chi_squared(0.975, free)), _solved(q if q(0.0) > free else least, _chi_squared(0.025, free))


def _solved(q: Callable[[float], float], wanted: float) -> float:
    """The tau at which Q is as wanted: it only falls as tau grows; 0 when it is never so large."""
    if q(0.0) <= wanted:
        return 0.0
    low, high = 0.0, 1.0
    while q(high) > wanted:
        low, high = high, 4 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if q(middle) > wanted else (low, middle)
    return sqrt((low + high) / 2)


def _chi_squared(p: float, df: int) -> float:
    part = 2 / (9 * df)
    return float(df * (1 - part + NormalDist().inv_cdf(p) * sqrt(part)) ** 3)
