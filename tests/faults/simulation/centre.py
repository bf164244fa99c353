"""The centre over its tables: what comes in over the network, what people do there, its backups.

Everything that decides is the shipped code (`sync.wire`, `sync.intake`); here is only where a process may die, and what
may come between a transaction's reads and its writes."""

import random
from base64 import b64encode
from collections.abc import Callable, Mapping

import msgspec

from kiosk.identity import Identity
from sync import problems, survey, wire
from sync.intake import signing, verdicts
from sync.intake.entries import Entry, read
from sync.intake.held import Row
from sync.intake.keys import Secrets
from sync.office.places import Standing
from sync.problems import Refused
from tests.faults.simulation import shipped
from tests.faults.simulation.post import Post, Reply, problem, signed_reply
from tests.faults.simulation.tables import Device, Tables

VERSIONS = ("smilepost/0.1.0", "smilepost/0.2.0")
SPRING = msgspec.structs.replace(survey.BUILTIN, id="spring")
"""A survey that the centre learns of after the first answers to it came."""


class Clash(Exception):
    """Another transaction wrote in between what this one was about to write."""


class Died(Exception):
    """The centre's process ended here."""


class Centre:
    """`places` are where screens stand, by placement; `on_commit` is told of every batch that was committed."""

    def __init__(self, chance: random.Random, now_ms: Callable[[], int], places: dict[str, Standing]) -> None:
        self.chance, self.now_ms = chance, now_ms
        self._take = shipped.take(self._store)
        self._begun: tuple[Tables, Callable[[], object] | None]
        self.secrets = Secrets((chance.randbytes(32),))
        self.tables = Tables(f"{chance.getrandbits(64):016x}", places)
        self.backups: list[tuple[int, Tables]] = []
        self.backing_up: tuple[int, Tables] | None = None
        self.erasure_log: list[str] = []
        self.revocations: dict[str, int] = {}
        """device -> the generation that may sign, beside the erasures in the file outside of every backup"""
        self.app = VERSIONS[0]
        self.poison: set[str] = set()
        """Ids that this version cannot take: an error of its own."""
        self.postponed = 0.0
        """The share of entries that are told to come later."""
        self.on_replay: Callable[[], None] = lambda: None
        self.on_commit: Callable[[str, list[Entry], wire.Answer], None] = lambda device, entries, answer: None

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
            entries = [read(bytes(raw)) for raw in batch.entries]
            if any(entry.id in self.poison for entry in entries):
                return Reply(500, b"{}")
            answer = self.take(caller.device, caller.generation, batch, entries, dying=dying, meanwhile=meanwhile)
        except Refused as refused:
            return problem(key, post.request, refused.problem)
        except Died:
            return None
        return signed_reply(caller.key, post.request, 200, wire.encode(answer))

    def take(
        self,
        device: str,
        generation: int,
        batch: wire.Batch,
        entries: list[Entry],
        dying: str = "",
        meanwhile: Callable[[], object] | None = None,
        carried: bool = False,
    ) -> wire.Answer:
        """One transaction; another one that wrote in between makes it start over. `carried`: it came on a stick. Raises
        Refused, Died."""
        came = list(entries)
        entries = [entry for entry in entries if self.chance.random() >= self.postponed]
        later = [wire.Result(e.id, e.rev, "later", retry_ms=30_000) for e in came if e not in entries]
        while True:
            tx, self._begun = self.tables.copy(), (self.tables, meanwhile)
            try:
                answer = self._take(tx, device, generation, batch, entries, self.now_ms(), carried)
                break
            except Clash:
                meanwhile = None
        if dying == "before":
            raise Died
        self.tables = tx
        self.on_commit(device, entries, answer)
        if dying == "after":
            raise Died
        # The time of an ack lies after its commit: a backup begun later has it.
        return msgspec.structs.replace(answer, app=self.app, results=answer.results + later, server_ms=self.now_ms())

    def _store(self, tx: Tables, plan: verdicts.Plan, now_ms: int, before: Mapping[str, Row]) -> None:
        """Write what was judged upon what was read. Raises Clash."""
        base, meanwhile = self._begun
        if meanwhile is not None:
            meanwhile()
        if self.tables is not base:
            self._clash(tx)
        tx.store(plan, now_ms, before)

    def _clash(self, tx: Tables) -> None:
        """Somebody else committed in between: a lock would have held him off, or a key is taken now."""
        raise Clash

    # -- what people do there

    def enrol(self, who: Identity, hardware: str, placement: str) -> wire.Enrolment:
        """A place for a box, as `sync.intake.enrol` gives it: another screen for the device that asks, a device of its
        own for a copy of it, its old name for one that a restored database forgot."""
        tx, device, generation = self.tables.copy(), f"dev-{self.chance.getrandbits(48):012x}", 1
        install, caller = who.successor or who.install, tx.devices.get(who.device or "")
        if who.device and caller is None:
            device, generation = who.device, who.generation
        elif who.device and caller and caller.generation == who.generation and not caller.revoked:
            if caller.install == install:
                device = who.device
            else:
                tx.driven[device] = tx.driven.get(who.device, ())
        tx.devices.setdefault(device, Device(generation, install, hardware))
        if placement not in tx.driven.get(device, ()):
            tx.driven[device] = (*tx.driven.get(device, ()), placement)
        self.tables = tx
        key = b64encode(self.secrets.key(device, generation)).decode()
        return wire.Enrolment(device, generation, key, tx.places[placement].screen, placement, self.now_ms())

    def revoke(self, device: str) -> None:
        """Nothing that it signs is taken any more."""
        known = self.tables.devices.get(device)
        if known is not None and not known.revoked:
            self.revocations[device] = known.generation + 1
            tx = self.tables.copy()
            self._revoke(tx)
            self.tables = tx

    def _revoke(self, tx: Tables) -> None:
        for device, generation in self.revocations.items():
            if device in tx.devices:
                tx.devices[device] = tx.devices[device]._replace(generation=generation, revoked=True)

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

    def replay(self) -> None:
        """What was kept apart is judged once more."""
        tx = self.tables.copy()
        shipped.replay(tx, self.now_ms())
        self.tables = tx
        self.on_replay()

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
        self._revoke(tx)
        self.tables, self.backing_up = tx, None


def _wiped(body: str) -> str:
    return wire.encode(wire.wipe(wire.read_entry(body.encode()))).decode()
