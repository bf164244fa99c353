"""One batch, one transaction: receipts, responses, tallies, ledger; then the answer."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Set
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, delete, or_, select, tuple_
from sqlalchemy.exc import DBAPIError

from sync import models, problems, wire
from sync.db import Database
from sync.intake import bursts, decisions, erasures, handed, ledger, marks, seconds, signs, starts
from sync.intake.clocks import Starts
from sync.intake.corrections import recorrect
from sync.intake.days import calendar
from sync.intake.entries import Entry, named, read
from sync.intake.held import Held, Receipt, Row
from sync.intake.record import By
from sync.intake.restating import Scope, settle
from sync.intake.signs import Known, Slot
from sync.intake.starts import Learned
from sync.intake.verdicts import Plan, Scene, judge
from sync.office import places, surveys
from sync.problems import Refused
from sync.rows import append, fetch, put
from sync.survey import Survey

ATTEMPTS = 5
SPANS_AT_ONCE = 50
"""Of a batch whose answers lie hours apart; one question each would be two hundred."""
T = TypeVar("T")


class Busy(Exception):
    """The database did not let us; nothing was stored, and the same batch may be sent again."""


def take(
    db: Database, device: str, generation: int, batch: wire.Batch, now_ms: int, *, carried: bool = False
) -> wire.Answer:
    """Judge and store a batch of a device whose signature was checked; the answer may be sent once this returns,
    since everything in it is committed. One that was `carried` here on a stick says as little of the device as a late
    replay. Raises Busy, and Refused (`revoked`) when another generation signs now.

    Two that bring the same entry at once meet at its key: the later one starts over and finds it there."""
    entries = [read(bytes(raw)) for raw in batch.entries]
    return stored(db, lambda tx: _take(tx, device, generation, batch, entries, now_ms, carried))


def stored(db: Database, work: Callable[[Connection], T]) -> T:
    """What `work` returns, committed; begun anew when another transaction was in the way. Raises Busy."""
    for _ in range(ATTEMPTS):
        try:
            with db.writing() as tx:
                return work(tx)
        except Exception as problem:
            if not _is_passing(problem):
                raise
    raise Busy


def _is_passing(problem: Exception) -> bool:
    """Whether another transaction was in the way: a key taken (23505), a deadlock (40P01), a conflict (40001), or
    SQLite's lock."""
    cause = problem.orig if isinstance(problem, DBAPIError) else problem
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return getattr(cause, "sqlstate", None) in ("23505", "40P01", "40001")


def _take(
    tx: Connection, device: str, generation: int, batch: wire.Batch, entries: list[Entry], now_ms: int, carried: bool
) -> wire.Answer:
    known = ledger.known(tx, device, batch.health.stream)
    if known is not None and known.generation != generation:
        raise Refused(problems.REVOKED)
    memory = ledger.memory(tx)
    stamps = [entry.said.stamp for entry in entries if isinstance(entry.said, wire.Response | wire.Handover)]
    learned = starts.learn(tx, device, known.boot if known else None, batch, stamps)
    unsure = learned.unsure if known else set()
    here = held(tx, entries, unsure | near(tx, device, moments(entries, learned.starts, now_ms)))
    spoken = _Spoken(carried, frozenset(), [])
    if known and not carried:
        spoken = _spoken(tx, known, batch, learned, _claims(entries, here))
    ledger.keep_signs(tx, device, spoken.signs, now_ms)
    scene = Scene(
        device=device,
        standings=places.stood(tx, device) if known else None,
        survey=published(tx),
        starts=learned.starts,
        now_ms=now_ms,
        uncertain=bool(spoken.signs) or (known is not None and known.uncertain),
    )
    plan = judge(entries, here, scene)
    recorrect(unsure, here, scene, plan)
    bursts.mark(here, plan)
    rows = {**here.rows, **handed.beside(tx, seconds.concerned(plan), here.rows)}
    seconds.mark(rows, plan)
    scope = Scope(scene.survey, calendar(tx, scene.standings, now_ms), By(device))
    settle(plan, rows, scope, decisions.of(tx, plan.changed))
    store(tx, plan, now_ms, rows)
    handed.recorrect(tx, device, learned.spans, scene.standings or {}, learned.starts)
    streams = {entry.head.stream for entry in entries if entry.head}
    have = ledger.count(tx, device, list(plan.receipts.values()), streams, batch.health, late=spoken.late)
    if known:
        ledger.note(tx, device, known, batch, plan.results, have, news=plan.has_news, late=spoken.late, now_ms=now_ms)
    return wire.Answer(
        proto=1,
        batch=batch.batch,
        epoch=memory.epoch,
        server_ms=now_ms,
        app=wire.APP,
        backed_up_ms=memory.backed_up_ms,
        results=plan.results,
        have=have,
        missing=msgspec.UNSET if batch.audit is None else missing(tx, batch.audit),
        do=spoken.asked if known else ["reenrol"],
    )


class _Spoken(NamedTuple):
    """What a request says of the device itself: nothing, when it comes `late`."""

    late: bool
    signs: frozenset[str]
    asked: list[str]


