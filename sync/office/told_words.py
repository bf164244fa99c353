"""Customers' words as those may read them who may not see single answers: told in groups (sync.office.word_groups),
once a morning. What a briefing has chosen stays what it showed, unless words are hidden, flagged or erased since."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random, SystemRandom
from typing import NamedTuple

from sqlalchemy import Boolean, ColumnElement, Connection, func, literal_column, select

from sync.db import Database
from sync.intake.atoms import GATHERED
from sync.models import locations, moderation, responses, restatements, tallies_day, told, told_answers, told_days
from sync.office import briefing_times, comments, counts, local_time
from sync.office.comments import Comment
from sync.office.word_groups import Waiting, tell
from sync.rows import insert_of, put

WEEK = 7
"""Mornings for which words are shown."""
SPREAD = 2
"""Days that the moment of an answer and its local day may lie apart, whatever the zone."""
_LOT = 1 << 30
_HARMLESS = ("late", "erased")
"""Causes of a restatement by which nothing leaves a day."""
_MOVING = ("moved", "clock", "recounted")
"""Those by which something may come that counted elsewhere."""


class Written(NamedTuple):
    """A comment, by its answer."""

    id: str
    rev: int


class Told(NamedTuple):
    """A comment that a briefing shows: since the morning of `since`; `label` is the day under which its group stands,
    `alone` says that all of the group is of that day."""

    comment: Comment
    since: int
    label: int
    alone: bool


def prepare(db: Database, place: int, now_ms: int, lot: Random | None = None) -> None:
    """Choose the words of the newest briefing that is due at a place, unless that was done. `lot` draws in which order
    they stand; by itself nobody can tell."""
    with db.reading() as tx:
        day = briefing_times.of(tx, [place])[place].newest(now_ms)
        last = _last(tx, place)
    if last is not None and last >= day:
        return
    with db.writing() as tx:
        _tell(tx, place, day, now_ms, lot or SystemRandom())


def _last(tx: Connection, place: int) -> int | None:
    """The day of the last briefing that has chosen its words."""
    found: int | None = tx.execute(select(func.max(told.c.day)).where(told.c.location_id == place)).scalar()
    return found


def _tell(tx: Connection, place: int, day: int, now_ms: int, lot: Random) -> None:
    """Whoever writes the row of the day first chooses; others wait for them, and find it there."""
    # Days are told one after the other: who holds the place is alone with it.
    tx.execute(select(locations.c.id).where(locations.c.id == place).with_for_update())
    last = _last(tx, place)
    if last is not None and last >= day:
        return
    tx.execute(insert_of(tx)(told).values(location_id=place, day=day, told_ms=now_ms).on_conflict_do_nothing())
    fresh = _written(tx, place, day)
    waiting = _waiting(tx, place, day, fresh)
    telling = tell(waiting, _told(tx, place, day), day)
    rows = [
        (place, row.id, row.rev, day, label, those == [label], lot.randrange(_LOT))
        for label, those in telling.groups.items()
        for each in those
        for row in fresh.get(each, ())
    ]
    put(tx, told_answers, sorted(rows))
    put(tx, told_days, [(place, each, n) for each, n in sorted(telling.wordless.items())])


def _waiting(tx: Connection, place: int, day: int, fresh: Mapping[int, list[Written]]) -> dict[int, Waiting]:
    firsts = [name for name, asked in counts.scored(tx).items() if asked.is_first]
    table = tallies_day.c
    counted = (
        select(table.day, func.sum(table.n))
        .where(table.location_id == place, table.question.in_(firsts), table.choice == "", ~table.aside)
        .where(table.day.between(day - GATHERED, day - 1))
        .group_by(table.day)
    )
    worded = Counter(tx.execute(select(responses.c.day).where(*_comments(place, day))).scalars())
    worded.update(_silenced(tx, place, day))
    moved, unsteady = _changed(tx, place, day)
    n = {each: int(answers) for each, answers in tx.execute(counted)}
    return {
        each: Waiting(
            len(fresh.get(each, ())), max(n.get(each, 0) - worded[each], 0), moved[each], each not in unsteady
        )
        for each in n.keys() | fresh.keys()
    }


def _written(tx: Connection, place: int, day: int) -> dict[int, list[Written]]:
    """By local day, the comments that count and were never told."""
    table = responses.c
    same = (told_answers.c.location_id == table.location_id) & (told_answers.c.response_id == table.id)
    query = (
        select(table.id, table.rev, table.day)
        .outerjoin(told_answers, same)
        .outerjoin(moderation, moderation.c.response_id == table.id)
        .where(*_comments(place, day), told_answers.c.rev.is_(None), moderation.c.hidden_ms.is_(None))
    )
    found = defaultdict(list)
    for row in tx.execute(query):
        found[row.day].append(Written(row.id, row.rev))
    return found


def _comments(place: int, day: int) -> list[ColumnElement[bool]]:
    """Of the days that a briefing of this day may tell."""
    table, since = responses.c, day - GATHERED
    # In the words of its index: SQLite does not know "commented = 1" for the same.
    is_comment = (literal_column("responses.commented", Boolean()), ~table.test, ~table.aside)
    recent = table.captured_ms >= (since - SPREAD) * local_time.DAY_MS
    return [table.location_id == place, *is_comment, recent, table.day.between(since, day - 1)]


def _silenced(tx: Connection, place: int, day: int) -> Iterable[int]:
    """The days of comments that were told and have no words any more."""
    table, given = told_answers.c, responses.c
    recent = table.told_day > day - GATHERED
    query = select(given.day).join(told_answers, table.response_id == given.id)
    return tx.execute(query.where(table.location_id == place, recent, ~given.commented, ~given.aside)).scalars()


def _changed(tx: Connection, place: int, day: int) -> tuple[Counter[int], set[int]]:
    """Of each day, how many came from elsewhere at most since it was over; and the days from which some went."""
    table = restatements.c
    query = (
        select(table.day, table.cause, func.sum(table.responses))
        .where(table.location_id == place, table.day.between(day - GATHERED, day - 1), table.cause.not_in(_HARMLESS))
        .group_by(table.day, table.cause)
    )
    moved: Counter[int] = Counter()
    days = set()
    for each, cause, n in tx.execute(query):
        days.add(each)
        moved[each] += int(n) if cause in _MOVING else 0
    return moved, days


def _told(tx: Connection, place: int, day: int) -> dict[int, int]:
    table = told_days.c
    query = select(table.day, table.wordless).where(table.location_id == place, table.day >= day - GATHERED)
    return {row.day: row.wordless for row in tx.execute(query)}


def shown(tx: Connection, place: int, day: int) -> list[Told]:
    """What the briefing of a local day shows, of its own and of the mornings of the week before, in the order that was
    drawn; without what was hidden, flagged, moved, erased or written anew since."""
    table = told_answers.c
    query = (
        select(told_answers)
        .join(responses, (responses.c.id == table.response_id) & (responses.c.rev == table.rev))
        .outerjoin(moderation, moderation.c.response_id == table.response_id)
        .where(table.location_id == place, table.told_day.between(day - WEEK + 1, day))
        .where(responses.c.location_id == place, ~responses.c.aside, moderation.c.hidden_ms.is_(None))
        .order_by(table.turn, table.response_id)
    )
    rows = tx.execute(query).all()
    words = {each.cursor.id: each for each in comments.those(tx, [row.response_id for row in rows])}
    return [
        Told(words[row.response_id], row.told_day, row.label, bool(row.alone))
        for row in rows
        if row.response_id in words
    ]


def since(tx: Connection, place: int, ids: Sequence[str]) -> dict[str, int]:
    """Of these answers, the morning since which each is told there."""
    table = told_answers.c
    query = select(table.response_id, table.told_day).where(table.location_id == place, table.response_id.in_(ids))
    return {row.response_id: row.told_day for row in tx.execute(query)}
