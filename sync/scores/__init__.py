"""Histogram -> score, interval, comparison, order. No I/O, exact numbers; only the display rounds.

A histogram is a sequence of counts, one for every value of its scale from the lowest to the highest. Intervals
hold 95 % and are cut off at the ends of the score's range; none of them says ± 0 for a handful of equal answers.
"""

from sync.scores.comparing import Difference, change, difference, share_change
from sync.scores.consistency import Spread, spread
from sync.scores.drops import FALSE_DAILY, FALSE_MONTHLY, FALSE_RESTLESS, LOOKED_AT, Drop, drop
from sync.scores.intervals import t_quantile, wilson
from sync.scores.ranking import Early, Ranked, Ranking, rank, shrunken
from sync.scores.scales import (
    ENOUGH,
    RANKED,
    Histogram,
    Score,
    Showing,
    add,
    rounded,
    score,
    score_range,
    share,
    showing,
    value,
    weights,
)
from sync.scores.weekdays import USUAL_WEEKS, Unusual, Usual, against_usual, usual, weekday

__all__ = [
    "ENOUGH",
    "FALSE_DAILY",
    "FALSE_MONTHLY",
    "FALSE_RESTLESS",
    "LOOKED_AT",
    "RANKED",
    "USUAL_WEEKS",
    "Difference",
    "Drop",
    "Early",
    "Histogram",
    "Ranked",
    "Ranking",
    "Score",
    "Showing",
    "Spread",
    "Unusual",
    "Usual",
    "add",
    "against_usual",
    "change",
    "difference",
    "drop",
    "rank",
    "rounded",
    "score",
    "score_range",
    "share",
    "share_change",
    "showing",
    "shrunken",
    "spread",
    "t_quantile",
    "usual",
    "value",
    "weekday",
    "weights",
    "wilson",
]
