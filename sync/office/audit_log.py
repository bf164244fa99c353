"""Reading the audit log: the newest first, page by page, however many millions there are.

Nothing here counts all of it or skips over it. What an index finds (a time, a person, a subject, an action) narrows
what is read; through the rest a page looks for LOOK entries, shows what fits, and says from where to look on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, false, func, or_, select, true, tuple_

from sync.db import Database
from sync.models import audit, locations
from sync.office.listing import holds
from sync.office.rights import EVERYWHERE
from sync.office.zones import DEFAULT_ZONE

A_PAGE = 50
LOOK = 20_000
"""Entries that a page looks through at most."""
A_PIECE = 1_000
"""Entries of an export that are read at once."""
_INT64 = 2**63


@dataclass(frozen=True)
class Cursor:
    """Where a page of the log ended: the moment and the number of its last entry."""

    at_ms: int
    id: int

    def __str__(self) -> str:
        return f"{self.at_ms}-{self.id}"

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """None for what is none."""
        parts = (text or "").split("-")
        if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in parts):
            return None
        at_ms, number = map(int, parts)
        return cls(at_ms, number) if max(at_ms, number) < _INT64 else None


@dataclass(frozen=True)
class Filter:
    """What is looked for; empty is everything. `since_ms` is included, `until_ms` is not. `who` stands in what the
    actor is called, `search` in the name of what it was done to."""

    since_ms: int | None = None
    until_ms: int | None = None
    person: int | None = None
    kind: str = ""
    subject: str = ""
    action: str = ""
    who: str = ""
    search: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the log, as audit.note wrote it; `before` and `after` hold what differed."""

    cursor: Cursor
    user: int | None
    actor: str
    address: str
    action: str
    kind: str
    subject: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """`older`: from where to look on; None at the end. `is_cut`: the page ends because it looked through LOOK entries,
    not because it is full."""

    entries: tuple[Entry, ...]
    older: Cursor | None
    is_cut: bool = False


def page(tx: Connection, roots: tuple[str, ...], wanted: Filter, before: Cursor | None, size: int = A_PAGE) -> Page:
    """The newest entries at or below these paths that fit, older than `before`."""
    seen = _ordered(select(audit).where(*_found(wanted, before))).limit(LOOK).subquery()
    rows = tx.execute(_ordered(select(seen).where(*_fitting(seen, roots, wanted)), seen).limit(size + 1)).all()
    if len(rows) > size:
        kept = tuple(_entry(row) for row in rows[:size])
        return Page(kept, kept[-1].cursor)
    last = tx.execute(
        _ordered(select(audit.c.at_ms, audit.c.id).where(*_found(wanted, before))).offset(LOOK - 1).limit(1)
    )
    end = last.first()
    return Page(tuple(map(_entry, rows)), Cursor(*end) if end else None, is_cut=end is not None)


def every(db: Database, roots: tuple[str, ...], wanted: Filter) -> Iterator[Entry]:
    """All that fit, the newest first; each piece in a transaction of its own, so that a slow reader holds nobody up."""
    before, goes_on = None, True
    while goes_on:
        with db.reading() as tx:
            piece = page(tx, roots, wanted, before, A_PIECE)
        yield from piece.entries
        before, goes_on = piece.older, piece.older is not None


def kinds(tx: Connection) -> list[str]:
    """What things were ever changed."""
    return _distinct(tx, audit.c.kind)


def actions(tx: Connection) -> list[str]:
    """What was ever done."""
    return _distinct(tx, audit.c.action)


def _distinct(tx: Connection, column: ColumnElement[str]) -> list[str]:
    """By leaps through the column's index, from each value to the next: as many steps as there are values."""
    leaps = select(func.min(column).label("value")).cte("leaps", recursive=True)
    following = select(func.min(column)).where(column > leaps.c.value).scalar_subquery()
    leaps = leaps.union_all(select(following).where(leaps.c.value.is_not(None)))
    return sorted(tx.execute(select(leaps.c.value).where(leaps.c.value.is_not(None))).scalars())


def _ordered(query: Select[Any], of: Subquery | None = None) -> Select[Any]:
    columns = of.c if of is not None else audit.c
    return query.order_by(columns.at_ms.desc(), columns.id.desc())


def _found(wanted: Filter, before: Cursor | None) -> Iterator[ColumnElement[bool]]:
    """What an index serves."""
    if before is not None:
        yield tuple_(audit.c.at_ms, audit.c.id) < (before.at_ms, before.id)
    if wanted.since_ms is not None:
        yield audit.c.at_ms >= wanted.since_ms
    if wanted.until_ms is not None:
        yield audit.c.at_ms < wanted.until_ms
    for column, value in (
        (audit.c.user_id, wanted.person),
        (audit.c.kind, wanted.kind),
        (audit.c.subject, wanted.subject),
        (audit.c.action, wanted.action),
    ):
        if value not in (None, ""):
            yield column == value


def _fitting(seen: Subquery, roots: tuple[str, ...], wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What is looked at one by one."""
    yield true() if EVERYWHERE in roots else or_(false(), *(seen.c.path.startswith(root) for root in roots))
    if wanted.who:
        yield holds(wanted.who, seen.c.actor)
    if wanted.search:
        yield holds(wanted.search, seen.c.name)


def _entry(row: Row[Any]) -> Entry:
    before, after = (msgspec.json.decode(side, type=dict) if side else {} for side in (row.before, row.after))
    what = (row.user_id, row.actor, row.address, row.action, row.kind, row.subject, row.name)
    return Entry(Cursor(row.at_ms, row.id), *what, before, after)


def zone_of(tx: Connection, roots: tuple[str, ...]) -> str:
    """The time zone in which somebody with these roots counts days: that of the first of them; with all of the tree
    that of most of its topmost places."""
    table = locations
    if EVERYWHERE in roots or not roots:
        tops = select(table.c.zone).where(table.c.parent_id.is_(None), table.c.zone.is_not(None)).group_by(table.c.zone)
        return tx.execute(tops.order_by(func.count().desc(), table.c.zone).limit(1)).scalar() or DEFAULT_ZONE
    chain = [int(part) for part in roots[0].split("/") if part]
    own = select(table.c.zone).where(table.c.id.in_(chain), table.c.zone.is_not(None))
    return tx.execute(own.order_by(func.length(table.c.path).desc()).limit(1)).scalar() or DEFAULT_ZONE
