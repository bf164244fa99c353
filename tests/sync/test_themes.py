"""Themes: words in each language, tried out before they are saved; how many speak of each, and how they felt, by the
face that they touched."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from sync import models
from sync.centre import Centre
from sync.office import comment_index, comment_search, stems, theme_counts, theme_words, themes
from sync.office.audit import COMMAND
from sync.office.comment_search import Wanted
from sync.office.filters import Filters
from sync.office.theme_counts import Told
from sync.office.theme_starters import STARTERS
from sync.office.theme_words import Finder, Finders
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain
from tests.sync.test_pages import words as plain

WAITING = {"words_en": "wait, queue, took ages", "words_nl": "wacht*, rij"}


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def astrid(chain: Chain) -> FlaskClient:
    return chain.browser(chain.astrid)


def send(client: FlaskClient, address: str, **form: Any) -> TestResponse:
    return client.post(address, data={"do": "save", "name": "Waiting"} | WAITING | form, headers=OURS)


def made(chain: Chain) -> list[themes.Theme]:
    with chain.centre.db.reading() as tx:
        return themes.of(tx, ["/"])


def told(chain: Chain, *paths: str, question: str | None = None) -> Told:
    comment_index.fold(chain.centre.db)
    with chain.centre.db.reading() as tx:
        wanted = Wanted(paths or ("/",), Filters(question=question), 0, 40_000)
        return theme_counts.told(tx, wanted, themes.of(tx, paths or ("/",)))


def test_a_shop_starts_with_six(chain: Chain, astrid: FlaskClient) -> None:
    assert "Add these six" in astrid.get("/themes").get_data(as_text=True)
    assert astrid.post("/themes/starters", headers=OURS).status_code == 303
    names = ["Choice", "Cleanliness", "Delivery", "Price", "Staff", "Waiting"]
    assert [theme.name for theme in made(chain)] == names
    astrid.post("/themes/starters", headers=OURS)
    assert len(made(chain)) == 6
    page = plain(astrid.get("/themes").get_data(as_text=True))
    assert "Add these six" not in page
    assert all(name in page for name in names)


def test_every_starter_has_words_that_can_be_used() -> None:
    for _name, words in STARTERS:
        assert set(words) == {"en", "nl", "de", "ar"}
        for lang, listed in words.items():
            assert theme_words.problem(listed) is None
            assert all(Finder(lang, [entry]).hits(entry.removesuffix("*")) for entry in listed)


def test_words_are_tried_out_before_they_are_saved(chain: Chain, astrid: FlaskClient) -> None:
    chain.comment(chain.oslo, "I was waiting & waiting", 0)
    chain.comment(chain.bergen, "Het wachten duurde lang", 0, lang="nl")
    chain.comment(chain.oslo, "A weight off my mind", 3)
    page = send(astrid, "/themes/new", do="preview").get_data(as_text=True)
    assert "They find 2 of the last 3 comments." in page
    assert page.count("<mark>") == 3
    assert "I was <mark>waiting</mark> &amp; <mark>waiting</mark>" in page
    assert "Het <mark>wachten</mark> duurde lang" in page
    assert "Entries that find nothing there" in page
    assert made(chain) == []
    assert send(astrid, "/themes/new").status_code == 303
    (theme,) = made(chain)
    assert theme.words == {"en": ("wait", "queue", "took ages"), "nl": ("wacht*", "rij")}


def test_how_they_felt_is_what_they_touched(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, "/themes/new")
    for value in (0, 0, 1, 1):
        chain.comment(chain.oslo, "Waited too long, lovely wonderful great", value)
    (said,) = told(chain).every
    assert (said.n, said.figure.score) == (4, None)
    chain.comment(chain.bergen, "In de rij gestaan", 0, lang="nl")
    chain.comment(chain.bergen, "Nothing to say about this", 3)
    chain.comment(chain.bergen, "It ages well and took off", 3)
    (said,) = told(chain).every
    assert (said.n, said.figure.counts) == (5, (3, 2, 0, 0))
    assert said.figure.score is not None
    page = plain(astrid.get("/themes").get_data(as_text=True))
    assert "13" in page
    (oslo,) = told(chain, f"/{chain.norway}/{chain.oslo}/").every
    assert oslo.n == 4


def test_words_that_follow_each_other(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, "/themes/new")
    chain.comment(chain.oslo, "It took ages")
    chain.comment(chain.oslo, "For ages nobody took notice")
    assert [said.n for said in told(chain).every] == [1]
    comment_index.fold(chain.centre.db)
    with chain.centre.db.reading() as tx:
        about = Finders(themes.of(tx, ["/"])[0].words)
        page = comment_search.page(tx, Wanted(("/",), Filters(), 0, 40_000, about=about), None)
    assert [comment.text for comment in page.shown] == ["It took ages"]


def test_a_language_is_looked_for_in_its_own_comments(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, "/themes/new", name="Staff", words_en="", words_nl="", words_de="Personal")
    chain.comment(chain.oslo, "A personal touch", lang="en")
    chain.comment(chain.oslo, "Nettes Personal", lang="de-AT")
    assert [said.n for said in told(chain).every] == [1]


def test_a_rare_theme_and_a_frequent_one_are_found_alike(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("a queue", "queues", "the queue", "bread"):
        chain.comment(chain.oslo, text)
    comment_index.fold(chain.centre.db)
    wanted = Wanted(("/",), Filters(), 0, 40_000, about=Finders({"en": ("queue", "line*")}))
    for rare in (2_000, 1):
        monkeypatch.setattr(comment_search, "RARE", rare)
        with chain.centre.db.reading() as tx:
            found = {comment.text for comment in comment_search.page(tx, wanted, None).shown}
        assert found == {"a queue", "queues", "the queue"}


def test_hidden_comments_count_to_no_theme(chain: Chain, astrid: FlaskClient, clock: Clock) -> None:
    send(astrid, "/themes/new")
    chain.comment(chain.oslo, "what a queue, you idiots", 0)
    with chain.centre.db.writing() as tx:
        name = tx.execute(select(models.responses.c.id)).scalar_one()
        tx.execute(insert(models.moderation).values(response_id=name, hidden_ms=clock(), hidden_by="Astrid"))
    assert [said.n for said in told(chain).every] == [0]
    assert "idiots" not in send(astrid, "/themes/new", do="preview").get_data(as_text=True)


def test_what_cannot_be_used_is_said_beside_its_field(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, "/themes/new")
    for form, sentence in (
        ({"words_en": "cl*ean"}, "A star stands at the end"),
        ({"words_en": "a*"}, "At least 2 letters"),
        ({"words_en": "!!!"}, "There is no word in"),
        ({"words_en": "x" * 61}, "at most 60 characters"),
        ({"words_en": ",".join(f"word{n}" for n in range(201))}, "at most 200 entries"),
        ({"words_en": "", "words_nl": " , ,"}, "Give a word in at least one language."),
        ({"words_EN!": "x"}, "There is no such language."),
        ({"name": ""}, "Give 1 to 120 characters"),
        ({"name": "waiting"}, "There is a theme of this name already."),
    ):
        refused = send(astrid, "/themes/new", **{"name": "Another"} | form)
        assert refused.status_code == 400
        assert sentence in refused.get_data(as_text=True)
    assert len(made(chain)) == 1


def test_two_people_at_one_theme(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, "/themes/new")
    (theme,) = made(chain)
    address = f"/themes/{theme.id}"
    assert send(astrid, address, version=1, words_en="queue").status_code == 303
    clash = send(astrid, address, version=1, words_en="mine")
    assert clash.status_code == 409
    page = clash.get_data(as_text=True)
    assert "Somebody else changed this" in page
    assert "mine" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    assert send(astrid, address, version=version[1], words_en="mine").status_code == 303
    assert made(chain)[0].words["en"] == ("mine",)
    assert send(astrid, address, version=1, do="remove").status_code == 409
    assert send(astrid, address, version=3, do="remove").status_code == 303
    assert made(chain) == []
    log = plain(astrid.get("/audit").get_data(as_text=True))
    for deed in ("theme added", "theme changed", "theme deleted"):
        assert deed in log


def test_a_theme_belongs_to_a_part_of_the_tree(chain: Chain) -> None:
    nora = chain.hired("nora@example.com", "Nora", ("admin", chain.norway))
    client = chain.browser(nora)
    assert send(client, "/themes/new").status_code == 400  # everybody's is not hers
    assert send(client, "/themes/new", place=chain.norway).status_code == 303
    assert send(client, "/themes/new", name="Elsewhere", place=chain.sweden).status_code == 404
    with chain.centre.db.writing() as tx:
        whole = themes.add(tx, COMMAND, "Price", {"en": ("price",)}, None, 0)
        assert [theme.name for theme in themes.of(tx, [f"/{chain.norway}/{chain.oslo}/"])] == ["Price", "Waiting"]
        assert [theme.name for theme in themes.of(tx, [f"/{chain.sweden}/"])] == ["Price"]
    page = client.get("/themes").get_data(as_text=True)
    assert "Price" in page
    assert client.get(f"/themes/{whole}").status_code == 200
    assert send(client, f"/themes/{whole}", version=1).status_code == 403


def test_the_words_of_others_are_not_tried_out_on(chain: Chain) -> None:
    nora = chain.browser(chain.hired("nora@example.com", "Nora", ("admin", chain.norway)))
    chain.comment(chain.malmo, "the queue in Malmö")
    chain.comment(chain.oslo, "the queue in Oslo")
    page = send(nora, "/themes/new", do="preview").get_data(as_text=True)
    assert "They find 1 of the last 1 comment." in page
    assert "in Malmö" not in page
    with chain.centre.db.reading() as tx:
        read = tx.execute(select(models.audit.c.name).where(models.audit.c.action == "answers read")).scalars().all()
    assert read == ["Oslo"]


def test_another_language_gets_a_field(chain: Chain, astrid: FlaskClient) -> None:
    page = send(astrid, "/themes/new", do="language", language="fi", words_en="typed already").get_data(as_text=True)
    assert 'name="words_fi"' in page
    assert "typed already" in page


def test_hostile_words_stay_words(chain: Chain, astrid: FlaskClient) -> None:
    chain.comment(chain.oslo, "<b>queue</b><script>alert(1)</script>")
    page = send(astrid, "/themes/new", do="preview", words_en="queue, <script>").get_data(as_text=True)
    assert "&lt;b&gt;<mark>queue</mark>&lt;/b&gt;" in page
    assert "<script>" not in page.partition("<main")[2]


def test_a_long_comment_is_shown_around_what_was_found() -> None:
    text = "a " * 400 + "queue" + " b" * 400
    pieces = theme_words.pieces(text, Finder("en", ["queue"]).hits(text))
    assert ("queue", True) in pieces
    assert sum(len(piece) for piece, _ in pieces) < 400
    assert (pieces[0][0], pieces[-1][0]) == ("…", "…")


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
       lang=st.sampled_from(["en", "nl", "ar", "ja", "xx"]))  # fmt: skip
def test_the_index_and_the_text_tell_the_same(text: str, lang: str) -> None:
    """Whatever words of a text are made a theme: what the index says of it is what looking at it says."""
    known = stems.words(text)
    listed = [*known, " ".join(known[:2]), *(f"{word[:3]}*" for word in known if len(word) > 3), "elsewhere"]
    for entry in listed:
        if theme_words.problem([entry]) is not None:
            continue
        finder = Finder(lang, [entry])
        by_index = finder.may_stand(stems.index(text, lang))
        assert by_index is None or by_index == bool(finder.hits(text))
        marked = theme_words.pieces(text, finder.hits(text))
        assert entry == "elsewhere" or not finder.terms or any(is_hit for _, is_hit in marked)


def test_the_comments_room_is_narrowed_to_a_theme(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, "/themes/new")
    for value in (0, 0, 0, 1, 1):
        chain.comment(chain.oslo, f"The queue, for the time number {value}", value)
    chain.comment(chain.oslo, "It took ages to say so", 0)
    chain.comment(chain.oslo, "Nice bread", 3)
    (theme,) = made(chain)
    page = plain(astrid.get("/comments").get_data(as_text=True))
    assert "What they are about" in page
    assert "6 comments" in page
    assert "Nice bread" in page
    page = plain(astrid.get(f"/comments?theme={theme.id}").get_data(as_text=True))
    assert "Nice bread" not in page
    assert page.count("The queue") == 5
    per = chain.browser(chain.per)
    assert "Nice bread" not in per.get(f"/comments?theme={theme.id}").get_data(as_text=True)
    assert 'href="/themes"' not in per.get("/comments").get_data(as_text=True)
    assert astrid.get("/comments?theme=999999").status_code == 200


def test_a_place_says_what_is_spoken_of_there(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, "/themes/new")
    address = f"/locations/{chain.oslo}"
    assert "What comments are about" not in astrid.get(address).get_data(as_text=True)
    for value in (0, 0, 1, 1, 1):
        chain.comment(chain.oslo, f"Queue after queue, number {value}", value)
    chain.comment(chain.bergen, "A queue")
    page = astrid.get(address).get_data(as_text=True)
    assert "5 comments" in plain(page)
    link = re.search(r'href="(/comments[^"]*theme=\d+)"', page)
    assert link is not None
    found = plain(astrid.get(link[1].replace("&amp;", "&")).get_data(as_text=True))
    assert found.count("Queue after queue") == 5
    assert "A queue" not in found
    bjorn = chain.browser(chain.bjorn)
    assert "What comments are about" not in bjorn.get(address).get_data(as_text=True)
