"""What the centre answers to whoever knocks: signed answers for its devices, refusals with a code for the rest."""

import gzip
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from sync import models, wire
from sync.centre import Centre
from sync.db import Database
from tests.boxes import Box, enrol_box, open_shop, verdicts
from tests.sync.conftest import Clock

SECRET_WORDS = "My neighbour Solveig is a spy"


@pytest.fixture(autouse=True)
def _the_log_says_nothing_that_was_sent(a_centre: Centre, oslo: Box, caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.DEBUG)
    yield
    assert SECRET_WORDS not in caplog.text
    assert oslo.key.hex() not in caplog.text


def stored(centre: Centre) -> int:
    with centre.db.reading() as tx:
        tables = (models.receipts, models.responses, models.quarantine, models.tallies_day, models.streams)
        return sum(tx.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def refusal(reply: TestResponse, box: Box | None = None) -> tuple[int, str]:
    """Status and code; for a device the refusal is signed."""
    assert reply.content_type == "application/problem+json"
    assert reply.headers["Cache-Control"] == "no-store, no-transform"
    if box is not None:
        request = reply.request.headers[wire.REQUEST_HEADER]
        signature = reply.headers[wire.SIGNATURE_HEADER]
        assert wire.answer_is_signed(box.key, reply.status_code, request, reply.get_data(), signature)
    problem = json.loads(reply.get_data())
    assert problem["title"].endswith(".")
    return reply.status_code, problem["code"]


def test_it_works(client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(3, answers={"comment": SECRET_WORDS})
    assert verdicts(oslo.send(client, entry)) == ["stored"]


def test_an_answer_is_dated_after_its_commit(
    a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that began between the two would lack what the answer says is stored."""
    writing = Database.writing

    @contextmanager
    def slow_commit(database: Database) -> Iterator[Any]:
        with writing(database) as tx:
            yield tx
            clock.ms += 2_000

    monkeypatch.setattr(Database, "writing", slow_commit)
    began_ms = clock.ms
    assert oslo.send(client, oslo.response(3)).server_ms == began_ms + 2_000


@pytest.mark.parametrize("ms", [0, 5_000, 4_300_000_000_000], ids=["1970", "a start without a clock", "2106"])
def test_it_takes_nothing_in_while_it_does_not_know_the_time(
    a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock, ms: int
) -> None:
    entry, now_ms, before = oslo.response(), clock.ms, stored(a_centre)
    clock.ms = ms
    reply = oslo.post(client, oslo.batch([entry]))
    assert (reply.status_code, reply.json and reply.json["code"], stored(a_centre)) == (503, "clock", before)
    assert "Retry-After" in reply.headers
    clock.ms = now_ms
    assert verdicts(oslo.send(client, entry)) == ["stored"]


def test_it_takes_gzip(client: FlaskClient, oslo: Box) -> None:
    reply = oslo.post(client, oslo.batch([oslo.response(3)]), zipped=True)
    assert reply.status_code == 200
    assert json.loads(reply.get_data())["results"][0]["verdict"] == "stored"
    assert reply.headers["Cache-Control"] == "no-store, no-transform"


def test_it_takes_a_full_batch(client: FlaskClient, oslo: Box) -> None:
    assert verdicts(oslo.send(client, *(oslo.response(2) for _ in range(200)))) == ["stored"] * 200


def test_it_rejects_more_than_a_full_batch(a_centre: Centre, client: FlaskClient, oslo: Box) -> None:
    reply = oslo.post(client, oslo.batch([oslo.response(2) for _ in range(201)]))
    assert refusal(reply, oslo) == (413, "too_many_entries")
    assert stored(a_centre) == 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content_Digest": "sha-256=:AAAA:"}, (400, "bad_digest")),
        ({"Content_Digest": ""}, (400, "bad_digest")),
        ({"Smilepost_Signature": "AAAA"}, (401, "bad_signature")),
        ({"Smilepost_Signature": "\xff\xfe"}, (401, "bad_signature")),
        ({"Smilepost_Request": "another"}, (401, "bad_signature")),
    ],
)
def test_it_rejects_what_is_not_signed_by_the_device(
    a_centre: Centre, client: FlaskClient, oslo: Box, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    reply = oslo.post(client, oslo.batch([oslo.response(3, answers={"comment": SECRET_WORDS})]), **headers)
    assert refusal(reply, oslo) == expected
    assert stored(a_centre) == 0


@pytest.mark.parametrize(
    "headers",
    [{"Smilepost_Device": ""}, {"Smilepost_Device": "no generation"}, {"Smilepost_Request": ""}],
)
def test_it_rejects_who_does_not_say_who_they_are(client: FlaskClient, oslo: Box, headers: dict[str, str]) -> None:
    assert refusal(oslo.post(client, oslo.batch(), **headers)) == (401, "unsigned")


def test_it_rejects_a_request_without_anything(client: FlaskClient) -> None:
    assert refusal(client.post(wire.BATCHES)) == (401, "unsigned")
    assert refusal(client.get(wire.MANIFEST)) == (401, "unsigned")


def test_it_rejects_another_device_s_key(a_centre: Centre, client: FlaskClient, oslo: Box) -> None:
    bergen = enrol_box(a_centre, open_shop(a_centre, "Bergen")[1])
    oslo.key = bergen.key
    assert refusal(oslo.post(client, oslo.batch())) == (401, "bad_signature")


def test_it_rejects_an_earlier_generation(a_centre: Centre, client: FlaskClient, oslo: Box) -> None:
    with a_centre.db.writing() as tx:
        tx.execute(update(models.devices).values(generation=2))
    assert refusal(oslo.post(client, oslo.batch()), oslo) == (401, "revoked")
    renewed = Box(oslo.device, a_centre.secrets.key(oslo.device, 2), oslo.screen, oslo.placement, 2)
    assert verdicts(renewed.send(client, renewed.response(3))) == ["stored"]


def test_it_rejects_a_device_that_was_taken_out_of_service(a_centre: Centre, client: FlaskClient, oslo: Box) -> None:
    with a_centre.db.writing() as tx:
        tx.execute(update(models.devices).values(revoked_ms=1))
    assert refusal(oslo.post(client, oslo.batch()), oslo) == (401, "revoked")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "bad_json")),
        (b"{", (400, "bad_json")),
        (b"\xff\xfe{}", (400, "bad_json")),
        (b"[" * 50_000, (400, "bad_batch")),
        (b"[]", (400, "bad_batch")),
        (b"{}", (400, "bad_batch")),
        (b'{"proto": 1}', (400, "bad_batch")),
        (b'{"proto": "2"}', (400, "bad_batch")),
        (b'{"proto": true}', (400, "bad_batch")),
        (b'{"proto": 2, "batches": []}', (426, "unsupported_proto")),
        (b'{"proto": 0}', (426, "unsupported_proto")),
    ],
)
def test_it_rejects_what_is_no_batch(
    a_centre: Centre, client: FlaskClient, oslo: Box, body: bytes, expected: tuple[int, str]
) -> None:
    assert refusal(oslo.post(client, body), oslo) == expected
    assert stored(a_centre) == 0


def test_it_rejects_two_megabytes(a_centre: Centre, client: FlaskClient, oslo: Box) -> None:
    message = oslo.batch([oslo.response(3, answers={"comment": "x" * (wire.MAX_INFLATED + 1)})])
    assert refusal(oslo.post(client, message), oslo) == (413, "too_large")
    assert refusal(oslo.post(client, message, zipped=True), oslo) == (413, "too_large")
    assert stored(a_centre) == 0


def test_it_rejects_a_gzip_bomb_without_unpacking_it(client: FlaskClient, oslo: Box) -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024), 9)
    assert len(bomb) < wire.MAX_INFLATED
    assert refusal(oslo.post(client, bomb, Content_Encoding="gzip"), oslo) == (413, "too_large")


@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(b"{}", mtime=0)[:-5], gzip.compress(b"{}", mtime=0) + b"more"]
)
def test_it_rejects_broken_gzip(client: FlaskClient, oslo: Box, body: bytes) -> None:
    assert refusal(oslo.post(client, body, Content_Encoding="gzip"), oslo) == (400, "bad_gzip")


def test_it_rejects_other_encodings(client: FlaskClient, oslo: Box) -> None:
    assert refusal(oslo.post(client, oslo.batch(), Content_Encoding="br"), oslo) == (415, "wrong_type")


def test_it_rejects_other_methods(client: FlaskClient) -> None:
    assert client.get(wire.BATCHES).status_code == 405
    assert client.post(wire.MANIFEST).status_code == 405


def test_the_manifest_says_what_a_screen_shows(a_centre: Centre, client: FlaskClient, oslo: Box) -> None:
    reply = client.get(wire.MANIFEST, headers=oslo.signed("GET", wire.MANIFEST, b""))
    request, signature = reply.request.headers[wire.REQUEST_HEADER], reply.headers[wire.SIGNATURE_HEADER]
    assert wire.answer_is_signed(oslo.key, 200, request, reply.get_data(), signature)
    shown = json.loads(reply.get_data())["screens"][oslo.screen]
    assert (shown["placement"], shown["place"], shown["time_zone"]) == (oslo.placement, "Oslo", "Europe/Oslo")
    assert shown["surveys"][0]["id"] == "builtin"
    again = client.get(
        wire.MANIFEST, headers={**oslo.signed("GET", wire.MANIFEST, b""), "If-None-Match": reply.headers["ETag"]}
    )
    request, signature = again.request.headers[wire.REQUEST_HEADER], again.headers[wire.SIGNATURE_HEADER]
    assert again.status_code == 304
    assert wire.answer_is_signed(oslo.key, 304, request, b"", signature)


def test_a_database_in_trouble_stores_nothing_and_says_nothing(
    a_centre: Centre, client: FlaskClient, oslo: Box, caplog: pytest.LogCaptureFixture
) -> None:
    with a_centre.db.writing() as tx:
        tx.exec_driver_sql("ALTER TABLE tallies_hour RENAME TO elsewhere")
    reply = oslo.post(client, oslo.batch([oslo.response(3, answers={"comment": SECRET_WORDS})]))
    assert refusal(reply, oslo) == (500, "server_error")
    assert "failed" in caplog.text
    with a_centre.db.writing() as tx:
        tx.exec_driver_sql("ALTER TABLE elsewhere RENAME TO tallies_hour")
    assert stored(a_centre) == 0
