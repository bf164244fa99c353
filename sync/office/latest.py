"""The newest of what came from a part of the tree. What is read grows with what is shown, neither with the number of
places nor with what they were given."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from sync.models import locations
from sync.office import crew_sight

AT_ONCE = 500
"""So many of everything there is, or more where more are wanted, are looked through before each place is asked for its
own."""
Those = Sequence[ColumnElement[bool]]


def ids(tx: Connection, table: Table, path: str, those: Those, most: int, *, oldest: bool = False) -> list[str]:
    """Of the rows of `table` (responses or contacts) from at and below `path` that are `those`, the ids of the newest,
    or of the oldest: at most `most`, in the order of when they were captured, then of their ids."""
    here = select(locations.c.id).where(crew_sight.answered([path])).limit(2)
    spots = tx.execute(here).scalars().all()
    if len(spots) == 1:
        return _first(tx, table, [table.c.location_id == spots[0], *those], most, oldest)
    some = select(table.c.id, table.c.location_id, table.c.captured_ms).where(*those)
    at_once = max(AT_ONCE, 4 * most)
    some = some.order_by(*_order(table.c, oldest)).limit(at_once)
    walked = some.subquery()
    paths = select(walked.c.id, locations.c.path, locations.c.kind).outerjoin(
        locations, locations.c.id == walked.c.location_id
    )
    rows = tx.execute(paths.order_by(*_order(walked.c, oldest))).all()
    below = (row for row in rows if row.path is not None and row.path.startswith(path))
    found = [row.id for row in below if crew_sight.shows([path], row.kind, row.path)][:most]
    if len(found) == most or len(rows) < at_once:
        return found
    return _of_each(tx, table, path, those, most, oldest)


def _of_each(tx: Connection, table: Table, path: str, those: Those, most: int, oldest: bool) -> list[str]:
    """By the newest of each place: those that are looked for were given at the first `most` of them."""
    edge = (func.min if oldest else func.max)(table.c.captured_ms)
    own = select(edge).where(table.c.location_id == locations.c.id, *those).scalar_subquery()
    rows = tx.execute(select(locations.c.id, own).where(crew_sight.answered([path]))).all()
    edges = sorted(((ms, place) for place, ms in rows if ms is not None), reverse=not oldest)
    if not edges:
        return []
    last = edges[:most][-1][0]
    spots = [place for ms, place in edges if (ms <= last if oldest else ms >= last)]
    near = [table.c.captured_ms <= last if oldest else table.c.captured_ms >= last] if len(edges) >= most else []
    return _first(tx, table, [table.c.location_id.in_(spots), *those, *near], most, oldest)


def _first(tx: Connection, table: Table, those: Those, most: int, oldest: bool) -> list[str]:
    query = select(table.c.id).where(*those).order_by(*_order(table.c, oldest)).limit(most)
    return list(tx.execute(query).scalars())


def _order(columns: Any, oldest: bool) -> tuple[Any, Any]:
    return (columns.captured_ms, columns.id) if oldest else (columns.captured_ms.desc(), columns.id.desc())
