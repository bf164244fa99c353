"""Reading a table that somebody made in a spreadsheet: whatever its encoding, its separator and its line ends.

Nothing is believed: what isn't a table is one sentence, and what is wrong in a line is a sentence with its number."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sync.office.sheets import unguarded
from sync.office.tongue import _

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
LONGEST_CELL = 50_000
_MARKS = ((codecs.BOM_UTF8, "utf-8", "UTF-8"), (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
          (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"))  # fmt: skip
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROLS = {chr(code) for code in range(32)} - set("\t\r\n\f\v\x1a")
_SAMPLE = 3


class BadSheet(ValueError):
    """What was given is no table; the message is a sentence for whoever gave it."""


@dataclass(frozen=True)
class Line:
    """A line below the header: the number that it begins with in the file (the first is 1), and its cells by column.
    `problem`: why it can't be read, and then there are no cells."""

    number: int
    cells: dict[str, str]
    problem: str | None = None


@dataclass(frozen=True)
class Table:
    """`encoding` and `separator` as people call them; `guessed`: the encoding wasn't certain. `sample`: some texts with
    letters that a wrong guess would spoil."""

    encoding: str
    guessed: bool
    separator: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    sample: tuple[str, ...]


Name = Callable[[str], str | None]
"""The column that a header means, None where there is none of that name."""


def read(content: bytes, column: Name, known: str) -> Table:
    """The table in a file, its guards taken off. `known`: the names of the columns, for a sentence. Raises BadSheet."""
    text, encoding, guessed = _decoded(content)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    separator, skipped = _separator(text, column)
    records = _records(text, separator, skipped)
    header = next(records, None)
    if header is None or isinstance(header[1], str):
        raise BadSheet(header[1] if header and isinstance(header[1], str) else _("The file is empty."))
    columns = _columns(header[1], column, known)
    lines: list[Line] = []
    for number, cells in records:
        if len(lines) >= MOST_ROWS:
            raise BadSheet(_("The file has more than {most} lines: divide it into several.").format(most=MOST_ROWS))
        if isinstance(cells, str):
            lines.append(Line(number, {}, cells))
        elif any(cell.strip() for cell in cells):
            lines.append(_line(number, cells, columns))
    shown = {",": _("comma"), ";": _("semicolon"), "\t": _("tab")}[separator]
    named = tuple(name for name in columns if name)
    return Table(encoding, guessed, shown, named, tuple(lines), tuple(_sample(lines)))


def _decoded(content: bytes) -> tuple[str, str, bool]:
    """The text, how it was written, and whether that is a guess."""
    if len(content) > MOST_BYTES:
        raise BadSheet(_("The file is too large: at most {n} MB are allowed.").format(n=MOST_BYTES // 1024 // 1024))
    if content.startswith(_WORKBOOKS):
        raise BadSheet(
            _("This is a workbook, not a CSV file: save it as CSV in the spreadsheet, and choose that file.")
        )
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            try:
                return _text(content[len(mark) :].decode(codec)), name, False
            except UnicodeDecodeError:
                raise BadSheet(_("The file says that it is {name}, and is not.").format(name=name)) from None
    try:
        return _text(content.decode("utf-8")), "UTF-8", False
    except UnicodeDecodeError:
        pass
    try:
        return _text(content.decode("cp1252")), "Windows-1252", True
    except UnicodeDecodeError:
        return _text(content.decode("latin-1")), "ISO-8859-1", True


def _text(text: str) -> str:
    """Raises BadSheet for a picture, a program: what people don't write."""
    if not text.strip():
        raise BadSheet(_("The file is empty."))
    strange = sum(character in _CONTROLS for character in text[:4096])
    if strange > 8 or strange * 20 > len(text[:4096]):
        raise BadSheet(_("This is no text, and so no CSV file: in the spreadsheet, save the table as CSV."))
    return text


def _separator(text: str, column: Name) -> tuple[str, int]:
    """The one by which the first line has the most columns that are known; and how many lines stand before it."""
    first, _end, rest = text.partition("\n")
    if first[:4].casefold() == "sep=" and first[4:].strip('" \n') in (",", ";", "") and len(first) <= 6:
        return first[4:5] or "\t", 1
    head = first if first.strip() else rest.lstrip("\n").partition("\n")[0]

    def fits(separator: str) -> tuple[int, int]:
        cells = head.split(separator)
        return sum(column(cell.strip().strip('"')) is not None for cell in cells), len(cells)

    return max((",", ";", "\t"), key=fits), 0


def _records(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str] | str]]:
    """Each record with the number of the line that it begins in: its cells, or why it can't be read; nothing is read
    after that. Empty ones are left out."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield begins, _unread(str(problem), begins == reader.line_num)
            return
        if begins > skipped and cells:
            yield begins, cells
        begins = reader.line_num + 1


def _unread(problem: str, same_line: bool) -> str:
    if "field larger" in problem and same_line:
        return _("A cell has more than {most} characters. From here on nothing was read.").format(most=LONGEST_CELL)
    if "unexpected end" in problem or "field larger" in problem:
        return _("A quotation mark is opened here and never closed. From here on nothing was read.")
    return _("Behind a closing quotation mark there is more text. From here on nothing was read.")


def _columns(header: list[str], column: Name, known: str) -> list[str]:
    """The column of each cell; "" where the header has no name."""
    found: list[str] = []
    for cell in header:
        name = " ".join(unguarded(cell).split())
        means = column(name) if name else ""
        if means is None:
            told = _("There is no column “{name}”: {known} are known. The first line names the columns.")
            raise BadSheet(told.format(name=name[:60], known=known))
        if means and means in found:
            raise BadSheet(_("Two columns are called “{name}”: one is enough.").format(name=name[:60]))
        found.append(means)
    return found


def _line(number: int, cells: list[str], columns: list[str]) -> Line:
    if len(cells) < len(columns) and any(columns[len(cells) :]):
        told = _("This line has {n} cells, the first one {all}.")
        return Line(number, {}, told.format(n=len(cells), all=len(columns)))
    beyond = [cell for index, cell in enumerate(cells) if index >= len(columns) or not columns[index]]
    if any(cell.strip() for cell in beyond):
        text = next(cell.strip() for cell in beyond if cell.strip())
        return Line(number, {}, _("This line has a cell without a column: “{text}”.").format(text=text[:60]))
    pairs = zip(columns, cells, strict=False)
    return Line(number, {name: unguarded(cell.strip()) for name, cell in pairs if name})


def _sample(lines: list[Line]) -> Iterator[str]:
    found = 0
    for line in lines:
        for cell in line.cells.values():
            if not cell.isascii() and found < _SAMPLE:
                found += 1
                yield cell[:60]
                break
