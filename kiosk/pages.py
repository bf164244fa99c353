"""What lies in the pages of an SQLite file, read without SQLite, because SQLite gives up where a file is damaged.

The format is SQLite's own (https://sqlite.org/fileformat2.html). Nothing here writes, and nothing is believed: whoever
asks for the records has to know what a sound one looks like."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

Value = int | float | str | bytes | None

USUAL_PAGE = 4096
_MAGIC = b"SQLite format 3\0"
_WAL_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
_WAL_HEADER, _FRAME_HEADER = 32, 24
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}


class Record(NamedTuple):
    """One row as it is stored: of a table with row ids (`in_table`; that column is None then), or of an index or a
    table without. `sure`: no newer version of its page is known, and what holds it is sound as far as can be told."""

    in_table: bool
    values: tuple[Value, ...]
    sure: bool


@dataclass
class Journal:
    """A write-ahead log. `pages`: page number -> where its newest committed content begins. `loose`: where pages begin
    that follow a damaged place, or were never committed. `commits_beyond`: commits that SQLite will not see."""

    size: int
    pages: dict[int, int] = field(default_factory=dict)
    loose: list[int] = field(default_factory=list)
    commits_beyond: int = 0


def commits_beyond_damage(wal: Path) -> int:
    """How many commits of a journal SQLite will not see, because what comes before them is damaged. Raises OSError."""
    descriptor = os.open(wal, os.O_RDONLY)
    try:
        return _read_journal(descriptor).commits_beyond
    finally:
        os.close(descriptor)


def records(path: Path) -> Iterator[Record | bytes]:
    """Everything that can still be read of the database at `path` and its journal; either may be missing. The sure
    ones come first. A page that cannot be made sense of comes as its bytes. Raises OSError when it may not be read."""
    with _Opened(path) as main, _Opened(path.with_name(path.name + "-wal")) as wal:
        journal = _read_journal(wal.descriptor) if wal.descriptor is not None else Journal(USUAL_PAGE)
        reader = _Reader(main, wal, journal, _page_size(main) or journal.size)
        last = max([main.length // reader.size, *journal.pages])
        for number in range(1, last + 1):
            yield from reader.read(number, reader.page(number), sure=True)
        for offset in journal.loose:
            frame = wal.at(offset - _FRAME_HEADER, _FRAME_HEADER)
            page = wal.at(offset, reader.size)
            yield from reader.read(struct.unpack(">I", frame[:4])[0] if len(frame) >= 4 else 0, page, sure=False)


class _Opened:
    """A file to read from, or none; what cannot be read of it is nothing."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY) if path.is_file() else None
        self.length = os.fstat(self.descriptor).st_size if self.descriptor is not None else 0

    def __enter__(self) -> "_Opened":
        return self

    def __exit__(self, *_: object) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def at(self, offset: int, length: int) -> bytes:
        if self.descriptor is None:
            return b""
        return _pread(self.descriptor, length, offset)


def _pread(descriptor: int, length: int, offset: int) -> bytes:
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, length)
    except OSError:
        return b""  # a bad sector


def _page_size(main: _Opened) -> int | None:
    header = main.at(0, 100)
    if len(header) < 100 or not header.startswith(_MAGIC):
        return None
    size = struct.unpack(">H", header[16:18])[0]
    size = 65536 if size == 1 else size
    return size if size >= 512 and not size & (size - 1) else None


def _read_journal(descriptor: int) -> Journal:
    """Follow the chain of checksums as far as it holds, and look at what lies behind."""
    header = _pread(descriptor, _WAL_HEADER, 0)
    if len(header) < _WAL_HEADER:
        return Journal(USUAL_PAGE)
    magic, _, size = struct.unpack(">3I", header[:12])
    order = _WAL_MAGICS.get(magic, "<")
    size = size if 512 <= size <= 65536 and not size & (size - 1) else USUAL_PAGE
    before = _stored(header[24:32])
    unbroken = _WAL_MAGICS.get(magic) is not None and _checksum(header[:24], (0, 0), order) == before
    first = _pread(descriptor, _FRAME_HEADER, _WAL_HEADER)
    salts = header[16:24] if unbroken else first[8:16]
    found, open_pages, loose, offset = Journal(size), {}, [], _WAL_HEADER
    while len(frame := _pread(descriptor, _FRAME_HEADER + size, offset)) == _FRAME_HEADER + size:
        if frame[8:16] == salts:  # else it is left over from before the journal began anew
            holds = _checksum(frame[24:], _checksum(frame[:8], before, order), order) == _stored(frame[16:24])
            number, commit = struct.unpack(">2I", frame[:8])
            unbroken = unbroken and holds
            if unbroken:
                open_pages[number] = offset + _FRAME_HEADER
                if commit:
                    found.pages |= open_pages
                    open_pages = {}
            else:
                loose.append(offset + _FRAME_HEADER)
                found.commits_beyond += bool(commit)
        else:
            unbroken = False
        before = _stored(frame[16:24])
        offset += _FRAME_HEADER + size
    found.loose = [*open_pages.values(), *loose]
    return found


