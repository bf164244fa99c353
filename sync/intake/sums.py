"""The days of groups: what was counted at the places below them, summed up beforehand, so that a page about ten
thousand places costs what one about ten costs.

Whoever changes a tally or the tree marks what has to be summed up again, in the same transaction; whoever wants to read
sums folds the marks first. A mark is a row of its own: one that comes with an answer which is being stored is seen
together with it, and stays until a fold has counted both."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, insert, literal, or_, select

from sync.db import Database
from sync.intake import briefings, releasing
from sync.models import VALUES, locations, shown_day, sums_day, sums_marks, tallies_day
from sync.office import places
from sync.rows import append

TOP = 0
"""The number under which everything is summed up that has nothing above it."""
AT_ONCE = 2_000
"""Marks that are folded in one transaction."""
_GROUP, _CREW = "group", "crew"

Key = tuple[int, str, str, int, str, bool, bool, bool]
Spots = Sequence[tuple[int, int | None]]
"""Locations and days; None for all of their days."""
Days = set[int] | None
"""Local days; None for all of them."""


class Branch(NamedTuple):
    """A location with others below it, or TOP. `zone` is its own or inherited; `counts`: answers are given at it."""

    id: int
    depth: int
    zone: str
    counts: bool


def mark(tx: Connection, spots: Iterable[tuple[int, int | None]]) -> None:
    """These days (None: all) of these locations have to be summed up again."""
    rows = [{"location_id": place, "day": day} for place, day in spots]
    if rows:
        tx.execute(insert(sums_marks), rows)


def mark_tree(tx: Connection, path: str) -> None:
    """All days of a location and of everything below it: it was moved, or has another time zone or kind. Who moves it
    marks what was above it, too."""
    below = and_(locations.c.path >= path, locations.c.path < path[:-1] + "0")
    with_others = select(locations.c.parent_id).where(below, locations.c.parent_id.is_not(None)).distinct()
    mark(tx, [(place, None) for place in {int(path.split("/")[-2]), *tx.execute(with_others).scalars()}])


def mark_all(tx: Connection) -> None:
    parents = tx.execute(select(locations.c.parent_id).where(locations.c.parent_id.is_not(None)).distinct()).scalars()
    mark(tx, [(place, None) for place in {TOP, *parents}])


def waiting(tx: Connection) -> set[tuple[int, int | None]]:
    """What is marked, with everything above it."""
    marks = tx.execute(select(sums_marks.c.location_id, sums_marks.c.day).distinct()).all()
    chains = _chains(tx, {row.location_id for row in marks})
    return {(place, row.day) for row in marks for place in chains.get(row.location_id, (TOP,))}


def fold(db: Database, now_ms: int) -> None:
    """Release what may be shown by now, and sum up again what is marked. Nothing is written where nothing is to be
    done, but once in a quarter of an hour that somebody looked."""
    while _some(db):
        with db.writing() as tx:
            _fold_some(tx, now_ms)
    with db.reading() as tx:
        if not briefings.is_due(tx, now_ms):
            return
    with db.writing() as tx:
        releasing.lock(tx)
        while some := briefings.due(tx, now_ms, AT_ONCE):
            _sum_anew(tx, some, now_ms)
        briefings.looked(tx, now_ms)


def _some(db: Database) -> bool:
    with db.reading() as tx:
        return tx.execute(select(sums_marks.c.id).limit(1)).first() is not None


def _fold_some(tx: Connection, now_ms: int) -> None:
    releasing.lock(tx)
    marks = tx.execute(select(sums_marks).order_by(sums_marks.c.id).limit(AT_ONCE)).all()
    for start in range(0, len(marks), 500):
        tx.execute(delete(sums_marks).where(sums_marks.c.id.in_([row.id for row in marks[start : start + 500]])))
    _sum_anew(tx, [(row.location_id, row.day) for row in marks], now_ms)


def _sum_anew(tx: Connection, marks: Spots, now_ms: int) -> None:
    changed = releasing.release(tx, _by_place(marks), now_ms)
    work = _spread(tx, [*marks, *((place, day) for place, days in changed.items() for day in days)])
    branches = _branches(tx, set(work))
    for gone in work.keys() - branches.keys():
        tx.execute(delete(sums_day).where(sums_day.c.location_id == gone))
    for branch in sorted(branches.values(), key=lambda branch: -branch.depth):
        _sum_up(tx, branch, work[branch.id])


def _by_place(marks: Spots) -> dict[int, Days]:
    found: dict[int, Days] = {}
    for place, day in marks:
        days = found.setdefault(place, set())
        if day is None or days is None:
            found[place] = None
        else:
            days.add(day)
    return found


def _spread(tx: Connection, marks: Spots) -> dict[int, Days]:
    """The days that each marked location and each above it has to be summed up for."""
    chains = _chains(tx, {place for place, _ in marks})
    return _by_place([(above, day) for place, day in marks for above in chains.get(place, (TOP,))])


def _chains(tx: Connection, wanted: set[int]) -> dict[int, tuple[int, ...]]:
    """From TOP down to each of these locations, as far as they exist."""
    found: dict[int, tuple[int, ...]] = {TOP: (TOP,)}
    numbers = sorted(wanted)
    for start in range(0, len(numbers), 500):
        query = select(locations.c.id, locations.c.path).where(locations.c.id.in_(numbers[start : start + 500]))
        for row in tx.execute(query):
            found[row.id] = (TOP, *(int(part) for part in row.path.split("/") if part))
    return found


def _branches(tx: Connection, wanted: set[int]) -> dict[int, Branch]:
    """Those of these locations that have others below them, with what they inherit."""
    numbers, found = sorted(wanted - {TOP}), list[int]()
    for start in range(0, len(numbers), 500):
        some = locations.c.parent_id.in_(numbers[start : start + 500])
        found += tx.execute(select(locations.c.parent_id).where(some).distinct()).scalars()
    tree = places.resolved(tx, set(found)) if found else {}
    branches = {TOP: Branch(TOP, 0, places.DEFAULT_ZONE, counts=False)} if TOP in wanted else {}
    for number in found:
        at = tree[number]
        branches[number] = Branch(number, at.path.count("/"), at.zone, at.kind != _GROUP)
    return branches


def _sum_up(tx: Connection, branch: Branch, days: Days) -> None:
    """One branch anew, from its own tallies, those of the places right below it, and the sums right below it."""
    found = _summed(tx, branch, days)
    stale = [sums_day.c.location_id == branch.id]
    if days is not None:
        stale.append(sums_day.c.day.in_(days))
    tx.execute(delete(sums_day).where(*stale))
    append(tx, sums_day, [(*key, *counts) for key, counts in sorted(found.items())])


def _summed(tx: Connection, branch: Branch, days: Days) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for part in _given(tx, branch, days):
        _add(found, (branch.id, *part[:-1]), part.counts)
    for row in _below(tx, branch, days):
        key = (branch.id, row.question, row.choice, row.day, row.zone)
        _add(found, (*key, bool(row.aside), bool(row.whole), bool(row.crews)), list(map(int, row[7:])))
    return found


def _add(found: dict[Key, list[int]], key: Key, counts: list[int]) -> None:
    kept = found.get(key)
    found[key] = counts if kept is None else [a + b for a, b in zip(kept, counts, strict=True)]


class Part(NamedTuple):
    """What one place was answered on one day; of unflagged answers, all of them (`whole`), or what is shown to whoever
    may not see single ones. `crews`: it is a crew's."""

    question: str
    choice: str
    day: int
    zone: str
    aside: bool
    whole: bool
    crews: bool
    counts: list[int]


