"""The centre over its tables: what comes in over the network, what people do there, its backups.

Everything that decides is the shipped code (`sync.wire`, `sync.intake`); here are only the order of the reads and the
writes, as `sync.intake.ingest` has it, and where a process may die in between."""

import random
from collections.abc import Callable

import msgspec

from sync import problems, survey, wire
from sync.intake import signing, signs, verdicts
from sync.intake.keys import Secrets
from sync.office.places import Standing
from sync.problems import Refused
from tests.faults.simulation.post import Post, Reply, problem, signed_reply
from tests.faults.simulation.tables import Clash, Device, Tables

VERSIONS = ("smilepost/0.1.0", "smilepost/0.2.0")
SPRING = msgspec.structs.replace(survey.BUILTIN, id="spring")
"""A survey that the centre learns of after the first answers to it came."""


class Died(Exception):
    """The centre's process ended here."""


class Centre:
    """`places` are where screens stand, by placement; `on_commit` is told of every batch that was committed."""

    def __init__(self, chance: random.Random, now_ms: Callable[[], int], places: dict[str, Standing]) -> None:
        self.chance, self.now_ms, self.places = chance, now_ms, places
        self.secrets = Secrets((chance.randbytes(32),))
        self.tables = Tables(epoch=f"{chance.getrandbits(64):016x}")
        self.backups: list[tuple[int, Tables]] = []
        self.backing_up: tuple[int, Tables] | None = None
        self.erasure_log: list[str] = []
        self.app = VERSIONS[0]
        self.poison: set[str] = set()
        """Ids that this version cannot take: an error of its own."""
        self.postponed = 0.0
        """The share of entries that are told to come later."""
        self.on_commit: Callable[[str, list[verdicts.Entry], wire.Answer], None] = lambda device, entries, answer: None

    # -- over the network

    def serve(self, post: Post, dying: str = "", meanwhile: Callable[[], object] | None = None) -> Reply | None:
        """The answer to a request. `dying`: "before" or "after" the commit, and nobody answers; `meanwhile` is
        what happens between this transaction's reads and its writes."""
        claimed = signing.claimed(post.headers, self.secrets)
        key = claimed.key if claimed else None
        try:
            caller = signing.checked(claimed, self.secrets, "POST", wire.BATCHES, post.headers, post.body)
            try:
                batch = wire.read_batch(post.body)
            except wire.Unreadable as unreadable:
                raise Refused(getattr(problems, unreadable.code.upper())) from None
            entries = [verdicts.read(bytes(raw)) for raw in batch.entries]
            if any(entry.id in self.poison for entry in entries):
                return Reply(500, b"{}")
            answer = self.take(caller.device, caller.generation, batch, entries, dying, meanwhile)
        except Refused as refused:
            return problem(key, post.request, refused.problem)
        except Died:
            return None
        # The time of an ack lies after its commit: a backup begun later has it.
        answer = msgspec.structs.replace(answer, server_ms=self.now_ms())
        return signed_reply(caller.key, post.request, 200, wire.encode(answer))

    def take(
        self,
        device: str,
        generation: int,
        batch: wire.Batch,
        entries: list[verdicts.Entry],
        dying: str = "",
        meanwhile: Callable[[], object] | None = None,
    ) -> wire.Answer:
        """One transaction; another one that wrote in between makes it start over. Raises Refused, Died."""
        came = list(entries)
        entries = [entry for entry in entries if self.chance.random() >= self.postponed]
        later = [wire.Result(e.id, e.rev, "later", retry_ms=30_000) for e in came if e not in entries]
        while True:
            try:
                tx, answer = self._take(device, generation, batch, entries, meanwhile)
                break
            except Clash:
                meanwhile = None
        if dying == "before":
            raise Died
        self.tables = tx
        self.on_commit(device, entries, answer)
        if dying == "after":
            raise Died
        return msgspec.structs.replace(answer, results=answer.results + later)

    def _take(
        self,
        device: str,
        generation: int,
        batch: wire.Batch,
        entries: list[verdicts.Entry],
        meanwhile: Callable[[], object] | None,
    ) -> tuple[Tables, wire.Answer]:
        """What a batch makes of the tables, and the answer. Raises Refused, Clash."""
        now_ms, tx = self.now_ms(), self.tables.copy()
        known = tx.known(device, batch.health.stream)
        if known is not None and known.generation != generation:
            raise Refused(problems.REVOKED)
        held = tx.held(entries)
        late, found, asked = self._spoken(tx, device, known, batch, entries, held)
        plan = verdicts.judge(entries, held, self._scene(tx, device, batch, now_ms, bool(found)))
        if meanwhile is not None:
            meanwhile()
            tx = self.tables.copy()
        tx.store(plan, held, entries)
        self._keep_told(tx, device, batch, found)
        streams = {entry.head.stream for entry in entries if entry.head}
        have = tx.count(device, plan.receipts.values(), streams, batch.health.streams, late)
        if known is not None and not late:
            self._note(tx, device, known, batch)
        return tx, wire.Answer(
            proto=1,
            batch=batch.batch,
            epoch=tx.epoch,
            server_ms=now_ms,
            app=self.app,
            backed_up_ms=tx.backed_up_ms,
            results=plan.results,
            have=have,
            missing=msgspec.UNSET if batch.audit is None else self.missing(tx, batch.audit),
            do=asked if known else ["reenrol"],
        )

    def missing(self, tx: Tables, asked: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Those (id, rev) that the centre has no receipt of."""
        return [pair for pair in asked if pair not in tx.receipts]

    def _spoken(
        self,
        tx: Tables,
        device: str,
        known: signs.Known | None,
        batch: wire.Batch,
        entries: list[verdicts.Entry],
        held: verdicts.Held,
    ) -> tuple[bool, frozenset[str], list[str]]:
        """What a request says of the device itself: whether it comes too late to say anything, signs of a second box,
        what it is asked to do."""
        if known is None:
            return False, frozenset(), []
        order = {boot: n for (name, boot), n in tx.boots.items() if name == device} | batch.boots
        if signs.is_late(known, batch, order):
            return True, frozenset(), []
        heads = [entry.head for entry in entries if entry.head]
        claims = [
            signs.Slot(head.stream, head.seq, head.id, head.rev)
            for head in heads
            if (head.id, head.rev) not in held.receipts
        ]
        taken = signs.in_taken_slots(claims, tx.in_slots(claims))
        was_heard = batch.boot != known.boot and (device, batch.boot) in tx.anchors
        found = signs.found(known, batch, was_heard, bool(taken))
        return False, found, signs.asked(found, batch.health.stream in taken)

    def _keep_told(self, tx: Tables, device: str, batch: wire.Batch, found: frozenset[str]) -> None:
        for sign in found:
            tx.signs[device, sign] = tx.signs.get((device, sign), 0) + 1
        for boot, n in batch.boots.items():
            tx.boots.setdefault((device, boot), n)
        tx.keep_anchors(device, batch.anchors)

    def _scene(self, tx: Tables, device: str, batch: wire.Batch, now_ms: int, signed: bool) -> verdicts.Scene:
        stood = tx.driven.get(device, ())
        boots = {anchor.boot for anchor in batch.anchors} | {batch.boot}
        anchors = [anchor for boot in boots for anchor in tx.anchors.get((device, boot), ())] + batch.anchors
        return verdicts.Scene(
            device=device,
            standings={name: self.places[name] for name in stood} if device in tx.devices else None,
            survey=lambda name, version: tx.surveys.get((name, version)),
            anchors=anchors,
            now_ms=now_ms,
            uncertain=signed or any(name == device for name, _ in tx.signs),
        )

    def _note(self, tx: Tables, device: str, known: signs.Known, batch: wire.Batch) -> None:
        """What a device says of itself."""
        seen = (max(min(batch.seen[0], self.now_ms()), known.seen_ms), batch.seen[1])
        tx.devices[device] = tx.devices[device]._replace(
            seen=seen, boot=batch.boot, boottime_ms=batch.boottime_ms, health=batch.health
        )

    # -- what people do there

    def enrol(self, install: str, fingerprint: str, placement: str, caller: str | None) -> tuple[str, int, bytes]:
        """A device for a box, or another screen for the `caller`: (device, generation, key)."""
        tx = self.tables.copy()
        device = caller if caller in tx.devices and not tx.devices[caller].revoked else None
        if device is None:
            device = f"dev-{self.chance.getrandbits(48):012x}"
            tx.devices[device] = Device(1, install, fingerprint)
        if placement not in tx.driven.get(device, ()):
            tx.driven[device] = (*tx.driven.get(device, ()), placement)
        self.tables = tx
        generation = tx.devices[device].generation
        return device, generation, self.secrets.key(device, generation)

    def erase(self, name: str) -> None:
        """The words of an id go: first into the file outside the database, then out of every table."""
        self.erasure_log.append(name)
        tx = self.tables.copy()
        self._strip(tx, name)
        self.tables = tx

    def _strip(self, tx: Tables, name: str) -> None:
        tx.erased[name] = self.now_ms()
        row = tx.rows.get(name)
        if row is not None:
            tx.rows[name] = row._replace(body=_wiped(row.body), commented=False)
        for key, kept in tx.quarantine.items():
            if key[0] == name:
                tx.quarantine[key] = kept._replace(body=_wiped(kept.body))

    def publish(self) -> None:
        """The survey that was answered before it was known."""
        tx = self.tables.copy()
        tx.surveys["spring", 1] = SPRING
        self.tables = tx

    # -- backups

    def begin_backup(self) -> None:
        self.backing_up = (self.now_ms(), self.tables.copy())

    def finish_backup(self) -> None:
        """Only a finished backup is told of, by the time at which it was begun."""
        if self.backing_up is not None:
            self.backups.append(self.backing_up)
            tx = self.tables.copy()
            tx.backed_up_ms = self.backing_up[0]
            self.tables, self.backing_up = tx, None

    def restore(self, index: int) -> None:
        """The database as it was; its memory has another epoch, and forgets no erasure."""
        tx = self.backups[index][1].copy()
        tx.epoch = f"{self.chance.getrandbits(64):016x}"
        for name in self.erasure_log:
            self._strip(tx, name)
        self.tables, self.backing_up = tx, None


def _wiped(body: str) -> str:
    return wire.encode(wire.wipe(wire.read_entry(body.encode()))).decode()
