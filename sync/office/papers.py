"""What people write in files and hand in: JSON in UTF-8, or a refusal that says what it is instead. Pure."""

import codecs
import re
from typing import Any, TypeVar

import msgspec

MOST = 256 * 1024
"""Bytes of a file."""
T = TypeVar("T")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class BadPaper(ValueError):
    """A file that cannot be read; the message says why, to follow the file's name."""


def text(content: bytes) -> str:
    """What was written; the mark that some editors put before UTF-8 is left out. Raises BadPaper."""
    if len(content) > MOST:
        raise BadPaper(f"has {len(content):,} bytes; at most {MOST:,} are allowed")
    if content.startswith(_WIDE) or b"\0" in content[:4]:
        raise BadPaper("is text in UTF-16 or UTF-32: save it as UTF-8")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise BadPaper(
            f"is not text in UTF-8 (the first other character is in line {line}): save it as UTF-8"
        ) from None


def json(content: bytes, kind: type[T] | Any = Any) -> T:
    """What stands there as JSON, as a `kind`. Raises BadPaper, with the path and the reason."""
    written = text(content)
    try:
        decoded: T = msgspec.json.decode(written, type=kind)
    except msgspec.ValidationError as problem:
        what, at, path = str(problem).rpartition(" - at `")
        why = f"{path.rstrip('`')}: {what}" if at else f"$: {problem}"
        raise BadPaper(f"is not what it should be, {why.removesuffix('.')}") from None
    except (msgspec.DecodeError, RecursionError, ValueError) as problem:
        raise BadPaper(f"is not JSON{_place(written, str(problem))}") from None
    return decoded


def _place(written: str, problem: str) -> str:
    """Where, for whoever wrote it: in lines, not in bytes."""
    found = re.search(r"\(byte (\d+)\)", problem)
    if found is None:
        return ""
    line = written.encode()[: int(found[1])].count(b"\n") + 1
    return f": look at line {line}"
