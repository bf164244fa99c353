"""What the database can do when nobody judges, counts or signs: on SQLite one executemany for each table, on
PostgreSQL one COPY for each, and a commit, in the same tables with the same settings."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import Table

from sync import models
from sync.db import Database

Rows = Sequence[tuple[Any, ...]]


def write(dialect: str, driver: Any, responses: Rows, receipts: Rows) -> None:
    """Writes and commits on the driver's own connection."""
    tables = ((models.responses, responses), (models.receipts, receipts))
    if dialect == "sqlite":
        driver.execute("PRAGMA query_only = 0")  # as a connection of ours may have been left by a reader
        driver.execute("BEGIN IMMEDIATE")
        for table, rows in tables:
            marks = ", ".join("?" * len(table.columns))
            driver.executemany(f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})", rows)
        driver.execute("COMMIT")
        return
    with driver.cursor() as cursor:
        for table, rows in tables:
            with cursor.copy(f"COPY {table.name} ({_names(table)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    driver.commit()


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)


def seconds_each(db: Database, work: Sequence[tuple[Rows, Rows]]) -> float:
    """For one response, over transactions of (responses, receipts)."""
    raw = db.engine.raw_connection()
    start = perf_counter()
    for responses, receipts in work:
        write(db.dialect, raw.driver_connection, responses, receipts)
    taken = perf_counter() - start
    raw.close()
    return taken / sum(len(responses) for responses, _ in work)
