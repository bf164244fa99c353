"""Which day it is where a screen stands, as far as this terminal can know: from a clock that somebody keeps, or from
what head office said since the start. A box that woke up without either stays with the last time that it knew."""

from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo

from kiosk.clock import Clock
from kiosk.outbox import NotHeld, Outbox

KNOWN = "known_ms"
"""The fact that is the last time known."""
EVERY_MS = 3_600_000
"""How far the time has gone on before it is written down again."""
_EPOCH = date(1970, 1, 1).toordinal()


class Calendar:
    """Safe to use from several threads."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock
        self._kept_ms: int | None = None

    def day(self, zone: tzinfo) -> int | None:
        """The local day, since 1970-01-01; None while no time was ever known."""
        now_ms = self._now_ms()
        if now_ms is None:
            return None
        return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).toordinal() - _EPOCH

    def _now_ms(self) -> int | None:
        now = self._clock.stamp()
        try:
            known_ms = self._outbox.starts.server_ms(now)
        except NotHeld:  # of a disk in trouble
            known_ms = None
        if known_ms is None and now.synced:
            known_ms = now.wall_ms
        if known_ms is None:
            return self._last()
        if abs(known_ms - (self._last() or 0)) >= EVERY_MS:
            self._kept_ms = known_ms
            with suppress(NotHeld):
                self._outbox.remember(KNOWN, str(known_ms))
        return known_ms

    def _last(self) -> int | None:
        if self._kept_ms is None:
            with suppress(NotHeld, ValueError):
                self._kept_ms = int(self._outbox.fact(KNOWN) or 0)
        return self._kept_ms or None
