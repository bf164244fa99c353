"""What becomes of a comment: hidden, passed on as praise, marked for follow-up, or its words taken out for good. It
belongs to the response, whatever revision comes later. In the log stands what was done, never what was written."""

from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from sync.db import Database
from sync.intake import erasures
from sync.models import locations, moderation, responses
from sync.office import audit, forms
from sync.office.audit import Actor, Subject
from sync.office.tongue import _

CONFIRM = 6
"""The last signs of an id, to be typed by whoever takes words out."""


class Moderated(NamedTuple):
    """What was decided about a comment, by whom, when; None where nothing was. `praise` is the place's name."""

    hidden_by: str | None = None
    hidden_ms: int | None = None
    follow_by: str | None = None
    follow_ms: int | None = None
    praise: str | None = None
    praise_id: int | None = None
    praised_by: str | None = None
    praised_ms: int | None = None


NOTHING = Moderated()


def of(tx: Connection, ids: list[str]) -> dict[str, Moderated]:
    """By response, as far as anything was decided."""
    if not ids:
        return {}
    table = moderation.c
    query = (
        select(moderation, locations.c.name)
        .outerjoin(locations, locations.c.id == table.praise_id)
        .where(table.response_id.in_(ids))
    )
    return {row.response_id: _read(row) for row in tx.execute(query)}


def _read(row: Row[Any]) -> Moderated:
    return Moderated(
        row.hidden_by, row.hidden_ms, row.follow_by, row.follow_ms,
        row.name, row.praise_id, row.praised_by, row.praised_ms,
    )  # fmt: skip


def hide(tx: Connection, by: Actor, response: str, hidden: bool, now_ms: int) -> None:
    """Out of every list, wall and export, unless somebody asks for what is hidden; or shown again. Raises LookupError
    when there is no such answer."""
    who = (by.name, now_ms) if hidden else (None, None)
    _decide(tx, response, hidden_by=who[0], hidden_ms=who[1])
    _note(tx, by, response, "comment hidden" if hidden else "comment shown", now_ms)


def follow(tx: Connection, by: Actor, response: str, wanted: bool, now_ms: int) -> None:
    """Somebody has to look into it; or has. Raises LookupError."""
    who = (by.name, now_ms) if wanted else (None, None)
    _decide(tx, response, follow_by=who[0], follow_ms=who[1])
    _note(tx, by, response, "comment marked for follow-up" if wanted else "follow-up done", now_ms)


def praise(tx: Connection, by: Actor, response: str, place: int | None, now_ms: int) -> None:
    """Pass it on to the place that it speaks of, where it may also stand on a wall; None takes that back. Raises
    LookupError."""
    who = (by.name, now_ms) if place is not None else (None, None)
    _decide(tx, response, praise_id=place, praised_by=who[0], praised_ms=who[1])
    name = tx.execute(select(locations.c.name).where(locations.c.id == place)).scalar()
    after = {"place": name} if name else {}
    _note(tx, by, response, "praise passed on" if place is not None else "praise taken back", now_ms, after)


def erase(db: Database, path: Path, by: Actor, response: str, confirmed: str, now_ms: int) -> None:
    """Take the words of an answer, and how to reach who gave it, out for good. Raises Wrong unless the end of its id
    was typed, and erasure_log.BadLog."""
    signs = response[-CONFIRM:]
    is_meant = confirmed.strip().lower() == signs.lower()
    sentence = _("Type the last {n} signs of the id to confirm: {signs}.").format(n=CONFIRM, signs=signs)
    forms.refuse({"confirm": None if is_meant else sentence})

    def told(tx: Connection) -> None:
        _note(tx, by, response, "answer erased", now_ms)

    erasures.erase(db, path, response, now_ms, by=by.name, also=told)


def _decide(tx: Connection, response: str, **values: Any) -> None:
    held = tx.execute(select(responses.c.id).where(responses.c.id == response).with_for_update()).first()
    if held is None:
        raise LookupError(response)
    table = moderation.c
    mine = update(moderation).where(table.response_id == response).values(**values, version=table.version + 1)
    if tx.execute(mine).rowcount == 0:
        tx.execute(insert(moderation).values(response_id=response, **values))


def _note(
    tx: Connection, by: Actor, response: str, action: str, now_ms: int, after: dict[str, Any] | None = None
) -> None:
    query = select(locations.c.path).join(responses, responses.c.location_id == locations.c.id)
    path = tx.execute(query.where(responses.c.id == response)).scalar_one()
    audit.note(tx, by, action, Subject("answer", response, response, path), now_ms, after=after or {})
