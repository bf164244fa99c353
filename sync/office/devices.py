"""What is read for the ledger: a row a terminal, a screen or a stream, never one an answer."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, select, text, true

from sync import models, wire
from sync.models import anchors, clone_signs, devices, driven, placements, quarantine, screens, streams, touchpoints
from sync.office import delivery, places
from sync.office.ledger import Ledger, Sign, Spot, Stream, Terminal, ledger, reckon
from sync.office.people import User
from sync.office.places import Location
from sync.office.rights import EVERYWHERE

MANY = 1_000
"""Times in doubt are counted up to here: what is read for a page does not grow with the answers."""
STARTS = 12
MOST_NAMED = 1_000
"""Terminals that a query names one by one."""


class Start(NamedTuple):
    """A start of a terminal's clock, from the first to the last moment in which it was compared with ours."""

    first_ms: int
    last_ms: int
    rtt_ms: int


class Details(NamedTuple):
    """What only a terminal's own page shows. `apart`: entries in quarantine, by code. `doubts`: responses whose time
    isn't anchored within a second, by quality, MANY of them at most; `starts`: the newest first."""

    apart: dict[str, int]
    doubts: dict[str, int]
    starts: tuple[Start, ...]


def every(tx: Connection, user: User, now_ms: int, page: int = 1) -> Ledger:
    """The ledger of what this person may see: terminals with a screen in their part of the tree, one they drive or,
    if they drive none any more, the last they drove."""
    roots, tree = _visible(tx, user)
    top = next((node for node in tree.values() if roots == (node.path,)), None)
    return ledger(_terminals(tx, _scope(tx, roots), tree, now_ms), top, page, delivery.version(tx, now_ms))


def find(tx: Connection, user: User, device: str, now_ms: int) -> Terminal | None:
    """That terminal, or None when there is none or this person may not see it."""
    roots, tree = _visible(tx, user)
    scope = _scope(tx, roots)
    if scope is not None and device not in scope:
        return None
    return next(iter(_terminals(tx, {device}, tree, now_ms)), None)


def screens_of(tx: Connection, device: str) -> list[str]:
    """The screens that it drives; those that it drove, if it drives none any more."""
    now = select(screens.c.id).where(screens.c.device_id == device).order_by(screens.c.id)
    before = select(driven.c.screen_id).where(driven.c.device_id == device).order_by(driven.c.screen_id)
    return list(tx.execute(now).scalars()) or list(tx.execute(before).scalars())


def details(tx: Connection, device: str) -> Details:
    return Details(_apart(tx, device), _doubts(tx, device), tuple(_starts(tx, device)))


def _apart(tx: Connection, device: str) -> dict[str, int]:
    table = quarantine.c
    query = select(table.code, func.count()).where(table.device_id == device).group_by(table.code).order_by(table.code)
    return {row[0]: row[1] for row in tx.execute(query)}


def _doubts(tx: Connection, device: str) -> dict[str, int]:
    table = models.responses.c
    # In the words of the index that it goes by: with the number as a parameter SQLite would not know it again.
    unsure = text(f"(quality <> 'anchored' OR error_ms > {models.UNSURE_MS})")
    # In its order, or SQLite takes the index of all that the device sent.
    some = select(table.quality).where(table.device_id == device, unsure).order_by(table.boot).limit(MANY).subquery()
    query = select(some.c.quality, func.count()).group_by(some.c.quality)
    return {row[0]: row[1] for row in tx.execute(query)}


def _starts(tx: Connection, device: str) -> list[Start]:
    table = anchors.c
    query = (
        select(func.min(table.server_ms), func.max(table.server_ms).label("last"), func.min(table.rtt_ms))
        .where(table.device_id == device)
        .group_by(table.boot)
        .order_by(text("last DESC"))
        .limit(STARTS)
    )
    return [Start(*row) for row in tx.execute(query)]


def _visible(tx: Connection, user: User) -> tuple[tuple[str, ...], dict[int, Location]]:
    """The paths of what this person may see, and the places there."""
    roots = user.rights.roots()
    return roots, {node.id: node for node in places.visible(tx, roots)}


def _scope(tx: Connection, roots: tuple[str, ...]) -> set[str] | None:
    """The terminals that stand at or below these paths; None for all there are."""
    if EVERYWHERE in roots:
        return None
    below = places.below(roots)
    now, before = _driving(screens.c.device_id).where(below), _drove(driven.c.device_id).where(below)
    return {*tx.execute(now).scalars(), *tx.execute(before).scalars()}


def _of(column: ColumnElement[str], scope: set[str] | None) -> ColumnElement[bool]:
    """Rows of these terminals; where they are many, all rows, of which the others find nobody who asks for them."""
    return true() if scope is None or len(scope) > MOST_NAMED else column.in_(scope)


def _driving(*shown: ColumnElement[Any]) -> Select[Any]:
    """Of every screen that a terminal drives and that stands somewhere now."""
    return _placed(select(*shown).select_from(screens)).where(screens.c.device_id.is_not(None))


