"""Which language head office answers in, and how it writes in each."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup
from sqlalchemy import update

from sync.centre import Centre
from sync.models import users
from sync.office import tongue, words
from sync.survey import SCALES
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
    assert 'href="?next=%2Fdevices&amp;speak=nl" lang="nl"' in page
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


def said(chain: Chain, lang: str, path: str = "/") -> str:
    page = chain.page(path, **{"Accept-Language": lang})
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).replace("\N{WORD JOINER}", "").split())


@pytest.mark.parametrize(
    ("lang", "sentence", "name"),
    [
        ("nl", "Gisteren 40 antwoorden, score 86 (74–94).", "Zeer tevreden"),
        ("de", "Gestern 40 Antworten, Wert 86 (74–94).", "Sehr zufrieden"),
        ("ar", "أمس 40 إجابة، النتيجة 86 (\u206674–94\u2069).", "راضٍ جدًا"),
    ],
)
def test_the_day_begins_in_the_language_of_the_viewer(chain: Chain, lang: str, sentence: str, name: str) -> None:
    chain.visits(chain.oslo, [3] * 30 + [2] * 6 + [1, 0, 0, 0], days_ago=1)
    page = said(chain, lang, f"/locations/{chain.oslo}")
    assert sentence in page
    assert name in page
    assert [word for word in ("Yesterday", "answers", "happy", "this week", "wrote", "Numbers") if word in page] == []


def test_numbers_are_written_as_the_language_writes_them() -> None:
    written = {}
    for lang in tongue.LANGUAGES:
        with tongue.speaking(lang):
            written[lang] = (words.number(12_345), words.share(3, 4), words.score(SCALES["ces7"], 6.25))
    assert written == {
        "en": ("12,345", "75%", "6.3"),
        "nl": ("12.345", "75%", "6,3"),
        "de": ("12.345", "75\N{NO-BREAK SPACE}%", "6,3"),
        "ar": ("12,345", "75%", "6.3"),
    }


def test_a_minus_and_a_range_are_not_turned_round() -> None:
    for lang in tongue.LANGUAGES:
        with tongue.speaking(lang):
            shown = words.score(SCALES["nps11"], -20)
            assert shown == ("\u2066−20\u2069" if lang == "ar" else "−20")
            assert words.example() == ("\u206684–88\u2069" if lang == "ar" else "84–88")


def test_a_survey_is_quoted_in_the_viewers_language_or_in_one_it_has() -> None:
    texts = {"nl": "Hoe was het?", "en": "How was it?", "de-AT": "Wie war’s?"}
    with tongue.speaking("de"):
        assert words.text(texts) == "Wie war’s?"
    with tongue.speaking("ar"):
        assert words.text(texts) == "How was it?"
        assert words.text({"nl": "Hoe was het?"}) == "Hoe was het?"
        assert words.text({}) == ""


def test_a_name_in_a_sentence_keeps_its_own_direction_and_is_text() -> None:
    assert tongue.filled("{place} fell {n}", place="<b>متجر", n=5) == "<bdi>&lt;b&gt;متجر</bdi> fell 5"
    assert tongue.filled("{place} & {n}", place=Markup("<i>x</i>"), n="−5") == "<i>x</i> &amp; −5"
