"""How the whole organisation's centre stands, in a few numbers for those who watch over servers. Nobody's name, no
place's, no terminal's."""

import time
from threading import Lock

import msgspec
from sqlalchemy import ColumnElement, Connection, case, func, select

from sync.metrics import Metric, Sample, gauge
from sync.models import (
    devices,
    locations,
    placements,
    quarantine,
    responses,
    screens,
    sign_in_failures,
    streams,
)
from sync.office.throttle import WINDOW_MS

HEARD_MS = 15 * 60_000
"""A terminal reports at least every five minutes."""
STATES = ("heard", "quiet", "never_heard", "revoked")
_SHARE = 100
"""Counting every response may take at most a hundredth of the time."""


class Total:
    """How many responses are stored. Counting them takes longer the more there are: so it is done the more seldom, and
    what was counted last is told in between. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._n, self._again_s = 0, 0.0

    def of(self, tx: Connection) -> int:
        with self._lock:
            began_s = time.monotonic()
            if began_s >= self._again_s:
                self._n = tx.execute(select(func.count()).select_from(responses)).scalar_one()
                done_s = time.monotonic()
                self._again_s = done_s + _SHARE * (done_s - began_s)
            return self._n


def metrics(tx: Connection, total: Total, now_ms: int) -> list[Metric]:
    """All of them, as of now."""
    complete = _complete(tx, now_ms)
    waiting, told = _waiting(tx)
    return [
        Metric("smilepost_terminals", "gauge", "Terminals by whether they were heard in the last 15 minutes.",
               tuple(Sample(n, {"state": state}) for state, n in _terminals(tx, now_ms).items())),
        Metric("smilepost_responses_total", "counter", "Responses stored.", (Sample(total.of(tx)),)),
        Metric("smilepost_receipts_total", "counter", "Entries of terminals that were answered for, revisions too.",
               (Sample(_one(tx, func.coalesce(func.sum(streams.c.n), 0))),)),
        gauge("smilepost_quarantine", "Entries kept apart and not counted.", _rows(tx, quarantine.c.id)),
        gauge("smilepost_outbox_waiting", "Entries that wait in terminals, as these told last.", waiting),
        gauge("smilepost_outbox_told", "Terminals in service that told how much waits.", told),
        *complete,
        gauge("smilepost_places", "Places and groups in the tree.", _rows(tx, locations.c.id)),
        Metric("smilepost_sign_in_failures", "gauge", "Wrong tries of the last 15 minutes, by what was tried.",
               tuple(Sample(n, {"with": kind}) for kind, n in _failures(tx, now_ms).items())),
    ]  # fmt: skip


def _terminals(tx: Connection, now_ms: int) -> dict[str, int]:
    state = case(
        (devices.c.revoked_ms.is_not(None), "revoked"),
        (devices.c.contact_ms.is_(None), "never_heard"),
        (devices.c.contact_ms > now_ms - HEARD_MS, "heard"),
        else_="quiet",
    )
    query = select(state, func.count()).select_from(devices).group_by(state)
    found = {name: int(n) for name, n in tx.execute(query)}
    return {name: found.get(name, 0) for name in STATES}


class _Counts(msgspec.Struct):
    pending: int = 0


class _Told(msgspec.Struct):
    """What of a terminal's health is summed up (wire.Health)."""

    streams: dict[str, _Counts] = {}


def _waiting(tx: Connection) -> tuple[int, int]:
    """How many entries wait, and how many terminals told so."""
    query = select(devices.c.health).where(devices.c.revoked_ms.is_(None), devices.c.health.is_not(None))
    every = [msgspec.json.decode(health, type=_Told) for health in tx.execute(query).scalars()]
    return sum(counts.pending for each in every for counts in each.streams.values()), len(every)


def _complete(tx: Connection, now_ms: int) -> list[Metric]:
    """Of the terminals whose screens stand somewhere."""
    standing = (
        select(screens.c.device_id)
        .join(placements, placements.c.screen_id == screens.c.id)
        .where(placements.c.to_ms.is_(None))
    )
    mine = (devices.c.revoked_ms.is_(None), devices.c.id.in_(standing))
    query = select(func.min(devices.c.complete_ms), func.count() - func.count(devices.c.complete_ms))
    oldest, unknown = tx.execute(query.where(*mine)).one()
    about = "How long ago, in seconds, lies the earliest moment through which a standing terminal is complete."
    ages = () if oldest is None else (Sample(max(now_ms - oldest, 0) / 1000),)
    return [
        Metric("smilepost_complete_through_age_seconds", "gauge", about, ages),
        gauge("smilepost_complete_through_unknown", "Standing terminals that delivered nothing whole yet.", unknown),
    ]


def _failures(tx: Connection, now_ms: int) -> dict[str, int]:
    table = sign_in_failures
    query = select(func.count()).where(table.c.at_ms > now_ms - WINDOW_MS)
    kinds = {"password": "account ", "key": "keys "}
    return {
        kind: int(tx.execute(query.where(table.c.subject.startswith(begins))).scalar_one())
        for kind, begins in kinds.items()
    }


def _rows(tx: Connection, column: ColumnElement[object]) -> int:
    return _one(tx, func.count(column))


def _one(tx: Connection, value: ColumnElement[int]) -> int:
    return int(tx.execute(select(value)).scalar_one())
