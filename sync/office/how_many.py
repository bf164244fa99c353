"""How much there is at and below a place: counted once, and kept until something of it changed."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from sync import models

locations, points, stands = models.locations, models.touchpoints, models.placements


class Count(NamedTuple):
    """How many there are, the closed and the retired aside; groups are no places."""

    places: int
    touchpoints: int
    screens: int


NONE = Count(0, 0, 0)
_Kept = tuple[tuple[Any, ...], dict[str, Count]]
_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def below(tx: Connection, paths: Sequence[str]) -> dict[str, Count]:
    """By path. What was counted holds as long as `_newest` is the same: both are read in one transaction."""
    newest = _newest(tx)
    known = _kept.get(tx.engine)
    counts = dict(known[1]) if known is not None and known[0] == newest else {}
    missing = [path for path in paths if path not in counts]
    if missing:
        counts |= _counted(tx, missing)
        _kept[tx.engine] = (newest, counts)
    return {path: counts[path] for path in paths}


def _newest(tx: Connection) -> tuple[Any, ...]:
    """Another one after each change of the tree, its touchpoints or what stands there: what people and keys change is
    in the audit log, what commands add has a new number or stands there beside."""
    standing = select(func.count()).select_from(stands).where(stands.c.to_ms.is_(None))
    newest = (select(func.max(table.c.id)).scalar_subquery() for table in (models.audit, locations, points))
    return tuple(tx.execute(select(*newest, standing.scalar_subquery())).one())


def _counted(tx: Connection, paths: Sequence[str]) -> dict[str, Count]:
    """Through the indexes of paths, of the touchpoints of a place, and of what stands at a touchpoint."""
    top = locations.alias("top")
    after = func.substr(top.c.path, 1, func.length(top.c.path) - 1).concat("0")
    lies = (locations.c.path >= top.c.path) & (locations.c.path < after)
    mine = select(top.c.path, func.count()).join(locations, lies).where(top.c.path.in_(paths)).group_by(top.c.path)
    asked = mine.join(points, points.c.location_id == locations.c.id)
    queries = (
        mine.where(locations.c.kind != "group", locations.c.closed_day.is_(None)),
        asked.where(points.c.retired_day.is_(None)),
        asked.join(stands, stands.c.touchpoint_id == points.c.id).where(stands.c.to_ms.is_(None)),
    )
    counted = [{row[0]: row[1] for row in tx.execute(query)} for query in queries]
    return {path: Count(*(kind.get(path, 0) for kind in counted)) for path in paths}
