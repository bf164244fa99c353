"""The way of a visit beyond thanks, without script: a rating, a contact, second thoughts, and texts that mean harm."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk import frames
from kiosk.app import create_app
from kiosk.identity import KeptManifest
from kiosk.sittings import FORGET_MS
from kiosk.terminal import Terminal
from sync import wire
from tests.asking import asking
from tests.terminals import Visitor, sealed, terminal

ALL = frozenset({"comment", "rating", "contact"})
KARI = {"name": "Kari", "reach": "kari@example.org"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "s-oslo", asked=asking(ALL, firsts=3, ratings=3)) as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def to_contact(visitor: Visitor, value: int = 0) -> None:
    visitor.press("value", value)
    visitor.press("action", "finish")
    visitor.press("rate", 9)
    assert visitor.page.screen == "contact"


def responses(box: Terminal) -> list[dict[str, Any]]:
    return [entry for entry in sealed(box) if entry["kind"] == "response"]


def test_each_customer_is_asked_one_question_of_each_pool(client: FlaskClient, box: Terminal) -> None:
    seen = set()
    for _ in range(24):
        visitor = Visitor(client)
        to_contact(visitor)
        visitor.press("action", "finish")
        entry = sealed(box)[-1]
        (first,), (rated,) = entry["shown"]["firsts"], entry["shown"]["rates"]
        assert (entry["answers"][first], entry["answers"][rated]) == (0, 9)
        seen |= {first, rated}
    assert seen == {f"{pool}{n}" for pool in ("first", "rate") for n in range(3)}


def test_what_was_picked_stays_through_changes_of_mind(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    question = visitor.page.texts[1]
    visitor.press("value", 0)
    visitor.press("action", "finish")
    rating = visitor.page.texts[1]
    for value in (1, 3, 0):
        visitor.press("action", "back")
        visitor.press("action", "change")
        assert visitor.page.texts[1] == question
        visitor.press("value", value)
        visitor.press("action", "finish")
        assert visitor.page.texts[1] == rating
    visitor.go("/?lang=de&asked=first2")
    assert visitor.page.texts[1] == "How was first2 today? (de)"
    visitor.go("/?asked=rate1")
    assert visitor.page.texts[1].startswith("How was first")


def test_the_reasons_belong_to_the_question_that_was_asked(tmp_path: Path) -> None:
    definition = asking(firsts=2)
    for first, reasons in enumerate(definition["questions"][2:]):
        reasons |= {"after": f"first{first}", "when": [0, 1, 2, 3]}
    with terminal(tmp_path, "s-oslo", asked=definition) as box:
        standing = box.standing()
        assert standing is not None
        followed = [(told["about"], told["answers"]) for told in frames.walk(standing)["follows"]]
        assert followed == [
            (about, [f"{first} {value}" for value in range(4)])
            for about, first in (("unhappy", "first0"), ("happy", "first1"))
        ]
        visitor = Visitor(create_app(box).test_client())
        for first, reason in (("first0", "wait"), ("first1", "price")):
            visitor.go(f"/?asked={first}")
            visitor.press("value", 3)
            visitor.press("toggle", reason)
            visitor.press("action", "finish")
        answers = [entry["answers"] for entry in sealed(box)]
        assert answers == [{"first0": 3, "unhappy": ["wait"]}, {"first1": 3, "happy": ["price"]}]


@pytest.mark.parametrize(
    ("typed", "missing"),
    [({}, ["reach", "consent"]), (KARI, ["consent"]), ({**KARI, "reach": "call me", "agree": "1"}, ["reach"])],
    ids=["nothing", "no consent", "no address"],
)
def test_who_cannot_be_contacted_is_told_why_and_loses_nothing(
    client: FlaskClient, box: Terminal, typed: dict[str, str], missing: list[str]
) -> None:
    visitor = Visitor(client)
    to_contact(visitor)
    visitor.press("action", "agree", typed=typed)
    assert (visitor.page.screen, visitor.page.missing) == ("contact", missing)
    assert visitor.page.values["name"] == typed.get("name", "")
    assert visitor.page.values["reach"] == typed.get("reach", "")
    assert ("agree" in visitor.page.values) == ("agree" in typed)
    assert "Kari" not in str(box.outbox.disk.rows("SELECT * FROM drafts"))
    visitor.press("action", "agree", typed={**KARI, "agree": "1"})
    assert visitor.page.screen == "done"
    assert sealed(box)[-1]["answers"] == KARI


def test_a_wrong_address_after_a_right_one_is_not_taken_for_it(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    to_contact(visitor)
    visitor.press("action", "agree", typed={**KARI, "agree": "1"})
    visitor.press("action", "change")
    to_contact(visitor)
    assert visitor.page.values["reach"] == KARI["reach"]
    visitor.press("action", "agree", typed={"reach": "12"})
    assert (visitor.page.screen, visitor.page.missing) == ("contact", ["reach"])


def test_who_says_no_after_all_is_not_in_the_newest_revision(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    to_contact(visitor)
    visitor.press("action", "agree", typed={**KARI, "agree": "1"})
    visitor.press("action", "change")
    to_contact(visitor)
    visitor.press("action", "finish")
    entries = [(entry["kind"], entry["rev"], entry["answers"]) for entry in sealed(box) if entry["kind"] == "contact"]
    assert entries == [("contact", 4, KARI), ("contact", 9, {})]  # the second takes the first back
    assert [entry["rev"] for entry in responses(box)] == [4, 9]


def test_one_may_change_ones_mind_until_the_screen_resets(client: FlaskClient, box: Terminal) -> None:
    visitor = Visitor(client)
    to_contact(visitor, 0)
    visitor.press("action", "finish")
    over = visitor.page
    visitor.press("action", "change")
    assert (visitor.page.screen, visitor.page.pressed) == ("ask", {"0"})
    visitor.press("value", 3)
    visitor.wait()
    first, second = responses(box)
    assert (first["id"], first["stamp"]) == (second["id"], second["stamp"])
    assert (first["ended"], second["ended"], second["rev"] > first["rev"]) == ("done", "idle", True)
    assert [value for name, value in second["answers"].items() if name.startswith("first")] == [3]
    visitor.page = over
    visitor.press("action", "change")
    assert (visitor.page.screen, visitor.page.pressed) == ("ask", set())


@pytest.mark.parametrize("how", ["somebody new came", "a while went by"])
def test_after_that_the_last_visit_is_out_of_reach(client: FlaskClient, box: Terminal, how: str) -> None:
    visitor = Visitor(client)
    to_contact(visitor)
    visitor.press("action", "back", typed=KARI)
    visitor.press("action", "write")
    visitor.press("action", "finish", typed="between us")
    for action in ("finish", "finish"):
        visitor.press("action", action)
    over, name = visitor.page, visitor.page.values["id"]
    if how == "a while went by":
        box.clock.ahead_ms = FORGET_MS  # type: ignore[attr-defined]
    else:
        client.get("/")
    visitor.page = over
    visitor.press("action", "change")
    places = [visitor.answer, *(client.get(f"/visit/{name}/{s}", follow_redirects=True) for s in ("done", "contact"))]
    for answer in places:
        assert answer.headers["Smilepost-Screen"] == "ask"
        assert "between us" not in answer.text
        assert "kari" not in answer.text
    assert len(sealed(box)) == 1


def test_a_screen_that_is_not_offered_cannot_be_opened(client: FlaskClient) -> None:
    visitor = Visitor(client)
    visitor.press("value", 2)
    name = visitor.page.values["id"]
    assert client.get(f"/visit/{name}/rating").headers["Smilepost-Screen"] == "thanks"  # not picked yet
    assert client.get(f"/visit/{name}/contact").headers["Smilepost-Screen"] == "contact"
    assert client.get(f"/visit/{name}/nowhere").location == "/"


HARM = """"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}</template></textarea>&lt;"""


