"""On which local days a letter is due, and from which minute on. Pure.

A day is a number of days since 1970-01-01 on the clock of the place that a letter is about. A minute that the clock
leaves out is over at the next one that it shows; one that it shows twice has come at the first."""

from datetime import timedelta
from typing import Literal, NamedTuple

from sync.office import local_time

Cadence = Literal["daily", "weekly", "monthly"]
CADENCES: tuple[Cadence, ...] = ("daily", "weekly", "monthly")
LISTED_DAYS = 14
"""How far back a day without a letter is looked for."""
LAST_MINUTE = 24 * 60 - 1


class Clock(NamedTuple):
    """A letter is due `lead` minutes after that `minute` of the day in this zone, and on that day at the latest."""

    zone: str
    minute: int
    lead: int = 0

    def today(self, now_ms: int) -> int:
        return local_time.day_of(now_ms, self.zone)

    def due_ms(self, day: int) -> int:
        begins_ms, ends_ms = (local_time.moment(day, each, self.zone) for each in (self.minute, LAST_MINUTE))
        return min(begins_ms + self.lead * local_time.MINUTE_MS, max(begins_ms, ends_ms))


class Step(NamedTuple):
    """What is to be decided at a moment: `missed` days of the cadence went by without a letter; `due` is today, if a
    letter belongs to it; `next_day` is the first day for which nothing is decided once these are."""

    missed: tuple[int, ...]
    due: int | None
    next_day: int


def on_or_after(cadence: Cadence, day: int) -> int:
    """The first day of the cadence from this one on: each, Mondays, the first of each month."""
    if cadence == "daily":
        return day
    date = local_time.date_of(day)
    if cadence == "weekly":
        return day + -date.weekday() % 7
    if date.day == 1:
        return day
    return local_time.day_number((date.replace(day=28) + timedelta(days=4)).replace(day=1))


def first(cadence: Cadence, clock: Clock, now_ms: int) -> int:
    """The first day of one that begins now: today only while its minute is to come."""
    today = clock.today(now_ms)
    return on_or_after(cadence, today + (now_ms >= clock.due_ms(today)))


def step(cadence: Cadence, clock: Clock, next_day: int, now_ms: int) -> Step:
    """`next_day`: as the step before left it."""
    today = clock.today(now_ms)
    missed = []
    day = on_or_after(cadence, max(next_day, today - LISTED_DAYS))
    while day < today:
        missed.append(day)
        day = on_or_after(cadence, day + 1)
    if day == today and now_ms >= clock.due_ms(today):
        return Step(tuple(missed), today, on_or_after(cadence, today + 1))
    return Step(tuple(missed), None, day)


def is_ahead(cadence: Cadence, clock: Clock, next_day: int, now_ms: int) -> bool:
    """Whether this can only be so because the server's clock was ahead for a while. A place that moved across the date
    line is one day behind at most."""
    return next_day > on_or_after(cadence, clock.today(now_ms) + 2)
