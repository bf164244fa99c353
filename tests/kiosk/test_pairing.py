"""Pairing by the glass: what a new terminal shows, what can be typed there, and what comes of it."""

import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk import pairing
from kiosk.app import create_app
from kiosk.choices import STAFF
from kiosk.door import FREE_TRIES
from kiosk.pairing import ALPHABET, Pairing
from kiosk.screens import SCREEN_HEADER
from kiosk.speech import Speech
from kiosk.terminal import Terminal
from sync import problems
from sync.centre import Centre
from sync.intake import enrol
from tests.bad_days import Wire, enrol_code
from tests.terminals import PIN, Visitor, set_pin
from tests.terminals import terminal as at_rest

SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE = {"Origin": "http://localhost"}


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[Terminal]:
    """New, and its head office does not answer."""
    with at_rest(tmp_path, centre="http://127.0.0.1:9") as box:
        yield box


@pytest.fixture
def client(lonely: Terminal) -> FlaskClient:
    return create_app(lonely).test_client()


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def send(client: FlaskClient, code: str = "", **pressed: str) -> str:
    return client.post("/staff/pairing", data={"code": code, **pressed}, headers=HERE).text


def typed(html: str) -> str:
    return re.findall(r'name="code" value="([^"]*)"', html)[0]


def asks(client: FlaskClient) -> bool:
    return client.get("/").headers[SCREEN_HEADER] == "ask"


def test_the_alphabet_and_the_refusals_are_head_offices() -> None:
    assert ALPHABET == enrol.ALPHABET
    said = (problems.CODE_UNKNOWN, problems.CODE_EXPIRED, problems.CODE_TAKEN, problems.BAD_CODE)
    assert [problem.sentence for problem in said] == list(pairing.REFUSED)


@pytest.mark.parametrize(
    ("given", "code"),
    [("abcd-efgh", "ABCDEFGH"), (" ab cd", "ABCD"), ("oil0", "0110"), ("ABCDEFGHJK", "ABCDEFGH"), ("é<>u-", "")],
)
def test_what_is_typed_becomes_a_code(given: str, code: str) -> None:
    assert pairing.clean(given) == code


def test_a_new_terminal_shows_it_first_and_without_head_office_never(client: FlaskClient, tmp_path: Path) -> None:
    first = client.get("/")
    assert "Pair this screen" in words(first.text)
    assert first.headers[SCREEN_HEADER] == "pairing"
    assert first.headers["Cache-Control"] == "no-store"
    assert "Pair this screen" in words(client.get("/?copy").text)
    with at_rest(tmp_path / "other") as box:
        assert asks(create_app(box).test_client())


def test_a_code_is_typed_key_by_key_without_a_script(client: FlaskClient) -> None:
    page = client.get("/").text
    for key in "ABCDE":
        page = send(client, typed(page), key=key)
    assert typed(page) == "ABCD-E"
    page = send(client, typed(page), action="delete")
    assert typed(page) == "ABCD"
    assert typed(send(client, "abcd-ef", key="o")) == "ABCD-EF0"
    assert typed(client.get("/staff/pairing").text) == ""  # it was nobody else's


def test_the_question_can_be_asked_meanwhile_until_the_next_start(tmp_path: Path) -> None:
    with at_rest(tmp_path, centre="http://127.0.0.1:9") as box:
        client = create_app(box).test_client()
        assert client.post("/staff/pairing", data={"action": "later"}, headers=HERE).location == "/"
        visitor = Visitor(client)
        visitor.press("value", 3)
        assert visitor.page.screen == "thanks"
        assert "Pairing" in words(client.get("/staff").text)
    with at_rest(tmp_path, centre="http://127.0.0.1:9") as box:
        assert not asks(create_app(box).test_client())


def test_head_office_that_does_not_answer_is_named_and_is_no_wrong_try(client: FlaskClient) -> None:
    for _ in range(FREE_TRIES + 1):
        page = send(client, "ABCD-EFGH", action="pair")
        assert "Head office at http://127.0.0.1:9 does not answer; check the address and the network." in words(page)
        assert typed(page) == "ABCD-EFGH"


def test_half_a_code_asks_nobody(client: FlaskClient) -> None:
    assert "does not answer" not in words(send(client, "ABCD-E", action="pair"))


def test_another_sites_page_pairs_nothing(client: FlaskClient) -> None:
    forged = client.post("/staff/pairing", data={"action": "later"}, headers={"Origin": "http://elsewhere.example"})
    assert forged.status_code == 403
    assert not asks(client)


