"""The crew's own line of context to a day ("the lift was broken in the whole street"): one a day, to be changed while
the day lasts, shown to whoever reads the briefing after the crew."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, update

from sync.models import crew_notes, locations
from sync.office import audit, crew_sight, edits, forms, local_time
from sync.office.audit import Actor, Subject
from sync.office.places import Location
from sync.office.tongue import _
from sync.rows import insert_of
from sync.survey import text_problem

MOST = 300
MOST_TOGETHER = 20
"""Of many places, on one sheet."""


class Note(NamedTuple):
    """`version` 0: nothing was written yet."""

    text: str = ""
    version: int = 0


def of(tx: Connection, place: int, day: int) -> Note:
    table = crew_notes.c
    row = tx.execute(select(table.text, table.version).where(table.location_id == place, table.day == day)).first()
    return Note(row.text, row.version) if row else Note()


def below(tx: Connection, paths: Sequence[str], day: int) -> list[tuple[int, str, str]]:
    """Place, its name and what was written there to the briefing of `day`, at and below these paths, as far as they
    open its crews."""
    query = (
        select(locations.c.id, locations.c.name, crew_notes.c.text)
        .join(crew_notes, crew_notes.c.location_id == locations.c.id)
        .where(crew_sight.answered(paths), crew_notes.c.day == day)
        .order_by(locations.c.name, locations.c.id)
        .limit(MOST_TOGETHER)
    )
    return [(row.id, row.name, row.text) for row in tx.execute(query)]


def write(tx: Connection, by: Actor, place: Location, day: int, text: str, version: int, now_ms: int) -> None:
    """To the briefing of `day`; an empty text takes it back. `version`: the one that they saw. Raises Wrong, and
    edits.Changed."""
    said = " ".join(text.split())
    forms.refuse({"text": _problem(said, day, local_time.day_of(now_ms, place.zone))})
    before = of(tx, place.id, day)
    if before.version != version:
        raise edits.Changed
    if said == before.text:
        return
    mine = (crew_notes.c.location_id == place.id, crew_notes.c.day == day, crew_notes.c.version == version)
    if not said:
        changed = tx.execute(delete(crew_notes).where(*mine)).rowcount
    elif version:
        values = {"text": said, "at_ms": now_ms, "version": version + 1}
        changed = tx.execute(update(crew_notes).where(*mine).values(values)).rowcount
    else:
        row = {"location_id": place.id, "day": day, "text": said, "at_ms": now_ms}
        mine_alone = insert_of(tx)(crew_notes).values(row).on_conflict_do_nothing().returning(crew_notes.c.day)
        changed = len(tx.execute(mine_alone).all())
    if changed != 1:
        raise edits.Changed
    subject = Subject("place", str(place.id), place.name, place.path)
    deed = "line of context written" if said else "line of context taken back"
    audit.note(tx, by, deed, subject, now_ms)


def _problem(text: str, day: int, today: int) -> str | None:
    if day != today:
        return _("That morning is over: a line can be written or changed while its day lasts.")
    if len(text) > MOST:
        return _("Give at most {most} characters, not {n}.").format(most=MOST, n=len(text))
    if text and text_problem(text, MOST):
        return _("Letters or numbers are needed, and nothing that cannot be seen or turns the direction of text.")
    return None


def forget(tx: Connection, place: int) -> None:
    """All of a place that is deleted."""
    tx.execute(delete(crew_notes).where(crew_notes.c.location_id == place))
