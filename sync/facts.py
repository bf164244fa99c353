"""The facts about this centre: one short text each, by name."""

from sqlalchemy import Connection, select

from sync.models import centre
from sync.rows import put

EPOCH = "epoch"
"""Random; changed by a restore, so that terminals notice that the centre's memory was replaced."""
SECRET = "secret"  # noqa: S105 (the name of a fact)
"""The fingerprint of the newest secret from which the terminals' keys are made."""
BACKED_UP = "backed_up_ms"
"""When the newest finished backup began."""


def get(tx: Connection, name: str) -> str | None:
    return tx.execute(select(centre.c.value).where(centre.c.name == name)).scalar()


def keep(tx: Connection, name: str, value: str) -> str:
    """Write it down, over what was there; returns it."""
    put(tx, centre, [(name, value)])
    return value
