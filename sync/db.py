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

__all__ = ["APPLICATION_ID", "BUSY_MS", "Database", "DatabaseRefused", "journal_for", "open_database"]

APPLICATION_ID = 0x534D4350
"""Stands in the header of every SQLite file of ours ("SMCP")."""
BUSY_MS = 10_000
"""How long a transaction waits for another process's before it gives up."""

_HEADER = b"SQLite format 3\x00"
_BEGIN = "smilepost_begin"
# An error that is logged never carries what customers wrote.
_POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "hide_parameters": True}


class Database:
    """An open, migrated database. Thread-safe. `journal`: how a commit is made to last, for health."""

    def __init__(self, engine: Engine, journal: str) -> None:
        self.engine = engine
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
            connection.exec_driver_sql("VACUUM responses, quarantine")

    def close(self) -> None:
        self.engine.dispose()


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


def journal_for(version: tuple[int, int, int]) -> tuple[str, str]:
    """Journal mode and `synchronous` under which this SQLite loses no commit. Up to 3.51.2 a write-ahead log with
    several connections can lose committed transactions when a checkpoint races a commit; mended in 3.51.3,
    3.50.7 and 3.44.6."""
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return ("WAL", "FULL") if mended else ("TRUNCATE", "EXTRA")


def _open_sqlite(path: Path, migrate: bool) -> Database:
    is_new = _is_new_file(path)
    if is_new and not migrate:
        raise DatabaseRefused(f"There is no database at {path} yet: `smilepost server migrate` makes one.")
    if is_new and not path.parent.is_dir():
        raise DatabaseRefused(f"The folder {path.parent} for the database does not exist.")
    if not is_new:
        migrations.refuse_unknown(_peek_revision(path), str(path))
    mode, synchronous = journal_for(sqlite3.sqlite_version_info)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": BUSY_MS / 1000},
        **_POOL,
    )
    event.listen(engine, "connect", lambda raw, _: _set_pragmas(raw, mode, synchronous))
    event.listen(engine, "begin", _begin_sqlite)
    with _closing_on_failure(engine, str(path)):
        if is_new:
            _stamp(path)
        _bring_up(engine, str(path), migrate)
    return Database(engine, f"{mode.lower()}+{synchronous.lower()}")


def _is_new_file(path: Path) -> bool:
    """Whether there is no database there yet. Refuses what is not ours by its first bytes, before SQLite sees it: so
    no side file appears beside somebody else's file."""
    try:
        if path.exists() and not path.is_file():
            raise DatabaseRefused(f"{path} is not a file, so it cannot be the database.")
        with path.open("r+b") as file:
            head = file.read(100)
    except FileNotFoundError:
        return True
    except OSError as problem:
        raise DatabaseRefused(f"The database {path} cannot be opened for writing: {problem.strerror}.") from None
    if not head:
        return True
    if not head.startswith(_HEADER) or len(head) < 100:
        raise DatabaseRefused(f"{path} is not a database: move it away, or name another file.")
    if int.from_bytes(head[68:72]) != APPLICATION_ID:
        raise DatabaseRefused(f"{path} is a database of another program: name another file.")
    return False


def _peek_revision(path: Path) -> str | None:
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


def _stamp(path: Path) -> None:
    """Makes the file ours before anything is in it: a start that is cut off here goes on with the next one. The file
    is readable by its owner only: it will hold what customers wrote."""
    path.touch(mode=0o600)
    stamping = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
    try:
        stamping.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        stamping.close()


def _set_pragmas(raw: Any, mode: str, synchronous: str) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        f"journal_mode = {mode}",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        "secure_delete = ON",  # what was erased is overwritten, not only unlinked
    ):
        raw.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    raw = cast(sqlite3.Connection, connection.connection.driver_connection)
    # A write in a read transaction fails here as it does on PostgreSQL.
    raw.execute(f"PRAGMA query_only = {int(begin == 'BEGIN')}")
    raw.execute(begin)


# PostgreSQL


def _open_postgresql(url: URL, migrate: bool) -> Database:
    if find_spec("psycopg") is None:
        raise DatabaseRefused("PostgreSQL needs the package psycopg: pip install 'smilepost[postgres]'.")
    engine = create_engine(url, pool_pre_ping=True, **_POOL)
    event.listen(engine, "connect", lambda raw, _: _insist_on_durable_commits(raw))
    with _closing_on_failure(engine, _named(url)):
        _bring_up(engine, _named(url), migrate)
        with engine.connect() as connection:
            setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    return Database(engine, f"synchronous_commit={setting}")


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
def _closing_on_failure(engine: Engine, name: str) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as problem:
        engine.dispose()
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        reason = (str(cause).strip().splitlines() or ["no reason was given"])[0].rstrip(".")
        raise DatabaseRefused(f"The database {name} cannot be opened: {reason}.") from problem
    except BaseException:
        engine.dispose()
        raise
