"""What is usual on a weekday. Days are local days since Thursday, 1970-01-01."""

from collections.abc import Mapping
from typing import NamedTuple

from sync.scores.comparing import Difference, difference
from sync.scores.scales import RANKED, Histogram, Score, add, score
from sync.survey import Scale

WEEK = 7
USUAL_WEEKS = 4
"""Weeks that a usual day is made of, unless one says how many."""


def weekday(day: int) -> int:
    """0 Monday … 6 Sunday."""
    return (day + 3) % WEEK


class Usual(NamedTuple):
    """The same weekday of the last `weeks` weeks, pooled: `counts` their sum, resting on `days` that were answered;
    `score` is None when none was."""

    counts: Histogram
    days: int
    weeks: int
    score: Score | None


class Unusual(NamedTuple):
    """A day beside the usual one: both scores, and the day's minus the usual."""

    day: Score
    usual: Score
    days: int
    change: Difference


def usual(scale: Scale, days: Mapping[int, Histogram], day: int, *, weeks: int = USUAL_WEEKS) -> Usual:
    """What the weekday of `day` usually gives: from local day -> histogram, the days one to `weeks` weeks before it,
    never `day` itself. Days without answers (closed, not yet delivered) are no part of it. Who may not see few answers
    gives only days with enough, so that none can be subtracted out."""
    found = [days[then] for back in range(1, weeks + 1) if any(days.get(then := day - WEEK * back, ()))]
    counts = add([(0,) * (scale.high - scale.low + 1), *found])
    return Usual(counts, len(found), weeks, score(scale, counts))


def against_usual(
    scale: Scale,
    days: Mapping[int, Histogram],
    day: int,
    *,
    weeks: int = USUAL_WEEKS,
    least: int = RANKED,
) -> Unusual | None:
    """`day` less what is usual on its weekday; None when either has fewer than `least` answers."""
    norm = usual(scale, days, day, weeks=weeks)
    own = score(scale, days[day]) if day in days else None
    if own is None or norm.score is None or min(own.n, norm.score.n) < least:
        return None
    return Unusual(own, norm.score, norm.days, difference(own, norm.score))
