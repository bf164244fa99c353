"""Who reads the briefing of a place, and from when on: the crew (or who works in the store) first, whoever manages
them after the lead."""

from sqlalchemy import Connection, select

from sync.models import told
from sync.office.crew_briefing import BACK
from sync.office.places import Location
from sync.office.rights import Rights


def works_there(rights: Rights, place: Location) -> bool:
    return any(each.role == "crew" and place.path.startswith(each.path) for each in rights.grants)


def may_read(rights: Rights, place: Location) -> bool:
    """A crew's is for whoever sees that crew, which is the crew and its managers; a store's for all who see the
    store."""
    return rights.sees_crew(place.path) if place.kind == "crew" else rights.may("see", place.path)


def mornings(tx: Connection, place: int, newest: int) -> list[int]:
    """The local days of the briefings that can be read, the newest first."""
    table = told.c
    query = select(table.day).where(table.location_id == place, table.day.between(newest - BACK + 1, newest))
    return sorted({newest, *tx.execute(query).scalars()}, reverse=True)
