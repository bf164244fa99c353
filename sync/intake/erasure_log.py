"""What was erased and which devices were revoked, in a file outside the database and its backup.

A line of JSON each, only ever added to: an old backup that is restored knows nothing of what was erased since, and
this file tells it. Lines that begin with "#" are for people; one that ends with CUT was cut off as it was written."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from sync import wire

HEADER = b"# What Smilepost erased and which terminals it revoked. Keep a copy; never take a line out.\n"
CUT = b" #cut off"


class BadLog(Exception):
    """The file of erasures cannot be used; the message is one sentence."""


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which database this file belongs to: a backup of that one knows the same name."""

    erasures_of: wire.Name


class Erased(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of the entries with this id are gone since `ms`."""

    erased: wire.Id
    ms: int


class Revoked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing that this device signs is taken since `ms`; a later enrolment would be of `generation` at least."""

    revoked: wire.Name
    generation: wire.Count
    ms: int


@dataclass
class Told:
    """Everything the file says. `owner`: the name of the file itself, empty while it has none. `cut`: its last line was
    cut off by a crash, before anybody was told that it holds."""

    erased: dict[str, int] = field(default_factory=dict)
    revoked: dict[str, Revoked] = field(default_factory=dict)
    cut: bool = False
    owner: str = ""


Line = Owner | Erased | Revoked
_DECODERS: list[msgspec.json.Decoder[Any]] = [msgspec.json.Decoder(kind) for kind in (Erased, Revoked, Owner)]


def read(path: Path) -> Told:
    """Raises BadLog when the file cannot be read, or when a line in its middle is damaged: then nobody knows any more
    what it erased, and a copy of the file has to say. A file that is not there says nothing."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Told()
    except OSError as problem:
        raise BadLog(f"The erasures file {path} cannot be read: {problem.strerror}.") from None
    told = Told()
    *lines, last = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith(b"#") and not line.endswith(CUT) and not _read_line(line, told):
            raise BadLog(
                f"Line {number} of the erasures file {path} is damaged, so that nobody knows what it erased: put the "
                f"file back from its copy."
            )
    told.cut = bool(last) and not _read_line(last, told)
    return told


def _read_line(text: bytes, told: Told) -> bool:
    """Whether the line could be read."""
    line = _decoded(text)
    if isinstance(line, Erased):
        told.erased.setdefault(line.erased, line.ms)
    elif isinstance(line, Revoked):
        before = told.revoked.get(line.revoked)
        if before is None or before.generation < line.generation:
            told.revoked[line.revoked] = line
    elif line is not None:
        told.owner = told.owner or line.erasures_of
    return line is not None


def _decoded(text: bytes) -> Line | None:
    for decoder in _DECODERS:
        try:
            line: Line = decoder.decode(text)
            return line
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return None


def append(path: Path, lines: Iterable[Line] = ()) -> None:
    """Adds lines; they and the file itself are on the disk when this returns. Makes the file where it is missing,
    readable by its owner only, and ends a line that was cut off. Raises BadLog."""
    try:
        with _alone(path) as file:
            size = os.fstat(file).st_size
            content = HEADER if size == 0 else _ending(path)
            content += b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            _write(file, content)
            os.fsync(file)
        _sync_folder(path.parent)
    except OSError as problem:
        raise BadLog(f"The erasures file {path} cannot be written: {problem.strerror}.") from None


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """The file, to add to it while nobody else does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _ending(path: Path) -> bytes:
    """What the last line lacks to be one: nothing, its end, or a mark that it never was one."""
    last = path.read_bytes().rpartition(b"\n")[2]
    if not last:
        return b""
    return b"\n" if _read_line(last, Told()) else CUT + b"\n"


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _sync_folder(folder: Path) -> None:
    """A new file is there after a power cut only when its folder was synced as well."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
