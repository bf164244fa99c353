"""What of the counts of one place and question those may be shown who may not see single answers. Pure.

They are shown sums of *parts*. A part has at least FEW answers, none of which was in a part before, anywhere. However
sums are subtracted from each other, by day, period, place or between one look and the next, what comes out either holds
none of a part's answers or all of them: so never fewer than FEW. (Take the newest part of any combination: its answers
are in no older one.) A part stays as it was shown, whatever is counted otherwise afterwards, but for two ways of taking
back that tell nothing else:

- everything that stands under a day is taken back, when at least FEW of it, and no less than one in MOST_LOST, count
  there no longer (set aside, moved, revised): that combines nothing new;
- of a day that was shown in one part only, once: at least FEW of it, when at least FEW remain. The part then is two.

What was taken back comes again when all of it counts again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sync.models import VALUES
from sync.scores import ENOUGH

FEW = ENOUGH
GATHERED = 28
"""Local days over which days with too few are gathered to stand together under the last of them."""
MOST_LOST = 4
"""What lost a quarter of its answers no longer says how the day was."""
ELSEWHERE = -1
"""Under this day stands what may have been shown elsewhere before it counted here."""
Counts = tuple[int, ...]
"""How often each value was given, s0 … s10."""
NOTHING: Counts = (0,) * len(VALUES)


class Spot(NamedTuple):
    """What was released of the true day `day`, under the day `label`."""

    day: int
    label: int


class Label(NamedTuple):
    """What stands under one day: its `counts` in `parts`, without the `taken` that were taken back; `parted`: once they
    were only some of a part."""

    counts: Counts = NOTHING
    parts: int = 0
    taken: int = 0
    parted: bool = False


class Change(NamedTuple):
    """What is added to what was released, and how the days that change are shown from now on."""

    released: dict[Spot, Counts]
    shown: dict[int, Label]


class When(NamedTuple):
    """Local days: those up to `until` may be released, those before `today` are over, and all that stands under those
    from `since` on is known."""

    until: int
    today: int
    since: int = 0


def plus(a: Counts, b: Counts) -> Counts:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def less(a: Counts, b: Counts) -> Counts:
    """What `a` has more than `b`, value by value."""
    return tuple(max(x - y, 0) for x, y in zip(a, b, strict=True))


def add(found: Iterable[Counts]) -> Counts:
    return tuple(map(sum, zip(NOTHING, *found, strict=True)))


def gather(new: Mapping[int, Counts], until: int, today: int) -> dict[int, list[int]]:
    """The days that are released, by the one under which they stand. `new`: what each day has that was never released;
    days up to `until` may be, those before `today` are over. A day with enough stands for itself; those with too few
    that are over are gathered with the next ones."""
    found: dict[int, list[int]] = {}
    waiting: list[int] = []
    for day in sorted(day for day in new if day <= until):
        if sum(new[day]) >= FEW:
            found[day] = [day]
        elif day < today and any(new[day]):
            waiting = [*(each for each in waiting if each > day - GATHERED), day]
            if sum(sum(new[each]) for each in waiting) >= FEW:
                found[day], waiting = waiting, []
    return found


def taken_back(label: Label, released: Mapping[Spot, Counts], missing: Counts, alone: bool) -> Label:
    """How a day is shown of which `missing` no longer count. `released`: all that stands under it; `alone`: of its true
    days nothing stands under others."""
    whole = add(released.values())
    lost, size = sum(missing), sum(whole)
    if not lost:
        return label._replace(counts=whole, taken=0)
    if label.taken or lost < FEW:
        return label
    if alone and label.parts == 1 and not label.parted and size - lost >= FEW:
        return label._replace(counts=less(whole, missing), taken=lost, parted=True)
    if lost * MOST_LOST >= size:
        return label._replace(counts=NOTHING, taken=size)
    return label


def missing(debts: Mapping[int, Counts], released: Mapping[Spot, Counts]) -> dict[int, Counts]:
    """What each day's debt (what was released of it and no longer counts) takes from the days under which it stands."""
    found: dict[int, Counts] = defaultdict(lambda: NOTHING)
    for day, debt in debts.items():
        owed = debt
        for spot in sorted(spot for spot in released if spot.day == day):
            part = tuple(min(a, b) for a, b in zip(owed, released[spot], strict=True))
            found[spot.label] = plus(found[spot.label], part)
            owed = less(owed, part)
    return found


def change(
    differing: Mapping[int, Counts],
    elsewhere: Mapping[int, Counts],
    released: Mapping[Spot, Counts],
    shown: Mapping[int, Label],
    when: When,
) -> Change:
    """What happens now. `differing`: what each true day counts more (above zero) and less than was released of it,
    where something differs; of that, `elsewhere` may have been shown before. `released`: all that was, at least under
    the days that may be taken back; `shown`: those days, and what is new may join them."""
    debts = {day: less(NOTHING, each) for day, each in differing.items() if min(each) < 0}
    gone = missing(debts, released)
    after: dict[int, Label] = {}
    for day, label in shown.items():
        here = {spot: counts for spot, counts in released.items() if spot.label == day}
        if here and day >= when.since and (label.taken or day in gone):
            days = {spot.day for spot in here}
            alone = all(spot.label == day for spot in released if spot.day in days)
            after[day] = taken_back(label, here, gone.get(day, NOTHING), alone)
    new = {day: less(less(each, NOTHING), elsewhere.get(day, NOTHING)) for day, each in differing.items()}
    added: dict[Spot, Counts] = {}
    for last, those in gather(new, when.until, when.today).items():
        added |= {Spot(day, last): new[day] for day in those}
        label = after.get(last, shown.get(last, Label()))
        more = add(new[day] for day in those)
        after[last] = label._replace(counts=plus(label.counts, more), parts=label.parts + 1)
    return Change(added, {day: label for day, label in after.items() if label != shown.get(day)})
