"""SQLite: a copy by the online backup while the server goes on, and one database put in another's place."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from sync import migrations
from sync.backups import archive
from sync.backups.archive import BadBackup
from sync.db import Database
from sync.sqlite_file import APPLICATION_ID

STEP_PAGES = 2_000
"""So many are copied before others get a turn."""
RESTARTS = 3
"""So often somebody else's commit may make the copy begin anew, before it is made in one go."""
SIDE_FILES = ("-journal", "-wal", "-shm")


class _BeginsAnewTooOften(Exception):
    pass


def copy(db: Database, part: Path) -> None:
    """A consistent copy of the open database into the file `part`. Raises BadBackup, OSError."""
    raw = part.with_name(f"{part.name}.raw")
    raw.unlink(missing_ok=True)
    try:
        os.close(os.open(raw, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(db, raw)
        inspect(raw, str(part.with_suffix("")))
        with raw.open("rb") as content:
            archive.pack(content, part)
    except sqlite3.Error as problem:
        raise BadBackup(f"The database cannot be copied: {problem}.") from None
    finally:
        raw.unlink(missing_ok=True)


def _copy(db: Database, to: Path) -> None:
    connection = db.engine.raw_connection()
    try:
        source = cast(sqlite3.Connection, connection.driver_connection)
        with closing(sqlite3.connect(to, isolation_level=None)) as target:
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")  # the archive is what has to last
            try:
                source.backup(target, pages=STEP_PAGES, progress=_Patience(), sleep=0.005)
            except _BeginsAnewTooOften:
                source.backup(target)  # others wait for it
            target.execute("PRAGMA journal_mode = DELETE")  # one file, also when the source writes a log
    finally:
        connection.close()


class _Patience:
    """Told after each step how many pages are left: more than before means that it began anew."""

    def __init__(self) -> None:
        self._left, self._restarts = 1 << 62, 0

    def __call__(self, status: int, left: int, total: int) -> None:
        self._restarts += left > self._left
        self._left = left
        if self._restarts > RESTARTS:
            raise _BeginsAnewTooOften


def inspect(path: Path, name: str) -> None:
    """Whether this is a whole database of Smilepost, of a version that this one knows. Raises BadBackup and
    DatabaseRefused, which call it `name`."""
    try:
        with closing(sqlite3.connect(path)) as raw:
            ours = raw.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
            if not ours:
                raise BadBackup(f"{name} is a backup of another program.")
            whole = raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if not whole or raw.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise BadBackup(f"{name} is damaged: take another backup.")
            row = raw.execute(f"SELECT version_num FROM {migrations.VERSION_TABLE}").fetchone()  # noqa: S608 (a constant)
    except sqlite3.Error:
        raise BadBackup(f"{name} is damaged: take another backup.") from None
    migrations.refuse_unknown(row[0] if row else None, name)


def put_in_place(new: Path, path: Path, now_ms: int) -> Path | None:
    """`new` becomes the database at `path`; what was there is kept aside, under the name that is returned. There is
    a database at `path` at every moment. Nobody else has either of them open."""
    archive.sync(new)
    aside = _set_aside(path, now_ms) if path.exists() else None
    os.replace(new, path)
    archive.sync(path.parent)
    return aside


def _set_aside(path: Path, now_ms: int) -> Path:
    when = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    aside = next(name for n in range(1000) if not (name := path.with_name(f"{_aside(path)}{when}-{n}")).exists())
    settle(path)
    for suffix in SIDE_FILES:
        side = path.with_name(path.name + suffix)
        if side.exists():  # of a database that could not be opened: it would be applied to the new one
            side.rename(aside.with_name(aside.name + suffix))
    try:
        os.link(path, aside)
    except OSError:  # a disk without links
        shutil.copy2(path, aside)
        archive.sync(aside)
    return aside


def settle(path: Path) -> None:
    """Bring what is beside the file into it, if it can still be read: it is one file then."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute("PRAGMA journal_mode = DELETE").fetchall()
            raw.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.Error:
        return
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists() and journal.stat().st_size == 0:  # how TRUNCATE leaves it
        journal.unlink()


def kept_aside(path: Path) -> list[Path]:
    """The databases that were in place before a restore; they hold what was erased since."""
    return sorted(path.parent.glob(f"{_aside(path)}*"))


def _aside(path: Path) -> str:
    return f"{path.name}.before-"