@SQLITE_ONLY
def test_the_right_code_brings_it_to_its_place(terminal: Terminal, a_centre: Centre) -> None:
    client = create_app(terminal).test_client()
    answer = client.post("/staff/pairing", data={"code": enrol_code(a_centre, "Oslo"), "action": "pair"}, headers=HERE)
    assert "Paired It stands at Oslo." in words(answer.text)
    assert answer.headers["Refresh"].endswith("; url=/")
    assert asks(client)
    # From now on it is behind the PIN.
    assert client.get("/staff/pairing").status_code == 403
    set_pin(terminal.settings.data)
    assert client.get("/staff/pairing").location == "/staff"
    assert client.post("/staff/pairing", data={"action": "pair"}, headers=HERE).location == "/staff"
    for key in (*PIN, "open"):
        client.post("/staff/door", data={"key": key}, headers=HERE)
    second = send(client, enrol_code(a_centre, "Bergen"), action="pair")
    # Both stand there since the same millisecond.
    assert re.search("It stands at (Oslo, Bergen|Bergen, Oslo) with 2 screens.", words(second))


@SQLITE_ONLY
def test_wrong_codes_are_told_in_the_staffs_language_and_have_to_wait(terminal: Terminal) -> None:
    client = create_app(terminal).test_client()
    for _ in range(FREE_TRIES - 1):
        page = send(client, "ABCD-EFGH", action="pair")
        assert "No open enrolment has this code; check it, or ask for a new one." in words(page)
        assert "The next try counts" not in words(page)
    terminal.standings.choices.speak(STAFF, "de")
    page = send(client, "ABCD-EFGH", action="pair")
    assert "Keine offene Anmeldung hat diesen Code" in words(page)
    assert "Der nächste Versuch zählt in 30 s." in words(page)
    assert "Keine offene" not in words(send(client, "ABCD-EFGH", action="pair"))


@SQLITE_ONLY
def test_while_head_office_takes_its_time_everybody_else_is_served(
    terminal: Terminal, a_centre: Centre, faulty: tuple[Wire, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says so after a moment, and looks again by itself."""
    monkeypatch.setattr(pairing, "PATIENCE_S", 0.05)
    app = faulty[0].app

    def slowly(environ: object, start: object) -> object:
        time.sleep(1)
        return app(environ, start)

    faulty[0].app = slowly
    client = create_app(terminal).test_client()
    page = client.post("/staff/pairing", data={"code": enrol_code(a_centre, "Oslo"), "action": "pair"}, headers=HERE)
    assert "Head office is being asked…" in words(page.text)
    assert page.headers["Refresh"] == "1; url=/staff/pairing"
    assert client.get("/healthz").status_code == 200
    for _ in range(100):
        answer = client.get("/staff/pairing")
        if "It stands at Oslo." in words(answer.text):
            return
        time.sleep(0.1)
    raise AssertionError(words(answer.text))


def test_what_goes_wrong_inside_is_told_too(lonely: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(code: str) -> str:
        raise RuntimeError(code)

    monkeypatch.setattr(lonely, "enrol", stumble)
    desk = Pairing(lonely)
    desk.ask("ABCDEFGH")
    assert desk.outcome(Speech()) == (False, "This did not work; try it again.")
    assert desk.outcome(Speech()) == (False, "")


def test_a_page_to_which_nobody_comes_gives_way_to_the_question(lonely: Terminal) -> None:
    """Whoever unpacked it may be gone, and customers be there."""
    seconds = [100.0]
    desk = Pairing(lonely, lambda: seconds[0])
    assert desk.is_wanted()
    seconds[0] += pairing.ALONE_S - 1
    assert desk.is_wanted()
    desk.touch()
    seconds[0] += pairing.ALONE_S - 1
    assert desk.is_wanted()
    seconds[0] += 1
    assert not desk.is_wanted()
    seconds[0] += 1
    assert not desk.is_wanted()


def test_a_test_before_the_pairing_shows_the_question(lonely: Terminal) -> None:
    set_pin(lonely.settings.data)
    client = create_app(lonely).test_client()
    for key in (*PIN, "open"):
        client.post("/staff/door", data={"key": key}, headers=HERE)
    assert not asks(client)
    shown = client.post("/staff/test", headers=HERE, follow_redirects=True)
    assert shown.headers[SCREEN_HEADER] == "test"
    assert 'data-screen="ask"' in shown.text
