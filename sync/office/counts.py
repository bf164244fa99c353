"""Reading the tallies: how often each answer was given, by place and local day. Raw responses are never counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, Table, func, select

from sync.models import locations, shown_day, tallies_day, tallies_hour, touchpoints
from sync.office import crew_sight, surveys
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
    out of it. `told`: for whom `counts` are only what was released (sync.intake.releasing), how many were given."""

    counts: dict[int, Histogram] = field(default_factory=dict)
    aside: dict[int, int] = field(default_factory=dict)
    told: dict[int, int] | None = None

    def given(self, day: int) -> int:
        """How many answers, whether they are shown yet or not."""
        return sum(self.counts.get(day, ())) if self.told is None else self.told.get(day, 0)


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
        .where(crew_sight.answered(paths), tallies_day.c.day.between(first, last))
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
    """Each place's days at and below these paths, by the place's number. For a viewer who may not see `singles` they
    are what was released (sync.intake.releasing), so that no difference gives a few answers away; nor may they narrow
    it down."""
    if not singles:
        return _released(tx, crew_sight.answered(paths), question, first, last, narrowed)
    those = locations.c.id == source(narrowed).c.location_id
    return _days(tx, crew_sight.answered(paths), those, question, first, last, narrowed)


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
    if not singles:
        return _released(tx, locations.c.id.in_(numbers), question, first, last, narrowed)
    here = source(narrowed).c.location_id.in_(numbers)
    return _days(tx, here, None, question, first, last, narrowed)


def _released(
    tx: Connection,
    those: ColumnElement[bool],
    question: Question,
    first: int,
    last: int,
    narrowed: Narrowed,
) -> dict[int, Days]:
    """What of each day was released; of everything else only how many."""
    if not narrowed.is_wide:
        raise ValueError("answers are narrowed down for those only who may see single ones")
    found: dict[int, Days] = defaultdict(lambda: Days(told={}))
    shown = _asked(shown_day, value_columns(question.scale, shown_day), those, question, first, last)
    for place, day, *counts in tx.execute(shown):
        if any(counts):
            found[place].counts[int(day)] = tuple(map(int, counts))
    aside, n = tallies_day.c.aside, func.sum(tallies_day.c.n)
    given = _asked(tallies_day, [aside, n], those, question, first, last).having(n > 0)
    for place, day, is_aside, answers in tx.execute(
        given.group_by(tallies_day.c.location_id, tallies_day.c.day, aside)
    ):
        _tell(found[place], int(day), bool(is_aside), int(answers))
    return found


def _asked(
    table: Table,
    columns: Sequence[ColumnElement[Any]],
    those: ColumnElement[bool],
    question: Question,
    first: int,
    last: int,
) -> Select[Any]:
    return (
        select(table.c.location_id, table.c.day, *columns)
        .join(locations, locations.c.id == table.c.location_id)
        .where(those, table.c.day.between(first, last), table.c.choice == "", table.c.question == question.id)
    )


def _tell(days: Days, day: int, aside: bool, n: int) -> None:
    if aside:
        days.aside[day] = n
    elif days.told is not None:
        days.told[day] = n


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
    narrowed: Narrowed,
) -> dict[int, Days]:
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
        if any(counts):
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
