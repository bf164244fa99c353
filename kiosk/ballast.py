"""Files of nothing beside the outbox. The ballast is thrown overboard when the disk is full, so that the next taps can
be held; the reserve only for what makes room: the centre's answers, and letting go of what it holds."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from kiosk.storage import open_own

BYTES = 4 * 1024 * 1024
"""Room for a few thousand taps."""
SMALL_DISK = 64 * 1024 * 1024
ROOM = 4 * BYTES
"""How much has to be free before it is taken aboard (again)."""
RESERVE = BYTES // 2
PIECE = RESERVE // 4
"""Of the reserve, which goes piece by piece; and what is never left to the taps once a piece of it went."""


class Ballast:
    """The file `name` of `size` bytes in `folder`, made when `room` bytes are free. Nothing here raises: a disk that is
    in trouble has others to say so."""

    def __init__(
        self, folder: Path, name: str = "ballast", size: int = BYTES, room: int = ROOM, vital: bool = False
    ) -> None:
        self._path, self._size, self._room, self._vital = folder / name, size, room, vital
        self.given_up = False
        """Whether it was thrown away and there was no room yet to make it again; a `vital` one: whether it lacks."""

    def give_up(self, piece: int | None = None) -> bool:
        """Throw it away, or a piece of it; whether there was something to throw."""
        try:
            left = self._path.stat().st_size - piece if piece is not None else 0
            if left > 0:
                os.truncate(self._path, left)
            else:
                self._path.unlink()
        except OSError:
            return False
        self.given_up = True
        return True

    def take_aboard(self) -> None:
        """Make it when it is missing and there is room for it; on a tiny disk never."""
        with suppress(OSError):
            disk = shutil.disk_usage(self._path.parent)
            if disk.total < SMALL_DISK:
                self.given_up = False
                return
            before = self._path.stat().st_size if self._path.exists() else 0
            if before < self._size:
                if disk.free < self._room:
                    self.given_up = self.given_up or self._vital
                    return
                self._fill(before)
            self.given_up = False

    def _fill(self, before: int) -> None:
        descriptor = open_own(self._path)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, self._size)  # really taken from the disk, unlike a hole
            else:
                os.write(descriptor, bytes(self._size))
        except OSError:
            os.truncate(self._path, before)
            raise
        finally:
            os.close(descriptor)


class Hold:
    """The ballast and the reserve in `folder`. `thrown` counts what went overboard."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.thrown = folder, 0
        self._ballast = Ballast(folder)
        self._reserve = Ballast(folder, "reserve", RESERVE, 2 * RESERVE, vital=True)
        self._reserve.take_aboard()

    @property
    def is_light(self) -> bool:
        """Whether something was thrown, and there was no room yet to make it again."""
        return self._ballast.given_up or self._reserve.given_up

    def give_up(self, makes_room: bool) -> str | None:
        """Throw the ballast, or when it is gone and for what `makes_room` a piece of the reserve; its name."""
        name = "ballast" if self._ballast.give_up() else None
        if name is None and makes_room and self._reserve.give_up(PIECE):
            name = "reserve"
        self.thrown += name is not None
        return name

    def take_aboard(self) -> None:
        """The reserve first."""
        self._reserve.take_aboard()
        self._ballast.take_aboard()

    def has_room(self, unused: int) -> bool:
        """Whether a tap may be written. `unused`: bytes inside the outbox. Once the reserve was needed, taps leave
        enough for the centre's next answer, or the disk would be full for good."""
        if not self._reserve.given_up or unused >= PIECE:
            return True
        with suppress(OSError):
            return unused + shutil.disk_usage(self._folder).free >= PIECE
        return True
