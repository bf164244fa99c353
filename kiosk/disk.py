"""The file under the outbox: one SQLite database, one connection, one lock.

WAL with synchronous FULL: a commit that returned survives the plug being pulled. A single connection, because
several beside a checkpoint can lose commits in the SQLite that Debian 12 carries. Whatever state the disk is in, a
terminal starts: what cannot be held raises NotHeld until the disk is well again, and a damaged file is moved aside."""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from kiosk import aside, schema, storage
from kiosk.ballast import Hold
from kiosk.storage import Trouble

log = logging.getLogger(__name__)

CHECKPOINT_ROWS = 16
CHECKPOINT_AT_ONCE = 64
"""Commits after which the tap itself checkpoints; before, at CHECKPOINT_ROWS, whoever is idle does."""
CHECKPOINT_WHEN_FULL = 4
"""The same on a full disk, so that the journal goes round in the room it has."""
RETRY_S = 1.0
"""How long a disk that was in trouble is left alone before the file is opened again."""
UNPIN_S = 5.0
"""How often a file that somebody else has open is tried to be had alone."""
CHECK_S = 2.0
"""How long a start looks through the file for damage."""
FAULTS = 3
"""How often a file may refuse to be read before it is moved aside, when the disk is well otherwise."""

Done = TypeVar("Done")


class NotHeld(Exception):
    """The disk did not take it: the customer must not be thanked."""


class OutboxRefused(Exception):
    """The file cannot be this terminal's outbox; the message is a sentence that says why."""


