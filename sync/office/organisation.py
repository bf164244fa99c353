"""What the organisation is called whose head office this is."""

from sqlalchemy import Connection

from sync import facts

ORGANISATION = "organisation"
"""The fact of its name."""


def name(tx: Connection) -> str:
    """Empty until somebody said it."""
    return facts.get(tx, ORGANISATION) or ""


def call(tx: Connection, text: str) -> None:
    """From now on by this name; trimmed and checked already."""
    facts.keep(tx, ORGANISATION, text)
