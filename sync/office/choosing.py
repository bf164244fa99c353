"""Choosing a place out of ten thousand: part of its name is typed, and one of those found is picked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, case, func, or_, select

from sync.models import locations
from sync.office import listing
from sync.office.forms import Wrong
from sync.office.places import below
from sync.office.rights import EVERYWHERE, Permission, Rights
from sync.office.tongue import _

MOST = 12
"""Places that are offered at once."""
WHOLE = "all"
"""What stands for the whole organisation in a form."""


@dataclass(frozen=True)
class Offer:
    """A place to pick. `value` is what the form sends: its number, or WHOLE; `above` are the names of the groups around
    it, as far as they are seen, the outermost first."""

    value: str
    name: str
    above: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offers:
    """What fits the `search` best; `more`: there are others."""

    search: str
    every: tuple[Offer, ...]
    more: bool = False


class Unclear(Wrong):
    """Several places are called like this, or none: the form shows these offers."""

    def __init__(self, sentence: str, offers: Offers) -> None:
        super().__init__({"place": sentence})
        self.offers = offers


def offers(tx: Connection, rights: Rights, permission: Permission, search: str) -> Offers:
    """Places where they may do this and whose name holds the text, or whose number it is: the same name first, then
    those that begin with it. Without a text the topmost."""
    sought = listing.sought(search)
    roots = rights.roots(permission)
    rows = _called(tx, roots, sought) if sought else _topmost(tx, roots)
    names = above(tx, rights, permission, (row.path for row in rows))
    found = tuple(Offer(str(row.id), row.name, names[row.path]) for row in rows[:MOST])
    whole = (Offer(WHOLE, _("The whole organisation")),) if EVERYWHERE in roots and not sought else ()
    return Offers(sought, whole + found, len(rows) > MOST)


def _called(tx: Connection, roots: Sequence[str], sought: str) -> list[Row[Any]]:
    """One more than are offered, to know whether there are more."""
    query = select(locations.c.id, locations.c.name, locations.c.path).where(below(roots))
    name, low = func.lower(locations.c.name), sought.lower()
    query = query.where(or_(listing.holds(sought, locations.c.name), locations.c.ref == sought))
    near = case((name == low, 0), (locations.c.ref == sought, 0), (name.startswith(low, autoescape=True), 1), else_=2)
    return list(tx.execute(query.order_by(near, name, locations.c.id).limit(MOST + 1)))


def _topmost(tx: Connection, roots: Sequence[str]) -> list[Row[Any]]:
    """Where they begin, and then what is right below: found by an index among any number of places."""
    query = select(locations.c.id, locations.c.name, locations.c.path).order_by(locations.c.name, locations.c.id)
    begins = locations.c.parent_id.is_(None) if EVERYWHERE in roots else locations.c.path.in_(roots)
    rows = list(tx.execute(query.where(begins).limit(MOST + 1)))
    inside = query.where(locations.c.parent_id.in_([row.id for row in rows]))
    return rows + list(tx.execute(inside.limit(MOST + 1 - len(rows))))


def above(
    tx: Connection, rights: Rights, permission: Permission, paths: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """The names around each of these paths, the outermost first, of what they may see."""
    roots = rights.roots(permission)
    chains = {path: _around(path, roots) for path in paths}
    wanted = {number for chain in chains.values() for number in chain}
    names = {row.id: row.name for row in tx.execute(select(locations.c.id, locations.c.name)
             .where(locations.c.id.in_(wanted)))} if wanted else {}  # fmt: skip
    return {path: tuple(names[number] for number in chain if number in names) for path, chain in chains.items()}


def _around(path: str, roots: Iterable[str]) -> list[int]:
    parts = [part for part in path.split("/") if part]
    prefixes = ["/" + "/".join(parts[: depth + 1]) + "/" for depth in range(len(parts) - 1)]
    tops = tuple(roots)
    return [int(part) for part, prefix in zip(parts, prefixes, strict=False) if prefix.startswith(tops)]


def chosen(tx: Connection, rights: Rights, permission: Permission, picked: str, typed: str, offered: str) -> int | None:
    """The number of the place that was picked or, when the text is another than what was `offered` for, typed; None for
    the whole organisation. Raises Unclear."""
    sought = listing.sought(typed)
    if picked and sought == listing.sought(offered):
        return _picked(tx, rights, permission, picked, sought)
    found = offers(tx, rights, permission, sought)
    same = [offer for offer in found.every if offer.name.casefold() == sought.casefold()]
    only = same if len(same) == 1 and not found.more else [offer for offer in found.every if not found.more]
    if sought and len(only) == 1:
        return int(only[0].value)
    raise Unclear(_unclear(found), found)


def _picked(tx: Connection, rights: Rights, permission: Permission, picked: str, sought: str) -> int | None:
    if picked == WHOLE and rights.may(permission, EVERYWHERE):
        return None
    if picked.isascii() and picked.isdecimal() and len(picked) <= 9:
        row = tx.execute(select(locations.c.path).where(locations.c.id == int(picked))).one_or_none()
        if row is not None and rights.may(permission, row.path):
            return int(picked)
    found = offers(tx, rights, permission, sought)
    raise Unclear(_("This is not among the places that you look after: choose another one."), found)


def _unclear(found: Offers) -> str:
    if not found.search:
        return _("Choose a place, or type part of its name.")
    if not found.every:
        return _("No place that you look after is called like this.")
    return _("Choose one of the places that are called like this.")


def named(
    tx: Connection, rights: Rights, permission: Permission, places: Iterable[int | None]
) -> dict[int | None, Offer]:
    """These places as they would be offered (None: the whole organisation), without those that are not theirs."""
    wanted = list(places)
    query = select(locations.c.id, locations.c.name, locations.c.path)
    rows = tx.execute(query.where(locations.c.id.in_([number for number in wanted if number is not None]))).all()
    mine = [row for row in rows if rights.may(permission, row.path)]
    around = above(tx, rights, permission, (row.path for row in mine))
    found: dict[int | None, Offer] = {row.id: Offer(str(row.id), row.name, around[row.path]) for row in mine}
    if None in wanted and rights.may(permission, EVERYWHERE):
        found[None] = Offer(WHOLE, _("The whole organisation"))
    return found
