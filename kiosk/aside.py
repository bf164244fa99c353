"""Files that cannot be this terminal's outbox: how they are known, and how they are moved out of its way.

Nothing here is ever deleted, and no file is touched while it is open as a database: closing it a second time would
drop the locks of the first."""

import os
import re
import sqlite3
import struct
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from kiosk.schema import APPLICATION_ID
from kiosk.storage import is_no_file, sync_folder

MAGIC = b"SQLite format 3\0"
ABSURD = 10_000
"""A version that no Smilepost will ever have: damage."""
JOURNAL_TO_CHECK = 16 * 1024 * 1024
"""Bytes. A longer journal, of a file that somebody had open for days, would take too long at a start."""
_SCHEMA_WITHIN = 256 * 1024
_PARTS = ("-wal", "-journal", "-shm", "")
"""The journal first: were the power to go in between, a file without its journal is still found to be one."""
_NAME = re.compile(r"outbox-aside-(\d+)-[0-9TZ]+\.sqlite3(-wal|-journal|-shm)?")


def version_of(path: Path) -> int | None:
    """The schema version of an outbox, read without opening it as a database; None when it is no outbox. What is no
    file is not opened: a pipe would never give an end."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            header = file.read(100)
    except OSError:
        return None
    if len(header) < 100 or not header.startswith(MAGIC):
        return None
    version, application = struct.unpack(">I4xI", header[60:72])
    return int(version) if application == APPLICATION_ID else None


def is_foreign(path: Path) -> bool:
    """Whether something else than an outbox is there, or than a file in the place of one of its journals. One that was
    never finished counts as ours: its journal makes it empty again. Raises OSError."""
    if any(is_no_file(_beside(path, part)) for part in _PARTS):
        return True
    if not path.exists() or not path.stat().st_size or _beside(path, "-journal").exists():
        return False
    with path.open("rb") as file:
        file.read(1)
    version = version_of(path)
    return version is None or version == 0 or version >= ABSURD


def is_of_another_program(path: Path) -> bool:
    """Whether a file that was moved aside is a sound database of somebody else's: nothing of it is ours. Raises
    OSError."""
    if not path.is_file() or version_of(path) is not None:
        return False
    with path.open("rb") as file:
        start = file.read(_SCHEMA_WITHIN)
    return start.startswith(MAGIC) and b"CREATE TABLE entries (" not in start


def has_damaged_journal(path: Path) -> bool:
    """Whether commits lie behind a damaged place in the journal, where SQLite would silently drop them. The last commit
    alone may be torn: the power went before it was synced, and nobody was thanked for it. Raises OSError."""
    wal = _beside(path, "-wal")
    if not wal.exists() or not 0 < wal.stat().st_size <= JOURNAL_TO_CHECK:
        return False
    from kiosk import pages  # a small box should not load what it doesn't need

    return pages.commits_beyond_damage(wal) > 1


def write_again(path: Path) -> None:
    """Write the journal over itself and have it synced, before anything is written behind it. A sync that failed leaves
    a part in the machine's memory alone, believed to be on the disk: what was written after such a hole would be gone
    with the power, thanked for or not. Raises OSError."""
    wal = _beside(path, "-wal")
    if not wal.exists() or sys.platform == "win32":
        return
    descriptor = os.open(wal, os.O_RDWR)
    try:
        at = 0
        while part := os.pread(descriptor, 64 * 1024, at):
            at += os.pwrite(descriptor, part, at)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Damaged(sqlite3.DatabaseError):
    """What a check found, which SQLite itself does not raise."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    sqlite_errorname = "SQLITE_CORRUPT"


def look_through(db: sqlite3.Connection, seconds: float) -> None:
    """Raises sqlite3.DatabaseError when the file is damaged; a long one is looked through for so long only."""
    until = time.monotonic() + seconds
    db.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        ((said, *_),) = db.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    finally:
        db.set_progress_handler(None, 0)
    if said != "ok":
        raise Damaged(said)


def move(path: Path) -> str:
    """Move the outbox aside, with its journals. Returns its new name. Raises OSError."""
    number = max([*files(path.parent), 0]) + 1
    fresh = path.with_name(f"outbox-aside-{number}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite3")
    for part in _PARTS:
        old = _beside(path, part)
        if old.exists() or old.is_symlink():
            old.rename(_beside(fresh, part))
    sync_folder(path.parent)
    return fresh.name


def files(folder: Path) -> dict[int, Path]:
    """What was moved aside in `folder`: number -> the file (which may be missing, when only its journal was saved)."""
    found: dict[int, Path] = {}
    for path in _listed(folder):
        match = _NAME.fullmatch(path.name)
        if match:
            found[int(match[1])] = path.with_name(path.name.removesuffix(match[2] or ""))
    return found


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return


def _beside(path: Path, part: str) -> Path:
    return path.with_name(path.name + part)
