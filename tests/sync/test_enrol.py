"""How a terminal gets in: eight characters, fifteen minutes, ten tries."""

import json
from base64 import b64decode
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from sync import models, wire
from sync.centre import Centre
from sync.intake import enrol
from sync.office import device_words, places
from sync.problems import Refused
from tests.boxes import Box, open_shop, verdicts
from tests.sync.conftest import Clock, Verb

MINUTE = 60_000


def a_code(centre: Centre, name: str = "Oslo") -> str:
    _, placement = open_shop(centre, name)
    with centre.db.writing() as tx:
        return enrol.new_code(tx, placement, centre.now_ms())


def ask(client: FlaskClient, code: str, install: str = "install-1", **headers: str) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"code": code, "install": install, "fingerprint": "f", "app": "smilepost/0"}).encode()
    reply = client.post(wire.ENROLMENTS, data=body, headers={"Content-Type": "application/json", **headers})
    return reply.status_code, json.loads(reply.get_data())


def test_it_works(a_centre: Centre, client: FlaskClient) -> None:
    status, given = ask(client, a_code(a_centre))
    assert status == 200
    box = Box(given["device"], b64decode(given["key"]), given["screen"], given["placement"], given["generation"])
    assert verdicts(box.send(client, box.response(3))) == ["stored"]
    assert given["server_ms"] == a_centre.now_ms()


def test_it_forgives_how_a_code_is_typed(a_centre: Centre, client: FlaskClient) -> None:
    code = a_code(a_centre)
    typed = " ".join(code.replace("-", "").lower()).replace("1", "l").replace("0", "o")
    assert ask(client, typed)[0] == 200


@pytest.mark.parametrize("code", ["", "ABCD", "ABCD-EFG!", "ABCD-EFGH-JKMN", "ABCDEFGU"])
def test_it_rejects_what_is_no_code(client: FlaskClient, code: str) -> None:
    assert ask(client, code)[1]["code"] == "bad_code"


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"code": 7}', b"\xff"])
def test_it_rejects_what_is_no_request(client: FlaskClient, body: bytes) -> None:
    reply = client.post(wire.ENROLMENTS, data=body)
    assert (reply.status_code, json.loads(reply.get_data())["code"]) == (400, "bad_json")


def test_it_rejects_an_unknown_code(client: FlaskClient) -> None:
    assert ask(client, "ABCD-EFGH")[1]["code"] == "code_unknown"


def test_it_rejects_a_code_after_fifteen_minutes(a_centre: Centre, client: FlaskClient, clock: Clock) -> None:
    code = a_code(a_centre)
    clock.ms += 15 * MINUTE
    assert ask(client, code) == (410, ask(client, code)[1])
    assert ask(client, code)[1]["code"] == "code_expired"


def test_ten_wrong_proofs_kill_a_code(a_centre: Centre, client: FlaskClient) -> None:
    code = a_code(a_centre)
    wrong = code[:5] + ("0000" if code[5:] != "0000" else "1111")
    for _ in range(10):
        assert ask(client, wrong)[1]["code"] == "code_unknown"
    assert ask(client, code)[1]["code"] == "code_expired"


def test_a_lost_answer_may_be_asked_for_again(a_centre: Centre, client: FlaskClient) -> None:
    code = a_code(a_centre)
    first, again = ask(client, code), ask(client, code)
    assert first == again
    assert ask(client, code, install="install-2")[1]["code"] == "code_taken"
    with a_centre.db.reading() as tx:
        assert tx.execute(select(func.count()).select_from(models.devices)).scalar_one() == 1


def test_an_enrolled_box_gains_another_screen(a_centre: Centre, client: FlaskClient) -> None:
    _, given = ask(client, a_code(a_centre, "Oslo"))
    box = Box(given["device"], b64decode(given["key"]), given["screen"], given["placement"])
    code = a_code(a_centre, "Bergen")
    body = json.dumps({"code": code, "install": "install-1", "fingerprint": "f", "app": "a"}).encode()
    signed = box.signed("POST", wire.ENROLMENTS, body)
    reply = client.post(wire.ENROLMENTS, data=body, headers=signed)
    second = json.loads(reply.get_data())
    assert (second["device"], second["generation"]) == (box.device, 1)
    with a_centre.db.reading() as tx:
        shown = enrol.manifest(tx, box.device, 0, a_centre.secrets).screens
        assert sorted(screen.place for screen in shown.values()) == ["Bergen", "Oslo"]
        assert len(places.stood(tx, box.device)) == 2
    there = box.response(3, screen=second["screen"], placement=second["placement"])
    assert verdicts(box.send(client, there)) == ["stored"]


