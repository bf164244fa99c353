"""How to reach a customer: sealed apart from what they answered, and wiped like words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk.app import create_app
from kiosk.archive import without_texts
from kiosk.reach import can_be_reached
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import BUILTIN
from tests.kiosk.test_late import RECORD, deliver
from tests.terminals import sealed, terminal

CALL = {
    "id": "call", "kind": "contact", "texts": dict.fromkeys(BUILTIN.languages, "May we call you?"),
    "consent": dict.fromkeys(BUILTIN.languages, "You may contact me about this visit."),
}  # fmt: skip
ASKED = {**wire.read_entry(wire.encode(BUILTIN)), "id": "shop"}
ASKED["questions"].append(CALL)
KARI = {"id": "01890000-0000-7000-8000-000000000009", "consent": "call", "name": "Kari", "reach": "+47 555 01 23"}
WHERE = {"screen": "s-oslo", "placement": "p-s-oslo", "survey": "shop"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "s-oslo", asked=ASKED) as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def given(**changes: Any) -> dict[str, Any]:
    return {**RECORD, **WHERE, "contact": KARI, **changes}


def test_a_contact_travels_apart_from_the_answer(client: FlaskClient, box: Terminal) -> None:
    deliver(client, given())
    response, contact = sealed(box)
    assert "Kari" not in str(response)
    assert "contact" not in response
    assert (contact["kind"], contact["response"]) == ("contact", response["id"])
    assert contact["answers"] == {"name": "Kari", "reach": "+47 555 01 23"}
    assert (contact["id"], contact["rev"], contact["consent"]) == (KARI["id"], response["rev"], "call")
    assert contact["seq"] == response["seq"] + 1
    assert wire.read_contact(wire.encode(contact)).placement == "p-s-oslo"
    assert all(wire.is_intact(entry) for entry in (response, contact))


def test_the_words_of_a_contact_are_wiped_like_any_other(client: FlaskClient, box: Terminal) -> None:
    deliver(client, given())
    wiped = wire.read_entry(without_texts(wire.encode(sealed(box)[1])) or b"")
    assert wiped["answers"] == {}
    assert "+47 555" not in str(wiped)
    assert wire.is_intact(wiped)
    assert box.outbox.disk.row("SELECT min(texts) FROM entries") == (1,)


@pytest.mark.parametrize(
    "contact",
    [{**KARI, "consent": "comment"}, {**KARI, "consent": "nothing"}, {**KARI, "reach": "12"}, {**KARI, "reach": ""},
     {**KARI, "id": "1"}, {**KARI, "name": "x" * 81},
     {**KARI, "id": RECORD["id"]}, {"reach": "+47 555 01 23"}, "Kari", 7, None],
)  # fmt: skip
def test_one_that_cannot_be_used_costs_nobody_their_answer(client: FlaskClient, box: Terminal, contact: Any) -> None:
    deliver(client, given(contact=contact))
    (response,) = sealed(box)
    assert (response["kind"], response["answers"]) == ("response", RECORD["answers"])


def test_a_later_revision_takes_the_contact_with_it(client: FlaskClient, box: Terminal) -> None:
    deliver(client, given())
    deliver(client, given(rev=3, contact={**KARI, "reach": "kari@example.org"}))
    entries = [(entry["kind"], entry["rev"]) for entry in sealed(box)]
    assert entries == [("response", 2), ("contact", 2), ("response", 3), ("contact", 3)]


def test_who_does_not_agree_any_more_is_not_called(client: FlaskClient, box: Terminal) -> None:
    deliver(client, given())
    deliver(client, given(rev=3, contact=None))
    deliver(client, given(id="01890000-0000-7000-8000-000000000002", contact=None))
    entries = sealed(box)
    assert [(entry["kind"], entry["rev"]) for entry in entries] == [
        ("response", 2), ("contact", 2), ("response", 3), ("contact", 3), ("response", 2)
    ]  # fmt: skip
    assert (entries[3]["id"], entries[3]["answers"]) == (entries[1]["id"], {})
    assert all(wire.is_intact(entry) for entry in entries)


def test_what_the_page_noticed_goes_with_the_response(client: FlaskClient, box: Terminal) -> None:
    deliver(client, given(flags=["ghost"], pause_ms=250, test=True))
    response, contact = sealed(box)
    assert (response["flags"], response["pause_ms"], response["test"], contact["test"]) == (["ghost"], 250, True, True)


@pytest.mark.parametrize(
    ("reach", "fits"),
    [("kari@example.org", True), ("+47 555 01 23", True), ("٠١٢٣٤٥", True), ("kari@", False), ("call me", False),
     ("1234", False), ("a b@c.d e", False), ("", False)],
)  # fmt: skip
def test_what_can_be_reached(reach: str, fits: bool) -> None:
    assert can_be_reached(reach) is fits
