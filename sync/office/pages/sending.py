"""Files that go out over HTTP to be kept: the one way in which a route answers with a table."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from flask import Response

from sync.office.sheets import MIMETYPE, Cell, Sheet

LONGEST_NAME = 80


def sheet(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A table to be kept as NAME.csv, sent while it is made: what `rows` needs has to be at hand without a request."""
    answer = Response(Sheet(header, rows), mimetype=MIMETYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(name)}.csv"'
    return answer


def file_name(text: str) -> str:
    """A name that every system takes for a file, of letters and digits of ASCII."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:LONGEST_NAME] or "smilepost"
