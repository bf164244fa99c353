"""The centre's database, SQLite or PostgreSQL: opening it, refusing what is not ours, transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from sync import migrations
from sync.migrations import DatabaseRefused
from sync.occupancy import Occupancy, Occupied
from sync.sqlite_file import APPLICATION_ID, BUSY_MS, ROLLBACK, SYNCHRONOUS, is_ours, journal_for, peek_revision, stamp

__all__ = ["APPLICATION_ID", "BUSY_MS", "Database", "DatabaseRefused", "connect", "journal_for", "open_database"]

_BEGIN = "smilepost_begin"
# An error that is logged never carries what customers wrote.
_POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "hide_parameters": True}


class Database:
    """An open, migrated database. Thread-safe. `journal`: how a commit is made to last, for health."""

    def __init__(self, engine: Engine, journal: str, place: Occupancy | None = None) -> None:
        self.engine = engine
        self._place = place
        self.dialect = cast(Literal["sqlite", "postgresql"], engine.dialect.name)
        self.journal = journal
        if self.dialect == "sqlite":
            self._readers = engine.execution_options(**{_BEGIN: "BEGIN"})
            # Waiting here is fair and wakes at once; SQLite's own waiting polls, and under load starves somebody.
            self._turn: threading.Lock | None = threading.Lock()
        else:
            self._readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._turn = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction: one consistent state for its whole length, and no writing."""
        with self._readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction: commits at the end, rolls back on an exception. On SQLite one at a time."""
        with self._my_turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        # After the wait the database itself decides, and says "locked" in its own words.
        held = self._turn is not None and self._turn.acquire(timeout=BUSY_MS / 1000)
        try:
            yield
        finally:
            if held and self._turn is not None:
                self._turn.release()

    def forget(self) -> None:
        """After words were taken out: let no copy of them stay behind in the log or in dead rows, as far as the
        database can. SQLite overwrites them; PostgreSQL gives their room free, and has its own log."""
        if self.dialect == "sqlite":
            _into_the_file(self.engine)
            return
        with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE) responses, quarantine")

    def close(self) -> None:
        self.engine.dispose()
        if self._place is not None:
            self._place.leave()


def open_database(url: str, *, migrate: bool) -> Database:
    """Opens `sqlite:///FILE` or `postgresql://…`. Creates it or brings it up to this version's tables when `migrate`
    says so; else it has to be there and up to date. Raises DatabaseRefused, with nothing touched, for a database
    of another program, one of a newer version, one that cannot be opened."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(Path(parsed.database or ""), migrate)
    return _open_postgresql(parsed, migrate)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseRefused("database_url is not an address: sqlite:///FILE or postgresql://… is allowed.") from None
    if "\0" in (parsed.database or ""):
        raise DatabaseRefused("database_url names a file with a NUL in it: no file can be called that.")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite") and parsed.database not in (None, "", ":memory:"):
        return parsed
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    shown = parsed.render_as_string(hide_password=True)
    raise DatabaseRefused(f"database_url is {shown!r}: only sqlite:///FILE and postgresql://… are allowed.")


def _named(url: URL) -> str:
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


# SQLite


def _open_sqlite(path: Path, migrate: bool) -> Database:
    is_new = not is_ours(path)
    if is_new and not migrate:
        raise DatabaseRefused(f"There is no database at {path} yet: `smilepost server migrate` makes one.")
    if is_new and not path.parent.is_dir():
        raise DatabaseRefused(f"The folder {path.parent} for the database does not exist.")
    if not is_new:
        migrations.refuse_unknown(peek_revision(path), str(path))
    place = _enter(path)
    mode, synchronous = journal_for(sqlite3.sqlite_version_info)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": BUSY_MS / 1000},
        **_POOL,
    )
    event.listen(engine, "connect", lambda raw, _: set_pragmas(raw, mode, synchronous))
    event.listen(engine, "begin", _begin_sqlite)
    with _closing_on_failure(engine, str(path), place):
        if is_new:
            stamp(path)
        _bring_up(engine, str(path), migrate)
        journal = _journal(engine)
    return Database(engine, journal, place)


