"""Surveys as TOML files: out and in again, and what is said of a file that is none."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import survey
from sync.centre import Centre
from sync.office import audit, drafts, places, schedules, survey_files
from sync.office.forms import Wrong
from sync.survey import BUILTIN, Choice, Question, Survey
from tests.sync.conftest import Clock, Verb
from tests.sync.norway import OURS, Chain

ids = st.from_regex(r"\A[a-z0-9][a-z0-9_.-]{0,20}\Z")
said = st.dictionaries(st.sampled_from(["en", "de", "ar", "nl-BE"]), st.text(st.characters(exclude_categories=["Cs"])))
choices = st.lists(st.builds(Choice, ids, said), max_size=3).map(tuple)
values = st.none() | st.lists(st.integers(0, 10), max_size=3).map(tuple)
questions = st.builds(
    Question, ids, st.sampled_from(["scale", "reasons", "text", "contact"]), said, st.none() | st.text("abc"), choices,
    values, st.none() | ids, st.none() | ids, st.none() | said,
)  # fmt: skip
definitions = st.builds(
    Survey, ids, st.integers(1, 2**31 - 1), st.lists(st.sampled_from(["en", "de", "ar"])).map(tuple),
    st.lists(questions, max_size=4).map(tuple),
)  # fmt: skip


@given(definitions)
@settings(max_examples=60)
def test_the_same_comes_back(asked: Survey) -> None:
    assert survey_files.read(survey_files.write(asked)) == asked


def test_the_builtin_survey_comes_back() -> None:
    assert survey_files.read(survey_files.write(BUILTIN)) == BUILTIN


BAD: list[tuple[bytes, list[str]]] = [
    (b"id = 'x'\nversion = \n", ["look at line 2"]),
    (b"caf\xe9 = 1\n", ["not text in UTF-8: look at line 1"]),
    ("id = 'x'".encode("utf-16"), ["UTF-16"]),
    (b"x" * (survey_files.MOST + 1), ["more than 512 kB"]),
    (b"", ["id", "version", "languages", "questions"]),
    (b"id = 'A b'\nversion = 0\nlanguages = ['English']\nquestions = [{kind = 'poem'}, 3]\nother = 1\n",
     ["id:", "version:", "languages › 1:", "questions › 1", "questions › 2", "other"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sentences"), BAD, ids=[str(row[1][0])[:20] for row in BAD])
def test_everything_that_is_wrong_is_said(content: bytes, sentences: list[str]) -> None:
    with pytest.raises(Wrong) as refusal:
        survey_files.read(content)
    for sentence in sentences:
        assert sentence in refusal.value.fields["file"]


def upload(chain: Chain, content: bytes, **more: str) -> Any:
    data = {"file": (BytesIO(content), "survey.toml"), "place": "", **more}
    return chain.browser(chain.astrid).post("/new-survey", data=data, headers=OURS)


def test_a_file_becomes_a_draft(a_centre: Centre, clock: Clock) -> None:
    chain = Chain(a_centre, clock)
    exported = chain.browser(chain.astrid).get("/surveys/builtin/export?version=1")
    assert exported.mimetype == "application/toml"
    assert exported.headers["Content-Disposition"] == 'attachment; filename="builtin-1.toml"'
    answer = upload(chain, exported.get_data().replace(b'"smiley4"', b'"stars"'))
    name = answer.headers["Location"].removeprefix("/surveys/")
    assert name.startswith("builtin-")
    assert "is no scale" in chain.page(f"/surveys/{name}")
    with a_centre.db.reading() as tx:
        kept = drafts.find(tx, name)
    assert kept is not None
    assert kept.definition.first.scale == "stars"
    refused = upload(chain, b"version = \n")
    assert refused.status_code == 400
    assert "look at line 1" in refused.get_data(as_text=True)


def test_the_command_line_reads_toml_too(verb: Verb, tmp_path: Any, a_centre: Centre) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(survey_files.write(BUILTIN).replace(b'"builtin"', b'"mine"'))
    assert verb("survey", "check", file) == (0, "Version 1 of 'mine' can be published.\n")
    assert verb("survey", "publish", file)[0] == 0
    file.write_text("id = \n")
    code, said = verb("survey", "check", file)
    assert code != 0
    assert "line 1" in said
    file.write_bytes(survey_files.write(BUILTIN).replace(b'"smiley4"', b'"stars"').replace(b'"builtin"', b'"bad"'))
    assert "is none of smiley4" in verb("survey", "check", file)[1]


def test_what_is_no_survey_is_no_survey_in_a_command(verb: Verb, tmp_path: Any, a_centre: Centre) -> None:
    file = tmp_path / "none.toml"
    file.write_text("id = 'x'\n")
    assert "version" in verb("survey", "check", file)[1]
    assert survey.BUILTIN.id == "builtin"


def test_the_commands_tell_of_what_is_planned(verb: Verb, oslo: Any, a_centre: Centre, clock: Clock) -> None:
    today = clock() // 86_400_000
    with a_centre.db.writing() as tx:
        number = next(place.id for place in places.locations(tx) if place.name == "Oslo")
        schedules.add(tx, audit.COMMAND, "builtin", number, None, (today - 9, today - 1), 1)
        schedules.add(tx, audit.COMMAND, "builtin", number, None, (today + 20_000, None), 1)
        schedules.add(tx, audit.COMMAND, "builtin", None, None, (today, today + 20_000), 1)
    for words in (("survey", "ask", "builtin", "Oslo"), ("settings", "Oslo")):
        code, said = verb(*words)
        assert code == 0
        assert said.count("it asks 'builtin', as planned for") == 2
        assert "as planned for everywhere." in said
