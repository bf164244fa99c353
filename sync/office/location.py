"""One place (or one group): how people answered, the last four weeks, and why."""

from dataclasses import dataclass

from sqlalchemy import Connection

from sync.office import local_time, overview, places, reasons, seam
from sync.office.counts import Figure, is_place
from sync.office.overview import Line, Overview
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
    return next((place for place in places.visible(tx, user.rights.roots()) if place.id == number), None)


def page(
    tx: Connection, user: User, place: Location, now_ms: int, *, question: str | None = None, number: int = 1
) -> Page:
    """What there is to say about `place`, which has to be within this person's scope. `number`: of the page of its
    places, when it has very many."""
    found = overview.overview(tx, user, now_ms, top=place, question=question, page=number)
    if found.whole is None:
        raise LookupError(f"location {place.id} is not in its own overview")
    visible = {each.id: each for each in places.visible(tx, user.rights.roots())}
    below = [each for each in visible.values() if each.path.startswith(place.path) and is_place(each)]
    today = {each.id: local_time.day_of(now_ms, each.zone) for each in below}
    above = [visible[int(part)] for part in place.path.split("/") if part and int(part) in visible]
    return Page(
        place=place,
        above=tuple(above[:-1]),
        line=found.whole,
        overview=found,
        seams=tuple(seam.seams(tx, place, found.question, found.whole.days[-1].day)),
        reasons=reasons.behind(tx, place.path, found.question, today, singles=user.rights.may("responses", place.path)),
    )
