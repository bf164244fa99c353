"""What the process takes of a small box."""

import ctypes
import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path

_M_ARENA_MAX = -8


def share_one_heap() -> None:
    """glibc gives each thread a heap of its own, and never takes one back: too much for a small box. To be called
    before the threads begin; elsewhere than on Linux it does nothing."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def import_requests() -> None:
    """Import requests without what guesses the encoding of a page: our answers say theirs, and it would cost 3 MB."""
    if "requests" in sys.modules:
        return
    warnings.filterwarnings("ignore", message="Unable to find acceptable character detection")
    guessers = {name: sys.modules.get(name) for name in ("chardet", "charset_normalizer")}
    sys.modules.update(dict.fromkeys(guessers))  # type: ignore[arg-type]
    try:
        import requests  # noqa: F401
    finally:
        for name, module in guessers.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


def resident() -> int | None:
    """Bytes of memory this process has, where Linux tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
