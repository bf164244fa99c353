"""Two scores side by side: how far apart they are, and whether that is certain."""

from fractions import Fraction
from math import sqrt
from typing import NamedTuple

from sync.scores.scales import RANKED, Histogram, Score, score, share
from sync.survey import Scale


class Difference(NamedTuple):
    """One score minus another, in the points of their scale, with its 95 % interval."""

    value: Fraction
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether the interval excludes zero: only then may a sentence or an arrow claim a change."""
        return self.low > 0 or self.high < 0


def difference(one: Score, other: Score) -> Difference:
    """`one` minus `other` for two independent scores of the same scale, or two shares (CES, NPS, all of them).

    The interval is put together from the two intervals as they are, however lopsided (MOVER: Zou and Donner,
    "Construction of confidence limits about effect measures", Statistics in Medicine 27, 2008)."""
    gap, at, base = one.value - other.value, float(one.value), float(other.value)
    below = sqrt((at - one.low) ** 2 + (other.high - base) ** 2)
    above = sqrt((one.high - at) ** 2 + (base - other.low) ** 2)
    return Difference(gap, at - base - below, at - base + above)


def change(scale: Scale, before: Histogram, after: Histogram, *, least: int = RANKED) -> Difference | None:
    """The score of `after` minus that of `before`, of which no answer is in both; None when one of them has fewer than
    `least` answers (or none). Raises ValueError for counts that don't fit the scale."""
    return _apart(score(scale, after), score(scale, before), least)


def share_change(before: tuple[int, int], after: tuple[int, int], *, least: int = RANKED) -> Difference | None:
    """The same, in percentage points, of a share that has no scale: (how many, of how many), such as those who chose a
    reason among the unhappy before and now, or among the happy and the unhappy."""
    return _apart(share(*after), share(*before), least)


def _apart(one: Score | None, other: Score | None, least: int) -> Difference | None:
    if one is None or other is None or min(one.n, other.n) < least:
        return None
    return difference(one, other)
