"""What commands write into the audit log, so that a page's history is whole whoever changed it, and from where."""

from typing import Any

from sqlalchemy import Connection, select

from sync.models import locations
from sync.office import audit
from sync.office.audit import COMMAND, Subject
from sync.office.enrolling import Spot
from sync.office.rights import EVERYWHERE


def at_spot(tx: Connection, spot: Spot, action: str, now_ms: int, before: Any, after: Any) -> None:
    """Something was done at a place, or at one touchpoint of it."""
    path = str(tx.execute(select(locations.c.path).where(locations.c.id == spot.location)).scalar_one())
    kind, number = ("touchpoint", spot.touchpoint) if spot.touchpoint else ("place", spot.location)
    audit.note(tx, COMMAND, action, Subject(kind, str(number), spot.name, path), now_ms, before=before, after=after)


def of_centre(tx: Connection, action: str, name: str, now_ms: int, **after: Any) -> None:
    """Something was done to the whole: a backup, a recount."""
    audit.note(tx, COMMAND, action, Subject("centre", "", name, EVERYWHERE), now_ms, after=after)
