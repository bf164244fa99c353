"""How far what a page shows is complete: which screens stand where, and what their boxes have delivered."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, exists, func, select

from sync.models import clone_signs, devices, locations, placements, screens, touchpoints
from sync.office import crew_sight, local_time, places
from sync.office.places import Location

MINUTE_MS = 60_000
DEAD_MINUTES = 15
"""A terminal reports at least every five minutes; three missed reports in opening hours mean that it is dead."""
NEAR_MINUTES = 10
"""Between reports so far apart, two terminals that are well may be complete through different moments."""


@dataclass(frozen=True)
class Delivery:
    """Of the screens standing at a place: how many there are, through when everything captured is here (None: not
    known for all of them), how many are dead while the place is open and since when the longest, how many wait
    to be enrolled, of how many it is `uncertain` where they stand: two boxes may share one identity, and nobody has
    looked yet. `living_ms`: through when everything is here of those that are not dead."""

    screens: int = 0
    complete_ms: int | None = None
    dead: int = 0
    dead_since_ms: int | None = None
    unenrolled: int = 0
    uncertain: int = 0
    living_ms: int | None = None


def deliveries(tx: Connection, paths: Sequence[str], tree: Mapping[int, Location], now_ms: int) -> dict[int, Delivery]:
    """The delivery of every place of `tree` (at or below `paths`, as crew_sight.visible has them) where a screen
    stands, by the place's number."""
    return _deliveries(tx, crew_sight.answered(paths), tree, now_ms)


def of_places(tx: Connection, tree: Mapping[int, Location], now_ms: int) -> dict[int, Delivery]:
    """The same of these places alone."""
    return _deliveries(tx, locations.c.id.in_(list(tree)), tree, now_ms) if tree else {}


def _deliveries(
    tx: Connection, those: ColumnElement[bool], tree: Mapping[int, Location], now_ms: int
) -> dict[int, Delivery]:
    uncertain = exists().where(clone_signs.c.device_id == devices.c.id, clone_signs.c.settled_ms.is_(None))
    query = (
        select(touchpoints.c.location_id, devices.c.id, devices.c.complete_ms, devices.c.contact_ms, uncertain)
        .select_from(placements)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .outerjoin(devices, devices.c.id == screens.c.device_id)
        .where(placements.c.to_ms.is_(None), those)
    )
    standing = defaultdict(list)
    for place, device, complete_ms, contact_ms, unsure in tx.execute(query):
        screen = _screen(tree[place], device, complete_ms, contact_ms, now_ms)
        standing[place].append(replace(screen, uncertain=int(unsure)))
    return {place: together(each) for place, each in standing.items()}


@dataclass(frozen=True)
class Agreed:
    """Most places are complete through about the same moment: it is said once, on the clock of `place`, and only
    those that differ speak for themselves. `everyone`: none does."""

    place: Location
    earliest_ms: int
    latest_ms: int
    everyone: bool

    def covers(self, place: Location, state: Delivery, now_ms: int) -> bool:
        """Whether there is nothing more to say about this place or group."""
        if not _is_well(state) or state.complete_ms is None:
            return False
        alike = local_time.at(now_ms, place.zone).utcoffset() == local_time.at(now_ms, self.place.zone).utcoffset()
        return alike and self.earliest_ms <= state.complete_ms <= self.latest_ms


def agreed(states: Iterable[tuple[Location, Delivery]], now_ms: int) -> Agreed | None:
    """What may be said of two places or more, the latest of them and those not far behind on the same clock."""
    every = list(states)
    well = [(state.complete_ms, place) for place, state in every if _is_well(state) and state.complete_ms is not None]
    clocks = Counter(local_time.at(now_ms, place.zone).utcoffset() for _, place in well).most_common(1)
    alike = [(ms, place) for ms, place in well if local_time.at(now_ms, place.zone).utcoffset() == clocks[0][0]]
    latest_ms = max((ms for ms, _ in alike), default=0)
    near = [(ms, place) for ms, place in alike if latest_ms - ms <= NEAR_MINUTES * MINUTE_MS]
    if len(near) < 2:
        return None
    return Agreed(near[0][1], min(ms for ms, _ in near), latest_ms, everyone=len(near) == len(every))


def _is_well(state: Delivery) -> bool:
    return state.screens > state.unenrolled and not state.dead


def first_placed(tx: Connection, paths: Sequence[str]) -> int | None:
    """When the first screen ever was placed at or below these paths; None when none was."""
    query = (
        select(func.min(placements.c.from_ms))
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(places.below(paths))
    )
    found: int | None = tx.execute(query).scalar()
    return found


def _screen(
    place: Location, device: str | None, complete_ms: int | None, contact_ms: int | None, now_ms: int
) -> Delivery:
    if device is None:
        return Delivery(screens=1, unenrolled=1)
    dead = is_dead(place, contact_ms, now_ms)
    return Delivery(1, complete_ms, int(dead), contact_ms if dead else None, living_ms=None if dead else complete_ms)


def is_dead(place: Location, contact_ms: int | None, now_ms: int) -> bool:
    """Whether a terminal that was last heard then should have been heard of since: its place is open, and not closed
    for good."""
    if is_over(place, now_ms):
        return False
    open_minutes = local_time.open_for(now_ms, place.zone, place.hours)
    quiet_minutes = DEAD_MINUTES + 1 if contact_ms is None else (now_ms - contact_ms) // MINUTE_MS
    return open_minutes is not None and min(open_minutes, quiet_minutes) >= DEAD_MINUTES


def is_over(place: Location, now_ms: int) -> bool:
    """Whether the place's last day has gone by: nobody waits for anything there."""
    return place.closed_day is not None and place.closed_day < local_time.day_of(now_ms, place.zone)


def together(parts: Iterable[Delivery]) -> Delivery:
    """Several screens or places: complete through the earliest of them; a screen not enrolled yet owes nothing."""
    each = list(parts)
    owing = [part.complete_ms for part in each if part.screens > part.unenrolled]
    known = [ms for ms in owing if ms is not None]
    living = [part.living_ms for part in each if part.screens > part.unenrolled + part.dead]
    alive = [ms for ms in living if ms is not None]
    since = [part.dead_since_ms for part in each if part.dead_since_ms is not None]
    return Delivery(
        screens=sum(part.screens for part in each),
        complete_ms=min(known) if known and len(known) == len(owing) else None,
        dead=sum(part.dead for part in each),
        dead_since_ms=min(since, default=None),
        unenrolled=sum(part.unenrolled for part in each),
        uncertain=sum(part.uncertain for part in each),
        living_ms=min(alive) if alive and len(alive) == len(living) else None,
    )


def version(tx: Connection, now_ms: int) -> str:
    """Changes whenever something new has been stored, and every minute, since words about time grow old. A sum and
    not the latest: of two boxes delivering at once the earlier moment may be committed last."""
    query = select(func.coalesce(func.sum(devices.c.stored_ms), 0), func.count(devices.c.stored_ms))
    stored, delivering = tx.execute(query).one()
    return f"{delivering}-{stored}-{now_ms // MINUTE_MS}"
