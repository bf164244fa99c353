"""What was set where: the table `settings`, a row for each value that somebody gave."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, select

from sync import i18n, models
from sync.office import places, survey_list, surveys
from sync.office.settings.keys import KEYS, SECONDS, BadSetting, Given, Key, Known
from sync.office.tongue import _
from sync.rows import put as put_rows

ALL = 0
"""The touchpoint of a value that holds at every one of a location, and below it."""
_TYPED_SECONDS = ("seconds.comment", "seconds.contact")


class Source(NamedTuple):
    """Where a value was set: a location by number and name, and one of its touchpoints, unless it is for all."""

    location: int
    place: str
    touchpoint: str | None


class Holding(NamedTuple):
    """What holds of one key: `value` as it is kept (None: nothing), `shown` as a person reads it, and where it was
    set, None where nobody did."""

    key: str
    value: Any
    shown: str
    source: Source | None


def put(tx: Connection, location: int, touchpoint: int | None, key: str, value: Given, now_ms: int) -> None:
    """Set what holds at a location and below it, or at one touchpoint of it. `value` is what was typed, or the content
    of a file. Raises BadSetting, and places.BadPlace where there is no such location or touchpoint."""
    _refuse_nowhere(tx, location, touchpoint)
    checked = _key(key).check(value, _known(tx, key, location))
    if key.startswith(SECONDS):
        _refuse_late_warning(tx, location, touchpoint, key, checked)
    row = (location, touchpoint or ALL, key, msgspec.json.encode(checked).decode(), now_ms)
    put_rows(tx, models.settings, [row])


def take_out(tx: Connection, location: int, touchpoint: int | None, key: str) -> bool:
    """Let what holds above hold here as well; whether anything was set here. Raises BadSetting for an unknown key."""
    _key(key)
    table = models.settings
    here = (table.c.location_id == location, table.c.touchpoint_id == (touchpoint or ALL), table.c.key == key)
    return tx.execute(delete(table).where(*here)).rowcount > 0


def known(tx: Connection, location: int, touchpoint: int | None = None) -> list[Holding]:
    """What holds at a location, or at one touchpoint of it, key by key. Raises places.BadPlace."""
    found = nearest(tx, [(location, touchpoint or ALL)])[location, touchpoint or ALL]
    names = _names(tx, found.values())
    return [_holding(name, key, found, names) for name, key in KEYS.items()]


class Set(NamedTuple):
    """A value as it is kept, and where."""

    value: Any
    location: int
    touchpoint: int


Found = dict[str, Set]
"""By key."""


def nearest(tx: Connection, spots: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Found]:
    """What holds at each (location, touchpoint), in two queries however many there are. Raises places.BadPlace."""
    wanted = set(spots)
    paths = places.paths(tx, {location for location, _ in wanted})
    table = models.settings
    chain = {number for path in paths.values() for number in path}
    touchpoints = {ALL} | {touchpoint for _, touchpoint in wanted}
    query = select(table).where(table.c.location_id.in_(chain), table.c.touchpoint_id.in_(touchpoints))
    kept: dict[tuple[int, int], Found] = {}
    for row in tx.execute(query):
        value = Set(msgspec.json.decode(row.value), row.location_id, row.touchpoint_id)
        kept.setdefault((row.location_id, row.touchpoint_id), {})[row.key] = value

    def at(location: int, touchpoint: int) -> Found:
        found: Found = {}
        for number in paths[location]:
            found |= kept.get((number, ALL), {})
        return found | (kept.get((location, touchpoint), {}) if touchpoint else {})

    return {spot: at(*spot) for spot in wanted}


def _refuse_nowhere(tx: Connection, location: int, touchpoint: int | None) -> None:
    places.paths(tx, {location})
    table = models.touchpoints
    there = select(table.c.id).where(table.c.id == touchpoint, table.c.location_id == location)
    if touchpoint and tx.execute(there).first() is None:
        raise places.BadPlace(f"The place with the number {location} has no touchpoint with the number {touchpoint}.")


def _key(name: str) -> Key:
    if name not in KEYS:
        raise BadSetting(f"There is no setting {name[:60]!r}: {', '.join(KEYS)} are known.")
    return KEYS[name]


def _known(tx: Connection, key: str, location: int) -> Known:
    """What values of this key may name."""
    if key in ("languages", "messages"):
        return Known(languages=frozenset(i18n.NAMES) | surveys.languages(tx))
    if key != "survey":
        return Known()
    path = f"/{'/'.join(map(str, places.paths(tx, {location})[location]))}/"
    return Known(surveys=survey_list.askable(tx, path))


def _refuse_late_warning(tx: Connection, location: int, touchpoint: int | None, key: str, seconds: int) -> None:
    """Nobody's comment is dropped without a warning."""
    found = {holding.key: holding.value for holding in known(tx, location, touchpoint)} | {key: seconds}
    warning, early = found["seconds.warning"], min(found[name] for name in _TYPED_SECONDS)
    if warning >= early:
        sentence = _(
            "{key} cannot be {n} here: the warning after {warning} s has to come before the screen on which somebody "
            "writes goes away, after {early} s."
        )
        raise BadSetting(sentence.format(key=key, n=seconds, warning=warning, early=early))


def _names(tx: Connection, found: Iterable[Set]) -> dict[tuple[int, int], Source]:
    """Where each of these was set, by name."""
    spots = {(each.location, each.touchpoint) for each in found}
    table, points = models.locations, models.touchpoints
    query = select(table.c.id, table.c.name).where(table.c.id.in_({location for location, _ in spots}))
    called = {row.id: row.name for row in tx.execute(query)}
    asked = select(points.c.id, points.c.name).where(points.c.id.in_({touchpoint for _, touchpoint in spots}))
    at = {row.id: row.name for row in tx.execute(asked)}
    return {spot: Source(spot[0], called[spot[0]], at.get(spot[1])) for spot in spots}


def _holding(name: str, key: Key, found: Found, sources: dict[tuple[int, int], Source]) -> Holding:
    own = found.get(name)
    value = own.value if own else key.default
    shown = key.shown(value) if value is not None else key.absent
    return Holding(name, value, shown, sources[own.location, own.touchpoint] if own else None)
