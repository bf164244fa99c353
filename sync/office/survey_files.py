"""A survey as a TOML file, to be kept, sent round and read in again: the same comes back. Pure."""

import codecs
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec
import tomli_w

from sync import survey
from sync.office.forms import Wrong
from sync.office.tongue import _
from sync.survey import Question, Survey

MOST = 512 * 1024
"""Bytes of a file: a survey of the longest kind in forty languages."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PART = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")


def write(asked: Survey) -> bytes:
    """The file."""
    return tomli_w.dumps(msgspec.to_builtins(asked)).encode()


def read(content: bytes) -> Survey:
    """The survey in a file, complete or not. Raises Wrong, under "file", with everything that keeps it from being
    one."""
    try:
        told = tomllib.loads(_text(content))
    except tomllib.TOMLDecodeError as problem:
        raise _wrong(_("The file is not TOML: {problem}.").format(problem=_where(problem))) from None
    except RecursionError:
        raise _wrong(_("The file is not a survey: it goes too deep.")) from None
    try:
        return msgspec.convert(told, Survey)
    except msgspec.ValidationError:
        said = [_("{place}: {problem}").format(place=place, problem=what) for place, what in _parts(told)]
        raise _wrong(_("The file is no survey. {problems}.").format(problems="; ".join(said))) from None


def _parts(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong in each part of a file, by the part's place in it: (place, problem)."""
    fields = {field.name: field.type for field in msgspec.structs.fields(Survey)}
    for name in told.keys() - fields.keys():
        yield name, _("a survey has nothing of that name")
    for name, kind in fields.items():
        if name not in told:
            yield name, _("it is missing")
        elif name == "questions" and isinstance(told[name], list):
            for index, one in enumerate(told[name], 1):
                yield from _problem(f"{name} › {index}", one, Question)
        else:
            yield from _problem(name, told[name], kind)


def _problem(place: str, value: Any, kind: Any) -> Iterator[tuple[str, str]]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        path, _colon, what = survey.reason(problem).partition(": ")
        inside = _place(path)
        yield f"{place} › {inside}" if inside else place, what


def _text(content: bytes) -> str:
    if len(content) > MOST:
        raise _wrong(_("The file has more than {most} kB, which no survey needs.").format(most=MOST // 1024))
    if content.startswith(_WIDE) or b"\0" in content[:4]:
        raise _wrong(_("The file is text in UTF-16: save it as UTF-8."))
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        said = _("The file is not text in UTF-8: look at line {line}, and save it as UTF-8.")
        raise _wrong(said.format(line=line)) from None


def _where(problem: tomllib.TOMLDecodeError) -> str:
    """tomllib says where in brackets: "(at line 3, column 7)"."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", str(problem))
    if found is None:
        return _("it ends too early")
    return _("look at line {line}, column {column}").format(line=found[1], column=found[2])


def _place(path: str) -> str:
    """Of "$.questions[0].texts", as it stands in the file: "questions 1, texts"."""
    parts = [name or (str(int(index) + 1) if index.isdecimal() else "") for name, index in _PART.findall(path)]
    return " › ".join(part for part in parts if part)


def _wrong(sentence: str) -> Wrong:
    return Wrong({"file": sentence})
