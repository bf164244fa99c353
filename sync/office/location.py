"""One place (or one group): how people answered, the last four weeks, and why."""

from dataclasses import dataclass

from sqlalchemy import Connection

from sync.office import local_time, overview, places, reasons, seam, wide
from sync.office.counts import Figure, is_place
from sync.office.lines import Line, Overview
from sync.office.people import User
from sync.office.places import Location
from sync.office.reasons import Reasons
from sync.office.seam import Seam


@dataclass(frozen=True)
class Page:
    """A location's page: `above` from the top of what the viewer may see down to the parent."""

    place: Location
    above: tuple[Location, ...]
    line: Line
    overview: Overview
    reasons: tuple[Reasons, ...]
    seams: tuple[Seam, ...] = ()

    @property
    def figures(self) -> list[Figure]:
        """Of every day that the trend shows."""
        return [day.figure for day in self.line.days]


def find(tx: Connection, user: User, number: int) -> Location | None:
    """That location, or None when there is none or this person may not see it."""
    try:
        found = places.resolved(tx, {number})[number]
    except places.BadPlace:
        return None
    return found if user.rights.may("see", found.path) else None


def page(
    tx: Connection, user: User, place: Location, now_ms: int, *, question: str | None = None, number: int = 1
) -> Page:
    """What there is to say about `place`, which has to be within this person's scope. `number`: of the page of its
    places, when it has very many."""
    found = overview.overview(tx, user, now_ms, top=place, question=question, page=number)
    if found.whole is None:
        raise LookupError(f"location {place.id} is not in its own overview")
    chain = places.resolved(tx, {place.id})
    above = [each for each in chain.values() if each.id != place.id and user.rights.may("see", each.path)]
    return Page(
        place=place,
        above=tuple(above),
        line=found.whole,
        overview=found,
        seams=tuple(seam.seams(tx, place, found.question, found.whole.days[-1].day)),
        reasons=_reasons(tx, user, place, found, now_ms),
    )


def _reasons(tx: Connection, user: User, place: Location, found: Overview, now_ms: int) -> tuple[Reasons, ...]:
    singles = user.rights.may("responses", place.path)
    if wide.is_wide(tx, (place.path,), overview.MOST_LINES):
        return reasons.behind_sums(tx, place, found.question, now_ms, singles=singles)
    below = [each for each in places.visible(tx, (place.path,)) if is_place(each)]
    today = {each.id: local_time.day_of(now_ms, each.zone) for each in below}
    return reasons.behind(tx, place.path, found.question, today, singles=singles)
