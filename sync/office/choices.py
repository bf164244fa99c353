"""What the filters of a page offer: places to look at, touchpoints, languages."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from sync.models import locations, touchpoints
from sync.office import crew_sight, order, places, surveys
from sync.office.places import Location

MOST = 150
"""Of a kind; of more groups, the upper ones."""


class Branch(NamedTuple):
    """A group, or a place where there are few; `depth` from 0."""

    id: int
    name: str
    depth: int


class Choices(NamedTuple):
    """`touchpoints` by name, as many places have one of the same; `languages` are codes."""

    places: tuple[Branch, ...]
    touchpoints: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def choices(tx: Connection, paths: Sequence[str], *, narrow: bool) -> Choices:
    """At and below these paths; `narrow`: for somebody who may look at a part of the answers."""
    branches = _branches(tx, paths)
    if not narrow:
        return Choices(branches)
    table = touchpoints.c
    query = select(table.name).join(locations, locations.c.id == table.location_id).where(crew_sight.answered(paths))
    names = tx.execute(query.distinct().order_by(table.name).limit(MOST)).scalars()
    return Choices(branches, tuple(names), tuple(sorted(surveys.languages(tx))))


def _branches(tx: Connection, paths: Sequence[str]) -> tuple[Branch, ...]:
    """Everything where that is not too much, else groups, else the upper ones; each below what it is in."""
    size = tx.execute(select(func.count()).select_from(locations).where(crew_sight.answered(paths))).scalar_one()
    query = select(locations.c.id, locations.c.name, locations.c.path).where(crew_sight.answered(paths))
    rows = tx.execute(query if size <= MOST else query.where(locations.c.kind == "group")).all()
    depths = sorted(row.path.count("/") for row in rows)
    deepest = depths[MOST] - 1 if len(depths) > MOST else max(depths, default=0)
    nodes = {row.id: _node(row.id, row.name, row.path) for row in rows if row.path.count("/") <= deepest}
    top = min((node.path.count("/") for node in nodes.values()), default=0)
    return tuple(
        Branch(number, nodes[number].name, nodes[number].path.count("/") - top) for number in order.in_order(nodes)
    )


def _node(number: int, name: str, path: str) -> Location:
    return Location(number, None, path, "group", name, places.DEFAULT_ZONE, None)
