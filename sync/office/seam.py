"""Where one question took another's place: their answers are never counted together, and the charts show the day."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, select

from sync.models import locations, questions, tallies_day
from sync.office import crew_sight
from sync.office.counts import PERIOD, Question, is_place
from sync.office.places import Location


@dataclass(frozen=True)
class Seam:
    """`other` was asked before (or, when `is_end`, is asked after) the question of the chart. `day`: the local day on
    which the later of the two was answered first there; None when that was before the chart begins."""

    other: Question
    day: int | None
    is_end: bool = False


def seams(tx: Connection, place: Location, reach: str, question: Question, today: int) -> list[Seam]:
    """Where the question began at this place and below it (`reach`), and where it ended; empty for one that
    took nobody's place and kept its own."""
    table = questions
    query = select(table).where((table.c.replaces == question.id) | (table.c.id == question.id))
    rows = tx.execute(query).all()
    replaced = next((row.replaces for row in rows if row.id == question.id), None)
    before = tx.execute(select(table).where(table.c.id == replaced)).first() if replaced else None
    found = []
    if before is not None and before.scale:
        found.append(Seam(_question(before), _first_day(tx, place, reach, question.id, today)))
    for row in rows:
        day = _first_day(tx, place, reach, row.id, today) if row.id != question.id and row.scale else None
        if day is not None:
            found.append(Seam(_question(row), day, is_end=True))
    return found


def _question(row: object) -> Question:
    return Question(row.id, row.scale, msgspec.json.decode(row.texts))  # type: ignore[attr-defined]


def _first_day(tx: Connection, place: Location, reach: str, question: str, today: int) -> int | None:
    """The first day on which it was answered. Of a group only the days that its chart shows are read, as there are very
    many of others: None when it was answered on the first of them already."""
    days, since = tallies_day, today - PERIOD
    query = select(func.min(days.c.day)).where(days.c.question == question, days.c.choice == "", days.c.n > 0)
    if is_place(place):
        return tx.execute(query.where(days.c.location_id == place.id)).scalar()
    query = query.join(locations, locations.c.id == days.c.location_id)
    found = tx.execute(query.where(crew_sight.answered([reach]), days.c.day >= since)).scalar()
    return found if found is not None and found > since else None
