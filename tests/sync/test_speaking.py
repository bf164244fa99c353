"""Which language head office answers in, and how it writes in each."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from sync.centre import Centre
from sync.models import users
from tests.sync.conftest import Clock
from tests.sync.norway import Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def spoken(client: FlaskClient, path: str = "/sign-in", **headers: str) -> str:
    """The language that the page says it is written in."""
    found = re.search(r'<html lang="(\w+)" dir="(\w+)">', client.get(path, headers=headers).get_data(as_text=True))
    assert found
    assert found[2] == ("rtl" if found[1] == "ar" else "ltr")
    return found[1]


@pytest.mark.parametrize(
    ("wanted", "lang"),
    [
        ("nl-BE,nl;q=0.9", "nl"),
        ("fr,de;q=0.5", "de"),
        ("ar-EG", "ar"),
        ("fr", "en"),
        ("", "en"),
        ("nonsense;;q=", "en"),
    ],
)
def test_a_stranger_is_answered_in_the_languages_of_their_browser(chain: Chain, wanted: str, lang: str) -> None:
    assert spoken(chain.browser(), **{"Accept-Language": wanted}) == lang


def test_a_language_once_chosen_stays_in_this_browser(chain: Chain) -> None:
    client = chain.browser()
    page = client.get("/sign-in?next=/devices").get_data(as_text=True)
    assert 'href="/sign-in?next=%2Fdevices&amp;speak=nl" lang="nl"' in page
    assert spoken(client, "/sign-in?speak=nl", **{"Accept-Language": "de"}) == "nl"
    assert spoken(client, **{"Accept-Language": "de"}) == "nl"
    assert spoken(chain.browser(), **{"Accept-Language": "de"}) == "de"


@pytest.mark.parametrize("asked", ["fr", "", "../../etc", "nl%00", "<script>"])
def test_what_is_no_language_of_ours_changes_nothing(chain: Chain, asked: str) -> None:
    client = chain.browser()
    answer = client.get(f"/sign-in?speak={asked}", headers={"Accept-Language": "de"})
    assert "Set-Cookie" not in answer.headers
    assert "<script>" not in answer.get_data(as_text=True)
    client.set_cookie("smilepost-language", "fr")
    assert spoken(client, **{"Accept-Language": "de"}) == "de"


def test_who_is_signed_in_hears_their_own_language(chain: Chain) -> None:
    client = chain.browser(chain.astrid)
    assert spoken(client, "/?speak=nl") == "nl"
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.astrid).values(language="de"))
    assert spoken(client, "/?speak=nl", **{"Accept-Language": "ar"}) == "de"


def test_the_next_visitor_is_not_answered_in_the_language_of_the_last(chain: Chain) -> None:
    assert spoken(chain.browser(), **{"Accept-Language": "ar"}) == "ar"
    assert spoken(chain.browser()) == "en"
