"""When a place's letters go out on its own clock: a team's at the time that is set there, its manager's a while
later."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from sync.models import locations
from sync.office import audit_log, briefing_times, crew_readers, people, places
from sync.office.briefing_times import Times
from sync.office.mailing_days import Clock
from sync.office.rights import EVERYWHERE
from sync.office.settings.keys import BRIEFING_AT, BRIEFING_LEAD, KEYS

TEAMS = ("crew", "store")


class About(NamedTuple):
    """What a letter is about, and for whom: the location, or (None) all that `user` sees."""

    kind: str
    place: int | None
    user: int | None


def clocks(tx: Connection, wanted: Iterable[About]) -> dict[About, Clock]:
    """When each is due, in as many questions for one place as for hundreds. Raises places.BadPlace."""
    every = set(wanted)
    found = briefing_times.of(tx, {each.place for each in every if each.place is not None})
    whole: dict[tuple[str, ...], Times] = {}
    made = {}
    for each in every:
        if each.place is None:
            roots = people.rights_of(tx, each.user).roots() if each.user is not None else (EVERYWHERE,)
            times = whole[roots] if roots in whole else whole.setdefault(roots, _of_all(tx, roots))
        else:
            times = found[each.place]
        made[each] = Clock(times.zone, times.minute, 0 if _is_of_team(tx, each) else times.lead)
    return made


def _is_of_team(tx: Connection, about: About) -> bool:
    """A manager who reads the team's briefing reads it after the team."""
    if about.kind not in TEAMS or about.user is None or about.place is None:
        return about.kind in TEAMS
    place = places.resolved(tx, {about.place})[about.place]
    return crew_readers.works_there(people.rights_of(tx, about.user), place)


def _of_all(tx: Connection, roots: tuple[str, ...]) -> Times:
    """Of the whole tree what holds at its top, if it has one."""
    tops = [int(roots[0].strip("/").split("/")[-1])] if roots and roots[0] != EVERYWHERE else _topmost(tx)
    if len(tops) == 1:
        return briefing_times.of(tx, tops)[tops[0]]
    minute = briefing_times.minute_of(KEYS[BRIEFING_AT].default)
    return Times(audit_log.zone_of(tx, roots), minute, KEYS[BRIEFING_LEAD].default)


def _topmost(tx: Connection) -> list[int]:
    """All of them, or two."""
    query = select(locations.c.id).where(locations.c.parent_id.is_(None))
    return list(tx.execute(query.order_by(locations.c.id).limit(2)).scalars())