def _given(tx: Connection, branch: Branch, days: Days) -> Iterator[Part]:
    """At the branch itself, and at the places right below it that have none below them."""
    for row in _rows(tx, tallies_day, branch, days, tallies_day.c.aside):
        for whole in (True, False) if row.aside else (True,):
            yield _part(row, branch, bool(row.aside), whole)
    for row in _rows(tx, shown_day, branch, days, literal(0).label("aside")):
        yield _part(row, branch, aside=False, whole=False)


def _part(row: Row[Any], branch: Branch, aside: bool, whole: bool) -> Part:
    of = (row.question, row.choice, row.day, row.zone or branch.zone)
    return Part(*of, aside, whole, row.kind == _CREW, list(map(int, row[7:])))


def _rows(tx: Connection, source: Table, branch: Branch, days: Days, aside: ColumnElement[Any]) -> list[Row[Any]]:
    below, table = locations.alias("below"), source.c
    has_none = ~select(below.c.id).where(below.c.parent_id == locations.c.id).exists()
    here = and_(_under(branch), has_none, locations.c.kind != _GROUP)
    if branch.counts:
        here = or_(here, locations.c.id == branch.id)
    what = (table.location_id, table.question, table.choice, table.day)
    query = (
        select(*what, aside, locations.c.zone, locations.c.kind, *_counts(table))
        .join(locations, locations.c.id == table.location_id)
        .where(here, *_of(table.day, days))
        .group_by(*what, "aside", locations.c.zone, locations.c.kind)
    )
    return [row for row in tx.execute(query) if row.n]


def _below(tx: Connection, branch: Branch, days: Days) -> Sequence[Row[Any]]:
    """What is summed up right below it."""
    table = sums_day.c
    what = (table.question, table.choice, table.day, table.zone, table.aside, table.whole, table.crews)
    query = (
        select(*what, *_counts(table))
        .join(locations, locations.c.id == table.location_id)
        .where(_under(branch), *_of(table.day, days))
        .group_by(*what)
    )
    return tx.execute(query).all()


def _under(branch: Branch) -> ColumnElement[bool]:
    return locations.c.parent_id.is_(None) if branch.id == TOP else locations.c.parent_id == branch.id


def _of(day: ColumnElement[int], days: Days) -> list[ColumnElement[bool]]:
    return [] if days is None else [day.in_(days)]


def _counts(table: Any) -> list[ColumnElement[Any]]:
    return [func.sum(table[name]).label(name) for name in ("n", *VALUES)]


def recount(tx: Connection) -> dict[Key, list[int]]:
    """All sums, from the tallies alone: to compare."""
    parents = tx.execute(select(locations.c.parent_id).where(locations.c.parent_id.is_not(None)).distinct()).scalars()
    branches = _branches(tx, {TOP, *parents})
    tree = {place.id: place for place in places.locations(tx)}
    found: dict[Key, list[int]] = {}
    for branch in branches.values():
        for part in _given(tx, branch, None):
            chain = (int(each) for each in tree[branch.id].path.split("/") if each) if branch.id != TOP else ()
            for above in (TOP, *chain):
                _add(found, (above, *part[:-1]), part.counts)
    return found
