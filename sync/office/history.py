"""What one place or one group was answered over any local days, from the tallies of the place or the sums of the group:
what it costs grows with the days alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from sync.models import locations
from sync.office import counts, crew_sight, every_place, local_time, wide_lines
from sync.office.counts import Days, Figure, Question
from sync.office.every_place import Asked
from sync.office.filters import Filters
from sync.office.lines import Day
from sync.office.places import Location
from sync.office.rights import Reach
from sync.office.windows import Window
from sync.scores import Histogram
from sync.survey import Scale

Ends = tuple[int, int]
"""The first and the last of some local days, both included."""


@dataclass(frozen=True)
class History:
    """Days by the time zone of those who count them; `today` by the same. Group sums of a viewer who may not see single
    answers hold nothing that could be subtracted out (see counts.together)."""

    scale: Scale
    zoned: dict[str, Days]
    today: dict[str, int]

    def figure(self, ends: Callable[[int], Ends]) -> Figure:
        """Everybody's own days together: `ends` tells them from the day that it is there."""
        return counts.together(self.scale, self._parts(ends), singles=True)

    def between(self, first: int, last: int) -> Figure:
        """The local days of this name, wherever they are."""
        return self.figure(lambda _today: (first, last))

    def aside(self, ends: Callable[[int], Ends]) -> int:
        """How many answers a flag keeps out."""
        found = 0
        for zone, days in self.zoned.items():
            first, last = ends(self.today[zone])
            found += sum(n for day, n in days.aside.items() if first <= day <= last)
        return found

    def points(self, window: Window) -> tuple[Day, ...]:
        """As they are drawn in a line, by the day with which each begins."""
        return tuple(Day(first, self.between(first, last)) for first, last in window.parts())

    def _parts(self, ends: Callable[[int], Ends]) -> Iterator[Histogram]:
        for zone, days in self.zoned.items():
            first, last = ends(self.today[zone])
            yield from (days.counts[day] for day in range(first, last + 1) if day in days.counts)


class Wish(NamedTuple):
    """What is asked of a history: for whom, and which answers; `crews`: at and below these paths with crews' own."""

    question: Question
    filters: Filters
    singles: bool
    crews: tuple[str, ...] = ()


def read(tx: Connection, place: Location, wish: Wish, first: int, last: int, now_ms: int) -> History:
    """Of local days `first` … `last`. The sums of groups have to be folded; nothing of a crew that is
    not seen by itself. Raises ValueError where answers are
    narrowed down for somebody who may not see single ones."""
    narrowed = wish.filters.narrowed
    zoned: dict[str, Days] = {}
    if has_places(tx, place):
        asked = Asked(wish.question, wish.filters, wish.singles, wish.crews)
        for part in every_place.branches(tx, [place.id], asked, first, last):
            days = zoned.setdefault(part.zone, Days())
            wide_lines.keep(days, part.day, part.aside, part.counts, narrowed)
    elif crew_sight.shows([Reach(place.path, wish.crews)], place.kind, place.path):
        found = counts.days_of(tx, [place.id], wish.question, first, last, singles=wish.singles, narrowed=narrowed)
        zoned = {place.zone: found[place.id]} if place.id in found else {}
    today = {zone: local_time.day_of(now_ms, zone) for zone in (place.zone, *zoned)}
    return History(wish.question.scale, zoned, today)


def has_places(tx: Connection, place: Location) -> bool:
    """Whether others lie below it, so that it is read from sums."""
    return bool(tx.execute(select(exists().where(locations.c.parent_id == place.id))).scalar())
