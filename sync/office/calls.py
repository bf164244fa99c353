"""Who asked to be called, and who of them was. Only for viewers with the permission `responses`: the routes ask for
it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, literal_column, select

from sync.models import calls, contacts, locations
from sync.office import audit, crew_sight, listing
from sync.office import contacts as reached
from sync.office.audit import Actor, Subject
from sync.office.contacts import Contact
from sync.office.listing import Page
from sync.rows import put


@dataclass(frozen=True)
class Call:
    """`done_by` and `done_ms`: None while nobody called."""

    id: str
    contact: Contact
    done_by: str | None
    done_ms: int | None


def every(tx: Connection, paths: tuple[str, ...], number: int) -> Page[Call]:
    """Those at and below these paths that can still be reached: who waits first, then the newest."""
    query = (
        select(contacts.c.id, calls.c.done_by, calls.c.done_ms)
        .join(locations, locations.c.id == contacts.c.location_id)
        .outerjoin(calls, calls.c.contact_id == contacts.c.id)
        .where(crew_sight.answered(paths), ~contacts.c.test, literal_column("NOT contacts.wiped"))
        .order_by(calls.c.done_ms.is_not(None), contacts.c.captured_ms.desc(), contacts.c.id.desc())
    )
    found: Page[Row[Any]] = listing.page(tx, query, number, lambda row: row)
    told = reached.those(tx, [row.id for row in found.items])
    items = tuple(Call(row.id, told[row.id], row.done_by, row.done_ms) for row in found.items if row.id in told)
    return Page(items, found.number, found.pages, found.total, found.search)


def waiting(tx: Connection, paths: tuple[str, ...]) -> int:
    """How many customers at and below these paths can still be reached and were not called."""
    query = (
        select(func.count())
        .select_from(contacts)
        .join(locations, locations.c.id == contacts.c.location_id)
        .outerjoin(calls, calls.c.contact_id == contacts.c.id)
        .where(
            crew_sight.answered(paths),
            ~contacts.c.test,
            literal_column("NOT contacts.wiped"),
            calls.c.done_ms.is_(None),
        )
    )
    return int(tx.execute(query).scalar_one())


def note(tx: Connection, by: Actor, contact: str, done: bool, now_ms: int) -> None:
    """Somebody called, or did not after all. Raises LookupError when there is no such contact."""
    query = select(contacts.c.response_id, locations.c.path).join(locations, locations.c.id == contacts.c.location_id)
    row = tx.execute(query.where(contacts.c.id == contact)).first()
    if row is None:
        raise LookupError(contact)
    if done:
        put(tx, calls, [(contact, now_ms, by.name)])
    else:
        tx.execute(delete(calls).where(calls.c.contact_id == contact))
    action = "customer called" if done else "call taken back"
    audit.note(tx, by, action, Subject("answer", row.response_id, row.response_id, row.path), now_ms)
