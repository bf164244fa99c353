"""Stamps that can be trusted without a clock battery.

What a box knows for certain is how long ago something happened since its start: `CLOCK_BOOTTIME` beside the
kernel's id of that start. The wall clock travels along with the kernel's word on whether anybody set it."""

import ctypes
import time
import uuid
from pathlib import Path

from sync.wire import Stamp

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040
_STATUS_AT = 40
"""Where `status` lies in struct timex on 64-bit Linux, the only Linux that is supported."""


class Clock:
    """The clock of this machine. Where there is no Linux underneath (trying things out on macOS or Windows), a
    start is the start of this process."""

    def __init__(self, boot_id: Path = _BOOT_ID) -> None:
        self._linux = boot_id.exists() and hasattr(time, "CLOCK_BOOTTIME")
        self.boot = boot_id.read_text().strip() if self._linux else str(uuid.uuid4())
        self._adjtimex = _adjtimex() if self._linux else None

    def boottime_ms(self) -> int:
        """Milliseconds since the start named by `boot`, sleep included; never goes back."""
        if self._linux:
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, as far as this machine knows."""
        return time.time_ns() // 1_000_000

    def synced(self) -> bool:
        """Whether the kernel says that the wall clock is being kept by somebody who knows the time."""
        if self._adjtimex is None:
            return False
        timex = (ctypes.c_char * 512)()
        if self._adjtimex(timex) < 0:
            return False
        status = int.from_bytes(timex.raw[_STATUS_AT : _STATUS_AT + 4], "little")
        return not status & _STA_UNSYNC

    def stamp(self) -> Stamp:
        return Stamp(self.boot, self.boottime_ms(), self.wall_ms(), self.synced())


def _adjtimex() -> "ctypes._NamedFuncPointer | None":
    try:
        return ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
