"""Tables for spreadsheets, as CSV: everything that leaves as CSV is written here, and nothing in it is ever a formula.

A spreadsheet computes what begins with a sign for it, whoever wrote the text: a name such as =HYPERLINK(…) would run on
the desk of whoever opens the file. An apostrophe in front makes a text of it; `unguarded` takes it off again."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

MIMETYPE = "text/csv"
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""What Excel knows UTF-8 by."""
PIECE = 64 * 1024
"""Characters that are sent at once."""

Cell: TypeAlias = str | int | None

# = + - @ and their full-width twins begin a formula; some programs drop a tab or a line break before they look. Whoever
# opens the file with a semicolon or a tab for its separator sees cells begin within ours, with or without a quote.
_BEGINS = r"(?:^|(?<=[;\t\r\n]))"
_FORMULA = "[\"']*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_NAKED = re.compile(f"{_BEGINS}(?={_FORMULA})")
_GUARDED = re.compile(f"{_BEGINS}'(?={_FORMULA})")


def guarded(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    return _NAKED.sub("'", text)


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return _GUARDED.sub("", text)


class Sheet:
    """A table as pieces of a file, made while they are sent: UTF-8 with its mark, CRLF, each row as wide as the
    header. Iterated once."""

    def __init__(self, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        self._header, self._rows = tuple(header), rows

    def __iter__(self) -> Iterator[bytes]:
        page = io.StringIO()
        page.write(BOM)
        writer = csv.writer(page, lineterminator="\r\n")
        writer.writerow([guarded(name) for name in self._header])
        for row in self._rows:
            if len(row) != len(self._header):
                raise ValueError(f"a row has {len(row)} cells below {len(self._header)} names")
            writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
            if page.tell() >= PIECE:
                yield page.getvalue().encode()
                page.seek(0)
                page.truncate()
        yield page.getvalue().encode()
