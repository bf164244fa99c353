"""Comments are found by what was written, in whatever form of the word, by what was touched, where and when; and by
nothing once they are erased."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from sync import models
from sync.centre import Centre
from sync.intake import erasures
from sync.office import comment_index, comment_search, stems
from sync.office.comment_search import Wanted
from sync.office.filters import Filters, Narrowed
from tests.sync.conftest import Clock
from tests.sync.norway import Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def search(chain: Chain, text: str = "", paths: tuple[str, ...] = ("/",), **asked: Any) -> list[str]:
    """The texts that are found, newest first."""
    comment_index.fold(chain.centre.db)
    filters = asked.pop("filters", Filters())
    with chain.centre.db.reading() as tx:
        wanted = Wanted(paths, filters, 0, 40_000, text, **asked)
        return [each.text for each in comment_search.page(tx, wanted, None).shown]


def test_a_word_is_found_in_its_other_forms(chain: Chain) -> None:
    chain.comment(chain.oslo, "Lang gewacht bij de kassa", lang="nl")
    chain.comment(chain.oslo, "I was waiting for ages", lang="en")
    chain.comment(chain.bergen, "Crème brûlée was cold", lang="en")
    chain.comment(chain.bergen, "店員さんがとても親切でした", lang="ja")
    assert search(chain, "wachten") == ["Lang gewacht bij de kassa"]
    assert search(chain, "WAITED") == ["I was waiting for ages"]
    assert search(chain, "ages waiting") == ["I was waiting for ages"]
    assert search(chain, "kassa ages") == []
    assert search(chain, "brul") == ["Crème brûlée was cold"]
    assert search(chain, "creme cold") == ["Crème brûlée was cold"]
    assert search(chain, "親切") == ["店員さんがとても親切でした"]
    assert search(chain, '"for ages"') == ["I was waiting for ages"]
    assert search(chain, '"ages for"') == []
    assert len(search(chain)) == 4


def test_they_are_narrowed_down(chain: Chain) -> None:
    chain.comment(chain.oslo, "Too long", 0)
    chain.comment(chain.oslo, "Lovely", 3, lang="nl")
    chain.comment(chain.bergen, "So so", 1)
    oslo = (f"/{chain.norway}/{chain.oslo}/",)
    assert set(search(chain, paths=oslo)) == {"Lovely", "Too long"}
    assert search(chain, mood="happy") == ["Lovely"]
    assert set(search(chain, mood="unhappy")) == {"Too long", "So so"}
    assert search(chain, filters=Filters(narrowed=Narrowed(lang="nl"))) == ["Lovely"]
    assert search(chain, filters=Filters(narrowed=Narrowed(touchpoint="Nowhere"))) == []
    assert search(chain, any_of=("long",)) == ["Too long"]
    assert search(chain, any_of=("lov*", "so")) != []


def test_hidden_ones_are_for_those_who_ask_for_them(chain: Chain, clock: Clock) -> None:
    chain.comment(chain.oslo, "Rude words", 0)
    chain.comment(chain.oslo, "Kind words", 3)
    with chain.centre.db.writing() as tx:
        rude = tx.execute(select(models.responses.c.id).where(models.responses.c.body.contains("Rude"))).scalar()
        tx.execute(models.moderation.insert().values(response_id=rude, hidden_ms=clock(), hidden_by="Astrid"))
    assert search(chain, "words") == ["Kind words"]
    assert search(chain, "words", state="hidden") == ["Rude words"]
    assert search(chain, state="praised") == []


def test_the_newest_word_of_a_customer_is_the_one_that_is_found(chain: Chain) -> None:
    box, client = chain.boxes[chain.oslo], chain.app.test_client()
    first = box.response(3, answers={"comment": "marvellous"})
    box.send(client, first)
    assert search(chain, "marvellous") == ["marvellous"]
    box.send(client, box.response(0, id=first["id"], rev=2, stamp=first["stamp"], answers={"comment": "dreadful"}))
    assert search(chain, "marvellous") == []
    assert search(chain, "dreadful") == ["dreadful"]
    box.send(client, box.response(0, id=first["id"], rev=3, stamp=first["stamp"]))
    assert search(chain) == []


def test_what_was_erased_is_found_by_nothing(chain: Chain, clock: Clock) -> None:
    chain.comment(chain.oslo, "Call me Ishmael")
    assert search(chain, "ishmael") == ["Call me Ishmael"]
    with chain.centre.db.reading() as tx:
        name = tx.execute(select(models.responses.c.id)).scalar_one()
    erasures.erase(chain.centre.db, chain.centre.settings.erasures_file, name, clock(), by="Astrid")
    with chain.centre.db.reading() as tx:
        for table in (models.comments, models.comment_words):
            assert tx.execute(select(func.count()).select_from(table)).scalar_one() == 0
    assert search(chain, "ishmael") == []


def test_a_frequent_word_is_come_upon_on_the_way(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comment_search, "RARE", 2)
    for text in ("good bread", "good cheese", "good wine", "bad bread"):
        chain.comment(chain.oslo, text)
    assert set(search(chain, "good")) == {"good bread", "good cheese", "good wine"}
    assert search(chain, "good cheese") == ["good cheese"]


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
       lang=st.sampled_from(["en", "nl", "ar", "ja", "tr", "xx"]))  # fmt: skip
def test_every_word_finds_the_text_that_it_stands_in(text: str, lang: str) -> None:
    """Of the index itself: what somebody types of a text is among what the text is found by."""
    found = stems.index(text, lang)
    typed, _ = stems.asked(" ".join(stems.words(text)))
    for word in typed:
        assert not found.isdisjoint(stems.alike(word, [lang]))
    for phrase in (" ".join(stems.words(text)[:3]),):
        assert not phrase or stems.holds(text, phrase)
