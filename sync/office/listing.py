"""Long lists, page by page and searched on the server. Pure, except for the two questions asked of the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select

A_PAGE = 25
"""Rows that are shown at once: what a page costs does not grow with the list."""
LONGEST_SEARCH = 100
Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """`number` of `pages` (both from 1); `total` items are in the list, `search` is what it was narrowed to."""

    items: tuple[Item, ...]
    number: int
    pages: int
    total: int
    search: str = ""


def page(
    tx: Connection, query: Select[Any], number: int, read: Callable[[Row[Any]], Item], *, search: str = ""
) -> Page[Item]:
    """That page of a query that has its own order; the nearest there is for a number beyond them."""
    total: int = tx.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    pages = max(-(-total // A_PAGE), 1)
    at = min(max(number, 1), pages)
    rows = tx.execute(query.offset((at - 1) * A_PAGE).limit(A_PAGE)).all()
    return Page(tuple(read(row) for row in rows), at, pages, total, search)


def cut(items: Sequence[Item], number: int, *, search: str = "") -> Page[Item]:
    """The same of a list that is at hand."""
    pages = max(-(-len(items) // A_PAGE), 1)
    at = min(max(number, 1), pages)
    return Page(tuple(items[(at - 1) * A_PAGE : at * A_PAGE]), at, pages, len(items), search)


def sought(text: str | None) -> str:
    """What somebody typed to search for, as far as it can be searched for."""
    return (text or "").replace("\0", "").strip()[:LONGEST_SEARCH]


def holds(search: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Rows of which one of the columns holds the text, capitals aside."""
    return or_(*(column.icontains(text, autoescape=True) for column in columns for text in _spellings(search)))


def _spellings(search: str) -> list[str]:
    """Capitals beyond ASCII are no others to SQLite, nor to a PostgreSQL without a language: "ørsta" is Ørsta."""
    if search.isascii():
        return [search]
    return list(dict.fromkeys((search, search.lower(), search.upper(), search.capitalize(), search.title())))
