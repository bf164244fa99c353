"""Looking after the outbox while the terminal runs: what may go goes, a little at a time."""

import shutil
import time
from pathlib import Path

from kiosk import keeping
from kiosk.archive import BREATH_S
from kiosk.clock import Clock
from kiosk.outbox import Outbox

EVERY_MS = 60_000
BITES = 2
BITES_WHEN_FULL = 20


class Upkeep:
    """Of the outbox in `folder`. Everything raises NotHeld when the disk doesn't do it, and OSError."""

    def __init__(self, outbox: Outbox, clock: Clock, folder: Path) -> None:
        self._outbox, self._clock, self._folder = outbox, clock, folder
        self._next_ms = 0
        self._is_long = False

    def now_and_then(self) -> None:
        """To be called each second: a bite or two each minute, and each second while there is more to do or the disk
        takes nothing."""
        now_ms = self._clock.boottime_ms()
        is_full = self._outbox.disk.storage == "full"
        if now_ms >= self._next_ms or is_full:
            self._next_ms = now_ms + (0 if self.tidy(BITES_WHEN_FULL if is_full else BITES) else EVERY_MS)

    def tidy(self, bites: int | None = None) -> bool:
        """Let go of what may go, in at most so many small bites; True when there may be more."""
        went, disk = 0, self._outbox.disk
        while disk.insist(self._bite):
            went, self._is_long = went + 1, True
            if went == bites:
                return True
            time.sleep(BREATH_S)
        if self._is_long and disk.storage != "full":  # then its room would be somebody else's at once
            disk.shorten()  # what was wiped is in the journal no more
            self._is_long = False
        return False

    def _bite(self) -> int:
        outbox, disk = self._outbox, shutil.disk_usage(self._folder)
        unused = outbox.disk.unused()
        is_full = outbox.disk.storage == "full" and unused < keeping.AT_ONCE_BYTES
        room, wanted = keeping.room(disk.free + unused, disk.total, is_full)
        server_ms = outbox.starts.server_ms(self._clock.stamp()) or int(outbox.fact("seen_ms", "0"))
        return outbox.archive.tidy(server_ms, room, wanted)
