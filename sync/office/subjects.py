"""What an address or a form may name by its id, and where in the tree that belongs: the guard asks before any route."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Select, exists, select

from sync import survey
from sync.models import (
    api_keys,
    contacts,
    crew_agreements,
    crew_links,
    crew_phones,
    devices,
    drafts,
    driven,
    improvements,
    jobs,
    locations,
    placements,
    responses,
    schedules,
    screens,
    subscriptions,
    surveys,
    themes,
    touchpoint_templates,
    users,
    walls,
)
from sync.models import grants as granted
from sync.models import touchpoints as points
from sync.office.rights import EVERYWHERE, Permission, Rights


@dataclass(frozen=True)
class Standing:
    """The paths of the locations that something belongs to. What is `shared` belongs to one of them and is used below:
    whoever is below sees it, too. `of_crew`: it is a crew, or what a customer of one said."""

    paths: tuple[str, ...]
    shared: bool = False
    of_crew: bool = False

    def is_seen_by(self, rights: Rights, permission: Permission) -> bool:
        """Whether any of it lies in what they may see with this permission."""
        if any(rights.may(permission, path) for path in self.paths):
            return True
        roots = rights.roots(permission)
        return self.shared and any(root.startswith(path) for path in self.paths for root in roots)

    def is_theirs(self, rights: Rights, permission: Permission) -> bool:
        """Whether all of it is."""
        return rights.may_all(permission, self.paths)

    def is_open_to(self, rights: Rights, permission: Permission) -> bool:
        """Whether they may be shown what was answered there, apart from what others were."""
        return not self.of_crew or all(rights.sees_crew(path, permission) for path in self.paths)


Find = Callable[[Connection, str], Standing | None]
"""Where the thing with this id belongs; None when there is none."""


def _paths(tx: Connection, query: Select[tuple[str]]) -> Standing | None:
    found = tuple(str(path) for path in tx.execute(query).scalars())
    return Standing(found) if found else None


def _number(text: str) -> int | None:
    fits = text.isascii() and text.isdecimal() and len(text) <= 9
    return int(text) if fits else None


def _place(tx: Connection, text: str) -> Standing | None:
    return _answered(tx, select(locations.c.path, locations.c.kind).where(locations.c.id == _number(text)))


def _answered(tx: Connection, query: Select[tuple[str, str]]) -> Standing | None:
    """One place, by its path and its kind."""
    row = tx.execute(query).first()
    return Standing((str(row.path),), of_crew=row.kind == "crew") if row else None


def _touchpoint(tx: Connection, text: str) -> Standing | None:
    query = select(locations.c.path).join(points, points.c.location_id == locations.c.id)
    return _paths(tx, query.where(points.c.id == _number(text)))


def _template(tx: Connection, text: str) -> Standing | None:
    query = (
        select(locations.c.path)
        .select_from(touchpoint_templates)
        .outerjoin(locations, locations.c.id == touchpoint_templates.c.location_id)
        .where(touchpoint_templates.c.id == _number(text))
    )
    return _owned(tx, query)


def _owned(tx: Connection, query: Select[tuple[str]]) -> Standing | None:
    """What belongs to a location, or (NULL) to everybody."""
    row = tx.execute(query).first()
    return Standing((str(row[0] or EVERYWHERE),), shared=True) if row else None


def _theme(tx: Connection, text: str) -> Standing | None:
    query = (
        select(locations.c.path)
        .select_from(themes)
        .outerjoin(locations, locations.c.id == themes.c.location_id)
        .where(themes.c.id == _number(text))
    )
    return _owned(tx, query)


def _screen(tx: Connection, text: str) -> Standing | None:
    """Where it stands; where it stood last, if it doesn't any more."""
    query = (
        select(locations.c.path, placements.c.to_ms)
        .join(points, points.c.location_id == locations.c.id)
        .join(placements, placements.c.touchpoint_id == points.c.id)
        .where(placements.c.screen_id == text)
        .order_by(placements.c.to_ms.is_(None).desc(), placements.c.to_ms.desc())
        .limit(1)
    )
    return _paths(tx, query.with_only_columns(locations.c.path))


