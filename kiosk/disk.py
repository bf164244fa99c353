"""The file under the outbox: one SQLite database, one connection, one lock.

WAL with synchronous FULL: a commit that returned survives the plug being pulled. A single connection, because
several beside a checkpoint can lose commits in the SQLite that Debian 12 carries."""

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

APPLICATION_ID = 0x534D4C50
CHECKPOINT_ROWS = 16
CHECKPOINT_AT_ONCE = 64
"""Commits after which the tap itself checkpoints; before, at CHECKPOINT_ROWS, whoever is idle does."""

_MIGRATIONS = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE drafts (
        id TEXT PRIMARY KEY, rev INTEGER NOT NULL, screen TEXT, boot TEXT NOT NULL,
        touched_ms INTEGER NOT NULL,  -- CLOCK_BOOTTIME of the last step, in `boot`
        body BLOB NOT NULL
    ) WITHOUT ROWID;
    -- Drafts that cannot be read any more: kept for a person to look at.
    CREATE TABLE damaged (id TEXT NOT NULL, rev INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE entries (
        n INTEGER PRIMARY KEY,  -- order of sealing
        id TEXT NOT NULL, rev INTEGER NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('sealed', 'acked', 'parked')),
        sha TEXT NOT NULL, body BLOB,
        sealed_boot TEXT NOT NULL, sealed_boottime_ms INTEGER NOT NULL, sealed_wall_ms INTEGER NOT NULL,
        verdict TEXT, code TEXT,
        acked_ms INTEGER,  -- the centre's time of its answer
        UNIQUE (id, rev), UNIQUE (stream, seq)
    );
    -- Serves: the oldest and the newest that wait.
    CREATE INDEX entries_waiting ON entries (n) WHERE state = 'sealed';
    CREATE TABLE anchors (
        boot TEXT NOT NULL, place TEXT NOT NULL CHECK (place IN ('first', 'last')),
        boottime_ms INTEGER NOT NULL, server_ms INTEGER NOT NULL, rtt_ms INTEGER NOT NULL,
        PRIMARY KEY (boot, place)
    ) WITHOUT ROWID;
    """,
    """
    -- `texts`: free text may be in the body. `audited`: 'kept' when an audit found it held long after its ack, so that
    -- the body may go; 'gone' when an audit missed it and the body was gone already.
    ALTER TABLE entries ADD COLUMN texts INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE entries ADD COLUMN audited TEXT CHECK (audited IN ('kept', 'gone'));
    -- Serve: whose text is wiped next, which body goes next, which bodies may go, what is lost, what is parked.
    CREATE INDEX entries_texts ON entries (acked_ms, n) WHERE state = 'acked' AND texts = 1;
    CREATE INDEX entries_bodies ON entries (acked_ms, n) WHERE state = 'acked' AND body IS NOT NULL;
    CREATE INDEX entries_kept ON entries (n) WHERE audited = 'kept' AND body IS NOT NULL;
    CREATE INDEX entries_gone ON entries (id, rev) WHERE audited = 'gone';
    CREATE INDEX entries_parked ON entries (code) WHERE state = 'parked';
    -- Which start was which: counted as this terminal lived through them.
    CREATE TABLE boots (boot TEXT PRIMARY KEY, n INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
    INSERT INTO boots SELECT sealed_boot, row_number() OVER (ORDER BY min(n)) FROM entries GROUP BY sealed_boot;
    -- What became of the entries of each stream, kept by the database itself, so that a start need not count them.
    CREATE TABLE streams (
        stream TEXT PRIMARY KEY, sealed INTEGER NOT NULL DEFAULT 0, acked INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL DEFAULT 0, parked INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    INSERT INTO streams
        SELECT stream, max(seq), sum(state = 'acked'), sum(state = 'sealed'), sum(state = 'parked')
        FROM entries GROUP BY stream;
    CREATE TRIGGER entries_sealed AFTER INSERT ON entries BEGIN
        INSERT OR IGNORE INTO streams (stream) VALUES (new.stream);
        UPDATE streams SET sealed = max(sealed, new.seq), acked = acked + (new.state = 'acked'),
            pending = pending + (new.state = 'sealed'), parked = parked + (new.state = 'parked')
            WHERE stream = new.stream;
    END;
    CREATE TRIGGER entries_taken_out AFTER DELETE ON entries BEGIN
        UPDATE streams SET acked = acked - (old.state = 'acked'), pending = pending - (old.state = 'sealed'),
            parked = parked - (old.state = 'parked') WHERE stream = old.stream;
    END;
    CREATE TRIGGER entries_moved AFTER UPDATE OF state ON entries WHEN new.state <> old.state BEGIN
        UPDATE streams SET acked = acked + (new.state = 'acked') - (old.state = 'acked'),
            pending = pending + (new.state = 'sealed') - (old.state = 'sealed'),
            parked = parked + (new.state = 'parked') - (old.state = 'parked')
            WHERE stream = new.stream;
    END;
    """,
)


class NotHeld(Exception):
    """The disk did not take it: the customer must not be thanked."""


class OutboxRefused(Exception):
    """The file cannot be this terminal's outbox; the message is a sentence that says why."""


class Disk:
    """Opens or makes the file at `path`. Raises OutboxRefused for a file that is not an outbox, OSError,
    sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        refuse_foreign(path)
        self._path = path
        self._lock = RLock()
        self._unsaved = 0
        self._within = False
        self.commits = 0
        self._db = self._open()
        self._migrate()
        self._changes = self._db.total_changes

    @contextmanager
    def durable(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on the disk when the block has ended, or a part of the one it stands in. Raises NotHeld
        when it is not."""
        with self._lock:
            if self._within:
                yield self._db
                return
            self._within = True
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as problem:
                raise self._lost(problem) from None
            except BaseException:
                if self._db.in_transaction:  # not after the file was opened anew in the middle of it
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._within = False
            self._committed()

    def row(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row. Raises NotHeld when the file cannot be read."""
        rows = self.rows(query, *values)
        return rows[0] if rows else None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Raises NotHeld when the file cannot be read."""
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as problem:
                raise self._lost(problem) from None

    def journal(self) -> str:
        """The journal mode and the level of syncing, as SQLite says them: "wal/full"."""
        mode, level = self.rows("PRAGMA journal_mode")[0][0], self.rows("PRAGMA synchronous")[0][0]
        return f"{mode}/{('off', 'normal', 'full', 'extra')[level]}"

    def checkpoint(self, idle: bool) -> None:
        """Move the journal into the file, when something waits there and it is time: one damaged byte in a long
        journal would silently drop everything after it."""
        with self._lock:
            if self._unsaved >= (1 if idle else CHECKPOINT_ROWS):
                self._checkpoint()

    def shorten(self) -> None:
        """Empty the journal: nothing that was wiped is left in it."""
        with self._lock:
            try:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self._unsaved = 0
            except sqlite3.Error as problem:
                self._lost(problem)

    def unused(self) -> int:
        """Bytes of the file that the next answers go into before it grows. Raises NotHeld."""
        return int(self.rows("PRAGMA freelist_count")[0][0] * self.rows("PRAGMA page_size")[0][0])

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _committed(self) -> None:
        if self._db.total_changes == self._changes:
            return
        self._changes = self._db.total_changes
        self.commits += 1
        self._unsaved += 1
        if self._unsaved >= CHECKPOINT_AT_ONCE:
            self._checkpoint()

    def _checkpoint(self) -> None:
        try:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._unsaved = 0
        except sqlite3.Error as problem:
            self._lost(problem)

    def _lost(self, problem: sqlite3.Error) -> NotHeld:
        """After a failed sync nobody knows what the connection believes to have written: open it anew."""
        try:
            self._db.close()
            self._db = self._open()
            self._in_wal()
            self._changes = self._db.total_changes
        except sqlite3.Error:
            pass  # the next use fails as this one did, and tries to open it again
        return NotHeld(f"{type(problem).__name__}: {problem}")

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=0)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")  # one process: no shared memory, nobody else can write
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA cache_size = -512")  # KiB: a terminal has little memory, and reads little
        db.execute("PRAGMA synchronous = EXTRA")
        return db

    def _in_wal(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL").fetchall()
        self._db.execute("PRAGMA synchronous = FULL")

    def _migrate(self) -> None:
        """The schema is written in a rollback journal, so that the header of the file says whose it is from the
        first moment; only then WAL takes over."""
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version < len(_MIGRATIONS):
            self._db.execute("PRAGMA journal_mode = DELETE").fetchall()
            steps = [*_MIGRATIONS[version:], f"PRAGMA application_id = {APPLICATION_ID}"]
            if version == 0:
                steps.append("INSERT INTO facts VALUES ('stream', lower(hex(randomblob(8)))), ('next_seq', '1')")
            steps.append(f"PRAGMA user_version = {len(_MIGRATIONS)}")
            self._db.executescript(f"BEGIN IMMEDIATE; {'; '.join(steps)}; COMMIT;")
        self._in_wal()


def refuse_foreign(path: Path) -> None:
    """Read the header without opening the file as a database, so that nothing of it is touched. Raises
    OutboxRefused when it is no outbox, or a newer one."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise OutboxRefused(
            f"{path} is not an outbox of Smilepost but another file; move it away or choose another data folder."
        )
    version, application = struct.unpack(">I4xI", header[60:72])
    if application != APPLICATION_ID:
        raise OutboxRefused(f"{path} is a database of another program; choose another data folder.")
    if version > len(_MIGRATIONS):
        raise OutboxRefused(
            f"{path} was written by a newer Smilepost (schema {version}, this one knows {len(_MIGRATIONS)}); update it."
        )