def test_a_cloned_box_becomes_a_device_of_its_own(a_centre: Centre, client: FlaskClient) -> None:
    """It keeps sending under the old name until somebody types a code into it; then it has another install."""
    _, given = ask(client, a_code(a_centre, "Oslo"))
    box = Box(given["device"], b64decode(given["key"]), given["screen"], given["placement"])
    before = box.response(3)
    code = a_code(a_centre, "Bergen")
    body = json.dumps({"code": code, "install": "another", "fingerprint": "other board", "app": "a"}).encode()
    sent = [client.post(wire.ENROLMENTS, data=body, headers=box.signed("POST", wire.ENROLMENTS, body)) for _ in "ab"]
    first, again = (json.loads(reply.get_data()) for reply in sent)
    assert first == again
    assert first["device"] != box.device
    new = Box(first["device"], b64decode(first["key"]), first["screen"], first["placement"])
    assert verdicts(new.send(client, before, new.response(3))) == ["stored", "stored"]
    assert verdicts(box.send(client, box.response(3))) == ["stored"]
    with a_centre.db.reading() as tx:
        oslo, bergen = (tx.execute(select(models.locations.c.id).filter_by(name=name)).scalar_one()
                        for name in ("Oslo", "Bergen"))  # fmt: skip
        where = select(models.responses.c.device_id, models.responses.c.location_id)
        assert sorted(tuple(row) for row in tx.execute(where)) == sorted(
            [(new.device, oslo), (new.device, bergen), (box.device, oslo)]
        )
        assert [each.place for each in places.stands(tx, box.device).values()] == ["Oslo"]


@pytest.mark.parametrize("trouble", ["wrong key", "revoked"])
def test_a_terminal_whose_key_is_worth_nothing_enrols_as_a_new_one(
    a_centre: Centre, client: FlaskClient, trouble: str
) -> None:
    _, given = ask(client, a_code(a_centre, "Oslo"))
    box = Box(given["device"], b64decode(given["key"]), given["screen"], given["placement"])
    if trouble == "wrong key":
        box.key = bytes(32)
    else:
        with a_centre.db.writing() as tx:
            tx.execute(models.devices.update().values(revoked_ms=1))
    body = json.dumps({"code": a_code(a_centre, "Bergen"), "install": "i", "fingerprint": "f", "app": "a"}).encode()
    reply = client.post(wire.ENROLMENTS, data=body, headers=box.signed("POST", wire.ENROLMENTS, body))
    fresh = json.loads(reply.get_data())
    assert reply.status_code == 200
    assert fresh["device"] != given["device"]
    new = Box(fresh["device"], b64decode(fresh["key"]), fresh["screen"], fresh["placement"])
    assert verdicts(new.send(client, new.response(3))) == ["stored"]


def test_what_a_box_held_while_it_was_shut_out_counts_once_it_has_its_screen_again(
    a_centre: Centre, client: FlaskClient, verb: Verb
) -> None:
    """It was enrolled for another screen first, as a code is for a new one when nobody says which."""
    _, given = ask(client, a_code(a_centre, "Oslo"))
    box = Box(given["device"], b64decode(given["key"]), given["screen"], given["placement"])
    held = box.response(3)
    verb("revoke", box.device)

    def enrol_again(*words: str) -> Box:
        code = verb("enrol-code", "Oslo", *words)[1].rsplit(" ", 1)[1].strip()
        body = json.dumps({"code": code, "install": "install-1", "fingerprint": "f", "app": "a"}).encode()
        signed = box.signed("POST", wire.ENROLMENTS, body)
        fresh = json.loads(client.post(wire.ENROLMENTS, data=body, headers=signed).get_data())
        return Box(fresh["device"], b64decode(fresh["key"]), fresh["screen"], fresh["placement"])

    old, box = box.device, enrol_again()
    assert box.device != old
    assert [(r.verdict, r.code) for r in box.send(client, held).results] == [("quarantined", "unknown_screen")]
    assert "enrol-code PLACE --screen NAME), smilepost server replay-quarantine" in device_words.apart(
        "unknown_screen", 1
    )
    assert "Counting now: none." in verb("replay-quarantine")[1]
    assert enrol_again("--screen", "Oslo 1").device == box.device
    assert verb("replay-quarantine")[1] == "Counting now: 1 unknown_screen. Still kept apart: none.\n"


def test_a_code_is_not_in_the_database(a_centre: Centre) -> None:
    code = a_code(a_centre)
    with a_centre.db.reading() as tx:
        row = tx.execute(select(models.enrol_codes)).one()
    assert code[5:] not in [str(value) for value in row]


def test_a_code_is_read_or_refused() -> None:
    assert enrol.read_code("abcd-efgh") == ("ABCD", "EFGH")
    with pytest.raises(Refused):
        enrol.read_code("abcd-efg")


def test_a_fingerprint_is_plain_text(client: FlaskClient) -> None:
    body = json.dumps({"code": "ABCD-EFGH", "install": "i", "fingerprint": "a\0b", "app": "a"}).encode()
    assert client.post(wire.ENROLMENTS, data=body).status_code == 400
