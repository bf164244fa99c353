"""What can be read of an outbox that was moved aside comes back into the one that took its place.

Each entry has a hash that says whether it is whole; a draft has to be one; the rest only has to look right. What comes
back twice changes nothing, so a salvage that was cut off begins again."""

import logging
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kiosk import aside, pages
from kiosk.disk import Disk, NotHeld
from kiosk.pages import Record, Value
from sync import wire

log = logging.getLogger(__name__)

CHUNK = 250
"""Rows that come back in one transaction: taps wait for no longer than that takes."""
DONE = "salvaged:"
"""The fact that a file was salvaged."""
_LEFT_BEHIND = {"stream", "next_seq", "aside", "disk_tried"}
_FACT = re.compile(r"[a-z][a-z_]*(:[!-~]+)?")
_SHA = re.compile(r"[0-9a-f]{64}")
_JSON = re.compile(rb'\{"answers":.*?"version":\d+(?:,"wiped":\{[^{}]*\})?\}', re.DOTALL)
"""An entry or a draft among other bytes: both are written with sorted keys."""
_STATES = ("sealed", "parked", "acked")
_COUNT = (
    "INSERT INTO facts VALUES ('aside', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1"
    " WHERE CAST(?1 AS INTEGER) > CAST(value AS INTEGER)"
)
_TYPES: dict[str, type] = {"TEXT": str, "INTEGER": int, "BLOB": bytes}


class Row(NamedTuple):
    """What comes back into `table`. `turn`: 0 what waits and everything small, 1 what is acked, 2 what is only found in
    places that SQLite would not look at, and so may be older than what is known."""

    table: str
    columns: dict[str, Value]
    turn: int


class Column(NamedTuple):
    name: str
    kind: type
    nullable: bool
    optional: bool


