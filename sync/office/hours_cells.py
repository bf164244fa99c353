"""A week of opening hours in one cell of a spreadsheet: "Mo-Fr 09:00-18:00; Sa 10:00-17:00". Pure.

Days that aren't named are closed; `always` is a place that never closes, `closed` one that never opens. What closes
after midnight ends before it begins: 22:00-04:00."""

from itertools import groupby
from typing import Any

from sync.office.places import Hours

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
ALWAYS, CLOSED = "always", "closed"
_DAY = 24 * 60


def is_hours(value: Any) -> bool:
    """Whether this is a week as places keep it."""
    return value is None or (
        isinstance(value, list)
        and len(value) == len(DAYS)
        and all(isinstance(day, list) and all(_is_span(span) for span in day) for day in value)
    )


def _is_span(span: Any) -> bool:
    return isinstance(span, list | tuple) and len(span) == 2 and all(isinstance(minute, int) for minute in span)


def written(hours: Hours) -> str:
    """The cell of these hours."""
    if hours is None:
        return ALWAYS
    told = [",".join(f"{_clock(start)}-{_clock(end)}" for start, end in day) for day in hours]
    parts = []
    for text, days in groupby(range(len(DAYS)), key=lambda day: told[day]):
        first, *rest = days
        named = DAYS[first] + (f"-{DAYS[rest[-1]]}" if rest else "")
        if text:
            parts.append(f"{named} {text}")
    return "; ".join(parts) or CLOSED


def _clock(minute: int) -> str:
    """24:00 at the end of the day itself, 02:00 on the next one."""
    on_its_day = minute if minute <= _DAY else minute - _DAY
    return f"{on_its_day // 60:02}:{on_its_day % 60:02}"
