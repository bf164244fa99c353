"""The proof that what was first shown of a day, and what was recorded since, are what is counted of it now.

`mornings` (see sync.office.mornings) keeps the first; a row without a question stands for each place and day of which
anything was kept, with the numbers of the restatements that were in it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, select, union_all

from sync import models
from sync.models import VALUES, mornings, restatements, tallies_day
from sync.rows import append, insert_of

_LOCK = 0x534D4D4F
COUNTS = ("n", *VALUES)
BACK = 2
"""Days that are over for longer are not kept any more."""
MARK = ""
"""The question of the row that stands for a place's day as a whole."""


def hold(tx: Connection) -> None:
    """Until the end of this transaction nobody else keeps what was first shown: what they would read may be changed by
    it. On SQLite a write transaction is alone anyway."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def first_released(tx: Connection, rows: Iterable[tuple[int, str, int, Sequence[int]]], now_ms: int) -> None:
    """Place, question, day and counts that are shown for the first time to those who may not see single answers, after
    the day was over: a crew's at its briefing. What they were shown before stays."""
    values = [
        {"location_id": place, "question": question, "day": day, "whole": False, "shown_ms": now_ms,
         **dict(zip(COUNTS, (sum(counts), *counts), strict=True))}
        for place, question, day, counts in rows
    ]  # fmt: skip
    if values:
        tx.execute(insert_of(tx)(mornings).on_conflict_do_nothing(), values)


def kept(table: Any = restatements) -> ColumnElement[bool]:
    """Joins a row of mornings that stands for the day of a row of this table."""
    same = (mornings.c.location_id == table.c.location_id, mornings.c.day == table.c.day)
    return and_(*same, mornings.c.question == MARK, mornings.c.whole)


def is_since() -> ColumnElement[bool]:
    """Whether a restatement, joined by `kept`, was not in what was first shown."""
    number = literal(",").concat(func.cast(restatements.c.id, models.restatements.c.actor.type)).concat(",")
    return ~literal(",").concat(mornings.c.changes).concat(",").contains(number)


def contradictions(tx: Connection, most: int | None = None) -> Sequence[Row[Any]]:
    """Place, question, day, and how much is counted beside (or, below zero, is missing from) what was first shown and
    recorded since."""
    parts = union_all(_first(), _since(), _now()).subquery()
    sums = [func.sum(parts.c[name]).label(name) for name in COUNTS]
    key = (parts.c.location_id, parts.c.question, parts.c.day)
    query = select(*key, *sums).group_by(*key).having(or_(*(each != 0 for each in sums))).order_by(*key)
    return tx.execute(query if most is None else query.limit(most)).all()


def _columns(table: Any, sign: int) -> list[ColumnElement[Any]]:
    counts = (table.c[name] * sign for name in COUNTS)
    return [table.c.location_id, table.c.question, table.c.day,
            *(each.label(name) for name, each in zip(COUNTS, counts, strict=True))]  # fmt: skip


def _first() -> Select[Any]:
    return select(*_columns(mornings, -1)).where(mornings.c.whole, mornings.c.question != MARK)


def _since() -> Select[Any]:
    query = select(*_columns(restatements, -1)).join(mornings, kept())
    return query.where(restatements.c.question != MARK, is_since())


def _now() -> Select[Any]:
    query = select(*_columns(tallies_day, 1)).join(mornings, kept(tallies_day))
    return query.where(tallies_day.c.choice == "", ~tallies_day.c.aside)


def mend(tx: Connection, now_ms: int) -> None:
    """Whatever was changed without a word is on record from now on: that it was counted anew."""
    hold(tx)
    found = [tuple(row) for row in contradictions(tx)]
    rows = [(now_ms, *row[:3], "recounted", None, "", 0, *map(int, row[3:])) for row in found]
    append(tx, restatements, rows, numbered=True)
