"""The clocks of a box: one that counts since its start, a little fast or slow, and one on the wall that may say
anything until somebody sets it."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from sync.wire import Stamp

DRIFT = 80e-6
"""Fewer than the 100 ppm that the centre allows for."""
WRONG_MS = (0, 1_000_000_000, 4_294_967_295_000, 1_767_000_000_000, 1_773_000_000_000)
"""What a wall clock wakes up with: 1970, 2001, 2106, a few days ago, in two months."""


@dataclass
class Clock:
    """`true_ms` is the simulation's own time, which no box knows."""

    true_ms: Callable[[], int]
    boot: str
    started_ms: int
    drift: float
    offset_ms: int
    synced: bool

    @classmethod
    def start(cls, chance: random.Random, true_ms: Callable[[], int], drift: float) -> "Clock":
        now_ms, synced = true_ms(), chance.random() < 0.3
        offset_ms = 0 if synced else chance.choice(WRONG_MS) - now_ms
        boot = f"boot-{chance.getrandbits(48):012x}"
        return cls(true_ms, boot, now_ms, drift, offset_ms, synced)

    def boottime_ms(self) -> int:
        return int((self.true_ms() - self.started_ms) * (1 + self.drift))

    def stamp(self, ago_ms: int = 0) -> Stamp:
        ago_ms = min(ago_ms, self.boottime_ms())
        return Stamp(self.boot, self.boottime_ms() - ago_ms, self.true_ms() + self.offset_ms - ago_ms, self.synced)

    def jump(self, chance: random.Random) -> None:
        """Somebody sets the clock, rightly or wrongly."""
        self.synced = chance.random() < 0.5
        self.offset_ms = 0 if self.synced else chance.choice((-3_600_000, 3_600_000, -86_400_000, 10**11))
