"""Looking at a part of the answers: what was asked for stands in the address. Over HTTP, on both databases."""

import re

import pytest

from sync.centre import Centre
from sync.office import overview
from tests.sync.conftest import Clock
from tests.sync.norway import Chain
from tests.sync.test_pages import row, sentence, words


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    chain = Chain(a_centre, clock)
    chain.visits(chain.oslo, [3] * 30 + [0] * 10, days_ago=2)
    chain.visits(chain.oslo, [3] * 40, days_ago=10, lang="nl")
    chain.visits(chain.bergen, [2] * 36, days_ago=3)
    chain.visits(chain.malmo, [1] * 33, days_ago=40)
    return chain


def order(page: str) -> list[int]:
    """The places of the table, from the top down."""
    return [int(number) for number in re.findall(r'<tr role="row" id="place-(\d+)"', page)]


def test_a_week_is_compared_with_the_week_before(chain: Chain) -> None:
    page = chain.page("/?days=7")
    assert sentence(page) == "25 Feb–3 Mar: 76 answers, score 71 (63–78). That is 29 below the week before."
    assert row(page, chain.oslo).startswith("Oslo 75 60–88 40 0 today")
    assert row(page, chain.oslo).endswith("▼ 25 lower, for certain")
    assert "no answers 0" in row(page, chain.malmo)
    assert "A change is one against the week before." in words(page)


def test_days_may_be_chosen_freely(chain: Chain) -> None:
    page = chain.page("/?from=2026-01-20&to=2026-01-25")
    assert sentence(page).startswith("20 Jan–25 Jan: 33 answers, score 33")
    assert "today" not in row(page, chain.malmo)
    assert "The days below" in page


def test_a_part_of_the_answers_speaks_for_itself(chain: Chain) -> None:
    assert sentence(chain.page("/?lang=nl")).startswith("4 Feb–3 Mar, in Dutch: 40 answers, score 100 (")
    assert sentence(chain.page("/?hours=9-12")) == "4 Feb–3 Mar, 9–12 h: nobody answered."
    night = chain.page("/?hours=1-3&touchpoint=Checkout")
    assert sentence(night).startswith("4 Feb–3 Mar, 1–3 h, at “Checkout”: 116 answers")
    assert "at “Nowhere”: nobody answered." in sentence(chain.page("/?touchpoint=Nowhere"))


def test_flagged_answers_count_on_request(chain: Chain) -> None:
    chain.visits(chain.oslo, [0] * 9, flags=["ghost"])
    assert "89" in row(chain.page("/?flagged=with"), chain.oslo).split()
    only = chain.page("/?flagged=only")
    assert sentence(only).startswith("4 Feb–3 Mar, answers that a flag keeps out: 9 answers, score 0")


def test_what_is_set_can_be_taken_away_again(chain: Chain) -> None:
    page = chain.page(f"/?days=7&hours=1-3&lang=nl&place={chain.norway}&sort=score")
    chips = dict(re.findall(r'<li><a href="([^"]*)"><bdi>(.*?)</bdi> <span aria-hidden', page))
    assert {text: address.replace("&amp;", "&") for address, text in chips.items()} == {
        "Norway": "/?days=7&lang=nl&hours=1-3&sort=score",
        "The last 7 days": f"/?lang=nl&hours=1-3&place={chain.norway}&sort=score",
        "1–3 h": f"/?days=7&lang=nl&place={chain.norway}&sort=score",
        "Dutch": f"/?days=7&hours=1-3&place={chain.norway}&sort=score",
    }
    assert f'href="/locations/{chain.oslo}?days=7&amp;lang=nl&amp;hours=1-3"' in page


def test_a_form_leads_to_an_address_that_can_be_sent_on(chain: Chain) -> None:
    client = chain.browser(chain.astrid)
    answer = client.get("/?days=28&place=&from=&to=&hours=&touchpoint=&lang=nl&flagged=without")
    assert (answer.status_code, answer.location) == (303, "/?lang=nl")


def test_a_part_of_the_tree_is_a_page_of_its_own(chain: Chain) -> None:
    page = chain.page(f"/?place={chain.norway}")
    assert order(page) == [chain.bergen, chain.molde, chain.oslo]
    assert f"Every place {'Norway'}" in words(page)
    client = chain.browser(chain.bjorn)
    assert client.get(f"/?place={chain.oslo}").status_code == 200
    assert [client.get(f"/?place={other}").status_code for other in (chain.norway, chain.malmo, "x")] == [404] * 3


@pytest.mark.parametrize(
    "wrong", ["days=0", "hours=25", "flagged=%3Cscript%3E", "from=2026-01-01", "sort=colour", "sort=-name", "lang=%00"]
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(chain: Chain, wrong: str) -> None:
    answer = chain.browser(chain.astrid).get(f"/?{wrong}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert 'class="problem" role="alert"' in page
    assert "116" in page  # the usual four weeks stand there all the same
    assert chain.browser(chain.astrid).get(f"/now?version=0&{wrong}").status_code == 204


def test_who_may_not_see_single_answers_sees_whole_periods(chain: Chain) -> None:
    kari = chain.person("kari@example.com", "Kari", chain.norway)
    page = chain.page("/?hours=1-3&lang=nl&days=7", kari)
    assert "is left out here: your account may not read single answers" in words(page)
    assert [name for name in ("hours", "lang", "touchpoint", "flagged") if f'name="{name}"' in page] == []
    assert sentence(page).startswith("25 Feb–3 Mar: ")
    assert "so few can stand behind such a part" in words(page)


def test_places_are_sorted_by_what_they_show(chain: Chain) -> None:
    """By a figure all places stand in one list; what has none comes last, either way round."""
    oslo, bergen, molde, malmo = chain.oslo, chain.bergen, chain.molde, chain.malmo
    assert order(chain.page("/?sort=score")) == [bergen, oslo, malmo, molde]
    assert order(chain.page("/?sort=-score")) == [oslo, bergen, malmo, molde]
    assert order(chain.page("/?sort=-n")) == [oslo, bergen, malmo, molde]
    assert order(chain.page("/?sort=n"))[-2:] == [bergen, oslo]
    assert order(chain.page("/?sort=change"))[0] == oslo
    page = chain.page("/?sort=score")
    assert "Norway" in row(page, oslo)
    assert 'aria-sort="ascending"' in page
    assert 'href="/?sort=-score"' in page


@pytest.mark.parametrize(
    "asked", ["/?sort=score", "/?sort=-n&days=91", "/?sort=change&lang=en", "/?hours=1-3", "/?days=91"]
)
def test_very_many_places_are_told_and_sorted_like_few(
    chain: Chain, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = chain.page(asked)
    monkeypatch.setattr(overview, "MOST_LINES", 0)
    many = chain.page(asked)
    assert sentence(many) == sentence(few)
    shared = [place for place in order(many) if place in order(few)]
    assert shared
    assert [row(many, place) for place in shared] == [row(few, place) for place in shared]
    if "sort" in asked:
        assert order(many) == order(few)


def test_who_may_not_see_single_answers_gets_the_same_order_of_many(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    kari = chain.person("kari@example.com", "Kari", chain.norway)
    few = chain.page("/?sort=score", kari)
    monkeypatch.setattr(overview, "MOST_LINES", 0)
    many = chain.page("/?sort=score", kari)
    assert order(few) == order(many) == [chain.bergen, chain.oslo, chain.molde]
    assert [row(few, place) for place in order(few)] == [row(many, place) for place in order(few)]
