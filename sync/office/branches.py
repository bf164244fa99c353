"""Looking at the tree of places: what lies in a group, page by page, what is found by a search, and what each inherits.

The whole tree is never read: a page costs what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, or_, select

from sync import models
from sync.office import how_many, listing, places
from sync.office.how_many import NONE, Count
from sync.office.listing import Page
from sync.office.places import DEFAULT_ZONE, Hours
from sync.office.rights import EVERYWHERE, Permission, Rights

locations = models.locations
STATES = ("", "open", "closed")
MOST_FOUND = 500
"""Of a search: who finds more looks for something else."""


class Above(NamedTuple):
    """A place on the way from the top."""

    id: int
    name: str


@dataclass(frozen=True)
class Branch:
    """A row of a list of places. `count`: how much there is at and below it. `above`: the way to it, as far as it
    may be seen."""

    id: int
    path: str
    kind: str
    name: str
    ref: str | None
    opened_day: int | None
    closed_day: int | None
    above: tuple[Above, ...] = ()
    count: Count = NONE

    def is_closed(self, today: int) -> bool:
        """`today`: a day of the world's clock; a place's own is at most one off."""
        return self.closed_day is not None and self.closed_day < today


def inside(
    tx: Connection, rights: Rights, group: int | None, today: int, number: int, *, state: str = ""
) -> Page[Branch]:
    """What lies directly in a group; without one the topmost of what they may see."""
    if group is not None:
        those: ColumnElement[bool] = locations.c.parent_id == group
    else:
        roots = rights.roots()
        those = locations.c.parent_id.is_(None) if EVERYWHERE in roots else locations.c.path.in_(roots)
    return _page(tx, rights, _rows().where(those, *_in_state(state, today)), number, "")


def found(
    tx: Connection, rights: Rights, group: str | None, search: str, today: int, number: int, *, state: str = ""
) -> Page[Branch]:
    """What a name or a number holds, at and below a group's path (None: everywhere they may see): the first of many,
    read in one go."""
    scope = places.below([group] if group else list(rights.roots()))
    wanted = or_(listing.holds(search, locations.c.name, locations.c.ref))
    # The organisation's own number, typed whole, comes first.
    order = case((locations.c.ref == search, 0), else_=1)
    query = _rows().where(scope, wanted, *_in_state(state, today)).order_by(None)
    rows = tx.execute(query.order_by(order, locations.c.name, locations.c.id).limit(MOST_FOUND)).all()
    return _filled(tx, rights, listing.cut([_branch(row) for row in rows], number, search=search))


def _rows() -> Select[Any]:
    names = ("id", "path", "kind", "name", "ref", "opened_day", "closed_day")
    return select(*(locations.c[name] for name in names)).order_by(locations.c.name, locations.c.id)


def _in_state(state: str, today: int) -> list[ColumnElement[bool]]:
    day = locations.c.closed_day
    return {"open": [or_(day.is_(None), day >= today)], "closed": [day < today]}.get(state, [])


def _page(tx: Connection, rights: Rights, query: Select[Any], number: int, search: str) -> Page[Branch]:
    return _filled(tx, rights, listing.page(tx, query, number, _branch, search=search))


def _filled(tx: Connection, rights: Rights, page: Page[Branch]) -> Page[Branch]:
    """With the way to each of its rows, and how much there is below."""
    paths = [each.path for each in page.items]
    ways, counts = _ways(tx, rights, paths), how_many.below(tx, paths)
    items = tuple(replace(each, above=ways[each.path], count=counts[each.path]) for each in page.items)
    return replace(page, items=items)


def _branch(row: Row[Any]) -> Branch:
    return Branch(row.id, row.path, row.kind, row.name, row.ref, row.opened_day, row.closed_day)


def way(tx: Connection, rights: Rights, path: str) -> tuple[Above, ...]:
    """From the topmost place that they may see down to the one above."""
    return _ways(tx, rights, [path])[path]


def _ways(tx: Connection, rights: Rights, paths: Sequence[str]) -> dict[str, tuple[Above, ...]]:
    numbers = {number for path in paths for number in _chain(path)[:-1]}
    query = select(locations.c.id, locations.c.name, locations.c.path).where(locations.c.id.in_(numbers))
    seen = {row.id: Above(row.id, row.name) for row in tx.execute(query) if rights.may("see", row.path)}
    return {path: tuple(seen[number] for number in _chain(path)[:-1] if number in seen) for path in paths}


def _chain(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]


@dataclass(frozen=True)
class Inherited:
    """What holds at a place of its zone and its hours, and where that is from (None: by default, from nowhere)."""

    zone: str
    zone_from: Above | None
    hours: Hours
    hours_from: Above | None


def inherited(tx: Connection, path: str) -> Inherited:
    """At the end of this path, its own included. "/" is above everything."""
    chain = _chain(path)
    rows = {row.id: row for row in tx.execute(select(locations).where(locations.c.id.in_(chain)))}
    nearest = [rows[number] for number in reversed(chain) if number in rows]
    zoned = next((row for row in nearest if row.zone), None)
    timed = next((row for row in nearest if row.hours is not None), None)
    return Inherited(
        zoned.zone if zoned else DEFAULT_ZONE,
        Above(zoned.id, zoned.name) if zoned else None,
        msgspec.json.decode(timed.hours) if timed else None,
        Above(timed.id, timed.name) if timed else None,
    )


def groups(tx: Connection, rights: Rights, search: str, number: int, but: str) -> Page[Branch]:
    """The groups into which they may put what lies at the path `but`, which is none of them itself."""
    table = locations
    scope = places.below(list(rights.roots("places")))
    query = _rows().where(scope, table.c.kind == "group", ~places.below([but]))
    if search:
        query = query.where(listing.holds(search, table.c.name, table.c.ref))
    page = listing.page(tx, query, number, _branch, search=search)
    ways = _ways(tx, rights, [each.path for each in page.items])
    return replace(page, items=tuple(replace(each, above=ways[each.path]) for each in page.items))


def moved_ms(tx: Connection, location: int) -> int | None:
    """When a place was last put into another group; None when it never was."""
    log = models.audit
    mine = (log.c.kind == "place") & (log.c.subject == str(location)) & (log.c.action == "place moved")
    found: int | None = tx.execute(select(func.max(log.c.at_ms)).where(mine)).scalar()
    return found


def topmost(tx: Connection, rights: Rights, permission: Permission, also: int | None) -> list[Above]:
    """Places to choose from: the topmost at which they may, the groups right below those (a hundred at most), and one
    more."""
    roots = rights.roots(permission)
    tops = locations.c.parent_id.is_(None) if EVERYWHERE in roots else locations.c.path.in_(roots)
    above = select(locations.c.id).where(tops)
    below = locations.c.parent_id.in_(above) & (locations.c.kind == "group")
    query = select(locations.c.id, locations.c.name).where(tops | below | (locations.c.id == also))
    return [Above(row.id, row.name) for row in tx.execute(query.order_by(locations.c.path).limit(100))]
