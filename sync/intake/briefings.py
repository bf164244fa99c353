"""When something may be released at a place (sync.intake.releasing): a store's answers as they come, a crew's once a
local day, by the first look at or after BRIEFING_HOUR, and only of days that are over. Also where somebody has to look
though nothing came in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, delete, select

from sync.intake import clocks
from sync.models import locations, releases
from sync.office import places, zones
from sync.rows import put

BRIEFING_HOUR = 5
CREW = "crew"
TICK_MS = 15 * 60_000
"""Every zone's briefing begins at such a moment."""
TICK = 0
"""The place under which it stands when somebody has to look again, whatever happens: a tick after the last look."""


class Clock(NamedTuple):
    """How far a place has come: days up to `until` may be released, `today` is not over; `ready`: they may be now, else
    at `due_ms`. `local` is its day by today's time zone."""

    until: int
    today: int
    ready: bool
    due_ms: int
    local: int


class Kept(NamedTuple):
    """A crew's last briefing, when something that waits from `first` on may be released, where anything does."""

    briefed: int | None = None
    due_ms: int | None = None
    first: int | None = None


def is_due(tx: Connection, now_ms: int) -> bool:
    """Whether the time has come somewhere, or nobody has looked for a while."""
    tick = _tick(tx)
    if tick is None or tick <= now_ms:
        return True
    return tx.execute(select(releases.c.location_id).where(releases.c.due_ms <= now_ms).limit(1)).first() is not None


def due(tx: Connection, now_ms: int, most: int) -> list[tuple[int, int]]:
    """Places where the time has come, and the first day that waits there."""
    those = and_(releases.c.due_ms <= now_ms, releases.c.location_id != TICK)
    query = select(releases.c.location_id, releases.c.first).where(those)
    rows = tx.execute(query.order_by(releases.c.due_ms, releases.c.location_id).limit(most))
    return [(row.location_id, row.first) for row in rows]


def looked(tx: Connection, now_ms: int) -> None:
    """Everything that came in until now was looked at."""
    put(tx, releases, [(TICK, None, (now_ms // TICK_MS + 1) * TICK_MS, None)])


def _tick(tx: Connection) -> int | None:
    return tx.execute(select(releases.c.due_ms).where(releases.c.location_id == TICK)).scalar()


def kept(tx: Connection, numbers: Iterable[int]) -> dict[int, Kept]:
    query = select(releases).where(releases.c.location_id.in_(list(numbers)))
    return {row.location_id: Kept(row.briefed, row.due_ms, row.first) for row in tx.execute(query)}


def standing(tx: Connection, numbers: Sequence[int], now_ms: int, known: Mapping[int, Kept]) -> dict[int, Clock]:
    """Those of these places that are there."""
    there = set(tx.execute(select(locations.c.id).where(locations.c.id.in_(numbers))).scalars())
    tx.execute(delete(releases).where(releases.c.location_id.in_(set(numbers) - there)))
    tree, former, tick = places.resolved(tx, there), zones.former(tx, there), _tick(tx)
    found = {}
    for number in sorted(there):
        place = tree[number]
        today, local = zones.today(place.zone, former.get(number, ()), now_ms), clocks.local(now_ms, place.zone).day
        if place.kind == CREW:
            ready = _is_briefing(place.zone, now_ms, tick, known.get(number, Kept()))
            found[number] = Clock(today - 1, today, ready, _next(place.zone, now_ms, BRIEFING_HOUR), local)
        else:
            found[number] = Clock(today, today, True, _next(place.zone, now_ms, 0), local)
    return found


def _is_briefing(zone: str, now_ms: int, tick: int | None, known: Kept) -> bool:
    """Whether a crew is told now. Had anybody looked since the hour, it would have been: what came in later waits."""
    there = clocks.local(now_ms, zone)
    if there.minute < BRIEFING_HOUR * 60 or known.briefed == there.day:
        return False
    if known.due_ms is not None:
        return known.due_ms <= now_ms
    return tick is None or tick <= _moment(zone, there.day, BRIEFING_HOUR)


def _next(zone: str, now_ms: int, hour: int) -> int:
    """When it is this hour there the next time."""
    day = clocks.local(now_ms, zone).day
    found = _moment(zone, day, hour)
    return found if found > now_ms else _moment(zone, day + 1, hour)


def _moment(zone: str, day: int, hour: int) -> int:
    """The first moment at which that day shows this hour; where the clocks leave it out, one shortly after."""
    there = datetime.fromordinal(day + clocks.EPOCH_DAY) + timedelta(hours=hour)
    first, second = (round(there.replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000) for fold in (0, 1))
    return max(first, second) if second < first else first


def wait(
    tx: Connection, clock: Mapping[int, Clock], waiting: Mapping[int, int], told: set[int], known: Mapping[int, Kept]
) -> None:
    """Write down where something waits, from which day on, and which crews were told something."""
    rows = []
    for number, each in sorted(clock.items()):
        before = known.get(number, Kept())
        is_crew = each.until < each.today
        briefed = each.local if is_crew and each.ready and number in told else before.briefed
        after = Kept(briefed)
        if number in waiting:
            still = [before.first] if before.first is not None and not each.ready else []
            after = Kept(briefed, each.due_ms, min((waiting[number], *still)))
        if after != before:
            rows.append((number, *after))
    put(tx, releases, rows)
