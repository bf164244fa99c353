"""An export that somebody carried here on a stick: checked as a whole, then taken in the way of every batch."""

import gzip
import shutil
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sync import wire
from sync.centre import Centre
from sync.intake import ingest, ledger
from sync.problems import Refused


class BadExport(Exception):
    """The file cannot be taken in, or not now; the message is one sentence."""


@dataclass
class Imported:
    """What came of an export: how many entries got which verdict, and why they were kept apart or refused.
    `is_known`: whether the centre knows the terminal."""

    device: str
    is_known: bool
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def take(centre: Centre, path: Path) -> Imported:
    """Take in everything in an export of one of our terminals; twice is harmless. Raises BadExport with nothing taken
    when it is damaged, cut off, changed, not of this centre or of a revoked terminal; and when the database is busy,
    after which what was taken stays."""
    # A copy of our own: what is taken in is what was checked, whatever becomes of the stick.
    with _copied(path) as file:
        header = _check(centre, file, path)
        with centre.db.reading() as tx:
            signs = ledger.generation(tx, header.device)
        if signs not in (None, header.generation):
            raise BadExport(f"{path} is from the terminal {header.device}, which was taken out of service.")
        done = Imported(header.device, signs is not None)
        for line in _batches(file, path):
            _take(centre, header, line, done, path)
    return done


def _take(centre: Centre, header: wire.ExportHeader, line: bytes, done: Imported, path: Path) -> None:
    batch = wire.read_batch(line)
    try:
        answer = ingest.take(centre.db, header.device, header.generation, batch, centre.now_ms(), carried=True)
    except ingest.Busy:
        raise BadExport(f"The database is busy: import {path} again, nothing counts twice.") from None
    except Refused as refusal:
        raise BadExport(f"{path} cannot be taken in: {refusal.problem.sentence}") from None
    done.verdicts.update(result.verdict for result in answer.results)
    done.reasons.update(result.code for result in answer.results if result.code)


@contextmanager
def _copied(path: Path) -> Iterator[IO[bytes]]:
    with TemporaryFile() as copy:
        try:
            with path.open("rb") as file:
                shutil.copyfileobj(file, copy)
        except OSError as problem:
            raise BadExport(f"{path} cannot be read: {problem.strerror}.") from None
        yield copy


def _check(centre: Centre, file: IO[bytes], path: Path) -> wire.ExportHeader:
    """Read everything once: whether it is whole, and signed with a key of ours."""
    lines = _lines(file, path)
    first = next(lines, b"")
    digest, batches, entries, last = sha256(first), 0, 0, b""
    try:
        header = wire.read_export_header(first)
        for line in lines:
            if last:
                digest.update(last)
                batches, entries = batches + 1, entries + _entries(last)
            last = line
        end = wire.read_export_end(last)
    except wire.Unreadable:
        raise BadExport(f"{path} is no export of a terminal, or of a version that this one doesn't know.") from None
    keys = centre.secrets.keys(header.device, header.generation)
    signed = any(wire.export_is_signed(key, digest.hexdigest(), end.signature) for key in keys)
    if not signed or (end.batches, end.entries) != (batches, entries):
        raise BadExport(f"{path} is not signed for this centre: it was changed, or it is another centre's.")
    return header


def _entries(line: bytes) -> int:
    """How many a batch holds. Raises Unreadable also for one that holds more than a batch may."""
    count = len(wire.read_batch(line).entries)
    if count > wire.MAX_ENTRIES:
        raise wire.Unreadable("bad_batch")
    return count


def _batches(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """Every line but the first and the last."""
    lines = _lines(file, path)
    next(lines)
    before = next(lines)
    for line in lines:
        yield before
        before = line


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as content:
            while line := content.readline(wire.MAX_INFLATED + 1):
                if len(line) > wire.MAX_INFLATED:
                    raise BadExport(f"{path} is no export of a terminal: it has a line that is too long.")
                yield line
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise BadExport(f"{path} is no export of a terminal, or it is damaged or cut off: write it again.") from None
