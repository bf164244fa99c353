"""The terminals that somebody has to look after, place by place, from the state that is kept beside each of them (see
sync.office.watch)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import Connection, Select, select

from sync.models import devices, locations, placements, screens, touchpoints
from sync.office import places, silences
from sync.office.ledger import bit
from sync.office.places import Location

Trouble = Literal["dead", "silent", "behind"]
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)


class Box(NamedTuple):
    """`n` terminals of a place in the same trouble; `since_ms`: the longest of them, None where nobody knows.
    `device`: the one there is, None for several."""

    place: Location
    trouble: Trouble
    n: int
    since_ms: int | None
    device: str | None


class Boxes(NamedTuple):
    """`shown` of them, the gravest trouble and the newest first, and how many `more` there are. `places`: all that
    have any."""

    shown: tuple[Box, ...]
    more: int
    places: frozenset[int]


class _Found(NamedTuple):
    device: str
    since_ms: int | None


def boxes(tx: Connection, paths: Sequence[str], now_ms: int, most: int) -> Boxes:
    """Of the terminals whose screens stand at and below these paths."""
    found: dict[tuple[int, int], dict[str, _Found]] = defaultdict(dict)
    for row in tx.execute(_query(paths)):
        at, trouble = next((at, each) for at, each in enumerate(TROUBLES) if row.needs & bit(each))
        since_ms = row.contact_ms if trouble == "dead" else row.complete_ms if trouble == "behind" else None
        found[at, row.location_id][row.id] = _Found(row.id, since_ms)
    ordered = sorted(found, key=lambda key: (key[0], -_since(found[key].values()), key[1]))
    tree = places.resolved(tx, {place for _, place in ordered[:most]}) if ordered else {}
    quiet = [name for key in ordered[:most] if TROUBLES[key[0]] == "silent" for name in found[key]]
    silent = {
        name: each.silence.since_ms for name, each in silences.silences(tx, quiet, now_ms).items() if each.silence
    }
    shown = []
    for at, place in ordered[:most]:
        mine = [each._replace(since_ms=silent.get(each.device, each.since_ms)) for each in found[at, place].values()]
        since_ms = _since(mine) or None
        shown.append(Box(tree[place], TROUBLES[at], len(mine), since_ms, mine[0].device if len(mine) == 1 else None))
    return Boxes(tuple(shown), len(ordered[most:]), frozenset(place for _, place in ordered))


def _since(found: Iterable[_Found]) -> int:
    """Since when the longest of them is; 0 where nobody knows."""
    return min((each.since_ms for each in found if each.since_ms is not None), default=0)


def _query(paths: Sequence[str]) -> Select[Any]:
    mask = sum(bit(each) for each in TROUBLES)
    return (
        select(devices.c.id, devices.c.needs, devices.c.contact_ms, devices.c.complete_ms, touchpoints.c.location_id)
        .join(screens, screens.c.device_id == devices.c.id)
        .join(placements, placements.c.screen_id == screens.c.id)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(devices.c.needs.bitwise_and(mask) != 0, placements.c.to_ms.is_(None), places.below(paths))
    )
