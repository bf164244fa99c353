"""A bar that says how far the past has been sent; quiet where nobody watches."""

import sys
import time
from threading import Lock
from typing import TextIO

WIDTH = 32
EVERY_S = 0.1


class Progress:
    """Counts parts of unequal size that several threads work on. `shares`: what each part weighs."""

    def __init__(self, shares: dict[str, float], out: TextIO = sys.stdout) -> None:
        self._shares, self._out = shares, out
        self._whole = sum(shares.values()) or 1.0
        self._done = dict.fromkeys(shares, 0.0)
        self._lock = Lock()
        self._shown_s = 0.0
        self._watched = out.isatty()
        self.count = 0

    def add(self, part: str, fraction: float, count: int) -> None:
        """`part` is done to `fraction` (0…1) of itself, and `count` more answers are sent."""
        with self._lock:
            self._done[part] = fraction
            self.count += count
            if self._watched and time.monotonic() - self._shown_s > EVERY_S:
                self._shown_s = time.monotonic()
                self._show()

    def finish(self) -> None:
        """Takes the bar away."""
        if self._watched:
            self._out.write("\r\033[K")
            self._out.flush()

    def _show(self) -> None:
        part = min(1.0, sum(self._shares[name] * done for name, done in self._done.items()) / self._whole)
        filled = round(part * WIDTH)
        bar = "#" * filled + "." * (WIDTH - filled)
        self._out.write(f"\r  sending the past  {bar} {part:4.0%}  {self.count:,} answers")
        self._out.flush()
