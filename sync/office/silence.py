"""When a screen that is heard from has had no answer for too long. Pure.

People come at random, so the number of answers in a stretch of time scatters around what is usual there as Poisson's
law says: where λ are usual, none at all has the probability e^-λ. From λ = 6.9 on that is less than one in a thousand,
which is when silence stops being chance. What is usual in an hour is the average of the same hour of the week in the
four weeks before, since shops live by the week: Saturday afternoon is compared with Saturday afternoons. Hours in which
the place is closed count for nothing, and neither do weeks before the first answer; with less than two weeks nothing is
said. A week with a holiday in it lowers what is usual, so that the error is on the side of saying nothing."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

UNLIKELY = 6.9
"""-ln(1/1000), rounded down: so many usual answers, and not one of them given."""
WEEKS, LEAST_WEEKS = 4, 2
WEEK_HOURS = 168
HOUR_MS = 3_600_000
AHEAD_MS = 8 * 24 * HOUR_MS
"""A week and a day of open hours: where it takes longer than that, there is no pattern to speak of."""


class Pattern(NamedTuple):
    """What was answered at a place so far. `counts`: answers by local hour (day × 24 + hour of the day); `first`: the
    hour of the first of them that is known."""

    counts: Mapping[int, int]
    first: int

    def usual(self, hour: int, last: int) -> float | None:
        """How many answers are usual in that local hour, judged by the weeks before the hour `last`, in which the last
        answer came; None with less than two weeks to go by."""
        known = [hour - week * WEEK_HOURS for week in range(1, WEEKS + 1)]
        known = [each for each in known if self.first <= each <= last]
        if len(known) < LEAST_WEEKS:
            return None
        return sum(self.counts.get(each, 0) for each in known) / len(known)


class Verdict(NamedTuple):
    """`usual`: how many answers are usual since the last one. `due_ms`: when none becomes too unlikely, or became so;
    None where that cannot be said."""

    usual: float
    due_ms: int | None

    def is_silent(self, now_ms: int) -> bool:
        return self.due_ms is not None and self.due_ms <= now_ms


def judge(
    pattern: Pattern, last_ms: int, now_ms: int, hour_of: Callable[[int], int], is_open: Callable[[int], bool]
) -> Verdict:
    """What to think of nobody having answered since `last_ms`. `hour_of`, `is_open`: the local hour of a moment there,
    and whether the place is open then."""
    usual, so_far, due_ms = 0.0, 0.0, None
    last, at = hour_of(last_ms), last_ms
    until = max(now_ms, last_ms + AHEAD_MS)
    while at < until and not (due_ms is not None and at >= now_ms):
        end = min((at // HOUR_MS + 1) * HOUR_MS, until)
        end = now_ms if at < now_ms < end else end
        middle = (at + end) // 2
        rate = (pattern.usual(hour_of(middle), last) or 0.0) / HOUR_MS if is_open(middle) else 0.0
        if due_ms is None and rate and usual + rate * (end - at) >= UNLIKELY:
            due_ms = round(at + (UNLIKELY - usual) / rate)
        usual += rate * (end - at)
        so_far = usual if end <= now_ms else so_far
        at = end
    return Verdict(so_far, due_ms)
