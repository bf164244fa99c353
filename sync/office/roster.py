"""Everybody who has an account, for the server's own commands."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, true

from sync.models import grants, locations, users


@dataclass(frozen=True)
class Enlisted:
    """Somebody with an account. `roles`: each with the name of the place where it holds, None for everywhere."""

    id: int
    email: str
    name: str
    version: int
    roles: tuple[tuple[str, str | None], ...]
    has_password: bool
    has_second: bool
    is_disabled: bool


def every(tx: Connection) -> list[Enlisted]:
    """By email address."""
    return _read(tx, true())


def find(tx: Connection, email: str) -> Enlisted | None:
    """Who signs in with this address."""
    return next(iter(_read(tx, users.c.email == email.strip().lower().replace("\0", ""))), None)


def _read(tx: Connection, those: ColumnElement[bool]) -> list[Enlisted]:
    given = select(grants.c.user_id, grants.c.role, locations.c.name).outerjoin(
        locations, locations.c.id == grants.c.location_id
    )
    roles: dict[int, list[tuple[str, str | None]]] = {}
    wanted = select(users.c.id).where(those)
    for row in tx.execute(given.where(grants.c.user_id.in_(wanted)).order_by(grants.c.id)):
        roles.setdefault(row.user_id, []).append((row.role, row.name))
    rows = tx.execute(select(users).where(those).order_by(users.c.email))
    return [_enlisted(row, tuple(roles.get(row.id, ()))) for row in rows]


def _enlisted(row: Any, roles: tuple[tuple[str, str | None], ...]) -> Enlisted:
    state = (row.password_hash is not None, row.totp_ms is not None, row.disabled_ms is not None)
    return Enlisted(row.id, row.email, row.name, row.version, roles, *state)
