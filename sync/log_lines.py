"""The server's log: a JSON object a line for machines, text for a terminal. It knows which request it is about, and
never the address that was called, an email address, a secret, or what a customer wrote."""

import json
import logging
import re
import secrets
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO, get_args

Form = Literal["auto", "json", "text"]
FORMS: tuple[Form, ...] = get_args(Form)
_FROM_OUTSIDE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_MEASURED = ("status", "ms")


@dataclass
class Doing:
    """The request that this thread is answering. `route` is its pattern, as in `/password/<token>`; `user` who is
    signed in, `key` which machine's key it is, by their numbers."""

    id: str
    method: str
    route: str
    user: int | None = None
    key: int | None = None


_doing: ContextVar[Doing | None] = ContextVar("doing", default=None)


def begin(given: str | None, method: str, route: str) -> Doing:
    """From now on this thread answers that request. `given`: the id that whoever stands in front of us gave it, taken
    when it is short and plain."""
    fits = given is not None and _FROM_OUTSIDE.fullmatch(given)
    doing = Doing(given if fits and given is not None else secrets.token_hex(8), method, route)
    _doing.set(doing)
    return doing


def doing() -> Doing | None:
    """What this thread answers, if it answers anything."""
    return _doing.get()


def end() -> None:
    _doing.set(None)


def to_standard_error(form: Form) -> None:
    """Every logger's lines from INFO on. `auto`: text when somebody looks on, else JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form, sys.stderr))
    handler.addFilter(_without_address)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def formatter(form: Form, stream: TextIO) -> logging.Formatter:
    if form == "auto":
        form = "text" if stream.isatty() else "json"
    return Json() if form == "json" else Text()


class Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        now = doing()
        if now is not None:
            line |= {"request": now.id, "method": now.method, "route": now.route}
            line |= {name: number for name, number in (("user", now.user), ("key", now.key)) if number is not None}
        line |= {name: getattr(record, name) for name in _MEASURED if hasattr(record, name)}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = told(record.exc_info[1], record.exc_info[2])
        return json.dumps(line)


class Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        now = doing()
        request = f" [{now.id}]" if now is not None else ""
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {record.getMessage()}{request}"
        line = line.replace("\r", "\\r").replace("\n", "\n    ")  # nothing in it looks like a line of its own
        if record.exc_info and record.exc_info[1]:
            line += f"\n{told(record.exc_info[1], record.exc_info[2])}"
        return line


def told(problem: BaseException, trace: TracebackType | None = None) -> str:
    """An exception and those that led to it, the first one first: kinds and places. Not their words: those of a
    database or of a parser repeat what they were given."""
    before = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    where = "".join(traceback.format_tb(trace or problem.__traceback__))
    one = f"{where}{type(problem).__module__}.{type(problem).__qualname__}"
    return f"{told(before)}\nthen\n{one}" if before is not None else one


def _without_address(record: logging.LogRecord) -> bool:
    """waitress names the address that it failed at, which may hold a token."""
    if record.name == "waitress" and record.args and "serving" in str(record.msg):
        record.args = ("a request",)
    return True
