"""What a page of scores is asked to look at: all of it stands in the address, so that a page can be sent on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlencode

from sync.office import local_time
from sync.office.forms import Wrong
from sync.office.places import MAX_NAME
from sync.office.tongue import _

Flagged = Literal["without", "with", "only"]
SPANS = (7, 28, 91, 364)
"""Local days, today included, that a page offers to look back on; whole weeks, so that weekdays count alike."""
USUAL = 28
LONGEST = 400
"""Days that somebody may choose themselves."""


class Hours(NamedTuple):
    """From the beginning of one hour of the place's day to the beginning of another: (9, 12) is 9:00 to 11:59."""

    first: int
    end: int


class Narrowed(NamedTuple):
    """Which answers count, beside the question and the days: those of touchpoints of this name, in this language, in
    these hours; without those that a flag keeps out, with them, or only them."""

    touchpoint: str | None = None
    lang: str | None = None
    hours: Hours | None = None
    flagged: Flagged = "without"

    @property
    def is_wide(self) -> bool:
        """Nothing is left out but what a flag keeps out."""
        return self == ALL


ALL = Narrowed()


@dataclass(frozen=True)
class Filters:
    """Raises forms.Wrong when read from what cannot be meant. `first` and `last` are both given or neither: else the
    last `span` local days of each place."""

    span: int = USUAL
    first: int | None = None
    last: int | None = None
    question: str | None = None
    narrowed: Narrowed = ALL

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Filters":
        """From an address: `days`, or `from` and `to`; `question`, `touchpoint`, `lang`, `hours` (9-12), `flagged`."""
        wrong: dict[str, str] = {}
        first, last = _days(args, wrong)
        found = cls(
            span=_span(args.get("days"), wrong),
            first=first,
            last=last,
            question=args.get("question") or None,
            narrowed=Narrowed(
                touchpoint=_text("touchpoint", args, wrong),
                lang=_text("lang", args, wrong),
                hours=_hours(args.get("hours"), wrong),
                flagged=_flagged(args.get("flagged"), wrong),
            ),
        )
        if wrong:
            raise Wrong(wrong)
        return found

    def days(self, today: int) -> tuple[int, int]:
        """The first and the last local day of a place where it is `today`."""
        if self.first is not None and self.last is not None:
            return self.first, self.last
        return today - self.span + 1, today

    @property
    def length(self) -> int:
        """How many days."""
        return self.last - self.first + 1 if self.first is not None and self.last is not None else self.span

    @property
    def query(self) -> dict[str, str]:
        """What stands in an address; nothing for what is usual."""
        asked = self.narrowed
        told: dict[str, Any] = {
            "days": self.span if self.span != USUAL and self.first is None else None,
            "from": _iso(self.first),
            "to": _iso(self.last),
            "question": self.question,
            "touchpoint": asked.touchpoint,
            "lang": asked.lang,
            "hours": f"{asked.hours.first}-{asked.hours.end}" if asked.hours else None,
            "flagged": asked.flagged if asked.flagged != "without" else None,
        }
        return {name: str(value) for name, value in told.items() if value is not None}

    def address(self, path: str, **more: str | int | None) -> str:
        """A path with these filters; `more` beside them, or (None) without one of them."""
        told = {**self.query, **{name: str(value) for name, value in more.items() if value is not None}}
        told = {name: value for name, value in told.items() if name not in more or more[name] is not None}
        return f"{path}?{urlencode(told)}" if told else path

    def only_shown(self) -> "Filters":
        """What of it is open to those who may not see single answers: days and question alone."""
        return replace(self, narrowed=ALL)


def _text(name: str, args: Mapping[str, str], wrong: dict[str, str]) -> str | None:
    text = args.get(name) or None
    if text is not None and ("\0" in text or len(text) > MAX_NAME):
        wrong[name] = _("A name that is looked for has at most {most} characters.").format(most=MAX_NAME)
        return None
    return text


def _span(text: str | None, wrong: dict[str, str]) -> int:
    if not text:
        return USUAL
    if text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= LONGEST:
        return int(text)
    wrong["days"] = _("The number of days is a whole one from 1 to {most}.").format(most=LONGEST)
    return USUAL


def _days(args: Mapping[str, str], wrong: dict[str, str]) -> tuple[int | None, int | None]:
    ends = [_day(name, args[name], wrong) if args.get(name) else None for name in ("from", "to")]
    first, last = ends
    if first is None and last is None:
        return None, None
    if (first is None or last is None) and not wrong:
        wrong["to" if last is None else "from"] = _("A period has a first day and a last one.")
    elif first is not None and last is not None and not 0 <= last - first < LONGEST:
        wrong["to"] = _("The last day comes after the first, and a period is at most {most} days long.").format(
            most=LONGEST
        )
    return (first, last) if not wrong else (None, None)


def _day(name: str, text: str, wrong: dict[str, str]) -> int | None:
    try:
        return local_time.day_number(date.fromisoformat(text))
    except ValueError:
        wrong[name] = _("A day is written like 2026-11-21.")
        return None


def _hours(text: str | None, wrong: dict[str, str]) -> Hours | None:
    if not text:
        return None
    first, _dash, end = text.partition("-")
    fits = all(each.isascii() and each.isdecimal() and len(each) <= 2 for each in (first, end))
    if fits and 0 <= int(first) < int(end) <= 24:
        return Hours(int(first), int(end))
    wrong["hours"] = _("Hours are written like 9-12, from 0 to 24.")
    return None


def _flagged(text: str | None, wrong: dict[str, str]) -> Flagged:
    if not text:
        return "without"
    found: Flagged | None = next((each for each in get_args(Flagged) if each == text), None)
    if found is None:
        wrong["flagged"] = _("Choose whether flagged answers count.")
    return found or "without"


def _iso(day: int | None) -> str | None:
    return None if day is None else local_time.date_of(day).isoformat()
