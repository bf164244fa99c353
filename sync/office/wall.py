"""What a screen on a wall shows of a place: how many answered today, the last seven days, a kind word. Everybody
sees it who walks by: no single answers, nobody's name but what a customer wrote and somebody passed on, no ranking."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, literal, select

from sync.db import Database
from sync.intake import sums
from sync.models import locations, sums_day, tallies_day
from sync.office import comments, counts, crew_sight, delivery, local_time, wide
from sync.office.comments import Comment
from sync.office.counts import Question
from sync.office.lines import Day
from sync.office.places import Location

DAY_MS = 86_400_000
DAYS = 7
KIND_FOR = 28
"""Days that a kind word is shown at most."""
LATE_MINUTES = 60
"""Of opening hours: what is complete only to a moment so long ago is shown as stale."""
MOST_LOOKED_AT = 100
"""Places whose terminals are looked at one by one; above a larger group nothing is said of them."""


@dataclass(frozen=True)
class View:
    """`days`: the last seven, today last, each with its score where one may be shown. `complete_ms`: through when the
    terminals delivered (None: not known). `is_late`: they should have delivered more by now."""

    place: Location
    question: Question
    today: int
    days: tuple[Day, ...]
    kind: Comment | None
    complete_ms: int | None
    is_late: bool


def prepare(db: Database, now_ms: int) -> None:
    """Bring up to date what a wall is read from."""
    sums.fold(db, now_ms)


def view(tx: Connection, place: Location, now_ms: int) -> View:
    """What everybody may see, whoever hung the screen up."""
    question, line = wide.one(tx, place, now_ms, singles=False)
    complete_ms, is_late = _delivered(tx, place, now_ms)
    return View(
        place=place,
        question=question,
        today=_today(tx, place, now_ms),
        days=line.days[-DAYS:],
        kind=_kind(tx, place, now_ms),
        complete_ms=complete_ms,
        is_late=is_late,
    )


def _today(tx: Connection, place: Location, now_ms: int) -> int:
    """How many answered a first question at and below the place on its own today, flagged or not: no more than a
    number."""
    firsts = [name for name, asked in counts.scored(tx).items() if asked.is_first]
    last = now_ms // DAY_MS + 1
    has_others = tx.execute(select(locations.c.id).where(locations.c.parent_id == place.id).limit(1)).first()
    table: Any = sums_day.c if has_others else tallies_day.c
    zone, more = (table.zone, [table.whole, ~table.crews]) if has_others else (literal(place.zone), [])
    query = (
        select(zone, table.day, func.sum(table.n))
        .where(table.location_id == place.id, table.question.in_(firsts), table.choice == "", *more)
        .where(table.day.between(last - 2, last))
        .group_by(zone, table.day)
    )
    return sum(int(n) for zone, day, n in tx.execute(query) if day == local_time.day_of(now_ms, zone))


def _kind(tx: Connection, place: Location, now_ms: int) -> Comment | None:
    shown = comments.praised(tx, place.path, now_ms - KIND_FOR * DAY_MS, 1)
    return shown[0] if shown else None


def _delivered(tx: Connection, place: Location, now_ms: int) -> tuple[int | None, bool]:
    if wide.is_wide(tx, (place.path,), MOST_LOOKED_AT):
        return None, False
    tree = {each.id: each for each in crew_sight.visible(tx, (place.path,)) if counts.is_place(each)}
    states = delivery.deliveries(tx, (place.path,), tree, now_ms)
    state = delivery.together(states.values())
    late = [
        number for number, each in states.items() if each.dead or _is_behind(tree[number], each.complete_ms, now_ms)
    ]
    return state.complete_ms, bool(late) and len(late) == len(states)


def _is_behind(place: Location, complete_ms: int | None, now_ms: int) -> bool:
    open_minutes = local_time.open_for(now_ms, place.zone, place.hours)
    if open_minutes is None or complete_ms is None:
        return False
    return min(open_minutes, (now_ms - complete_ms) // 60_000) >= LATE_MINUTES
