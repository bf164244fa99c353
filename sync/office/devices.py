"""What is read for the ledger: a row a terminal, a screen or a stream, never one an answer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select, text, true

from sync import models, wire
from sync.models import anchors, clone_signs, devices, driven, placements, quarantine, screens, streams, touchpoints
from sync.office import crew_sight, delivery, places, silences
from sync.office.ledger import Sign, Spot, Stream, Terminal, reckon
from sync.office.people import User
from sync.office.rights import EVERYWHERE
from sync.office.silences import Silence

MANY = 1_000
"""Times in doubt are counted up to here: what is read for a page does not grow with the answers."""
STARTS = 12
VAGUE_MS, DAY_MS = 60_000, 86_400_000
"""A time that is known less well than to a minute needs somebody, for a day."""


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


def find(tx: Connection, user: User, device: str, now_ms: int) -> Terminal | None:
    """That terminal, or None when there is none or this person may not see it."""
    roots = user.rights.roots()
    found = next(iter(terminals(tx, [device], roots, now_ms)), None)
    return found if found is None or found.spots or EVERYWHERE in roots else None


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


def below(roots: Sequence[str]) -> ColumnElement[bool]:
    """Terminals that stand at or below these paths: with a screen there that they drive or, if they drive none any
    more, one that they drove last."""
    if EVERYWHERE in roots:
        return true()
    there = places.below(roots)
    standing = _driving(screens.c.device_id).where(there).union(_drove(driven.c.device_id).where(there))
    return devices.c.id.in_(standing)


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


def terminals(tx: Connection, those: Sequence[str], roots: Sequence[str], now_ms: int) -> list[Terminal]:
    """These terminals, in this order, with their screens at and below these paths; what else one drives is none of the
    reader's. Asked for a page of them, or for a part of all: `those` are named one by one."""
    spots, held, signs = _spots(tx, those, roots), _streams(tx, those), _signs(tx, those)
    driving = set(tx.execute(select(screens.c.device_id).where(screens.c.device_id.in_(those))).scalars())
    apart = exists().where(quarantine.c.device_id == devices.c.id)
    last = and_(anchors.c.device_id == devices.c.id, anchors.c.boot == devices.c.boot, anchors.c.place == "last")
    query = select(devices, anchors.c.rtt_ms, apart.label("has_apart"), _unclocked(now_ms).label("is_unclocked"))
    found = {row.id: row for row in tx.execute(query.outerjoin(anchors, last).where(devices.c.id.in_(those)))}
    quiet = [row.id for row in found.values() if row.id in driving and silences.may_be(row.stored_ms, now_ms)]
    hushed = silences.silences(tx, quiet, now_ms)
    known = _Known(spots, held, signs, driving, {name: each.silence for name, each in hushed.items()})
    made = (_terminal(found[name], known, now_ms) for name in those if name in found)
    return [replace(each, is_counted=_is_counted(each, roots)) for each in made]


def _is_counted(terminal: Terminal, roots: Sequence[str]) -> bool:
    return all(crew_sight.shows(roots, spot.place.kind, spot.place.path) for spot in terminal.spots)


class _Known(NamedTuple):
    """What was read of terminals beside their own rows, by their ids."""

    spots: Mapping[str, Sequence[Spot]]
    held: Mapping[str, Sequence[Row[Any]]]
    signs: Mapping[str, Sequence[Sign]]
    driving: Set[str]
    silences: Mapping[str, Silence | None]


def _unclocked(now_ms: int) -> ColumnElement[bool]:
    """Whether something of the last day has no certain time."""
    table = models.responses.c
    # In the words of the index that it goes by.
    doubtful = text("quality IN ('unknown', 'bounded')")
    vague = or_(table.quality == "unknown", table.error_ms > VAGUE_MS)
    return exists().where(table.device_id == devices.c.id, table.captured_ms > now_ms - DAY_MS, doubtful, vague)


def _terminal(row: Row[Any], known: _Known, now_ms: int) -> Terminal:
    spots, retired = known.spots.get(row.id, ()), row.id not in known.driving
    health = _health(row.health)
    heard_ms = row.contact_ms if row.contact_ms is not None else row.enrolled_ms
    is_expected = not retired and row.revoked_ms is None
    is_over = all(delivery.is_over(spot.place, now_ms) for spot in spots)
    is_dead = is_expected and any(delivery.is_dead(spot.place, heard_ms, now_ms) for spot in spots)
    return Terminal(
        id=row.id,
        app=row.app,
        spots=tuple(sorted(spots, key=lambda spot: (spot.place.name.casefold(), spot.screen.casefold()))),
        streams=tuple(
            sorted(
                (_stream(each, health) for each in known.held.get(row.id, ())), key=lambda s: (not s.is_current, s.name)
            )
        ),
        health=health,
        signs=tuple(known.signs.get(row.id, ())),
        enrolled_ms=row.enrolled_ms,
        contact_ms=row.contact_ms,
        complete_ms=row.complete_ms,
        rtt_ms=row.rtt_ms,
        revoked_ms=row.revoked_ms,
        is_retired=retired,
        is_dead=is_dead,
        silence=known.silences.get(row.id) if is_expected and not (is_dead or is_over) else None,
        is_unclocked=row.is_unclocked,
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


def _spots(tx: Connection, those: Sequence[str], roots: Sequence[str]) -> dict[str, list[Spot]]:
    about = (touchpoints.c.location_id, touchpoints.c.name, screens.c.name, screens.c.id)
    driving = _driving(screens.c.device_id, *about).where(screens.c.device_id.in_(those))
    drove = _drove(driven.c.device_id, *about).where(driven.c.device_id.in_(those))
    rows = [*tx.execute(driving), *tx.execute(drove)]
    tree, found = places.resolved(tx, {row[1] for row in rows}), defaultdict(list)
    for device, place, *told in rows:
        if tree[place].path.startswith(tuple(roots)):
            found[device].append(Spot(tree[place], *told))
    return found


def _streams(tx: Connection, those: Sequence[str]) -> dict[str, list[Row[Any]]]:
    found = defaultdict(list)
    for row in tx.execute(select(streams).where(streams.c.device_id.in_(those))):
        found[row.device_id].append(row)
    return found


def _signs(tx: Connection, those: Sequence[str]) -> dict[str, list[Sign]]:
    """Those that nobody has looked at yet."""
    table, found = clone_signs.c, defaultdict(list)
    query = select(table.device_id, table.sign, table.first_ms, table.last_ms, table.times).where(
        table.settled_ms.is_(None), table.device_id.in_(those)
    )
    for device, *sign in tx.execute(query.order_by(table.first_ms, table.sign)):
        found[device].append(Sign(*sign))
    return found
