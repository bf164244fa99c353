"""What leaves as tables: answers, comments, and the counts of days. The names of the columns do not change."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_

from sync.db import Database
from sync.models import VALUES, locations, shown_day
from sync.office import answer_rows, crew_sight, local_time
from sync.office.answer_rows import AT_ONCE, Part, Told
from sync.office.sheets import Cell

RESPONSES = (
    "id", "revision", "place_id", "place", "touchpoint", "terminal", "survey", "version", "question", "scale", "value",
    "reasons", "language", "given_utc", "given_error_s", "day", "hour", "flags", "counts", "received_utc",
)  # fmt: skip
COMMENTS = (*RESPONSES, "comment")
DAYS = ("place_id", "place", "touchpoint", "question", "language", "day", "flagged", "n", *VALUES)
SHOWN_DAYS = ("place_id", "place", "question", "day", "n", *VALUES)


def responses(db: Database, part: Part, now_ms: int) -> Iterator[Sequence[Cell]]:
    """A row an answer, in the order in which they came in, without their words."""
    for told in answer_rows.every(db, part, now_ms):
        yield _cells(told)


def comments(db: Database, part: Part, now_ms: int) -> Iterator[Sequence[Cell]]:
    """A row a comment that is not hidden."""
    for told in answer_rows.every(db, part, now_ms):
        if told.text:
            yield (*_cells(told), told.text)


def _cells(told: Told) -> tuple[Cell, ...]:
    return (
        told.after.id, told.rev, told.place, told.place_name, told.touchpoint, told.device, told.survey, told.version,
        told.question, told.scale, told.value, " ".join(told.reasons), told.lang, _utc(told.captured_ms),
        -(-told.error_ms // 1000), local_time.date_of(told.day).isoformat(), told.hour, " ".join(told.flags),
        "yes" if told.counts else "no", _utc(told.after.received_ms),
    )  # fmt: skip


def days(db: Database, paths: Sequence[str], first: int, last: int) -> Iterator[Sequence[Cell]]:
    """The counts of each local day by place, touchpoint, question and language, flagged ones apart; only for those who
    may see single answers."""
    after: tuple[Any, ...] | None = None
    while True:
        with db.reading() as tx:
            rows = answer_rows.tallied(tx, paths, first, last, after, AT_ONCE)
        for row in rows:
            day = local_time.date_of(row.day).isoformat()
            yield (
                row.location_id, row.place, row.touchpoint or "", row.question, row.lang, day,
                "yes" if row.aside else "no", row.n, *(row._mapping[value] for value in VALUES),
            )  # fmt: skip
        if len(rows) < AT_ONCE:
            return
        last_row = rows[-1]
        after = (
            last_row.location_id, last_row.question, last_row.choice, last_row.day, last_row.touchpoint_id,
            last_row.lang, last_row.aside,
        )  # fmt: skip


def shown_days(db: Database, paths: Sequence[str], first: int, last: int) -> Iterator[Sequence[Cell]]:
    """The counts that everybody may see: they move by five answers at a time, and days with few stand together under
    the last of them."""
    after = (0, "", -1)
    while True:
        with db.reading() as tx:
            rows = _shown(tx, paths, first, last, after)
        for row in rows:
            day = local_time.date_of(row.day).isoformat()
            yield (row.location_id, row.name, row.question, day, row.n, *(row._mapping[value] for value in VALUES))
        if len(rows) < AT_ONCE:
            return
        after = (rows[-1].location_id, rows[-1].question, rows[-1].day)


def _shown(tx: Connection, paths: Sequence[str], first: int, last: int, after: tuple[int, str, int]) -> list[Row[Any]]:
    table = shown_day.c
    key = tuple_(table.location_id, table.question, table.day)
    query = (
        select(shown_day, locations.c.name)
        .join(locations, locations.c.id == table.location_id)
        .where(crew_sight.answered(paths), table.day.between(first, last), table.choice == "", table.n > 0, key > after)
        .order_by(table.location_id, table.question, table.day)
        .limit(AT_ONCE)
    )
    return list(tx.execute(query))


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
