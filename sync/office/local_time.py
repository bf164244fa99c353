"""The calendar where a place is. A day is a number of days since 1970-01-01, as in the tallies."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from sync.office.places import Hours

_EPOCH = date(1970, 1, 1).toordinal()
DAY_MINUTES = 24 * 60
DAY_MS = 86_400_000
MINUTE_MS = 60_000


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def at(ms: int, zone: str) -> datetime:
    """That moment on the clock of a place."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_zone(zone))


def day_of(ms: int, zone: str) -> int:
    """The local calendar day of that moment."""
    return at(ms, zone).toordinal() - _EPOCH


def day_number(day: date) -> int:
    """The number of a day of the calendar."""
    return day.toordinal() - _EPOCH


def date_of(day: int) -> date:
    return date.fromordinal(day + _EPOCH)


def begins(day: int, zone: str) -> int:
    """When a local day begins there, in ms: midnight, or when the clock jumps over it."""
    return _moment(day, 0, zone, False)


def moment(day: int, minute: int, zone: str) -> int:
    """When the clock there shows that minute of that day, in ms: the first time if it does so twice; when it jumps over
    it if it never does."""
    return _moment(day, minute, zone, False)


def open_for(ms: int, zone: str, hours: Hours) -> int | None:
    """For how many minutes a place has been open at that moment, None while it is closed: minutes that went by, also
    in the night when the clocks change. `hours` as in places.Location; a place that is always open has been so for a
    day."""
    if hours is None:
        return DAY_MINUTES
    since = next((start for start, end in _stretches(ms, zone, hours) if start <= ms < end), None)
    return None if since is None else min((ms - since) // MINUTE_MS, DAY_MINUTES)


def is_open(ms: int, zone: str, hours: Hours, grace_ms: int = 0) -> bool:
    """Whether a place is open at that moment, or was or will be within the grace."""
    if hours is None:
        return True
    return any(start - grace_ms <= ms < end + grace_ms for start, end in _stretches(ms, zone, hours))


def _stretches(ms: int, zone: str, hours: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """When it is open around that moment, in order: what follows on without a gap is one stretch. A span may end after
    midnight, with minutes beyond 24 hours; the day before may reach into this one, and a grace into the next."""
    today = day_of(ms, zone)
    found: list[tuple[int, int]] = []
    for day in (today - 2, today - 1, today, today + 1):
        for start, end in sorted(hours[(day + _EPOCH - 1) % 7]):
            begins, ends = _moment(day, start, zone, False), _moment(day, end, zone, True)
            if found and begins <= found[-1][1]:
                found[-1] = (found[-1][0], max(ends, found[-1][1]))
            else:
                found.append((begins, ends))
    return found


@lru_cache(maxsize=8192)
def _moment(day: int, minute: int, zone: str, last: bool) -> int:
    """When the clock there shows that minute of that day (it may be one of the days after), in ms. One that comes twice
    in autumn: the first of them, to open, or the `last`, to close. One that is left out in spring: when the clock
    jumps over it."""
    shown = datetime.fromordinal(day + _EPOCH) + timedelta(minutes=minute)
    first, second = (_utc_ms(shown.replace(tzinfo=_zone(zone), fold=fold)) for fold in (0, 1))
    if second >= first:
        return second if last else first
    before = _zone_offset(second, zone)
    low, high = second // MINUTE_MS, first // MINUTE_MS  # the jump lies between the two readings
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _zone_offset(middle * MINUTE_MS, zone) == before else (low, middle)
    return high * MINUTE_MS


def _utc_ms(shown: datetime) -> int:
    return round(shown.timestamp() * 1000)


def _zone_offset(ms: int, zone: str) -> timedelta | None:
    return at(ms, zone).utcoffset()
