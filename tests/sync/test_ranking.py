"""Places in an order that trusts volume, over HTTP, on both databases."""

import re
from html import unescape

import pytest

from sync import models
from sync.centre import Centre
from sync.intake import sums
from sync.office import overview, places
from sync.rows import append
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, Chain
from tests.sync.test_overview_filters import order
from tests.sync.test_pages import sentence, words


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    chain = Chain(a_centre, clock)
    chain.visits(chain.malmo, [3] * 30, days_ago=3)
    chain.visits(chain.bergen, [3] * 90 + [0] * 10, days_ago=4)
    chain.visits(chain.oslo, [3] * 35 + [0] * 15, days_ago=2)
    return chain


def ranks(page: str) -> list[str]:
    """The rows, as words."""
    rows = re.findall(r'<tr role="row" id="place-\d+".*?</tr>', page, re.DOTALL)
    return [words(unescape(row)) for row in rows]


def test_few_answers_are_pulled_to_the_average(chain: Chain) -> None:
    """W = 180 / 3 = 60, WAI = 155 / 180 = 86.1: Malmö (60 · 86.1 + 30 · 100) / 90 = 90.7, though all 30 are happy."""
    page = chain.page("/ranking")
    assert sentence(page) == "3 places ranked by what is certain."
    assert order(page) == [chain.malmo, chain.bergen, chain.oslo]
    assert [row.split()[:4] for row in ranks(page)] == [
        ["1", "Malmö", "Sweden", "90.7"], ["2", "Bergen", "Norway", "88.5"], ["3", "Oslo", "Norway", "78.8"],
    ]  # fmt: skip
    said = words(page)
    assert "W = 60.0 is the average number of answers a place, WAI = 86.1 the average of all places" in said
    assert "(60.0 × 86.1 + 30 × 100.0) / (60.0 + 30) = 90.7" in said
    assert "They differ by more than chance" in said
    assert page.count("<circle") == 3


def test_who_has_too_few_stands_after_them_unranked(chain: Chain) -> None:
    early, few = chain.shop("Early"), chain.shop("Few")
    chain.visits(early, [3] * 29, days_ago=1)
    chain.visits(few, [3] * 4, days_ago=1)
    page = chain.page("/ranking")
    assert order(page) == [chain.malmo, chain.bergen, chain.oslo, early]
    assert ranks(page)[-1].startswith("early Early Norway 100")
    assert "1 place with fewer stands after them, unranked." in words(page)
    assert "2 places with fewer than 5 are left out." in words(page)
    assert "Few" not in "".join(ranks(page))


def test_equals_share_a_rank(chain: Chain) -> None:
    twin = chain.shop("Aalborg")
    chain.visits(twin, [3] * 35 + [0] * 15, days_ago=9)
    assert [row.split()[:2] for row in ranks(chain.page("/ranking"))][2:] == [["3", "Aalborg"], ["3", "Oslo"]]


def test_a_group_is_ranked_by_itself_and_so_is_a_part(chain: Chain) -> None:
    page = chain.page(f"/ranking?place={chain.norway}&days=7")
    assert order(page) == [chain.bergen, chain.oslo]
    assert "WAI = 83.3" in words(page)
    assert f'href="/locations/{chain.oslo}?days=7"' in page
    assert "From three places with 30 answers each on" in words(page)
    nothing = chain.page("/ranking?hours=20-24")
    assert sentence(nothing) == "No place has enough answers to be ranked yet."
    assert "Look at a longer period, or take a filter away." in words(nothing)
    assert chain.browser(chain.astrid).get("/ranking?days=x").status_code == 400
    assert chain.browser(chain.bjorn).get(f"/ranking?place={chain.norway}").status_code == 404


def test_crews_are_ranked_for_few_eyes(chain: Chain) -> None:
    van = chain.shop("Van 12", kind="crew")
    chain.visits(van, [3] * 40, days_ago=2)
    page = chain.page("/ranking", chain.hired("manager@example.com", "Ola", ("manager", chain.norway)))
    assert van in order(page)
    assert "Crews are not ranked" not in page
    for role in ("admin", "analyst", "viewer", "crew"):
        kari = chain.hired(f"{role}@example.com", "Kari", (role, chain.norway))
        page = chain.page("/ranking", kari)
        assert "Crews are not ranked here" in words(page)
        assert "Van 12" not in "".join(ranks(page))


@pytest.mark.parametrize("asked", ["/ranking", "/ranking?days=7&lang=en"])
def test_a_ranking_of_very_many_is_that_of_few(chain: Chain, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few = chain.page(asked)
    monkeypatch.setattr(overview, "MOST_LINES", 0)
    monkeypatch.setattr("sync.office.ranking.MOST_PLACES", 0)
    assert ranks(chain.page(asked)) == ranks(few)


def test_a_long_ranking_comes_page_by_page(chain: Chain, clock: Clock) -> None:
    day, rows = clock() // DAY_MS - 1, []
    with chain.centre.db.writing() as tx:
        for number in range(26):
            shop = places.add_location(tx, f"Shop {number:02}", parent=chain.sweden)
            rows.append((shop, "visit", "", day, 1, "", False, 40, number, 0, 0, 40 - number, *[0] * 7))
        append(tx, models.tallies_day, rows)
        sums.mark_all(tx)
    first, last = chain.page("/ranking"), chain.page("/ranking?page=2")
    found = [row.split()[0] for page in (first, last) for row in ranks(page)]
    assert found == [str(number) for number in range(1, 30)]
    assert 'href="/ranking?page=2"' in first
    assert chain.page("/ranking?page=99") == last
