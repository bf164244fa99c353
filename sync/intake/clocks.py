"""When a response was captured, from what the terminal's clocks said, and how well that is known. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sync.wire import Anchor, Stamp

FUTURE_MS = 5 * 60_000
"""Nothing that lies further ahead of its arrival is trusted."""
EARLIEST_MS = 1_577_836_800_000
"""2020-01-01: a clock that says less was never set."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01: nor was one that says more."""
DRIFT = 100e-6
SYNCED_MS = 500
HOUR_MS = 30 * 60_000
"""What is known less well has a day, but no hour."""
PAGE = "page-"
"""Begins the name of a page's own clock, which starts when the page is loaded: nobody ever set it."""
EPOCH_DAY = 719_163

Quality = Literal["anchored", "synced", "bounded", "unknown"]


class Captured(NamedTuple):
    """`ms` since 1970-01-01 UTC, ± `error_ms`. An unknown one has no error: it is no time of capture at all."""

    ms: int
    quality: Quality
    error_ms: int


class Local(NamedTuple):
    """The calendar of a place: `day` since 1970-01-01, `hour` = day × 24 + hour of the day, `minute` of the day."""

    day: int
    hour: int
    minute: int
    weekday: int


class Ends(NamedTuple):
    """The first and the last anchor of one start."""

    first: Anchor
    last: Anchor


_Named = tuple[str, Ends]


class Bounds(NamedTuple):
    """Between which two moments a start without anchors lies, in milliseconds since 1970-01-01 UTC."""

    after_ms: float
    before_ms: float


class Starts:
    """What is known of the starts of one device's clock: the anchors of each, and which start it was. `told`: what the
    card itself knows of them. Where two cards go by one name (a clone, one that was rolled back), each counts its
    starts from where it was copied; so what lies between two of them is only known by the account of one."""

    def __init__(
        self, ends: Mapping[str, Ends], order: Mapping[str, int], told: Mapping[str, Ends] | None = None
    ) -> None:
        self.ends, self.order = ends, order
        self._told = ends if told is None else told
        self._bounds: dict[str, Bounds | None] = {}

    def correct(self, stamp: Stamp, arrival_ms: int) -> Captured:
        """The time of a stamp. An anchor in the same start of the clock is believed first (± half its round trip and
        100 ppm of the distance), then a clock that was synchronised (± 0.5 s), then what lies between the anchors of
        the starts around it (the middle ± half); else it is the time of arrival, and unknown."""
        anchors = self.ends.get(stamp.boot, ())
        possible = [found for anchor in anchors if _is_possible((found := _anchored(stamp, anchor)).ms, arrival_ms)]
        if possible:
            return min(possible, key=lambda captured: captured.error_ms)
        if stamp.synced and not stamp.boot.startswith(PAGE) and _is_possible(stamp.wall_ms, arrival_ms):
            return Captured(stamp.wall_ms, "synced", SYNCED_MS)
        return self._bounded(stamp, arrival_ms) or Captured(arrival_ms, "unknown", 0)

    def _bounded(self, stamp: Stamp, arrival_ms: int) -> Captured | None:
        bounds = self.bounds(stamp.boot)
        if bounds is None:
            return None
        # It ran for so long before it was stamped, all of it after the start before had ended.
        after_ms = bounds.after_ms + stamp.boottime_ms * (1 - DRIFT)
        before_ms = min(bounds.before_ms, arrival_ms)
        if not EARLIEST_MS <= after_ms <= before_ms:
            return None
        return Captured(round((after_ms + before_ms) / 2), "bounded", int((before_ms - after_ms) / 2) + 1)

    def bounds(self, boot: str) -> Bounds | None:
        """Where a start without anchors lies: after the last anchor of the nearest earlier start that has some, before
        the nearest later one began. None when one of them is missing, or it was never told which start it was."""
        if boot not in self._bounds:
            earlier, later = self._around(boot)
            self._bounds[boot] = earlier and later and Bounds(_ended_after(earlier[1]), _began_before(later[1]))
        return self._bounds[boot]

    def neighbours(self, boot: str) -> list[str]:
        """The starts without anchors for which this one is the nearest that has some, before or after."""
        around = ((other, self._around(other)) for other in self.order if other not in self.ends)
        return [other for other, sides in around if any(side is not None and side[0] == boot for side in sides)]

    def _around(self, boot: str) -> tuple[_Named | None, _Named | None]:
        """The nearest anchored starts before and after."""
        n = self.order.get(boot)
        if n is None:
            return None, None
        anchored = [(self.order[other], (other, ends)) for other, ends in self._told.items() if other in self.order]
        earlier = max((each for each in anchored if each[0] < n), default=None)
        later = min((each for each in anchored if each[0] > n), default=None)
        return earlier and earlier[1], later and later[1]


