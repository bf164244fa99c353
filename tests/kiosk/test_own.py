"""A customer takes the question to their own telephone: one answer counts, however often the link is opened, and
whoever has the link alone learns nothing."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk.app import create_app
from kiosk.gateway import COOKIE
from kiosk.own_links import LASTS_S, Link, Links
from kiosk.screen_keys import ScreenKeys
from kiosk.terminal import Terminal
from tests.handing import tablet
from tests.terminals import Visitor, full_disk, sealed

PUBLIC = "https://tablets.example.com"
HERE = {"Origin": "http://localhost"}
SECRET = "They even took the old one away"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with tablet(tmp_path / "gateway", public_url=PUBLIC) as opened:
        yield opened


class Browser(Visitor):
    """Somebody's own telephone, without script."""

    def __init__(self, client: FlaskClient, address: str) -> None:
        super().__init__(client, address)


def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def address(box: Terminal, job: str = "A-100", **changes: Any) -> str:
    """Where a link leads that this gateway signed."""
    until_s = box.clock.wall_ms() // 1000 + LASTS_S
    link = Link(box.new_id(), until_s, "van12", "p-van12", "7", job, test=False)._replace(**changes)
    return "/own/" + Links(box.outbox.disk).write(link)


def test_a_customer_answers_on_their_own_telephone(box: Terminal) -> None:
    phone = Browser(client(box), address(box, "Å 1/7"))
    assert phone.page.screen == "ask"
    phone.press("value", 3)
    assert phone.page.screen == "thanks"
    phone.press("action", "write")
    phone.press("action", "finish", SECRET)
    assert phone.page.screen == "thanks"
    assert "This was answered." in phone.answer.text
    (entry,) = sealed(box)
    assert (entry["mode"], entry["ended"], entry["screen"]) == ("handover", "done", "van12")
    assert entry["handover"] == {"job": "Å 1/7", "crew": "7", "phone": True}
    assert (entry["answers"]["visit"], SECRET in entry["answers"].values()) == (3, True)
    assert entry["since_prev_ms"] is None


def test_a_link_counts_once_and_tells_nobody_else(box: Terminal) -> None:
    """The crew took a picture of the code; its mail program opens it, and so does a scanner."""
    link = address(box)
    browser = client(box)
    for _ in range(3):
        assert browser.get(link).status_code == 200
    assert box.outbox.drafts_of("van12") == []
    late = Browser(client(box), link)
    phone = Browser(browser, link)
    phone.press("value", 0)
    crew = Browser(client(box), link)
    late.press("value", 3)
    for other in (crew, late):
        assert "This was answered." in other.answer.text
        assert other.page.fields == []
    phone.press("toggle", phone.page.buttons[0][1])
    phone.press("action", "finish")
    (entry,) = sealed(box)
    assert entry["answers"]["visit"] == 0
    assert entry["id"] == Links(box.outbox.disk).read(link.removeprefix("/own/")).response


def test_a_second_touch_of_the_same_finger_goes_where_the_first_went(box: Terminal) -> None:
    phone = Browser(client(box), address(box))
    twice = [phone.send("value", 3) for _ in range(2)]
    assert twice[0].request.path == twice[1].request.path
    assert twice[1].request.path.endswith("/thanks")


def test_somebody_who_writes_for_long_loses_nothing(box: Terminal) -> None:
    """Their visit was sealed meanwhile, because nobody touched it: the comment comes as its next revision."""
    phone = Browser(client(box), address(box))
    phone.press("value", 3)
    phone.press("action", "write")
    box.seal_screen("van12")
    phone.press("action", "finish", SECRET)
    first, last = sealed(box)
    assert (first["id"], first["ended"]) == (last["id"], "left")
    assert (last["ended"], SECRET in last["answers"].values()) == ("done", True)
    assert last["rev"] > first["rev"]


@pytest.mark.parametrize("spoilt", ["half", "other", "none", "signature"])
def test_what_is_no_link_of_ours_says_so(box: Terminal, spoilt: str) -> None:
    link = address(box)
    token = link.removeprefix("/own/")
    other = "A" if token[30] != "A" else "B"
    wrong = {
        "half": link[: len(link) // 2], "other": f"/own/{token[:30]}{other}{token[31:]}", "none": "/own/é",
        "signature": link[:-8] + "AAAAAAAA",
    }[spoilt]  # fmt: skip
    answer = client(box).get(wrong)
    assert (answer.status_code, "This is not a code of ours" in answer.text) == (404, True)
    assert client(box).post(wrong + "/visit", data={"value": "3"}, headers=HERE).status_code == 404
    assert b"A-100" in urlsafe_b64decode(token + "==="[: -len(token) % 4])  # signed; nothing in it is a secret


def test_a_link_is_over_after_two_days(box: Terminal) -> None:
    link = address(box, until_s=box.clock.wall_ms() // 1000 - 1)
    answer = client(box).get(link)
    assert (answer.status_code, "This question is over" in answer.text) == (410, True)
    assert client(box).post(link + "/visit", data={"value": "3"}, headers=HERE).status_code == 410


def test_another_site_writes_nothing(box: Terminal) -> None:
    link = address(box)
    answer = client(box).post(link + "/visit", data={"value": "3"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_full_disk_thanks_nobody(box: Terminal) -> None:
    phone = Browser(client(box), address(box))
    with full_disk():
        answer = phone.client.post(phone.page.action, data=dict(phone.page.fields) | {"value": "3"}, headers=HERE)
    assert (answer.status_code, "could not be saved" in answer.text) == (503, True)


def test_only_the_crews_own_tablet_gets_a_code(box: Terminal) -> None:
    crew, other = client(box), client(box)
    crew.set_cookie(COOKIE, f"van12.{ScreenKeys(box.outbox.disk).bind('van12')}")
    told = crew.post("/s/van12/own", json={"job": "A-100"}, headers=HERE)
    assert told.status_code == 200
    assert told.json
    assert told.json["size"] > 20
    assert told.json["path"].startswith("M0 0h1v1h-1z")
    assert crew.get("/s/van12/crew.json").json["own"] is True  # type: ignore[index]
    assert other.post("/s/van12/own", json={"job": "A-100"}, headers=HERE).status_code == 401
    for wrong in ({}, {"job": ""}, {"job": "x" * 41}, {"job": 7}, {"job": "a\nb"}):
        assert crew.post("/s/van12/own", json=wrong, headers=HERE).status_code == 400


def test_staff_who_try_it_count_nothing(box: Terminal) -> None:
    phone = Browser(client(box), address(box, test=True))
    assert "Test: answers" in phone.answer.text
    phone.press("value", 3)
    phone.press("action", "finish")
    assert [entry["test"] for entry in sealed(box)] == [True]