def test_texts_that_mean_harm_are_texts(tmp_path: Path) -> None:
    definition = asking(ALL)
    texts = [q["texts"] for q in definition["questions"]] + [c["texts"] for c in definition["questions"][1]["choices"]]
    for one in [*texts, definition["questions"][-1]["consent"]]:
        one["en"] = HARM[:60] if one in texts[-3:] else HARM
    with terminal(tmp_path, "s-oslo") as box:
        client = create_app(box).test_client()
        told = {"s-oslo": wire.ScreenManifest("p", [definition], ["en"], "Oslo", "Europe/Oslo")}
        box.standings.take(KeptManifest("", wire.Manifest(told)))
        visitor = Visitor(client)
        assert (box.standings.problem, visitor.page.texts[0]) == (None, HARM)
        for press in (
            ("value", 0),
            ("action", "write"),
            ("action", "finish"),
            ("action", "finish"),
            ("action", "agree"),
        ):
            visitor.press(*press, typed=HARM)
            assert "<script>alert" not in visitor.answer.text
            assert "<img" not in visitor.answer.text
        assert visitor.page.screen == "contact"
        assert {name for name, _value, _on in visitor.page.buttons} == {"action"}
        frames = client.get(client.get("/").headers["Smilepost-Frames"]).text
        assert "<script>alert" not in frames