def _stored(eight: bytes) -> tuple[int, int]:
    first, second = struct.unpack(">2I", eight)
    return first, second


def _checksum(content: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    """SQLite's own, over pairs of 32-bit words."""
    one, two = seed
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for even, odd in zip(words, words, strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two


class _Reader:
    """Pages into records."""

    def __init__(self, main: _Opened, wal: _Opened, journal: Journal, size: int) -> None:
        self._main, self._wal, self._journal, self.size = main, wal, journal, size
        self._usable = size

    def page(self, number: int) -> bytes:
        if number in self._journal.pages:
            return self._wal.at(self._journal.pages[number], self.size)
        return self._main.at((number - 1) * self.size, self.size)

    def read(self, number: int, page: bytes, sure: bool) -> Iterator[Record | bytes]:
        """The records of one page, or the page itself where it makes no sense."""
        start = 100 if number == 1 else 0
        kind = page[start] if len(page) > start else 0
        if not any(page):
            return
        if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            yield page
            return
        broken = len(page) < self.size
        for pointer in self._pointers(page, start, kind):
            try:
                values = _values(self._payload(page, pointer, kind))
            except (IndexError, ValueError, struct.error):
                broken = True
                continue
            yield Record(kind == _TABLE_LEAF, values, sure)
        if broken:
            yield page

    def _pointers(self, page: bytes, start: int, kind: int) -> list[int]:
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        first = start + (12 if kind == _INDEX_INTERIOR else 8)
        room = min(count, (len(page) - first) // 2)
        return list(struct.unpack(f">{room}H", page[first : first + 2 * room]))

    def _payload(self, page: bytes, at: int, kind: int) -> bytes:
        """A cell's record, with what spilled over into other pages. Raises IndexError, ValueError."""
        at += 4 if kind == _INDEX_INTERIOR else 0
        length, at = _varint(page, at)
        most = self._usable - 35 if kind == _TABLE_LEAF else (self._usable - 12) * 64 // 255 - 23
        if kind == _TABLE_LEAF:
            _, at = _varint(page, at)
        if length <= most:
            return _exactly(page[at : at + length], length)
        least = (self._usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (self._usable - 4)
        here = here if here <= most else least
        parts = [_exactly(page[at : at + here], here)]
        left, following = length - here, int.from_bytes(page[at + here : at + here + 4], "big")
        while left > 0:
            if not following or len(parts) > 64:
                raise ValueError("an overflow chain that leads nowhere")
            over = self.page(following)
            following = int.from_bytes(over[:4], "big")
            parts.append(_exactly(over[4 : 4 + min(left, self._usable - 4)], min(left, self._usable - 4)))
            left -= len(parts[-1])
        return b"".join(parts)


def _exactly(part: bytes, length: int) -> bytes:
    if len(part) != length:
        raise ValueError("cut off")
    return part


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends. Raises IndexError."""
    number = 0
    for index in range(9):
        byte = content[at + index]
        if index == 8:
            return (number << 8) | byte, at + 9
        number = (number << 7) | (byte & 0x7F)
        if byte < 0x80:
            return number, at + index + 1
    raise IndexError


def _values(payload: bytes) -> tuple[Value, ...]:
    """The columns of a record. Raises IndexError, ValueError, struct.error."""
    end, at = _varint(payload, 0)
    body, values = end, []
    while at < end:
        kind, at = _varint(payload, at)
        size = _SIZES[kind] if kind < 10 else (kind - 12) // 2 if kind >= 12 else -1
        if size < 0:
            raise ValueError("no such type")
        values.append(_value(kind, _exactly(payload[body : body + size], size)))
        body += size
    return tuple(values)


def _value(kind: int, content: bytes) -> Value:
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", content)[0])
    if kind >= 12:
        return content.decode() if kind % 2 else content
    return int.from_bytes(content, "big", signed=True) if kind else None