def _claims(entries: Iterable[Entry], here: Held) -> list[Slot]:
    """The places in their streams that entries claim of which there is no receipt yet."""
    heads = (entry.head for entry in entries if entry.head)
    return [
        Slot(head.stream, head.seq, head.id, head.rev) for head in heads if (head.id, head.rev) not in here.receipts
    ]


def _spoken(tx: Connection, known: Known, batch: wire.Batch, learned: Learned, claims: list[Slot]) -> _Spoken:
    if signs.is_late(known, batch, learned.order):
        return _Spoken(True, frozenset(), [])
    # What is above everything received in the stream takes nobody's place.
    below = [slot for slot in claims if slot.stream != batch.health.stream or slot.seq <= known.received]
    taken = signs.in_taken_slots(claims, ledger.slots(tx, below))
    found = signs.found(known, batch, learned.order, learned.was_heard, bool(taken))
    return _Spoken(False, found, signs.asked(found, batch.health.stream in taken))


def published(tx: Connection) -> Callable[[str, int], Survey | None]:
    """Finds the survey of a name and version, asking for each once."""

    @cache
    def find(name: str, version: int) -> Survey | None:
        return surveys.published(tx, name, version)

    return find


def held(tx: Connection, entries: Iterable[Entry], also: Set[str] = frozenset()) -> Held:
    """What is held of the ids of these, and the rows of others; on PostgreSQL all those rows are ours until the end, in
    the order of their ids, and nobody erases anything until then."""
    ids = {entry.head.id for entry in entries if entry.head}
    found = {row[0]: Row(*row) for row in fetch(tx, models.responses, ids | also, lock=True)}
    erased = erasures.among(tx, {name for entry in entries for name in named(entry)})
    told = (Receipt(*row) for row in fetch(tx, models.receipts, ids))
    receipts = {(receipt.id, receipt.rev): (receipt.sha, receipt.verdict) for receipt in told}
    known = fetch(tx, models.contacts, {entry.contact.id for entry in entries if entry.contact})
    offered = fetch(tx, models.handovers, {entry.handover.id for entry in entries if entry.handover}, lock=True)
    revs = [{row[0]: row[1] for row in rows} for rows in (known, offered)]
    return Held(receipts, found, erased, *revs)


def rows(tx: Connection, ids: Iterable[str]) -> list[Row]:
    """The responses with these ids, in their order; on PostgreSQL they are ours until the end."""
    return [Row(*row) for row in fetch(tx, models.responses, ids, lock=True)]


def moments(entries: Iterable[Entry], known: Starts, now_ms: int) -> list[int]:
    """When the responses among these were given, milliseconds since 1970."""
    return [known.correct(entry.response.stamp, now_ms).ms for entry in entries if entry.response]


def near(tx: Connection, device: str, moments: Iterable[int]) -> set[str]:
    """The responses of a device that were given about these moments."""
    table, found = models.responses, set[str]()
    spans = bursts.spans(moments)
    for start in range(0, len(spans), SPANS_AT_ONCE):
        # Each with all that its index asks for: else SQLite reads everything of the device.
        there = (
            (table.c.device_id == device) & table.c.captured_ms.between(*span) & ~table.c.test
            for span in spans[start : start + SPANS_AT_ONCE]
        )
        found.update(tx.execute(select(table.c.id).where(or_(*there))).scalars())
    return found


def store(tx: Connection, plan: Plan, now_ms: int, before: Mapping[str, Row]) -> None:
    """Write what was judged and settled of what was held `before`; tallies last: they are what others wait for."""
    append(tx, models.responses, [plan.fresh[name] for name in sorted(plan.fresh)])
    append(tx, models.receipts, [plan.receipts[name] for name in sorted(plan.receipts)])
    put(tx, models.receipts, [plan.promoted[name] for name in sorted(plan.promoted)])
    _release(tx, plan)
    put(tx, models.responses, [plan.changed[name] for name in sorted(plan.changed)])
    put(tx, models.contacts, [plan.contacts[name] for name in sorted(plan.contacts)])
    put(tx, models.quarantine, [plan.quarantined[name] for name in sorted(plan.quarantined)])
    handed.write(tx, plan)
    marks.mark(tx, (*plan.fresh.values(), *plan.changed.values()), [before[name] for name in plan.changed])
    plan.restated.write(tx, now_ms)
    plan.tallies.write(tx)


def _release(tx: Connection, plan: Plan) -> None:
    """What counts now is no longer kept apart."""
    table = models.quarantine
    for (name, rev), receipt in plan.promoted.items():
        tx.execute(delete(table).where(table.c.id == name, table.c.rev == rev, table.c.sha == receipt.sha))


def missing(tx: Connection, asked: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those (id, rev) that the centre has no receipt of."""
    wanted = list(asked)
    table = models.receipts
    there: set[tuple[Any, ...]] = set()
    for start in range(0, len(wanted), 400):
        part = wanted[start : start + 400]
        query = select(table.c.id, table.c.rev).where(tuple_(table.c.id, table.c.rev).in_(part))
        there.update(tuple(row) for row in tx.execute(query))
    return [pair for pair in wanted if pair not in there]
