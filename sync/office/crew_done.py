"""What was changed for customers at a place, as its people read it in the morning: the messages that its screens show,
and the improvements of the last weeks."""

from sqlalchemy import Connection

from sync.office import crew_briefing_words, improvements, tongue
from sync.office.briefing import Block, Line
from sync.office.crew_scores import SPAN
from sync.office.places import Location
from sync.office.rights import Grant, Rights
from sync.office.settings.kept import ALL, nearest

MOST = 3


def block(tx: Connection, place: Location, day: int) -> Block:
    found = nearest(tx, [(place.id, ALL)])[place.id, ALL].get("messages")
    said = [_message(each) for each in (found.value if found else [])[:MOST]]
    seen = Rights((Grant("crew", place.id, place.path),))
    for each in improvements.shown(tx, seen, place, day - SPAN, day)[-MOST:]:
        said.append(Line(crew_briefing_words.improved(each.text, each.day)))
    return Block("done", crew_briefing_words.done_title(), tuple(said))


def _message(message: dict[str, dict[str, str]]) -> Line:
    """In the reader's language, else in the first that it has."""
    lang = tongue.language()
    said, did = (part.get(lang) or next(iter(part.values())) for part in (message["said"], message["did"]))
    return Line(crew_briefing_words.said_and_did(said, did))
