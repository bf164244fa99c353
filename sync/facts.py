"""The facts about this centre: one short text each, by name."""

from sqlalchemy import Connection, select

from sync.models import centre
from sync.rows import insert_of, put

EPOCH = "epoch"
"""Random; changed by a restore, so that terminals notice that the centre's memory was replaced."""
SECRET = "secret"  # noqa: S105 (the name of a fact)
"""The fingerprint of the newest secret from which the terminals' keys are made."""
ERASURES = "erasures"
"""The name of the file of erasures that belongs to this database."""
BACKED_UP = "backed_up_ms"
"""When the newest finished backup began."""


def get(tx: Connection, name: str) -> str | None:
    return tx.execute(select(centre.c.value).where(centre.c.name == name)).scalar()


def keep(tx: Connection, name: str, value: str) -> str:
    """Write it down, over what was there; returns it."""
    put(tx, centre, [(name, value)])
    return value


def claim(tx: Connection, name: str, value: str) -> str:
    """Write it down unless somebody did before; what holds."""
    tx.execute(insert_of(tx)(centre).values(name=name, value=value).on_conflict_do_nothing())
    return get(tx, name) or value
