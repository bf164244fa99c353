"""When in the week a place is answered, and how: a cell for every hour of every weekday, on its own clock. Summed up by
the database: what it costs grows with the days that are looked at, never with the answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from statistics import NormalDist
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select

from sync.models import tallies_hour
from sync.office import counts
from sync.office.counts import Figure, Question
from sync.office.filters import Narrowed
from sync.office.places import Hours, Location
from sync.scores import RANKED, Histogram, add, difference, score_range
from sync.survey import Scale

SHOWN = 10
"""Answers from which on a cell has a score."""
MOST_PLACES = 100
"""Places that are summed up hour by hour; of larger groups there is no map."""
AGAIN = 2
"""Weeks in which somebody has to have answered in an hour before it is called a bad one: one bad day is none."""
LONGEST = 3
"""Hours that may be named together as the worst of the week."""
STEPS = (SHOWN, RANKED, 100)
"""Answers from which on a cell is drawn a step more strongly."""
FULL = 0.15
"""Of the range of a scale: a cell so far from the rest has the strongest colour."""
_HOURS, _DAYS, _MONDAY = 24, 7, 3
_Z = NormalDist().inv_cdf(0.975)

Cell = tuple[int, int]
"""A weekday, Monday 0, and an hour, 0 to 23."""


class Worst(NamedTuple):
    """The hours of a weekday in which it certainly goes worse than in all others together: from `first` to `end`."""

    weekday: int
    first: int
    end: int
    figure: Figure


class Shade(NamedTuple):
    """How a cell is drawn: `tone` 0 (far worse than the rest) to 10 (far better), `strength` 1 to 3 by its answers."""

    tone: int
    strength: int


@dataclass(frozen=True)
class HourMap:
    """`cells` are those with answers in opening hours, `open` all of those that have opening hours. `outside`: how many
    answered when it is closed; `weeks`: in how many weeks somebody answered. Without `singles` there are numbers of
    answers alone, `totals`, and no histogram."""

    scale: Scale
    singles: bool
    open: frozenset[Cell]
    cells: Mapping[Cell, Histogram] = field(default_factory=dict)
    totals: Mapping[Cell, int] = field(default_factory=dict)
    outside: int = 0
    weeks: Mapping[Cell, int] = field(default_factory=dict)

    @property
    def hours(self) -> range:
        """From the first hour of the week's earliest day to the end of its latest."""
        every = [hour for _, hour in self.open]
        return range(min(every), max(every) + 1) if every else range(0)

    @cached_property
    def n(self) -> int:
        return sum(self.totals.values())

    @cached_property
    def most(self) -> int:
        return max(self.totals.values(), default=0)

    @cached_property
    def whole(self) -> Figure:
        nothing = (0,) * (self.scale.high - self.scale.low + 1)
        return Figure(self.scale, add([nothing, *self.cells.values()]))

    def figure(self, weekday: int, hour: int) -> Figure | None:
        """None where too few answered to be shown, and where nobody may see it."""
        found = self.cells.get((weekday, hour))
        return Figure(self.scale, found) if found is not None and sum(found) >= SHOWN else None

    def count(self, weekday: int, hour: int) -> int:
        return self.totals.get((weekday, hour), 0)

    def shade(self, figure: Figure) -> Shade:
        """Against all cells together; by its distance in points of the scale, so that a quiet week looks quiet."""
        lowest, highest = score_range(self.scale)
        apart = float((figure.value or 0) - (self.whole.value or 0)) / (FULL * (highest - lowest))
        tone = 5 + round(5 * min(max(apart, -1.0), 1.0))
        return Shade(tone, sum(figure.n >= step for step in STEPS))

    def fill(self, n: int) -> int:
        """0 (nobody) to 5 (as many as in the fullest cell)."""
        return -(-5 * n // self.most) if self.most else 0

    @cached_property
    def busiest(self) -> Cell | None:
        """The cell with the most answers, the earliest of them."""
        return max(sorted(self.totals), key=lambda cell: self.totals[cell], default=None) if self.n else None

    @cached_property
    def worst(self) -> Worst | None:
        """None where no hours certainly differ from all others. They are the worst of many, so the interval of the
        difference is widened for all that were looked at (Bonferroni): only one map in twenty names some by chance."""
        looked_at = [each for each in self._runs() if each.figure.n >= RANKED]
        if not looked_at:
            return None
        reach = NormalDist().inv_cdf(1 - 0.025 / len(looked_at)) / _Z
        sure = [(excess, each) for each in looked_at if (excess := self._excess(each, reach)) > 0]
        return max(sure, key=lambda found: (found[0], -found[1].weekday, -found[1].first))[1] if sure else None

    def _runs(self) -> Iterable[Worst]:
        """Up to LONGEST hours after each other on one day."""
        for weekday in range(_DAYS):
            for first in self.hours:
                hours = range(first, min(first + LONGEST, _HOURS))
                found = [self._often((weekday, hour)) for hour in hours]
                if found[0] is None:
                    continue
                until = next((index for index, each in enumerate(found) if each is None), len(found))
                parts = [each for each in found[:until] if each is not None]
                for index, together in enumerate(accumulate(parts, lambda one, other: add([one, other]))):
                    yield Worst(weekday, first, first + index + 1, Figure(self.scale, tuple(together)))

    def _often(self, cell: Cell) -> Histogram | None:
        return self.cells.get(cell) if self.weeks.get(cell, 0) >= AGAIN else None

    def _excess(self, some: Worst, reach: float) -> float:
        """By how many standard errors, more or less, it is certainly below the rest; 0 or less: it is not certain."""
        mine = some.figure
        rest = Figure(self.scale, tuple(all_ - own for all_, own in zip(self.whole.counts, mine.counts, strict=True)))
        if rest.n < RANKED or mine.score is None or rest.score is None:
            return 0.0
        apart = difference(mine.score, rest.score)
        gap = float(apart.value)
        half = max(apart.high - gap, 1e-9)
        return -gap / half - reach


def read(
    tx: Connection,
    question: Question,
    days: Mapping[int, tuple[int, int]],
    open_: frozenset[Cell] | None,
    *,
    singles: bool,
    narrowed: Narrowed,
) -> HourMap:
    """Of these places together: `days` are the first and the last local day by the number of a place. `open_` None:
    always open. For whoever may not see `singles` only how many answered, whatever they may have asked for."""
    open_to = open_ if open_ is not None else None
    found: dict[Cell, Histogram] = {}
    outside, weeks = 0, dict[Cell, int]()
    for cell, often, histogram in _sums(tx, question, days, narrowed):
        if open_to is None or cell in open_to:
            found[cell], weeks[cell] = histogram, often
        else:
            outside += sum(histogram)
    totals = {cell: sum(histogram) for cell, histogram in found.items()}
    shown = open_to if open_to is not None else _span(found)
    return HourMap(question.scale, singles, shown, found if singles else {}, totals, outside, weeks)


def _sums(
    tx: Connection, question: Question, days: Mapping[int, tuple[int, int]], narrowed: Narrowed
) -> list[tuple[Cell, int, Histogram]]:
    """By cell in how many weeks somebody answered, and how."""
    table = tallies_hour
    alike: dict[tuple[int, int], list[int]] = {}
    for number, window in days.items():
        alike.setdefault(window, []).append(number)
    if not alike:
        return []
    there = or_(
        *(
            and_(table.c.location_id.in_(sorted(numbers)), table.c.hour.between(first * _HOURS, last * _HOURS + 23))
            for (first, last), numbers in sorted(alike.items())
        )
    )
    # Whole numbers from 1970 on: both databases then cut off alike. 1970 began on a Thursday.
    cell = ((table.c.hour + _MONDAY * _HOURS) % (_DAYS * _HOURS)).label("cell")
    columns = (func.sum(each) for each in counts.value_columns(question.scale, table))
    query = (
        select(cell, func.count(table.c.hour.distinct()), *columns)
        .where(there, table.c.question == question.id, table.c.choice == "", *counts.narrowing(table, narrowed))
        .group_by("cell")
    )
    if narrowed.flagged != "with":
        query = query.where(table.c.aside.is_(narrowed.flagged == "only"))
    rows = ((int(number), int(often), tuple(map(int, values))) for number, often, *values in tx.execute(query))
    return [((number // _HOURS, number % _HOURS), often, values) for number, often, values in rows if any(values)]


def _span(found: Iterable[Cell]) -> frozenset[Cell]:
    """Where nothing is said about opening hours: every weekday from the first hour that was answered to the last."""
    hours = [hour for _, hour in found]
    if not hours:
        return frozenset()
    return frozenset((weekday, hour) for weekday in range(_DAYS) for hour in range(min(hours), max(hours) + 1))


def opening(places: Sequence[Location]) -> frozenset[Cell] | None:
    """Every cell in which one of these places is open for some of the hour; None when one of them always is, or none is
    ever open."""
    found: set[Cell] = set()
    for hours in {repr(place.hours): place.hours for place in places}.values():
        if hours is None:
            return None
        found |= _cells(hours)
    return frozenset(found) or None


def _cells(hours: Hours) -> set[Cell]:
    """What closes after midnight reaches into the next day."""
    found = set()
    for weekday, spans in enumerate(hours or []):
        for start, end in spans:
            for hour in range(start // 60, -(-end // 60)):
                found.add(((weekday + hour // _HOURS) % _DAYS, hour % _HOURS))
    return found
