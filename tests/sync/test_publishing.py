"""Surveys as data, by the command line: checked, published, asked, shown; and what is refused leaves nothing behind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, survey, wire
from sync.centre import Centre
from sync.cli import REFUSED
from sync.demo import founding
from sync.intake import tally
from sync.office import places
from tests.boxes import Box, enrol_box, open_shop, verdicts
from tests.sync.conftest import Verb

EVERYTHING: dict[str, Any] = json.loads(Path(founding.__file__).with_name("entrance.json").read_bytes())


def changed(**changes: Any) -> dict[str, Any]:
    """The survey with everything, with changes: `questions` is a function of the list of them."""
    fresh: dict[str, Any] = json.loads(json.dumps(EVERYTHING))
    for name, change in changes.items():
        fresh[name] = change(fresh[name]) if callable(change) else change
    return fresh


Paper = Callable[..., Path]


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    """Writes a survey into a file."""

    def write(content: Any, encoding: str = "utf-8") -> Path:
        file = tmp_path / "survey.json"
        written = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode(encoding)
        file.write_bytes(written)
        return file

    return write


def refused(done: tuple[int, str]) -> str:
    code, said = done
    assert code == REFUSED, said
    assert len(said.strip().splitlines()) == 1, said
    return said.strip()


def asked_on(client: FlaskClient, box: Box) -> survey.Survey:
    """What the box's screen is told to ask, checked as a terminal does."""
    reply = client.get(wire.MANIFEST, headers=box.signed("GET", wire.MANIFEST, b""))
    (screen,) = msgspec.json.decode(reply.get_data(), type=wire.Manifest).screens.values()
    return survey.load(wire.encode(screen.surveys[0]))


def rows(centre: Centre, table: Any) -> list[Any]:
    with centre.db.reading() as tx:
        return list(tx.execute(select(table)))


def test_from_the_builtin_to_a_survey_of_ones_own(verb: Verb, oslo: Box, client: FlaskClient, paper: Paper) -> None:
    code, shown = verb("survey", "show", "builtin")
    assert code == 0
    assert survey.load(shown.encode()) == survey.BUILTIN
    mine = paper(json.loads(shown) | {"id": "mine"}, "utf-8-sig")
    assert verb("survey", "check", mine) == (0, "Version 1 of 'mine' can be published.\n")
    assert verb("survey", "list")[1].startswith("builtin: version 1; en, nl, ")
    code, said = verb("survey", "publish", mine, "--at", "oslo")
    assert (code, said) == (
        0,
        "Version 1 of 'mine' is published.\nOslo asks 'mine' now. Its screens follow within a quarter of an hour.\n",
    )
    assert asked_on(client, oslo).id == "mine"
    assert verb("survey", "check", mine) == (0, "Version 1 of 'mine' is already published.\n")
    assert verb("survey", "publish", mine) == (0, "Version 1 of 'mine' is published already, with the same content.\n")


def test_a_new_version_reaches_whoever_asks_the_survey(
    verb: Verb, oslo: Box, client: FlaskClient, a_centre: Centre, paper: Paper
) -> None:
    verb("survey", "publish", paper(EVERYTHING), "--at", "Oslo", "--touchpoint", "Checkout")
    assert asked_on(client, oslo).version == 1
    assert verb("survey", "publish", paper(changed(version=3)))[0] == 0
    assert asked_on(client, oslo).version == 3
    assert msgspec.json.decode(verb("survey", "show", "entrance", "--version", "1")[1])["version"] == 1
    there = verb("survey", "list")[1].splitlines()
    assert there[-1].endswith("asked at everywhere else")
    assert there[0].startswith("entrance: version 3, 1 older; en, nl, ")
    assert there[0].endswith("asked at Oslo (Checkout)")
    # Answers to the old version go on being understood.
    for version in (1, 3):
        told = {"visit5": 4, "recommend": 9, "entrance_happy": ["staff"], "comment": "Nice."}
        entry = wire.seal({**oslo.response(survey="entrance", version=version), "answers": told}, "pepper")
        assert verdicts(oslo.send(client, entry)) == ["stored"]
    with a_centre.db.reading() as tx:
        assert tally.verify(tx) is None
    assert verb("survey", "ask", "builtin", "Oslo", "--touchpoint", "checkout")[1] == (
        "Oslo, Checkout asks 'builtin' now. Its screens follow within a quarter of an hour.\n"
    )
    assert asked_on(client, oslo) == survey.BUILTIN


def test_a_group_asks_and_a_shop_that_opens_later_too(
    verb: Verb, a_centre: Centre, client: FlaskClient, paper: Paper
) -> None:
    with a_centre.db.writing() as tx:
        norway = places.add_location(tx, "Norway", kind="group", zone="Europe/Oslo")
    verb("survey", "publish", paper(EVERYTHING), "--at", "Norway")
    molde = enrol_box(a_centre, open_shop(a_centre, "Molde", parent=norway)[1])
    assert asked_on(client, molde).id == "entrance"


def test_answers_that_came_before_their_survey_are_named(
    verb: Verb, oslo: Box, client: FlaskClient, paper: Paper
) -> None:
    early = [wire.seal({**oslo.response(survey="entrance"), "answers": {"visit5": 4}}, "pepper") for _ in range(3)]
    other = oslo.response(survey="autumn")
    assert verdicts(oslo.send(client, *early, other)) == 4 * ["quarantined"]
    said = verb("survey", "publish", paper(EVERYTHING))[1]
    assert "3 answers to it came before it was known and are kept apart: `smilepost server replay-quarantine`" in said
    assert verb("replay-quarantine")[1].startswith("Counting now: 3 unknown_survey.")


