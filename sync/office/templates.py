"""What touchpoints of many places have in common: a name, used at the place whose it is and below."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, insert, literal, or_, select
from sqlalchemy import delete as sql_delete

from sync import models
from sync.office import audit, edits, forms, hanging, listing, places
from sync.office.audit import Actor, Subject
from sync.office.forms import Wrong
from sync.office.listing import Page
from sync.office.rights import EVERYWHERE, Permission, Rights
from sync.office.tongue import _

templates, points, locations = models.touchpoint_templates, models.touchpoints, models.locations


@dataclass(frozen=True)
class Template:
    """`location` None and `path` "/": everybody's. `used`: how many touchpoints were made from it."""

    id: int
    name: str
    location: int | None
    owner: str | None
    path: str
    retired_ms: int | None
    version: int
    used: int

    @property
    def subject(self) -> Subject:
        return Subject("template", str(self.id), self.name, self.path)


class Spread(NamedTuple):
    """What comes of a template at the stores below a place: how many get a touchpoint, and how many have one already,
    made from it or of its name."""

    new: int
    there: int


def page(tx: Connection, rights: Rights, search: str, number: int) -> Page[Template]:
    """Those that are used where this person sees something: their own, and those of above."""
    query = _those().where(_seen(rights, "see"))
    if search:
        query = query.where(listing.holds(search, templates.c.name))
    query = query.order_by(templates.c.retired_ms.is_not(None), templates.c.name, templates.c.id)
    return listing.page(tx, query, number, _read, search=search)


def usable(tx: Connection, path: str) -> list[Template]:
    """Those from which something can be made at this place, by name."""
    query = _those().where(_above(path), templates.c.retired_ms.is_(None))
    return [_read(row) for row in tx.execute(query.order_by(templates.c.name, templates.c.id))]


def find(tx: Connection, template: int) -> Template | None:
    row = tx.execute(_those().where(templates.c.id == template)).first()
    return _read(row) if row else None


def get(tx: Connection, template: int) -> Template:
    """Raises edits.Changed when it is gone."""
    found = find(tx, template)
    if found is None:
        raise edits.Changed
    return found


def _those() -> Select[Any]:
    used = select(func.count()).where(points.c.template_id == templates.c.id)
    return select(
        templates, locations.c.name.label("owner"), locations.c.path, used.scalar_subquery().label("used")
    ).outerjoin(locations, locations.c.id == templates.c.location_id)


def _read(row: Row[Any]) -> Template:
    whose = (row.location_id, row.owner, row.path or EVERYWHERE)
    return Template(row.id, row.name, *whose, row.retired_ms, row.version, row.used)


def _above(path: str) -> Any:
    """Those of a place on the way to this path, and everybody's."""
    chain = [int(part) for part in path.split("/") if part]
    return or_(templates.c.location_id.is_(None), templates.c.location_id.in_(chain))


def _seen(rights: Rights, permission: Permission) -> Any:
    roots = rights.roots(permission)
    return or_(places.below(list(roots)), *(_above(root) for root in roots))


def add(tx: Connection, by: Actor, name: str, location: int | None, now_ms: int) -> int:
    """A new one of a place (None: everybody's); its number. Raises Wrong (name)."""
    forms.refuse({"name": _name_problem(tx, name, location, None)})
    values = {"name": name.strip(), "location_id": location}
    number: int = tx.execute(insert(templates).values(values).returning(templates.c.id)).scalar_one()
    audit.note(tx, by, "template added", get(tx, number).subject, now_ms, after={"name": name.strip()})
    return number


def rename(tx: Connection, by: Actor, template: int, version: int, name: str, now_ms: int) -> Template:
    """As it was before. Raises Wrong (name), and edits.Changed."""
    before = get(tx, template)
    if before.version != version:
        raise edits.Changed
    forms.refuse({"name": _name_problem(tx, name, before.location, template)})
    edits.save(tx, templates, template, version, name=name.strip())
    subject, told = get(tx, template).subject, ({"name": before.name}, {"name": name.strip()})
    audit.note(tx, by, "template renamed", subject, now_ms, before=told[0], after=told[1])
    return before


