"""Changing the tree of places: adding, changing, moving, removing. Each change is written into the audit log."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, literal, select, update
from sqlalchemy import delete as sql_delete

from sync import models
from sync.intake import sums
from sync.office import (
    audit,
    crew_links,
    crew_notes,
    edits,
    forms,
    hanging,
    hours,
    improvements,
    local_time,
    places,
    zones,
)
from sync.office.audit import Actor, Subject
from sync.office.forms import Wrong
from sync.office.places import KINDS, Hours
from sync.office.rights import EVERYWHERE, Rights
from sync.office.tongue import _

MAX_REF = 60
EARLIEST, LATEST = -62_091, 84_006
"""1800-01-01 and 2200-01-01: days between them are believed."""


@dataclass(frozen=True)
class Details:
    """What is told of a place. `zone` None: that of above. `hours` hold where `own_hours` says so (None: always open),
    else those of above do. `ref`: the organisation's own number. The days are local ones since 1970-01-01."""

    name: str
    kind: str = "store"
    ref: str | None = None
    zone: str | None = None
    own_hours: bool = False
    hours: Hours = None
    opened_day: int | None = None
    closed_day: int | None = None


@dataclass(frozen=True)
class Node:
    """A place as it is kept, with nothing inherited."""

    id: int
    parent_id: int | None
    path: str
    version: int
    details: Details


def find(tx: Connection, location: int) -> Node | None:
    row = tx.execute(select(models.locations).where(models.locations.c.id == location)).first()
    return as_node(row) if row else None


def get(tx: Connection, location: int) -> Node:
    """Raises edits.Changed when it is gone."""
    found = find(tx, location)
    if found is None:
        raise edits.Changed
    return found


def as_node(row: Row[Any]) -> Node:
    own = row.hours is not None
    kept = msgspec.json.decode(row.hours) if own else None
    week = None if kept is None else [[(start, end) for start, end in day] for day in kept]
    details = Details(row.name, row.kind, row.ref, row.zone, own, week, row.opened_day, row.closed_day)
    return Node(row.id, row.parent_id, row.path, row.version, details)


