"""The hours of a week: which cells there are, how they are drawn, and which may be called the worst."""

from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert

from sync import models
from sync.centre import Centre
from sync.office import hour_map
from sync.office.counts import Figure, Question
from sync.office.filters import ALL, Hours, Narrowed
from sync.office.hour_map import Cell, HourMap
from sync.office.local_time import day_number
from sync.office.places import DEFAULT_ZONE, Location
from sync.scores import Histogram
from sync.survey import BUILTIN, SCALES

SMILEY = SCALES["smiley4"]
VISIT = Question(BUILTIN.first.id, "smiley4")
MONDAY = day_number(date(2026, 2, 2))
OFFICE = [[(540, 1080)]] * 5 + [[], []]


def place(number: int, hours: Any = None) -> Location:
    return Location(number, None, f"/{number}/", "store", "Oslo", DEFAULT_ZONE, hours)


def answered(centre: Centre, number: int, hours: dict[int, Histogram], *, aside: bool = False) -> None:
    """By local hour since 1970."""
    rows = [
        {"location_id": number, "question": VISIT.id, "choice": "", "hour": hour, "touchpoint_id": 1, "lang": "en",
         "aside": aside, "n": sum(counts), **{f"s{at}": 0 for at in range(11)},
         **{f"s{at}": n for at, n in enumerate(counts)}}
        for hour, counts in hours.items()
    ]  # fmt: skip
    with centre.db.writing() as tx:
        tx.execute(insert(models.tallies_hour), rows)


def read(centre: Centre, days: dict[int, tuple[int, int]], **more: Any) -> HourMap:
    told = {"open_": None, "singles": True, "narrowed": ALL, **more}
    with centre.db.reading() as tx:
        return hour_map.read(tx, VISIT, days, told.pop("open_"), **told)


def week(cells: dict[Cell, Histogram], weeks: int = 4) -> HourMap:
    shown = frozenset((weekday, hour) for weekday in range(7) for hour in range(9, 18))
    totals = {cell: sum(counts) for cell, counts in cells.items()}
    return HourMap(SMILEY, True, shown, cells, totals, 0, dict.fromkeys(cells, weeks))


def test_hours_fall_on_their_weekday_also_when_the_clocks_change(a_centre: Centre) -> None:
    """In the night of 25 October 2026 the hour from 2 comes twice in Oslo, and is one of the local hours all the same;
    on 29 March it never comes."""
    autumn, spring = day_number(date(2026, 10, 25)), day_number(date(2026, 3, 29))
    answered(a_centre, 7, {autumn * 24 + 2: (0, 0, 0, 30), spring * 24 + 3: (0, 0, 0, 12), MONDAY * 24: (0, 0, 0, 5)})
    found = read(a_centre, {7: (spring, autumn)})
    assert found.totals == {(6, 2): 30, (6, 3): 12}
    assert read(a_centre, {7: (MONDAY, MONDAY)}).totals == {(0, 0): 5}


def test_places_in_two_zones_each_keep_their_own_days(a_centre: Centre) -> None:
    hour = MONDAY * 24 + 9
    for number in (7, 8):
        answered(a_centre, number, {hour: (0, 0, 0, 10), hour + 24: (0, 0, 0, 1)})
    found = read(a_centre, {7: (MONDAY, MONDAY), 8: (MONDAY, MONDAY + 1)})
    assert found.totals == {(0, 9): 20, (1, 9): 1}


def test_only_opening_hours_are_drawn_and_the_rest_is_counted(a_centre: Centre) -> None:
    answered(a_centre, 7, {MONDAY * 24 + hour: (0, 0, 0, 10) for hour in (8, 9, 17, 18)})
    found = read(a_centre, {7: (MONDAY, MONDAY)}, open_=hour_map.opening([place(7, OFFICE)]))
    assert found.totals == {(0, 9): 10, (0, 17): 10}
    assert found.outside == 20
    assert found.hours == range(9, 18)
    assert (6, 9) not in found.open


def test_a_bar_that_closes_after_midnight_is_open_the_next_day() -> None:
    bar = [[] for _ in range(5)] + [[(20 * 60, 26 * 60)], []]
    assert hour_map.opening([place(7, bar)]) == {(5, hour) for hour in range(20, 24)} | {(6, 0), (6, 1)}
    assert hour_map.opening([place(7, bar), place(8)]) is None, "one of them never closes"


def test_what_the_filters_leave_out_is_not_there(a_centre: Centre) -> None:
    hour = MONDAY * 24 + 9
    answered(a_centre, 7, {hour: (0, 0, 0, 10), hour + 1: (0, 0, 0, 3)})
    answered(a_centre, 7, {hour: (5, 0, 0, 0)}, aside=True)
    days = {7: (MONDAY, MONDAY)}
    assert read(a_centre, days).totals == {(0, 9): 10, (0, 10): 3}
    assert read(a_centre, days, narrowed=Narrowed(flagged="with")).totals == {(0, 9): 15, (0, 10): 3}
    assert read(a_centre, days, narrowed=Narrowed(flagged="only")).totals == {(0, 9): 5}
    assert read(a_centre, days, narrowed=Narrowed(hours=Hours(10, 12))).totals == {(0, 10): 3}
    assert not read(a_centre, days, narrowed=Narrowed(lang="de")).totals


def test_who_may_not_see_single_answers_sees_how_many_alone(a_centre: Centre) -> None:
    answered(a_centre, 7, {MONDAY * 24 + 9: (0, 0, 0, 100)})
    found = read(a_centre, {7: (MONDAY, MONDAY)}, singles=False)
    assert found.count(0, 9) == 100
    assert found.figure(0, 9) is None
    assert not found.cells
    assert found.worst is None
    assert found.busiest == (0, 9)


def test_a_cell_of_nine_has_no_score_and_of_ten_has_one() -> None:
    found = week({(0, 9): (0, 0, 0, 9), (0, 10): (0, 0, 0, 10)})
    assert found.figure(0, 9) is None
    assert found.figure(0, 10) is not None


@pytest.mark.parametrize(
    ("counts", "shade"),
    [((0, 0, 0, 10), (8, 1)), ((0, 0, 30, 70), (5, 3)), ((10, 10, 10, 10), (0, 2)), ((0, 0, 29, 0), (0, 1))],
)
def test_a_cell_is_drawn_by_its_distance_and_its_answers(counts: Histogram, shade: tuple[int, int]) -> None:
    others = {(5, hour): (0, 0, 3000, 7000) for hour in range(9, 18)}
    found = week({**others, (0, 9): counts})
    assert found.shade(Figure(SMILEY, counts)) == shade


def test_the_worst_hours_are_named_together() -> None:
    cells: dict[Cell, Histogram] = {(day, hour): (2, 3, 20, 60) for day in range(6) for hour in range(9, 18)}
    cells |= {(5, 16): (15, 10, 10, 10), (5, 17): (14, 11, 10, 10)}
    worst = week(cells).worst
    assert worst is not None
    assert (worst.weekday, worst.first, worst.end, worst.figure.n) == (5, 16, 18, 90)
    assert week(cells, weeks=1).worst is None, "one bad day is no bad hour of the week"


def test_chance_alone_names_hours_in_at_most_one_map_of_twenty() -> None:
    draw, named = Random(20261123), 0
    for _ in range(200):
        cells: dict[Cell, Histogram] = {}
        for day in range(6):
            for hour in range(9, 18):
                values = draw.choices(range(4), (3, 5, 25, 67), k=draw.randint(10, 40))
                cells[day, hour] = tuple(values.count(value) for value in range(4))
        named += week(cells).worst is not None
    assert named <= 10
