"""What the process takes of a small box."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

_M_ARENA_MAX = -8


def share_one_heap() -> None:
    """glibc gives each thread a heap of its own, and never takes one back: too much for a small box. To be called
    before the threads begin; elsewhere than on Linux it does nothing."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def resident() -> int | None:
    """Bytes of memory this process has, where Linux tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
