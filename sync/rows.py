"""Many rows at once, the fast way of each database."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

Rows = Sequence[tuple[Any, ...]]
"""Values in the order of the table's columns."""
MANY = 2_000
"""Rows that travel to PostgreSQL as one piece of JSON."""


def fetch(tx: Connection, table: Table, ids: Iterable[str], *, lock: bool = False) -> list[tuple[Any, ...]]:
    """The rows whose column `id` is one of these, in the order of `id`; on PostgreSQL `lock` keeps them ours."""
    wanted = sorted(ids)
    if not wanted:
        return []
    postgres = tx.dialect.name == "postgresql"
    value: Any = wanted if postgres else msgspec.json.encode(wanted).decode()
    found = tx.exec_driver_sql(_select(table, postgres, lock and postgres), (value,))
    return [tuple(row) for row in found]


def append(tx: Connection, table: Table, rows: Rows, *, numbered: bool = False) -> None:
    """Insert rows that are not there yet; of a `numbered` table without the first column, as the database counts its
    rows. Raises sqlalchemy.exc.IntegrityError or psycopg.errors.UniqueViolation when one is; the transaction is then
    lost."""
    if not rows:
        return
    first = int(numbered)
    if tx.dialect.name == "postgresql":
        raw: Any = tx.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({_names(table, first)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        tx.exec_driver_sql(_insert(table, first), list(rows))


def put(tx: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, or replace those that have the same key."""
    if rows:
        _upsert(tx, table, rows, _replace(table))


def add_counts(tx: Connection, table: Table, rows: Rows) -> None:
    """Add the counts of rows to those of the same key; every column outside the key is a count."""
    if rows:
        _upsert(tx, table, rows, _add(table))


def _upsert(tx: Connection, table: Table, rows: Rows, conflict: str) -> None:
    if tx.dialect.name == "postgresql":
        names = [column.name for column in table.columns]
        for start in range(0, len(rows), MANY):
            part = rows[start : start + MANY]
            body = msgspec.json.encode([dict(zip(names, row, strict=True)) for row in part]).decode()
            tx.exec_driver_sql(f"{_insert_json(table)} {conflict}", (body,))
    else:
        tx.exec_driver_sql(f"{_insert(table)} {conflict}", list(rows))


def insert_of(tx: Connection) -> Callable[..., Any]:
    """The insert of this database, which knows what to do on a conflict."""
    return pg_insert if tx.dialect.name == "postgresql" else sqlite_insert


# The names in these statements are those of our own tables and columns.


@cache
def _select(table: Table, postgres: bool, lock: bool) -> str:
    those = "= ANY(%s)" if postgres else "IN (SELECT value FROM json_each(?))"
    return f"SELECT {_names(table)} FROM {table.name} WHERE id {those} ORDER BY id{' FOR UPDATE' if lock else ''}"  # noqa: S608


@cache
def _insert(table: Table, first: int = 0) -> str:
    marks = ", ".join("?" for _ in list(table.columns)[first:])
    return f"INSERT INTO {table.name} ({_names(table, first)}) VALUES ({marks})"  # noqa: S608


@cache
def _insert_json(table: Table) -> str:
    rows = f"jsonb_populate_recordset(NULL::{table.name}, %s::jsonb)"
    return f"INSERT INTO {table.name} ({_names(table)}) SELECT {_names(table)} FROM {rows}"  # noqa: S608


@cache
def _replace(table: Table) -> str:
    sets = ", ".join(f"{name} = excluded.{name}" for name in _outside(table))
    return f"ON CONFLICT ({_key(table)}) DO UPDATE SET {sets}"


@cache
def _add(table: Table) -> str:
    sets = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in _outside(table))
    return f"ON CONFLICT ({_key(table)}) DO UPDATE SET {sets}"


def _names(table: Table, first: int = 0) -> str:
    return ", ".join(column.name for column in list(table.columns)[first:])


def _key(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key)


def _outside(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.primary_key]
