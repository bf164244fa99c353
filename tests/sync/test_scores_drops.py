"""A drop is found soon, and hardly ever where there is none: simulated places, looked at every day."""

from collections.abc import Sequence
from fractions import Fraction
from statistics import median

import numpy as np
import pytest

from sync.scores import FALSE_DAILY, FALSE_MONTHLY, FALSE_RESTLESS, LOOKED_AT, Drop, drop, weekday
from sync.survey import SCALES, Scale
from tests.sync.drawn import HAPPY, falling, lower, split, truth, values

SMILEY = SCALES["smiley4"]
MONTH = 28
PATTERN = (0.7, 0.8, 0.9, 1.0, 1.4, 1.6, 0.6)
"""How busy Monday … Sunday are."""
Shares = Sequence[float]
Place = dict[int, tuple[int, ...]]


def opened(
    random: np.random.Generator,
    places: int,
    volume: float,
    shares: Sequence[Shares],
    *,
    pattern: Sequence[float] = PATTERN,
    unrest: float = 0.0,
) -> list[Place]:
    """Places with their local days 0 …, one a member of `shares`; with `unrest` each day is truly better or worse, by a
    standard deviation of so many of single answers."""
    days: list[Place] = [{} for _ in range(places)]
    for day, today in enumerate(shares):
        answers = random.poisson(volume * pattern[weekday(day)], size=places)
        truly = np.broadcast_to(np.asarray(today), (places, len(today)))
        if unrest:
            truly = random.dirichlet(np.asarray(today) * (1 / unrest**2 - 1), size=places)
        for place, counts in zip(days, random.multinomial(answers, truly).tolist(), strict=True):
            place[day] = tuple(counts)
    return days


def looked_at(scale: Scale, place: Place, days: int) -> list[Drop | None]:
    """What every one of the last `days` days says."""
    last = max(place)
    return [drop(scale, place, day) for day in range(last - days + 1, last + 1)]


def weekly(shares: Shares, saturday: Shares) -> list[Shares]:
    return [saturday if weekday(day) == 5 else shares for day in range(LOOKED_AT + MONTH - 1)]


def still(shares: Shares) -> list[Shares]:
    return weekly(shares, shares)


def quiet_places() -> list[tuple[Scale, int, list[Place]]]:
    """Places that never change: of every shape and volume, busy on Saturdays, closed on Sundays, or always worse on a
    Saturday."""
    random, found = np.random.default_rng(28), []
    for volume in (10, 40, 100, 300):
        shapes = [falling(4, max(best, 0.25)) for best in HAPPY] + [split(4, 0.5), split(4, 0.9)]
        for shares in shapes:
            found.append((SMILEY, volume, opened(random, 18, volume, still(shares))))
        bad = weekly(falling(4, 0.85), falling(4, 0.6))
        found.append((SMILEY, volume, opened(random, 18, volume, bad)))
        closed = (*PATTERN[:6], 0.0)
        found.append((SMILEY, volume, opened(random, 18, volume, still(falling(4, 0.5)), pattern=closed)))
        for name in ("smiley5", "nps11", "csat5", "ces7"):
            shares = falling(values(SCALES[name]), 0.6)
            found.append((SCALES[name], volume, opened(random, 8, volume, still(shares))))
    return found


def test_a_place_that_did_not_change_is_hardly_ever_named() -> None:
    """Within the rates that the constants promise, and near enough to them that they say something."""
    looks = named = places = named_ever = 0
    by_volume: dict[int, int] = {}
    for scale, volume, those in quiet_places():
        for place in those:
            found = [each is not None for each in looked_at(scale, place, MONTH)]
            looks, named = looks + len(found), named + sum(found)
            places, named_ever = places + 1, named_ever + any(found)
            by_volume[volume] = by_volume.get(volume, 0) + sum(found)
    print(f"\n{named} of {looks} looks at places that did not change name them ({100 * named / looks:.2f} %),")
    print(f"{named_ever} of {places} places within {MONTH} days ({100 * named_ever / places:.1f} %); {by_volume}")
    assert named <= FALSE_DAILY * looks
    assert named_ever <= FALSE_MONTHLY * places
    assert named >= FALSE_DAILY * looks / 10


def test_a_restless_place_is_seldom_named() -> None:
    random, looks, named = np.random.default_rng(5), 0, 0
    for volume in (40, 100, 300):
        for shares in (falling(4, 0.25), falling(4, 0.85), falling(4, 0.95)):
            for place in opened(random, 20, volume, still(shares), unrest=0.2):
                found = looked_at(SMILEY, place, MONTH)
                looks, named = looks + MONTH, named + sum(each is not None for each in found)
    print(f"\n{named} of {looks} looks at restless places name them ({100 * named / looks:.2f} %)")
    assert named <= FALSE_RESTLESS * looks


def fallen(shares: Shares, volume: float, points: float, places: int = 60) -> list[Place]:
    """Places whose score is lower from day LOOKED_AT on."""
    after = [lower(SMILEY, shares, points)] * 14
    return opened(np.random.default_rng(14), places, volume, [*[shares] * LOOKED_AT, *after])


