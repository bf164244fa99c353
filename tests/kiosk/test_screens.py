"""Days at the counter: what a customer touches is held, thanked for, and gone when the next one comes."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.app import create_app
from kiosk.terminal import Terminal
from sync import survey
from sync.survey import BUILTIN, MAX_COMMENT
from tests.asking import WAYS, asking, offered
from tests.terminals import Page, Visitor, full_disk, sealed, terminal

ID = "01890000-0000-7000-8000-00000000000{}"
TAP = {"on": "ask", "action": "answer", "survey": "builtin.1", "rev": "1", "id": ID.format(1), "lang": "en"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def patiently(visitor: Visitor) -> None:
    """Wait until the disk is well again, as a page at "One moment" does: it looks again each second."""
    last_s = time.monotonic() + 10
    while True:
        visitor.wait()
        if visitor.page.screen not in ("moment", "break") or time.monotonic() > last_s:
            return
        time.sleep(0.1)


def test_one_tap_is_a_complete_answer(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    assert visitor.page.texts[1] == "How was your visit today?"
    visitor.press("value", 3)
    assert "Your answer is saved." in visitor.page.texts
    visitor.wait()
    assert visitor.page.screen == "ask"
    (entry,) = sealed(box)
    assert (entry["answers"], entry["ended"], entry["rev"]) == ({"visit": 3}, "idle", 1)


def test_a_whole_visit_without_script(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.press("value", 1)
    visitor.press("toggle", "staff")
    visitor.press("toggle", "price")
    visitor.press("toggle", "staff")
    assert visitor.page.pressed == {"price"}
    visitor.press("action", "write")
    visitor.press("action", "finish", typed=" The till was closed.\r\nI waited. ")
    assert visitor.page.screen == "done"
    visitor.wait()
    assert visitor.page.screen == "ask"
    (entry,) = sealed(box)
    answers = {"visit": 1, "visit_unhappy": ["price"], "comment": "The till was closed.\nI waited."}
    assert (entry["answers"], entry["ended"], entry["rev"]) == (answers, "done", 6)


def test_the_reasons_stand_in_another_order_for_each_visit_and_it_is_noted(client: FlaskClient, box: Terminal) -> None:
    seen = set()
    for _ in range(12):
        visitor = Visitor(client)
        visitor.press("value", 0)
        order = [value for name, value, _ in visitor.page.buttons if name == "toggle"]
        visitor.press("action", "change")
        visitor.press("value", 1)
        assert [value for name, value, _ in visitor.page.buttons if name == "toggle"] == order
        visitor.press("action", "finish")
        assert sealed(box)[-1]["shown"] == {"visit_unhappy": order}
        assert order[-1] == "other"
        seen.add(tuple(order))
    assert len(seen) > 1


def test_changing_ones_mind_takes_the_reasons_of_the_other_answer_back(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.press("value", 0)
    visitor.press("toggle", "staff")
    visitor.press("action", "change")
    assert visitor.page.pressed == {"0"}
    visitor.press("value", 1)
    assert visitor.page.pressed == {"staff"}
    visitor.press("action", "change")
    visitor.press("value", 3)
    assert visitor.page.pressed == set()
    visitor.press("action", "finish")
    (entry,) = sealed(box)
    assert entry["answers"] == {"visit": 3}


def test_a_comment_can_be_taken_up_again(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.press("value", 2)
    visitor.press("action", "write")
    visitor.press("action", "back", typed="Nice <b>music</b>")
    assert visitor.page.values["text"] == "Nice <b>music</b>"
    visitor.press("action", "write")
    assert b"Nice &lt;b&gt;music&lt;/b&gt;</textarea>" in visitor.answer.data
    visitor.press("action", "finish", typed="Nice music")
    assert sealed(box)[0]["answers"]["comment"] == "Nice music"


def test_a_comment_nobody_sent_is_not_kept(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.press("value", 2)
    fields = visitor.page.values
    client.post("/visit", data={**fields, "on": "comment", "action": "idle", "comment": "never sent"})
    assert sealed(box)[0]["answers"] == {"visit": 2}


def test_the_longest_comment_is_cut_at_the_last_character_that_fits(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.press("value", 3)
    visitor.press("action", "write")
    visitor.press("action", "finish", typed="\r\n" + "🙂\r\n" * MAX_COMMENT + "\x00")
    text = sealed(box)[0]["answers"]["comment"]
    assert text == ("🙂\n" * (MAX_COMMENT // 2)).rstrip()
    assert survey.problem_with(BUILTIN, sealed(box)[0]["answers"]) is None


def test_the_next_visitor_sees_nothing_of_the_last(client: FlaskClient, box: Terminal) -> None:
    first = Visitor(client)
    asked = first.page.values["id"]
    first.press("value", 0)
    first.press("action", "write")
    first.press("action", "back", typed="between us")
    for place in (f"/visit/{asked}/thanks", f"/visit/{asked}/comment", f"/visit/{asked}/ask"):
        assert b"between us" in client.get(place).data
    second = Visitor(client)
    assert second.page.values["id"] != asked
    assert (second.page.pressed, b"between us" in second.answer.data) == (set(), False)
    for place in ("thanks", "comment", "ask", "idle", "moment", "nowhere"):
        answer = client.get(f"/visit/{asked}/{place}")
        assert (answer.status_code, answer.location) == (303, "/")
    assert [entry["ended"] for entry in sealed(box)] == ["left"]


def test_a_double_tap_is_one_answer(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.send("value", 3)
    visitor.press("value", 3)
    visitor.send("action", "finish")
    visitor.press("action", "finish")
    assert visitor.page.screen == "done"
    assert [entry["answers"] for entry in sealed(box)] == [{"visit": 3}]


def test_somebody_new_at_an_old_page_is_somebody_new(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    first, seen = visitor.page.values["id"], visitor.page
    visitor.press("value", 3)
    visitor.press("action", "finish")
    visitor.page = seen
    visitor.press("value", 0)
    assert visitor.page.values["id"] != first
    visitor.press("action", "finish")
    assert [entry["answers"] for entry in sealed(box)] == [{"visit": 3}, {"visit": 0}]


def test_a_touch_of_a_visit_that_went_on_and_is_over_shows_nothing_of_it(client: FlaskClient, box: Terminal) -> None:
    thanks = {**TAP, "value": "0", "on": "thanks", "text": "between us"}
    client.post("/visit", data={**thanks, "action": "finish", "rev": "3"})
    answer = client.post("/visit", data={**thanks, "action": "write", "rev": "2"}, follow_redirects=True)
    assert (Page(answer.text).screen, "between us" in answer.text) == ("ask", False)
    assert Page(answer.text).values["id"] != thanks["id"]
    assert [entry["rev"] for entry in sealed(box)] == [3]


@pytest.mark.parametrize("step", survey.STEPS, ids=lambda step: f"{step.screen}-{step.action}-{step.needs}")
def test_every_step_of_the_table_without_script(tmp_path: Path, step: survey.Step) -> None:
    with terminal(tmp_path, "s-oslo", asked=asking(offered(step))) as box:
        take_step(create_app(box).test_client(), box, step)


REACH = {"name": "Kari", "reach": "kari@example.org", "agree": "1"}


def take_step(client: FlaskClient, box: Terminal, step: survey.Step) -> None:
    visitor = Visitor(client)
    visitor.press("value", 3)
    if WAYS[step.screen]:
        visitor.press("action", WAYS[step.screen])
    assert visitor.page.screen == step.screen
    over = [entry["ended"] for entry in sealed(box)]
    fields = visitor.page.values | {"action": step.action}
    if step.action == "reason":
        visitor.press("toggle", "staff")
    elif step.action == "answer":
        visitor.press("value", 2)
    elif step.action == "rate":
        visitor.press("rate", 10)
        fields["rate"] = "10"
    elif step.action == "idle":
        visitor.wait()
    else:
        typed = REACH if step.action == "agree" else None
        fields |= typed or {}
        visitor.press("action", step.action, typed=typed)
    assert visitor.page.screen == step.to
    ended = [entry["ended"] for entry in sealed(box) if entry["kind"] == "response"]
    assert ended == over + ([step.ends] if step.ends else [])
    if step.screen == "done":  # its form says only which visit that was
        return
    again = client.post("/visit", data=fields | {"id": ID.format(7), "rev": "3"}, follow_redirects=True)
    assert again.headers["Smilepost-Screen"] == step.to
    over = [entry["ended"] for entry in sealed(box) if entry["id"] == ID.format(7)]
    assert over == [step.ends] if step.ends else box.draft(ID.format(7))


HOSTILE = [
    {"nothing": "known"},
    {"on": "ask", "action": "answer"},
    {**TAP},
    {**TAP, "value": "4"},
    {**TAP, "value": "-1"},
    {**TAP, "value": "1e3"},
    {**TAP, "value": "٣"},
    {**TAP, "value": "9" * 5000},
    {**TAP, "value": "3", "survey": "another.1"},
    {**TAP, "value": "3", "on": "nowhere"},
    {**TAP, "value": "3", "action": "explode"},
    {**TAP, "value": "3", "on": "ask\x00", "action": "' OR 1=1"},
]


@pytest.mark.parametrize("fields", HOSTILE, ids=range(len(HOSTILE)))
def test_what_cannot_be_an_answer_changes_nothing(client: FlaskClient, box: Terminal, fields: dict[str, str]) -> None:
    answer = client.post("/visit", data=fields, follow_redirects=True)
    assert (answer.status_code, Page(answer.text).screen) == (200, "ask")
    assert box.outbox.disk.rows("SELECT id FROM drafts") == []
    assert sealed(box) == []


def test_a_touch_that_makes_no_sense_leads_back_to_what_is_held(client: FlaskClient) -> None:
    visitor = Visitor(client)
    visitor.press("value", 2)
    fields = visitor.page.values
    answer = client.post("/visit", data={**fields, "value": "99", "action": "finish"})
    assert answer.location == f"/visit/{fields['id']}/thanks"


def test_strange_fields_beside_a_real_answer_are_left_out(client: FlaskClient, box: Terminal) -> None:
    strange = {
        "id": "not an id", "rev": "-7", "lang": "../../etc", "about": "visit_unhappy",
        "reason": ["staff", "staff", "<script>"],
        "shown.visit_unhappy": "staff staff", "text": "a\x07b",
    }  # fmt: skip
    client.post("/visit", data={**TAP, "value": "0", **strange})
    Visitor(client)
    (entry,) = sealed(box)
    assert entry["answers"] == {"visit": 0, "visit_unhappy": ["staff"], "comment": "ab"}
    assert (entry["rev"], entry["lang"]) == (1, "en")
    assert sorted(entry["shown"]["visit_unhappy"]) == sorted(c.id for c in BUILTIN.questions[1].choices)


def test_a_form_too_large_to_be_one_leads_to_the_question(client: FlaskClient, box: Terminal) -> None:
    answer = client.post("/visit", data={**TAP, "value": "3", "text": "x" * 100_000})
    assert (answer.status_code, answer.location) == (303, "/")
    assert sealed(box) == []


def test_nobody_is_thanked_for_what_the_disk_did_not_take(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    with full_disk():
        visitor.press("value", 3)
        assert (visitor.page.texts, visitor.answer.status_code) == (["Smilepost", "One moment, please"], 503)
        visitor.wait()
        assert visitor.page.screen == "moment"
    patiently(visitor)
    assert visitor.page.screen == "thanks"
    visitor.press("action", "finish")
    assert [entry["answers"] for entry in sealed(box)] == [{"visit": 3}]


def test_after_a_long_wait_the_touch_is_kept_and_the_question_comes_back(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    tapped_ms = box.clock.boottime_ms()
    with full_disk():
        visitor.press("value", 0)
        box.clock.ahead_ms = 6_000  # type: ignore[attr-defined]
        visitor.wait()
        assert visitor.page.texts[1:] == ["This screen is taking a break"]
    patiently(visitor)
    assert visitor.page.screen == "ask"
    (entry,) = sealed(box)
    assert (entry["answers"], entry["ended"]) == ({"visit": 0}, "left")
    assert abs(entry["stamp"]["boottime_ms"] - tapped_ms) < 2_000


def test_a_finish_that_was_not_held_is_not_done(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.press("value", 3)
    visitor.press("toggle", "staff")
    with full_disk():
        visitor.press("action", "finish")
        assert visitor.page.screen == "moment"
    patiently(visitor)
    assert visitor.page.screen == "done"
    assert sealed(box)[0]["answers"]["visit_happy"] == ["staff"]


def test_nothing_a_customer_wrote_is_logged(
    client: FlaskClient, box: Terminal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(client)
    visitor.press("value", 0)
    visitor.press("action", "write")
    with full_disk():
        visitor.press("action", "finish", typed="my secret words")
    client.post("/visit", data={**TAP, "value": "3", "text": "my secret words" * 9000})
    client.post("/visit/nowhere?my=secret", data={"text": "my secret words"})
    assert "secret" not in caplog.text


def test_a_language_stays_for_the_visit_and_goes_with_it(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    visitor.go("/?lang=de")
    assert (visitor.page.lang, visitor.page.texts[1]) == ("de", "Wie war Ihr Besuch heute?")
    visitor.press("value", 2)
    assert "Vielen Dank" in visitor.page.texts
    visitor.press("action", "write")
    assert "Möchten Sie uns mehr erzählen?" in visitor.page.texts
    visitor.press("action", "finish", typed="Gut")
    assert "Danke für Ihre Rückmeldung" in visitor.page.texts
    visitor.wait()
    assert visitor.page.texts[1] == "How was your visit today?"
    assert sealed(box)[0]["lang"] == "de"


WHO_READS = {
    "en": "The team here and head office read this.",
    "nl": "Het team hier en het hoofdkantoor lezen dit.",
    "de": "Das lesen das Team vor Ort und die Zentrale.",
    "fr": "L’équipe sur place et le siège lisent ces lignes.",
    "es": "Lo leerán el equipo de aquí y la oficina central.",
    "it": "Lo leggeranno il team di qui e la sede centrale.",
    "pt": "A equipa daqui e a sede vão ler isto.",
    "pl": "Przeczytają to nasz zespół na miejscu i centrala.",
    "sv": "Teamet här och huvudkontoret läser det här.",
    "tr": "Bunu buradaki ekip ve genel merkez okur.",
    "ar": "سيقرأ هذا فريقنا هنا والإدارة الرئيسية.",
    "uk": "Це прочитають команда на місці та головний офіс.",
}


@pytest.mark.parametrize("lang", list(BUILTIN.languages))
def test_who_reads_a_comment_is_said_before_it_is_written(tmp_path: Path, lang: str) -> None:
    with terminal(tmp_path, "s-front", languages=[lang]) as box:
        visitor = Visitor(create_app(box).test_client())
        visitor.press("value", 0)
        visitor.press("action", "write")
        assert [text for text in visitor.page.texts if text.startswith(WHO_READS[lang])]


def test_each_screen_of_a_box_has_its_own_visits(tmp_path: Path) -> None:
    with terminal(tmp_path, "s-front", "s-back") as box:
        client = create_app(box).test_client()
        front, back = Visitor(client), Visitor(client, "/s/s-back")
        front.press("value", 3)
        back.press("value", 0)
        assert back.page.action == "/s/s-back/visit"
        name = front.page.values["id"]
        assert client.get(f"/s/s-back/visit/{name}/thanks").location == "/s/s-back/"
        front.press("action", "finish")
        back.wait()
        assert (front.page.screen, back.page.screen) == ("done", "ask")
        assert [(e["screen"], e["placement"], e["answers"]["visit"]) for e in sealed(box)] == [
            ("s-front", "p-s-front", 3),
            ("s-back", "p-s-back", 0),
        ]
        unknown = client.get("/s/s-cellar/")
        assert (unknown.status_code, Page(unknown.text).screen) == (404, "break")
        assert 'data-start="/s/s-cellar/"' in unknown.text