def _more_reasons(questions: list[Any]) -> list[Any]:
    questions[2]["choices"] = [questions[2]["choices"][0] | {"id": f"reason-{number}"} for number in range(40)]
    return questions


def _without(path: str) -> Any:
    def change(questions: list[Any]) -> list[Any]:
        del questions[0]["texts"][path]
        return questions

    return change


def _first(**fields: Any) -> Any:
    return lambda questions: [questions[0] | fields, *questions[1:]]


BAD = [
    (changed(questions=_more_reasons), "$.questions[2].choices: 1 to 6 reasons are allowed, not 40."),
    (changed(questions=_without("pl")), "$.questions[0].texts.pl: there is no text in this language."),
    (changed(questions=_first(scale="smiley9")), "$.questions[0].scale: 'smiley9' is none of smiley4, smiley5"),
    (changed(questions=_first(texts={"en": "Hi\u202e"})), "$.questions[0].texts.en: control characters"),
    (changed(questions=[]), "$.questions[0]: the first question must be on a scale"),
    (changed(version="one"), "$.version: Expected `int`, got `str`"),
    (changed(version=0), "$.version: Expected `int` >= 1"),
    (changed(id="Entrance Hall"), "$.id: Expected `str` matching regex"),
    (changed(colour="red"), "$: Object contains unknown field `colour`"),
    (b"{", "is no survey that can be asked: $: "),
    (b"[]", "is no survey that can be asked: $: Expected `object`, got `array`"),
    (b"", "is no survey that can be asked: $: "),
    ("ÿ".encode("latin-1"), "is not text in UTF-8 (the first other character is in line 1): save it as UTF-8."),
    (json.dumps(EVERYTHING).encode("utf-16"), "is text in UTF-16 or UTF-32: save it as UTF-8."),
    (b" " * 300_000, "has 300,000 bytes; at most 262,144 are allowed."),
    (json.dumps(EVERYTHING)[:-300].encode(), "is no survey that can be asked: $: Input data was truncated"),
]


def test_a_bad_definition_is_a_sentence_and_nothing_is_half_done(
    verb: Verb, oslo: Box, a_centre: Centre, paper: Paper
) -> None:
    for content, sentence in BAD:
        for words in (["check"], ["publish"]):
            assert sentence in refused(verb("survey", *words, paper(content)))
    assert "cannot be read" in refused(verb("survey", "publish", "nowhere.json"))
    good = paper(EVERYTHING)
    assert "There is no place 'Molde'" in refused(verb("survey", "publish", good, "--at", "Molde"))
    assert "no touchpoint 'Door'" in refused(verb("survey", "publish", good, "--at", "Oslo", "--touchpoint", "Door"))
    assert "goes with --at PLACE" in refused(verb("survey", "publish", good, "--touchpoint", "Checkout"))
    assert [rows(a_centre, table) for table in (models.surveys, models.questions, models.settings)] == [[], [], []]


def _kind_of_comment(questions: list[Any]) -> list[Any]:
    reasons = next(q for q in questions if q["id"] == "entrance_unhappy")
    return [q if q["id"] != "comment" else reasons | {"id": "comment", "when": [2]} for q in questions]


def _other_scale(questions: list[Any]) -> list[Any]:
    return [q | {"scale": "csat5"} if q.get("pool") == "easy" else q for q in questions]


def test_what_was_published_never_changes(verb: Verb, a_centre: Centre, paper: Paper) -> None:
    assert verb("survey", "publish", paper(EVERYTHING))[0] == 0
    before = [rows(a_centre, table) for table in (models.surveys, models.questions)]
    refusals = [
        (changed(languages=["en"]), "Version 1 of 'entrance' is published with other content, and stays as it is:"),
        (changed(version=2, questions=_kind_of_comment), "The question 'comment' is asked for a comment; for reasons"),
        (
            changed(id="other", questions=_other_scale),
            "The question 'easy_find' is asked on ces7; on csat5 it needs another id.",
        ),
        (changed(id="builtin"), "'builtin' is the survey that comes with Smilepost: give yours another id."),
        (
            {"id": "x", "version": 1, "languages": ["en"],
             "questions": [{"id": "visit", "kind": "scale", "scale": "smiley5", "texts": {"en": "How?"}}]},
            "The question 'visit' is asked on smiley4; on smiley5 it needs another id.",
        ),
    ]  # fmt: skip
    for content, sentence in refusals:
        assert sentence in refused(verb("survey", "check", paper(content)))
        assert sentence in refused(verb("survey", "publish", paper(content)))
    assert [rows(a_centre, table) for table in (models.surveys, models.questions)] == before
    verb("survey", "publish", paper(changed(version=5)))
    late = "Version 5 of 'entrance' is published, so 4 comes too late: give this one the version 6."
    assert late in refused(verb("survey", "publish", paper(changed(version=4))))


def test_a_survey_nobody_knows_is_a_sentence(verb: Verb, oslo: Box, paper: Paper) -> None:
    assert "There is no survey 'spring': builtin are published." in refused(verb("survey", "show", "spring"))
    assert "There is no survey 'spring': builtin are published." in refused(verb("survey", "ask", "spring", "Oslo"))
    assert "There is no place 'Molde'" in refused(verb("survey", "ask", "builtin", "Molde"))
    verb("survey", "publish", paper(EVERYTHING))
    sentence = "There is no version 7 of 'entrance': 1 are published."
    assert sentence in refused(verb("survey", "show", "entrance", "--version", "7"))
