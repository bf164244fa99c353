"""How numbers, days and moments are written in the language of whoever is being answered. Digits are those of the west
in every language, in Arabic too: as the terminal and most business papers write them."""

from datetime import datetime, timedelta
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from sync.office import local_time, tongue
from sync.office.tongue import _

_REGIONS = {"en": "en_GB"}
_SHORT_WEEK = timedelta(days=6)
_LAST_MS = 250_000_000_000_000  # in the year 9892
_KEPT = 4_096  # of what a page of many places writes again and again
_ISOLATED = "\N{LEFT-TO-RIGHT ISOLATE}{}\N{POP DIRECTIONAL ISOLATE}"


@cache
def _locale(lang: str) -> Locale:
    return Locale.parse(_REGIONS.get(lang, lang))


def locale() -> Locale:
    """Of the one who is being answered."""
    return _locale(tongue.language())


def from_left(text: str) -> str:
    """Numbers with a sign or a dash between them, which must not be turned round where text runs from the right."""
    return _ISOLATED.format(text) if tongue.direction() == "rtl" else text


@lru_cache(_KEPT)
def _number(lang: str, count: float, pattern: str | None) -> str:
    return format_decimal(count, format=pattern, locale=_locale(lang)).replace("-", "−")


def number(count: float, digits: int | None = None) -> str:
    """With a real minus; `digits` behind the point, as many as there are when nothing is said."""
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    written = _number(tongue.language(), count, pattern)
    return from_left(written) if "−" in written else written


@lru_cache(_KEPT)
def _share(lang: str, part: int, whole: int) -> str:
    return format_percent(part / whole, locale=_locale(lang))


def share(part: int, whole: int) -> str:
    """Of `whole` > 0, in %."""
    return _share(tongue.language(), part, whole)


def listed(parts: list[str]) -> str:
    """ "a, b, c"; empty for nothing."""
    said = parts[0] if parts else ""
    for more in parts[1:]:
        said = _("{list}, {more}").format(list=said, more=more)
    return said


@lru_cache(_KEPT)
def _day(lang: str, day: int, skeleton: str) -> str:
    midnight = datetime.combine(local_time.date_of(day), datetime.min.time())
    return format_skeleton(skeleton, midnight, locale=_locale(lang))


def date(day: int) -> str:
    """ "Sat 21 Nov"."""
    return _day(tongue.language(), day, "MMMEd")


def short_date(day: int) -> str:
    """ "21 Nov"."""
    return _day(tongue.language(), day, "MMMd")


def full_date(day: int) -> str:
    """ "21 Nov 2026"."""
    return _day(tongue.language(), day, "yMMMd")


@lru_cache(_KEPT)
def _weekday(lang: str, day: int, pattern: str) -> str:
    return format_date(local_time.date_of(day), pattern, locale=_locale(lang))


def weekday(day: int) -> str:
    """ "Saturday"."""
    return _weekday(tongue.language(), day, "EEEE")


def short_weekday(day: int) -> str:
    """ "Sat"."""
    return _weekday(tongue.language(), day, "ccc")


def clock(ms: int, zone: str) -> str:
    """On the clock of a place: "14:05"."""
    return f"{local_time.at(ms, zone):%H:%M}"


def moment(ms: int, zone: str, now_ms: int) -> str:
    """On the clock of a place: "14:05" today, "Fri 14:05" in the last days, else with the date. What a terminal told
    may lie in no year at all: then as near as there is one."""
    then, now = local_time.at(min(max(ms, 0), _LAST_MS), zone), local_time.at(now_ms, zone)
    time = f"{then:%H:%M}"
    if then.date() == now.date():
        return time
    day = local_time.day_of(min(max(ms, 0), _LAST_MS), zone)
    if timedelta(0) < now.date() - then.date() <= _SHORT_WEEK:
        return f"{short_weekday(day)} {time}"
    return f"{short_date(day)} {time}"


@lru_cache(_KEPT)
def _language(lang: str, code: str) -> str:
    try:
        return Locale.parse(code, sep="-").get_display_name(_locale(lang)) or code
    except (ValueError, UnknownLocaleError):
        return code


def language(code: str) -> str:
    """A language's name in the viewer's; the code where nobody knows it."""
    return _language(tongue.language(), code)
