"""Whether a place's score has certainly dropped, and since which day. Days are local days since 1970-01-01.

Chance alone makes some days look bad, the more so for who looks at many beginnings every morning. So a drop is named
only when it is `_NAMED` standard errors: by simulation (tests/sync/test_scores_drops.py) a place that did not change is
then named as rarely as FALSE_DAILY and FALSE_MONTHLY promise."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import sqrt
from typing import Literal, NamedTuple

from sync.scores.comparing import Difference
from sync.scores.scales import RANKED, Histogram, add, score_range, size, value, weights
from sync.scores.weekdays import WEEK
from sync.survey import Scale

LONGEST = 14
"""A drop is looked for on each of so many days, the last one included; what is older is the place's new level."""
BEFORE = 21
"""Days before a drop that it is measured against: whole weeks, so that each holds every weekday equally often."""
LOOKED_AT = LONGEST + BEFORE
"""Days that `drop` wants to be given, the last one included."""
FALSE_DAILY = Fraction(2, 1000)
"""Of places where nothing but chance is at work at most so many are named on a given day."""
FALSE_MONTHLY = Fraction(3, 100)
"""Of the same places at most so many are named on any of 28 days in a row, looked at every day."""
FALSE_RESTLESS = Fraction(2, 100)
"""At most so many are named on a given day of places that are truly better one day and worse the next without changing
for good: by a standard deviation of up to a fifth of that of single answers (7 points where all answers are equally
frequent, 3 where 85 % are very happy)."""

_NAMED = 3.5
"""Standard errors at which a drop is named: found by simulation, for the rates above."""
_COVERED = 3.0
"""Standard errors that its interval reaches to both sides. The day was picked out of many because it looks bad: 1.96
would hold nine times in ten."""
_UNSURE = 0.3
"""So much larger is the standard error where days differ for other reasons than chance: how much they do is known from
14 days beyond the first of each weekday only (Student's t with 14 degrees of freedom goes 1.3 times as far)."""

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
    histogram of at least the last LOOKED_AT days; since when is where that is the most certain. None when nothing is
    certain, or there are fewer than 30 answers since or before. `last` is better a whole day. For one place, not for a
    group, which may seem to drop when its worse places become busier. Raises ValueError for counts that don't fit the
    scale."""
    newest_first = [days.get(last - back, ()) for back in range(LOOKED_AT)]
    for counts in filter(None, newest_first):
        size(scale, counts)
    found = min(_splits(weights(scale), newest_first), default=None)
    if found is None or found.deviation > -_NAMED:
        return None
    long, half = found.long, _COVERED * found.error
    kind: Kind = "day" if long == 1 else "weekday" if long <= WEEK else "date"
    farthest = max(back for back in range(long, long + BEFORE) if any(newest_first[back]))
    lowest, highest = score_range(scale)
    low = max(found.gap - half, float(lowest - highest))
    change = Difference(_exact_gap(scale, newest_first, long), low, found.gap + half)
    return Drop(last - long + 1, change, found.n, found.before_n, farthest - long + 1, kind)


class _Split(NamedTuple):
    """The last `long` days less those before them: `gap` points, of which `error` is the standard error."""

    deviation: float
    long: int
    gap: float
    error: float
    n: int
    before_n: int


class _Moments:
    """Of some days the answers, the sum of what they weigh in a score and of its square; `spelled` the sum over days of
    total² / n: what the means of the days account for of the squares."""

    __slots__ = ("days", "n", "spelled", "squares", "total")

    def __init__(self, worth: Sequence[float] = (), counts: Histogram = ()) -> None:
        self.n, self.total, self.squares, self.spelled, self.days = 0, 0.0, 0.0, 0.0, 0
        if any(counts):
            for count, each in zip(counts, worth, strict=True):
                self.n += count
                self.total += count * each
                self.squares += count * each * each
            self.spelled, self.days = self.total * self.total / self.n, 1

    def put(self, day: "_Moments", sign: int = 1) -> None:
        """Add a day, or take it out again (-1)."""
        if day.n:
            self.n += sign * day.n
            self.total += sign * day.total
            self.squares += sign * day.squares
            self.spelled += sign * day.spelled
            self.days += sign

    def variance(self, worth: Sequence[float]) -> float:
        """Of single answers, after adding one at each end of the scale, so that equal answers are not certain."""
        worst, best = worth[0], worth[-1]
        n, total = self.n + 2, self.total + worst + best
        return (self.squares + worst * worst + best * best - total * total / n) / (n - 1)


def _splits(worth: Sequence[float], newest_first: Sequence[Histogram]) -> Iterator[_Split]:
    """Every beginning that there are answers enough for. Lists of seven hold a weekday each, the last day's first."""
    days = [_Moments(worth, counts) for counts in newest_first]
    since, before, whole = [_Moments() for _ in range(WEEK)], [_Moments() for _ in range(WEEK)], _Moments()
    for back, day in enumerate(days[:BEFORE]):
        before[back % WEEK].put(day)
        whole.put(day)
    for long in range(1, LONGEST + 1):
        newest, oldest, at = days[long - 1], days[long - 1 + BEFORE], (long - 1) % WEEK
        since[at].put(newest)
        for side in (before[at], whole):
            side.put(newest, -1)
            side.put(oldest)
        if whole.n >= RANKED:
            split = _compared(since, before, whole.variance(worth), worth)
            if split is not None:
                yield _Split(split[0] / split[1], long, split[0], split[1], split[2], whole.n)


def _compared(
    since: Sequence[_Moments], before: Sequence[_Moments], chance: float, worth: Sequence[float]
) -> tuple[float, float, int] | None:
    """The gap, its standard error and the answers since; weekday for weekday, weighted by the answers since. A
    weekday that was never answered before is left out. `chance` is the variance of single answers before."""
    now = _Moments()
    expected = leverage = between = 0.0
    known = 0
    for own, usual in zip(since, before, strict=True):
        if usual.n:
            known += usual.days - 1
            between += usual.spelled - usual.total * usual.total / usual.n
            if own.n:
                now.put(own)
                expected += own.n * usual.total / usual.n
                leverage += own.n * own.n / usual.n
    if now.n < RANKED:
        return None
    # Its own variance alone lets a bad day excuse itself, that of before alone knows too little of rare answers.
    own_chance = (now.variance(worth) + chance) / 2
    error = _unrest(between, known, chance) * sqrt(own_chance / now.n + chance * leverage / now.n**2)
    return (now.total - expected) / now.n, error, now.n


def _unrest(between: float, known: int, chance: float) -> float:
    """How many times as much the days of a weekday differed before as chance explains, at least 1: a restless place
    must fall further (the dispersion of McCullagh and Nelder, "Generalized linear models", 1989, 4.5, as a standard
    deviation). `between` are the squares between days with `known` degrees of freedom."""
    excess = max(0.0, between / known / chance - 1) if known else 0.0
    return sqrt(1 + excess) * (1 + _UNSURE * min(excess, 1.0))


def _exact_gap(scale: Scale, newest_first: Sequence[Histogram], long: int) -> Fraction:
    """The gap once more, in whole numbers: it is shown."""
    n, gap = 0, Fraction(0)
    for at in range(WEEK):
        own = add(counts for counts in newest_first[at:long:WEEK] if any(counts))
        first = long + (at - long) % WEEK
        usual = add(counts for counts in newest_first[first : long + BEFORE : WEEK] if any(counts))
        if own and usual:
            n += sum(own)
            gap += sum(own) * ((value(scale, own) or 0) - (value(scale, usual) or 0))
    return gap / n