class Disk:
    """The file at `path`, opened or made as soon as the disk allows it. Raises OutboxRefused for the outbox of a newer
    Smilepost, and nothing else.

    `storage` is what is wrong with the disk now (`full`, `read_only`, `failing`, `pinned`), or None. `openings` counts
    how often the file was opened: what was counted of it before has to be counted again."""

    def __init__(self, path: Path) -> None:
        _refuse_newer(path)
        self._path = path
        self._lock = RLock()
        self._db: sqlite3.Connection | None = None
        self._unsaved = self._changes = self._faults = self.commits = self.openings = 0
        self._again_s = self._unpin_s = 0.0
        self._check, self._shared, self._within, self._grows = True, False, False, False
        self._aboard = Hold(path.parent)
        self._trouble: Trouble | None = None
        with suppress(NotHeld):
            self._ready()

    @property
    def storage(self) -> Trouble | None:
        return self._trouble or ("full" if self._aboard.is_light else None)

    @contextmanager
    def durable(self, grows: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction, or a part of the one it stands in, that is on the disk when the block has ended. One that
        `grows` the outbox, as each tap does, leaves the reserve to the others. Raises NotHeld."""
        with self._lock:
            db = self._ready()
            if self._within:
                yield db
                return
            if grows and self._aboard.is_light and not self._aboard.has_room(self.unused()):
                raise NotHeld("the last room on the disk is for what frees it")
            self._within, self._grows = True, grows
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except sqlite3.Error as problem:
                raise self._lost(problem) from None
            except BaseException:
                if db is self._db and db.in_transaction:  # not after the file was opened anew in the middle of it
                    db.execute("ROLLBACK")
                raise
            finally:
                self._within = self._grows = False
            self._committed(db)

    def insist(self, work: Callable[[], Done]) -> Done:
        """Do `work`, which makes room, again as long as something goes overboard for it. Raises NotHeld."""
        while True:
            thrown = self._aboard.thrown
            try:
                return work()
            except NotHeld:
                if self._aboard.thrown == thrown:
                    raise

    def row(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row. Raises NotHeld when the file cannot be read."""
        rows = self.rows(query, *values)
        return rows[0] if rows else None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Raises NotHeld when the file cannot be read."""
        with self._lock:
            try:
                return self._ready().execute(query, values).fetchall()
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
            if self._db is not None and self._unsaved >= (1 if idle else CHECKPOINT_ROWS):
                self._checkpoint(self._db)

    def mend(self) -> None:
        """Whatever is wrong with the disk: see whether it is well again. To be called each second or so."""
        with self._lock:
            if self._trouble == "pinned" and self._shared and time.monotonic() >= self._unpin_s:
                self._close()
            if self._trouble is not None:
                with suppress(NotHeld), self.durable(grows=True) as db:
                    db.execute("INSERT OR REPLACE INTO facts VALUES ('disk_tried', ?)", (str(time.monotonic_ns()),))
            if self._trouble is None:
                self._aboard.take_aboard()

    def shorten(self) -> None:
        """Empty the journal: nothing that was wiped is left in it."""
        with self._lock:
            if self._db is not None:
                self._checkpoint(self._db, "TRUNCATE")

    def unused(self) -> int:
        """Bytes of the file that the next answers go into before it grows. Raises NotHeld."""
        return int(self.rows("PRAGMA freelist_count")[0][0] * self.rows("PRAGMA page_size")[0][0])

    def close(self) -> None:
        with self._lock:
            self._close()
            self._again_s = float("inf")

    # -- in good times

    def _ready(self) -> sqlite3.Connection:
        """The open file. Raises NotHeld, at once while it is too early to try again."""
        if self._db is None:
            if time.monotonic() < self._again_s:
                raise NotHeld(f"the disk is {self._trouble or 'closed'}")
            try:
                self._db = self._open_sound()
            except sqlite3.Error as problem:
                raise self._lost(problem) from None
            except OSError as problem:
                self._faults += 1
                self._again_s = time.monotonic() + RETRY_S
                self._say(storage.of(problem))
                raise NotHeld(f"{type(problem).__name__}: {problem.strerror}") from None
        return self._db

    def _committed(self, db: sqlite3.Connection) -> None:
        if db.total_changes == self._changes:
            return
        self._changes = db.total_changes
        self.commits += 1
        self._unsaved += 1
        self._say("pinned" if self._shared else None)
        if self._unsaved >= (CHECKPOINT_WHEN_FULL if self._aboard.is_light else CHECKPOINT_AT_ONCE):
            self._checkpoint(db)

    def _checkpoint(self, db: sqlite3.Connection, how: str = "PASSIVE") -> None:
        try:
            db.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
            self._unsaved = 0
        except sqlite3.Error as problem:
            self._lost(problem)

    # -- in bad ones

    def _lost(self, problem: sqlite3.Error) -> NotHeld:
        """After a failed sync nobody knows what the connection believes to have written: open the file anew."""
        was_open, trouble = self._db is not None, storage.trouble(problem, self._path.parent)
        damaged = storage.is_damage(problem)
        if damaged or storage.is_misread(problem):
            self._check = True
            self._faults += 1
        if trouble == "full" and (gone := self._aboard.give_up(makes_room=not self._grows)):
            log.warning("of the %s is thrown overboard what the outbox needs now", gone)
        self._close()
        if was_open:
            with suppress(NotHeld):
                self._ready()
        else:
            self._again_s = time.monotonic() + RETRY_S
            self._check = self._check or trouble == "failing"  # who knows what lies there
        if not damaged or self._db is None:
            self._say(trouble)
        return NotHeld(f"{type(problem).__name__}: {problem}")

    def _say(self, trouble: Trouble | None) -> None:
        if trouble != self._trouble:
            before, self._trouble = self._trouble, trouble
            if trouble:
                log.warning("%s", storage.SENTENCES[trouble])
            else:
                log.info("the disk is well again (%s)", before)

    def _close(self) -> None:
        """What the connection knows to be synced it moves into the file; the rest stays in the journal."""
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()

    def _open_sound(self) -> sqlite3.Connection:
        """Open the file; a damaged one is moved aside first. Raises OSError, sqlite3.Error."""
        if self._is_unsound():
            self._move_aside()
        aside.write_again(self._path)
        try:
            db = self._open()
        except sqlite3.DatabaseError as problem:
            if not storage.is_damage(problem):
                raise
            self._move_aside()
            db = self._open()
        self._check = False
        self._changes = db.total_changes
        self._unsaved = 1  # whatever the journal holds of the last time
        self.openings += 1
        self._unpin_s = time.monotonic() + UNPIN_S
        return db

    def _is_unsound(self) -> bool:
        if self._faults >= FAULTS and storage.probe(self._path.parent) is None:
            return True
        return self._check and (aside.is_foreign(self._path) or aside.has_damaged_journal(self._path))

    def _move_aside(self) -> None:
        name = aside.move(self._path)
        self._faults = 0
        log.error("the outbox is damaged: it is kept as %s, and what can be read of it is brought back", name)

    def _open(self) -> sqlite3.Connection:
        """Alone when that can be had, else beside whoever has the file open: a copy that is being made is no reason
        to hold no taps."""
        try:
            db, self._shared = self._opened("EXCLUSIVE"), False
        except sqlite3.OperationalError as problem:
            if storage.trouble(problem, self._path.parent) != "pinned":
                raise
            db, self._shared = self._opened("NORMAL"), True
            self._say("pinned")
        return db

    def _opened(self, locking: str) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # nobody else's: it holds the device's key
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            db.execute(f"PRAGMA locking_mode = {locking}")  # alone: no shared memory, and nobody else can write
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA wal_autocheckpoint = 0")
            db.execute("PRAGMA cache_size = -512")  # KiB: a terminal has little memory, and reads little
            db.execute("PRAGMA synchronous = EXTRA")
            schema.migrate(db)
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            db.execute("PRAGMA synchronous = FULL")
            if self._check:
                aside.look_through(db, CHECK_S)
        except BaseException:
            with suppress(sqlite3.Error):
                db.close()
            raise
        return db


def _refuse_newer(path: Path) -> None:
    version = aside.version_of(path)
    if version is not None and schema.VERSION < version < aside.ABSURD:
        raise OutboxRefused(
            f"{path} was written by a newer Smilepost (schema {version}, this one knows {schema.VERSION}); update it."
        )
