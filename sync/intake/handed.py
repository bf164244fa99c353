"""Tablets that crews handed over, and the raw numbers of the answers given on them: what is written beside responses.

A handover is an entry of its own and counts nothing in the tallies. Whatever the order in which it and its answer
arrive, the same is held in the end."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from sync import models, wire
from sync.intake import clocks
from sync.intake.clocks import Captured, Span, Starts
from sync.intake.held import Row
from sync.office.places import Standing
from sync.rows import fetch, put

if TYPE_CHECKING:
    from sync.intake.verdicts import Plan


class Handover(NamedTuple):
    """A row of the table `handovers`."""

    id: str
    rev: int
    device: str
    location: int
    touchpoint: int
    job: str
    outcome: str
    response: str | None
    test: bool
    captured_ms: int
    quality: clocks.Quality
    day: int
    held_ms: int | None
    received_ms: int
    body: str


class Answer(NamedTuple):
    """A row of the table `handed_answers`."""

    response: str
    rev: int
    location: int
    job: str
    day: int
    captured_ms: int
    quality: clocks.Quality
    first_ms: int | None
    held_ms: int | None
    phone: bool
    test: bool


def key(ref: str) -> str:
    """What a job's number is looked for by: blanks at its ends gone, inner ones one, and no case."""
    return " ".join(ref.split()).casefold()


def row(entry: wire.Handover, standing: Standing, raw: bytes, device: str, known: Starts, now_ms: int) -> Handover:
    """As it is kept."""
    captured = known.correct(entry.stamp, now_ms)
    return Handover(
        entry.id, entry.rev, device, standing.location_id, standing.touchpoint_id, key(entry.job), entry.outcome,
        entry.response, entry.test, captured.ms, captured.quality, _day(captured, standing), entry.held_ms, now_ms,
        raw.decode(),
    )  # fmt: skip


def _day(captured: Captured, standing: Standing) -> int:
    return clocks.local(captured.ms, standing.zone_at(captured.ms)).day


class _Handed(msgspec.Struct, frozen=True):
    handover: wire.Handed
    first_ms: int | None = None


_handed = msgspec.json.Decoder(_Handed)
_MARK = '"handover":'
"""Stands in the body of each response that was given on a crew's tablet; in a text its quotes would be escaped."""


def answers(rows: Iterable[Row]) -> list[Answer]:
    """What is kept of those among these that were given on a crew's tablet."""
    found = []
    for each in rows:
        told = _read(each.body) if _MARK in each.body else None
        if told is not None:
            found.append(
                Answer(
                    each.id, each.rev, each.location, key(told.handover.job), each.day, each.captured_ms, each.quality,
                    told.first_ms, told.handover.held_ms, told.handover.phone, each.test,
                )
            )  # fmt: skip
    return found


def _read(body: str) -> _Handed | None:
    try:
        return _handed.decode(body)
    except msgspec.DecodeError:  # `handover` is null, or the row is damaged: `verify` says so
        return None


def write(tx: Connection, plan: "Plan") -> None:
    """What a plan brings of both."""
    put(tx, models.handovers, [plan.handovers[name] for name in sorted(plan.handovers)])
    keep(tx, (*plan.fresh.values(), *plan.changed.values()))


def keep(tx: Connection, rows: Iterable[Row]) -> None:
    """Beside responses that came or moved."""
    put(tx, models.handed_answers, sorted(answers(rows)))


def beside(tx: Connection, jobs: Iterable[tuple[int, str]], known: Iterable[str]) -> dict[str, Row]:
    """The answers that are held for these jobs (a crew's location and a job's key), but for those that are `known`; on
    PostgreSQL they are ours until the end."""
    table, found = models.handed_answers.c, set[str]()
    for location, job in sorted(jobs):
        query = select(table.response_id).where(table.location_id == location, table.job == job)
        found.update(tx.execute(query).scalars())
    return {row[0]: Row(*row) for row in fetch(tx, models.responses, found - set(known), lock=True)}


_UNSURE = ("unknown", "bounded")


def recorrect(
    tx: Connection, device: str, spans: Sequence[Span], standings: Mapping[str, Standing], known: Starts
) -> None:
    """Correct once more the times of handovers that what is new may help, as those of responses are."""
    table = models.handovers
    boots = {span.boot for span in spans}
    query = select(table).where(table.c.device_id == device, table.c.quality.in_(_UNSURE)).order_by(table.c.id)
    better = []
    for held in [Handover(*each) for each in tx.execute(query.with_for_update())] if spans else []:
        fresh = _again(held, boots, standings, known)
        if fresh is not None and fresh != held:
            better.append(fresh)
    put(tx, table, better)


def _again(held: Handover, boots: set[str], standings: Mapping[str, Standing], known: Starts) -> Handover | None:
    entry = wire.read_handover(held.body.encode())
    there = (each for each in standings.values() if each.touchpoint_id == held.touchpoint)
    standing = next(there, None)
    if entry.stamp.boot not in boots or standing is None:
        return None
    captured = known.correct(entry.stamp, held.received_ms)
    if captured.quality == "unknown":
        return None
    return held._replace(captured_ms=captured.ms, quality=captured.quality, day=_day(captured, standing))
