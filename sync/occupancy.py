"""Who works in the folder of an SQLite database: any number of processes that read and write it, or one that puts
another database in its place.

The lock is on the folder itself, so that nothing has to be made in it; it ends with the process."""

import fcntl
import os
from pathlib import Path


class Occupied(Exception):
    """Somebody else works there in a way that doesn't go together with what was asked."""


class Occupancy:
    """A folder that is ours until `leave`: with others who share it, or `alone`. Raises Occupied, OSError."""

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        self._folder: int | None = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._folder, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.leave()
            raise Occupied from None

    def leave(self) -> None:
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None
