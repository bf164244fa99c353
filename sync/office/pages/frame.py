"""What stands around every page: which room it belongs to, the languages to choose from, and the head of its print."""

from sync.centre import centre
from sync.office import organisation, places, words
from sync.office.local_time import day_of

_BELOW = {
    "locations": "/",
    "touchpoints": "/places",
    "templates": "/places",
    "screens": "/devices",
    "keys": "/people",
    "walls": "/places",
    "retention": "/people",
    "answers": "/comments",
    "export": "/",
    "contacts": "/comments",
    "flags": "/comments",
    "improvements": "/",
    "compare": "/",
    "briefing": "/",
    "themes": "/comments",
    "new-survey": "/surveys",
    "subscriptions": "/places",
    "mailings": "/places",
}
"""Pages whose address does not begin with their room's: the room, by the first word of the address."""


def room_of(path: str) -> str:
    """The address of the room in which a page lies: "/devices" for "/devices/4711"."""
    first = path.split("/")[1]
    return _BELOW.get(first, f"/{first}")


def printed() -> str:
    """Whose paper this is, and of which day."""
    here = centre()
    with here.db.reading() as tx:
        whose = organisation.name(tx)
    day = words.full_date(day_of(here.now_ms(), places.DEFAULT_ZONE))
    return " · ".join(part for part in (whose, "Smilepost", day) if part)
