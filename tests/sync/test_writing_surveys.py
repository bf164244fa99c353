"""Surveys in the browser: begun with a sentence, written without a script, translated, published, changed, and what
stays the same question."""

import re
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, survey
from sync.centre import Centre
from sync.office import drafts, survey_list, surveys
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain
from tests.sync.paper_forms import fields


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def astrid(chain: Chain) -> FlaskClient:
    return chain.browser(chain.astrid)


def begun(client: FlaskClient, question: str = "How was the café?", **more: str) -> str:
    """The id of a new survey."""
    given = {"question": question, "language": "en", "place": "", **more}
    answer = client.post("/new-survey", data=given, headers=OURS)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"].removeprefix("/surveys/")


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def typed(client: FlaskClient, name: str, page: str = "", **changes: Any) -> tuple[int, str]:
    """Send the editor's form with changes (`q_0_texts_en`), as the page shows it or as it was fetched before."""
    form = fields(page or read(client, f"/surveys/{name}"), f"/surveys/{name}")
    for field, value in changes.items():
        form[re.sub(r"(?<=[a-z0-9])_(?=[a-z0-9])", ".", field).replace("new.language", "new-language")] = (
            value if isinstance(value, list) else [value]
        )
    answer = client.post(f"/surveys/{name}", data=form, headers=OURS)
    return answer.status_code, answer.get_data(as_text=True)


def published(client: FlaskClient, name: str, **said: str) -> tuple[int, str]:
    form = fields(read(client, f"/surveys/{name}/publish"), f"/surveys/{name}/publish")
    given = form | {f"identity.{key}": [value] for key, value in said.items()}
    answer = client.post(f"/surveys/{name}/publish", data=given, headers=OURS)
    return answer.status_code, answer.get_data(as_text=True)


def newest(chain: Chain, name: str) -> survey.Survey:
    with chain.centre.db.reading() as tx:
        return surveys.newest(tx, [name])[name]


def replaced(chain: Chain) -> dict[str, str]:
    with chain.centre.db.reading() as tx:
        rows = tx.execute(select(models.questions.c.id, models.questions.c.replaces))
        return {row.id: row.replaces for row in rows if row.replaces}


