"""Which briefing a letter holds: one table from its kind to who composes it, and who reads it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from sync.db import Database
from sync.models import users
from sync.office import crew_briefing, head_briefing, people, places, subscribing
from sync.office.briefing import Briefing
from sync.office.mailings import Due
from sync.office.people import User
from sync.office.places import Location


@dataclass(frozen=True)
class Reader:
    """Who a letter is for, and what it is about: `user` None for an address, `place` None for all that they see."""

    user: User | None
    place: Location | None


Compose = Callable[[Database, Due, Reader, int], Briefing | None]
"""What is said at this time in the language that is spoken; None when there is nothing to say."""


def _head(db: Database, due: Due, reader: Reader, now_ms: int) -> Briefing | None:
    if reader.user is None:
        return None
    head_briefing.prepare(db, reader.user, now_ms, top=reader.place)
    with db.reading() as tx:
        return head_briefing.compose(tx, reader.user, due.subscription.cadence, due.day, now_ms, top=reader.place)


def _team(db: Database, due: Due, reader: Reader, now_ms: int) -> Briefing | None:
    """By what somebody may see there; an address sees what everybody of the team does."""
    place, user = reader.place, reader.user
    if place is None:
        return None
    crew_briefing.prepare(db, place.id, now_ms)
    singles = user is not None and user.rights.may("responses", place.path)
    with db.reading() as tx:
        return crew_briefing.compose(tx, place.id, due.day, now_ms, singles=singles)


COMPOSERS: dict[str, Compose] = {"crew": _team, "store": _team, "manager": _head, "office": _head}
"""By the kind of a subscription."""


def compose(db: Database, due: Due, now_ms: int) -> Briefing | str:
    """What is said to whoever reads it, by what they may see now; or why nothing is: one of subscribing.left_out, or
    `nothing` to say."""
    found = due.subscription
    with db.reading() as tx:
        user = _reader(tx, found.user, now_ms) if found.user is not None else None
        place = places.resolved(tx, {found.place})[found.place] if found.place is not None else None
    why = subscribing.left_out(found, user.rights if user else None, place, due.day)
    if why is not None:
        return why
    return COMPOSERS[found.kind](db, due, Reader(user, place), now_ms) or "nothing"


def _reader(tx: Connection, number: int, now_ms: int) -> User | None:
    """Somebody who may sign in."""
    row = tx.execute(select(users).where(users.c.id == number, users.c.disabled_ms.is_(None))).one_or_none()
    if row is None:
        return None
    rights = people.rights_of(tx, number, now_ms)
    return User(row.id, row.email, row.name, rights, row.language, has_second=row.totp_ms is not None, is_second=True)
