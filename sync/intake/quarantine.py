"""Judging once more what was kept apart: an upgrade, a survey that was published or a terminal that was enrolled again
may make it count. It goes the way of every batch, as if it came now, with the time at which it came first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, select

from sync import models, wire
from sync.db import Database
from sync.intake import bursts, decisions, erasures, handed, ingest, ledger, seconds, starts
from sync.intake.clocks import Starts
from sync.intake.days import calendar
from sync.intake.entries import read
from sync.intake.held import Quarantined
from sync.intake.record import By
from sync.intake.restating import Scope, settle
from sync.intake.verdicts import Scene, judge
from sync.office import places
from sync.rows import fetch
from sync.survey import Survey

AT_ONCE = 200
"""So many are judged in one transaction, as many as a terminal sends."""


@dataclass
class Replayed:
    """By the reason for which they were kept apart: how many `count` now, and by today's reason how many `stay`."""

    count: Counter[str] = field(default_factory=Counter)
    stay: Counter[str] = field(default_factory=Counter)


class _Key(NamedTuple):
    device: str
    received_ms: int
    id: str
    rev: int
    sha: str


def replay(db: Database, now_ms: int) -> Replayed:
    """What counts now is kept apart no longer; the rest stays as it is. May be repeated, and cut off anywhere. Raises
    ingest.Busy."""
    done = Replayed()
    with db.reading() as tx:
        table = models.quarantine
        columns = (table.c.device_id, table.c.received_ms, table.c.id, table.c.rev, table.c.sha)
        keys = sorted(_Key(*row) for row in tx.execute(select(*columns)))
    for start in range(0, len(keys), AT_ONCE):
        outcome = ingest.stored(db, partial(_replay, keys[start : start + AT_ONCE], now_ms))
        done.count += outcome.count
        done.stay += outcome.stay
    return done


def waiting_for(tx: Connection, asked: Survey) -> int:
    """How many answers to this version came before it was published, and are kept apart."""
    table = models.quarantine
    rows = tx.execute(select(table.c.body).where(table.c.code == "unknown_survey").execution_options(yield_per=500))
    entries = (wire.read_entry(body.encode()) for body in rows.scalars())
    return sum((entry.get("survey"), entry.get("version")) == (asked.id, asked.version) for entry in entries)


def _replay(keys: Sequence[_Key], now_ms: int, tx: Connection) -> Replayed:
    """What came together is judged together."""
    done = Replayed()
    there = {_Key(row.device, row.received_ms, row.id, row.rev, row.sha): row for row in _rows(tx, keys)}
    for (device, received_ms), group in groupby((key for key in keys if key in there), lambda key: key[:2]):
        rows = [there[key] for key in group]
        emptied = [row for row in rows if row.code == erasures.WIPED]
        done.stay[erasures.WIPED] += len(emptied)
        if len(emptied) < len(rows):
            _judge(tx, device, received_ms, [row for row in rows if row not in emptied], now_ms, done)
    return done


def _rows(tx: Connection, keys: Sequence[_Key]) -> Iterator[Quarantined]:
    return (Quarantined(*row) for row in fetch(tx, models.quarantine, {key.id for key in keys}))


def _judge(
    tx: Connection, device: str, received_ms: int, rows: Sequence[Quarantined], now_ms: int, done: Replayed
) -> None:
    entries = [read(row.body.encode(), is_kept=True) for row in rows]
    known = ledger.known(tx, device, None)
    clock = Starts(starts.ends(tx, device), starts.order(tx, device))
    held = ingest.held(tx, entries, ingest.near(tx, device, ingest.moments(entries, clock, received_ms)))
    scene = Scene(
        device=device,
        standings=places.stood(tx, device) if known else None,
        survey=ingest.published(tx),
        starts=clock,
        now_ms=received_ms,
        uncertain=known is not None and known.uncertain,
    )
    plan = judge(entries, held, scene)
    bursts.mark(held, plan)
    known_rows = {**held.rows, **handed.beside(tx, seconds.concerned(plan), held.rows)}
    seconds.mark(known_rows, plan)
    scope = Scope(scene.survey, calendar(tx, scene.standings, now_ms), By(device))
    settle(plan, known_rows, scope, decisions.of(tx, plan.changed))
    ingest.store(tx, plan, now_ms, known_rows)
    ledger.look_again(tx, device)
    for row, result in zip(rows, plan.results, strict=True):
        if result.verdict in ("stored", "erased") and (row.id, row.rev) in plan.promoted:
            done.count[row.code] += 1
        else:
            done.stay[result.code or row.code] += 1
