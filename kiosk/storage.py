"""What is wrong with a disk, told apart by what it refuses."""

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Literal

from sync.i18n import mark as _

Trouble = Literal["full", "read_only", "failing", "pinned"]

SENTENCES: dict[Trouble, str] = {
    "full": _("The disk is full: until there is room again, no more answers are kept than room was put aside for."),
    "read_only": _("The disk cannot be written to: no answer can be kept until it can."),
    "failing": _("The disk fails: no answer can be kept until it works again."),
    "pinned": _("Another program has the outbox open: answers are kept, but it should let go of it soon."),
}
"""For whoever stands beside the terminal."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_MISREAD = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}


def is_damage(problem: sqlite3.Error) -> bool:
    """Whether SQLite says that the file is no sound database."""
    return _code(problem) & 0xFF in _DAMAGED


def is_misread(problem: sqlite3.Error) -> bool:
    """Whether a part of the file could not be read at all."""
    return _code(problem) in _MISREAD


def trouble(problem: sqlite3.Error, folder: Path) -> Trouble:
    """What keeps the disk under `folder` from holding a tap. SQLite hides which error it met, so one is asked for."""
    code = _code(problem) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "pinned"
    if code == sqlite3.SQLITE_FULL:
        return "full"
    return probe(folder) or ("read_only" if code == sqlite3.SQLITE_READONLY else "failing")


def of(problem: OSError) -> Trouble:
    """What kind of trouble an error of the system's is."""
    return "full" if problem.errno in _FULL else "read_only" if problem.errno in _READ_ONLY else "failing"


def probe(folder: Path) -> Trouble | None:
    """Write a little, have it synced, and take it away again; what the disk says to that."""
    path = folder / ".probe"
    try:
        descriptor = open_own(path)
        try:
            os.write(descriptor, bytes(4096))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as problem:
        return of(problem)
    finally:
        with suppress(OSError):
            path.unlink()
    return None


def is_no_file(path: Path) -> bool:
    """Whether a folder, a pipe or a device is there. Raises OSError."""
    return path.exists() and not path.is_file()


def open_own(path: Path) -> int:
    """A descriptor to write into a file that nobody else may read, made when it is missing. Raises OSError, also for
    what is no file: a pipe would let us wait for its reader for ever."""
    if is_no_file(path):
        raise OSError(errno.EEXIST, "something else than a file is in its place", str(path))
    return os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` on the disk: a file that was written and renamed keeps its new name when the power
    goes. Raises OSError."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _code(problem: sqlite3.Error) -> int:
    return int(getattr(problem, "sqlite_errorcode", 0) or 0)