def _device(tx: Connection, text: str) -> Standing | None:
    """Where its screens stand; where those stand that it drove last, if it drives none, or stood last, if they stand
    nowhere any more. One that never drove any is the whole organisation's."""
    if tx.execute(select(devices.c.id).where(devices.c.id == text)).first() is None:
        return None
    standing = (
        select(locations.c.path)
        .join(points, points.c.location_id == locations.c.id)
        .join(placements, placements.c.touchpoint_id == points.c.id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .order_by(locations.c.path)
        .distinct()
    )
    later = placements.alias("later")
    ended = exists().where(later.c.screen_id == placements.c.screen_id, later.c.from_ms > placements.c.from_ms)
    was = standing.where(~ended).join(driven, driven.c.screen_id == screens.c.id).where(driven.c.device_id == text)
    standing = standing.where(placements.c.to_ms.is_(None))
    drove = standing.join(driven, driven.c.screen_id == screens.c.id).where(driven.c.device_id == text)
    now = _paths(tx, standing.where(screens.c.device_id == text))
    return now or _paths(tx, drove) or _paths(tx, was) or Standing((EVERYWHERE,))


def _survey(tx: Connection, text: str) -> Standing | None:
    """One that nobody drafted here was published by the server's own commands: it is everybody's."""
    query = (
        select(locations.c.path)
        .select_from(drafts)
        .outerjoin(locations, locations.c.id == drafts.c.location_id)
        .where(drafts.c.survey == text)
    )
    owned = _owned(tx, query)
    if owned is not None:
        return owned
    known = text == survey.BUILTIN.id or tx.execute(select(surveys.c.id).where(surveys.c.id == text)).first()
    return Standing((EVERYWHERE,), shared=True) if known else None


def _schedule(tx: Connection, text: str) -> Standing | None:
    query = (
        select(locations.c.path)
        .select_from(schedules)
        .outerjoin(locations, locations.c.id == schedules.c.location_id)
        .where(schedules.c.id == _number(text))
    )
    return _owned(tx, query)


def _person(tx: Connection, text: str) -> Standing | None:
    """Where they were granted something; who was granted nothing is the whole organisation's."""
    number = _number(text)
    if tx.execute(select(users.c.id).where(users.c.id == number)).first() is None:
        return None
    query = select(locations.c.path).select_from(granted).outerjoin(locations, locations.c.id == granted.c.location_id)
    paths = [str(row.path or EVERYWHERE) for row in tx.execute(query.where(granted.c.user_id == number))]
    return Standing(tuple(paths) or (EVERYWHERE,))


def _key(tx: Connection, text: str) -> Standing | None:
    query = (
        select(locations.c.path)
        .select_from(api_keys)
        .outerjoin(locations, locations.c.id == api_keys.c.location_id)
        .where(api_keys.c.id == _number(text))
    )
    row = tx.execute(query).first()
    return Standing((str(row[0] or EVERYWHERE),)) if row else None


def _answer(tx: Connection, text: str) -> Standing | None:
    """A single answer belongs where it counts."""
    query = select(locations.c.path, locations.c.kind).join(responses, responses.c.location_id == locations.c.id)
    return _answered(tx, query.where(responses.c.id == text))


def _contact(tx: Connection, text: str) -> Standing | None:
    query = select(locations.c.path, locations.c.kind).join(contacts, contacts.c.location_id == locations.c.id)
    return _answered(tx, query.where(contacts.c.id == text))


def _wall(tx: Connection, text: str) -> Standing | None:
    query = select(locations.c.path).join(walls, walls.c.location_id == locations.c.id)
    return _paths(tx, query.where(walls.c.id == _number(text)))


def _job(tx: Connection, text: str) -> Standing | None:
    query = select(locations.c.path).join(jobs, jobs.c.location_id == locations.c.id)
    return _paths(tx, query.where(jobs.c.id == _number(text)))


def _agreement(tx: Connection, text: str) -> Standing | None:
    query = (
        select(locations.c.path)
        .select_from(crew_agreements)
        .outerjoin(locations, locations.c.id == crew_agreements.c.location_id)
        .where(crew_agreements.c.id == _number(text))
    )
    return _owned(tx, query)


def _improvement(tx: Connection, text: str) -> Standing | None:
    query = select(locations.c.path).join(improvements, improvements.c.location_id == locations.c.id)
    return _paths(tx, query.where(improvements.c.id == _number(text)))


def _phone(tx: Connection, text: str) -> Standing | None:
    query = (
        select(locations.c.path)
        .join(crew_links, crew_links.c.location_id == locations.c.id)
        .join(crew_phones, crew_phones.c.link_id == crew_links.c.id)
    )
    return _paths(tx, query.where(crew_phones.c.id == _number(text)))


def _subscription(tx: Connection, text: str) -> Standing | None:
    """One to all that somebody sees is the whole organisation's."""
    query = (
        select(locations.c.path)
        .select_from(subscriptions)
        .outerjoin(locations, locations.c.id == subscriptions.c.location_id)
        .where(subscriptions.c.id == _number(text))
    )
    row = tx.execute(query).first()
    return Standing((str(row[0] or EVERYWHERE),)) if row else None


KINDS: dict[str, Find] = {
    "place": _place,
    "touchpoint": _touchpoint,
    "template": _template,
    "screen": _screen,
    "device": _device,
    "survey": _survey,
    "schedule": _schedule,
    "person": _person,
    "key": _key,
    "wall": _wall,
    "answer": _answer,
    "contact": _contact,
    "improvement": _improvement,
    "theme": _theme,
    "job": _job,
    "phone": _phone,
    "subscription": _subscription,
    "agreement": _agreement,
}
NUMBERED = (
    "place", "touchpoint", "template", "schedule", "person", "key", "wall", "improvement", "theme", "job", "phone",
    "subscription", "agreement",
)  # fmt: skip
"""Kinds whose ids are numbers."""


def every(tx: Connection, named: Iterable[tuple[str, str]]) -> list[Standing | None]:
    """Where each of these (kind, id) belongs."""
    return [KINDS[kind](tx, text) if "\0" not in text else None for kind, text in named]
