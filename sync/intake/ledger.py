"""What the centre knows of each device: its streams, its health, signs of a second box, when it was last heard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, case, exists, func, select, update

from sync import models, wire
from sync.intake.held import Receipt
from sync.intake.signs import Known, Slot
from sync.rows import insert_of

QUIET_MS = 15 * 60_000
"""Not heard for so long while its place is open, a device counts as dead."""

# Asked by every batch, so put together once.
_MEMORY = select(models.centre.c.name, models.centre.c.value).where(
    models.centre.c.name.in_(("epoch", "backed_up_ms"))
)  # fmt: skip
_KNOWN = (
    select(
        models.devices.c.generation, models.devices.c.revoked_ms, models.devices.c.fingerprint, models.devices.c.boot,
        models.devices.c.boottime_ms, models.devices.c.seen_ms, models.devices.c.seen_tries,
        models.streams.c.max_seq, models.streams.c.sealed,
        exists().where(
            models.clone_signs.c.device_id == models.devices.c.id, models.clone_signs.c.settled_ms.is_(None)
        ),
    )
    .select_from(models.devices.outerjoin(models.streams, models.streams.c.stream == bindparam("own_stream")))
    .where(models.devices.c.id == bindparam("device"))
    .with_for_update(of=models.devices)
)  # fmt: skip


class Memory(NamedTuple):
    """What every answer says of the centre's memory."""

    epoch: str
    backed_up_ms: int | None


def memory(tx: Connection) -> Memory:
    """Read in the transaction that stores: a restore may happen beside running processes. Raises KeyError when the
    database was never opened as a centre's."""
    facts = {row.name: row.value for row in tx.execute(_MEMORY)}
    return Memory(facts["epoch"], int(facts["backed_up_ms"]) if "backed_up_ms" in facts else None)


def generation(tx: Connection, device: str) -> int | None:
    """The generation that may sign for a device now; 0 when it was revoked, None when the centre doesn't know it."""
    table = models.devices
    query = select(table.c.generation, table.c.revoked_ms).where(table.c.id == device)
    row = tx.execute(query).first()
    if row is None:
        return None
    return 0 if row.revoked_ms is not None else int(row.generation)


def known(tx: Connection, device: str, stream: str | None) -> Known | None:
    """What is on record of a device that writes into `stream` now; None when the centre doesn't know it. Its row is
    ours until the end of the transaction, so that two requests of one device follow each other."""
    row = tx.execute(_KNOWN, {"device": device, "own_stream": stream}).first()
    if row is None:
        return None
    now, revoked, fingerprint, boot, boottime, seen, tries, received, sealed, uncertain = row
    return Known(
        0 if revoked is not None else now, fingerprint, boot, boottime or 0, seen, tries,
        sealed or 0, received or 0, uncertain,
    )  # fmt: skip


def slots(tx: Connection, wanted: Iterable[Slot]) -> list[Slot]:
    """Who holds the places in their streams that these claim."""
    table = models.receipts
    claimed: dict[str, list[int]] = {}
    for slot in wanted:
        claimed.setdefault(slot.stream, []).append(slot.seq)
    return [
        Slot(*row)
        for stream, numbers in claimed.items()
        for row in tx.execute(
            select(table.c.stream, table.c.seq, table.c.id, table.c.rev).where(
                table.c.stream == stream, table.c.seq.in_(numbers)
            )
        )
    ]


def look_again(tx: Connection, device: str) -> None:
    """Something changed of it that its state depends on (see sync.office.watch)."""
    tx.execute(update(models.devices).where(models.devices.c.id == device).values(look_ms=0))


def keep_signs(tx: Connection, device: str, found: Iterable[str], now_ms: int) -> None:
    """Write down signs of a second box; one that was settled is open again, as from now."""
    table = models.clone_signs
    rows = [{"device_id": device, "sign": sign, "first_ms": now_ms, "last_ms": now_ms, "times": 1}
            for sign in sorted(found)]  # fmt: skip
    if not rows:
        return
    look_again(tx, device)
    query = insert_of(tx)(table).values(rows)
    tx.execute(
        query.on_conflict_do_update(
            index_elements=["device_id", "sign"],
            set_={
                "first_ms": case((table.c.settled_ms.is_(None), table.c.first_ms), else_=query.excluded.first_ms),
                "last_ms": query.excluded.last_ms,
                "times": table.c.times + 1,
                "settled_ms": None,
            },
        )
    )


def settle_signs(tx: Connection, device: str, now_ms: int) -> int:
    """A person has looked: answers are no longer marked, and the hardware it runs on now is its own. Returns how many
    signs were open."""
    table, devices = models.clone_signs, models.devices
    told = tx.execute(select(devices.c.health).where(devices.c.id == device).with_for_update()).scalar()
    fingerprint = msgspec.json.decode(told, type=wire.Health).fingerprint if told else ""
    if fingerprint:
        tx.execute(update(devices).where(devices.c.id == device).values(fingerprint=fingerprint))
    look_again(tx, device)
    open_ones = (table.c.device_id == device) & table.c.settled_ms.is_(None)
    return tx.execute(update(table).where(open_ones).values(settled_ms=now_ms)).rowcount


