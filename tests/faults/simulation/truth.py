"""What really happened, kept by somebody who sees everything and whom nobody in the simulation asks; and what must be
true of it."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from sync import wire
from sync.intake.entries import Entry
from tests.faults.simulation.box import Box
from tests.faults.simulation.card import SECRET
from tests.faults.simulation.centre import Centre
from tests.faults.simulation.visits import OFF_SCALE, Revision

SLACK_MS = 20
"""Whole milliseconds are rounded a few times on the way."""


class Broken(AssertionError):
    """Something that must always be true is not."""


class Sealed(NamedTuple):
    """An entry as it was sealed."""

    sha: str
    entry: dict[str, Any]


class Truth:
    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.taps: dict[str, Revision] = {}
        """id -> its first revision"""
        self.sealed: dict[tuple[str, int], dict[str, Sealed]] = {}
        """More than one only when two boxes with one card sealed the same draft."""
        self.committed: set[tuple[str, int]] = set()
        """What the centre ever had a receipt of."""
        self.restores = 0
        self.heard: dict[str, int] = {}
        """box -> how many restores it knows of"""
        self.served: dict[str, int] = {}
        """batch -> how many restores there had been when it was answered"""
        self.damaged: set[tuple[str, int]] = set()
        self.erased: set[str] = set()
        self.twins: set[str] = set()
        """Devices of whose card there were ever two states."""

    # -- told as it happens

    def thanked(self, revision: Revision) -> None:
        self.taps.setdefault(revision.id, revision)

    def was_sealed(self, box: Box, entry: dict[str, Any]) -> None:
        known = self.sealed.setdefault((entry["id"], entry["rev"]), {})
        known[entry["sha"]] = Sealed(entry["sha"], entry)

    def was_acked(self, box: Box, pairs: Iterable[tuple[str, int]]) -> None:
        for pair in pairs:
            if pair not in self.committed:
                raise Broken(f"false ack: {box.name} believes {pair} to be at the centre, which never had it")

    def was_committed(self, device: str, entries: list[Entry], answer: wire.Answer) -> None:
        """The oracle's own book: which revision of an id counts."""
        self.served[answer.batch] = self.restores
        self._book((entry.id, entry.rev) for entry in entries)

    def _book(self, pairs: Iterable[tuple[str, int]]) -> None:
        tables = self.centre.tables
        for name, rev in pairs:
            receipt = tables.receipts.get((name, rev))
            if receipt is not None:
                self.committed.add((name, rev))
            if receipt is not None and receipt.verdict in ("stored", "erased"):
                tables.counted[name] = max(tables.counted.get(name, (0, "")), (receipt.rev, receipt.sha))

    def was_replayed(self) -> None:
        self._book(list(self.centre.tables.receipts))

    def was_answered(self, box: Box, batch: wire.Batch, answer: wire.Answer) -> None:
        """The first answer of a restored centre makes an audit due, where there is something to ask for; one that knows
        later numbers of a stream than the card ends that stream."""
        told = batch.health.stream or ""
        sealed, held = batch.health.streams.get(told), answer.have.get(told)
        if held and held.max_seq > (sealed.sealed if sealed else 0) and box.card.stream == told:
            raise Broken(f"{box.name} was rolled back, and goes on in {told}")
        if self.heard.get(box.name, 0) < self.served.get(answer.batch, 0):
            self.heard[box.name] = self.served.get(answer.batch, 0)
            if not box.card.audit.due and any(counts.acked for counts in box.card.counts().values()):
                raise Broken(f"{box.name} heard of a restored centre, and doesn't ask what it misses")

    def was_wiped(self, box: Box, pair: tuple[str, int], late: bool) -> None:
        """Words go once a backup has them, or after a week."""
        if not late and not any(pair in tables.receipts for _, tables in self.centre.backups):
            raise Broken(f"{box.name} let the words of {pair} go, which no backup has")

    # -- what must be true

    def check_centre(self) -> None:
        """Tallies are a recount of what the oracle says is counted; every row is what was sealed, at its time."""
        tables = self.centre.tables
        streams = Counter(receipt.stream for receipt in tables.receipts.values())
        if {name: row.n for name, row in tables.streams.items() if row.n} != streams:
            raise Broken("the counters of the streams are not the numbers of their receipts")
        if tables.rows.keys() != tables.counted.keys():
            odd = sorted(tables.rows.keys() ^ tables.counted.keys())[:3]
            raise Broken(f"the centre counts other ids than it has receipts for: {odd}")
        days: Counter[Any] = Counter()
        hours: Counter[Any] = Counter()
        for name, row in tables.rows.items():
            if (row.rev, json.loads(row.body)["sha"]) != tables.counted[name]:
                raise Broken(f"{name} stands at revision {row.rev}, the highest known is {tables.counted[name][0]}")
            sealed = self.sealed[name, row.rev].get(tables.counted[name][1])
            if sealed is None:
                raise Broken(f"{name} revision {row.rev} is not what was sealed")
            self._check_time(row)
            if not row.test:
                for key, value in _counted(row, sealed.entry["answers"]):
                    days[*key, row.day, row.aside, value] += 1
                    if row.hour is not None and not key[-1]:
                        hours[*key, row.hour, row.aside, value] += 1
        _compare("day", tables.days, days)
        _compare("hour", tables.hours, hours)

    def _check_time(self, row: Any) -> None:
        if row.quality == "unknown":
            if row.hour is not None:
                raise Broken(f"{row.id}: nobody knows when it was, but it has an hour")
            return
        off = abs(row.captured_ms - self.taps[row.id].true_ms)
        if off > row.error_ms + SLACK_MS:
            raise Broken(f"{row.id}: said to be {row.quality} within {row.error_ms} ms, but is {off} ms off")

    def check_signs(self, boxes: Iterable[Box]) -> None:
        """Nobody speaks of a second box where there never was one."""
        honest = {box.card.identity.device: box.name for box in boxes if box.name not in self.twins}
        for device, sign in self.centre.tables.signs:
            if device in honest:
                raise Broken(f"{honest[device]} is suspected ({sign}), though there never was a second one")

    def check_boxes(self, boxes: Iterable[Box]) -> None:
        """What every card holds is as it was sealed; what waits is whole."""
        for box in boxes:
            if not box.known <= box.card.entries.keys():
                raise Broken(f"{box.name} forgot {min(box.known - box.card.entries.keys())}")
            box.known = set(box.card.entries)
            for pair, kept in box.card.entries.items():
                if kept.sha not in self.sealed.get(pair, {}):
                    raise Broken(f"{box.name}: {pair} is not what was sealed")
                if kept.state != "acked" and kept.body is None:
                    raise Broken(f"{box.name}: {pair} is {kept.state} without its body")

    def check_end(self, boxes: Iterable[Box]) -> None:
        """After everything healed, was sent and was audited."""
        self.check_centre()
        boxes = list(boxes)
        self.check_boxes(boxes)
        self.check_signs(boxes)
        for box in boxes:
            self._check_delivered(box)
            self._check_whole(box)
        self._check_kept_apart()
        self._check_slots()
        self._check_texts(boxes)

    def _check_delivered(self, box: Box) -> None:
        receipts = self.centre.tables.receipts
        gone: dict[str, int] = {}
        for pair, kept in box.card.entries.items():
            if kept.state == "sealed":
                raise Broken(f"{box.name}: {pair} still waits, though everything has healed")
            if kept.state == "parked" and kept.code not in ("damaged", "off_scale"):
                raise Broken(f"{box.name}: {pair} is parked as {kept.code}, though everything has healed")
            if kept.state == "acked" and pair not in receipts:
                if kept.body is not None:
                    raise Broken(f"{box.name}: {pair} is missing at the centre, and no audit brought it back")
                gone[kept.id] = kept.rev
        highest = {kept.id: kept for kept in sorted(box.card.entries.values(), key=lambda kept: kept.rev)}
        lost = sorted(name for name, rev in gone.items() if highest[name].rev == rev)
        if lost != box.card.lost():
            raise Broken(f"{box.name} says that {box.card.lost()} are lost, but {lost} are")
        told = self.centre.tables.devices.get(box.card.identity.device or "")
        if told and told.health and box.name not in self.twins and told.health.lost != len(lost):
            raise Broken(f"head office is told of {told.health.lost} lost of {box.name}, not of {len(lost)}")

    def _check_whole(self, box: Box) -> None:
        for pair, kept in box.card.entries.items():
            if kept.body is not None and pair not in self.damaged:
                entry = wire.read_entry(kept.body)
                if entry["sha"] != kept.sha or not wire.is_intact(entry):
                    raise Broken(f"{box.name}: {pair} no longer is what its hash says")

    def _check_kept_apart(self) -> None:
        tables = self.centre.tables
        for kept in tables.quarantine.values():
            never = wire.read_entry(kept.body.encode()).get("answers", {}).get("visit") == OFF_SCALE
            if kept.code == "unknown_device" and kept.device in tables.devices and not never:
                raise Broken(f"{kept.id} is kept apart for ever, though its terminal is known again")

    def _check_slots(self) -> None:
        """Two entries in one place of a stream are of two boxes with one name, and somebody says so when the second
        comes, unless it comes late or on a stick, which speak for nothing. Only what came while a restored centre knew
        nobody of that name is not looked at again."""
        tables = self.centre.tables
        suspected = {device for device, _ in tables.signs}
        for (stream, seq), holders in tables.holders.items():
            devices = {tables.receipts[pair].device for pair in holders}
            heard = any(pair not in tables.unspoken for pair in holders[1:])
            if len(set(holders)) > 1 and heard and not devices & suspected and not self.restores:
                raise Broken(f"two entries stand at {seq} of {stream}, and nobody suspects {devices}")

    def _check_texts(self, boxes: Iterable[Box]) -> None:
        tables = self.centre.tables
        places = [(f"row {row.id}", row.id, row.body) for row in tables.rows.values()]
        places += [(f"quarantined {kept.id}", kept.id, kept.body) for kept in tables.quarantine.values()]
        for box in boxes:
            for kept in box.card.entries.values():
                if kept.has_words:
                    raise Broken(f"{box.name} keeps the words of {kept.id} for ever")
        for where, name, body in places:
            if name in self.erased and SECRET.decode() in body:
                raise Broken(f"{where} still has its words, though they were erased")


def _counted(row: Any, answers: dict[str, Any]) -> Iterable[tuple[tuple[Any, ...], int]]:
    for question, answer in answers.items():
        if isinstance(answer, int):
            yield (row.location, row.touchpoint, question, ""), answer
        elif isinstance(answer, list):
            for choice in answer:
                yield (row.location, row.touchpoint, question, choice), answers["visit"]


def _compare(name: str, kept: dict[Any, tuple[int, ...]], counted: "Counter[Any]") -> None:
    told: Counter[Any] = Counter()
    for key, row in kept.items():
        if row[0] != sum(row[1:]):
            raise Broken(f"{name} {tuple(key)}: n is {row[0]}, its values are {row[1:]}")
        for value, n in enumerate(row[1:]):
            if n:
                told[key.location, key.touchpoint, key.question, key.choice, key.bucket, key.aside, value] = n
    if told != +counted:
        raise Broken(f"tallies by {name} say {dict(told - counted)} too much and {dict(counted - told)} too little")
