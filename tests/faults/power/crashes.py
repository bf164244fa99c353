"""What a disk may hold after the power went: of what was not synced, each write is there, or not, or torn, and none of
them needs the ones before it. What was synced is there. Changes of the folder itself come in their order, up to one.

What a sync failed on, the machine believes to be written and never tries again: it may be gone for ever."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.power.recording import Step

SECTOR = 512
"""What a disk writes whole or not at all."""


@dataclass
class File:
    """`synced`: what is certainly there; `open`: the writes since, and new sizes, in their order."""

    synced: bytearray = field(default_factory=bytearray)
    open: list[Step] = field(default_factory=list)
    end: int = 0


@dataclass
class Disk:
    """A data folder at one moment. `names`: what the folder certainly holds; `moves`: its changes since."""

    names: dict[str, File] = field(default_factory=dict)
    moves: list[tuple[str, File | None]] = field(default_factory=list)

    def now(self) -> dict[str, File]:
        """What a process sees."""
        return _moved(self.names, self.moves)

    def take(self, step: Step) -> None:
        if step.kind == "sync" and not step.name:
            self.names, self.moves = self.now(), []
            return
        file = self.now().get(step.name)
        if file is None and step.kind in ("create", "write"):
            file = File()
            self.moves.append((step.name, file))
        if file is None or step.kind == "create":
            return
        if step.kind == "unlink":
            self.moves.append((step.name, None))
        elif step.kind == "rename":
            self.moves += [(step.other, file), (step.name, None)]
        elif step.kind == "failed":
            file.open = []
        elif step.kind == "sync":
            for open_ in file.open:
                _apply(file.synced, open_)
            file.open = []
        else:
            at = file.end if step.at < 0 else step.at  # an ordinary write goes on where the last one ended
            file.end = at + len(step.content)
            file.open.append(Step(step.kind, step.name, at, step.content))


def _moved(names: dict[str, File], moves: Sequence[tuple[str, File | None]]) -> dict[str, File]:
    moved = dict(names)
    for name, file in moves:
        if file is None:
            moved.pop(name, None)
        else:
            moved[name] = file
    return moved


def _apply(content: bytearray, step: Step) -> None:
    if step.kind == "truncate":
        if step.at < len(content):
            del content[step.at :]
        else:
            content.extend(bytes(step.at - len(content)))
        return
    end = step.at + len(step.content)
    if end > len(content):
        content.extend(bytes(end - len(content)))
    content[step.at : end] = step.content


def after_the_cut(disk: Disk, folder: Path, chance: random.Random) -> None:
    """Write into `folder` what might be left."""
    moves = disk.moves[: chance.randint(0, len(disk.moves))]
    manner = chance.choice(("kept", "dropped", "each", "torn", "last torn"))
    for name, file in _moved(disk.names, moves).items():
        content = bytearray(file.synced)
        for number, step in enumerate(file.open):
            _perhaps(content, step, manner, number == len(file.open) - 1, chance)
        (folder / name).write_bytes(content)


def _perhaps(content: bytearray, step: Step, manner: str, is_last: bool, chance: random.Random) -> None:
    if manner == "kept" or (manner == "last torn" and not is_last):
        _apply(content, step)
    elif manner == "dropped" or step.kind == "truncate":
        if manner != "dropped" and chance.random() < 0.5:
            _apply(content, step)
    elif manner == "each":
        if chance.random() < 0.5:
            _apply(content, step)
        elif chance.random() < 0.5:  # the file has grown, and what should be there isn't
            grown = step.at + len(step.content) - len(content)
            content.extend(bytes(max(grown, 0)))
    else:
        for start in range(0, len(step.content), SECTOR):
            if chance.random() < 0.5:
                part = step.content[start : start + SECTOR]
                _apply(content, Step("write", step.name, step.at + start, part))