def add(
    tx: Connection, by: Actor, parent: int | None, details: Details, now_ms: int, *, seen: Rights | None = None,
    also: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """A new place below `parent` (None: at the top); its number. Raises Wrong, by the names of the fields of Details,
    "parent" among them. `seen`: whose words a refusal is for; it names only what they may see. `also`: what else is
    wrong."""
    places.hold_tree(tx)
    above = find(tx, parent) if parent is not None else None
    clean = _checked(tx, details, None, seen, {"parent": _parent_problem(parent, above), **(also or {})})
    number: int = tx.execute(
        insert(models.locations)
        .values(parent_id=parent, path=f"new {now_ms}", **kept(clean))
        .returning(models.locations.c.id)
    ).scalar_one()
    path = f"{above.path if above else EVERYWHERE}{number}/"
    tx.execute(update(models.locations).where(models.locations.c.id == number).values(path=path))
    audit.note(tx, by, "place added", Subject("place", str(number), clean.name, path), now_ms, after=told(clean))
    return number


def change(
    tx: Connection, by: Actor, location: int, version: int, details: Details, now_ms: int, *,
    seen: Rights | None = None, also: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """The new version; the same one when nothing differs. Raises Wrong, and edits.Changed. What was counted before a
    change of the time zone stays where it is."""
    places.hold_tree(tx)
    before = get(tx, location)
    if before.version != version:
        raise edits.Changed
    clean = _checked(tx, details, before, seen, {"kind": _kind_problem(tx, before, details.kind), **(also or {})})
    if clean == before.details:
        return version
    was = zones.resolved(tx, before.path) if clean.zone != before.details.zone else {}
    version = edits.save(tx, models.locations, location, version, **kept(clean))
    if was:
        zones.keep(tx, was, zones.resolved(tx, before.path), now_ms)
    if was or clean.kind != before.details.kind:
        sums.mark_tree(tx, before.path)
    subject = Subject("place", str(location), clean.name, before.path)
    audit.note(tx, by, "place changed", subject, now_ms, before=told(before.details), after=told(clean))
    return version


def move(tx: Connection, by: Actor, location: int, parent: int | None, version: int, now_ms: int) -> int:
    """A place, with everything below it, to another group (None: to the top); its new version. What was counted there
    goes with it. Raises Wrong under "parent", and edits.Changed."""
    places.hold_tree(tx)
    node, above = get(tx, location), find(tx, parent) if parent is not None else None
    if node.version != version:
        raise edits.Changed
    forms.refuse({"parent": _parent_problem(parent, above) or _cycle_problem(node, above)})
    if node.parent_id == parent:
        return version
    was = zones.resolved(tx, node.path)
    version = edits.save(tx, models.locations, location, version, parent_id=parent)
    path = f"{above.path if above else EVERYWHERE}{location}/"
    _rewrite(tx, node.path, path)
    zones.keep(tx, was, zones.resolved(tx, path), now_ms)
    sums.mark_tree(tx, path)
    sums.mark(tx, [(node.parent_id or sums.TOP, None)])
    subject = Subject("place", str(location), node.details.name, path)
    told = ({"above": _called(tx, each), "path": at} for each, at in ((node.parent_id, node.path), (parent, path)))
    audit.note(tx, by, "place moved", subject, now_ms, before=next(told), after=next(told))
    return version


def _rewrite(tx: Connection, old: str, new: str) -> None:
    """The paths of a whole subtree at once."""
    table = models.locations
    moved = update(table).where(places.below([old]))
    tx.execute(moved.values(path=literal(new) + func.substr(table.c.path, len(old) + 1)))


def _called(tx: Connection, location: int | None) -> str | None:
    return tx.execute(select(models.locations.c.name).where(models.locations.c.id == location)).scalar()


def remove(tx: Connection, by: Actor, location: int, version: int, now_ms: int) -> None:
    """One that was made by mistake. Raises Wrong with what hangs on it, and edits.Changed."""
    places.hold_tree(tx)
    table = models.locations
    mine = select(table.c.version).where(table.c.id == location)
    if tx.execute(mine.with_for_update()).scalar() != version:
        raise edits.Changed
    node = get(tx, location)
    found = hanging.on_place(tx, location)
    if found:
        raise Wrong({"": _("This cannot be deleted: {what}. Close it instead.").format(what=hanging.listed(found))})
    shown = (models.told, models.told_answers, models.told_days)
    for owned in (models.settings, models.former_zones, models.releases, *shown):
        tx.execute(sql_delete(owned).where(owned.c.location_id == location))
    improvements.forget(tx, location)
    crew_links.forget(tx, location)
    crew_notes.forget(tx, location)
    tx.execute(sql_delete(table).where(table.c.id == location))
    sums.mark(tx, [(node.parent_id or sums.TOP, None)])
    subject = Subject("place", str(location), node.details.name, node.path)
    audit.note(tx, by, "place deleted", subject, now_ms, before=told(node.details))


def kept(clean: Details) -> dict[str, Any]:
    """Its columns."""
    own = msgspec.json.encode(clean.hours).decode() if clean.own_hours else None
    names = ("name", "kind", "ref", "zone", "opened_day", "closed_day")
    return {**{name: getattr(clean, name) for name in names}, "hours": own}


def told(details: Details) -> dict[str, Any]:
    """As the audit log keeps it, for people to read."""
    told = {name: value for name, value in asdict(details).items() if value is not None and name != "own_hours"}
    for name in ("opened_day", "closed_day"):
        if name in told:
            told[name] = local_time.date_of(told[name]).isoformat()
    if details.own_hours:
        told["hours"] = hours.text(details.hours)
    return told


def _checked(
    tx: Connection, details: Details, before: Node | None, seen: Rights | None, problems: dict[str, str | None]
) -> Details:
    """As it is kept. Raises Wrong with everything that can't be."""
    ref, zone = (details.ref or "").strip() or None, (details.zone or "").strip() or None
    own = asdict(details) | {"name": details.name.strip(), "ref": ref, "zone": zone}
    clean = Details(**own | ({} if details.own_hours else {"hours": None}))
    own_ones = own_problems(clean)
    found = {**own_ones, **{name: problem or own_ones.get(name) for name, problem in problems.items()}}
    if ref and not found.get("ref"):
        found["ref"] = _taken_problem(tx, ref, before.id if before else None, seen)
    forms.refuse(found)
    return clean


def own_problems(clean: Details) -> dict[str, str | None]:
    """What can't be for reasons of its own, wherever in the tree it stands, by the names of the fields."""
    return {
        "kind": None if clean.kind in KINDS else _kinds(),
        "name": forms.name_problem(clean.name),
        "ref": clean.ref and forms.name_problem(clean.ref, MAX_REF),
        "zone": clean.zone and zones.problem(clean.zone),
        "opened_day": day_problem(clean.opened_day),
        "closed_day": day_problem(clean.closed_day) or order_problem(clean.opened_day, clean.closed_day),
    }


def _kinds() -> str:
    return _("A place is a group, a store or a crew: {kinds}.").format(kinds=", ".join(KINDS))


def _taken_problem(tx: Connection, ref: str, but: int | None, seen: Rights | None) -> str | None:
    table = models.locations
    taken = tx.execute(select(table.c.name, table.c.path).where(table.c.ref == ref, table.c.id != (but or 0))).first()
    if taken is None:
        return None
    if seen is not None and seen.may("see", taken.path):
        return _("{place} has this number already.").format(place=taken.name)
    return taken_elsewhere()


def taken_elsewhere() -> str:
    """Of a number that a place has which somebody doesn't see: no word about which."""
    return _("Another place of the organisation has this number already.")


def day_problem(day: int | None) -> str | None:
    if day is None or EARLIEST <= day < LATEST:
        return None
    return _("Give a day between 1800 and 2199.")


def order_problem(opened: int | None, closed: int | None) -> str | None:
    if opened is None or closed is None or opened <= closed:
        return None
    return _("The last day cannot be before the first.")


def _parent_problem(parent: int | None, above: Node | None) -> str | None:
    if parent is not None and above is None:
        return _("There is no such group any more.")
    if above is not None and above.details.kind != "group":
        told = {"place": above.details.name}
        return _("{place} is no group: places are put into groups only.").format(**told)
    return None


def _cycle_problem(node: Node, above: Node | None) -> str | None:
    if above is not None and above.path.startswith(node.path):
        told = {"place": node.details.name, "group": above.details.name}
        return _("{group} is {place} itself, or lies below it: a place cannot be put into itself.").format(**told)
    return None


def _kind_problem(tx: Connection, before: Node, kind: str) -> str | None:
    if kind == before.details.kind:
        return None
    if kind not in KINDS:
        return _kinds()
    if before.details.kind == "group" and hanging.has_places(tx, before.id):
        return _("There are places in it, so it stays a group.")
    if kind == "group" and hanging.has_touchpoints(tx, before.id):
        return _("It has touchpoints, so it cannot become a group.")
    if before.details.kind == "crew" and hanging.is_answered(tx, before.id):
        return _("Customers answered about this crew, and that stays the crew’s: close it, and add another place.")
    return None
