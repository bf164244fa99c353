"""One process writes into a data folder, and one sender sends from it."""

import sys
from pathlib import Path
from typing import IO, Any


class Taken(Exception):
    """The folder cannot be had; the message is a sentence that says why."""


def take(folder: Path) -> IO[Any]:
    """The lock of a data folder: one process writes there, one sender sends. Raises Taken."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (folder / "running.lock").open("a+b")
    except OSError as problem:
        raise Taken(f"The data folder {folder} cannot be written: {problem.strerror}.") from None
    try:
        _lock(file)
    except OSError:
        file.close()
        raise Taken(f"Another terminal is running on the data folder {folder}.") from None
    return file


def _lock(file: IO[Any]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
