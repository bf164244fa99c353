"""That somebody read single answers of a place: once a day in the audit log, however often they looked."""

from sqlalchemy import Connection, select

from sync.models import audit, users
from sync.office.audit import Actor, Subject, note
from sync.office.places import Location

READ = "answers read"
_DAY_MS = 86_400_000


def is_noted(tx: Connection, user: int, location: int, now_ms: int) -> bool:
    """Whether it stands there already for this day of the world's clock. Serve: the log's index of persons."""
    mine = (audit.c.user_id == user, audit.c.at_ms >= now_ms - now_ms % _DAY_MS, audit.c.action == READ)
    here = (audit.c.kind == "place", audit.c.subject == str(location))
    return tx.execute(select(audit.c.id).where(*mine, *here).limit(1)).first() is not None


def note_once(tx: Connection, by: Actor, place: Location, now_ms: int) -> None:
    """Write it down, unless somebody's other tab just did: one at a time for each person."""
    if by.user is None:
        return
    tx.execute(select(users.c.id).where(users.c.id == by.user).with_for_update())
    if not is_noted(tx, by.user, place.id, now_ms):
        note(tx, by, READ, Subject("place", str(place.id), place.name, place.path), now_ms)
