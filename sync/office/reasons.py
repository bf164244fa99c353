"""Why people answered as they did: the reasons they chose in the days of a page, and what moved since those before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from sync.models import locations, shown_day, sums_day, tallies_day
from sync.office import changes, crew_sight, every_place, local_time, surveys, windows
from sync.office.counts import Figure, Question, narrowing, value_columns
from sync.office.filters import ALL, Narrowed
from sync.office.history import Wish
from sync.office.places import Location
from sync.office.windows import Window
from sync.scores import Difference, Histogram, add, showing
from sync.survey import SCALES
from sync.survey import Question as Asked

DAY_MS = 86_400_000
Answer = tuple[str, str]
"""A question and a choice of it; the choice is empty for the first question itself."""
Counts = dict[Answer, Histogram]


class Span(NamedTuple):
    """How many chose a reason, of how many."""

    n: int
    of: int

    @property
    def figure(self) -> Figure:
        return Figure(SCALES["yesno"], (self.of - self.n, self.n))


@dataclass(frozen=True)
class Reason:
    """Why, in so many words of the survey (`texts` by language), and how often: in the days of the page, in the latest
    part of them that a change is reckoned from (of the usual four weeks the last), and in the days before that."""

    texts: dict[str, str]
    whole: Span
    week: Span
    before: Span

    @cached_property
    def change(self) -> Difference | None:
        """How much more of them chose it lately, in %, None where that is not certain."""
        return changes.of_week(self.before.figure, self.week.figure)


@dataclass(frozen=True)
class Reasons:
    """The reasons behind some answers of the first question (`values`), the most frequent first. `whole`, `week` and
    `before` are how many gave such an answer; not all of them choose a reason, some choose several. `firsts`: how many
    first questions, asked in turn, it follows: all their answers are taken together.
    `compared`: there are answers enough to show this week beside those before; `usual`: it is a week and three."""

    texts: dict[str, str]
    values: tuple[int, ...]
    firsts: int
    whole: int
    week: int
    before: int
    compared: bool
    ranked: tuple[Reason, ...]
    usual: bool = True


class _Spans(NamedTuple):
    """What was counted over all places, in all days and in each part of them."""

    whole: Counts
    week: Counts
    before: Counts


def behind(
    tx: Connection,
    path: str,
    question: Question,
    days: Mapping[int, Window],
    *,
    singles: bool,
    narrowed: Narrowed = ALL,
) -> tuple[Reasons, ...]:
    """By the surveys asked now at and below `path`. `days` are the local ones of each place there. Nothing about
    answers too few to be shown; without `singles` of what was released (sync.intake.releasing), and of each reason only
    how many chose it, never how they answered. Reasons are counted by the day: of `narrowed`, hours are not heeded."""
    asked = _asked(tx, path, question)
    if not asked or not days:
        return ()
    usual = windows.parts_the_month(next(iter(days.values())))
    parts = _by_place(tx, path, question, asked, days, narrowed._replace(hours=None), singles=singles)
    spans = _together(parts, usual=usual)
    ranked = (_ranked(each, spans, question, usual=usual, singles=singles) for each in asked.values())
    return tuple(reasons for reasons in ranked if showing(reasons.whole) != "none")


def behind_sums(tx: Connection, place: Location, wish: Wish, now_ms: int) -> tuple[Reasons, ...]:
    """The same of a group of very many places, from its sums. Of the filters the days alone are heeded."""
    question, wanted, singles = wish.question, wish.filters, wish.singles
    asked = _asked(tx, place.path, question)
    if not asked:
        return ()
    firsts = frozenset[str]().union(*(why.firsts for why in asked.values()))
    columns = [sums_day.c[column.name] for column in value_columns(question.scale)]
    itself = and_(sums_day.c.question.in_(firsts), sums_day.c.choice == "")
    reach = windows.window(wanted, now_ms // DAY_MS)
    query = (
        select(sums_day.c.zone, sums_day.c.day, sums_day.c.question, sums_day.c.choice, *columns)
        .where(sums_day.c.location_id == place.id, ~sums_day.c.aside, sums_day.c.whole.is_(singles))
        .where(sums_day.c.day.between(reach.before - 1, reach.last + 1))
        .where(every_place.shown(tx, [place.id], wish.crews))
        .where(or_(itself, and_(sums_day.c.question.in_(asked), sums_day.c.choice != "")))
    )
    spans, by_zone = _Spans({}, {}, {}), dict[str, Window]()
    for zone, day, name, chosen, *counted in tx.execute(query):
        if zone not in by_zone:
            by_zone[zone] = windows.window(wanted, local_time.day_of(now_ms, zone))
        window = by_zone[zone]
        since, before = window.since <= day <= window.last, window.before <= day <= window.until
        for part, is_in in zip(spans, (window.first <= day <= window.last, since, before), strict=True):
            if is_in:
                _count(part, (name, chosen), tuple(map(int, counted)))
    usual = windows.is_usual(wanted)
    ranked = (_ranked(each, spans, question, usual=usual, singles=singles) for each in asked.values())
    return tuple(reasons for reasons in ranked if showing(reasons.whole) != "none")


class _Why(NamedTuple):
    """A question for reasons, and the first questions that it follows."""

    asked: Asked
    firsts: frozenset[str]


def _asked(tx: Connection, path: str, question: Question) -> dict[str, _Why]:
    """What asks for reasons after `question` at the touchpoints at and below `path`, by its id. Its reasons are counted
    together, whichever of the first questions of a pool was asked."""
    found: dict[str, _Why] = {}
    for survey in surveys.asked_at(tx, path, question.id):
        firsts = frozenset(first.id for first in survey.firsts)
        for each in survey.questions if question.id in firsts else ():
            if each.kind == "reasons" and each.after in (None, question.id):
                before = found[each.id].firsts if each.id in found else frozenset()
                found[each.id] = _Why(each, before | (firsts if each.after is None else {question.id}))
    return found


def _by_place(
    tx: Connection,
    path: str,
    question: Question,
    asked: Mapping[str, _Why],
    days: Mapping[int, Window],
    narrowed: Narrowed,
    *,
    singles: bool,
) -> list[tuple[Counts, Counts]]:
    """Each place's latest days and those before them, by its own calendar. Days that are on the same side for
    every place are summed up by the database; only around the dateline some remain to be told apart."""
    table = (tallies_day if singles else shown_day).c
    early, late, day = min(days.values()), max(days.values()), table.day
    spans = case(
        (day.between(late.since, early.last), early.last),
        (day.between(late.before, early.until), early.until),
        else_=day,
    )
    place, choice, counted = table.location_id, table.choice, _counted(narrowed) if singles else []
    firsts = frozenset[str]().union(*(why.firsts for why in asked.values()))
    itself = and_(table.question.in_(firsts), choice == "")
    columns = map(func.sum, value_columns(question.scale, tallies_day if singles else shown_day))
    query = (
        select(place, spans.label("span"), table.question, choice, *columns)
        .join(locations, locations.c.id == place)
        .where(crew_sight.answered((path,)), day.between(early.before, late.last), *counted)
        .where(or_(itself, and_(table.question.in_(asked), choice != "")))
        .group_by(place, "span", table.question, choice)
    )
    found: dict[int, tuple[Counts, Counts]] = defaultdict(lambda: ({}, {}))
    for number, since, name, chosen, *sums in tx.execute(query):
        window = days[number]
        if window.since <= since <= window.last:
            _count(found[number][0], (name, chosen), tuple(map(int, sums)))
        elif window.before <= since <= window.until:
            _count(found[number][1], (name, chosen), tuple(map(int, sums)))
    return list(found.values())


def _counted(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    """Which rows of the tallies."""
    those = narrowing(tallies_day, narrowed)
    return those if narrowed.flagged == "with" else [*those, tallies_day.c.aside.is_(narrowed.flagged == "only")]


def _together(places: list[tuple[Counts, Counts]], *, usual: bool) -> _Spans:
    """The usual four weeks are the last and those before it; of other days, what is before is no part of them."""
    spans = _Spans({}, {}, {})
    for week, before in places:
        whole = dict(week)
        for answer, more in before.items() if usual else ():
            _count(whole, answer, more)
        for total, part in zip(spans, (whole, week, before), strict=True):
            for answer, counts in part.items():
                _count(total, answer, counts)
    return spans


def _count(counts: Counts, answer: Answer, more: Histogram) -> None:
    counts[answer] = add([counts[answer], more]) if answer in counts else more


def _ranked(why: _Why, spans: _Spans, question: Question, *, usual: bool, singles: bool) -> Reasons:
    asked, firsts = why
    low = question.scale.low
    values = asked.when or tuple(range(low, question.scale.high + 1))

    def of_those(counts: Counts, name: str, choice: str) -> int:
        found = counts.get((name, choice))
        if found and choice and not singles:
            return sum(found)
        return sum(found[value - low] for value in values) if found else 0

    all_of = [sum(of_those(counts, first, "") for first in firsts) for counts in spans]
    texts = {choice.id: choice.texts for choice in asked.choices}
    # A reason that an older version of the survey offered is still counted, under its id.
    older = {choice: {"": choice} for name, choice in spans.whole if name == asked.id and choice not in texts}
    reasons = [
        Reason(
            text,
            *(Span(min(of_those(counts, asked.id, choice), n), n) for counts, n in zip(spans, all_of, strict=True)),
        )
        for choice, text in {**texts, **older}.items()
    ]
    whole, week, before = all_of
    by_week = "none" not in (showing(week), showing(before))
    kept = [reason for reason in reasons if reason.whole.n]
    kept.sort(key=lambda reason: (-reason.week.n if by_week else 0, -reason.whole.n))
    return Reasons(asked.texts, values, len(firsts), whole, week, before, by_week, tuple(kept), usual)
