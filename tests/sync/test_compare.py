"""Places, or periods of one place, side by side: what is certain, and what is never put together."""

import re
from fractions import Fraction

import pytest

from sync.centre import Centre
from sync.office import compare
from sync.office.local_time import date_of, day_of
from sync.scores import Difference
from tests.sync.conftest import Clock
from tests.sync.norway import Chain
from tests.sync.test_pages import words

ENTRANCE = "visit5"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def period(chain: Chain, first: int, last: int) -> str:
    """From so many days ago to so many days ago."""
    today = day_of(chain.clock(), "Europe/Oslo")
    return f"{date_of(today - first).isoformat()}..{date_of(today - last).isoformat()}"


def lines(page: str) -> list[str]:
    """The rows of the table, as words."""
    found = re.search(r'<table class="list stacks compare".*?</table>', page, re.DOTALL)
    assert found
    rows = re.findall(r"<tr role=\"row\">(.*?)</tr>", found[0].partition("</thead>")[2], re.DOTALL)
    return [words(re.sub(r"<svg.*?</svg>", "", row, flags=re.DOTALL)) for row in rows]


def test_nothing_chosen_asks_for_places(chain: Chain) -> None:
    page = chain.page("/compare")
    assert "Choose two places or more, up to six." in words(page)
    assert f'href="/compare?place={chain.norway}"' in page
    assert "Malmö" in chain.page("/compare?search=malm")


def test_a_certain_difference_is_said_and_an_uncertain_one_is_not(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 60, days_ago=2)
    chain.visits(chain.bergen, [3] * 30 + [0] * 30, days_ago=2)
    chain.visits(chain.malmo, [3] * 58 + [2] * 2, days_ago=2)
    page = chain.page(f"/compare?place={chain.oslo}&place={chain.bergen}&place={chain.malmo}&place={chain.molde}")
    assert "Bergen is 50 below Oslo." in words(page)
    first, second, third, fourth = lines(page)
    assert first.startswith("Oslo 100 ")
    assert "the others are held against this one 60" in first
    assert re.search(r"−50 \(−6\d to −3\d\) 60", second), second
    assert "no certain difference (" in third
    assert "not asked here in these days" in fourth
    assert "2 differences stand here" in words(page)


def test_with_more_differences_each_has_to_be_larger() -> None:
    one = Difference(Fraction(-4), -7.9, -0.1)
    assert compare.widened(one, 1) == pytest.approx(one)
    many = compare.widened(one, 5)
    assert not many.certain
    assert many.low < one.low
    assert many.high > one.high


def test_periods_of_one_place_are_held_against_each_other(chain: Chain) -> None:
    for days_ago, values in ((3, [3] * 40), (33, [3] * 20 + [0] * 20)):
        chain.visits(chain.oslo, values, days_ago=days_ago)
    place = f"/compare?place={chain.oslo}"
    page = chain.page(f"{place}&period={period(chain, 27, 0)}&period={period(chain, 55, 28)}")
    assert "then and now" in words(page)
    now, then = lines(page)
    assert " 40 " in now
    assert "−50 (" in then
    both = chain.page(f"{place}&period={period(chain, 27, 0)}&period={period(chain, 40, 20)}")
    assert "partly the same answers, so not compared" in lines(both)[1]


def test_a_typed_period_joins_those_in_the_address(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30)
    client = chain.browser(chain.astrid)
    answer = client.get(f"/compare?place={chain.oslo}&days=7&first=2026-01-01&last=2026-01-07")
    assert answer.status_code == 303
    assert answer.location.endswith("&period=2026-02-25..2026-03-03&period=2026-01-01..2026-01-07")
    assert client.get(f"/compare?place={chain.oslo}&first=2026-01-07&last=soon").status_code == 400


def test_a_place_and_its_group_share_answers(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 40)
    chain.visits(chain.bergen, [0] * 40)
    page = chain.page(f"/compare?place={chain.norway}&place={chain.oslo}")
    assert "partly the same answers, so not compared" in lines(page)[1]
    assert "Too few answers to compare." in words(page)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("place={0.oslo}&period=yesterday", "A period is written like"),
        ("place={0.oslo}&place={0.bergen}&period=2026-01-01..2026-01-02", "several periods of one place alone"),
        ("place={0.oslo}&days=0", "whole one from 1 to 400"),
        ("place={0.oslo}" + "&period=2026-01-0{{}}..2026-01-09" * 7, "At most 6 are compared at once"),
    ],
)
def test_what_cannot_be_compared_is_said(chain: Chain, query: str, said: str) -> None:
    chain.visits(chain.oslo, [3] * 5)
    filled = query.format(chain)
    for day in range(1, 8):
        filled = filled.replace("{}", str(day), 1)
    answer = chain.browser(chain.astrid).get(f"/compare?{filled}")
    assert answer.status_code == 400
    assert said in words(answer.text)


def test_what_somebody_may_not_see_is_not_there_to_compare(chain: Chain) -> None:
    client = chain.browser(chain.bjorn)
    assert client.get(f"/compare?place={chain.oslo}").status_code == 200
    assert client.get(f"/compare?place={chain.oslo}&place={chain.malmo}").status_code == 404


def test_reasons_stand_side_by_side(chain: Chain) -> None:
    chain.visits(chain.oslo, [0] * 10, answers={"visit_unhappy": ["price"]})
    chain.visits(chain.bergen, [0] * 8, answers={"visit_unhappy": ["staff"]})
    page = words(chain.page(f"/compare?place={chain.oslo}&place={chain.bergen}"))
    assert "Price 100% 0% Staff 0% 100%" in page
