"""What staff see of their terminal, over HTTP and behind the PIN."""

import gzip
import json
import logging
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.app import create_app
from kiosk.disk import RETRY_S
from kiosk.door import FREE_TRIES
from kiosk.storage import SENTENCES
from kiosk.terminal import Terminal
from sync import wire
from tests.terminals import PIN, Visitor, enrolled, full_disk, kept_pin, sealed, set_pin, terminal

WORDS = "The queue was long; my name is Anna"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    set_pin(tmp_path)
    enrolled(tmp_path)
    with terminal(tmp_path, centre="http://127.0.0.1:9") as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def look(client: FlaskClient, place: str = "/staff") -> str:
    return words(client.get(place).text)


def press(client: FlaskClient, place: str, key: str = "") -> TestResponse:
    """A form of the page's own is sent."""
    return client.post(f"/staff/{place}", data={"key": key}, headers={"Origin": "http://localhost"})


def let_in(client: FlaskClient, pin: str = PIN) -> None:
    for key in (*pin, "open"):
        assert press(client, "door", key).status_code == 303


def answer(client: FlaskClient, comment: str = "") -> None:
    visitor = Visitor(client)
    visitor.press("value", 0)
    if comment:
        visitor.press("action", "write")
        visitor.press("action", "finish", typed=comment)
    else:
        visitor.press("action", "finish")


def test_without_a_pin_it_says_how_to_set_one_and_nothing_else(tmp_path: Path) -> None:
    with terminal(tmp_path) as box:
        client = create_app(box).test_client()
        page = client.get("/staff")
        assert (page.status_code, page.mimetype) == (403, "text/html")
        assert "“smilepost kiosk pin” asks for one" in words(page.text)
        assert "answer" not in words(page.text)
        for place in ("/staff/door", "/staff/send", "/staff/retry", "/staff/leave"):
            assert client.post(place, data={"key": "1"}).status_code in (403, 404, 405)
        assert "Set-Cookie" not in page.headers


def test_head_offices_pin_goes_before_the_terminals_own(tmp_path: Path) -> None:
    set_pin(tmp_path)
    with terminal(tmp_path, "scr-1", by_office={"staff_pin": wire.hash_pin("9571")}) as box:
        client = create_app(box).test_client()
        let_in(client)
        assert "That is not the PIN." in look(client)
        let_in(client, "9571")
        assert "Nothing waits to be sent." in look(client)
    with terminal(tmp_path, "scr-1") as box:
        client = create_app(box).test_client()
        let_in(client)
        assert "Nothing waits to be sent." in look(client)


