"""A week of opening hours in one cell of a spreadsheet: "Mo-Fr 09:00-18:00; Sa 10:00-17:00". Pure.

Days that aren't named are closed; `always` is a place that never closes, `closed` one that never opens. What closes
after midnight ends before it begins: 22:00-04:00. Hours without a day are those of every day."""

import re
from functools import cache
from itertools import groupby
from typing import Any

from babel.dates import get_day_names

from sync.office import hours
from sync.office.forms import Wrong
from sync.office.places import Hours
from sync.office.tongue import LANGUAGES, _

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
ALWAYS, CLOSED = "always", "closed"
_ALWAYS = (ALWAYS, "24/7", "always open")
_PART = re.compile(r"(?P<days>[^\d]*?)\s*(?P<times>\d.*|closed|off)?", re.DOTALL)
_DASH = re.compile(r"\s*[-\u2010-\u2015]\s*")
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


def written(week: Hours) -> str:
    """The cell of these hours."""
    if week is None:
        return ALWAYS
    told = [",".join(f"{hours.clock(start)}-{_closing(end)}" for start, end in day) for day in week]
    parts = []
    for text, days in groupby(range(len(DAYS)), key=lambda day: told[day]):
        first, *rest = days
        named = DAYS[first] + (f"-{DAYS[rest[-1]]}" if rest else "")
        if text:
            parts.append(f"{named} {text}")
    return "; ".join(parts) or CLOSED


def _closing(end: int) -> str:
    """24:00 at the end of the day itself, 02:00 on the next one."""
    return hours.clock(end if end <= _DAY else end - _DAY)


def read(text: str) -> Hours:
    """The hours of a cell that isn't empty. Raises Wrong, under "hours", with a sentence."""
    plain = text.strip().casefold()
    if plain in _ALWAYS:
        return None
    typed: dict[str, list[hours.Typed]] = {day: [] for day in hours.DAYS}
    if plain == CLOSED:
        return hours.read(typed)
    for part in re.split(r"[;\n]+", plain):
        if part.strip():
            days, spans = _part(part.strip())
            for day in days:
                typed[hours.DAYS[day]] += spans
    try:
        return hours.read(typed)
    except Wrong as problem:
        name, sentence = next(iter(problem.fields.items()))
        named = _(hours.NAMES[hours.DAYS.index(name.removeprefix("hours."))])
        raise _wrong(_("{day}: {problem}").format(day=named, problem=sentence)) from None


def _part(part: str) -> tuple[list[int], list[hours.Typed]]:
    """ "mo-fr 9:00-12:00, 13:00-18:00": the days, and what was typed for each."""
    found = _PART.fullmatch(part)
    times = found["times"] if found else None
    if found is None or not times:
        raise _unread(part)
    days = _days(found["days"].strip(" :")) if found["days"].strip(" :") else list(range(len(DAYS)))
    if times in ("closed", "off"):
        return days, []
    spans = []
    for span in times.split(","):
        ends = _DASH.split(span.strip())
        if len(ends) != 2:
            raise _unread(part)
        spans.append((ends[0], ends[1]))
    return days, spans


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in re.split(r"\s*[,&]\s*", text):
        ends = [_called().get(name.strip(" .")) for name in _DASH.split(part)]
        first, last = ends[0], ends[-1]
        if len(ends) > 2 or first is None or last is None:
            raise _unread(text)
        found += [day % len(DAYS) for day in range(first, last + 1 if last >= first else last + len(DAYS) + 1)]
    return found


@cache
def _called() -> dict[str, int]:
    """The days by every name and abbreviation in the languages of the pages, small."""
    known = {day.casefold(): number for number, day in enumerate(DAYS)}
    for lang in LANGUAGES:
        for width in ("wide", "abbreviated", "short"):
            for number, name in get_day_names(width, "format", lang).items():
                known.setdefault(name.casefold().strip(" ."), number)
    return known


def _unread(text: str) -> Wrong:
    return _wrong(
        _("“{text}” are no opening hours: they look like Mo-Fr 09:00-18:00; Sa 10:00-17:00, or always, or closed.")
        .format(text=text[:60])
    )  # fmt: skip


def _wrong(sentence: str) -> Wrong:
    return Wrong({"hours": sentence})
