"""A shop behind a line that fails: a real terminal, a real head office, and what must be true of both at any time."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.config import Settings
from kiosk.pace import CAP_S, SILENCE_S
from kiosk.sender import Sender
from kiosk.terminal import Terminal
from sync import models, wire
from sync.intake import enrol
from tests.boxes import open_shop
from tests.faults.office import Office, Violated
from tests.faults.proxy import Line
from tests.faults.weather import FAULTS


class Watch:
    """Seconds that pass when somebody lets them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Shop:
    """One screen and its box, whose sender makes a pass when it is told to: what it would wait, its watch jumps.

    `weather` is the name of what the line does next."""

    def __init__(self, office: Office, folder: Path, chance: random.Random, name: str = "Oslo") -> None:
        self.office, self.chance, self.weather = office, chance, "well"
        self.line = Line(office.address, lambda: self.weather, FAULTS, chance)
        self.settings = Settings(data=folder / name, centre=self.line.address)
        self.watch = Watch()
        self.box = self._open()
        self.location, placement = open_shop(office.centre, name)
        with office.centre.db.writing() as tx:
            code = enrol.new_code(tx, placement, office.centre.now_ms())
        self.box.enrol(code)
        self.given: dict[str, dict[int, dict[str, Any]]] = {}
        """id -> sealed revision -> its answers."""
        self.strange: set[tuple[str, int]] = set()
        self.faces_alone = False
        """Whether words may be gone: they are let go of once a backup holds them, and another one came back."""
        self.forgotten: set[tuple[str, int]] = set()
        """Acked, and then head office was restored from a backup that doesn't hold them."""

    def _open(self) -> Terminal:
        box = Terminal(self.settings)
        assert box.sender is not None
        box.sender._monotonic = self.watch
        return box

    def restart(self) -> None:
        """The box's process ended wherever it was, and another one begins on the same data."""
        self.box.stop()
        self.box = self._open()

    @property
    def sender(self) -> Sender:
        assert self.box.sender is not None
        return self.box.sender

    @property
    def device(self) -> str:
        device = self.box._identity.device
        assert device is not None
        return device

    def close(self) -> None:
        self.line.close()
        self.box.stop()

    # -- customers

    def serve(self, customers: int) -> None:
        """So many come, one after the other; some change their minds, and some come back to what was over."""
        for _ in range(customers):
            back = self.given and self.chance.random() < 0.2
            name = self.chance.choice(list(self.given)) if back else self.box.new_id()
            rev = max(self.given.get(name, {0: {}}))
            for _ in range(self.chance.choice((1, 1, 2, 3))):
                rev += 1
                text = f"{rev} " + "æ" * self.chance.choice((0, 5, 500))
                said = self.touch(name, rev, visit=self.chance.randrange(4), comment=text)
            self.seal(name, rev, said)

    def touch(self, name: str, rev: int, **answers: Any) -> dict[str, Any]:
        standing = self.box.standing()
        assert standing is not None
        self.box.hold(
            standing, id=name, rev=rev, lang="en", answers=answers, shown={}, first_ms=900, total_ms=4000, ago_ms=0,
            from_page=True,
        )  # fmt: skip
        return answers

    def seal(self, name: str, rev: int, said: dict[str, Any]) -> None:
        self.given.setdefault(name, {})[rev] = said
        self.box.seal(name, self.chance.choice(("done", "idle", "left")))

    def serve_somebody_strange(self) -> None:
        """An answer that head office will never take: its scale ends before."""
        name = self.box.new_id()
        self.seal(name, 1, self.touch(name, 1, visit=9))
        self.strange.add((name, 1))

    # -- the sender

    def send(self) -> float:
        """One pass; the seconds until the next. Whatever came back, no entry is acked that head office doesn't hold."""
        wait = self.sender.pass_once()
        self.watch.now += wait
        self.no_false_ack()
        if wait > CAP_S:
            raise Violated(f"the sender rests for {wait:.0f} s because of the line")
        return wait

    def drain(self, most: int = 60) -> float:
        """On a line that is well: passes until nothing waits; the seconds that took by the watch."""
        start, self.weather = self.watch.now, "well"
        self.line.mend()
        for _ in range(most):
            wait = self.send()
            if not self.pending() and not self.box.outbox.archive.audit.due:
                return self.watch.now - wait - start
        raise Violated(f"{self.pending()} entries still wait after {most} passes on a line that is well")

    def say_something(self) -> None:
        """It was silent for so long that it sends its health alone."""
        self.watch.now += SILENCE_S
        self.send()

    def pending(self) -> int:
        return int(self.states().get("sealed", 0))

    def states(self) -> dict[str, int]:
        return dict(self.box.outbox.disk.rows("SELECT state, count(*) FROM entries GROUP BY state"))  # type: ignore[arg-type]

    def acked(self) -> set[tuple[str, int]]:
        rows = self.box.outbox.disk.rows("SELECT id, rev FROM entries WHERE state = 'acked'")
        return {(row[0], row[1]) for row in rows}

    # -- what is always true

    def restore_office(self, path: Path) -> None:
        self.office.restore(path)
        self.forgotten = self.acked() - self.office.receipts(self.device)

    def no_false_ack(self) -> None:
        acked = self.acked()
        self.forgotten &= acked
        false = acked - self.office.receipts(self.device) - self.forgotten
        if false:
            raise Violated(f"false ack: head office holds no receipt of {len(false)} entries that were acked")

    def exact(self) -> None:
        """Nothing waits; every response is stored and counted once, at its highest revision, whole."""
        rows = self.box.outbox.disk.rows("SELECT id, rev, state FROM entries")
        state = {(row[0], row[1]): row[2] for row in rows}
        given = {(name, rev) for name, revs in self.given.items() for rev in revs}
        if state.keys() != given:
            raise Violated("the terminal no longer holds what was given")
        parked = {entry for entry in state if state[entry] == "parked"}
        if parked - self.strange:
            raise Violated(f"{len(parked - self.strange)} entries were parked")
        if "sealed" in state.values():
            raise Violated(f"{self.pending()} entries were never sent")
        receipts = self.office.receipts(self.device)
        if receipts != given - self.strange:
            lacks, more = len(given - self.strange - receipts), len(receipts - given | receipts & self.strange)
            raise Violated(f"head office has no receipts of {lacks} entries that were given, and {more} of others")
        self._stored_and_counted(given - self.strange)
        if self.office.signs(self.device):
            raise Violated("head office believes that there are two boxes")

    def _stored_and_counted(self, entries: set[tuple[str, int]]) -> None:
        highest = dict(sorted(entries))
        stored = self.office.responses(self.location)
        if stored.keys() != highest.keys():
            raise Violated(f"{len(highest)} responses were given, {len(stored)} are stored")
        for name, (rev, body) in stored.items():
            if rev != highest[name] or not self._is_whole(wire.read_entry(body)["answers"], self.given[name][rev]):
                raise Violated(f"revision {highest[name]} of a response was given, {rev} is stored")
        if self.office.counted(self.location) != len(highest):
            raise Violated(f"{len(highest)} responses were given, {self.office.counted(self.location)} are counted")
        self.office.verify()

    def _is_whole(self, stored: dict[str, Any], given: dict[str, Any]) -> bool:
        return stored == given or (self.faces_alone and stored == {"visit": given["visit"]})

    def ends_well(self) -> None:
        """Once the line is well the terminal goes on at once; what comes late then changes nothing."""
        waited = self.drain()
        if waited > CAP_S:
            raise Violated(f"it took {waited:.0f} s on a line that is well")
        self.say_something()
        self.drain()  # head office may have said that it was restored
        self.say_something()
        self.line.deliver()
        self.exact()
        told = self.reported().streams
        sealed, parked = len(self.box.outbox.disk.rows("SELECT id FROM entries")), len(self.strange)
        if list(told.values()) != [wire.StreamCounts(sealed, sealed - parked, 0, parked)]:
            raise Violated("head office believes of this box what was true before")

    def reported(self) -> wire.Health:
        """What head office believes of this box."""
        table = models.devices
        with self.office.centre.db.reading() as tx:
            told = tx.execute(select(table.c.health).where(table.c.id == self.device)).scalar_one()
        return msgspec.json.decode(told, type=wire.Health)


@contextmanager
def shop(office: Office, folder: Path, chance: random.Random, name: str = "Oslo") -> Iterator[Shop]:
    opened = Shop(office, folder, chance, name)
    with closing(opened):
        yield opened
