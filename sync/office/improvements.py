"""What was changed at a place to become better, and from which day on: who works there says it, and it stands on the
trend of the place and of the groups above it. Days are local days since 1970-01-01."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select

from sync.models import improvements, locations
from sync.office import audit, edits, forms, local_time, places
from sync.office.audit import Actor, Subject
from sync.office.places import Location
from sync.office.rights import Rights
from sync.office.tongue import _

MAX_TEXT = 120
MOST_SHOWN = 12
"""On one page, the newest."""
AHEAD = 366
"""Days from today on which one may begin: what is planned may stand there already."""


@dataclass(frozen=True)
class Improvement:
    """`text` is what was changed, in somebody's own words; `day` the first local day on which it held."""

    id: int
    place_id: int
    place: str
    path: str
    day: int
    text: str
    made_by: str
    version: int


def find(tx: Connection, number: int) -> Improvement | None:
    row = tx.execute(_query().where(improvements.c.id == number)).first()
    return _improvement(row) if row else None


def shown(tx: Connection, rights: Rights, place: Location, first: int, last: int) -> list[Improvement]:
    """What began on the days `first` … `last` at this place, below it, or above it where this person may see that:
    what a whole region changed was changed at each of its places. The newest MOST_SHOWN, the oldest of them first."""
    above = [number for number in _chain(place.path) if number != place.id]
    mine = or_(places.below((place.path,)), locations.c.id.in_(above))
    query = _query().where(mine, improvements.c.day.between(first, last))
    rows = tx.execute(query.order_by(improvements.c.day.desc(), improvements.c.id.desc()).limit(MOST_SHOWN * 2))
    seen = [each for each in map(_improvement, rows) if rights.may("see", each.path)]
    return sorted(seen[:MOST_SHOWN], key=lambda each: (each.day, each.id))


def add(tx: Connection, by: Actor, place: Location, day: int | None, text: str, now_ms: int) -> int:
    """Its number. Raises Wrong under "day" and "text"."""
    day, text = _checked(day, text, local_time.day_of(now_ms, place.zone))
    values = {"location_id": place.id, "day": day, "text": text, "made_by": by.name, "made_ms": now_ms}
    number = int(tx.execute(insert(improvements).values(values).returning(improvements.c.id)).scalar_one())
    subject = Subject("improvement", str(number), place.name, place.path)
    audit.note(tx, by, "improvement added", subject, now_ms, after=_told(day, text))
    return number


def change(tx: Connection, by: Actor, number: int, version: int, day: int | None, text: str, now_ms: int) -> int:
    """Its place. Raises Wrong, and edits.Changed."""
    before = _held(tx, number, version)
    zone = places.resolved(tx, {before.place_id})[before.place_id].zone
    day, text = _checked(day, text, local_time.day_of(now_ms, zone))
    if (day, text) == (before.day, before.text):
        return before.place_id
    edits.save(tx, improvements, number, version, day=day, text=text)
    told = (_told(before.day, before.text), _told(day, text))
    audit.note(tx, by, "improvement changed", _subject(before), now_ms, before=told[0], after=told[1])
    return before.place_id


def remove(tx: Connection, by: Actor, number: int, version: int, now_ms: int) -> int:
    """Its place. Raises edits.Changed."""
    before = _held(tx, number, version)
    edits.drop(tx, improvements, number, version)
    told = _told(before.day, before.text)
    audit.note(tx, by, "improvement removed", _subject(before), now_ms, before=told)
    return before.place_id


def forget(tx: Connection, location: int) -> None:
    """All of a place that is deleted."""
    tx.execute(delete(improvements).where(improvements.c.location_id == location))


def _held(tx: Connection, number: int, version: int) -> Improvement:
    found = find(tx, number)
    if found is None or found.version != version:
        raise edits.Changed
    return found


def _query() -> Any:
    table = improvements.c
    return select(
        table.id, table.location_id, locations.c.name, locations.c.path, table.day, table.text, table.made_by,
        table.version,
    ).join(locations, and_(locations.c.id == table.location_id))  # fmt: skip


def _improvement(row: Row[Any]) -> Improvement:
    return Improvement(*tuple(row))


def _checked(day: int | None, text: str, today: int) -> tuple[int, str]:
    """Raises Wrong."""
    wrong: dict[str, str | None] = {"text": forms.name_problem(text, MAX_TEXT)}
    if day is None:
        wrong["day"] = _("Give the first day on which it held.")
    elif not today - AHEAD * 20 <= day <= today + AHEAD:
        wrong["day"] = _("Give a day of the last twenty years, or of the coming one.")
    forms.refuse(wrong)
    return day or 0, text.strip()


def _told(day: int, text: str) -> dict[str, str]:
    return {"from_day": local_time.date_of(day).isoformat(), "text": text}


def _subject(each: Improvement) -> Subject:
    return Subject("improvement", str(each.id), each.place, each.path)


def _chain(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]
