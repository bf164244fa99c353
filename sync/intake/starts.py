"""What is kept of the starts of each device's clock, and which responses may be known better by it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, text

from sync import models, wire
from sync.intake import clocks
from sync.intake.clocks import Ends, Span, Starts, merged
from sync.rows import insert_of


class Learned(NamedTuple):
    """What is known of a device's starts now. `order`: which start each was, as far as was ever told. `was_heard`: an
    answer of ours had come back from the start of this request before. `unsure`: ids of responses that what is new may
    help; `spans`: where it may help."""

    starts: Starts
    order: Mapping[str, int]
    was_heard: bool
    unsure: set[str]
    spans: Sequence[Span] = ()


def learn(tx: Connection, device: str, heard: str | None, batch: wire.Batch, stamps: Sequence[wire.Stamp]) -> Learned:
    """Keep what a request says of its clock's starts. `heard`: the start it was last heard in; `stamps`: those of its
    entries. In the ordinary case, one start with anchors, its neighbours are not even read."""
    elsewhere = batch.boot != heard
    stored = ends(
        tx, device, {stamp.boot for stamp in stamps} | {batch.boot} | {anchor.boot for anchor in batch.anchors}
    )
    now = merged(stored, batch.anchors)
    grown = {boot: each for boot, each in now.items() if stored.get(boot) != each}
    keep_ends(tx, device, grown)
    told = keep_order(tx, device, batch.boots) if elsewhere or batch.boots.keys() - {batch.boot} else []
    # The last anchor of the current start moves with every answer, and there is no later start beside it yet.
    reaching = [boot for boot in grown if elsewhere or boot != batch.boot or boot not in stored]
    found, known = Starts(now, batch.boots), batch.boots
    lost = {stamp.boot for stamp in stamps if not stamp.synced} - now.keys()
    if elsewhere or told or reaching or lost:
        known = {**order(tx, device), **batch.boots}
        own = merged({}, batch.anchors) if batch.boots else None
        found = Starts(ends(tx, device), batch.boots or known, own)
    if not found.order:
        sent = [anchor.boot for anchor in batch.anchors]
        found = Starts(found.ends, clocks.guessed_order(batch.boot, sent, found.ends, lost))
    spans = _spans(found, stored, grown, reaching, told)
    return Learned(found, known, batch.boot in stored, unsure(tx, device, spans), spans)


def _spans(
    found: Starts, stored: Mapping[str, Ends], grown: Mapping[str, Ends], reaching: list[str], told: list[str]
) -> list[Span]:
    """Where new anchors, and the order of starts that was `told`, may help."""
    own = (clocks.better_known(boot, stored.get(boot), each, models.UNSURE_MS) for boot, each in grown.items())
    near = {*told, *(other for boot in (*reaching, *told) for other in found.neighbours(boot))} - grown.keys()
    return [*(span for span in own if span), *(Span(boot, -clocks.ALWAYS_MS, clocks.ALWAYS_MS) for boot in near)]


def order(tx: Connection, device: str) -> dict[str, int]:
    """Which start each one was, as far as the device told."""
    table = models.boots
    query = select(table.c.boot, table.c.n).where(table.c.device_id == device)
    return {row.boot: row.n for row in tx.execute(query)}


def keep_order(tx: Connection, device: str, boots: Mapping[str, int]) -> list[str]:
    """Keep which start each of these was; what was told first stays. Returns those that are new."""
    table = models.boots
    rows = [{"device_id": device, "boot": boot, "n": boots[boot]} for boot in sorted(boots)]
    if not rows:
        return []
    new = insert_of(tx)(table).values(rows).on_conflict_do_nothing().returning(table.c.boot)
    return list(tx.execute(new).scalars())


def ends(tx: Connection, device: str, boots: Iterable[str] | None = None) -> dict[str, Ends]:
    """The first and the last anchor of these starts (None: of all)."""
    table = models.anchors
    query = select(table.c.boot, table.c.boottime_ms, table.c.server_ms, table.c.rtt_ms).where(
        table.c.device_id == device
    )
    if boots is not None:
        query = query.where(table.c.boot.in_(list(boots)))
    return merged({}, (wire.Anchor(*row) for row in tx.execute(query)))


def keep_ends(tx: Connection, device: str, found: Mapping[str, Ends]) -> None:
    """Keep the first and the last anchor of each start; another transaction may have brought better ones."""
    rows = [
        {"device_id": device, "boot": boot, "place": place, "boottime_ms": anchor.boottime_ms,
         "server_ms": anchor.server_ms, "rtt_ms": anchor.rtt_ms}
        for boot, both in sorted(found.items())
        for place, anchor in (("first", both.first), ("last", both.last))
    ]  # fmt: skip
    if not rows:
        return
    table = models.anchors
    query = insert_of(tx)(table).values(rows)
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


# Spelled as the index has it, or SQLite would not use it.
_UNSURE = text(f"(responses.quality <> 'anchored' OR responses.error_ms > {models.UNSURE_MS})")


def unsure(tx: Connection, device: str, spans: Sequence[Span]) -> set[str]:
    """The ids of this device's responses in these spans of time that are not known well."""
    table = models.responses
    return {
        name
        for span in spans
        for name in tx.execute(
            select(table.c.id).where(
                table.c.device_id == device,
                table.c.boot == span.boot,
                table.c.captured_ms.between(span.from_ms, span.to_ms),
                _UNSURE,
            )
        ).scalars()
    }
