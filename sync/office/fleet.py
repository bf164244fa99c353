"""The list of terminals: a page of it, and what is to be said of all of them. Found by the state that is kept beside
each (see sync.office.watch); only what is shown is read whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from sync import wire
from sync.models import devices, locations, placements, screens, touchpoints
from sync.office import delivery, listing, places
from sync.office import devices as boxes
from sync.office.delivery import MINUTE_MS, NEAR_MINUTES
from sync.office.ledger import HOLDS, KINDS, OWES, RETIRED, UNSENT, Kind, Terminal, bit
from sync.office.listing import A_PAGE, Page
from sync.office.people import User
from sync.office.places import Location

_UNWELL = OWES | HOLDS | bit("dead") | bit("lost")


@dataclass(frozen=True)
class Some:
    """So many terminals; `first`: the one in which it began, None where that is not known."""

    n: int = 0
    first: Terminal | None = None


@dataclass(frozen=True)
class Summary:
    """Of all terminals in the reader's part of the tree; `standing` of them drive a screen. `counts`: how many need
    somebody for what. `owing`, with `owed` answers; `holding`, with `held` answers in their pages; `lost` answers.
    `well`: those that have delivered everything, the earliest of them `first`; `near` of them are complete through
    about the same moment, from its own `first` on."""

    total: int = 0
    standing: int = 0
    counts: dict[Kind, int] = field(default_factory=dict)
    owing: Some = Some()
    owed: int = 0
    holding: Some = Some()
    held: int = 0
    dead: Some = Some()
    silent: Some = Some()
    lost: int = 0
    well: Some = Some()
    near: Some = Some()


@dataclass(frozen=True)
class Fleet:
    """A page of the terminals that were asked for, those that need somebody first; `state`: narrowed to those that need
    somebody for that. `top`: the root of the reader's part, None for everything."""

    page: Page[Terminal]
    state: Kind | None
    summary: Summary
    top: Location | None
    version: str

    @property
    def needing(self) -> list[Terminal]:
        """Of this page."""
        return [each for each in self.page.items if each.needs]

    @property
    def rest(self) -> list[Terminal]:
        """Of this page."""
        return [each for each in self.page.items if not each.needs]


def a_state(text: str | None) -> Kind | None:
    """The state of this name, if there is one."""
    return next((kind for kind in KINDS if kind == text), None)


