"""Which responses of a screen were given too close to each other to be by different people. Pure.

Three signs, each of which spares the first response, so that of somebody who plays one answer counts: four or more from
one screen within 15 s, four or more in a row of which each was touched within 1.5 s of the question's return (both the
trade's rules for a burst), and a response before which nobody had let go of the glass for 1.5 s since the last one. Two
responses are compared by the clock that stamped both: what a later anchor corrects moves them together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from sync import wire
from sync.intake import flags
from sync.intake.held import Held, Row
from sync.intake.verdicts import Plan

FEWEST = 4
BURST_MS = 15_000
HURRY_MS = 1_500
PAUSE_MS = 1_500
ROW_MS = 30_000
"""Further apart, two responses are not in a row."""
REACH_MS = FEWEST * ROW_MS
"""So far from a response lies what may be in a row with it."""


class Tap(msgspec.Struct, frozen=True):
    """What of a response tells it from its neighbours; the fields are those of wire.Response."""

    id: str
    screen: str | None
    stamp: wire.Stamp
    first_ms: int | None
    since_prev_ms: int | None
    pause_ms: int | None = None


class Span(NamedTuple):
    """Milliseconds since 1970, both ends included."""

    low: int
    high: int


_tap = msgspec.json.Decoder(Tap)


def spans(moments: Iterable[int]) -> list[Span]:
    """Where those lie that may be in a row with a response of one of these moments, or with one of theirs."""
    found: list[Span] = []
    for ms in sorted(moments):
        fresh = Span(ms - 2 * REACH_MS, ms + 2 * REACH_MS)
        if found and fresh.low <= found[-1].high:
            found[-1] = Span(found[-1].low, fresh.high)
        else:
            found.append(fresh)
    return found


def among(taps: Iterable[Tap]) -> set[str]:
    """The ids of those that are in a burst, whatever the order in which they came."""
    rows: dict[tuple[str | None, str], list[Tap]] = {}
    found: set[str] = set()
    for tap in taps:
        rows.setdefault((tap.screen, tap.stamp.boot), []).append(tap)
        if tap.since_prev_ms is not None and tap.pause_ms is not None and tap.pause_ms < PAUSE_MS:
            found.add(tap.id)
    for row in rows.values():
        row.sort(key=lambda tap: (tap.stamp.boottime_ms, tap.id))
        found |= {tap.id for run in (*_crowds(row), *_hurries(row)) for tap in run[1:]}
    return found


def _crowds(row: Sequence[Tap]) -> Iterator[Sequence[Tap]]:
    """Those of which some four that follow each other lie within 15 s; fours that share one are one crowd."""
    start = end = 0
    for first in range(len(row) - FEWEST + 1):
        last = first + FEWEST - 1
        if row[last].stamp.boottime_ms - row[first].stamp.boottime_ms > BURST_MS:
            continue
        if first > end or end == 0:
            yield row[start : end + 1]
            start = first
        end = last
    yield row[start : end + 1]


def _hurries(row: Sequence[Tap]) -> Iterator[Sequence[Tap]]:
    """Four or more in a row, each after the first touched as soon as the question was back."""
    start = 0
    for place in range(1, len(row) + 1):
        if place == len(row) or not _hurried(row[place - 1], row[place]):
            if place - start >= FEWEST:
                yield row[start:place]
            start = place


def _hurried(before: Tap, tap: Tap) -> bool:
    is_quick = tap.first_ms is not None and tap.first_ms < HURRY_MS and tap.since_prev_ms is not None
    return is_quick and tap.stamp.boottime_ms - before.stamp.boottime_ms <= ROW_MS


def mark(held: Held, plan: Plan) -> None:
    """Judge the responses of the plan once more, and those around them, now that their neighbours are known: which are
    set aside for it, or no longer. `held` has the neighbours, see `spans`."""
    rows = {**held.rows, **plan.changed, **plan.fresh}
    near = spans(row.captured_ms for row in (*plan.fresh.values(), *plan.changed.values()))
    taps = {name: tap for name, row in rows.items() if not row.test and (tap := _read(row))}
    found = among(taps.values())
    for name in taps:
        row = rows[name]
        is_known = name in plan.fresh or name in plan.changed
        if is_known or any(low + REACH_MS <= row.captured_ms <= high - REACH_MS for low, high in near):
            _flag(row, name in found, name in plan.fresh, plan)


def _read(row: Row) -> Tap | None:
    try:
        return _tap.decode(row.body)
    except msgspec.DecodeError:  # damaged: `verify` says so
        return None


def _flag(row: Row, is_burst: bool, is_fresh: bool, plan: Plan) -> None:
    names = [name for name in row.flags.split(",") if name and name != flags.BURST]
    told = sorted([*names, flags.BURST] if is_burst else names)
    if ",".join(told) == row.flags:
        return
    fresh = row._replace(flags=",".join(told), aside=not flags.ASIDE.isdisjoint(told))
    (plan.fresh if is_fresh else plan.changed)[row.id] = fresh
