"""What people's pages say: roles, and how it stands with somebody's account."""

from babel import Locale

from sync.i18n import mark
from sync.office.staff import Given, Person
from sync.office.tongue import LANGUAGES, _, ngettext

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

ROLES = {
    "admin": (mark("Administrator"), mark("everything: places, terminals, surveys, people, keys")),
    "manager": (mark("Manager"), mark("scores, comments and whom to call back, and the terminals")),
    "analyst": (mark("Analyst"), mark("scores, comments and whom to call back")),
    "crew": (mark("Crew"), mark("the scores of those who go to customers")),
    "viewer": (mark("Viewer"), mark("scores, and nothing that one customer said")),
}


def role(name: str) -> str:
    return _(ROLES[name][0]) if name in ROLES else name


def roles() -> list[tuple[str, str]]:
    """To choose from: each with what it is for, the least first."""
    line = _("{role}: {what}")
    return [(name, line.format(role=_(ROLES[name][0]), what=_(ROLES[name][1]))) for name in reversed(ROLES)]


def languages() -> list[tuple[str, str]]:
    """To choose from, each in its own words."""
    return [(code, str(Locale.parse(code).display_name).capitalize()) for code in LANGUAGES]


def place(given: Given) -> str:
    """Where it holds."""
    return given.place if given.place is not None else _("The whole organisation")


def state(person: Person, now_ms: int) -> str:
    """One sentence about the account."""
    if person.state == "disabled":
        return _("Disabled")
    if person.state == "invited":
        return _("Invited, {left} left").format(left=span((person.until_ms or now_ms) - now_ms))
    if person.state == "expired":
        return _("Invited, but the link has expired") if person.until_ms else _("Has no password and no link yet")
    if person.seen_ms is None:
        return _("Not here in the last 30 days")
    if now_ms - person.seen_ms < 10 * MINUTE_MS:
        return _("Here now")
    return _("Last here {span} ago").format(span=span(now_ms - person.seen_ms))


KEYS = {
    "read": (mark("Reads"), mark("places and scores, for a report or a screen of your own")),
    "responses": (mark("Reads answers"), mark("single answers and comments, besides places and scores")),
    "import": (mark("Imports"), mark("places, from the system that knows them first")),
}


def key(may: str) -> str:
    return _(KEYS[may][0]) if may in KEYS else may


def key_kinds() -> list[tuple[str, str]]:
    """To choose from."""
    line = _("{role}: {what}")
    return [(may, line.format(role=_(name), what=_(what))) for may, (name, what) in KEYS.items()]


def used(used_ms: int | None, now_ms: int) -> str:
    """When a key was used last."""
    if used_ms is None:
        return _("Never used")
    if now_ms - used_ms < 2 * MINUTE_MS:
        return _("Used just now")
    return _("Used {span} ago").format(span=span(now_ms - used_ms))


def span(ms: int) -> str:
    """ "2 days", "47 hours", "5 minutes": the largest that says enough."""
    if ms >= 3 * DAY_MS:
        days = ms // DAY_MS
        return ngettext("{n} day", "{n} days", days).format(n=days)
    if ms >= HOUR_MS:
        hours = ms // HOUR_MS
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    minutes = max(ms // MINUTE_MS, 1)
    return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