def test_the_pin_stands_nowhere_but_as_its_hash(box: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client = create_app(box).test_client()
        let_in(client)
        assert "Nothing waits to be sent." in look(client)
    held = b"".join(path.read_bytes() for path in box.settings.data.rglob("*") if path.is_file())
    assert kept_pin().encode() in held
    assert PIN.encode() not in held
    assert PIN not in caplog.text


def test_the_door_shows_nothing_of_the_terminal(client: FlaskClient) -> None:
    page = look(client)
    assert "The PIN, please" in page
    assert "waits to be sent" not in page
    assert client.get("/staff").headers["Cache-Control"] == "no-store"


def test_the_pin_opens_it_digit_by_digit(client: FlaskClient) -> None:
    press(client, "door", "8")
    assert "●" in look(client)
    press(client, "door", "clear")
    let_in(client)
    assert "Nothing waits to be sent." in look(client)


def test_the_cookie_is_for_this_page_alone_and_not_for_scripts(client: FlaskClient) -> None:
    cookie = press(client, "door", "8").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/staff"} <= {part.strip() for part in cookie.split(";")}
    assert PIN[0] not in cookie.split(";")[0].split("=")[0]


def test_a_wrong_pin_is_named_and_the_sixth_has_to_wait(client: FlaskClient) -> None:
    for _ in range(FREE_TRIES - 1):
        let_in(client, "1111")
        assert "That is not the PIN. " in look(client) + " "
    let_in(client, "1111")
    assert "The next try counts in 30 s." in look(client)
    assert re.fullmatch(r"(29|30); url=/staff", client.get("/staff").headers["Refresh"])
    let_in(client)
    assert "waits to be sent" not in look(client)


@pytest.mark.parametrize("place", ["door", "send", "retry", "export", "leave"])
def test_another_sites_page_does_nothing_here(client: FlaskClient, place: str) -> None:
    let_in(client)
    forged = client.post(f"/staff/{place}", data={"key": "1"}, headers={"Origin": "http://elsewhere.example"})
    assert forged.status_code == 403
    assert "Nothing waits to be sent." in look(client)


@pytest.mark.parametrize("place", ["send", "retry", "export"])
def test_outside_nothing_can_be_done(client: FlaskClient, box: Terminal, place: str) -> None:
    answer(client)
    box.outbox.park([(entry["id"], entry["rev"]) for entry in sealed(box)], "bad_shape")
    assert press(client, place).location == "/staff"
    assert box.outbox.parked() == {"bad_shape": 1}


def test_what_waits_is_told_with_its_numbers(client: FlaskClient) -> None:
    for _ in range(3):
        answer(client)
    let_in(client)
    page = look(client)
    assert re.search(r"3 answers wait to be sent, since \d\d:\d\d\.", page)
    assert "Given 3 Delivered 0 Unsent 3 Parked 0 Lost 0" in page


def test_what_is_parked_is_told_with_its_reason_and_never_with_its_words(client: FlaskClient, box: Terminal) -> None:
    answer(client, WORDS)
    answer(client)
    entries = [(entry["id"], entry["rev"]) for entry in sealed(box)]
    box.outbox.park(entries[:1], "too_long")
    box.outbox.park(entries[1:], "of_tomorrow")
    let_in(client)
    page = look(client)
    assert "1 answer: a comment longer than head office takes." in page
    assert "1 answer: another reason (of_tomorrow)." in page
    assert "Anna" not in page


def test_the_parked_ones_can_be_tried_again_but_not_what_is_damaged(client: FlaskClient, box: Terminal) -> None:
    for _ in range(3):
        answer(client)
    entries = [(entry["id"], entry["rev"]) for entry in sealed(box)]
    box.outbox.park(entries[:2], "server_error")
    box.outbox.park(entries[2:], "damaged")
    let_in(client)
    done = press(client, "retry")
    assert "They are in the queue again." in look(client, done.location)
    assert box.outbox.parked() == {"damaged": 1}
    assert sum(counts.pending for counts in box.outbox.counts().values()) == 2


def test_a_full_disk_is_told_and_the_parked_stay_parked(client: FlaskClient, box: Terminal) -> None:
    answer(client)
    box.outbox.park([(entry["id"], entry["rev"]) for entry in sealed(box)], "server_error")
    let_in(client)
    with full_disk():
        done = press(client, "retry")
    assert "The disk does not take that now." in look(client, done.location)
    time.sleep(RETRY_S)  # until the terminal looks at its disk again
    assert box.outbox.parked() == {"server_error": 1}


def test_with_a_disk_that_takes_nothing_the_page_says_so(tmp_path: Path) -> None:
    """Full from the first moment: there is no outbox to count."""
    set_pin(tmp_path / "data")
    with full_disk(), terminal(tmp_path / "data") as box:
        client = create_app(box).test_client()
        let_in(client)
        page = client.get("/staff")
        assert page.status_code == 200
        assert SENTENCES["full"] in words(page.text)
        assert "The disk does not take that now." in look(client, press(client, "retry").location)


def test_what_is_unsent_can_be_carried_in_one_file(tmp_path: Path) -> None:
    enrolled(tmp_path)
    set_pin(tmp_path)
    with terminal(tmp_path, centre="http://127.0.0.1:9") as box:
        client = create_app(box).test_client()
        answer(client)
        let_in(client)
        for _ in range(2):
            done = press(client, "export")
        (file,) = (tmp_path / "export").iterdir()
        page = look(client, done.location)
        assert "Everything unsent is in the file named below." in page
        assert str(file) in page
        assert file.stat().st_mode & 0o777 == 0o600
        header, batch, end = gzip.decompress(file.read_bytes()).splitlines()
        assert (json.loads(header)["device"], len(json.loads(batch)["entries"])) == ("dev-1", 1)
        assert json.loads(end)["entries"] == 1


def test_before_enrolment_there_is_nothing_to_sign_a_file_with(tmp_path: Path) -> None:
    set_pin(tmp_path)
    with terminal(tmp_path) as box:
        client = create_app(box).test_client()
        let_in(client)
        done = press(client, "export")
        assert "No such file could be written" in look(client, done.location)
        assert not list((tmp_path / "export").glob("*"))


def test_sending_now_wakes_the_sender_from_its_rest(tmp_path: Path) -> None:
    """It would have looked somewhere within the first minute; head office does not answer here."""
    enrolled(tmp_path)
    set_pin(tmp_path)
    with terminal(tmp_path, centre="http://127.0.0.1:9") as box:
        box.start()
        client = create_app(box).test_client()
        let_in(client)
        done = press(client, "send")
        assert "It tries to send now." in look(client, done.location)
        until = time.monotonic() + 10
        while "Head office does not answer" not in look(client) and time.monotonic() < until:
            time.sleep(0.05)
        assert "Head office does not answer (http://127.0.0.1:9)." in look(client)


def test_leaving_locks_it_and_leads_to_the_question(client: FlaskClient) -> None:
    let_in(client)
    assert press(client, "leave").location == "/"
    assert "The PIN, please" in look(client)


def test_nobody_is_left_alone_with_it(client: FlaskClient) -> None:
    """A page that nobody touches gives the glass back to the customers."""
    assert client.get("/staff").headers["Refresh"] == "60; url=/"
    let_in(client)
    assert client.get("/staff").headers["Refresh"] == "300; url=/"
