"""The audit log over HTTP: who did what to what, as far as it concerns the part of the tree that somebody audits."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import audit_log, audit_words, tongue
from sync.office.audit_log import Cursor, Entry, Filter
from sync.office.listing import sought
from sync.office.pages.sending import sheet
from sync.office.tongue import _

routes = Blueprint("audit", __name__)

SAID = ("search", "who", "kind", "action", "from", "to", "subject", "person")
"""What narrows the log, as it stands in an address."""
LONGEST = 100
_FIRST, _LAST = date(1970, 1, 2), date(9998, 12, 31)


@routes.get("/audit")
@access.may("audit")
def log() -> Response:
    here, roots = centre(), access.viewer().rights.roots("audit")
    given, before = _given(), Cursor.parse(request.args.get("before"))
    with here.db.reading() as tx:
        zone = audit_log.zone_of(tx, roots)
        wanted, problems = _wanted(given, zone)
        page = audit_log.page(tx, roots, wanted, before)
        kinds, actions = audit_log.kinds(tx), audit_log.actions(tx)
    kept = {name: text for name, text in given.items() if text}
    told = {"page": page, "given": given, "problems": problems, "zone": zone, "kept": kept, "before": before}
    choices = {"kinds": _choices(kinds, audit_words.kind), "actions": _choices(actions, audit_words.action)}
    html = render_template("office/audit.html", **told, **choices, audit_words=audit_words)
    return make_response(html, 400 if problems else 200)


@routes.get("/audit.csv")
@access.may("audit")
def export() -> Response:
    """The same entries, all of them."""
    here, roots = centre(), access.viewer().rights.roots("audit")
    with here.db.reading() as tx:
        zone = audit_log.zone_of(tx, roots)
    wanted, problems = _wanted(_given(), zone)
    if problems:
        return log()
    header = [_("When"), _("Who"), _("From where"), _("What was done"), _("Kind"), _("Id"), _("Name"), _("Changes")]
    entries = audit_log.every(here.db, roots, wanted)
    return sheet(_("Audit log"), header, _rows(entries, zone, tongue.language()))


def _choices(known: list[str], called: Callable[[str], str]) -> list[tuple[str, str]]:
    """What can be chosen, in the order of how it is called; nothing first."""
    return [("", _("All")), *sorted(((each, called(each)) for each in known), key=lambda pair: pair[1].casefold())]


def _rows(entries: Iterator[Entry], zone: str, language: str) -> Iterator[list[str]]:
    for entry in entries:
        with tongue.speaking(language):
            changes = "; ".join(audit_words.sentence(change) for change in audit_words.changes(entry))
            what = [audit_words.action(entry.action), audit_words.kind(entry.kind), entry.subject, entry.name, changes]
            yield [audit_words.stamp(entry.cursor.at_ms, zone), audit_words.actor(entry), entry.address, *what]


def _given() -> dict[str, str]:
    return {name: sought(request.args.get(name))[:LONGEST] for name in SAID}


def _wanted(given: dict[str, str], zone: str) -> tuple[Filter, dict[str, str]]:
    """What is looked for, and a sentence for each field that can't be."""
    problems: dict[str, str] = {}
    days = {}
    for name in ("from", "to"):
        try:
            days[name] = _day(given[name])
        except ValueError:
            problems[name] = _("“{text}” is no day: a day looks like 2026-03-31.").format(text=given[name])
    first, last = days.get("from"), days.get("to")
    if first and last and last < first:
        problems["to"] = _("The last day comes before the first.")
    person = given["person"]
    return Filter(
        since_ms=_midnight(first, zone) if first else None,
        until_ms=_midnight(last + timedelta(days=1), zone) if last else None,
        person=int(person) if person.isascii() and person.isdecimal() and len(person) < 10 else None,
        kind=given["kind"],
        subject=given["subject"],
        action=given["action"],
        who=given["who"],
        search=given["search"],
    ), problems


def _day(text: str) -> date | None:
    """Raises ValueError for what is no day of which a log could tell."""
    if not text:
        return None
    day = date.fromisoformat(text)
    if not _FIRST <= day <= _LAST:
        raise ValueError(text)
    return day


def _midnight(day: date, zone: str) -> int:
    """When that day begins in a zone, in milliseconds."""
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp() * 1000)
