"""PostgreSQL: copied by pg_dump, put back from pg_restore's script in one transaction."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from sync.backups import archive
from sync.backups.archive import BadBackup
from sync.db import Database
from sync.migrations import VERSION_TABLE
from sync.models import metadata

ASIDE = "smilepost_before_"
"""How the schemas are called in which a restore keeps the tables that were in place."""

TABLES = frozenset({VERSION_TABLE, *metadata.tables})
_LISTED = re.compile(r"^\d+; \d+ \d+ TABLE (?!DATA )\S+ (\S+) ", re.MULTILINE)
_NOT_FOR_US = (b"\\", b"SET transaction_timeout ")
"""What psql would do, and what an older server doesn't know."""
BEGUN_WITH = ("devices", "sessions")
ATTEMPTS = 10
_HEAD = 8 * archive.CHUNK
"""A dump begins with the list of what is in it."""


def copy(db: Database, part: Path) -> None:
    """A consistent copy of our tables into the file `part`. Raises BadBackup, OSError."""
    with db.reading() as tx:
        schema = tx.exec_driver_sql("SELECT current_schema()").scalar_one()
    tables = [f"--table={schema}.{name}" for name in sorted(TABLES)]
    address, secret = _address(db.engine.url)
    command = [tool("pg_dump"), "--format=custom", "--compress=0", "--no-password", *tables, f"--dbname={address}"]
    with TemporaryFile() as said:
        with subprocess.Popen(  # noqa: S603 (words of our own)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=os.environ | secret
        ) as dumping:
            archive.pack(cast(IO[bytes], dumping.stdout), part)
        if dumping.returncode != 0:
            raise BadBackup(f"The database cannot be copied: {_first_line(said)}.")
    inspect(part, str(part.with_suffix("")))


def tool(name: str) -> str:
    """Raises BadBackup when PostgreSQL's own tools are not installed."""
    found = shutil.which(name)
    if found is None:
        raise BadBackup(f"{name} is not there: install PostgreSQL's client programs of the server's version.")
    return found


def _address(url: URL) -> tuple[str, dict[str, str]]:
    """For the tools: the address without its password, which others on the machine could read, and the password."""
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    return plain, {"PGPASSWORD": str(url.password)} if url.password else {}


def _first_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines() or ["no reason was given"]
    return lines[0].rstrip(".")


def inspect(path: Path, name: str) -> None:
    """Whether these are tables of Smilepost and nothing else. Raises BadBackup, which calls the file `name`."""
    with archive.reading(path) as content:
        head = content.read(_HEAD)
    command = [tool("pg_restore"), "--list"]
    listed = subprocess.run(command, input=head, capture_output=True, check=False)  # noqa: S603 (words of our own)
    if listed.returncode != 0:
        raise BadBackup(f"{name} cannot be read: {_first_line(BytesIO(listed.stderr))}.")
    tables = set(_LISTED.findall(listed.stdout.decode()))
    if VERSION_TABLE not in tables or not tables <= TABLES:
        raise BadBackup(f"{name} is not a backup of Smilepost.")


def set_aside(tx: Connection, schema: str) -> bool:
    """Moves our tables into a new schema; whether there were any. Nobody reads or writes them until the transaction
    ends. Raises BadBackup."""
    here = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    tables = [name for name in tx.exec_driver_sql(here).scalars() if name in TABLES]
    if tables:
        _lock(tx, tables)
        tx.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
        for table in tables:
            tx.exec_driver_sql(f'ALTER TABLE "{table}" SET SCHEMA "{schema}"')
    return bool(tables)


def _lock(tx: Connection, tables: Sequence[str]) -> None:
    """Waits for everybody else. First the tables with which a batch and a page begin: who comes now waits there, with
    nothing in its hands that we need."""
    tables = sorted(tables, key=lambda name: (name not in BEGUN_WITH, name))
    for _ in range(ATTEMPTS):
        try:
            with tx.begin_nested():
                tx.exec_driver_sql("SET LOCAL lock_timeout = '3s'")
                tx.exec_driver_sql(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
                tx.exec_driver_sql("SET LOCAL lock_timeout = 0")
                return
        except DBAPIError as problem:
            if getattr(problem.orig, "sqlstate", None) not in ("40P01", "55P03"):
                raise
    raise BadBackup("The database is too busy to be replaced now: stop the servers, and try again.")


# A backup holds tables and their triggers; what the trigger of the audit log calls is as r0004 made it.
_NEEDED = """
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$
"""


def load(tx: Connection, path: Path) -> None:
    """Everything that the backup holds, in this transaction. Raises BadBackup."""
    raw: Any = tx.connection.driver_connection
    try:
        with _script(path) as script, raw.cursor() as cursor:
            if cursor.execute("SELECT to_regproc('audit_stays')").fetchone() == (None,):
                cursor.execute(_NEEDED)
            _run(cursor, script)
            # The script has set up the session for itself.
            cursor.execute("RESET search_path; RESET row_security; RESET check_function_bodies")
    except psycopg.Error as problem:
        raise refusal(path, problem.sqlstate) from None


def refusal(path: Path, sqlstate: str | None) -> BadBackup:
    """Why a backup cannot be put back. The database's own words may repeat a row."""
    reason = f"PostgreSQL's error {sqlstate}"
    if sqlstate in ("42501", "3F000"):  # nothing there that this user may use or make
        reason = "the user in database_url has to own the tables and needs the right to CREATE in the database"
    return BadBackup(f"{path} cannot be put back: {reason}.")


@contextmanager
def _script(path: Path) -> Iterator[IO[bytes]]:
    """What pg_restore makes of a backup. Raises BadBackup at the end when the backup was not whole."""
    command = [tool("pg_restore"), "--file=-", "--no-owner", "--no-privileges"]
    broken: list[BadBackup] = []
    with TemporaryFile() as said:
        with subprocess.Popen(  # noqa: S603 (words of our own)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        ) as restoring:
            feeding = Thread(target=_feed, args=(path, restoring.stdin, broken), daemon=True)
            feeding.start()
            try:
                yield cast(IO[bytes], restoring.stdout)
                restoring.wait()
            finally:
                restoring.kill()
                feeding.join()
        if broken:
            raise broken[0]
        if restoring.returncode != 0:
            raise BadBackup(f"{path} cannot be put back: {_first_line(said)}.")


def _feed(path: Path, to: IO[bytes], broken: list[BadBackup]) -> None:
    try:
        with archive.reading(path) as content, to:
            while chunk := content.read(archive.CHUNK):
                to.write(chunk)
    except BrokenPipeError:
        return  # it ended first, and says why
    except BadBackup as problem:
        broken.append(problem)


def _run(cursor: Any, script: IO[bytes]) -> None:
    """Statements are gathered up to the rows of a table, which go their own way."""
    statements: list[bytes] = []
    for line in script:
        if line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            _execute(cursor, statements)
            _copy_rows(cursor, line.decode(), script)
        elif not line.startswith(_NOT_FOR_US):
            statements.append(line)
    _execute(cursor, statements)


def _execute(cursor: Any, statements: list[bytes]) -> None:
    text = b"".join(statements)
    statements.clear()
    if text.strip():
        cursor.execute(text)


def _copy_rows(cursor: Any, statement: str, script: IO[bytes]) -> None:
    with cursor.copy(statement) as rows:
        for line in script:
            if line == b"\\.\n":
                return
            rows.write(line)


def kept_aside(tx: Connection) -> list[str]:
    """The schemas with the tables that were in place before a restore; they hold what was erased since."""
    query = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) ORDER BY nspname"
    return list(tx.exec_driver_sql(query, (ASIDE,)).scalars())
