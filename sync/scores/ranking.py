"""Places in an order that trusts volume."""

from collections.abc import Hashable, Iterable
from fractions import Fraction
from typing import Generic, NamedTuple, TypeVar

from sync.scores.scales import ENOUGH, Histogram, Score, add, score, showing, value
from sync.survey import Scale

Key = TypeVar("Key", bound=Hashable)


class Ranked(NamedTuple, Generic[Key]):
    """A place in the order: `rank` from 1 (the best); those of one `shrunken` score share it, and the next ranks are
    left out (1, 1, 3)."""

    key: Key
    rank: int
    score: Score
    shrunken: Fraction


class Early(NamedTuple, Generic[Key]):
    """A place with too few answers to be ranked, and enough to be shown."""

    key: Key
    score: Score


class Ranking(NamedTuple, Generic[Key]):
    """`ranked` best first, `early` in the order given, `unshown` those of fewer than five answers. The formula is
    (weight · average + n · score) / (weight + n) with `average` (WAI) and `weight` (W); without any answer to
    average `average` is None and `weight` 0."""

    ranked: tuple[Ranked[Key], ...]
    early: tuple[Early[Key], ...]
    unshown: tuple[Key, ...]
    average: Fraction | None
    weight: Fraction


def shrunken(own: Fraction, n: int, average: Fraction, weight: Fraction) -> Fraction:
    """A score pulled towards the average of all the more, the fewer answers it has: RS = (W·WAI + n·I) / (W + n), as
    HappyOrNot ranks. `own` is I, `average` WAI: the average of all places weighted by their answers; `weight` W: the
    average number of answers a place. With n = 0 it is the average. Raises ValueError for a negative number of
    answers, or no answer on either side."""
    if n < 0 or weight < 0 or n + weight == 0:
        raise ValueError(f"n and W are 0 or more, and one of them more: not {n} and {weight}")
    return (weight * average + n * own) / (weight + n)


def rank(scale: Scale, places: Iterable[tuple[Key, Histogram]], *, singles: bool = False) -> Ranking[Key]:
    """Order places, each (key, its histogram), by shrunken score; from 30 answers on.

    W and WAI are over all places that were answered at all. Both are shown, so without `singles` (for a viewer
    who may not see few answers) those of fewer than five are left out of them: nobody can subtract them out.
    Raises ValueError for counts that don't fit the scale."""
    listed = [(key, counts, sum(counts)) for key, counts in places]
    counted = [counts for _, counts, n in listed if n >= (1 if singles else ENOUGH)]
    whole = add(counted)
    average = value(scale, whole) if counted else None
    weight = Fraction(sum(whole), len(counted)) if counted else Fraction(0)
    scored = [(key, found) for key, counts, n in listed if n >= ENOUGH and (found := score(scale, counts))]
    full = [(key, found) for key, found in scored if showing(found.n) == "full"]
    early = tuple(Early(key, found) for key, found in scored if showing(found.n) == "early")
    unshown = tuple(key for key, _, n in listed if n < ENOUGH)
    return Ranking(_in_order(full, average or Fraction(0), weight), early, unshown, average, weight)


def _in_order(scored: list[tuple[Key, Score]], average: Fraction, weight: Fraction) -> tuple[Ranked[Key], ...]:
    pulled = [(shrunken(own.value, own.n, average, weight), key, own) for key, own in scored]
    pulled.sort(key=lambda each: -each[0])
    ranked: list[Ranked[Key]] = []
    for place, (worth, key, own) in enumerate(pulled, start=1):
        tied = ranked and ranked[-1].shrunken == worth
        ranked.append(Ranked(key, ranked[-1].rank if tied else place, own, worth))
    return tuple(ranked)
