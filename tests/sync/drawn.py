"""Answers drawn at random from places whose truth is known: what scores, intervals and alarms are tried on."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sync.scores import weights
from sync.survey import Scale

Shares = NDArray[np.float64]
Counts = NDArray[np.int64]
EVEN = 0.0
HAPPY = (EVEN, 0.5, 0.7, 0.85, 0.95, 0.98)
"""Shares of the best answer, from an even place to one where nearly all are very happy."""
SIZES = (5, 10, 20, 30, 50, 100, 300, 1000)


@cache
def falling(values: int, best: float) -> tuple[float, ...]:
    """Shares of answers, the lowest first: `best` give the best one, every lower one is rarer by the same factor."""
    low, high = 1e-9, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / sum(middle**step for step in range(values)) > best else (low, middle)
    parts = [high**step for step in reversed(range(values))]
    return tuple(part / sum(parts) for part in parts)


def split(values: int, best: float) -> tuple[float, ...]:
    """Loved or hated: nothing but the best answer and the worst."""
    return (1 - best, *[0.0] * (values - 2), best)


def lower(scale: Scale, shares: Sequence[float], points: float) -> tuple[float, ...]:
    """The same place with a score so many points lower: every answer rarer, the better it is."""
    worth = np.asarray(weights(scale))
    wanted = float(worth @ np.asarray(shares)) - points
    low, high = -40.0, 0.0
    for _ in range(100):
        middle = (low + high) / 2
        now = np.asarray(shares) * np.exp(middle * (worth - worth[0]) / (worth[-1] - worth[0]))
        now /= now.sum()
        low, high = (low, middle) if float(worth @ now) > wanted else (middle, high)
    return tuple(now.tolist())


def truth(scale: Scale, shares: Sequence[float]) -> float:
    """The score of a place with these shares."""
    return float(np.asarray(weights(scale)) @ np.asarray(shares))


def values(scale: Scale) -> int:
    return scale.high - scale.low + 1


def told_apart(scale: Scale, counts: Counts) -> Counts:
    """A number for each histogram; those with one number are alike to their score: as many promoters and detractors, as
    many good ones, or the same sum and sum of squares (test_what_is_told_apart_is_all_that_counts)."""
    if scale.family == "nps":
        return counts[:, 9:].sum(axis=1) * 2000 + counts[:, :7].sum(axis=1)
    if scale.family in ("csat", "yes"):
        return counts @ (np.asarray(weights(scale)) > 0)
    steps = np.arange(values(scale))
    return counts @ steps * 50_000 + counts @ steps**2


def each_kind(scale: Scale, counts: Counts) -> tuple[list[tuple[int, ...]], Counts]:
    """One histogram of each kind that was drawn, and for every draw which kind it is."""
    _, first, which = np.unique(told_apart(scale, counts), return_index=True, return_inverse=True)
    return [tuple(row) for row in counts[first].tolist()], which
