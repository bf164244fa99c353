"""Who asked to be called. Only for viewers with the permission `responses`: the routes ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from sync import wire
from sync.models import contacts, responses
from sync.office import latest, places, surveys
from sync.office.places import Location

MOST = 50


@dataclass(frozen=True)
class Contact:
    """One customer: `reach` is a telephone number or a mail address as they typed it, `name` may be empty. `value` on
    `scale_name` is the face they touched, None while their answer is still on its way."""

    response: str
    place: Location
    lang: str
    name: str
    reach: str
    captured_ms: int
    is_timed: bool
    value: int | None
    scale_name: str | None


def newest(tx: Connection, path: str) -> tuple[Contact, ...]:
    """At most MOST at and below `path`, the newest first; without those whose words were taken out, and without test
    taps."""
    return tuple(those(tx, latest.ids(tx, contacts, path, [~contacts.c.test], MOST)).values())


def those(tx: Connection, ids: Sequence[str]) -> dict[str, Contact]:
    """By their ids, the newest first, as far as they can still be reached."""
    query = (
        select(contacts, responses.c.body.label("answer"), responses.c.captured_ms.label("given_ms"), responses.c.hour)
        .outerjoin(responses, responses.c.id == contacts.c.response_id)
        .where(contacts.c.id.in_(ids))
        .order_by(contacts.c.captured_ms.desc(), contacts.c.id.desc())
    )
    rows = tx.execute(query).all()
    there = places.resolved(tx, {row.location_id for row in rows}) if rows else {}
    read = {row.id: _read(tx, there[row.location_id], row) for row in rows}
    return {name: contact for name, contact in read.items() if contact.reach}


def _read(tx: Connection, place: Location, row: Row[Any]) -> Contact:
    entry = wire.read_entry(row.body.encode())
    asked = surveys.published(tx, entry["survey"], entry["version"])
    answered = wire.read_entry(row.answer.encode())["answers"] if row.answer else {}
    first = asked.first_answer(answered) if asked else None
    return Contact(
        response=row.response_id,
        place=place,
        lang=entry["lang"],
        name=entry["answers"].get("name", ""),
        reach=entry["answers"].get("reach", ""),
        captured_ms=row.given_ms or row.captured_ms,
        is_timed=row.hour is not None,
        value=first[1] if first else None,
        scale_name=first[0].scale if first else None,
    )
