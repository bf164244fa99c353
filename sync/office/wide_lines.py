"""A line of a page about very many places, from days kept apart by the time zone of those who count them. Pure. Each
zone is over at its own midnight."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sync.office import counts, local_time
from sync.office import windows as calendar
from sync.office.counts import Days, Figure
from sync.office.delivery import Delivery
from sync.office.filters import Filters, Narrowed
from sync.office.lines import Day, Line, Total, Yesterday
from sync.office.places import Location
from sync.office.windows import WEEK, Window
from sync.scores import Histogram, add
from sync.survey import Scale

Zoned = dict[str, Days]
"""Days by the time zone of those who count them."""


class Reading(NamedTuple):
    scale: Scale
    now_ms: int
    filters: Filters
    days: dict[int, Zoned]
    deliveries: dict[int, Delivery]

    def window(self, zone: str) -> Window:
        return calendar.window(self.filters, local_time.day_of(self.now_ms, zone))


def keep(days: Days, day: int, aside: bool, sums: tuple[int, ...], narrowed: Narrowed) -> None:
    if not any(sums):
        return
    if aside:
        days.aside[day] = days.aside.get(day, 0) + sum(sums)
    if narrowed.flagged == "with" or aside == (narrowed.flagged == "only"):
        days.counts[day] = add([sums, days.counts[day]]) if day in days.counts else sums


def _between(reading: Reading, zoned: Zoned, back: int, until: int) -> Figure:
    """From `back` days ago to `until` days ago, as each zone counts its days."""
    parts = []
    for zone, days in zoned.items():
        now = local_time.day_of(reading.now_ms, zone)
        parts += [days.counts[day] for day in range(now - back, now - until + 1) if day in days.counts]
    return counts.together(reading.scale, parts, singles=True)


def line(reading: Reading, place: Location) -> Line:
    zoned = reading.days.get(place.id, {})
    sums = total(reading, [place])
    windows = {zone: reading.window(zone) for zone in zoned}
    return Line(
        place=place,
        figure=sums.figure,
        before=sums.before,
        since=sums.since,
        days=_points(reading, zoned, max(windows.values(), default=reading.window(place.zone))),
        today=sum(days.given(local_time.day_of(reading.now_ms, zone)) for zone, days in zoned.items()),
        aside=sum(
            n
            for zone, each in zoned.items()
            for day, n in each.aside.items()
            if windows[zone].first <= day <= windows[zone].last
        ),
        delivery=reading.deliveries.get(place.id, Delivery()),
    )


def _points(reading: Reading, zoned: Zoned, latest: Window) -> tuple[Day, ...]:
    """A point a day stands at its day in every zone; of weeks, the last of each are put together."""
    parts: dict[int, list[Histogram]] = {first: [] for first, _ in latest.parts()}
    for zone, days in zoned.items():
        own = reading.window(zone).parts()
        for first, (start, end) in zip([day for day, _ in own] if latest.step == 1 else list(parts), own, strict=True):
            if first in parts:
                parts[first] += [days.counts[day] for day in range(start, end + 1) if day in days.counts]
    return tuple(Day(first, counts.together(reading.scale, some, singles=True)) for first, some in parts.items())


def total(reading: Reading, tops: Iterable[Location]) -> Total:
    """All of these together, each zone over its own days."""
    parts: tuple[list[Histogram], ...] = ([], [], [])
    for top in tops:
        for zone, days in reading.days.get(top.id, {}).items():
            window = reading.window(zone)
            spans = ((window.first, window.last), (window.before, window.until), (window.since, window.last))
            for into, (first, last) in zip(parts, spans, strict=True):
                into += [days.counts[day] for day in range(first, last + 1) if day in days.counts]
    return Total(*(counts.together(reading.scale, each, singles=True) for each in parts))


def named_zone(reading: Reading, tops: Sequence[Location]) -> str:
    """That in which most was answered."""
    every: dict[str, int] = defaultdict(int)
    for place in tops:
        for zone, days in reading.days.get(place.id, {}).items():
            every[zone] += sum(map(sum, days.counts.values()))
    return max(sorted(every), key=lambda zone: every[zone], default=tops[0].zone)


def yesterday(reading: Reading, tops: Sequence[Location]) -> Yesterday:
    """Each place's own; the day is named after the zone in which most was answered."""

    def back(*days: int) -> Figure:
        parts = [_between(reading, reading.days.get(place.id, {}), ago, ago).counts for place in tops for ago in days]
        return counts.together(reading.scale, parts, singles=True)

    day = local_time.day_of(reading.now_ms, named_zone(reading, tops)) - 1
    return Yesterday(day, back(1), back(*(1 + WEEK * weeks for weeks in range(1, 5))))
