"""Opening hours as people type and read them. Pure.

A week is seven lists, Monday first, of (open, close) minutes of the day; what closes after midnight has minutes beyond
24 hours. None is always open. At most two spans begin on one day."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from sync.i18n import mark
from sync.office.forms import refuse
from sync.office.tongue import _

Week = list[list[tuple[int, int]]]
Typed = tuple[str, str]
"""When it opens and when it closes, as typed."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = (
    mark("Monday"),
    mark("Tuesday"),
    mark("Wednesday"),
    mark("Thursday"),
    mark("Friday"),
    mark("Saturday"),
    mark("Sunday"),
)
MOST_SPANS = 2
DAY = 24 * 60
_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?", re.ASCII)


def read(typed: Mapping[str, Sequence[Typed]]) -> Week:
    """The week of what was typed, by day (see DAYS); a day without times is closed. Raises Wrong with a sentence for
    each day that can't be, under `hours.mon` and so on."""
    problems: dict[str, str | None] = {}
    week: Week = []
    for day in DAYS:
        spans, problems[f"hours.{day}"] = _day(typed.get(day, ()))
        week.append(spans)
    for number, day in enumerate(DAYS):
        if not problems[f"hours.{day}"] and not problems[f"hours.{DAYS[number - 1]}"]:
            problems[f"hours.{day}"] = _night_before(week, number)
    refuse(problems)
    return week


def typed(week: Week) -> dict[str, list[Typed]]:
    """The same as it is typed."""
    return {day: [(clock(start), _closing(end)) for start, end in week[n]] for n, day in enumerate(DAYS)}


def clock(minute: int) -> str:
    """ "09:30"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def span(start: int, end: int) -> str:
    """ "09:00–18:00"."""
    return f"{clock(start)}–{_closing(end)}"


def _closing(end: int) -> str:
    """24:00 at the end of the day itself, 02:00 on the next one."""
    return clock(end if end <= DAY else end - DAY)


def _day(given: Sequence[Typed]) -> tuple[list[tuple[int, int]], str | None]:
    spans: list[tuple[int, int]] = []
    pairs = [(start.strip(), end.strip()) for start, end in given]
    for start_text, end_text in pairs:
        if not start_text and not end_text:
            continue
        found = _span(start_text, end_text)
        if isinstance(found, str):
            return [], found
        spans.append(found)
    if len(spans) > MOST_SPANS:
        return [], _("At most {most} spans on one day are allowed.").format(most=MOST_SPANS)
    spans.sort()
    for (first, until), (second, _end) in pairwise(spans):
        if second < until:
            told = {"first": span(first, until), "second": clock(second)}
            return [], _("{first} is not over yet when it opens again at {second}.").format(**told)
    return spans, None


def _span(start_text: str, end_text: str) -> tuple[int, int] | str:
    if not start_text or not end_text:
        return _("Give both times, from and to; leave both empty when it is closed.")
    start, end = minute(start_text), minute(end_text)
    if start is None or start == DAY:
        return _("“{text}” is no time of the day: 00:00 to 23:59 is allowed.").format(text=start_text[:20])
    if end is None:
        return _("“{text}” is no time of the day: 00:00 to 24:00 is allowed.").format(text=end_text[:20])
    if start == end:
        return _("It opens and closes at {time}. A whole day is 00:00 to 24:00.").format(time=clock(start))
    return (start, end if end > start else end + DAY)


def minute(text: str) -> int | None:
    """The minute of the day of "9", "9:30", "09.30" or "24:00"; None when it is no time."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    hour, past = int(found[1]), int(found[2] or 0)
    fits = past < 60 and (hour < 24 or (hour, past) == (24, 0))
    return hour * 60 + past if fits else None


def _night_before(week: Week, number: int) -> str | None:
    """Why this day can't begin like that: the evening before goes on into it."""
    late = max((end - DAY for _start, end in week[number - 1]), default=0)
    if not week[number] or week[number][0][0] >= late:
        return None
    told = {"day": _(NAMES[number - 1]), "time": clock(late), "opens": clock(week[number][0][0])}
    return _("{day} goes on until {time} of this day; so it cannot open at {opens}.").format(**told)


def text(week: Week | None) -> str:
    """A week in one line, for logs: "mon–fri 09:00–18:00; sat closed; …"."""
    if week is None:
        return "always open"
    told = [", ".join(span(start, end) for start, end in day) or "closed" for day in week]
    days = [(DAYS[a] if a == b else f"{DAYS[a]}–{DAYS[b]}", told[a]) for a, b in _runs(told)]
    return "; ".join(f"{day} {when}" for day, when in days)


def lines(week: Week) -> list[tuple[str, str]]:
    """A week for people: days that are alike together, and when it is open then."""
    told = [", ".join(span(start, end) for start, end in day) or _("closed") for day in week]
    return [(_days(first, last), told[first]) for first, last in _runs(told)]


def _runs(told: list[str]) -> list[tuple[int, int]]:
    """The first and the last of days that follow each other and are told alike."""
    runs: list[tuple[int, int]] = []
    for number, each in enumerate(told):
        if runs and told[runs[-1][0]] == each:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _days(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return _("Every day")
    if first == last:
        return _(NAMES[first])
    return _("{first} to {last}").format(first=_(NAMES[first]), last=_(NAMES[last]))
