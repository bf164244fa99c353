"""Where in the journey is asked at a place: opened and retired with dates, never deleted while answers hang on it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update
from sqlalchemy import delete as sql_delete

from sync import models
from sync.office import audit, edits, forms, hanging, local_time, templates, tree
from sync.office.audit import Actor, Subject
from sync.office.forms import Wrong
from sync.office.templates import Template
from sync.office.tongue import _, ngettext

points = models.touchpoints


@dataclass(frozen=True)
class Touchpoint:
    """As it is kept; `template` is the name of what it was made from, `screens` those that stand there now. The days
    are local ones since 1970-01-01; the retired day is its last."""

    id: int
    location_id: int
    place: str
    path: str
    name: str
    template_id: int | None
    template: str | None
    opened_day: int | None
    retired_day: int | None
    version: int
    screens: int

    @property
    def subject(self) -> Subject:
        return Subject("touchpoint", str(self.id), f"{self.place}, {self.name}", self.path)


def at(tx: Connection, location: int) -> list[Touchpoint]:
    """Of a place: those in use first, by name."""
    query = _those().where(points.c.location_id == location)
    return [_read(row) for row in tx.execute(query.order_by(points.c.retired_day.is_not(None), points.c.name))]


def find(tx: Connection, touchpoint: int) -> Touchpoint | None:
    row = tx.execute(_those().where(points.c.id == touchpoint)).first()
    return _read(row) if row else None


def get(tx: Connection, touchpoint: int) -> Touchpoint:
    """Raises edits.Changed when it is gone."""
    found = find(tx, touchpoint)
    if found is None:
        raise edits.Changed
    return found


def _those() -> Select[Any]:
    places, made_from, stands = models.locations, models.touchpoint_templates, models.placements
    screens = select(func.count()).where(stands.c.touchpoint_id == points.c.id, stands.c.to_ms.is_(None))
    return (
        select(
            points, places.c.name.label("place"), places.c.path, made_from.c.name.label("template"),
            screens.scalar_subquery().label("screens"),
        )
        .join(places, places.c.id == points.c.location_id)
        .outerjoin(made_from, made_from.c.id == points.c.template_id)
    )  # fmt: skip


def _read(row: Row[Any]) -> Touchpoint:
    return Touchpoint(**{name: getattr(row, name) for name in Touchpoint.__dataclass_fields__})


def add(
    tx: Connection, by: Actor, location: int, name: str, made_from: Template | None, opened: int | None, now_ms: int
) -> int:
    """A new one at a store or a crew; its number. One that is made from a template takes its name unless it is given
    another. Raises Wrong (place, template, name, opened_day)."""
    _hold(tx, location)
    place = tree.get(tx, location)
    name = name.strip() or (made_from.name if made_from else "")
    forms.refuse(
        {
            "place": _("Touchpoints are at stores and crews, not at groups.")
            if place.details.kind == "group"
            else None,
            "template": _template_problem(made_from, place.path),
            "name": _name_problem(tx, location, name, None),
            "opened_day": tree.day_problem(opened),
        }
    )
    values = {"location_id": location, "name": name, "template_id": made_from.id if made_from else None}
    number: int = tx.execute(insert(points).values(**values, opened_day=opened).returning(points.c.id)).scalar_one()
    new = get(tx, number)
    audit.note(tx, by, "touchpoint added", new.subject, now_ms, after=_told(new))
    return number


def change(
    tx: Connection, by: Actor, touchpoint: int, version: int, name: str, opened: int | None, retired: int | None,
    today: int, now_ms: int,
) -> int:  # fmt: skip
    """Its new version. Once retired it takes no new screens; what was captured there before counts. `today`: a local
    day there. Raises Wrong (name, opened_day, retired_day), and edits.Changed."""
    before = get(tx, touchpoint)
    _hold(tx, before.location_id)
    if before.version != version:
        raise edits.Changed
    name = name.strip()
    forms.refuse(
        {
            "name": _name_problem(tx, before.location_id, name, touchpoint),
            "opened_day": tree.day_problem(opened),
            "retired_day": tree.day_problem(retired)
            or tree.order_problem(opened, retired)
            or _standing_problem(before, retired, today),
        }
    )
    if (name, opened, retired) == (before.name, before.opened_day, before.retired_day):
        return version
    new = edits.save(tx, points, touchpoint, version, name=name, opened_day=opened, retired_day=retired)
    after = get(tx, touchpoint)
    audit.note(tx, by, "touchpoint changed", after.subject, now_ms, before=_told(before), after=_told(after))
    return new


def remove(tx: Connection, by: Actor, touchpoint: int, version: int, now_ms: int) -> None:
    """One that was made by mistake. Raises Wrong with what hangs on it, and edits.Changed."""
    mine = select(points.c.version).where(points.c.id == touchpoint)
    if tx.execute(mine.with_for_update()).scalar() != version:
        raise edits.Changed
    gone = get(tx, touchpoint)
    found = hanging.on_touchpoint(tx, gone.location_id, touchpoint)
    if found:
        raise Wrong({"": _("This cannot be deleted: {what}. Retire it instead.").format(what=hanging.listed(found))})
    own = models.settings
    tx.execute(sql_delete(own).where(own.c.location_id == gone.location_id, own.c.touchpoint_id == touchpoint))
    tx.execute(sql_delete(points).where(points.c.id == touchpoint))
    audit.note(tx, by, "touchpoint deleted", gone.subject, now_ms, before=_told(gone))


def rename_template(tx: Connection, by: Actor, template: int, version: int, name: str, now_ms: int) -> int:
    """Touchpoints that still bear its old name take its new one, except where another has that already; how many.
    Raises Wrong (name), and edits.Changed."""
    old, new = templates.rename(tx, by, template, version, name, now_ms).name, name.strip()
    if old == new:
        return 0
    other = points.alias("other")
    taken = select(other.c.id).where(other.c.location_id == points.c.location_id, other.c.name == new).exists()
    mine = update(points).where(points.c.template_id == template, points.c.name == old, ~taken)
    return tx.execute(mine.values(name=new, version=points.c.version + 1)).rowcount


def _hold(tx: Connection, location: int) -> None:
    """Names are unique at a place: one at a time gives them."""
    tx.execute(select(models.locations.c.id).where(models.locations.c.id == location).with_for_update())


def _told(each: Touchpoint) -> dict[str, Any]:
    told: dict[str, Any] = {"name": each.name, "template": each.template}
    for name, day in (("opened_day", each.opened_day), ("retired_day", each.retired_day)):
        told[name] = local_time.date_of(day).isoformat() if day is not None else None
    return {name: value for name, value in told.items() if value is not None}


def _template_problem(made_from: Template | None, path: str) -> str | None:
    if made_from is None:
        return None
    if made_from.retired_ms is not None:
        return _("{template} is retired: nothing new is made from it.").format(template=made_from.name)
    if not path.startswith(made_from.path):
        return _("{template} belongs to another part of the organisation.").format(template=made_from.name)
    return None


def _name_problem(tx: Connection, location: int, name: str, but: int | None) -> str | None:
    problem = forms.name_problem(name)
    if problem:
        return problem
    mine = tx.execute(select(points.c.id, points.c.name).where(points.c.location_id == location))
    if any(row.name.casefold() == name.casefold() and row.id != but for row in mine):
        return _("There is a touchpoint of this name here already.")
    return None


def _standing_problem(before: Touchpoint, retired: int | None, today: int) -> str | None:
    if retired is None or retired == before.retired_day or retired > today or not before.screens:
        return None
    text = ngettext("{n} screen still stands here", "{n} screens still stand here", before.screens)
    told = {"screens": text.format(n=before.screens)}
    return _("{screens}: take it away first (see Terminals), or choose a later day.").format(**told)
