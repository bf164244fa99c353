"""What rules caught: how many answers each keeps out of the score, where, which ones. Only for viewers with the
permission `responses`: the routes ask for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Boolean, ColumnElement, Connection, func, literal_column, select, tuple_

from sync.intake import flags
from sync.models import flag_decisions, locations, responses
from sync.office import answers, counts, crew_sight, places
from sync.office.answers import Answer
from sync.office.comments import Cursor
from sync.office.counts import Figure, Question
from sync.office.filters import Filters, Narrowed
from sync.office.places import Location

A_PAGE = 20
MOST_PLACES = 3
RULES = ("burst", "closed", "ghost", "interval", flags.SECOND, flags.HAND)
"""Those that keep an answer out of the score; the last is a person's word."""
NOTES = ("before_enrolment", "identity_conflict", "time_unknown")
"""Those that only say something about an answer."""


class Spot(NamedTuple):
    """A place, and how many of its answers a rule caught."""

    place: Location
    n: int


@dataclass(frozen=True)
class Caught:
    """What a rule caught in a period, at most MOST_PLACES of the places where it caught the most; `lifted`: answers
    that it caught and a person counts all the same."""

    rule: str
    n: int
    lifted: int
    spots: tuple[Spot, ...]

    @property
    def is_aside(self) -> bool:
        return self.rule in RULES


@dataclass(frozen=True)
class Both:
    """The score as it is shown first, and with all that was kept out of it."""

    without: Figure
    whole: Figure

    @property
    def aside(self) -> int:
        return self.whole.n - self.without.n


@dataclass(frozen=True)
class Sample:
    """One page of what a rule caught, newest first; `older` is the cursor to go on from, None at the end."""

    shown: tuple[Answer, ...]
    older: Cursor | None


def caught(tx: Connection, paths: Sequence[str], first: int, last: int) -> list[Caught]:
    """By rule, those that keep answers out first, the largest before others."""
    table = responses.c
    query = (
        select(table.location_id, table.flags, func.count())
        .join(locations, locations.c.id == table.location_id)
        .where(crew_sight.answered(paths), *_FLAGGED, table.day.between(first, last))
        .group_by(table.location_id, table.flags)
    )
    found: dict[str, Counter[int]] = {rule: Counter() for rule in RULES}
    for place, names, n in tx.execute(query):
        for name in names.split(","):
            found.setdefault(name, Counter())[place] += n
    lifted = _lifted(tx, paths, first, last)
    most = {place for spots in found.values() for place, _ in spots.most_common(MOST_PLACES)}
    tree = places.resolved(tx, most) if most else {}
    rules = [
        Caught(
            rule,
            spots.total(),
            lifted.get(rule, 0),
            tuple(Spot(tree[place], n) for place, n in spots.most_common(MOST_PLACES)),
        )
        for rule, spots in found.items()
    ]
    return sorted(rules, key=lambda each: (not each.is_aside, -each.n, each.rule))


def _lifted(tx: Connection, paths: Sequence[str], first: int, last: int) -> dict[str, int]:
    table = responses.c
    query = (
        select(flag_decisions.c.flag, func.count())
        .join(responses, table.id == flag_decisions.c.response_id)
        .join(locations, locations.c.id == table.location_id)
        .where(crew_sight.answered(paths), ~flag_decisions.c.holds, ~table.test, table.day.between(first, last))
        .group_by(flag_decisions.c.flag)
    )
    return {flag: int(n) for flag, n in tx.execute(query)}


# In the words of the index: SQLite does not know a bound "" for the same.
_FLAGGED: list[ColumnElement[bool]] = [literal_column("responses.flags <> ''", Boolean()), ~responses.c.test]


def sample(
    tx: Connection, paths: Sequence[str], rule: str, first: int, last: int, before: Cursor | None, *, lifted: bool
) -> Sample:
    """What a rule caught, or (`lifted`) what it had caught and counts again, from `before` on."""
    table = responses.c
    query = (
        select(table.id, table.captured_ms)
        .join(locations, locations.c.id == table.location_id)
        .where(crew_sight.answered(paths), ~table.test, table.day.between(first, last))
        .order_by(table.captured_ms.desc(), table.id.desc())
        .limit(A_PAGE + 1)
    )
    if lifted:
        decided = flag_decisions.c
        those = (decided.response_id == table.id) & (decided.flag == rule) & ~decided.holds
        query = query.join(flag_decisions, those)
    else:
        query = query.where(*_FLAGGED, ("," + table.flags + ",").contains(f",{rule},", autoescape=True))
    if before is not None:
        query = query.where(tuple_(table.captured_ms, table.id) < before)
    rows: Sequence[Any] = tx.execute(query).all()
    shown = answers.those(tx, [row.id for row in rows[:A_PAGE]])
    older = Cursor(rows[A_PAGE - 1].captured_ms, rows[A_PAGE - 1].id) if len(rows) > A_PAGE else None
    return Sample(tuple(shown), older)


def both(tx: Connection, paths: Sequence[str], question: Question, filters: Filters, last: int) -> Both:
    """Both numbers for the days asked for, ending on the local day `last` unless they say otherwise."""
    first, end = filters.days(last)
    figures = []
    for narrowed in (Narrowed(), Narrowed(flagged="with")):
        days = counts.by_day(tx, paths, question, first, end, singles=True, narrowed=narrowed)
        every = (histogram for place in days.values() for histogram in place.counts.values())
        figures.append(counts.together(question.scale, every, singles=True))
    return Both(*figures)
