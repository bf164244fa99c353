"""The ask-rate: of the jobs that crews did, how many were handed the tablet over for, and what came of that.

A job counts on the day of its handover, else on the local day that it is planned for. It is done once it is said to be,
was handed over for, or (unless it was cancelled) its day is over: whoever forgets to say so is not better off. A number
that was typed on the tablet and is not known otherwise counts like any other."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, case, exists, func, select

from sync.models import handovers, jobs, locations
from sync.office import places

ASKED = ("answered", "declined", "timed_out", "phone")
"""What can have come of a tablet that was offered; `skipped`: it was not."""
OUTCOMES = ("answered", "phone", "declined", "timed_out", "skipped")
"""The one that says most first: of a job that was handed over for twice."""


@dataclass(frozen=True)
class Asked:
    """How many jobs were `done`, and of those how many were handed over for (`asked`): `answered` there and then, taken
    to their own `phone`, `declined` by the customer, `timed_out`; of the others how many the crew `skipped`."""

    done: int = 0
    asked: int = 0
    answered: int = 0
    phone: int = 0
    declined: int = 0
    timed_out: int = 0
    skipped: int = 0

    @property
    def silent(self) -> int:
        """Of how many nobody knows why they were not asked."""
        return self.done - self.asked - self.skipped

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(*(mine + theirs for mine, theirs in zip(_numbers(self), _numbers(other), strict=True)))


def _numbers(told: Asked) -> Sequence[int]:
    return (told.done, told.asked, told.answered, told.phone, told.declined, told.timed_out, told.skipped)


def by_day(
    tx: Connection, paths: Sequence[str], first: int, last: int, today: Mapping[int, int]
) -> dict[int, dict[int, Asked]]:
    """Place -> local day -> what came of the jobs of that day, for all at and below these paths that have any. `today`:
    what day it is at each place; a job planned for today or later is not done by itself."""
    found: dict[int, dict[int, Counter[str]]] = {}
    for place, day, outcome, n in _offered(tx, paths, first, last):
        found.setdefault(place, {}).setdefault(day, Counter())[outcome] += n
    for place, day, state, n in _unasked(tx, paths, first, last):
        if state == "done" or day < today.get(place, last):
            found.setdefault(place, {}).setdefault(day, Counter())[_SILENT] += n
    return {place: {day: _asked(told) for day, told in sorted(days.items())} for place, days in found.items()}


def asked(tx: Connection, paths: Sequence[str], first: int, last: int, today: Mapping[int, int]) -> dict[int, Asked]:
    """Place -> all of these days together."""
    told = by_day(tx, paths, first, last, today)
    return {place: together(days.values()) for place, days in told.items()}


def together(parts: Iterable[Asked]) -> Asked:
    return sum(parts, Asked())


def not_asked(tx: Connection, place: int, day: int) -> list[str]:
    """The numbers of the jobs planned for a past day that nobody was asked about, also not on another day."""
    offered = _handed().where(handovers.c.outcome.in_(ASKED))
    query = select(jobs.c.ref).where(
        jobs.c.location_id == place, jobs.c.day == day, jobs.c.state != "cancelled", ~exists(offered)
    )
    return list(tx.execute(query.order_by(jobs.c.key)).scalars())


_SILENT = "silent"
_DAYS = 1_000_000
"""More than a number of a day: what came of a job and on which day travel as one number, so that one `min` finds the
outcome that says most, and its first day."""


def _offered(tx: Connection, paths: Sequence[str], first: int, last: int) -> Iterator[tuple[int, int, str, int]]:
    """Place, day, outcome, and of how many jobs. Each job once, on the day of its handover."""
    rank = case({name: at for at, name in enumerate(OUTCOMES)}, value=handovers.c.outcome, else_=len(OUTCOMES))
    each = (
        select(handovers.c.location_id, handovers.c.job, func.min(rank * _DAYS + handovers.c.day).label("told"))
        .join(locations, locations.c.id == handovers.c.location_id)
        .where(handovers.c.day.between(first, last), ~handovers.c.test, places.below(paths))
        .group_by(handovers.c.location_id, handovers.c.job)
        .subquery()
    )
    both = (each.c.location_id, each.c.told)
    for place, told, n in tx.execute(select(*both, func.count()).group_by(*both)):
        at, day = divmod(told, _DAYS)
        if at < len(OUTCOMES):  # what a newer terminal calls otherwise is not known to be any of these
            yield place, day, OUTCOMES[at], n


def _unasked(tx: Connection, paths: Sequence[str], first: int, last: int) -> Iterator[tuple[int, int, str, int]]:
    """Place, planned day, state, and how many jobs there were that no tablet knows of."""
    query = (
        select(jobs.c.location_id, jobs.c.day, jobs.c.state, func.count())
        .join(locations, locations.c.id == jobs.c.location_id)
        .where(jobs.c.day.between(first, last), jobs.c.state != "cancelled", ~exists(_handed()), places.below(paths))
        .group_by(jobs.c.location_id, jobs.c.day, jobs.c.state)
    )
    yield from (tuple(row) for row in tx.execute(query))


def _handed() -> Select[tuple[str]]:
    """The handovers of a job of the query around."""
    mine = (handovers.c.location_id == jobs.c.location_id, handovers.c.job == jobs.c.key, ~handovers.c.test)
    return select(handovers.c.id).where(*mine).correlate(jobs)


def _asked(found: Counter[str]) -> Asked:
    known = {name: found[name] for name in OUTCOMES}
    return Asked(done=found.total(), asked=sum(known[name] for name in ASKED), **known)
