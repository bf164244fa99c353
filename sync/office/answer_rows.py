"""Answers one after the other, for files and machines: by the moment when they came in, so that whoever reads on while
new ones arrive misses none and has none twice. Only for viewers and keys with the permission `responses`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, Row, literal_column, select, tuple_

from sync import wire
from sync.db import Database
from sync.models import locations, moderation, responses, tallies_day, touchpoints
from sync.office import crew_sight, surveys
from sync.office.comments import Cursor
from sync.office.filters import Narrowed
from sync.survey import Survey

EVERYTHING = Narrowed(flagged="with")
SETTLED_MS = 30_000
"""What came in later may still have something before it that is being stored: it is read the next time."""
AT_ONCE = 1_000
"""Rows of one look at the database: nobody who stores answers waits for a long read."""


class After(NamedTuple):
    """How far somebody has read: when the last answer came in (or was changed), and its id."""

    received_ms: int
    id: str

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """None for what is none."""
        found = Cursor.parse(text)
        return cls(*found) if found else None

    def __str__(self) -> str:
        return f"{self.received_ms}.{self.id}"


@dataclass(frozen=True)
class Part:
    """Which answers: at and below `paths`, of the local days `first` to `last`, narrowed. `worded`: those with words
    that are not hidden."""

    paths: tuple[str, ...]
    first: int
    last: int
    narrowed: Narrowed = EVERYTHING
    worded: bool = False


@dataclass(frozen=True)
class Told:
    """One answer. Times are milliseconds since 1970; `day` and `hour` are the place's own, `hour` None where it is not
    known. `reasons` are ids of the survey."""

    after: After
    rev: int
    place: int
    place_name: str
    touchpoint: str
    device: str
    survey: str
    version: int
    question: str | None
    scale: str | None
    value: int | None
    reasons: tuple[str, ...]
    lang: str
    captured_ms: int
    error_ms: int
    day: int
    hour: int | None
    flags: tuple[str, ...]
    counts: bool
    text: str


def page(tx: Connection, part: Part, after: After | None, most: int, now_ms: int) -> list[Told]:
    """The next of them, at most `most`."""
    table = responses.c
    query = (
        select(responses, locations.c.name.label("place"), touchpoints.c.name.label("touchpoint"))
        .join(locations, locations.c.id == table.location_id)
        .outerjoin(touchpoints, touchpoints.c.id == table.touchpoint_id)
        .where(crew_sight.answered(part.paths), ~table.test, table.received_ms < now_ms - SETTLED_MS, *_those(part))
        .order_by(table.received_ms, table.id)
        .limit(most)
    )
    if after is not None:
        query = query.where(tuple_(table.received_ms, table.id) > after)
    asked: dict[tuple[str, int], Survey | None] = {}
    return [_told(tx, row, asked) for row in tx.execute(query)]


def every(db: Database, part: Part, now_ms: int) -> Iterator[Told]:
    """All of them, read piece by piece while they are sent: no long transaction, and no more in memory than a piece."""
    after: After | None = None
    while True:
        with db.reading() as tx:
            some = page(tx, part, after, AT_ONCE, now_ms)
        yield from some
        if len(some) < AT_ONCE:
            return
        after = some[-1].after


def _those(part: Part) -> list[ColumnElement[bool]]:
    table, narrowed = responses.c, part.narrowed
    those: list[ColumnElement[bool]] = [table.day.between(part.first, part.last)]
    if narrowed.touchpoint is not None:
        those.append(touchpoints.c.name == narrowed.touchpoint)
    if narrowed.lang is not None:
        those.append(table.lang == narrowed.lang)
    if narrowed.hours is not None:
        those.append((table.hour % 24).between(narrowed.hours.first, narrowed.hours.end - 1))
    if narrowed.flagged != "with":
        those.append(table.aside if narrowed.flagged == "only" else ~table.aside)
    if part.worded:
        hidden = select(moderation.c.response_id).where(moderation.c.hidden_ms.is_not(None))
        those += [literal_column("responses.commented"), table.id.not_in(hidden)]
    return those


def _told(tx: Connection, row: Row[Any], asked: dict[tuple[str, int], Survey | None]) -> Told:
    if (row.survey, row.version) not in asked:
        asked[row.survey, row.version] = surveys.published(tx, row.survey, row.version)
    survey = asked[row.survey, row.version]
    entry = wire.read_entry(row.body.encode())
    given: Mapping[str, Any] = entry["answers"]
    first = survey.first_answer(given) if survey else None
    return Told(
        After(row.received_ms, row.id), row.rev, row.location_id, row.place, row.touchpoint or "", row.device_id,
        row.survey, row.version,
        first[0].id if first else None, first[0].scale if first else None, first[1] if first else None,
        tuple(choice for answer in given.values() if isinstance(answer, list) for choice in answer),
        entry["lang"], row.captured_ms, row.error_ms, row.day, None if row.hour is None else row.hour % 24,
        tuple(filter(None, row.flags.split(","))), not row.aside,
        "\n\n".join(answer.strip() for answer in given.values() if isinstance(answer, str)).strip(),
    )  # fmt: skip


def tallied(
    tx: Connection, paths: Sequence[str], first: int, last: int, after: tuple[Any, ...] | None, most: int
) -> list[Row[Any]]:
    """Of the counts of days, the next rows in the order of their key: of questions themselves, flagged apart."""
    table = tallies_day.c
    key = (table.location_id, table.question, table.choice, table.day, table.touchpoint_id, table.lang, table.aside)
    query = (
        select(tallies_day, locations.c.name.label("place"), touchpoints.c.name.label("touchpoint"))
        .join(locations, locations.c.id == table.location_id)
        .outerjoin(touchpoints, touchpoints.c.id == table.touchpoint_id)
        .where(crew_sight.answered(paths), table.day.between(first, last), table.choice == "", table.n > 0)
        .order_by(*key)
        .limit(most)
    )
    if after is not None:
        query = query.where(tuple_(*key) > after)
    return list(tx.execute(query))