def count(
    tx: Connection,
    device: str,
    receipts: Sequence[Receipt],
    touched: set[str],
    health: wire.Health,
    *,
    late: bool,
) -> dict[str, wire.Held]:
    """Add new receipts to the counters of their streams; what is held of every stream that an entry is of or that
    the terminal's health names. How much it sealed, and which streams it has, is believed unless the request is a
    `late` replay; the centre remembers the highest number that it received or was told."""
    table = models.streams
    gained: dict[str, tuple[int, int]] = {}
    for receipt in receipts:
        n, top = gained.get(receipt.stream, (0, 0))
        gained[receipt.stream] = (n + 1, max(top, receipt.seq))
    named = sorted(touched | health.streams.keys())
    if not named:
        return {}
    believed = {} if late else health.streams
    rows = [_stream_row(device, name, gained.get(name, (0, 0)), believed.get(name)) for name in named]
    query = insert_of(tx)(table).values(rows)
    higher = func.greatest if tx.dialect.name == "postgresql" else func.max
    held = tx.execute(
        query.on_conflict_do_update(
            index_elements=["stream"],
            set_={
                "n": table.c.n + query.excluded.n,
                "max_seq": higher(table.c.max_seq, query.excluded.max_seq),
                "sealed": higher(table.c.sealed, query.excluded.sealed),
            },
        ).returning(table.c.stream, table.c.n, table.c.max_seq, table.c.sealed, table.c.device_id)
    ).all()
    others = {row.stream: row.device_id for row in held if row.device_id != device}
    if others and not late:
        _take_over(tx, device, others, health)
    return {row.stream: wire.Held(row.n, max(row.max_seq, row.sealed)) for row in held}


def _take_over(tx: Connection, device: str, others: Mapping[str, str], health: wire.Health) -> None:
    """Of the streams that `others` had, those that are this device's now. A card that was moved into another box, or
    enrolled anew, is another device: what it writes into is its own, and what is still on it, unless the other one
    was heard since and has the same: then this is a copy of it."""
    devices, streams = models.devices, models.streams
    about = select(devices.c.id, devices.c.enrolled_ms, devices.c.contact_ms, devices.c.health)
    rows = {row.id: row for row in tx.execute(about.where(devices.c.id.in_({device, *others.values()})))}
    if device not in rows:
        return
    heard = {name: row for name, row in rows.items() if (row.contact_ms or 0) > rows[device].enrolled_ms}
    there = {name: msgspec.json.decode(row.health or "{}", type=_Has).streams for name, row in heard.items()}
    left = {name for name, counts in health.streams.items() if counts.pending or counts.parked}
    mine = {name for name, owner in others.items() if name in left and name not in there.get(owner, {})}
    mine |= {name for name in others if name == health.stream}
    if mine:
        tx.execute(update(streams).where(streams.c.stream.in_(sorted(mine))).values(device_id=device))


class _Has(msgspec.Struct):
    """Of what a device said of itself, the streams that it has; whatever else another version said with it."""

    streams: dict[str, msgspec.Raw] = {}


def _stream_row(device: str, stream: str, gained: tuple[int, int], told: wire.StreamCounts | None) -> dict[str, object]:
    sealed = told.sealed if told else 0
    return {"stream": stream, "device_id": device, "n": gained[0], "max_seq": gained[1], "sealed": sealed}


def note(
    tx: Connection,
    device: str,
    known: Known,
    batch: wire.Batch,
    results: Sequence[wire.Result],
    have: Mapping[str, wire.Held],
    *,
    news: bool,
    late: bool,
    now_ms: int,
) -> None:
    """Write down that the device was heard; `news`: it brought something new. A `late` replay was not heard now, and
    what it says of the device counts for nothing."""
    table = models.devices
    heard: dict[str, object] = {"stored_ms": now_ms, "look_ms": 0} if news else {}
    if not late:
        heard |= {
            "contact_ms": now_ms,
            "seen_ms": max(min(batch.seen[0], now_ms), known.seen_ms),
            "seen_tries": batch.seen[1],
            "boot": batch.boot,
            "boottime_ms": batch.boottime_ms,
            "app": batch.app,
            "health": wire.encode(batch.health).decode(),
            "complete_ms": _complete(batch, results, now_ms),
            "look_ms": _next_look(batch, results, have, now_ms),
        }
    if heard:
        tx.execute(update(table).where(table.c.id == device).values(heard))


def _next_look(batch: wire.Batch, results: Sequence[wire.Result], have: Mapping[str, wire.Held], now_ms: int) -> object:
    """When the state of the device is to be looked at (sync.office.watch): at once where it may have changed. One that
    is well and tells nothing else may only fall silent."""
    health, table = batch.health, models.devices
    told = health.lost or health.aside or health.damaged or health.storage or health.in_pages[0]
    waits = any(each.pending or each.parked for each in health.streams.values())
    kept_apart = any(result.verdict == "quarantined" for result in results)
    if told or waits or kept_apart or any(each.n < each.max_seq for each in have.values()):
        return 0
    return case(((table.c.needs == 0) & (table.c.look_ms > 0), now_ms + QUIET_MS), else_=0)


def _complete(batch: wire.Batch, results: Sequence[wire.Result], now_ms: int) -> int:
    """Everything captured up to then has been delivered, also what the screens' pages keep themselves."""
    waiting = sum(counts.pending for counts in batch.health.streams.values())
    delivered = sum(result.verdict != "later" for result in results)
    pending_ms = 0 if waiting <= delivered else batch.health.oldest_pending_ms or 0
    return now_ms - max(pending_ms, batch.health.in_pages[1])
