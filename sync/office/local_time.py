"""The calendar where a place is. A day is a number of days since 1970-01-01, as in the tallies."""

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sync.office.places import Hours

_EPOCH = date(1970, 1, 1).toordinal()
DAY_MINUTES = 24 * 60


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def at(ms: int, zone: str) -> datetime:
    """That moment on the clock of a place."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_zone(zone))


def day_of(ms: int, zone: str) -> int:
    """The local calendar day of that moment."""
    return at(ms, zone).toordinal() - _EPOCH


def date_of(day: int) -> date:
    return date.fromordinal(day + _EPOCH)


def open_for(ms: int, zone: str, hours: Hours) -> int | None:
    """For how many minutes a place has been open at that moment, None while it is closed. `hours` as in
    places.Location; a place that is always open has been so for a day."""
    if hours is None:
        return DAY_MINUTES
    local = at(ms, zone)
    minute = local.hour * 60 + local.minute
    today, yesterday = hours[local.weekday()], hours[local.weekday() - 1]
    since = [minute - start for start, end in today if start <= minute < max(end, start)]
    # An evening may end after midnight: its minutes go on beyond 24 hours.
    since += [minute + DAY_MINUTES - start for start, end in yesterday if minute + DAY_MINUTES < end]
    return max(since, default=None)
