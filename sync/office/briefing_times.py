"""When the briefing of a place is due: every day on its own clock, and for its manager a while after the crew."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from sync.office import local_time, places
from sync.office.settings.kept import ALL, nearest
from sync.office.settings.keys import BRIEFING_AT, BRIEFING_LEAD, KEYS


@dataclass(frozen=True)
class Times:
    """`minute` of the local day at which who works there reads it, `lead` minutes before whoever manages them."""

    zone: str
    minute: int
    lead: int

    def due_ms(self, day: int, *, manager: bool = False) -> int:
        """When the briefing of this local day may be read: also where the clock leaves that minute out."""
        due_ms = local_time.moment(day, self.minute, self.zone)
        return due_ms + self.lead * local_time.MINUTE_MS if manager else due_ms

    def newest(self, now_ms: int, *, manager: bool = False) -> int:
        """The local day of the last briefing that may be read."""
        today = local_time.day_of(now_ms, self.zone)
        return today if now_ms >= self.due_ms(today, manager=manager) else today - 1


def of(tx: Connection, numbers: Collection[int]) -> dict[int, Times]:
    """By place. Raises places.BadPlace where one is not there."""
    tree, found = places.resolved(tx, set(numbers)), nearest(tx, [(number, ALL) for number in numbers])

    def value(number: int, key: str) -> Any:
        own = found[number, ALL].get(key)
        return own.value if own else KEYS[key].default

    return {
        number: Times(tree[number].zone, minute_of(value(number, BRIEFING_AT)), value(number, BRIEFING_LEAD))
        for number in numbers
    }


def minute_of(text: str) -> int:
    """Of the day, of "07:00"."""
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
