"""The file of a backup: a gzip, whose checksum tells one changed bit, of what the database's own tool copied."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

Kind = Literal["sqlite", "postgresql"]

CHUNK = 1024 * 1024
LEVEL = 3
_MAGIC: dict[Kind, bytes] = {"sqlite": b"SQLite format 3\x00", "postgresql": b"PGDMP"}
_GZIP = b"\x1f\x8b"
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)


class BadBackup(Exception):
    """A backup cannot be made or used; the message is one sentence."""


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """What was copied. Raises BadBackup where the file turns out to be damaged or cut off. An SQLite database that was
    set aside may be read like a backup."""
    try:
        file = path.open("rb")
    except OSError as problem:
        raise BadBackup(f"{path} cannot be read: {problem.strerror}.") from None
    with file:
        zipped = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        try:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if zipped else file
        except _BROKEN:
            raise BadBackup(f"{path} is damaged or cut off: take another backup.") from None


def kind_of(path: Path) -> Kind:
    """Of which database it is a backup. Raises BadBackup."""
    with reading(path) as content:
        head = content.read(max(map(len, _MAGIC.values())))
    for kind, magic in _MAGIC.items():
        if head.startswith(magic):
            return kind
    raise BadBackup(f"{path} is not a backup of Smilepost.")


def _is_backup(path: Path) -> bool:
    """Whether `backup` wrote this file; the database itself is none."""
    try:
        with path.open("rb") as file:
            zipped = file.read(len(_GZIP)) == _GZIP
        return zipped and kind_of(path) in _MAGIC
    except (OSError, BadBackup):
        return False


def check(path: Path) -> None:
    """Read it to its end. Raises BadBackup."""
    with reading(path) as content:
        while content.read(CHUNK):
            pass


@contextmanager
def making(path: Path) -> Iterator[Path]:
    """The name under which a file is written until it is whole: at the end of the block it is on the disk under its
    own name, after an exception nothing of it is left. It takes the place of an earlier backup, and of nothing else.
    Readable by its owner only. Raises BadBackup."""
    part = path.with_name(f"{path.name}.part")
    if path.exists() and not _is_backup(path):
        raise BadBackup(f"{path} is there already, and no backup of Smilepost: name another file.")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield part
        sync(part)
        os.rename(part, path)
        sync(path.parent)
    except OSError as problem:
        raise BadBackup(f"{path} cannot be written: {problem.strerror or problem}.") from None
    finally:
        part.unlink(missing_ok=True)


def pack(content: IO[bytes], path: Path) -> None:
    """Write what was copied into a file that is there."""
    with path.open("r+b") as file, gzip.GzipFile("", "wb", LEVEL, file) as packed:
        while chunk := content.read(CHUNK):
            packed.write(chunk)


def unpack(path: Path, to: Path) -> None:
    """Write what was copied into a new file, readable by its owner only. Raises BadBackup, OSError."""
    with reading(path) as content, os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := content.read(CHUNK):
            file.write(chunk)


def sync(path: Path) -> None:
    """What a file or a folder says is on the disk when this returns."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
