"""The audit log as people read it: when, what, and each change with its field in words."""

from dataclasses import dataclass
from typing import Any

from sync.i18n import mark
from sync.office import hours_cells, local_time, writing
from sync.office.audit import COMMAND
from sync.office.audit_log import Entry
from sync.office.tongue import _

FOLDED = 160
"""Characters beyond which a value is folded up."""

KINDS = {
    "place": mark("Place"),
    "touchpoint": mark("Touchpoint"),
    "template": mark("Touchpoint template"),
    "screen": mark("Screen"),
    "device": mark("Terminal"),
    "survey": mark("Survey"),
    "schedule": mark("Schedule"),
    "person": mark("Person"),
    "key": mark("Key"),
    "wall": mark("Wall"),
    "improvement": mark("Improvement"),
    "theme": mark("Theme"),
    "job": mark("Job"),
    "jobs": mark("Jobs"),
    "subscription": mark("Briefing by mail"),
    "agreement": mark("Agreement about crews"),
    "setting": mark("Setting"),
    "places": mark("Places"),
    "answer": mark("Answer"),
    "centre": mark("Head office"),
}
"""The kinds of subjects, as people call them; one that isn't here is shown by its own word."""

ELSEWHERE = (
    mark("answer erased"),
    mark("answers imported"),
    mark("answers read"),
    mark("backup made"),
    mark("counts rebuilt"),
    mark("line of context taken back"),
    mark("line of context written"),
    mark("quarantine replayed"),
    mark("second factor changed"),
    mark("second factor set up"),
    mark("setting changed"),
    mark("survey chosen"),
    mark("template retired"),
    mark("template taken up again"),
)
"""Deeds that don't stand where they are written down; the others are found there (tests/sync/catalogues.py)."""

FIELDS = {
    "name": mark("name"),
    "kind": mark("kind"),
    "parent": mark("belongs to"),
    "parent_id": mark("belongs to"),
    "path": mark("belongs to"),
    "zone": mark("time zone"),
    "hours": mark("opening hours"),
    "ref": mark("number"),
    "opened_day": mark("first day"),
    "closed_day": mark("last day"),
    "opened": mark("first day"),
    "closed": mark("last day"),
    "retired_day": mark("last day"),
    "retired_ms": mark("retired"),
    "at": mark("place"),
    "from_day": mark("from"),
    "to_day": mark("until"),
    "from_ms": mark("from"),
    "to_ms": mark("until"),
    "template": mark("template"),
    "template_id": mark("template"),
    "touchpoint": mark("touchpoint"),
    "location": mark("place"),
    "place": mark("place"),
    "screen": mark("screen"),
    "device": mark("terminal"),
    "survey": mark("survey"),
    "version": mark("version"),
    "email": mark("email address"),
    "role": mark("role"),
    "roles": mark("roles"),
    "language": mark("language"),
    "value": mark("value"),
    "expires_ms": mark("valid until"),
    "revoked_ms": mark("revoked"),
    "disabled_ms": mark("switched off"),
    "new": mark("new"),
    "changed": mark("changed"),
    "moved": mark("moved"),
    "ended": mark("closed"),
    "languages": mark("languages"),
    "questions": mark("questions"),
    "replaces": mark("instead of"),
    "may": mark("may"),
    "hint": mark("begins with"),
    "text": mark("what was changed"),
    "words": mark("words"),
    "to": mark("goes to"),
    "briefing": mark("briefing"),
    "cadence": mark("how often"),
    "by_way_of": mark("by way of"),
}
"""Fields of changes, as people call them; one that isn't here is shown by its own word."""


@dataclass(frozen=True)
class Change:
    """A field before and after; None where it was not there."""

    field: str
    before: str | None
    after: str | None

    @property
    def is_long(self) -> bool:
        return len(self.before or "") + len(self.after or "") > FOLDED


def when(at_ms: int, zone: str) -> str:
    """The day and the second, on the clock of a zone."""
    return f"{writing.full_date(local_time.day_of(at_ms, zone))} {local_time.at(at_ms, zone):%H:%M:%S}"


def stamp(at_ms: int, zone: str) -> str:
    """The same for machines: 2026-11-22T14:05:07+01:00."""
    return local_time.at(at_ms, zone).isoformat(timespec="seconds")


def kind(word: str) -> str:
    return _(KINDS[word]) if word in KINDS else _spaced(word)


def action(said: str) -> str:
    """An action in the viewer's language; as it was written where nobody put it into words."""
    return _(said) if said else ""


def actor(entry: Entry) -> str:
    return _("The server’s command line") if entry.actor == COMMAND.name and entry.user is None else entry.actor


def changes(entry: Entry) -> list[Change]:
    """Every field that was there before or after."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    return [Change(field(name), _side(entry.before, name), _side(entry.after, name)) for name in names]


def sentence(change: Change) -> str:
    """A change in one line of text."""
    if change.before is None or change.after is None:
        return f"{change.field}: {change.after or change.before}"
    return f"{change.field}: {change.before} → {change.after}"


def field(name: str) -> str:
    return _(FIELDS[name]) if name in FIELDS else _spaced(name)


def _side(side: dict[str, Any], name: str) -> str | None:
    return value(name, side[name]) if name in side else None


def value(name: str, given: Any) -> str:
    """A value in words: nothing, yes and no, days, moments, opening hours, lists."""
    if name == "hours" and hours_cells.is_hours(given):
        return hours_cells.written(given)
    if given is None or given == "":
        return _("nothing")
    if isinstance(given, bool):
        return _("yes") if given else _("no")
    if isinstance(given, int) and name.endswith("_day"):
        return _day(given)
    if isinstance(given, int) and name.endswith("_ms"):
        return _moment(given)
    if isinstance(given, dict):
        return "; ".join(f"{field(key)}: {value(key, each)}" for key, each in given.items())
    if isinstance(given, list):
        return ", ".join(value("", each) for each in given) or _("nothing")
    return str(given)


def _day(day: int) -> str:
    try:
        return writing.full_date(day)
    except (ValueError, OverflowError):
        return str(day)


def _moment(ms: int) -> str:
    try:
        then = local_time.at(ms, "UTC")
    except (OverflowError, ValueError, OSError):
        return str(ms)
    return f"{writing.full_date(local_time.day_of(ms, 'UTC'))} {then:%H:%M} UTC"


def _spaced(word: str) -> str:
    return word.replace("_", " ")