def deeds(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        return list(tx.execute(select(models.audit.c.action).order_by(models.audit.c.id)).scalars())


def test_from_a_sentence_to_a_published_survey(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    assert name == "how-was-the-cafe"
    page = read(astrid, f"/surveys/{name}")
    assert "How was the café?" in page
    assert "Would you like to tell us more?" in page
    assert typed(astrid, name, q_0_scale="smiley5")[0] == 303
    assert "This is its first version." in read(astrid, f"/surveys/{name}/publish")
    assert published(astrid, name)[0] == 303
    asked = newest(chain, name)
    assert (asked.version, asked.first.scale, asked.languages) == (1, "smiley5", ("en",))
    assert "Version 1" in read(astrid, "/surveys")
    assert [deed for deed in deeds(chain) if "survey" in deed] == ["survey begun", "survey drafted", "survey published"]
    assert "there is nothing to publish" in read(astrid, f"/surveys/{name}/publish")


def test_a_button_changes_the_form_and_keeps_what_was_typed(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    assert f'value="add.reasons" formaction="/surveys/{name}#q.2"' in read(astrid, f"/surveys/{name}")
    status, page = typed(astrid, name, q_0_texts_en="Not saved?", do="add.reasons")
    assert status == 200
    assert 'id="q.2"' in page  # the browser goes to where the new question stands
    assert "Not saved yet" in page
    status, page = typed(astrid, name, page, q_2_choices_0_texts_en="Waiting", do="q.2.add")
    status, page = typed(astrid, name, page, q_2_choices_1_texts_en="Staff", do="q.2.choices.1.up")
    status, page = typed(astrid, name, page, do="q.2.up")
    form = fields(page, f"/surveys/{name}")
    assert form["q.0.texts.en"] == ["Not saved?"]
    assert form["q.1.kind"] == ["reasons"]
    assert [form[f"q.1.choices.{place}.texts.en"] for place in (0, 1)] == [["Staff"], ["Waiting"]]
    assert "How was the café?" in read(astrid, f"/surveys/{name}")
    assert typed(astrid, name, page, do="q.1.choices.0.remove")[1].count("Reason 2") == 0
    assert typed(astrid, name, page, q_1_when=["0", "1"])[0] == 303
    with chain.centre.db.reading() as tx:
        kept = drafts.find(tx, name)
    assert kept is not None
    assert kept.definition.questions[1].when == (0, 1)
    assert kept.definition.first.texts == {"en": "Not saved?"}
    assert typed(astrid, name, do="q.99.up")[0] == 400


def test_what_is_missing_is_named_language_by_language(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    page = typed(astrid, name, do="lang.add", new_language="ar")[1]
    page = typed(astrid, name, page, do="add.contact")[1]
    assert typed(astrid, name, page)[0] == 303
    before = read(astrid, f"/surveys/{name}/publish")
    assert "العربية</bdi>: 4 texts are missing" in before
    assert "English</bdi>: 2 texts are missing" in before
    assert "what somebody agrees to" in before
    assert published(astrid, name)[0] == 400
    assert 'dir="rtl"' in read(astrid, f"/surveys/{name}?beside=ar")
    with chain.centre.db.reading() as tx:
        assert name not in surveys.newest(tx)


def test_everything_wrong_stands_beside_its_field(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    page = typed(astrid, name, do="add.reasons")[1]
    many = {f"q_2_choices_{n}_id": f"r{n}" for n in range(40)} | {
        f"q_2_choices_{n}_texts_en": f"R{n}" for n in range(40)
    }
    page = typed(astrid, name, page, q_0_texts_en="x" * 10_000, q_1_texts_en="\u202eolleh", do="show", **many)[1]
    for sentence in (
        "At most 200 characters fit on a screen, not 10000.",
        "Control characters, also those that turn the direction of text, cannot be used.",
        "1 to 6 reasons fit on a screen, not 40.",
    ):
        assert sentence in page
    assert "$." not in page
    assert typed(astrid, name, page, do="save")[0] == 303, "a draft may be incomplete"
    refused = published(astrid, name)
    assert refused[0] == 400
    assert "Nothing was published" in refused[1]


def test_two_people_at_one_survey(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    other = chain.browser(chain.hired("erik@example.com", "Erik", ("admin", None)))
    before = read(other, f"/surveys/{name}")
    assert typed(astrid, name, q_0_texts_en="Astrid’s")[0] == 303
    status, page = typed(other, name, before, q_0_texts_en="Erik’s")
    assert status == 409
    assert "Somebody else changed this" in page
    assert fields(page, f"/surveys/{name}")["q.0.texts.en"] == ["Erik’s"]
    assert typed(other, name, page)[0] == 303, "the next try is on top of theirs"


def test_a_question_stays_the_same_until_its_meaning_changes(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    published(astrid, name)
    first = newest(chain, name).first.id
    typed(astrid, name, q_0_texts_en="How was our café?")
    page = read(astrid, f"/surveys/{name}/publish")
    assert "Only the wording" in page
    status, said = published(astrid, name)
    assert status == 400
    assert "Say which of the two it is." in said
    assert published(astrid, name, **{first: "same"})[0] == 303
    assert newest(chain, name).first.id == first
    typed(astrid, name, q_0_texts_en="How was the food?")
    assert published(astrid, name, **{first: "new"})[0] == 303
    second = newest(chain, name).first.id
    assert replaced(chain) == {second: first}
    typed(astrid, name, q_0_scale="nps11")
    assert "it becomes a new question" in read(astrid, f"/surveys/{name}/publish")
    assert published(astrid, name)[0] == 303
    third = newest(chain, name).first.id
    assert replaced(chain) == {second: first, third: second}
    assert [newest(chain, name).version, len({first, second, third})] == [4, 3]
    with chain.centre.db.reading() as tx:
        old = surveys.published(tx, name, 1)
    assert old is not None
    assert old.first.id == first
    assert "How was the café?" in read(astrid, f"/surveys/{name}/versions?version=1")


def test_a_reason_that_means_something_else_is_another_reason(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    page = typed(astrid, name, do="add.reasons")[1]
    page = typed(astrid, name, page, q_2_texts_en="Why?", q_2_choices_0_texts_en="Waiting", do="q.2.add")[1]
    typed(astrid, name, page, q_2_choices_1_texts_en="Staff")
    published(astrid, name)
    why = newest(chain, name).questions[2]
    typed(astrid, name, q_2_choices_0_texts_en="Queues", q_2_choices_1_texts_en="Price")
    waiting, staff = (choice.id for choice in why.choices)
    assert published(astrid, name, **{f"{why.id}/{waiting}": "same", f"{why.id}/{staff}": "new"})[0] == 303
    after = newest(chain, name).questions[2]
    assert after.id == why.id
    assert after.choices[0].id == waiting
    assert after.choices[1].id != staff


def test_who_looks_after_oslo_copies_what_is_everybodys(chain: Chain, astrid: FlaskClient) -> None:
    """And rewords nothing under anybody's hands."""
    everybodys = begun(astrid)
    published(astrid, everybodys)
    kari = chain.browser(chain.hired("kari@example.com", "Kari", ("admin", chain.oslo)))
    assert "You may look at this survey" in read(kari, f"/surveys/{everybodys}")
    assert kari.post(f"/surveys/{everybodys}", data={"version": "1"}, headers=OURS).status_code == 403
    assert kari.post("/new-survey", data={"source": everybodys, "place": ""}, headers=OURS).status_code == 400
    mine = kari.post("/new-survey", data={"source": everybodys, "place": str(chain.oslo)}, headers=OURS)
    name = mine.headers["Location"].removeprefix("/surveys/")
    typed(kari, name, q_0_texts_en="How was Oslo?")
    assert "A survey that is not yours to change asks it as well" in read(kari, f"/surveys/{name}/publish")
    assert published(kari, name)[0] == 303
    theirs, hers = newest(chain, everybodys), newest(chain, name)
    assert replaced(chain) == {hers.first.id: theirs.first.id}
    assert hers.questions[1].id == theirs.questions[1].id, "what is worded alike is the same question"
    with chain.centre.db.reading() as tx:
        assert surveys.questions(tx)[theirs.first.id].texts == {"en": "How was the café?"}
    bjorn = chain.browser(chain.bjorn)
    sent = fields(read(bjorn, f"/surveys/{name}"), f"/surveys/{name}") | {"screen": ["ask"], "lang": ["en"]}
    shown = bjorn.post(f"/surveys/{name}/preview/", data=sent, headers=OURS).get_data(as_text=True)
    assert shown.count('class="option r4-') == 4, "who only looks walks through it as well"
    per = chain.browser(chain.per)
    assert per.get(f"/surveys/{name}").status_code == 404
    assert name not in read(per, "/surveys")
    assert chain.browser(chain.bjorn).get(f"/surveys/{name}").status_code == 200


def test_a_survey_is_asked_only_where_it_belongs(chain: Chain) -> None:
    kari = chain.browser(chain.hired("kari@example.com", "Kari", ("admin", chain.oslo)))
    name = begun(kari, place=str(chain.oslo))
    published(kari, name)
    with chain.centre.db.reading() as tx:
        assert name in survey_list.askable(tx, f"/{chain.norway}/{chain.oslo}/")
        assert name not in survey_list.askable(tx, f"/{chain.norway}/{chain.bergen}/")


def test_a_draft_is_dropped(chain: Chain, astrid: FlaskClient) -> None:
    name = begun(astrid)
    answer = astrid.post(f"/surveys/{name}/discard", data={"version": "7"}, headers=OURS)
    assert answer.status_code == 409
    published(astrid, name)
    typed(astrid, name, q_0_texts_en="Never mind")
    form = fields(read(astrid, f"/surveys/{name}"), f"/surveys/{name}/discard")
    assert astrid.post(f"/surveys/{name}/discard", data=form, headers=OURS).status_code == 303
    assert "Never mind" not in read(astrid, f"/surveys/{name}")
    other = begun(astrid, "Gone soon?")
    form = fields(read(astrid, f"/surveys/{other}"), f"/surveys/{other}/discard")
    assert astrid.post(f"/surveys/{other}/discard", data=form, headers=OURS).headers["Location"] == "/surveys"
    assert astrid.get(f"/surveys/{other}").status_code == 404


def test_the_builtin_survey_is_looked_at_and_copied(chain: Chain, astrid: FlaskClient) -> None:
    page = read(astrid, "/surveys/builtin")
    assert "You may look at this survey" in page
    assert astrid.post("/surveys/builtin", data={"version": "0"}, headers=OURS).status_code == 403
    assert astrid.post("/surveys/builtin/publish", headers=OURS).status_code == 403
    made = astrid.post("/new-survey", data={"source": "builtin", "place": ""}, headers=OURS).headers["Location"]
    assert fields(read(astrid, made), made)["q.0.id"] == [survey.BUILTIN.first.id]
    kept = msgspec.structs.replace(survey.BUILTIN, id=made.removeprefix("/surveys/"))
    typed(astrid, kept.id)
    with chain.centre.db.reading() as tx:
        found = drafts.find(tx, kept.id)
    assert found is not None
    assert found.definition == kept, "a form that nobody touched changes nothing"


def test_hundreds_of_surveys_are_paged_and_searched(chain: Chain, astrid: FlaskClient) -> None:
    definition = msgspec.json.encode(survey.BUILTIN).decode()
    rows = [{"survey": f"s{n:04}", "definition": definition.replace('"id":"builtin"', f'"id":"s{n:04}"'),
             "changed_ms": 1} for n in range(300)]  # fmt: skip
    with chain.centre.db.writing() as tx:
        tx.execute(models.drafts.insert(), rows)
    page = read(astrid, "/surveys")
    assert page.count('<th scope="row">') == 25
    assert "Page 1 of 13" in page
    assert "s0234" in read(astrid, "/surveys?search=S0234")
