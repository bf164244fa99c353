"""Proof 4: whatever moment the power goes at, the terminal starts again, and what was thanked is there, whole."""

import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kiosk import health
from kiosk.config import Settings
from kiosk.terminal import Terminal
from sync import wire
from tests.faults.power.crashes import Disk, after_the_cut
from tests.faults.power.recording import Recording

MEMORY = Path("/dev/shm")
"""Where there is one, crashed disks are laid out in it: a thousand of them would wear a real one out."""


class Lost(AssertionError):
    """What was thanked is not there, or not whole."""


@dataclass
class Totals:
    states: int = 0
    thanked: int = 0
    unthanked: int = 0

    def __str__(self) -> str:
        return f"{self.states} power cuts: {self.thanked} thanked and all there, {self.unthanked} there without thanks"


def prove(recording: Recording, states: int, seed: int) -> Totals:
    """Cut the power at `states` moments of a recording; half of them lie near a sync that failed, if one did. Raises
    Lost, which names the moment and the seed."""
    totals, chance = Totals(), random.Random(seed)
    failed = [number for number, step in enumerate(recording.steps) if step.kind == "failed"]
    near = [chance.choice(failed) + chance.randint(1, 120) for _ in range(states // 2) if failed]
    anywhere = [chance.randint(1, len(recording.steps)) for _ in range(states - len(near))]
    moments = sorted(min(moment, len(recording.steps)) for moment in near + anywhere)
    disk, thanked, at = Disk(), 0, 0
    for moment in moments:
        for step in recording.steps[at:moment]:
            thanked += step.kind == "thanks"
            if step.kind != "thanks":
                disk.take(step)
        at = moment
        _cut(recording, disk, thanked, f"step {moment} of {len(recording.steps)}, seed {seed}", chance, totals)
    return totals


def _cut(recording: Recording, disk: Disk, thanked: int, where: str, chance: random.Random, totals: Totals) -> None:
    root = MEMORY if MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="smilepost-power-", dir=root))
    try:
        after_the_cut(disk, folder, chance)
        terminal = Terminal(Settings(data=folder))
        try:
            terminal.start()
            check(terminal, recording, thanked, where, totals)
            _goes_on(terminal, where)
        finally:
            terminal.stop()
    finally:
        shutil.rmtree(folder)
    totals.states += 1


def check(terminal: Terminal, recording: Recording, thanked: int, where: str, totals: Totals) -> None:
    """Whether a terminal that started anew has everything of the first `thanked` thanks. Raises Lost."""
    promised: dict[str, int] = {}
    for name, rev in recording.thanks[:thanked]:
        promised[name] = max(promised.get(name, 0), rev)
    held: dict[str, tuple[int, wire.Response]] = {}
    for name, rev, body in terminal.outbox.disk.rows("SELECT id, rev, body FROM entries ORDER BY rev"):
        if not wire.is_intact(wire.read_entry(body)):
            raise Lost(f"an entry is not whole ({where})")
        held[name] = (rev, wire.read_response(body))
    for name, rev in promised.items():
        if name not in held or held[name][0] < rev:
            kept = f"only revision {held[name][0]}" if name in held else "nothing"
            raise Lost(f"revision {rev} of a response was thanked for, and {kept} is there ({where})")
    for name, (rev, response) in held.items():
        if response.answers != recording.tried[name][rev]:
            raise Lost(f"a response does not say what the customer said ({where})")
    if health.aside(terminal.outbox):
        raise Lost(f"a sound outbox was moved aside ({where})")
    totals.thanked += len(promised)
    totals.unthanked += len(held.keys() - promised.keys())


def _goes_on(terminal: Terminal, where: str) -> None:
    standing = terminal.standing()
    assert standing is not None
    held = terminal.hold(
        standing, id=terminal.new_id(), rev=1, lang="en", answers={"visit": 3}, shown={}, first_ms=1, total_ms=1,
        ago_ms=0, from_page=True,
    )  # fmt: skip
    terminal.seal(held.id, "done")
    if terminal.outbox.sealed_rev(held.id) != 1:
        raise Lost(f"after the power came back a tap is not held ({where})")