def retire(tx: Connection, by: Actor, template: int, version: int, retired: bool, now_ms: int) -> None:
    """Nothing new is made from it from now on, or again; what there is stays. Raises edits.Changed."""
    edits.save(tx, templates, template, version, retired_ms=now_ms if retired else None)
    verb = "template retired" if retired else "template taken up again"
    audit.note(tx, by, verb, get(tx, template).subject, now_ms)


def remove(tx: Connection, by: Actor, template: int, version: int, now_ms: int) -> None:
    """One that was made by mistake. Raises Wrong with what hangs on it, and edits.Changed."""
    mine = select(templates.c.version).where(templates.c.id == template)
    if tx.execute(mine.with_for_update()).scalar() != version:
        raise edits.Changed
    gone = get(tx, template)
    found = hanging.on_template(tx, template)
    if found:
        raise Wrong({"": _("This cannot be deleted: {what}. Retire it instead.").format(what=hanging.listed(found))})
    tx.execute(sql_delete(templates).where(templates.c.id == template))
    audit.note(tx, by, "template deleted", gone.subject, now_ms)


def _name_problem(tx: Connection, name: str, location: int | None, but: int | None) -> str | None:
    problem = forms.name_problem(name)
    if problem:
        return problem
    same = templates.c.location_id == location if location is not None else templates.c.location_id.is_(None)
    if any(
        row.name.casefold() == name.strip().casefold() and row.id != but
        for row in tx.execute(select(templates).where(same))
    ):
        return _("There is a template of this name already.")
    return None


def places_with(tx: Connection, rights: Rights, template: int, number: int) -> Page[Any]:
    """Which places have a touchpoint from it: (place number, place, touchpoint number, touchpoint, last day), as far as
    this person sees them."""
    query = (
        select(
            locations.c.id,
            locations.c.name,
            points.c.id.label("touchpoint"),
            points.c.name.label("called"),
            points.c.retired_day,
        )
        .join(locations, locations.c.id == points.c.location_id)
        .where(points.c.template_id == template, places.below(list(rights.roots())))
        .order_by(locations.c.name, points.c.name, points.c.id)
    )
    return listing.page(tx, query, number, tuple)


def would_spread(tx: Connection, template: Template, path: str, today: int) -> Spread:
    """What `spread` would do at and below this path; `today`: a day since 1970-01-01."""
    stores = select(func.count()).where(*_stores(path, today))
    new = stores.where(~_has(template))
    every, wanting = tx.execute(stores).scalar_one(), tx.execute(new).scalar_one()
    return Spread(wanting, every - wanting)


def spread(
    tx: Connection, by: Actor, template: Template, top: Subject, opened: int | None, today: int, now_ms: int
) -> int:
    """A touchpoint from this template at each open store at and below a place that has none yet; how many. Raises Wrong
    when the template is retired, or belongs elsewhere."""
    if template.retired_ms is not None or not top.path.startswith(template.path):
        raise Wrong({"": _("{template} cannot be used here.").format(template=template.name)})
    stores = select(
        locations.c.id, literal(template.name), literal(template.id), literal(opened, points.c.opened_day.type)
    )
    wanting = stores.where(*_stores(top.path, today), ~_has(template))
    names = ["location_id", "name", "template_id", "opened_day"]
    n = tx.execute(insert(points).from_select(names, wanting)).rowcount
    after = {"template": template.name, "places": n}
    audit.note(tx, by, "touchpoints added below", top, now_ms, after=after)
    return n


def _stores(path: str, today: int) -> tuple[Any, ...]:
    is_open = or_(locations.c.closed_day.is_(None), locations.c.closed_day >= today)
    return places.below([path]), locations.c.kind == "store", is_open


def _has(template: Template) -> Any:
    mine = points.c.location_id == locations.c.id
    alike = or_(points.c.template_id == template.id, func.lower(points.c.name) == func.lower(template.name))
    return select(points.c.id).where(mine, alike).exists()
