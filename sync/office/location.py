"""One place (or one group): how people answered in the days that were asked for, what happened there, when in the week,
and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from sync.office import (
    crew_readers,
    crew_sight,
    history,
    hour_map,
    improvements,
    local_time,
    marks,
    outcomes,
    overview,
    places,
    placing,
    reasons,
    seam,
    wide,
    windows,
)
from sync.office import devices as boxes
from sync.office.counts import Figure, is_place
from sync.office.filters import Filters
from sync.office.history import Wish
from sync.office.hour_map import HourMap
from sync.office.ledger import Terminal
from sync.office.lines import Line, Overview
from sync.office.marks import Mark
from sync.office.outcomes import BEFORE, LONGEST, Outcome
from sync.office.people import User
from sync.office.places import Location
from sync.office.reasons import Reasons
from sync.office.rights import Reach
from sync.office.seam import Seam
from sync.office.wanted import Wanted
from sync.office.windows import Window

MOST_TERMINALS = 12
"""Named on the page of a place; there is hardly one with more."""


@dataclass(frozen=True)
class Page:
    """A location's page: `above` from the top of what the viewer may see down to the parent. `whole`: the same answers
    with those that a flag keeps out, where there are any and one may know. `map` None: there are too many places for
    one. `is_wide`: a group so large that its reasons are of the days and the question, whatever else was asked.
    `reads`: the viewer may read its briefing."""

    place: Location
    above: tuple[Location, ...]
    line: Line
    overview: Overview
    reasons: tuple[Reasons, ...]
    seams: tuple[Seam, ...]
    marks: tuple[Mark, ...]
    outcomes: tuple[Outcome, ...]
    map: HourMap | None
    whole: Figure | None
    terminals: tuple[Terminal, ...]
    is_wide: bool
    may_change: bool
    reads: bool

    @property
    def figures(self) -> list[Figure]:
        """Of every day that the trend shows."""
        return [day.figure for day in self.line.days]

    @property
    def fresh(self) -> str:
        """The address of the newest figures for this page while it is open."""
        return replace(self.overview.wanted, page=self.overview.page).fresh(self.overview.version)

    @property
    def filters(self) -> Filters:
        return self.overview.wanted.filters


def find(tx: Connection, user: User, number: int) -> Location | None:
    """That location, or None when there is none or this person may not see it."""
    try:
        found = places.resolved(tx, {number})[number]
    except places.BadPlace:
        return None
    return found if user.rights.may("see", found.path) else None


def page(tx: Connection, user: User, place: Location, now_ms: int, wanted: Wanted) -> Page:
    """What there is to say about `place`, which has to be within this person's scope, as far as it is `wanted`."""
    found = overview.overview(tx, user, now_ms, top=place, wanted=wanted)
    if found.whole is None:
        raise LookupError(f"location {place.id} is not in its own overview")
    chain = places.resolved(tx, {place.id})
    above = [each for each in chain.values() if each.id != place.id and user.rights.may("see", each.path)]
    reach = user.rights.reach(place.path)
    is_wide = wide.is_wide(tx, (reach,), overview.MOST_LINES)
    below = [] if is_wide else [each for each in crew_sight.visible(tx, (reach,)) if is_place(each)]
    days = _windows(below, found.wanted.filters, now_ms)
    wish = Wish(found.question, found.wanted.filters, found.singles, reach.crews)
    changed = improvements.shown(tx, user.rights, place, found.window.first - LONGEST, found.window.last)
    return Page(
        place=place,
        above=tuple(above),
        line=found.whole,
        overview=found,
        reasons=_reasons(tx, place, wish, days, is_wide, now_ms),
        seams=tuple(seam.seams(tx, place, reach, found.question, local_time.day_of(now_ms, place.zone))),
        marks=tuple(marks.shown(tx, place, found.question, found.window.first, found.window.last, changed)),
        outcomes=_outcomes(tx, place, wish, changed, now_ms),
        map=None if is_wide else _map(tx, below, wish, days),
        whole=_whole(tx, place, wish, found.whole.aside, now_ms),
        terminals=_terminals(tx, user, place, now_ms),
        is_wide=is_wide,
        may_change=user.rights.may("places", place.path),
        reads=place.kind != "group" and crew_readers.may_read(user.rights, place),
    )


def _windows(below: list[Location], filters: Filters, now_ms: int) -> dict[int, Window]:
    """Each place's own days."""
    by_zone = {zone: windows.window(filters, local_time.day_of(now_ms, zone)) for zone in {each.zone for each in below}}
    return {each.id: by_zone[each.zone] for each in below}


def _reasons(
    tx: Connection, place: Location, wish: Wish, days: Mapping[int, Window], is_wide: bool, now_ms: int
) -> tuple[Reasons, ...]:
    if is_wide:
        return reasons.behind_sums(tx, place, wish._replace(filters=wish.filters.only_shown()), now_ms)
    narrowed = wish.filters.narrowed
    reach = Reach(place.path, wish.crews)
    return reasons.behind(tx, reach, wish.question, days, singles=wish.singles, narrowed=narrowed)


def _map(tx: Connection, below: list[Location], wish: Wish, days: Mapping[int, Window]) -> HourMap:
    ends = {number: (window.first, window.last) for number, window in days.items()}
    narrowed = wish.filters.narrowed
    return hour_map.read(tx, wish.question, ends, hour_map.opening(below), singles=wish.singles, narrowed=narrowed)


def _outcomes(
    tx: Connection, place: Location, wish: Wish, changed: list[improvements.Improvement], now_ms: int
) -> tuple[Outcome, ...]:
    """Of what was changed here or above, on what was answered here; of what was changed at places below, there. The
    newest first."""
    today = local_time.day_of(now_ms, place.zone)
    here = [each for each in changed if place.path.startswith(each.path)]
    found = []
    for path in {each.path if each not in here else place.path: None for each in changed}:
        some = [each for each in changed if (place.path if each in here else each.path) == path]
        at = place if path == place.path else places.resolved(tx, {some[0].place_id})[some[0].place_id]
        first = min(each.day for each in some) - BEFORE
        known = history.read(tx, at, wish, first, today, now_ms)
        found += [outcomes.since(each, known, today) for each in some if each.day <= today]
    return tuple(sorted(found, key=lambda each: (-each.improvement.day, -each.improvement.id)))


def _whole(tx: Connection, place: Location, wish: Wish, aside: int, now_ms: int) -> Figure | None:
    """The answers with those that a flag keeps out."""
    if not aside or not wish.singles or wish.filters.narrowed.flagged != "without":
        return None
    filters = replace(wish.filters, narrowed=wish.filters.narrowed._replace(flagged="with"))
    today = local_time.day_of(now_ms, place.zone)
    first, last = filters.days(today)
    return history.read(tx, place, wish._replace(filters=filters), first - 1, last + 1, now_ms).figure(filters.days)


def _terminals(tx: Connection, user: User, place: Location, now_ms: int) -> tuple[Terminal, ...]:
    """What stands at one place; of a group the list of terminals tells."""
    if not is_place(place):
        return ()
    standing = [each.device for each in placing.standing_at(tx, place.id) if each.device]
    those = list(dict.fromkeys(standing))[:MOST_TERMINALS]
    return tuple(boxes.terminals(tx, those, user.rights.roots(), now_ms)) if those else ()
