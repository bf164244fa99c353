"""The list of surveys: what each asks first, in which version, and where. Long lists are paged by the database."""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Select, false, func, literal, or_, select, union

from sync import survey
from sync.models import drafts, locations, schedules, settings, surveys, touchpoints
from sync.office import listing, places
from sync.office.listing import Page
from sync.office.rights import EVERYWHERE, Rights
from sync.office.surveys import newest
from sync.survey import Survey

MOST_CHOSEN = 30
"""Places that the page of a survey names."""
MOST_OWNERS = 200
"""That are offered: a longer list is none to choose from."""


@dataclass(frozen=True)
class Line:
    """A survey in the list. `definition`: what is published, before the first version the draft. `version`: the newest
    published, 0 before the first. `is_draft`: there is something that isn't published. `place`: whose it is, empty
    where it is everybody's. `set_at`: at how many places and touchpoints it was chosen. `planned`: how many schedules
    name it."""

    definition: Survey
    version: int
    is_draft: bool
    place: str
    set_at: int
    planned: int

    @property
    def id(self) -> str:
        return self.definition.id

    @property
    def is_builtin(self) -> bool:
        return self.id == survey.BUILTIN.id


def page(tx: Connection, rights: Rights, number: int, search: str = "") -> Page[Line]:
    """Those that are asked, or may be asked, in what this person sees; by id."""
    found = listing.page(tx, _visible(rights, search), number, lambda row: row, search=search)
    names = [row.id for row in found.items]
    known, places_of, plans = newest(tx, names), _set_at(tx, rights, names), _planned(tx, rights, names)
    lines = []
    for row in found.items:
        published = known.get(row.id)
        written = survey.read(row.definition.encode()) if row.definition else published
        if written is None:
            continue
        same = published and msgspec.structs.replace(written, version=published.version) == published
        version = published.version if published else 0
        about = (row.name or "", places_of.get(row.id, 0), plans.get(row.id, 0))
        lines.append(Line(published or written, version, not same, *about))
    return Page(tuple(lines), found.number, found.pages, found.total, search)


def _visible(rights: Rights, search: str) -> Select[tuple[str, str | None, str | None]]:
    published = select(surveys.c.id, func.max(surveys.c.version).label("version")).group_by(surveys.c.id).subquery()
    every = union(
        select(literal(survey.BUILTIN.id).label("id")), select(surveys.c.id), select(drafts.c.survey)
    ).subquery()
    roots = rights.roots("see")
    above = {int(part) for root in roots for part in root.split("/") if part}
    theirs = or_(false() if EVERYWHERE not in roots else ~false(), locations.c.id.in_(above), places.below(roots))
    query = (
        select(every.c.id, drafts.c.definition, locations.c.name)
        .select_from(every)
        .outerjoin(drafts, drafts.c.survey == every.c.id)
        .outerjoin(locations, locations.c.id == drafts.c.location_id)
        .outerjoin(published, published.c.id == every.c.id)
        .outerjoin(surveys, (surveys.c.id == every.c.id) & (surveys.c.version == published.c.version))
        .where(drafts.c.location_id.is_(None) | theirs)
        .order_by(every.c.id)
    )
    if search:
        query = query.where(listing.holds(search, every.c.id, drafts.c.definition, surveys.c.definition))
    return query


def owners(tx: Connection, rights: Rights) -> list[tuple[int, str]]:
    """The places whose surveys this person may write, by number and name: the topmost ones, and the groups below."""
    roots = rights.roots("surveys")
    query = (
        select(locations.c.id, locations.c.name)
        .where(locations.c.path.in_(roots) | (places.below(roots) & (locations.c.kind == "group")))
        .order_by(locations.c.name, locations.c.id)
        .limit(MOST_OWNERS)
    )
    return [(row.id, row.name) for row in tx.execute(query)]


def _set_at(tx: Connection, rights: Rights, names: list[str]) -> dict[str, int]:
    """Among what they see."""
    values = [msgspec.json.encode(name).decode() for name in names]
    query = (
        select(settings.c.value, func.count())
        .join(locations, locations.c.id == settings.c.location_id)
        .where(settings.c.key == "survey", settings.c.value.in_(values), places.below(rights.roots("see")))
        .group_by(settings.c.value)
    )
    return {msgspec.json.decode(value): n for value, n in tx.execute(query)}


class Chosen(NamedTuple):
    """A place, and one of its touchpoints if it is for that alone (else empty), that a survey was chosen for."""

    location: int
    place: str
    touchpoint: str


def chosen(tx: Connection, rights: Rights, name: str) -> list[Chosen]:
    """Where a survey was chosen among what they see: the first ones, and one more than a page names if there are
    more."""
    query = (
        select(locations.c.id, locations.c.name, touchpoints.c.name.label("touchpoint"))
        .join(settings, settings.c.location_id == locations.c.id)
        .outerjoin(touchpoints, touchpoints.c.id == settings.c.touchpoint_id)
        .where(settings.c.key == "survey", settings.c.value == msgspec.json.encode(name).decode())
        .where(places.below(rights.roots("see")))
        .order_by(locations.c.name, locations.c.id)
        .limit(MOST_CHOSEN + 1)
    )
    return [Chosen(row.id, row.name, row.touchpoint or "") for row in tx.execute(query)]


def _planned(tx: Connection, rights: Rights, names: list[str]) -> dict[str, int]:
    """Those that concern what they see."""
    roots = rights.roots("see")
    above = {int(part) for root in roots for part in root.split("/") if part}
    query = (
        select(schedules.c.survey, func.count().label("n"))
        .outerjoin(locations, locations.c.id == schedules.c.location_id)
        .where(schedules.c.survey.in_(names))
        .where(schedules.c.location_id.is_(None) | schedules.c.location_id.in_(above) | places.below(roots))
        .group_by(schedules.c.survey)
    )
    return {row.survey: row.n for row in tx.execute(query)}


def askable(tx: Connection, path: str) -> frozenset[str]:
    """The ids of published surveys that may be asked at the location with this path: everybody's, and those of the
    locations on the way to it."""
    above = [int(part) for part in path.split("/") if part]
    query = (
        select(surveys.c.id)
        .outerjoin(drafts, drafts.c.survey == surveys.c.id)
        .where(drafts.c.location_id.is_(None) | drafts.c.location_id.in_(above))
    )
    return frozenset(tx.execute(query).scalars()) | {survey.BUILTIN.id}