def fleet(tx: Connection, user: User, now_ms: int, search: str, state: Kind | None, number: int) -> Fleet:
    """What this person may see of the terminals."""
    roots = user.rights.roots()
    mine = boxes.below(roots)
    told = _Told(tx, mine)
    wanted = and_(mine, _has(bit(state))) if state else mine
    if search:
        wanted = and_(wanted, _found(search))
    total = told.count(bit(state) if state else 0) if not search else _count(tx, wanted)
    pages = max(-(-total // A_PAGE), 1)
    at = min(max(number, 1), pages)
    table = devices.c
    query = select(table.id).where(wanted).order_by(table.rank, table.label, table.id)
    shown = list(tx.execute(query.offset((at - 1) * A_PAGE).limit(A_PAGE)).scalars())
    firsts = told.firsts()
    known = {each.id: each for each in boxes.terminals(tx, [*{*shown, *firsts.values()}], roots, now_ms)}
    page = Page(tuple(known[name] for name in shown if name in known), at, pages, total, search)
    summary = told.summary({name: known.get(device) for name, device in firsts.items()})
    return Fleet(page, state, summary, _top(tx, roots), delivery.version(tx, now_ms))


def _top(tx: Connection, roots: Sequence[str]) -> Location | None:
    if len(roots) != 1 or roots == ("/",):
        return None
    number = int(roots[0].rstrip("/").rpartition("/")[2])
    return places.resolved(tx, {number})[number]


def _has(bits: int) -> ColumnElement[bool]:
    return devices.c.needs.bitwise_and(bits) != 0


def _count(tx: Connection, wanted: ColumnElement[bool]) -> int:
    return int(tx.execute(select(func.count()).select_from(devices).where(wanted)).scalar_one())


def _found(search: str) -> ColumnElement[bool]:
    """By the terminal's number, its screens' names, or the places where they stand."""
    table = devices.c
    named = select(screens.c.device_id).where(screens.c.device_id.is_not(None))
    standing = (
        named.join(placements, and_(placements.c.screen_id == screens.c.id, placements.c.to_ms.is_(None)))
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(listing.holds(search, locations.c.name, touchpoints.c.name))
    )
    by_name = named.where(listing.holds(search, screens.c.name))
    return or_(listing.holds(search, table.id), table.id.in_(by_name.union(standing)))


class _Told:
    """How many terminals are in which states: what the list needs to know of all of them, without reading them."""

    def __init__(self, tx: Connection, mine: ColumnElement[bool]) -> None:
        self._tx, self._mine, table = tx, mine, devices.c
        complete = (func.count(table.complete_ms), func.min(table.complete_ms), func.max(table.complete_ms))
        query = select(table.needs, func.count(), *complete).where(mine).group_by(table.needs)
        self._groups = [tuple(row) for row in tx.execute(query)]
        self._well = [row for row in self._groups if not row[0] & (_UNWELL | RETIRED) and row[2]]
        self._holding = self._healths(HOLDS)

    def count(self, bits: int) -> int:
        """Those in any of these states; all of them for none."""
        return sum(row[1] for row in self._groups if not bits or row[0] & bits)

    def firsts(self) -> dict[str, str]:
        """By what is told, the terminal in which it began."""
        table = devices.c
        asked: dict[str, tuple[ColumnElement[bool], Any]] = {}
        if self.count(UNSENT):
            asked["owing"] = (_has(UNSENT), table.complete_ms)
        if self.count(bit("dead")):
            asked["dead"] = (and_(_has(bit("dead")), table.contact_ms.is_not(None)), table.contact_ms)
        if self._well:
            well, near_ms = self._is_well(), max(row[4] for row in self._well) - NEAR_MINUTES * MINUTE_MS
            asked["well"] = (well, table.complete_ms)
            asked["near"] = (and_(well, table.complete_ms >= near_ms), table.complete_ms)
        found = {}
        if self._holding:
            found["holding"] = max(self._holding, key=lambda each: each[2].in_pages[1] - (each[1] or 0))[0]
        for name, (those, moment) in asked.items():
            query = select(table.id).where(self._mine, those).order_by(moment, table.id).limit(1)
            first = self._tx.execute(query).scalar()
            if first is not None:
                found[name] = str(first)
        return found

    def _is_well(self) -> ColumnElement[bool]:
        masks = sorted({row[0] for row in self._well})
        return and_(devices.c.needs.in_(masks), devices.c.complete_ms.is_not(None))

    def _sum(self, column: Any, those: ColumnElement[bool]) -> int:
        return int(self._tx.execute(select(func.coalesce(func.sum(column), 0)).where(self._mine, those)).scalar_one())

    def _healths(self, bits: int) -> list[tuple[str, int | None, wire.Health]]:
        """Of the few that hold something in their pages, or lost it: when each was heard, and what it said."""
        if not self.count(bits):
            return []
        table = devices.c
        query = select(table.id, table.contact_ms, table.health).where(self._mine, _has(bits))
        return [(row.id, row.contact_ms, _health(row.health)) for row in self._tx.execute(query)]

    def summary(self, first: dict[str, Terminal | None]) -> Summary:
        holding, lost = self._holding, self._healths(bit("lost"))
        well = sum(row[2] for row in self._well)
        near = 0
        if well:
            near_ms = max(row[4] for row in self._well) - NEAR_MINUTES * MINUTE_MS
            near = _count(self._tx, and_(self._mine, self._is_well(), devices.c.complete_ms >= near_ms))
        return Summary(
            total=self.count(0),
            standing=self.count(0) - self.count(RETIRED),
            counts={kind: n for kind in KINDS if (n := self.count(bit(kind)))},
            owing=Some(self.count(OWES), first.get("owing")),
            owed=self._sum(devices.c.owed, _has(OWES)) if self.count(OWES) else 0,
            holding=Some(len(holding), first.get("holding")),
            held=sum(each[2].in_pages[0] for each in holding),
            dead=Some(self.count(bit("dead")), first.get("dead")),
            silent=Some(self.count(bit("silent"))),
            lost=sum(each[2].lost for each in lost),
            well=Some(well, first.get("well")),
            near=Some(near, first.get("near")),
        )


def _health(told: str | None) -> wire.Health:
    try:
        return msgspec.json.decode(told, type=wire.Health) if told else wire.Health()
    except msgspec.DecodeError:
        return wire.Health()
