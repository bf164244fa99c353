"""The state of every terminal, kept beside it, so that a list of ten thousand is found and sorted like one of ten.

What a terminal tells changes its state when it tells it; that is looked at when somebody wants to see it, or by the
server once in a while. What changes by the clock alone, because nothing is heard, is looked at when it may happen: each
terminal has the next such moment written beside it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy import BigInteger, Connection, bindparam, or_, select, update

from sync.db import Database
from sync.intake import retention, sums
from sync.models import devices
from sync.office import local_time, silences
from sync.office.delivery import DEAD_MINUTES, MINUTE_MS
from sync.office.devices import terminals
from sync.office.ledger import LATE_MS, Terminal
from sync.office.rights import EVERYWHERE
from sync.office.silences import LEAST_MS

log = logging.getLogger(__name__)

EVERY_S, STOP_WITHIN_S = 20.0, 1.0
AT_ONCE = 500
WIPED_EVERY_MS = 3_600_000
QUIET_MS = DEAD_MINUTES * MINUTE_MS
"""One that was not heard for so long is looked at as often as that: opening hours may have been changed."""
NEVER_MS, PATTERN_MS = 1 << 60, 6 * 3_600_000
LONGEST_LABEL = 200


@contextmanager
def kept(db: Database, clock: Callable[[], int]) -> Iterator[None]:
    """Meanwhile the states are kept up to date, so that nobody who opens the list waits for it, counts are
    released when it is time, and words are taken out whose time is up."""
    told = Event()
    thread = Thread(target=_keep, args=(db, clock, told), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        told.set()
        thread.join(timeout=STOP_WITHIN_S)


def _keep(db: Database, clock: Callable[[], int], told: Event) -> None:
    wiped_ms: int | None = None
    while not told.wait(EVERY_S):
        now_ms = clock()
        try:
            look(db, now_ms)
            sums.fold(db, now_ms)
            if wiped_ms is None or now_ms - wiped_ms >= WIPED_EVERY_MS:
                retention.wipe(db, now_ms)
                wiped_ms = now_ms
        except Exception as problem:  # the next round may find the database again
            log.warning("What changes with time could not be looked at: %s", type(problem).__name__)


def look(db: Database, now_ms: int) -> int:
    """Look at every terminal whose state may have changed since it was looked at last: how many there were."""
    with db.reading() as tx:
        due = _due(tx, now_ms)
    for start in range(0, len(due), AT_ONCE):
        with db.writing() as tx:
            _look(tx, due[start : start + AT_ONCE], now_ms)
    return len(due)


def _due(tx: Connection, now_ms: int) -> list[str]:
    table = devices.c
    query = select(table.id).where(or_(table.look_ms <= now_ms, table.hush_ms <= now_ms)).order_by(table.id)
    return list(tx.execute(query).scalars())


def _look(tx: Connection, those: Sequence[str], now_ms: int) -> None:
    table = devices.c
    told = select(table.id, table.contact_ms, table.stored_ms, table.look_ms).where(table.id.in_(those))
    rows = {row.id: row for row in tx.execute(told)}
    seen = terminals(tx, those, (EVERYWHERE,), now_ms)
    quiet = [name for name, row in rows.items() if silences.may_be(row.stored_ms, now_ms)]
    judged = silences.silences(tx, quiet, now_ms)
    # Only as it was seen: what it tells meanwhile is looked at the next time.
    same = (table.id == bindparam("mine"), table.look_ms == bindparam("looked_ms"))
    heard = table.contact_ms.is_not_distinct_from(bindparam("heard_ms", type_=BigInteger))
    values = []
    for each in seen:
        row, due_ms = rows[each.id], judged[each.id].due_ms if each.id in judged else None
        hush_ms = row.stored_ms + LEAST_MS if not silences.may_be(row.stored_ms, now_ms) else due_ms
        values.append(
            {"mine": each.id, "looked_ms": row.look_ms, "heard_ms": row.contact_ms, "needs": each.mask,
             "rank": each.rank, "label": _label(each), "owed": each.counts.owed, "look_ms": _next(each, now_ms),
             "hush_ms": hush_ms if hush_ms is not None and hush_ms > now_ms else now_ms + PATTERN_MS}
        )  # fmt: skip
    if values:
        tx.execute(update(devices).where(*same, heard), values)


def _label(each: Terminal) -> str:
    """What it is sorted by beside others in the same state; those that stand nowhere last."""
    return each.spots[0].place.name.casefold()[:LONGEST_LABEL] if each.spots else "\uffff"


def _next(each: Terminal, now_ms: int) -> int:
    """When its state may change by the clock alone."""
    moments = [each.unsent_ms + LATE_MS] if each.unsent_ms is not None else []
    if not each.is_retired and each.revoked_ms is None:
        heard_ms = each.contact_ms if each.contact_ms is not None else each.enrolled_ms
        moments.append(heard_ms + QUIET_MS)
        moments.append(now_ms + QUIET_MS if now_ms - heard_ms >= QUIET_MS else NEVER_MS)
        opened = (local_time.open_for(now_ms, spot.place.zone, spot.place.hours) for spot in each.spots)
        moments += [now_ms + (DEAD_MINUTES - n) * MINUTE_MS for n in opened if n is not None and n < DEAD_MINUTES]
    return min((ms for ms in moments if ms > now_ms), default=NEVER_MS)
