"""Reading the tallies: how often each answer was given, by place and local day. Raw responses are never counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from sqlalchemy import Column, ColumnElement, Connection, FromClause, func, select

from sync.models import locations, tallies_day
from sync.office import places, surveys
from sync.office.places import Location
from sync.office.surveys import Asked
from sync.scores import Histogram, Score, Showing, add, score, showing, value
from sync.survey import BUILTIN, SCALES, Scale, Texts

PERIOD = 28
"""Local days that a page looks back on, today included."""
LOADED = PERIOD + 2
"""Days read for it: yesterday is compared with the same weekday of the four weeks before."""


@dataclass(frozen=True)
class Question:
    """What is scored: a question, the scale that it keeps for ever, and how it was asked last."""

    id: str
    scale_name: str
    texts: Texts = field(default_factory=dict, compare=False)

    @property
    def scale(self) -> Scale:
        return SCALES[self.scale_name]


@dataclass(frozen=True)
class Figure:
    """A histogram and what may be said about it."""

    scale: Scale
    counts: Histogram

    @cached_property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def showing(self) -> Showing:
        return showing(self.n)

    @cached_property
    def value(self) -> Fraction | None:
        """The score alone, where many are drawn; None like `score`."""
        return None if self.showing == "none" else value(self.scale, self.counts)

    @cached_property
    def score(self) -> Score | None:
        """None when there is nothing to show: too few answers, or none."""
        return None if self.showing == "none" else score(self.scale, self.counts)


@dataclass
class Days:
    """What one place was answered, by local day: `counts` a histogram a day, `aside` how many answers a flag keeps
    out of it."""

    counts: dict[int, Histogram] = field(default_factory=dict)
    aside: dict[int, int] = field(default_factory=dict)


def together(scale: Scale, histograms: Iterable[Histogram], *, singles: bool) -> Figure:
    """The sum of several places or days. A viewer who may not see `singles` is not shown a sum from which the few
    answers of one part could be subtracted out: parts too small to be shown are left out of it."""
    parts = [counts for counts in histograms if singles or showing(sum(counts)) != "none"]
    nothing = (0,) * (scale.high - scale.low + 1)
    return Figure(scale, add([nothing, *parts]))


def total(scale: Scale, days: Mapping[int, Histogram], first: int, last: int) -> Figure:
    """One place's days `first` … `last` together."""
    return together(scale, (counts for day, counts in days.items() if first <= day <= last), singles=True)


def questions(tx: Connection, paths: Sequence[str], first: int, last: int) -> list[Question]:
    """What was asked at and below these paths in these days: what is asked first before what follows it, then the most
    answered; the built-in one when nothing was."""
    known = scored(tx)
    n = func.sum(tallies_day.c.n)
    query = (
        select(tallies_day.c.question, n)
        .join(locations, locations.c.id == tallies_day.c.location_id)
        .where(places.below(paths), tallies_day.c.day.between(first, last))
        .where(tallies_day.c.choice == "", tallies_day.c.question.in_(known))
        .group_by(tallies_day.c.question)
        .having(n > 0)
        .order_by(n.desc(), tallies_day.c.question)
    )
    return in_order({name: int(answers) for name, answers in tx.execute(query)}, known)


def scored(tx: Connection) -> dict[str, Asked]:
    """Every question that has a score, by id."""
    return {name: asked for name, asked in surveys.questions(tx).items() if asked.scale}


def in_order(n: Mapping[str, int], known: Mapping[str, Asked]) -> list[Question]:
    """Questions by how often each was answered: what is asked first before what follows it, then the most answered; the
    built-in one when nothing was."""
    answered = [name for name in n if n[name] > 0]
    asked = sorted(answered, key=lambda name: (not known[name].is_first, -n[name], name))
    return [Question(name, known[name].scale, known[name].texts) for name in asked or [BUILTIN.first.id]]


def by_day(
    tx: Connection, paths: Sequence[str], question: Question, first: int, last: int, *, singles: bool
) -> dict[int, Days]:
    """Each place's days at and below these paths, by the place's number. For a viewer who may not see `singles` a day
    too small to be shown is not counted anywhere, so that no sum gives it away."""
    there = tallies_day.join(locations, locations.c.id == tallies_day.c.location_id)
    return _days(tx, there, places.below(paths), question, first, last, singles)


def days_of(
    tx: Connection, numbers: Sequence[int], question: Question, first: int, last: int, *, singles: bool
) -> dict[int, Days]:
    """The same of these places alone."""
    if not numbers:
        return {}
    return _days(tx, tallies_day, tallies_day.c.location_id.in_(numbers), question, first, last, singles)


def _days(
    tx: Connection,
    there: FromClause,
    those: ColumnElement[bool],
    question: Question,
    first: int,
    last: int,
    singles: bool,
) -> dict[int, Days]:
    columns = value_columns(question.scale)
    query = (
        select(tallies_day.c.location_id, tallies_day.c.day, tallies_day.c.aside, *map(func.sum, columns))
        .select_from(there)
        .where(those, tallies_day.c.day.between(first, last))
        .where(tallies_day.c.choice == "", tallies_day.c.question == question.id)
        .group_by(tallies_day.c.location_id, tallies_day.c.day, tallies_day.c.aside)
    )
    found: dict[int, Days] = defaultdict(Days)
    for place, day, aside, *counts in tx.execute(query):
        if not any(counts) or (not aside and not singles and showing(sum(map(int, counts))) == "none"):
            continue
        if aside:
            found[place].aside[day] = sum(map(int, counts))
        else:
            found[place].counts[day] = tuple(map(int, counts))
    return found


def value_columns(scale: Scale) -> list[Column[int]]:
    """The columns of a tally that hold this scale's values, the lowest first."""
    return [tallies_day.c[f"s{value}"] for value in range(scale.low, scale.high + 1)]


def is_place(location: Location) -> bool:
    """Whether answers are given there; a group only sums up."""
    return location.kind != "group"
