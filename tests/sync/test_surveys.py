"""Definitions of surveys: what is read, and what is refused with the path and the reason."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import survey
from sync.survey import BUILTIN, BadSurvey, Survey

EN = {"en": "How was it?"}


def text(en: str) -> dict[str, str]:
    return {"en": en}


def reasons(name: str, *ids: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": "reasons", "texts": EN, "choices": [{"id": i, "texts": text(i)} for i in ids], **more}


def scale(name: str, on: str = "smiley4", **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": "scale", "scale": on, "texts": EN, **more}


COMMENT = {"id": "words", "kind": "text", "texts": EN}
CONTACT = {"id": "call", "kind": "contact", "texts": EN, "consent": text("You may call me about this visit.")}


def read(*questions: dict[str, Any], **more: Any) -> Survey:
    definition = {"id": "shop", "version": 1, "languages": ["en"], "questions": list(questions), **more}
    return survey.load(msgspec.json.encode(definition))


def refused(*questions: dict[str, Any], **more: Any) -> str:
    with pytest.raises(BadSurvey) as refusal:
        read(*questions, **more)
    return str(refusal.value)


def test_the_built_in_survey_survives_its_own_reading() -> None:
    assert survey.load(msgspec.json.encode(BUILTIN)) == BUILTIN


@pytest.mark.parametrize("on", list(survey.SCALES))
def test_every_scale_can_be_asked(on: str) -> None:
    asked = read(scale("first", on), COMMENT)
    assert survey.problem_with(asked, {"first": asked.scale.high}) is None
    assert survey.problem_with(asked, {"first": asked.scale.high + 1}) == "off_scale"
    assert asked.follow_ups("first", asked.scale.low).offers == {"comment"}


def test_what_follows_depends_on_the_answer() -> None:
    asked = read(
        scale("visit"), reasons("bad", "wait", when=[0, 1]), reasons("good", "staff", when=[2, 3]),
        scale("easy", "ces7", when=[3]), {**CONTACT, "when": [0]}, COMMENT,
    )  # fmt: skip
    unhappy, happy = asked.follow_ups("visit", 0), asked.follow_ups("visit", 3)
    assert unhappy.reasons is not None
    assert happy.reasons is not None
    assert (unhappy.reasons.id, happy.reasons.id) == ("bad", "good")
    assert (unhappy.offers, happy.offers) == ({"comment", "contact"}, {"comment", "rating"})


def test_one_question_of_a_pool_is_asked_first() -> None:
    asked = read(scale("service", pool="firsts"), scale("clean", pool="firsts"), reasons("why", "floor", after="clean"))
    assert [question.id for question in asked.firsts] == ["service", "clean"]
    assert asked.follow_ups("service", 1).reasons is None
    assert asked.follow_ups("clean", 1).reasons == asked.questions[2]
    assert survey.problem_with(asked, {"clean": 1, "why": ["floor"]}) is None
    assert survey.problem_with(asked, {"clean": 1, "service": 1}) == "two_first_answers"
    assert asked.first_answer({"clean": 1}) == (asked.questions[1], 1)
    assert asked.first_answer({"why": ["floor"]}) is None


def test_how_to_reach_somebody_is_no_answer() -> None:
    assert survey.problem_with(read(scale("visit"), CONTACT), {"visit": 1, "call": "555"}) == "unknown_question"


REFUSALS = [
    ((COMMENT,), {}, "$.questions[0]: the first question must be on a scale"),
    ((), {}, "$.questions[0]: the first question must be on a scale"),
    ((scale("a"), scale("a")), {}, "$.questions: two questions have the id 'a'"),
    ((scale("a", "stars"),), {}, "$.questions[0].scale: 'stars' is none of smiley4, smiley5"),
    ((scale("a"), reasons("b", *map(str, range(40)))), {}, "$.questions[1].choices: 1 to 6 reasons are allowed, not 4"),
    ((scale("a"), reasons("b")), {}, "$.questions[1].choices: 1 to 6 reasons are allowed, not 0"),
    ((scale("a"), reasons("b", "x", "x")), {}, "$.questions[1].choices: two reasons have the id 'x'"),
    ((scale("a", when=[1]),), {}, "$.questions[0]: the first question is asked of everybody"),
    ((scale("a"), {**COMMENT, "when": [4]}), {}, "$.questions[1].when: first answers from 0 to 3 are allowed, not [4]"),
    ((scale("a"), {**COMMENT, "when": []}), {}, "$.questions[1].when: first answers from 0 to 3 are allowed, not none"),
    ((scale("a"), {**COMMENT, "after": "b"}), {}, "$.questions[1].after: 'b' is no first question"),
    ((scale("a"), {**COMMENT, "scale": "nps11"}), {}, "$.questions[1].scale: only a question of the kind 'scale'"),
    ((scale("a"), {**COMMENT, "pool": "p"}), {}, "$.questions[1].pool: only a question of the kind 'scale'"),
    ((scale("a"), {**COMMENT, "consent": EN}), {}, "$.questions[1].consent: a question of the kind 'contact'"),
    ((scale("a"), {"id": "c", "kind": "contact", "texts": EN}), {}, "$.questions[1].consent: a question of the kind"),
    ((scale("a"), COMMENT, {**COMMENT, "id": "b"}), {}, "$.questions: 'words' and 'b', both of the kind 'text'"),
    ((scale("a"), scale("b"), scale("c")), {}, "$.questions: 'b' and 'c', both of the kind 'scale', follow"),
    ((scale("a"), scale("b", pool="p"), scale("c", "nps11", pool="p")), {}, "pool 'p' are on different scales"),
    ((scale("a"), scale("b", pool="a")), {}, "'a' is the id of a question and the name of a pool"),
    ((scale("a"),), {"languages": []}, "$.languages: 1 to 40 languages are allowed, not 0"),
    ((scale("a"),), {"languages": ["en", "en"]}, "$.languages: a language stands there twice"),
    ((scale("a"),), {"languages": ["en", "de"]}, "$.questions[0].texts.de: there is no text in this language"),
    ((scale("a"),), {"languages": ["<b>"]}, "$.languages[0]: "),
    ((scale("a", texts=text("x" * 10_000)),), {}, "$.questions[0].texts.en: at most 200 characters are allowed"),
    ((scale("a", texts=text("\u202eolleh")),), {}, "$.questions[0].texts.en: control characters"),
    ((scale("a", texts=text(" \u200b\u00ad\u2800\u3164 ")),), {}, "$.questions[0].texts.en: there is no text in this"),
    ((scale("a", texts=text("a\x00b")),), {}, "$.questions[0].texts.en: control characters"),
    ((scale("A b"),), {}, "$.questions[0].id: "),
    ((scale("a", unknown=1),), {}, "$.questions[0]: "),
    ((scale("a"),), {"version": 0}, "$.version: "),
    (tuple(scale(f"q{n}", pool="p") for n in range(25)), {}, "$.questions: at most 24 are allowed, not 25"),
]  # fmt: skip


@pytest.mark.parametrize(("questions", "more", "said"), REFUSALS, ids=[row[2][:40] for row in REFUSALS])
def test_it_refuses_with_the_path_and_the_reason(questions: Any, more: dict[str, Any], said: str) -> None:
    assert said in refused(*questions, **more)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"id"', b"\xff\xfe", b"[" * 5000, b'{"questions": {}}'])
def test_what_is_no_survey_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(BadSurvey, match=r"^\$"):
        survey.load(body)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["id", "kind", "texts", "scale", "when", "pool", "after", "choices", "consent"]), x)))  # fmt: skip
def test_nothing_but_a_refusal_comes_of_what_is_none(question: Any) -> None:
    definition = {"id": "shop", "version": 1, "languages": ["en"], "questions": [scale("first"), question]}
    with pytest.raises(BadSurvey, match=r"^\$"):
        survey.load(msgspec.json.encode(definition))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    drafted = survey.read(msgspec.json.encode({"id": "shop", "version": 1, "languages": ["en", "de"], "questions": [
        scale("first", "stars", texts=text("x" * 10_000)), reasons("why", *map(str, range(40))), COMMENT,
        {**COMMENT, "id": "more"},
    ]}))  # fmt: skip
    found = [str(problem) for problem in survey.problems(drafted)]
    assert found[0] == f"$.questions[0].scale: 'stars' is none of {', '.join(survey.SCALES)}"
    assert "$.questions[0].texts.en: at most 200 characters are allowed, not 10000" in found
    assert "$.questions[1].choices: 1 to 6 reasons are allowed, not 40" in found
    assert "$.questions[1].choices[39].texts.de: there is no text in this language" in found
    with pytest.raises(BadSurvey) as refusal:
        survey.check(drafted)
    assert str(refusal.value) == found[0]


def test_two_questions_of_one_kind_are_named_once() -> None:
    drafted = survey.read(msgspec.json.encode({"id": "shop", "version": 1, "languages": ["en"], "questions": [
        scale("first"), COMMENT, {**COMMENT, "id": "more"}]}))  # fmt: skip
    assert [problem.code for problem in survey.problems(drafted)] == ["two"]
