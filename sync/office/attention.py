"""What needs somebody's attention: places whose score has certainly dropped, and why; unusually many unhappy answers
today; terminals that are dead, silent or behind. Each is said once, with since when, and leads to where it is
explained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import NamedTuple

from sqlalchemy import Connection

from sync.office import counts, local_time, needing, why_fallen
from sync.office.counts import Days, Figure, Question
from sync.office.needing import Box
from sync.office.places import Location
from sync.office.why_fallen import Grown
from sync.scores import LOOKED_AT, RANKED, Drop, drop, rounded, weights, wilson
from sync.survey import Scale

MOST = 6
"""Lines of each kind; of more there is said how many."""
USUAL_DAYS = 28
FEWEST_UNHAPPY = 5
RARE = 0.001
"""Of places where people are as unhappy as usual at most so many are named on a day."""


class Dropped(NamedTuple):
    """A place whose score has certainly dropped; `now`: what was answered since. `reason`: what certainly more of them
    gave as a reason."""

    place: Location
    drop: Drop
    now: Figure
    reason: Grown | None = None


class Unhappy(NamedTuple):
    """So many of today's answers at a place, where `usual` of `usual_n` were unhappy in the four weeks before."""

    place: Location
    unhappy: int
    n: int
    usual: int
    usual_n: int


@dataclass(frozen=True)
class Attention:
    """Each the worst first, at most MOST of them; `more`: places that dropped, or are unhappy, beside those.
    `places`: how many places there are that something is said of."""

    dropped: tuple[Dropped, ...] = ()
    unhappy: tuple[Unhappy, ...] = ()
    boxes: tuple[Box, ...] = ()
    more: int = 0
    more_boxes: int = 0
    places: int = 0


NOTHING = Attention()


def unhappy(scale: Scale) -> int:
    """How many of the values of a scale, from the lowest on, are those of unhappy people: the lower half of what an
    answer is worth."""
    worth = weights(scale)
    return max(sum(each < (worth[0] + worth[-1]) / 2 for each in worth), 1)


def is_unusual(bad: int, n: int, usual: int, usual_n: int) -> bool:
    """Whether `bad` unhappy ones of `n` are too many to be chance, where `usual` of `usual_n` were before: if as many
    were usual as can be (the upper end of that share's interval), it would happen less than once in a thousand."""
    if bad < FEWEST_UNHAPPY or usual_n < RANKED or bad * usual_n <= usual * n:
        return False
    return _tail(bad, n, wilson(usual, usual_n)[1] / 100) < RARE


def _tail(least: int, n: int, share: float) -> float:
    """The probability of `least` or more of `n` (the binomial law)."""
    if share >= 1:
        return 1.0
    return sum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log(1 - share))
        for k in range(least, n + 1)
    )


def first_day(today: int) -> int:
    """Of the days that have to be read for a place where it is `today`."""
    return today - LOOKED_AT


def attention(
    tx: Connection,
    paths: Sequence[str],
    sure: Sequence[Location],
    days: Callable[[Location], Days],
    question: Question,
    now_ms: int,
    *,
    singles: bool,
) -> Attention:
    """Of what is at and below these paths. `sure`: the places whose scores are looked at, of which it is certain that
    the answers were given there; `days`: what they were answered from `first_day` on, today included."""
    today = {place.id: local_time.day_of(now_ms, place.zone) for place in sure}
    fallen = _dropped(question.scale, sure, days, today)
    known = {each.place.id for each in fallen}
    bad = [each for each in _unhappy(question.scale, sure, days, today) if each.place.id not in known]
    reasons = why_fallen.grown(
        tx, [(each.place, each.drop.since, today[each.place.id] - 1) for each in fallen[:MOST]], question,
        unhappy(question.scale), singles=singles,
    )  # fmt: skip
    told = [each._replace(reason=reasons.get(each.place.id)) for each in fallen[:MOST]]
    boxes = needing.boxes(tx, paths, now_ms, MOST)
    named = {each.place.id for each in fallen} | {each.place.id for each in bad} | boxes.places
    more = len(fallen[MOST:]) + len(bad[MOST:])
    return Attention(tuple(told), tuple(bad[:MOST]), boxes.shown, more, boxes.more, len(named))


def _dropped(
    scale: Scale, sure: Sequence[Location], days: Callable[[Location], Days], today: Mapping[int, int]
) -> list[Dropped]:
    """Through yesterday: today is not over."""
    found = []
    for place in sure:
        own, last = days(place).counts, today[place.id] - 1
        fall = drop(scale, own, last)
        if fall is not None and rounded(abs(fall.change.value)) > 0:
            found.append(Dropped(place, fall, counts.total(scale, own, fall.since, last)))
    return sorted(found, key=lambda each: (each.drop.change.value, each.place.id))


def _unhappy(
    scale: Scale, sure: Sequence[Location], days: Callable[[Location], Days], today: Mapping[int, int]
) -> list[Unhappy]:
    found = []
    low = unhappy(scale)
    for place in sure:
        own, now = days(place).counts, today[place.id]
        if now not in own:
            continue
        here = counts.total(scale, own, now, now)
        before = counts.total(scale, own, now - USUAL_DAYS, now - 1)
        bad, usual = sum(here.counts[:low]), sum(before.counts[:low])
        if is_unusual(bad, here.n, usual, before.n):
            found.append(Unhappy(place, bad, here.n, usual, before.n))
    return sorted(found, key=lambda each: (-each.unhappy / each.n, each.place.id))
