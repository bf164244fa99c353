"""What the centre knows of each device: its streams, its anchors, its health, when it was last heard."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sync import models, wire
from sync.intake.verdicts import Receipt


def generation(tx: Connection, device: str, *, lock: bool = False) -> int | None:
    """The generation that may sign for a device now; 0 when it was revoked, None when the centre doesn't know it.
    With `lock` its row is ours until the end of the transaction, so that two requests of one device follow each
    other."""
    table = models.devices
    query = select(table.c.generation, table.c.revoked_ms).where(table.c.id == device)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    return 0 if row.revoked_ms is not None else int(row.generation)


def keep_anchors(tx: Connection, device: str, seen: Iterable[wire.Anchor]) -> None:
    """Keep the first and the last anchor of each boot."""
    ordered = sorted(seen, key=lambda anchor: (anchor.boot, anchor.boottime_ms))
    first = {anchor.boot: anchor for anchor in reversed(ordered)}
    last = {anchor.boot: anchor for anchor in ordered}
    rows = [
        {"device_id": device, "boot": anchor.boot, "place": place, "boottime_ms": anchor.boottime_ms,
         "server_ms": anchor.server_ms, "rtt_ms": anchor.rtt_ms}
        for boot in sorted(first)
        for place, anchor in (("first", first[boot]), ("last", last[boot]))
    ]  # fmt: skip
    if not rows:
        return
    table = models.anchors
    query = _insert(tx)(table).values(rows)
    new, old = query.excluded, table.c
    earlier = (old.place == "first") & (new.boottime_ms < old.boottime_ms)
    later = (old.place == "last") & (new.boottime_ms > old.boottime_ms)
    tx.execute(
        query.on_conflict_do_update(
            index_elements=["device_id", "boot", "place"],
            set_={"boottime_ms": new.boottime_ms, "server_ms": new.server_ms, "rtt_ms": new.rtt_ms},
            where=earlier | later,
        )
    )


def _insert(tx: Connection) -> Callable[..., Any]:
    """The insert of this database, which knows what to do on a conflict."""
    return pg_insert if tx.dialect.name == "postgresql" else sqlite_insert


def anchors(tx: Connection, device: str, boots: set[str]) -> list[wire.Anchor]:
    """The kept anchors of these boots."""
    table = models.anchors
    query = select(table.c.boot, table.c.boottime_ms, table.c.server_ms, table.c.rtt_ms).where(
        table.c.device_id == device, table.c.boot.in_(boots)
    )
    return [wire.Anchor(*row) for row in tx.execute(query)]


def count(
    tx: Connection,
    device: str,
    receipts: Sequence[Receipt],
    touched: set[str],
    told: Mapping[str, wire.StreamCounts],
) -> dict[str, wire.Held]:
    """Add new receipts to the counters of their streams; what is held of every stream that an entry is of or that
    the terminal's health names."""
    table = models.streams
    gained: dict[str, tuple[int, int]] = {}
    for receipt in receipts:
        n, top = gained.get(receipt.stream, (0, 0))
        gained[receipt.stream] = (n + 1, max(top, receipt.seq))
    named = sorted(touched | told.keys())
    if not named:
        return {}
    rows = [_stream_row(device, name, gained.get(name, (0, 0)), told.get(name)) for name in named]
    query = _insert(tx)(table).values(rows)
    higher = func.greatest if tx.dialect.name == "postgresql" else func.max
    held = tx.execute(
        query.on_conflict_do_update(
            index_elements=["stream"],
            set_={
                "n": table.c.n + query.excluded.n,
                "max_seq": higher(table.c.max_seq, query.excluded.max_seq),
                "sealed": higher(table.c.sealed, query.excluded.sealed),
            },
        ).returning(table.c.stream, table.c.n, table.c.max_seq)
    )
    return {row.stream: wire.Held(row.n, row.max_seq) for row in held}


def _stream_row(device: str, stream: str, gained: tuple[int, int], told: wire.StreamCounts | None) -> dict[str, object]:
    sealed = told.sealed if told else 0
    return {"stream": stream, "device_id": device, "n": gained[0], "max_seq": gained[1], "sealed": sealed}


def note(tx: Connection, device: str, batch: wire.Batch, results: Sequence[wire.Result], now_ms: int) -> None:
    """Write down that the device was heard. What it says of itself counts unless this is a late replay: a request
    whose `seen` is older than one already served."""
    table = models.devices
    stored = any(result.verdict in ("stored", "quarantined") for result in results)
    heard = {"contact_ms": now_ms, **({"stored_ms": now_ms} if stored else {})}
    tx.execute(update(table).where(table.c.id == device).values(heard))
    seen_ms, tries = min(batch.seen[0], now_ms), batch.seen[1]
    older = (table.c.seen_ms < seen_ms) | ((table.c.seen_ms == seen_ms) & (table.c.seen_tries <= tries))
    tx.execute(
        update(table)
        .where(table.c.id == device, older)
        .values(
            seen_ms=seen_ms,
            seen_tries=tries,
            app=batch.app,
            health=wire.encode(batch.health).decode(),
            complete_ms=_complete(batch, results, now_ms),
        )
    )


def _complete(batch: wire.Batch, results: Sequence[wire.Result], now_ms: int) -> int:
    """Everything captured up to then has been delivered."""
    waiting = sum(counts.pending for counts in batch.health.streams.values())
    delivered = sum(result.verdict != "later" for result in results)
    return now_ms if waiting <= delivered else now_ms - (batch.health.oldest_pending_ms or 0)
