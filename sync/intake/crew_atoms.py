"""What several crews were answered together, for those who see none of them by itself. Pure.

They are shown sums of *parts*, as in sync.intake.atoms: no answer is in two parts, and a part that was shown stays as
it is. A part has at least FEW answers of at least two crews, of which none gave more than three quarters. However such
sums are subtracted from each other, what comes out holds whole parts: so never a crew by itself."""

from collections.abc import Mapping
from fractions import Fraction

from sync.intake.atoms import FEW, GATHERED, MOST_LOST, Counts, add

CREWS = 2
MOST_OF_ONE = Fraction(3, 4)
"""More than that of one crew would all but be that crew's own figure."""
ByCrew = Mapping[int, Counts]
"""A crew's number, and how often each value was given."""


def is_enough(given: ByCrew) -> bool:
    sizes = [sum(counts) for counts in given.values() if any(counts)]
    return len(sizes) >= CREWS and sum(sizes) >= FEW and max(sizes) <= MOST_OF_ONE * sum(sizes)


def gather(new: Mapping[int, ByCrew]) -> dict[int, list[int]]:
    """The days that are shown, by the one under which they stand. `new`: what each day that is over has that was never
    shown. A day with enough stands for itself; others are gathered with the next ones."""
    found: dict[int, list[int]] = {}
    waiting: list[int] = []
    for day in sorted(day for day in new if any(any(counts) for counts in new[day].values())):
        if is_enough(new[day]):
            found[day] = [day]
            continue
        waiting = [*(each for each in waiting if each > day - GATHERED), day]
        if is_enough(together(new, waiting)):
            found[day], waiting = waiting, []
    return found


def together(new: Mapping[int, ByCrew], days: list[int]) -> dict[int, Counts]:
    crews = {crew for day in days for crew in new[day]}
    return {crew: add(new[day][crew] for day in days if crew in new[day]) for crew in sorted(crews)}


def is_withdrawn(size: int, lost: int, *, before: bool) -> bool:
    """Whether what stands under a day is not shown any more, of which so many no longer count; `before`: it was not.
    It comes again when all of it counts again."""
    if not lost or before:
        return bool(lost)
    return lost >= FEW and lost * MOST_LOST >= size
