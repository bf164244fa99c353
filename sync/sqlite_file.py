"""The file of an SQLite database of ours: known by its first bytes, made, and how its commits are made to last."""

import sqlite3
from pathlib import Path

from sync import migrations
from sync.migrations import DatabaseRefused

APPLICATION_ID = 0x534D4350
"""Stands in the header of every SQLite file of ours ("SMCP")."""
BUSY_MS = 10_000
"""How long a transaction waits for another process's before it gives up."""
ROLLBACK = ("TRUNCATE", "EXTRA")
"""Journal mode and `synchronous` without a write-ahead log."""
SYNCHRONOUS = ("off", "normal", "full", "extra")

_HEADER = b"SQLite format 3\x00"


def journal_for(version: tuple[int, int, int]) -> tuple[str, str]:
    """Journal mode and `synchronous` under which this SQLite loses no commit. Up to 3.51.2 a write-ahead log with
    several connections can lose committed transactions when a checkpoint races a commit; mended in 3.51.3,
    3.50.7 and 3.44.6."""
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return ("WAL", "FULL") if mended else ROLLBACK


def is_ours(path: Path) -> bool:
    """Whether a database of ours is there, False when nothing is. Refuses what is not ours by its first bytes, before
    SQLite sees it: so no side file appears beside somebody else's file. Raises DatabaseRefused."""
    try:
        if path.exists() and not path.is_file():
            raise DatabaseRefused(f"{path} is not a file, so it cannot be the database.")
        with path.open("r+b") as file:
            head = file.read(100)
    except FileNotFoundError:
        return False
    except OSError as problem:
        raise DatabaseRefused(f"The database {path} cannot be opened for writing: {problem.strerror}.") from None
    if not head:
        return False
    if not head.startswith(_HEADER) or len(head) < 100:
        raise DatabaseRefused(f"{path} is not a database: move it away, or name another file.")
    if int.from_bytes(head[68:72]) != APPLICATION_ID:
        raise DatabaseRefused(f"{path} is a database of another program: name another file.")
    return True


def peek_revision(path: Path) -> str | None:
    """The revision in the file alone, without locks and without side files: None when it cannot be read that way
    (a commit that a crash cut off, another process at work). The decision under the lock comes later anyway."""
    try:
        peek = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        return None
    try:
        row = peek.execute(f"SELECT version_num FROM {migrations.VERSION_TABLE}").fetchone()  # noqa: S608 (a constant)
        return str(row[0]) if row else None
    except sqlite3.Error:
        return None
    finally:
        peek.close()


def stamp(path: Path) -> None:
    """Makes the file ours before anything is in it: a start that is cut off here goes on with the next one. The file
    is readable by its owner only: it will hold what customers wrote."""
    path.touch(mode=0o600)
    stamping = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
    try:
        stamping.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        stamping.close()