class Salvage:
    """The salvage of everything beside `disk` that was not salvaged yet."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk, self._folder = disk, folder
        self._openings = -1
        self._waiting: list[Row] = []
        self._found: Iterator[Row | None] | None = None
        self._name = ""
        self._given_up: set[str] = set()

    def go_on(self, seconds: float) -> bool:
        """Bring back for about so long; whether everything is back that can be. Raises NotHeld, and is then gone on
        with later."""
        until = time.monotonic() + seconds
        while self._begin():
            try:
                if not self._bring_back(until):
                    return False
            except NotHeld:
                raise
            except Exception as problem:  # whatever lies in a damaged file holds no screen up
                log.error("%s is left as it is until the next start (%s)", self._name, type(problem).__name__)
                self._given_up.add(self._name)
                self._found = None
        return True

    def _bring_back(self, until: float) -> bool:
        for row in self._found or ():
            if row is not None:
                self._waiting.append(row)
            if len(self._waiting) >= CHUNK:
                self._write()
            if time.monotonic() > until:
                self._write()
                return False
        self._write()
        self._found = None
        with self._disk.durable(grows=True) as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, '1')", (DONE + self._name,))
        log.info("what can be read of %s is back", self._name)
        return True

    def _begin(self) -> bool:
        """Go on with the file at hand, or begin the newest one that waits; False when there is none. After the outbox
        was opened anew it may be another one, which has nothing yet."""
        if self._found is not None and self._openings == self._disk.openings:
            return True
        self._waiting, self._found = [], None
        for number, path in sorted(aside.files(self._folder).items(), reverse=True):
            known = self._disk.row("SELECT 1 FROM facts WHERE name = ?", DONE + path.name)
            if not known and path.name not in self._given_up:
                self._openings, self._name = self._disk.openings, path.name
                with self._disk.durable(grows=True) as db:
                    db.execute(_COUNT, (str(number),))
                    shapes = _shapes(db)
                self._found = _found(path, shapes)
                return True
        return False

    def _write(self) -> None:
        if not self._waiting:
            return
        with self._disk.durable(grows=True) as db:
            if self._openings != self._disk.openings:
                raise NotHeld("the outbox was opened anew")
            for row in self._waiting:
                _bring(db, row)
        self._waiting = []


def _bring(db: sqlite3.Connection, row: Row) -> None:
    names, values = ", ".join(row.columns), tuple(row.columns.values())
    marks = ", ".join("?" * len(values))
    if row.table == "drafts":
        # One that was sealed since, or is held at a newer revision, is history.
        db.execute(
            f"INSERT INTO drafts ({names}) SELECT {marks} WHERE NOT EXISTS"  # noqa: S608 - names of our own columns
            " (SELECT 1 FROM entries WHERE id = ? AND rev >= ?) ON CONFLICT (id) DO UPDATE SET"
            f" {', '.join(f'{name} = excluded.{name}' for name in row.columns)} WHERE excluded.rev > rev",
            (*values, row.columns["id"], row.columns["rev"]),
        )
    elif row.table == "streams":
        # The entries that come back are counted again; how many there were is known from here alone.
        db.execute(
            "INSERT INTO streams (stream, sealed) VALUES (?1, ?2)"
            " ON CONFLICT (stream) DO UPDATE SET sealed = max(sealed, ?2)",
            (row.columns["stream"], row.columns["sealed"]),
        )
    else:
        db.execute(f"INSERT OR IGNORE INTO {row.table} ({names}) VALUES ({marks})", values)  # noqa: S608


def _found(path: Path, shapes: dict[str, list[Column]]) -> Iterator[Row | None]:
    """What can be brought back, in the order of its turns; None now and then, so that others get theirs."""
    facts: dict[str, str] = {}
    for turn in (0, 1, 2) if not aside.is_of_another_program(path) else ():
        for count, record in enumerate(pages.records(path)):
            if isinstance(record, bytes):
                yield from _scanned(record) if turn == 2 else ()
            else:
                row = _row(record, shapes)
                if row is not None and row.table == "facts" and turn == 0:
                    facts |= {str(row.columns["name"]): str(row.columns["value"])}
                if row is not None and row.turn == turn and row.columns.get("name") not in _LEFT_BEHIND:
                    yield row
            if count % 50 == 0:
                yield None
        if turn == 0 and facts.get("next_seq", "").isdigit() and "stream" in facts:
            yield Row("streams", {"stream": facts["stream"], "sealed": int(facts["next_seq"]) - 1}, 0)


def _row(record: Record, shapes: dict[str, list[Column]]) -> Row | None:
    """What a record says, when it looks right; None for everything else that lies in a file."""
    if record.in_table:
        return _entry(record, shapes["entries"])
    for table, shape in shapes.items():
        # As many columns, or it is an index of another table.
        if table != "entries" and len(record.values) == len(shape) and _fits(record.values, shape):
            columns = {column.name: value for column, value in zip(shape, record.values, strict=True)}
            if _is_right(table, columns):
                return Row(table, columns, 0 if record.sure else 2)
    return None


def _fits(values: tuple[Value, ...], shape: list[Column]) -> bool:
    if len(values) > len(shape) or not all(column.optional for column in shape[len(values) :]):
        return False
    return all(
        isinstance(value, column.kind) or (value is None and column.nullable)
        for column, value in zip(shape, values, strict=False)
    )


def _is_right(table: str, columns: dict[str, Value]) -> bool:
    if table == "facts":
        return _FACT.fullmatch(str(columns["name"])) is not None
    if table == "drafts":
        body = columns["body"]
        draft = _read_draft(body) if isinstance(body, bytes) else None
        return draft is not None and draft["id"] == columns["id"] and draft["rev"] == columns["rev"]
    return True


def _entry(record: Record, shape: list[Column]) -> Row | None:
    columns = {column.name: value for column, value in zip(shape[1:], record.values[1:], strict=False)}
    if not _fits(record.values[1:], shape[1:]) or columns["state"] not in _STATES:
        return None
    body = columns["body"]
    if isinstance(body, bytes):
        sealed = _read_entry(body)
        if sealed is None:
            return None
        columns |= sealed
    elif columns["state"] != "acked" or not _SHA.fullmatch(str(columns["sha"])):
        return None
    return Row("entries", columns, 2 if not record.sure else 1 if columns["state"] == "acked" else 0)


def _read_entry(body: bytes) -> dict[str, Value] | None:
    """What an entry says of itself, when it is whole."""
    try:
        head = wire.read_head(body)
        if not wire.is_intact(wire.read_entry(body)):
            return None
    except wire.Unreadable:
        return None
    return {"id": head.id, "rev": head.rev, "stream": head.stream, "seq": head.seq, "sha": head.sha, "body": body}


def _read_draft(body: bytes) -> dict[str, Any] | None:
    try:
        draft: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        msgspec.convert(draft["stamp"], wire.Stamp)
        msgspec.convert(draft["id"], wire.Id)
        msgspec.convert(draft["rev"], wire.Rev)
        return draft if isinstance(draft["answers"], dict) and "sha" not in draft else None
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, RecursionError):
        return None


def _scanned(page: bytes) -> Iterator[Row]:
    """Entries and drafts that lie in one piece in a page whose order is lost. Nobody knows what became of them: they
    are sent, perhaps again, and head office knows those it has."""
    for match in _JSON.finditer(page):
        body = match[0]
        try:
            stamp = msgspec.convert(msgspec.json.decode(body, type=dict[str, Any])["stamp"], wire.Stamp)
        except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, RecursionError):
            continue
        sealed, draft = _read_entry(body), _read_draft(body)
        if sealed is not None:
            when: dict[str, Value] = {
                "sealed_boot": stamp.boot, "sealed_boottime_ms": stamp.boottime_ms, "sealed_wall_ms": stamp.wall_ms,
            }  # fmt: skip
            yield Row("entries", {**sealed, "state": "sealed", **when}, 2)
        elif draft is not None:
            held: dict[str, Value] = {name: draft.get(name) for name in ("id", "rev", "screen")}
            yield Row("drafts", {**held, "boot": stamp.boot, "touched_ms": stamp.boottime_ms, "body": body}, 2)


def _shapes(db: sqlite3.Connection) -> dict[str, list[Column]]:
    """The columns of each table as a file stores them: in a table without row ids the key comes first. Of tables with
    row ids only the entries come back."""
    shapes: dict[str, list[Column]] = {}
    for table, sql in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
        info = db.execute(f"PRAGMA table_info({table})").fetchall()
        if table == "entries":
            ordered = info
        elif "WITHOUT ROWID" in sql:
            ordered = sorted(info, key=lambda column: (column[5] == 0, column[5]))
        else:
            continue
        shapes[table] = [
            Column(name, _TYPES.get(kind, object), not (notnull or key), not notnull or default is not None)
            for _, name, kind, notnull, default, key in ordered
        ]
    return shapes