@pytest.mark.parametrize(
    ("best", "volume", "points", "within", "share"),
    [
        (0.5, 40, 10, 7, 0.6),
        (0.7, 40, 10, 5, 0.75),
        (0.85, 40, 10, 3, 0.85),
        (0.85, 300, 5, 2, 0.8),
        (0.7, 10, 25, 5, 0.8),
    ],
)
def test_a_drop_is_found_within_days(best: float, volume: int, points: int, within: int, share: float) -> None:
    """`share` of places that fell by `points` are named within so many days, with a beginning near the true one; the
    interval holds the truth also then, when it is picked out for looking bad."""
    shares = falling(4, best)
    when, near, held = [], 0, 0
    for place in fallen(shares, volume, points):
        told = ((day, drop(SMILEY, place, day)) for day in range(LOOKED_AT, LOOKED_AT + 14))
        day, found = next(((day, each) for day, each in told if each), (99, None))
        when.append(day - LOOKED_AT + 1)
        if found is not None:
            near += abs(found.since - LOOKED_AT) <= 1
            true = -points * min(1.0, (day - LOOKED_AT + 1) / (day - found.since + 1))
            held += found.change.low <= true <= found.change.high
    named = sum(day <= 14 for day in when)
    print(
        f"\n{points} points of {truth(SMILEY, shares):.0f} at {volume} a day: named after {median(when)} days (median),"
    )
    print(f"{[sum(day <= most for day in when) for most in range(1, 15)]} of {len(when)} within 1 … 14 days,")
    print(f"the first day within one of the true one {near}, the interval holds {held}")
    assert sum(day <= within for day in when) >= share * len(when)
    assert near >= 0.6 * named
    assert held >= 0.95 * named


def steady(counts: tuple[int, ...], days: int = LOOKED_AT) -> Place:
    return dict.fromkeys(range(days), counts)


def test_a_drop_says_since_when_and_by_how_much() -> None:
    place = steady((1, 2, 7, 30)) | dict.fromkeys((32, 33, 34), (8, 6, 8, 18))
    found = drop(SMILEY, place, 34)
    assert found is not None
    assert (found.since, found.kind, found.n, found.before_n, found.before_days) == (32, "weekday", 120, 840, 21)
    # 106 of 120 possible thirds of a face before, and 76 since: 25 points.
    assert found.change.value == Fraction(100 * (76 - 106), 120)
    assert found.change.low < found.change.value < found.change.high < 0
    assert found.change.certain


@pytest.mark.parametrize(("long", "kind"), [(1, "day"), (2, "weekday"), (7, "weekday"), (8, "date"), (14, "date")])
def test_a_sentence_can_name_the_beginning(long: int, kind: str) -> None:
    place = steady((2, 4, 20, 60)) | {34 - back: (30, 16, 20, 20) for back in range(long)}
    found = drop(SMILEY, place, 34)
    assert found is not None
    assert (found.since, found.kind) == (34 - long + 1, kind)


def test_a_bad_saturday_is_no_drop_where_every_saturday_is_bad() -> None:
    days = {day: (20, 10, 5, 5) if weekday(day) == 5 else (1, 2, 7, 30) for day in range(LOOKED_AT)}
    saturday = max(day for day in days if weekday(day) == 5)
    assert drop(SMILEY, days, saturday) is None
    assert drop(SMILEY, days | {saturday: (1, 2, 7, 30)}, saturday) is None
    friday = days | {saturday - 1: (20, 10, 5, 5)}
    assert drop(SMILEY, friday, saturday) is not None


@pytest.mark.parametrize(
    "place",
    [
        {},
        {34: (40, 0, 0, 0)},
        steady((0, 0, 0, 40)),
        steady((0, 0, 0, 0)),
        steady((0, 0, 0, 1)) | {34: (20, 0, 0, 0)},
        dict.fromkeys(range(30), (0, 0, 0, 40)),
        steady((10, 10, 5, 5)) | {34: (0, 0, 0, 90)},
        {day: (0, 0, 10, 40) for day in range(LOOKED_AT) if weekday(day) != weekday(34)} | {34: (40, 0, 0, 0)},
    ],
    ids=[
        "empty",
        "its first day",
        "only joy",
        "no answers",
        "too few",
        "silent since",
        "better",
        "never open that day",
    ],
)
def test_nothing_is_named_without_enough_to_go_by(place: Place) -> None:
    assert drop(SMILEY, place, 34) is None


def test_a_young_place_is_measured_against_the_days_it_has() -> None:
    place = dict.fromkeys(range(25, 33), (1, 2, 7, 30)) | dict.fromkeys((33, 34), (20, 10, 5, 5))
    found = drop(SMILEY, place, 34)
    assert found is not None
    assert (found.since, found.before_days, found.n) == (33, 8, 80)


def test_a_drop_is_as_old_as_the_place_got_used_to_it() -> None:
    place = steady((1, 2, 7, 30), 80) | dict.fromkeys(range(40, 80), (8, 6, 8, 18))
    assert drop(SMILEY, place, 40 + 13) is not None
    assert drop(SMILEY, place, 79) is None


def test_counts_of_another_scale_are_refused() -> None:
    with pytest.raises(ValueError, match="a histogram of 0 to 3 has 4 counts"):
        drop(SMILEY, steady((1, 2, 3)), 34)
