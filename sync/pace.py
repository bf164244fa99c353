"""How often one key may ask: a bucket that fills steadily and is emptied by asking. Each server process has its own."""

from threading import Lock

A_MINUTE, AT_ONCE = 600, 100
"""Requests that a key may make, in the long run and at once."""
MOST_KEYS = 10_000


class Pace:
    """Thread-safe. Times are milliseconds, whatever they count from."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left: dict[int, tuple[float, int]] = {}

    def ask(self, key: int, now_ms: int) -> int:
        """0 when the key may, else how many milliseconds to wait."""
        with self._lock:
            left, at_ms = self._left.get(key, (float(AT_ONCE), now_ms))
            left = min(float(AT_ONCE), left + max(now_ms - at_ms, 0) * A_MINUTE / 60_000)
            if left < 1:
                return round((1 - left) * 60_000 / A_MINUTE)
            if len(self._left) >= MOST_KEYS:
                self._left.clear()
            self._left[key] = (left - 1, now_ms)
            return 0
