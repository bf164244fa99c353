"""Reading the tallies: how often each answer was given, by place and local day. Raw responses are never counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Table, func, select

from sync.models import locations, tallies_day, tallies_hour, touchpoints
from sync.office import places, surveys
from sync.office.filters import ALL, Narrowed
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
    return together(scale, (days[day] for day in range(first, last + 1) if day in days), singles=True)


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
    tx: Connection,
    paths: Sequence[str],
    question: Question,
    first: int,
    last: int,
    *,
    singles: bool,
    narrowed: Narrowed = ALL,
) -> dict[int, Days]:
    """Each place's days at and below these paths, by the place's number. For a viewer who may not see `singles` a day
    too small to be shown is not counted anywhere, so that no sum gives it away; nor may they narrow it down."""
    those = locations.c.id == source(narrowed).c.location_id
    return _days(tx, places.below(paths), those, question, first, last, singles, narrowed)


def days_of(
    tx: Connection,
    numbers: Sequence[int],
    question: Question,
    first: int,
    last: int,
    *,
    singles: bool,
    narrowed: Narrowed = ALL,
) -> dict[int, Days]:
    """The same of these places alone."""
    if not numbers:
        return {}
    here = source(narrowed).c.location_id.in_(numbers)
    return _days(tx, here, None, question, first, last, singles, narrowed)


def source(narrowed: Narrowed) -> Table:
    """The tallies that answers narrowed down like this are counted from."""
    return tallies_hour if narrowed.hours else tallies_day


def _days(
    tx: Connection,
    those: ColumnElement[bool],
    joined: ColumnElement[bool] | None,
    question: Question,
    first: int,
    last: int,
    singles: bool,
    narrowed: Narrowed,
) -> dict[int, Days]:
    if not singles and not narrowed.is_wide:
        raise ValueError("answers are narrowed down for those only who may see single ones")
    table = source(narrowed)
    there: FromClause = table if joined is None else table.join(locations, joined)
    on_day = local_day(table)
    query = (
        select(
            table.c.location_id,
            on_day,
            table.c.aside,
            *(func.sum(each) for each in value_columns(question.scale, table)),
        )
        .select_from(there)
        .where(those, *between_days(table, first, last), *narrowing(table, narrowed))
        .where(table.c.choice == "", table.c.question == question.id)
        .group_by(table.c.location_id, on_day, table.c.aside)
    )
    found: dict[int, Days] = defaultdict(Days)
    for place, day, aside, *counts in tx.execute(query):
        if not any(counts) or (not aside and not singles and showing(sum(map(int, counts))) == "none"):
            continue
        _keep(found[place], int(day), bool(aside), tuple(map(int, counts)), narrowed)
    return found


def _keep(days: Days, day: int, aside: bool, counts: Histogram, narrowed: Narrowed) -> None:
    if aside:
        days.aside[day] = sum(counts)
    if narrowed.flagged == "with" or aside == (narrowed.flagged == "only"):
        days.counts[day] = add([counts, days.counts[day]]) if day in days.counts else counts


def local_day(table: Table) -> ColumnElement[int]:
    """The day of a row of tallies."""
    # Whole numbers from 1970 on: both databases then cut off alike.
    return table.c.day if "day" in table.c else ((table.c.hour - table.c.hour % 24) // 24).label("day")


def between_days(table: Table, first: int, last: int) -> list[ColumnElement[bool]]:
    if "day" in table.c:
        return [table.c.day.between(first, last)]
    return [table.c.hour.between(first * 24, last * 24 + 23)]


def narrowing(table: Table, narrowed: Narrowed) -> list[ColumnElement[bool]]:
    those: list[ColumnElement[bool]] = []
    if narrowed.touchpoint is not None:
        named = select(touchpoints.c.id).where(touchpoints.c.name == narrowed.touchpoint)
        those.append(table.c.touchpoint_id.in_(named))
    if narrowed.lang is not None:
        those.append(table.c.lang == narrowed.lang)
    if narrowed.hours is not None:
        first, end = narrowed.hours
        those.append((table.c.hour % 24).between(first, end - 1))
    return those


def value_columns(scale: Scale, table: Table = tallies_day) -> list[Column[int]]:
    """The columns of a tally that hold this scale's values, the lowest first."""
    return [table.c[f"s{value}"] for value in range(scale.low, scale.high + 1)]


def is_place(location: Location) -> bool:
    """Whether answers are given there; a group only sums up."""
    return location.kind != "group"
