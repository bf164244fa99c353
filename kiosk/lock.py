"""One process writes into a data folder, and one sender sends from it."""

import os
import sys
from pathlib import Path

from kiosk.storage import open_own


class Taken(Exception):
    """The folder cannot be had; the message is a sentence that says why."""


class Lock:
    """A data folder that is ours until `close`, or until this process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def take(folder: Path) -> Lock:
    """The lock of a data folder. Raises Taken.

    On Linux and macOS the folder itself is locked: that writes nothing, so a full disk or a read-only card keeps
    nobody from starting."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _may_be_used(folder)
        descriptor = _open(folder)
    except OSError as problem:
        raise Taken(f"The data folder {folder} cannot be written: {problem.strerror}.") from None
    try:
        _lock(descriptor)
    except OSError:
        os.close(descriptor)
        raise Taken(f"Another terminal is running on the data folder {folder}.") from None
    return Lock(descriptor)


def _may_be_used(folder: Path) -> None:
    """Raises OSError for a folder that isn't a terminal's yet and that nobody let us write to: somebody is just setting
    it up, and is told. A full disk or a card that became read-only is no mistake of theirs."""
    if any((folder / name).exists() for name in ("outbox.sqlite3", "identity.json")):
        return
    trial = folder / ".probe"
    try:
        os.close(open_own(trial))
        trial.unlink()
    except PermissionError:
        raise
    except OSError:
        return


def _open(folder: Path) -> int:
    if sys.platform == "win32":
        return os.open(folder / "running.lock", os.O_RDWR | os.O_CREAT, 0o600)
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
