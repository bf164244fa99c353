"""The data folder of a demo: whether it is one, what it remembers, starting it anew."""

import shutil
import sqlite3
from datetime import date
from pathlib import Path

import msgspec

from sync.demo.history import Slot, Story
from sync.demo.processes import DemoFailed

MARKER = "smilepost-demo.json"
LOCK = "smilepost-demo.lock"
FORMAT = 1


class Account(msgspec.Struct):
    """A simulated terminal: where it stands, its stream, what its enrolment brought, how much of it was sent."""

    screen: str
    placement: str
    stream: str
    install: str
    device: str | None = None
    generation: int = 0
    key: str = ""
    sent: int = 0
    seen_ms: int = 0

    @property
    def slot(self) -> Slot:
        return Slot(self.screen, self.placement, self.stream)


class Screen(msgspec.Struct):
    """A real terminal's screen, and whether its terminal was enrolled."""

    placement: str
    enrolled: bool = False


class Chain(msgspec.Struct):
    """The chain as it was founded; `boxes` and `live` by the keys of the world, `user` is head office's account."""

    seed: str
    first: date
    turned: date
    user: int
    boxes: dict[str, Account]
    live: dict[str, Screen]

    @property
    def story(self) -> Story:
        return Story(self.seed, self.first, self.turned)


class _Kept(msgspec.Struct):
    program: str = "smilepost demo"
    format: int = FORMAT
    chain: Chain | None = None


class Folder:
    """A folder that is a demo's own, held by this process alone until it is closed. `chain` is None until it was
    founded."""

    def __init__(self, path: Path, chain: Chain | None, lock: sqlite3.Connection) -> None:
        self.path, self.chain, self._lock = path, chain, lock

    def keep(self) -> None:
        """Writes down the chain as it is now; a crash leaves the old words or the new ones."""
        fresh = self.path / f"{MARKER}.new"
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(_Kept(chain=self.chain))))
        fresh.chmod(0o600)  # it holds the keys of the simulated terminals
        fresh.replace(self.path / MARKER)

    def clear(self) -> None:
        """Deletes everything in it but the lock."""
        for inside in self.path.iterdir():
            if inside.is_dir() and not inside.is_symlink():
                shutil.rmtree(inside)
            elif not inside.name.startswith(LOCK):
                inside.unlink()
        self.chain = None
        self.keep()

    def close(self) -> None:
        self._lock.close()


def open_folder(path: Path, *, fresh: bool) -> Folder:
    """The folder, emptied first when `fresh`. Raises DemoFailed, with nothing touched, for a folder that isn't a
    demo's own, that another demo is using, or that cannot be written."""
    chain = _recognised(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        folder = Folder(path, chain, _locked(path))
        if fresh or chain is None:
            folder.clear()  # what a first start that was cut off has left is of no use
    except OSError as problem:
        raise DemoFailed(f"The data folder {path} cannot be used: {problem.strerror or problem}.") from None
    return folder


def _recognised(path: Path) -> Chain | None:
    try:
        if not path.exists() or (path.is_dir() and all(inside.name.startswith(LOCK) for inside in path.iterdir())):
            return None
        kept = msgspec.json.decode((path / MARKER).read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError):
        raise DemoFailed(
            f"{path} holds something that is not a demo's, or cannot be read; it stays untouched. Name another "
            "folder with --data."
        ) from None
    if kept.format != FORMAT:
        raise DemoFailed(f"{path} was made by another version of the demo; name another folder with --data.")
    return kept.chain


def _locked(path: Path) -> sqlite3.Connection:
    """A lock that every system lets go of when this process ends, however it ends."""
    try:
        lock = sqlite3.connect(path / LOCK, timeout=0, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as problem:
        if "locked" in str(problem):
            raise DemoFailed(f"Another demo is running with the data in {path}; stop it first.") from None
        raise DemoFailed(f"The data folder {path} cannot be written: {problem}.") from None
    return lock
