"""When a response was captured, from what the terminal's clocks said, and how well that is known. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sync.wire import Anchor, Stamp

FUTURE_MS = 5 * 60_000
"""Nothing that lies further ahead of its arrival is trusted."""
EARLIEST_MS = 1_577_836_800_000
"""2020-01-01: a clock that says less was never set."""
DRIFT = 100e-6
SYNCED_MS = 500
EPOCH_DAY = 719_163

Quality = Literal["anchored", "synced", "unknown"]


class Captured(NamedTuple):
    """`ms` since 1970-01-01 UTC, ± `error_ms`."""

    ms: int
    quality: Quality
    error_ms: int


class Local(NamedTuple):
    """The calendar of a place: `day` since 1970-01-01, `hour` = day × 24 + hour of the day, `minute` of the day."""

    day: int
    hour: int
    minute: int
    weekday: int


def correct(stamp: Stamp, anchors: Iterable[Anchor], arrival_ms: int) -> Captured:
    """The time of a stamp. An anchor in the same start of the clock is believed first (± half its round trip and
    100 ppm of the distance), then a clock that was synchronised (± 0.5 s); else it is the time of arrival, and
    unknown."""
    latest_ms = arrival_ms + FUTURE_MS
    anchored = (_anchored(stamp, anchor) for anchor in anchors if anchor.boot == stamp.boot)
    possible = [captured for captured in anchored if EARLIEST_MS <= captured.ms <= latest_ms]
    if possible:
        return min(possible, key=lambda captured: captured.error_ms)
    if stamp.synced and EARLIEST_MS <= stamp.wall_ms <= latest_ms:
        return Captured(stamp.wall_ms, "synced", SYNCED_MS)
    return Captured(arrival_ms, "unknown", 0)


def _anchored(stamp: Stamp, anchor: Anchor) -> Captured:
    distance = stamp.boottime_ms - anchor.boottime_ms
    return Captured(anchor.server_ms + distance, "anchored", anchor.rtt_ms // 2 + round(abs(distance) * DRIFT))


def local(ms: int, zone: str) -> Local:
    """The calendar day and hour of a moment where the location is; in the hour that comes twice in autumn, both
    count as the same hour."""
    there = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone))
    day = there.toordinal() - EPOCH_DAY
    return Local(day, day * 24 + there.hour, there.hour * 60 + there.minute, there.weekday())
