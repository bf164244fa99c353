"""The people of a part of the tree, as those see them who look after their accounts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, false, func, or_, select

from sync.models import grants, locations, one_time_links, sessions, users
from sync.office import choosing, listing
from sync.office.listing import Page
from sync.office.rights import EVERYWHERE, Grant, Rights

State = Literal["active", "invited", "expired", "disabled"]


@dataclass(frozen=True)
class Given:
    """A role that somebody has at a place (None: everywhere); `above` are the names of the groups around it."""

    id: int
    role: str
    place: str | None
    above: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """`given` is what lies where the reader looks after people, `elsewhere` that there is more: they are shown it, and
    change nothing of the account then (`is_theirs` is False). `until_ms`: how long the open invitation holds. `seen_ms`
    is when they were last here, of the last thirty days. `is_whole_admin`: they look after everything."""

    id: int
    name: str
    email: str
    language: str | None
    state: State
    version: int
    given: tuple[Given, ...]
    elsewhere: bool
    has_second: bool
    until_ms: int | None
    seen_ms: int | None
    disabled_ms: int | None

    @property
    def is_theirs(self) -> bool:
        return not self.elsewhere

    @property
    def has_come(self) -> bool:
        return self.state in ("active", "disabled")


def every(tx: Connection, rights: Rights, now_ms: int, number: int, search: str = "") -> Page[Person]:
    """Everybody with a role in what these rights look after, by name."""
    query = _within(rights).order_by(func.lower(users.c.name), users.c.id)
    if search:
        query = query.where(listing.holds(search, users.c.name, users.c.email))
    page = listing.page(tx, query, number, lambda row: row, search=search)
    return Page(_people(tx, rights, now_ms, page.items), page.number, page.pages, page.total, search)


def find(tx: Connection, rights: Rights, now_ms: int, number: int) -> Person | None:
    """One of them."""
    found = _people(tx, rights, now_ms, tx.execute(_within(rights).where(users.c.id == number)).all())
    return found[0] if found else None


def _within(rights: Rights) -> Any:
    """Who was granted nothing belongs to whoever looks after everything."""
    roots = rights.roots("people")
    query = select(users)
    if EVERYWHERE in roots:
        return query
    theirs = select(grants.c.user_id).outerjoin(locations, locations.c.id == grants.c.location_id)
    # From the roles to their places, and not through ten thousand places to the few roles: an index can't be used here.
    path = func.coalesce(locations.c.path, EVERYWHERE)
    return query.where(users.c.id.in_(theirs.where(or_(false(), *(path.startswith(root) for root in roots)))))


def _people(tx: Connection, rights: Rights, now_ms: int, rows: Iterable[Row[Any]]) -> tuple[Person, ...]:
    those = list(rows)
    numbers = [row.id for row in those]
    given, elsewhere = _given(tx, rights, numbers)
    until, seen = _invited_until(tx, numbers), _seen(tx, numbers)
    return tuple(
        Person(
            id=row.id,
            name=row.name,
            email=row.email,
            language=row.language,
            state=_state(row, until.get(row.id, 0), now_ms),
            version=row.version,
            given=tuple(given[row.id]),
            elsewhere=row.id in elsewhere,
            has_second=row.totp_ms is not None,
            until_ms=until.get(row.id),
            seen_ms=seen.get(row.id),
            disabled_ms=row.disabled_ms,
        )
        for row in those
    )


def _state(row: Row[Any], until_ms: int, now_ms: int) -> State:
    if row.disabled_ms is not None:
        return "disabled"
    if row.password_hash is not None:
        return "active"
    return "invited" if until_ms > now_ms else "expired"


def _given(tx: Connection, rights: Rights, numbers: list[int]) -> tuple[dict[int, list[Given]], set[int]]:
    query = (
        select(grants.c.id, grants.c.user_id, grants.c.role, grants.c.location_id, locations.c.name, locations.c.path)
        .outerjoin(locations, locations.c.id == grants.c.location_id)
        .where(grants.c.user_id.in_(numbers))
        .order_by(grants.c.id)
    )
    rows = [(row, Grant(row.role, row.location_id, row.path or EVERYWHERE)) for row in tx.execute(query)]
    mine = [(row, each.path) for row, each in rows if rights.may("people", each.path)]
    around = choosing.above(tx, rights, "people", {path for _, path in mine})
    found: dict[int, list[Given]] = defaultdict(list)
    for row, path in mine:
        found[row.user_id].append(Given(row.id, row.role, row.name, around[path]))
    return found, {row.user_id for row, each in rows if not rights.may("people", each.path)}


def _invited_until(tx: Connection, numbers: list[int]) -> dict[int, int]:
    table = one_time_links
    query = select(table.c.user_id, func.max(table.c.expires_ms)).group_by(table.c.user_id)
    those = (table.c.user_id.in_(numbers), table.c.purpose == "invite", table.c.used_ms.is_(None))
    return {number: int(until) for number, until in tx.execute(query.where(*those))}


def _seen(tx: Connection, numbers: list[int]) -> dict[int, int]:
    query = select(sessions.c.user_id, func.max(sessions.c.seen_ms)).group_by(sessions.c.user_id)
    return {number: int(seen) for number, seen in tx.execute(query.where(sessions.c.user_id.in_(numbers)))}