def _drove(*shown: ColumnElement[Any]) -> Select[Any]:
    """Of every screen that was driven by a terminal that drives none any more: where it stands, or stood last."""
    drives, later = screens.alias("drives"), placements.alias("later")
    query = select(*shown).select_from(driven).join(screens, screens.c.id == driven.c.screen_id)
    ended = exists().where(later.c.screen_id == placements.c.screen_id, later.c.from_ms > placements.c.from_ms)
    return _placed(query, ~ended).where(~exists().where(drives.c.device_id == driven.c.device_id))


def _placed(query: Select[Any], held: ColumnElement[bool] | None = None) -> Select[Any]:
    """With where each of these screens stands now, or the placements that are `held`."""
    those = placements.c.to_ms.is_(None) if held is None else held
    return (
        query.join(placements, and_(placements.c.screen_id == screens.c.id, those))
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(models.locations, models.locations.c.id == touchpoints.c.location_id)
    )


def _terminals(tx: Connection, scope: set[str] | None, tree: dict[int, Location], now_ms: int) -> list[Terminal]:
    spots, held, signs = _spots(tx, scope, tree), _streams(tx, scope), _signs(tx, scope)
    driving = set(tx.execute(select(screens.c.device_id).where(_of(screens.c.device_id, scope))).scalars())
    apart = exists().where(quarantine.c.device_id == devices.c.id)
    last = and_(anchors.c.device_id == devices.c.id, anchors.c.boot == devices.c.boot, anchors.c.place == "last")
    query = select(devices, anchors.c.rtt_ms, apart.label("has_apart")).outerjoin(anchors, last)
    return [
        _terminal(row, spots[row.id], held[row.id], signs[row.id], row.id not in driving, now_ms)
        for row in tx.execute(query.where(_of(devices.c.id, scope))).all()
        if scope is None or row.id in scope
    ]


def _terminal(
    row: Row[Any], spots: Sequence[Spot], held: Sequence[Row[Any]], signs: Sequence[Sign], retired: bool, now_ms: int
) -> Terminal:
    health = _health(row.health)
    heard_ms = row.contact_ms if row.contact_ms is not None else row.enrolled_ms
    is_expected = not retired and row.revoked_ms is None
    return Terminal(
        id=row.id,
        app=row.app,
        spots=tuple(sorted(spots, key=lambda spot: (spot.place.name.casefold(), spot.screen.casefold()))),
        streams=tuple(sorted((_stream(each, health) for each in held), key=lambda s: (not s.is_current, s.name))),
        health=health,
        signs=tuple(signs),
        enrolled_ms=row.enrolled_ms,
        contact_ms=row.contact_ms,
        complete_ms=row.complete_ms,
        rtt_ms=row.rtt_ms,
        revoked_ms=row.revoked_ms,
        is_retired=retired,
        is_dead=is_expected and any(delivery.is_dead(spot.place, heard_ms, now_ms) for spot in spots),
        has_apart=row.has_apart,
        now_ms=now_ms,
    )


def _stream(row: Row[Any], health: wire.Health) -> Stream:
    counts = reckon(row.n, row.max_seq, row.sealed, health.streams.get(row.stream))
    return Stream(row.stream, counts, row.stream == health.stream)


def _health(told: str | None) -> wire.Health:
    """What it said of itself; nothing where another version said it in a way that is not understood."""
    try:
        return msgspec.json.decode(told, type=wire.Health) if told else wire.Health()
    except msgspec.DecodeError:
        return wire.Health()


def _spots(tx: Connection, scope: set[str] | None, tree: dict[int, Location]) -> dict[str, list[Spot]]:
    """Only those in the viewer's part of the tree: what else a terminal drives is none of theirs."""
    found = defaultdict(list)
    about = (touchpoints.c.location_id, touchpoints.c.name, screens.c.name, screens.c.id)
    driving = _driving(screens.c.device_id, *about).where(_of(screens.c.device_id, scope))
    drove = _drove(driven.c.device_id, *about).where(_of(driven.c.device_id, scope))
    for query in (driving, drove):
        for device, place, *told in tx.execute(query).all():
            if place in tree:
                found[device].append(Spot(tree[place], *told))
    return found


def _streams(tx: Connection, scope: set[str] | None) -> dict[str, list[Row[Any]]]:
    found = defaultdict(list)
    for row in tx.execute(select(streams).where(_of(streams.c.device_id, scope))).all():
        found[row.device_id].append(row)
    return found


def _signs(tx: Connection, scope: set[str] | None) -> dict[str, list[Sign]]:
    """Those that nobody has looked at yet."""
    table, found = clone_signs.c, defaultdict(list)
    query = select(table.device_id, table.sign, table.first_ms, table.last_ms, table.times).where(
        table.settled_ms.is_(None), _of(table.device_id, scope)
    )
    for device, *sign in tx.execute(query.order_by(table.first_ms, table.sign)):
        found[device].append(Sign(*sign))
    return found
