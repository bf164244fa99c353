"""Which crews somebody sees: a crew's results are for the crew and whoever manages it (sync.office.rights). Everybody
else reads as if there were no crews, and beside it what several crews were answered together (sync.office.crew_sums).

It is decided here, for everything that reads answers by paths: those are `rights.Reach`, and say whose crews they open.
A path that is a plain text opens none."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from sync.models import locations
from sync.office import places
from sync.office.places import Location
from sync.office.rights import EVERYWHERE, Reach

CREW = "crew"


def opened(paths: Sequence[str]) -> tuple[str, ...]:
    """At and below these the crews are seen one by one."""
    return tuple(sorted({crew for path in paths if isinstance(path, Reach) for crew in path.crews}))


def answered(paths: Sequence[str]) -> ColumnElement[bool]:
    """Rows of locations at and below these paths of which is shown what was answered there: without the crews that
    they don't open."""
    every, crews = places.below(paths), opened(paths)
    if all(path.startswith(crews) for path in paths) if crews else not paths:
        return every
    shown = locations.c.kind != CREW
    return and_(every, or_(shown, places.below(crews)) if crews else shown)


def shows(paths: Sequence[str], kind: str, path: str) -> bool:
    """Whether `answered` holds of a place at or below these paths."""
    return kind != CREW or path.startswith(opened(paths))


def visible(tx: Connection, paths: Sequence[str], every: Sequence[Location] | None = None) -> list[Location]:
    """As places.visible (`every`, where that was read), without the crews that these paths don't open."""
    found = places.visible(tx, paths) if every is None else every
    return [each for each in found if shows(paths, each.kind, each.path)]


def told(paths: Sequence[str], every: Sequence[Location]) -> list[Location]:
    """Of `every` place at and below these paths those that a list of them names: neither the crews that they don't open
    nor groups of such crews alone, which are not empty: what they were answered stands apart."""
    closed = [each.path for each in every if not shows(paths, each.kind, each.path)]
    shown = [each.path for each in every if each.kind != "group" and each.path not in closed]

    def is_told(node: Location) -> bool:
        if node.kind != "group":
            return node.path not in closed
        return any(path.startswith(node.path) for path in shown) or not any(
            path.startswith(node.path) for path in closed
        )

    return [each for each in every if is_told(each)]


def hidden(tx: Connection, paths: Sequence[str]) -> int:
    """How many crews at and below these paths are not shown one by one."""
    crews = opened(paths)
    closed = [places.below(paths), locations.c.kind == CREW]
    if crews:
        closed.append(~places.below(crews))
    return len(tx.execute(select(locations.c.id).where(*closed)).all()) if EVERYWHERE not in crews else 0


def branches(tx: Connection, numbers: Sequence[int], crews: Sequence[str]) -> list[int]:
    """Those of these locations all of whose crews are opened by the paths `crews`."""
    if EVERYWHERE in crews:
        return list(numbers)
    if not crews or not numbers:
        return []
    query = select(locations.c.id).where(locations.c.id.in_(list(numbers)), places.below(crews))
    return list(tx.execute(query).scalars())
