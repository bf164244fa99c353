"""The centre's tables as plain dicts. Rows are never changed in place, so that a copy of the dicts is a snapshot: a
transaction works on a copy and puts it in the place of the original, a backup is a copy that was kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from sync import wire
from sync.intake.signs import Known, Slot
from sync.intake.tally import Key
from sync.intake.verdicts import Entry, Held, Plan, Quarantined, Receipt, Row, named


class Device(NamedTuple):
    """What the centre knows of a box."""

    generation: int
    install: str
    fingerprint: str
    revoked: bool = False
    seen: tuple[int, int] = (0, 0)
    boot: str | None = None
    boottime_ms: int = 0
    health: wire.Health | None = None


class Stream(NamedTuple):
    device: str
    n: int
    max_seq: int
    sealed: int


class Clash(Exception):
    """Another transaction wrote in between what this one was about to write."""


@dataclass
class Tables:
    """Everything that a backup holds."""

    epoch: str
    backed_up_ms: int | None = None
    receipts: dict[tuple[str, int], Receipt] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    quarantine: dict[tuple[str, int, str], Quarantined] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    anchors: dict[tuple[str, str], tuple[wire.Anchor, wire.Anchor]] = field(default_factory=dict)
    boots: dict[tuple[str, str], int] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    driven: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """device -> placements, oldest first"""
    signs: dict[tuple[str, str], int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    surveys: dict[tuple[str, int], Any] = field(default_factory=dict)
    days: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    hours: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    slots: dict[tuple[str, int], frozenset[tuple[str, int]]] = field(default_factory=dict)
    """(stream, seq) -> what was received in it: the index of the receipts"""
    counted: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Not a table: what the oracle says is counted, so that it is backed up and restored with the rest. id -> highest
    (rev, sha) known."""

    def copy(self) -> "Tables":
        copied = {each.name: getattr(self, each.name) for each in fields(self)}
        return Tables(**{name: dict(kept) if isinstance(kept, dict) else kept for name, kept in copied.items()})

    def held(self, entries: Iterable[Entry]) -> Held:
        """What is held of the ids of these."""
        ids = {entry.head.id for entry in entries if entry.head}
        receipts = {pair: (kept.sha, kept.verdict) for pair, kept in self.receipts.items() if pair[0] in ids}
        rows = {name: self.rows[name] for name in ids if name in self.rows}
        return Held(receipts, rows, self._erased(entries))

    def _erased(self, entries: Iterable[Entry]) -> frozenset[str]:
        return frozenset(name for entry in entries for name in named(entry) if name in self.erased)

    def known(self, device: str, stream: str | None) -> Known | None:
        """What is on record of a device that writes into `stream` now."""
        row, written = self.devices.get(device), self.streams.get(stream or "", Stream(device, 0, 0, 0))
        if row is None:
            return None
        return Known(
            0 if row.revoked else row.generation, row.fingerprint, row.boot, row.boottime_ms, *row.seen,
            max(written.max_seq, written.sealed), written.max_seq, any(name == device for name, _ in self.signs),
        )  # fmt: skip

    def in_slots(self, claims: Iterable[Slot]) -> list[Slot]:
        """Who holds the places in their streams that these claim."""
        wanted = [(claim.stream, claim.seq) for claim in claims]
        return [Slot(*place, *holder) for place in wanted for holder in sorted(self.slots.get(place, ()))]

    def store(self, plan: Plan, read: Held, entries: Iterable[Entry]) -> None:
        """Write what was judged upon what was `read`. Raises Clash: what a key that is taken by now, or a row that
        another one holds locked, comes to."""
        clashing = [key for key in plan.receipts if key in self.receipts]
        clashing += [name for name in plan.fresh if name in self.rows]
        clashing += [name for name in plan.changed if self.rows.get(name) is not read.rows.get(name)]
        if clashing or self._erased(entries) != read.erased:
            raise Clash
        self.rows |= plan.fresh | plan.changed
        self.receipts |= plan.receipts | plan.promoted
        for (name, rev), receipt in plan.promoted.items():
            self.quarantine.pop((name, rev, receipt.sha), None)
        self.quarantine |= plan.quarantined
        for receipt in plan.receipts.values():
            slot = (receipt.stream, receipt.seq)
            self.slots[slot] = self.slots.get(slot, frozenset()) | {(receipt.id, receipt.rev)}
        self.tally(plan)

    def tally(self, plan: Plan) -> None:
        _add(self.days, plan.tallies.days)
        _add(self.hours, plan.tallies.hours)

    def keep_anchors(self, device: str, seen: Iterable[wire.Anchor]) -> None:
        """The first and the last of each boot."""
        for anchor in seen:
            first, last = self.anchors.get((device, anchor.boot), (anchor, anchor))
            first = anchor if anchor.boottime_ms < first.boottime_ms else first
            last = anchor if anchor.boottime_ms > last.boottime_ms else last
            self.anchors[device, anchor.boot] = (first, last)

    def count(
        self,
        device: str,
        receipts: Iterable[Receipt],
        touched: set[str],
        told: Mapping[str, wire.StreamCounts],
        late: bool,
    ) -> dict[str, wire.Held]:
        """Add new receipts to the counters of their streams; what is held of these streams and those told of."""
        gained: dict[str, tuple[int, int]] = {}
        for receipt in receipts:
            n, top = gained.get(receipt.stream, (0, 0))
            gained[receipt.stream] = (n + 1, max(top, receipt.seq))
        for name in touched | told.keys():
            was = self.streams.get(name, Stream(device, 0, 0, 0))
            n, top = gained.get(name, (0, 0))
            sealed = max(was.sealed, told[name].sealed if name in told and not late else 0)
            self.streams[name] = Stream(was.device, was.n + n, max(was.max_seq, top), sealed)
        rows = {name: self.streams[name] for name in touched | told.keys()}
        return {name: wire.Held(row.n, max(row.max_seq, row.sealed)) for name, row in rows.items()}


def _add(table: dict[Key, tuple[int, ...]], changes: Mapping[Key, list[int]]) -> None:
    for key, by in changes.items():
        row = tuple(map(sum, zip(table[key], by, strict=True))) if key in table else tuple(by)
        table[key] = row
