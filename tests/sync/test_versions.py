"""Terminals older and newer than their centre, as they were written down: golden files are only ever added."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from sync import models, wire
from sync.centre import Centre
from sync.intake import tally
from tests.boxes import Box, enrol_box, open_shop
from tests.sync.conftest import Clock

GOLDEN = Path(__file__).parent / "golden"
SENT_MS = 1_795_301_100_000
MINUTE = 60_000


@pytest.fixture
def utrecht(a_centre: Centre, clock: Clock) -> Box:
    """The box whose screen stands at plc-1, as the golden files say."""
    clock.ms = SENT_MS
    _, placement = open_shop(a_centre, "Utrecht", "Europe/Amsterdam")
    box = enrol_box(a_centre, placement)
    with a_centre.db.writing() as tx:
        touchpoint = select(models.placements.c.touchpoint_id).where(models.placements.c.id == placement)
        tx.execute(insert(models.screens).values(id="scr-1", name="The first", device_id=box.device))
        tx.execute(insert(models.driven).values(device_id=box.device, screen_id="scr-1"))
        where = {"screen_id": "scr-1", "touchpoint_id": touchpoint.scalar_subquery(), "from_ms": 0}
        tx.execute(insert(models.placements).values(id="plc-1", **where))
        tx.execute(update(models.devices).values(fingerprint="f" * 32))
    return box


def sent(client: FlaskClient, box: Box, name: str) -> wire.Answer:
    """The answer to a golden batch; to the same again it says duplicate, or what it said before."""
    body = (GOLDEN / name).read_bytes().strip()
    first, second = (box.post(client, body, zipped=zipped) for zipped in (False, True))
    assert (first.status_code, second.status_code) == (200, 200)
    answer, again = (msgspec.json.decode(reply.get_data(), type=wire.Answer) for reply in (first, second))
    expected = ["duplicate" if result.verdict == "stored" else result.verdict for result in answer.results]
    assert [result.verdict for result in again.results] == expected
    assert again.have == answer.have
    return answer


def rows(centre: Centre) -> list[Any]:
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return list(tx.execute(select(models.responses).order_by(models.responses.c.id)))


def test_a_terminal_older_than_the_centre(a_centre: Centre, client: FlaskClient, utrecht: Box) -> None:
    """It tells neither the order of its starts nor its stream or hardware; one start had no network at all."""
    answer = sent(client, utrecht, "batch-older.json")
    assert [result.verdict for result in answer.results] == ["stored"] * 4
    assert answer.have == {"5c7b4d3ae1f00912": wire.Held(4, 44)}
    assert answer.do == []
    before, lost, now, unplaced = rows(a_centre)
    assert (before.quality, before.captured_ms) == ("anchored", SENT_MS - 60 * MINUTE - 105_000)
    assert (lost.quality, lost.hour is None) == ("bounded", False)
    assert SENT_MS - 50 * MINUTE - lost.error_ms < lost.captured_ms < SENT_MS - 31 * MINUTE + lost.error_ms
    assert (now.quality, now.captured_ms, now.commented) == ("anchored", SENT_MS - 1_000_000, False)
    assert (unplaced.location_id, unplaced.flags) == (now.location_id, "before_enrolment")
    assert before.commented


def test_a_terminal_newer_than_the_centre(a_centre: Centre, client: FlaskClient, utrecht: Box) -> None:
    """What is not understood is kept whole for the day when it is; what is understood counts today."""
    answer = sent(client, utrecht, "batch-newer.json")
    assert [(result.verdict, result.code) for result in answer.results] == [
        ("stored", None),
        ("quarantined", "unknown_schema"),
        ("quarantined", "unknown_kind"),
        ("quarantined", "unknown_kind"),
        ("quarantined", "unknown_survey"),
    ]
    assert answer.have == {"5c7b4d3ae1f00912": wire.Held(5, 45)}
    assert answer.do == []
    (row,) = rows(a_centre)
    assert (row.quality, row.flags, row.aside) == ("anchored", "", False)
    entries = [bytes(raw) for raw in wire.read_batch((GOLDEN / "batch-newer.json").read_bytes()).entries]
    with a_centre.db.reading() as tx:
        kept = tx.execute(select(models.quarantine.c.body).order_by(models.quarantine.c.id)).scalars().all()
        health = tx.execute(select(models.devices.c.health)).scalar_one()
    assert [row.body.encode(), *(body.encode() for body in kept)] == entries
    assert msgspec.json.decode(health, type=wire.Health).storage == "lukewarm"


def test_a_terminal_of_another_protocol_holds_what_it_has(client: FlaskClient, utrecht: Box) -> None:
    """Not a 400, after which it would park what no version could read any better."""
    body = (GOLDEN / "batch-newer.json").read_bytes().replace(b'"proto":1', b'"proto":2')
    reply = utrecht.post(client, body)
    request, signature = reply.request.headers[wire.REQUEST_HEADER], reply.headers[wire.SIGNATURE_HEADER]
    assert (reply.status_code, reply.get_json()["code"]) == (426, "unsupported_proto")
    assert wire.answer_is_signed(utrecht.key, 426, request, reply.get_data(), signature)