def _enter(path: Path) -> Occupancy:
    """Any number of processes may work on one file: the journal mode was chosen for that."""
    try:
        return Occupancy(path.parent)
    except Occupied:
        raise DatabaseRefused(f"The database {path} is being restored: start again when that has finished.") from None
    except OSError as problem:
        raise DatabaseRefused(f"The folder {path.parent} of the database cannot be used: {problem.strerror}.") from None


def set_pragmas(raw: sqlite3.Connection, mode: str, synchronous: str) -> None:
    """What every connection needs before its first statement. Raises sqlite3.Error."""
    raw.execute(f"PRAGMA busy_timeout = {BUSY_MS}").fetchall()
    if mode == "WAL" and raw.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        mode, synchronous = ROLLBACK  # a disk that cannot be shared in memory: SQLite says so in this answer only
    for pragma in (
        f"journal_mode = {mode}",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        "secure_delete = ON",  # what was erased is overwritten, not only unlinked
    ):
        raw.execute(f"PRAGMA {pragma}").fetchall()


def _journal(engine: Engine) -> str:
    """How commits are made to last on the connections of this engine, as SQLite itself says."""
    with engine.execution_options(**{_BEGIN: "BEGIN"}).connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    return f"{mode}+{SYNCHRONOUS[synchronous]}"


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    raw = cast(sqlite3.Connection, connection.connection.driver_connection)
    # A write in a read transaction fails here as it does on PostgreSQL.
    raw.execute(f"PRAGMA query_only = {int(begin == 'BEGIN')}")
    raw.execute(begin)


# PostgreSQL


def _open_postgresql(url: URL, migrate: bool) -> Database:
    engine = _engine(url)
    with _closing_on_failure(engine, _named(url)):
        _bring_up(engine, _named(url), migrate)
        with engine.connect() as connection:
            setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    return Database(engine, f"synchronous_commit={setting}")


def connect(url: str) -> Engine:
    """PostgreSQL, as it is found. Raises DatabaseRefused when it doesn't answer."""
    parsed = _parse(url)
    engine = _engine(parsed)
    with _closing_on_failure(engine, _named(parsed)), engine.connect():
        return engine


def _engine(url: URL) -> Engine:
    if find_spec("psycopg") is None:
        raise DatabaseRefused("PostgreSQL needs the package psycopg: pip install 'smilepost[postgres]'.")
    engine = create_engine(url, pool_pre_ping=True, **_POOL)
    event.listen(engine, "connect", lambda raw, _: _insist_on_durable_commits(raw))
    return engine


def _insist_on_durable_commits(raw: Any) -> None:
    # "stored" is answered after the commit; with `off` a crash of the server could still lose it.
    with raw.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        if cursor.fetchone() == ("off",):
            cursor.execute("SET synchronous_commit = on")
    raw.commit()


# Both


def _bring_up(engine: Engine, name: str, migrate: bool) -> None:
    with engine.execution_options(**{_BEGIN: "BEGIN"}).connect() as connection:
        if migrations.is_current(connection, name):
            return
        connection.rollback()
        if not migrate:
            migrations.refuse_older(name)
    with _without_foreign_keys(engine) as connection, connection.begin():
        migrations.upgrade(connection, name)
    if engine.dialect.name == "sqlite":
        _into_the_file(engine)


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """SQLite changes a table by copying it and dropping the old one, which would delete the rows that point at it."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            yield connection
            return
        cast(sqlite3.Connection, connection.connection.driver_connection).execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection
        finally:
            connection.invalidate()  # the next one is opened anew, with the pragma on


def _into_the_file(engine: Engine) -> None:
    """Moves the new revision from the log into the file, where an older version can see it without touching it."""
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        raw.close()


@contextmanager
def _closing_on_failure(engine: Engine, name: str, place: Occupancy | None = None) -> Iterator[None]:
    def close() -> None:
        engine.dispose()
        if place is not None:
            place.leave()

    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as problem:
        close()
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        reason = (str(cause).strip().splitlines() or ["no reason was given"])[0].rstrip(".")
        raise DatabaseRefused(f"The database {name} cannot be opened: {reason}.") from problem
    except BaseException:
        close()
        raise
