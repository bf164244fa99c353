"""Whether a place's score has certainly dropped, and since which day. Days are local days since 1970-01-01.

Chance alone makes some days look bad, the more so for who looks at many beginnings every morning. So a drop is named
only when it is `_NAMED` standard errors: by simulation (tests/sync/test_scores_drops.py) a place that did not change is
then named as rarely as FALSE_DAILY and FALSE_MONTHLY promise."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import sqrt
from typing import Literal, NamedTuple

from sync.scores.comparing import Difference
from sync.scores.scales import RANKED, Histogram, weights
from sync.scores.weekdays import WEEK
from sync.survey import Scale

LONGEST = 14
"""A drop is looked for on each of so many days, the last one included; what is older is the place's new level."""
BEFORE = 21
"""Days before a drop that it is measured against: whole weeks, so that each holds every weekday equally often."""
LOOKED_AT = LONGEST + BEFORE
"""Days that `drop` wants to be given, the last one included."""
FALSE_DAILY = Fraction(2, 1000)
"""Of places that did not change at most so many are named on a given day."""
FALSE_MONTHLY = Fraction(3, 100)
"""Of places that did not change at most so many are named on any of 28 days in a row."""

_NAMED = 3.6
_COVERED = 3.0
"""Standard errors that the interval of a named drop reaches to both sides."""

Kind = Literal["day", "weekday", "date"]


class Drop(NamedTuple):
    """A score that certainly dropped: lower from local day `since` to the last than in `before_days` days before it.

    `change` is by how many points (negative), each weekday compared with the same weekday before, so that a bad
    Saturday is no drop where all Saturdays are bad; its interval is wider than that of a day chosen beforehand. `n`
    answers since are compared with `before_n`. `kind` says how a sentence may name the beginning: "day" the last day
    alone, "weekday" within the last seven days, so that the weekday's name is enough, "date" longer ago."""

    since: int
    change: Difference
    n: int
    before_n: int
    before_days: int
    kind: Kind


def drop(scale: Scale, days: Mapping[int, Histogram], last: int) -> Drop | None:
    """Whether the score of a place has certainly dropped within the LONGEST days up to `last`, from local day ->
    histogram of at least the last LOOKED_AT days; since when is where that is the most certain. None when
    nothing is certain, or there are fewer than 30 answers since or before. Raises ValueError for counts that don't fit
    the scale."""
    found = min(_splits(scale, [days.get(last - back, ()) for back in range(LOOKED_AT)]), default=None)
    if found is None or found.deviation > -_NAMED:
        return None
    long, half = found.long, _COVERED * found.error
    gap = Fraction(found.gap)
    kind: Kind = "day" if long == 1 else "weekday" if long <= WEEK else "date"
    reached = next(back for back in range(long + BEFORE - 1, 0, -1) if any(days.get(last - back, ())))
    change = Difference(gap, found.gap - half, found.gap + half)
    return Drop(last - long + 1, change, found.n, found.before_n, reached - long + 1, kind)


class _Split(NamedTuple):
    """The last `long` days less those before them: `gap` points, of which `error` is the standard error."""

    deviation: float
    long: int
    gap: float
    error: float
    n: int
    before_n: int


class _Side:
    """The days on one side of a split: of all of them and of each weekday the answers, their sum and the sum of their
    squares, and what the means of its days account for of the latter."""

    def __init__(self) -> None:
        self.n, self.total = [0] * WEEK, [0.0] * WEEK
        self.squares, self.between, self.days = [0.0] * WEEK, [0.0] * WEEK, [0] * WEEK

    def put(self, weekday: int, day: tuple[int, float, float], sign: int) -> None:
        n, total, squares = day
        if n:
            self.n[weekday] += sign * n
            self.total[weekday] += sign * total
            self.squares[weekday] += sign * squares
            self.between[weekday] += sign * total * total / n
            self.days[weekday] += sign


def _splits(scale: Scale, newest_first: list[Histogram]) -> Iterator[_Split]:
    """Every beginning that there are answers enough for."""
    worth = weights(scale)
    days = [_moments(worth, counts) for counts in newest_first]
    since, before = _Side(), _Side()
    for back, day in enumerate(days[:BEFORE]):
        before.put(back % WEEK, day, 1)
    for long in range(1, LONGEST + 1):
        before.put((long - 1) % WEEK, days[long - 1], -1)
        since.put((long - 1) % WEEK, days[long - 1], 1)
        before.put((long + BEFORE - 1) % WEEK, days[long + BEFORE - 1], 1)
        split = _compared(since, before, long, worth[0], worth[-1])
        if split is not None:
            yield split


def _moments(worth: tuple[float, ...], counts: Histogram) -> tuple[int, float, float]:
    """How many answers, their sum and the sum of their squares."""
    if not any(counts):
        return 0, 0.0, 0.0
    n, total, squares = 0, 0.0, 0.0
    for count, each in zip(counts, worth, strict=True):
        n += count
        total += count * each
        squares += count * each * each
    return n, total, squares


def _compared(since: _Side, before: _Side, long: int, worst: float, best: float) -> _Split | None:
    """Weekday for weekday, weighted by the answers since; a weekday that was never answered before is left out."""
    both = [at for at in range(WEEK) if since.n[at] and before.n[at]]
    n, before_n = sum(since.n[at] for at in both), sum(before.n)
    if min(n, before_n) < RANKED:
        return None
    total, squares = sum(since.total[at] for at in both), sum(since.squares[at] for at in both)
    expected = sum(since.n[at] * before.total[at] / before.n[at] for at in both)
    leverage = sum(since.n[at] ** 2 / before.n[at] for at in both) / n**2
    variance = _variance(before_n, sum(before.total), sum(before.squares), worst, best)
    error = sqrt(_unrest(before, variance) * (_variance(n, total, squares, worst, best) / n + variance * leverage))
    gap = (total - expected) / n
    return _Split(gap / error, long, gap, error, n, before_n)


def _variance(n: int, total: float, squares: float, worst: float, best: float) -> float:
    """Of single answers, after adding one at each end of the scale, so that equal answers are not certain."""
    n, total, squares = n + 2, total + worst + best, squares + worst * worst + best * best
    return (squares - total * total / n) / (n - 1)


def _unrest(before: _Side, variance: float) -> float:
    """How many times as much the days of a weekday differed before than chance explains (McCullagh and Nelder,
    "Generalized linear models", 1989, 4.5.2: quasi-likelihood): a restless place must fall further. At least 1."""
    known = [at for at in range(WEEK) if before.n[at]]
    freedom = sum(before.days[at] - 1 for at in known)
    if not freedom:
        return 1.0
    within = sum(before.between[at] - before.total[at] ** 2 / before.n[at] for at in known)
    return max(1.0, within / freedom / variance)