def is_set(ms: int) -> bool:
    """Whether a clock that says this was ever given the time."""
    return EARLIEST_MS <= ms < LATEST_MS


def _is_possible(ms: int, arrival_ms: int) -> bool:
    return EARLIEST_MS <= ms <= arrival_ms + FUTURE_MS


def _anchored(stamp: Stamp, anchor: Anchor) -> Captured:
    distance = stamp.boottime_ms - anchor.boottime_ms
    return Captured(anchor.server_ms + distance, "anchored", anchor.rtt_ms // 2 + round(abs(distance) * DRIFT))


def _ended_after(ends: Ends) -> float:
    return ends.last.server_ms - ends.last.rtt_ms / 2


def _began_before(ends: Ends) -> float:
    return ends.first.server_ms + ends.first.rtt_ms / 2 - ends.first.boottime_ms * (1 - DRIFT)


def merged(known: Mapping[str, Ends], anchors: Iterable[Anchor]) -> dict[str, Ends]:
    """The first and the last anchor of each start, with these added."""
    ends = dict(known)
    for anchor in anchors:
        first, last = ends.get(anchor.boot, (anchor, anchor))
        ends[anchor.boot] = Ends(
            anchor if anchor.boottime_ms < first.boottime_ms else first,
            anchor if anchor.boottime_ms > last.boottime_ms else last,
        )
    return ends


def guessed_order(current: str, sent: Iterable[str], ends: Mapping[str, Ends], boots: Iterable[str]) -> dict[str, int]:
    """The order of starts as far as it can be told of a terminal that doesn't say: those of `boots` without anchors lie
    before the `current` one, and after the earliest that it `sent` anchors of; after the last one before, if it sent
    none."""
    if current not in ends:
        return {}
    began_ms = _began_before(ends[current])
    others = [boot for boot in sent if boot != current and boot in ends]
    past = [boot for boot, each in ends.items() if boot != current and each.last.server_ms <= began_ms]
    if others:
        earlier = min(others, key=lambda boot: ends[boot].last.server_ms)
    elif past:
        earlier = max(past, key=lambda boot: ends[boot].last.server_ms)
    else:
        return {}
    between = (boot for boot in boots if boot not in ends and not boot.startswith(PAGE))
    return {earlier: 0, **dict.fromkeys(between, 1), current: 2}


class Span(NamedTuple):
    """What was captured in a start, as far as is known between these moments."""

    boot: str
    from_ms: int
    to_ms: int


ALWAYS_MS = 2**53


def better_known(boot: str, before: Ends | None, now: Ends, unsure_ms: int) -> Span | None:
    """Which responses of a start new anchors may help that are known no better than to `unsure_ms`: all of them when
    there were none before; else what was captured outside of those. None: nothing worth a look."""
    if before is None:
        return Span(boot, -ALWAYS_MS, ALWAYS_MS)
    earlier = _is_far(now.first, before.first, unsure_ms)
    later = _is_far(before.last, now.last, unsure_ms)
    if not earlier and not later:
        return None
    return Span(
        boot,
        -ALWAYS_MS if earlier else before.last.server_ms,
        ALWAYS_MS if later else before.first.server_ms,
    )


def _is_far(one: Anchor, other: Anchor, unsure_ms: int) -> bool:
    """Whether something between them was so far from the one that it is not known well."""
    gap_ms = other.boottime_ms - one.boottime_ms
    return gap_ms > 0 and max(one.rtt_ms, other.rtt_ms) / 2 + gap_ms * DRIFT > unsure_ms


def is_better(new: Captured, old: Captured) -> bool:
    """Whether a correction is known better than the one before."""
    if new.quality == "unknown" or old.quality == "unknown":
        return new.quality != old.quality == "unknown"
    return new.error_ms < old.error_ms


def hour_of(captured: Captured, there: Local) -> int | None:
    """The hour in which it counts; None where that is not known."""
    return there.hour if captured.quality != "unknown" and captured.error_ms <= HOUR_MS else None


def local(ms: int, zone: str) -> Local:
    """The calendar day and hour of a moment where the location is; in the hour that comes twice in autumn, both
    count as the same hour."""
    there = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone))
    day = there.toordinal() - EPOCH_DAY
    return Local(day, day * 24 + there.hour, there.hour * 60 + there.minute, there.weekday())
