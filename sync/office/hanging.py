"""What hangs on a place, a touchpoint or a template, so that it isn't deleted with something on it."""

from collections.abc import Callable

from sqlalchemy import Column, Connection, exists, select
from sqlalchemy.sql.elements import ColumnElement

from sync import models
from sync.office.tongue import _

Found = list[str]
"""What there is, as people say it."""


def on_place(tx: Connection, location: int) -> Found:
    """In the order in which people would look for it."""
    tables: list[tuple[Column[int], Callable[[], str]]] = [
        (models.locations.c.parent_id, lambda: _("places below it")),
        (models.touchpoints.c.location_id, lambda: _("touchpoints")),
        (models.grants.c.location_id, lambda: _("what people may do there")),
        (models.api_keys.c.location_id, lambda: _("keys of machines")),
        (models.touchpoint_templates.c.location_id, lambda: _("templates of touchpoints")),
        (models.schedules.c.location_id, lambda: _("planned surveys")),
        (models.drafts.c.location_id, lambda: _("surveys of its own")),
        (models.crew_agreements.c.location_id, lambda: _("agreements about crews")),
    ]
    found = [say() for column, say in tables if _any(tx, column == location)]
    return found + _answers(tx, location)


def on_touchpoint(tx: Connection, location: int, touchpoint: int) -> Found:
    stood = models.placements.c.touchpoint_id == touchpoint
    found = [_("screens that stand or stood there")] if _any(tx, stood) else []
    return found + _answers(tx, location, touchpoint)


def on_template(tx: Connection, template: int) -> Found:
    used = models.touchpoints.c.template_id == template
    planned = models.schedules.c.template_id == template
    found = [_("touchpoints made from it")] if _any(tx, used) else []
    return found + ([_("planned surveys")] if _any(tx, planned) else [])


def has_places(tx: Connection, location: int) -> bool:
    return _any(tx, models.locations.c.parent_id == location)


def has_touchpoints(tx: Connection, location: int) -> bool:
    return _any(tx, models.touchpoints.c.location_id == location)


def is_answered(tx: Connection, location: int) -> bool:
    """Whether customers ever answered there."""
    return bool(_answers(tx, location))


def listed(found: Found) -> str:
    """One sentence's part: "there are touchpoints, planned surveys"."""
    return _("there are {things}").format(things=", ".join(found))


def _answers(tx: Connection, location: int, touchpoint: int | None = None) -> Found:
    """They came through a screen that stood there; the counts are looked at as well, in case they are older."""
    found = False
    for table in (models.tallies_day, models.contacts):
        there = table.c.location_id == location
        found = found or _any(tx, there if touchpoint is None else there & (table.c.touchpoint_id == touchpoint))
    return [_("answers")] if found else []


def _any(tx: Connection, those: ColumnElement[bool]) -> bool:
    return bool(tx.execute(select(exists().where(those))).scalar())
