"""What has certainly changed: the last seven days against those before."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sync.office import counts
from sync.office.counts import PERIOD, Days, Figure
from sync.office.places import Location
from sync.scores import Difference, difference, rounded
from sync.survey import Scale

WEEK = 7
MOST_NEWS = 2
"""Places that the sentence at the top of a page may name."""


class Fall(NamedTuple):
    """A place whose score has certainly fallen this week."""

    place: Location
    change: Difference


def of_week(before: Figure, since: Figure) -> Difference | None:
    """The last seven days (`since`) less those `before`, None where that is not certain."""
    if before.showing != "full" or since.showing != "full" or before.score is None or since.score is None:
        return None
    change = difference(since.score, before.score)
    return change if change.certain else None


def falls(
    scale: Scale,
    leaves: Iterable[Location],
    days: Callable[[Location], Days],
    today: Callable[[Location], int],
    *,
    most: int | None = None,
) -> tuple[Fall, ...]:
    """The certain falls that one can see in rounded scores too, the largest first; MOST_NEWS unless `most` says how
    many."""
    found = []
    for place in leaves:
        own, now = days(place).counts, today(place)
        before = counts.total(scale, own, now - PERIOD + 1, now - WEEK)
        change = of_week(before, counts.total(scale, own, now - WEEK + 1, now))
        if change is not None and change.value < 0 and rounded(abs(change.value)) > 0:
            found.append(Fall(place, change))
    return tuple(sorted(found, key=lambda fall: fall.change.value)[: most or MOST_NEWS])
