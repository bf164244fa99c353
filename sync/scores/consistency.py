"""How much places differ beyond what chance explains."""

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import NormalDist, quantiles
from typing import NamedTuple

from sync.scores.scales import RANKED, Histogram, size, weights
from sync.survey import Scale

FEWEST_PLACES = 3
_HALVINGS = 60


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
    found = [_mean_and_error(scale, counts) for counts in places if size(scale, counts) >= max(least, 1)]
    if len(found) < FEWEST_PLACES:
        return None
    means, errors = [mean for mean, _ in found], [error for _, error in found]
    q, trust = _q(means, errors, 0.0), [1 / error for error in errors]
    slack = sum(trust) - sum(each * each for each in trust) / sum(trust)
    tau = sqrt(max(0.0, (q - len(found) + 1) / slack))
    low, high = _profile(means, errors)
    lower, _, upper = quantiles(means, n=4, method="inclusive")
    # The two are reckoned in different ways, so that an estimate may just miss its interval.
    return Spread(len(found), tau, min(low, tau), max(high, tau), (lower, upper))


def standard_error(scale: Scale, counts: Histogram) -> float:
    """How far chance moves a score, in points: after adding one answer at each end of the scale, as its interval
    does, so that equal answers are not ± 0. Without answers it is that of these two alone."""
    worth = weights(scale)
    more = [counts[0] + 1, *counts[1:-1], counts[-1] + 1]
    n = sum(more)
    mean = sum(map(float.__mul__, worth, map(float, more))) / n
    squares = sum(count * (each - mean) ** 2 for count, each in zip(more, worth, strict=True))
    return sqrt(squares / (n * (n - 1)))


def _mean_and_error(scale: Scale, counts: Histogram) -> tuple[float, float]:
    """A score and its squared standard error."""
    mean = sum(count * each for count, each in zip(counts, weights(scale), strict=True)) / sum(counts)
    return mean, standard_error(scale, counts) ** 2


def _q(means: Sequence[float], errors: Sequence[float], between: float) -> float:
    """Cochran's Q when places differ by this variance."""
    trust = [1 / (error + between) for error in errors]
    centre = sum(each * mean for each, mean in zip(trust, means, strict=True)) / sum(trust)
    return sum(each * (mean - centre) ** 2 for each, mean in zip(trust, means, strict=True))


def _profile(means: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
    widest = (max(means) - min(means)) ** 2 * len(means) + max(errors)
    return tuple(_solved(means, errors, _chi_squared(p, len(means) - 1), widest) for p in (0.975, 0.025))  # type: ignore[return-value]


def _solved(means: Sequence[float], errors: Sequence[float], wanted: float, widest: float) -> float:
    """The tau at which Q is as wanted: it only falls as tau grows; 0 when it is never so large."""
    if _q(means, errors, 0.0) <= wanted:
        return 0.0
    low, high = 0.0, widest
    while _q(means, errors, high) > wanted:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _q(means, errors, middle) > wanted else (low, middle)
    return sqrt((low + high) / 2)


def _chi_squared(p: float, df: int) -> float:
    part = 2 / (9 * df)
    return float(df * (1 - part + NormalDist().inv_cdf(p) * sqrt(part)) ** 3)
