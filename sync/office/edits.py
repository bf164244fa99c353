"""Two people at one thing: every row that people change has a version, and a change says which one it started from."""

from typing import Any

from sqlalchemy import Connection, Table, delete, update

LARGEST = 2**31 - 1
"""Of a version: forms can say anything, and no column holds more."""


_MOST = 2**31 - 1


class Changed(Exception):
    """Somebody else changed it meanwhile; nothing was done."""


def save(tx: Connection, table: Table, key: Any, version: int, **values: Any) -> int:
    """Change the row with this key if it still is of this version; its new version. The key is the table's one primary
    column. Raises Changed, also when there is no such row any more."""
    if not 0 <= version <= LARGEST:
        raise Changed
    if not 0 < version < _MOST:  # no column holds it, so no row can have it
        raise Changed
    (column,) = table.primary_key.columns
    mine = update(table).where(column == key, table.c.version == version)
    if tx.execute(mine.values(**values, version=version + 1)).rowcount != 1:
        raise Changed
    return version + 1


def drop(tx: Connection, table: Table, key: Any, version: int) -> None:
    """Delete the row with this key if it still is of this version. Raises Changed."""
    if not 0 <= version <= LARGEST:
        raise Changed
    (column,) = table.primary_key.columns
    if tx.execute(delete(table).where(column == key, table.c.version == version)).rowcount != 1:
        raise Changed
