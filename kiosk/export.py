"""Everything unsent in one signed file, for somebody to carry to head office. Nothing changes its state here: what
head office got by hand it calls a duplicate when it comes over the network."""

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from kiosk import batches
from kiosk.batches import Sheet
from kiosk.outbox import Outbox
from kiosk.storage import sync_folder
from sync import wire

_GZIP = 31
_NAME = "smilepost-"


class ExportRefused(Exception):
    """There is no such file to be made; the message is one sentence."""


def content(outbox: Outbox, sheet: Sheet) -> Iterator[bytes]:
    """The bytes of the file, a batch at a time. Raises NotHeld when the disk cannot be read."""
    press = zlib.compressobj(6, wbits=_GZIP)
    digest, count, entries = sha256(), 0, 0
    for line, size in _lines(outbox, sheet):
        digest.update(line)
        count, entries = count + (size is not None), entries + (size or 0)
        yield press.compress(line)
    end = wire.ExportEnd(count, entries, wire.sign_export(sheet.who.secret, digest.hexdigest()))
    yield press.compress(wire.encode(end) + b"\n") + press.flush()


def _lines(outbox: Outbox, sheet: Sheet) -> Iterator[tuple[bytes, int | None]]:
    """The header, and each batch with the number of its entries."""
    who = sheet.who
    header = wire.ExportHeader(1, who.device or "", who.generation, who.install, wire.APP, sheet.stamp.wall_ms)
    yield wire.encode(header) + b"\n", None
    after, until = 0, outbox.newest()
    while waiting := outbox.unsent(after, until, wire.MAX_ENTRIES):
        batch, body = batches.with_entries(sheet, outbox.starts, [entry for _, entry in waiting])
        after = waiting[len(batch.entries) - 1][0]
        yield body + b"\n", len(batch.entries)


def write(file: Path, pieces: Iterable[bytes]) -> None:
    """The whole file under its name, or none: only its owner may read it. Raises ExportRefused; what `pieces` raises
    passes through."""
    if file.exists():
        raise ExportRefused(f"{file} exists already: it may hold what was not carried to head office yet.")
    part = file.with_name(file.name + ".part")
    try:
        _write(part, pieces)
        part.rename(file)
        sync_folder(file.parent)
    except OSError as problem:
        raise ExportRefused(f"{file} cannot be written: {problem.strerror}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def carry(folder: Path, wall_ms: int, pieces: Iterable[bytes]) -> Path:
    """The whole file in `folder`, named after the moment; those before it go, since all that they held is in it or at
    head office. Raises ExportRefused; what `pieces` raises passes through."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise ExportRefused(f"{folder} cannot be made: {problem.strerror}.") from None
    file = folder / name(wall_ms)
    write(file, pieces)
    for before in carried(folder):
        if before != file:
            with suppress(OSError):
                before.unlink()
    return file


def name(wall_ms: int) -> str:
    """What a file is called that was made at that moment."""
    return f"{_NAME}{datetime.fromtimestamp(wall_ms / 1000, UTC):%Y%m%d-%H%M%S-%f}.gz"


def carried(folder: Path) -> list[Path]:
    """The files that lie there to be carried to head office."""
    return sorted(folder.glob(f"{_NAME}*.gz"))


def _write(part: Path, pieces: Iterable[bytes]) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as sink:
        for piece in pieces:
            sink.write(piece)
        sink.flush()
        os.fsync(sink.fileno())
