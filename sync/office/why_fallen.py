"""Why a place's score dropped, as far as people said so: the reason that grew."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, or_, select

from sync.models import shown_day, tallies_day
from sync.office import counts, surveys
from sync.office.counts import Question
from sync.office.places import Location
from sync.scores import Difference, share_change

BEFORE = 21
"""Days before a drop that it is compared with."""
Spell = tuple[Location, int, int]
"""A place, and the first and the last day of its drop."""


class Grown(NamedTuple):
    """A reason that certainly more of all who answered give, being unhappy: so many `now`, `of` so many; and before.
    `texts` by language."""

    texts: dict[str, str]
    now: int
    of: int
    before: int
    before_of: int
    change: Difference


def grown(
    tx: Connection, spells: Sequence[Spell], question: Question, unhappy: int, *, singles: bool
) -> dict[int, Grown]:
    """Of each place the reason that grew the most, where one certainly did; `unhappy`: how many values, from the lowest
    on, count. For a viewer who may not see `singles` from what they are shown."""
    found = {}
    for place, since, last in spells:
        texts = _texts(tx, place, question)
        if not texts:
            continue
        sizes, given = _counted(tx, place, since, last, question, unhappy, texts, singles=singles)
        of, before_of = sizes
        reasons = [
            Grown(texts[reason], now, of, before, before_of, change)
            for reason, (now, before) in given.items()
            if (change := share_change((before, before_of), (now, of))) and change.low > 0
        ]
        if reasons:
            found[place.id] = max(reasons, key=lambda each: each.change.value)
    return found


def _texts(tx: Connection, place: Location, question: Question) -> dict[tuple[str, str], dict[str, str]]:
    """The reasons that are offered there after this question, by the question that asks for them and their own id."""
    return {
        (each.id, choice.id): choice.texts
        for survey in surveys.asked_at(tx, place.path, question.id)
        for each in survey.questions
        if each.kind == "reasons" and each.after in (None, question.id)
        for choice in each.choices
    }


def _counted(
    tx: Connection,
    place: Location,
    since: int,
    last: int,
    question: Question,
    unhappy: int,
    texts: dict[tuple[str, str], dict[str, str]],
    *,
    singles: bool,
) -> tuple[tuple[int, int], dict[tuple[str, str], tuple[int, int]]]:
    """How many answered since and before; and how many unhappy ones gave each reason."""
    table = tallies_day if singles else shown_day
    columns = counts.value_columns(question.scale, table)
    low = sum(columns[1:unhappy], start=columns[0])
    side = case((table.c.day >= since, 1), else_=0).label("side")
    asked = or_(
        and_(table.c.question == question.id, table.c.choice == ""),
        and_(table.c.question.in_({name for name, _ in texts}), table.c.choice != ""),
    )
    query = (
        select(table.c.question, table.c.choice, side, func.sum(table.c.n), func.sum(low))
        .where(table.c.location_id == place.id, table.c.day.between(since - BEFORE, last), asked)
        .group_by(table.c.question, table.c.choice, "side")
    )
    if "aside" in table.c:
        query = query.where(~table.c.aside)
    sizes, given = [0, 0], dict[tuple[str, str], list[int]]()
    for name, choice, is_since, n, bad in tx.execute(query):
        if not choice:
            sizes[is_since] = int(n)
        elif (name, choice) in texts:
            given.setdefault((name, choice), [0, 0])[is_since] = int(bad)
    return (sizes[1], sizes[0]), {reason: (each[1], each[0]) for reason, each in given.items()}
