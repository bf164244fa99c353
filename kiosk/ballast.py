"""A file of nothing beside the outbox: thrown overboard when the disk is full, so that the next taps can be held."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

BYTES = 4 * 1024 * 1024
"""Room for a few thousand taps."""
SMALL_DISK = 64 * 1024 * 1024
ROOM = 4 * BYTES
"""How much has to be free before it is taken aboard (again)."""


class Ballast:
    """The file `ballast` in `folder`. Nothing here raises: a disk that is in trouble has others to say so."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"
        self.given_up = False
        """Whether it was thrown away and there was no room yet to make it again."""

    def give_up(self) -> bool:
        """Throw it away; whether there was something to throw."""
        try:
            self._path.unlink()
        except OSError:
            return False
        self.given_up = True
        return True

    def take_aboard(self) -> None:
        """Make it when it is missing and there is room for it; on a tiny disk never."""
        with suppress(OSError):
            disk = shutil.disk_usage(self._path.parent)
            if disk.total < SMALL_DISK or disk.free < ROOM:
                self.given_up = self.given_up and disk.total >= SMALL_DISK
                return
            if not self._path.exists() or self._path.stat().st_size < BYTES:
                self._fill()
            self.given_up = False

    def _fill(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, BYTES)  # really taken from the disk, unlike a hole
            else:
                os.write(descriptor, bytes(BYTES))
        except OSError:
            self._path.unlink()
            raise
        finally:
            os.close(descriptor)
