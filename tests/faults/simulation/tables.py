"""The centre's tables as plain dicts. Rows are never changed in place, so that a copy of the dicts is a snapshot: a
transaction works on a copy and puts it in the place of the original, a backup is a copy that was kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from sync import wire
from sync.intake import bursts, ingest
from sync.intake.clocks import Ends, Span, local, merged
from sync.intake.entries import Entry, named
from sync.intake.held import Held, Quarantined, Receipt, Row
from sync.intake.ledger import Memory
from sync.intake.signs import Known, Slot
from sync.intake.tally import Key
from sync.intake.verdicts import Plan
from sync.models import UNSURE_MS
from sync.office.places import Standing
from sync.survey import Survey


class Device(NamedTuple):
    """What the centre knows of a box."""

    generation: int
    install: str
    fingerprint: str
    revoked: bool = False
    seen_ms: int = 0
    seen_tries: int = 0
    boot: str | None = None
    boottime_ms: int = 0
    health: wire.Health | None = None


class Stream(NamedTuple):
    n: int
    max_seq: int
    sealed: int


@dataclass
class Tables:
    """Everything that a backup holds. Most methods stand for a query of `sync.intake` and have its name and its
    arguments, so that the functions there run over this as over a transaction."""

    epoch: str
    places: Mapping[str, Standing]
    backed_up_ms: int | None = None
    receipts: dict[tuple[str, int], Receipt] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    quarantine: dict[tuple[str, int, str], Quarantined] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    anchors: dict[str, dict[str, Ends]] = field(default_factory=dict)
    """device -> boot -> first and last"""
    boots: dict[str, dict[str, int]] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    driven: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """device -> placements, oldest first"""
    signs: dict[tuple[str, str], int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    surveys: dict[tuple[str, int], Survey] = field(default_factory=dict)
    days: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    hours: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    holders: dict[tuple[str, int], tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """(stream, seq) -> what was received in it: the index of the receipts"""
    unspoken: dict[tuple[str, int], None] = field(default_factory=dict)
    """Not a table: what came in a late replay or on a stick, which are no sign of anything"""
    counted: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Not a table: what the oracle says is counted, so that it is backed up and restored with the rest. id -> highest
    (rev, sha) known."""

    def copy(self) -> "Tables":
        copied = {each.name: getattr(self, each.name) for each in fields(self)}
        return Tables(**{name: dict(kept) if isinstance(kept, dict) else kept for name, kept in copied.items()})

    # -- sync.intake.ingest

    def held(self, entries: Iterable[Entry], also: Set[str] = frozenset()) -> Held:
        ids = {entry.head.id for entry in entries if entry.head}
        receipts = {pair: (kept.sha, kept.verdict) for pair, kept in self.receipts.items() if pair[0] in ids}
        rows = {name: self.rows[name] for name in ids | also if name in self.rows}
        return Held(receipts, rows, frozenset(n for entry in entries for n in named(entry) if n in self.erased))

    moments = staticmethod(ingest.moments)

    def near(self, device: str, moments: Iterable[int]) -> set[str]:
        around = bursts.spans(moments)
        mine = (row for row in self.rows.values() if row.device == device)
        return {row.id for row in mine if any(low <= row.captured_ms <= high for low, high in around)}

    def missing(self, asked: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        return [pair for pair in asked if pair not in self.receipts]

    def published(self) -> Callable[[str, int], Survey | None]:
        return lambda name, version: self.surveys.get((name, version))

    def calendar(self, standings: Mapping[str, Standing] | None, now_ms: int) -> Callable[[int], int]:
        """A device counts only where it stands or stood."""
        zones = {each.location_id: each.zone for each in (standings or {}).values()}
        return lambda location: local(now_ms, zones[location]).day

    @staticmethod
    def beside(tx: "Tables", jobs: Any, known: Any) -> dict[str, Row]:
        """No crew hands a tablet over here."""
        return {}

    @staticmethod
    def recorrect(tx: "Tables", *known: Any) -> None:
        """No crew hands a tablet over here."""

    @staticmethod
    def of(tx: "Tables", ids: Iterable[str]) -> dict[str, dict[str, bool]]:
        """Nobody decides about flags here."""
        return {}

    def store(self, plan: Plan, now_ms: int, before: Mapping[str, Row]) -> None:
        self.rows |= plan.fresh | plan.changed
        self.receipts |= plan.receipts | plan.promoted
        for (name, rev), receipt in plan.promoted.items():
            self.quarantine.pop((name, rev, receipt.sha), None)
        self.quarantine |= plan.quarantined
        for receipt in plan.receipts.values():
            slot = (receipt.stream, receipt.seq)
            self.holders[slot] = (*self.holders.get(slot, ()), (receipt.id, receipt.rev))
        self.tally(plan)

    def tally(self, plan: Plan) -> None:
        _add(self.days, plan.tallies.days)
        _add(self.hours, plan.tallies.hours)

    # -- sync.intake.quarantine

    def quarantined(self, keys: Iterable[Any]) -> list[Quarantined]:
        ids = {key.id for key in keys}
        return [row for row in self.quarantine.values() if row.id in ids]

    # -- sync.office.places

    def stood(self, device: str) -> dict[str, Standing]:
        return {name: self.places[name] for name in self.driven.get(device, ())}

    # -- sync.intake.ledger

    def memory(self) -> Memory:
        return Memory(self.epoch, self.backed_up_ms)

    def known(self, device: str, stream: str | None) -> Known | None:
        row, written = self.devices.get(device), self.streams.get(stream or "", Stream(0, 0, 0))
        if row is None:
            return None
        return Known(
            0 if row.revoked else row.generation, row.fingerprint, row.boot, row.boottime_ms, row.seen_ms,
            row.seen_tries, written.sealed, written.max_seq,
            any(name == device for name, _ in self.signs),
        )  # fmt: skip

    def keep_signs(self, device: str, found: Iterable[str], now_ms: int) -> None:
        for sign in found:
            self.signs[device, sign] = self.signs.get((device, sign), 0) + 1

    def slots(self, wanted: Iterable[Slot]) -> list[Slot]:
        places = [(slot.stream, slot.seq) for slot in wanted]
        return [Slot(*place, *holder) for place in places for holder in self.holders.get(place, ())]

    def count(
        self,
        device: str,
        receipts: Iterable[Receipt],
        touched: set[str],
        health: wire.Health,
        *,
        late: bool,
    ) -> dict[str, wire.Held]:
        told = health.streams
        if late:
            self.unspoken |= {(receipt.id, receipt.rev): None for receipt in receipts}
        gained: dict[str, tuple[int, int]] = {}
        for receipt in receipts:
            n, top = gained.get(receipt.stream, (0, 0))
            gained[receipt.stream] = (n + 1, max(top, receipt.seq))
        for name in touched | told.keys():
            was = self.streams.get(name, Stream(0, 0, 0))
            n, top = gained.get(name, (0, 0))
            sealed = max(was.sealed, told[name].sealed if name in told and not late else 0)
            self.streams[name] = Stream(was.n + n, max(was.max_seq, top), sealed)
        rows = {name: self.streams[name] for name in touched | told.keys()}
        return {name: wire.Held(row.n, max(row.max_seq, row.sealed)) for name, row in rows.items()}

    def note(
        self,
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
        if not late:
            self.devices[device] = self.devices[device]._replace(
                seen_ms=max(min(batch.seen[0], now_ms), known.seen_ms), seen_tries=batch.seen[1],
                boot=batch.boot, boottime_ms=batch.boottime_ms, health=batch.health,
            )  # fmt: skip

    def look_again(self, device: str) -> None:
        """Nobody looks at a list of terminals here."""

    # -- sync.intake.starts

    def ends(self, device: str, boots: Iterable[str] | None = None) -> dict[str, Ends]:
        mine = self.anchors.get(device, {})
        return dict(mine) if boots is None else {boot: mine[boot] for boot in boots if boot in mine}

    def keep_ends(self, device: str, found: Mapping[str, Ends]) -> None:
        anchors = (anchor for both in found.values() for anchor in both)
        self.anchors[device] = merged(self.anchors.get(device, {}), anchors)

    def order(self, device: str) -> dict[str, int]:
        return dict(self.boots.get(device, {}))

    def keep_order(self, device: str, boots: Mapping[str, int]) -> list[str]:
        known = self.boots.get(device, {})
        self.boots[device] = {**boots, **known}
        return [boot for boot in boots if boot not in known]

    def unsure(self, device: str, spans: Sequence[Span]) -> set[str]:
        mine = [row for row in self.rows.values() if row.device == device and _is_unsure(row)] if spans else []
        return {
            row.id
            for span in spans
            for row in mine
            if row.boot == span.boot and span.from_ms <= row.captured_ms <= span.to_ms
        }


def _is_unsure(row: Row) -> bool:
    return row.quality != "anchored" or row.error_ms > UNSURE_MS


def _add(table: dict[Key, tuple[int, ...]], changes: Mapping[Key, list[int]]) -> None:
    for key, by in changes.items():
        row = tuple(map(sum, zip(table[key], by, strict=True))) if key in table else tuple(by)
        table[key] = row
