"""Showing several crews together (sync.intake.crew_atoms): those right below one group, once a local day of the group,
by the first look after the hour of the crews' own briefing, and only of days that are over for all of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Row, delete, func, select

from sync.db import Database
from sync.intake import clocks, crew_atoms, releasing
from sync.intake.atoms import NOTHING, Counts, less, plus
from sync.intake.briefings import BRIEFING_HOUR, CREW, TICK_MS
from sync.intake.releasing import Carried
from sync.models import VALUES, crew_looks, crew_parts, crew_withdrawn, locations, tallies_day
from sync.office import places, zones
from sync.rows import add_counts, append, put

SPAN = 90
"""Local days back; what comes in later than that is in no sum of crews."""
ELSEWHERE, NOWHERE = -1, 0
"""The label and the group under which stands what was shown elsewhere before it counted at a crew."""
_looked: WeakKeyDictionary[Database, int] = WeakKeyDictionary()
"""The quarter of an hour in which this process looked last."""

Given = dict[tuple[int, int], Counts]
"""By crew and true day: what was counted, or shown."""


Rows = Sequence[Row[Any]]


class Group(NamedTuple):
    """Where crews are summed up: `day` is its local day, days up to `until` are over for all of its `crews`."""

    id: int
    day: int
    until: int
    crews: tuple[int, ...]


def release(db: Database, now_ms: int) -> None:
    """Show what may be by now. Costs nothing for the rest of a quarter of an hour, little for the rest of a day."""
    if _looked.get(db) == now_ms // TICK_MS:
        return
    with db.reading() as tx:
        is_due = bool(_due(tx, now_ms))
    if is_due:
        with db.writing() as tx:
            releasing.lock(tx)
            for group in _due(tx, now_ms):
                _release(tx, group)
    _looked[db] = now_ms // TICK_MS


def _due(tx: Connection, now_ms: int) -> list[Group]:
    table = locations.c
    rows = tx.execute(select(table.id, table.parent_id).where(table.kind == CREW, table.parent_id.is_not(None)))
    below: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        below[row.parent_id].append(row.id)
    some = {group: crews for group, crews in below.items() if len(crews) >= crew_atoms.CREWS}
    tree = places.resolved(tx, {*some, *(crew for crews in some.values() for crew in crews)}) if some else {}
    former = zones.former(tx, set(tree))
    last: dict[int, int] = {row.location_id: row.day for row in tx.execute(select(crew_looks))}
    found = []
    for number, crews in sorted(some.items()):
        there = clocks.local(now_ms, tree[number].zone)
        if there.minute < BRIEFING_HOUR * 60 or last.get(number, -1) >= there.day:
            continue
        over = min(zones.today(tree[crew].zone, former.get(crew, ()), now_ms) for crew in crews) - 1
        found.append(Group(number, there.day, over, tuple(sorted(crews))))
    return found


def _release(tx: Connection, group: Group) -> None:
    counted, shown = _counted(tx, group), _shown(tx, group)
    rows = []
    for question in sorted(counted.keys() | shown.keys()):
        had = _sums(shown.get(question, ()))
        new: dict[int, dict[int, Counts]] = defaultdict(dict)
        for (crew, day), counts in counted.get(question, {}).items():
            more = less(counts, had.get((crew, day), NOTHING))
            if any(more):
                new[day][crew] = more
        for label, days in crew_atoms.gather(new).items():
            rows += [
                (group.id, crew, question, day, label, sum(counts), *counts)
                for day in days
                for crew, counts in sorted(new[day].items())
            ]
        _withdraw(tx, group.id, question, shown.get(question, ()), counted.get(question, {}))
    add_counts(tx, crew_parts, sorted(rows))
    put(tx, crew_looks, [(group.id, group.day)])


def _counted(tx: Connection, group: Group) -> dict[str, Given]:
    table = tallies_day.c
    what = (table.location_id, table.question, table.day)
    query = (
        select(*what, *(func.sum(table[value]) for value in VALUES))
        .where(table.location_id.in_(group.crews), table.day.between(group.until - SPAN + 1, group.until))
        .where(table.choice == "", ~table.aside)
        .group_by(*what)
    )
    found: dict[str, Given] = defaultdict(dict)
    for crew, question, day, *counts in tx.execute(query):
        found[question][crew, int(day)] = tuple(map(int, counts))
    return found


def _shown(tx: Connection, group: Group) -> dict[str, list[Row[Any]]]:
    """Whatever of these crews was ever shown of these days, in whatever group."""
    table = crew_parts.c
    here = table.crew_id.in_(group.crews)
    query = select(crew_parts).where(here, table.day > group.until - SPAN).order_by(table.label, table.day)
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in tx.execute(query):
        found[row.question].append(row)
    return found


def _sums(rows: Rows) -> Given:
    found: Given = {}
    for row in rows:
        found[row.crew_id, row.day] = plus(found.get((row.crew_id, row.day), NOTHING), _values(row))
    return found


def _values(row: Row[Any]) -> Counts:
    return tuple(int(getattr(row, value)) for value in VALUES)


def _withdraw(tx: Connection, group: int, question: str, rows: Rows, counted: Mapping[tuple[int, int], Counts]) -> None:
    """What no longer counts is taken from the days under which it stands, the oldest first."""
    table, size, lost = crew_withdrawn.c, defaultdict[int, int](int), defaultdict[int, int](int)
    debts = {key: less(given, counted.get(key, NOTHING)) for key, given in _sums(rows).items()}
    for row in rows:
        owed, own = debts[row.crew_id, row.day], _values(row)
        part = tuple(min(a, b) for a, b in zip(owed, own, strict=True))
        debts[row.crew_id, row.day] = less(owed, part)
        if row.location_id == group:
            size[row.label] += sum(own)
            lost[row.label] += sum(part)
    mine = (table.location_id == group, table.question == question)
    before = set(tx.execute(select(table.label).where(*mine)).scalars())
    for label in size:
        now = crew_atoms.is_withdrawn(size[label], lost[label], before=label in before)
        if now and label not in before:
            append(tx, crew_withdrawn, [(group, question, label)])
        elif not now and label in before:
            tx.execute(delete(crew_withdrawn).where(*mine, table.label == label))


def carried(tx: Connection, moves: Carried) -> None:
    """Answers that count at a crew now and counted elsewhere, or on another day: what was shown of them with others is
    not shown again; what was a store's was seen by itself."""
    spots = {place for series, _, before, _ in moves for place in (series.place, before)}
    kinds = dict(map(tuple, tx.execute(select(locations.c.id, locations.c.kind).where(locations.c.id.in_(spots)))))
    found: dict[tuple[int, int, str, int, int], Counts] = defaultdict(lambda: NOTHING)
    for (series, day, before, then), counts in sorted(moves.items()):
        if series.choice or kinds.get(series.place) != CREW:
            continue
        again = tuple(max(count, 0) for count in counts)
        if kinds.get(before) == CREW:
            table = crew_parts.c
            mine = (table.crew_id == before, table.question == series.question, table.day == then)
            query = select(*(func.coalesce(func.sum(table[value]), 0) for value in VALUES)).where(*mine)
            again = tuple(min(a, int(b)) for a, b in zip(again, tx.execute(query).one(), strict=True))
        if any(again):
            key = (NOWHERE, series.place, series.question, day, ELSEWHERE)
            found[key] = plus(found[key], again)
    add_counts(tx, crew_parts, [(*key, sum(counts), *counts) for key, counts in sorted(found.items())])
