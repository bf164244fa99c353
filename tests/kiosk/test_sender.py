"""The way from the outbox to the centre, on good days and bad: real HTTP, a real centre, bad days on the wire."""

import gzip
import json
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from kiosk.config import Settings
from kiosk.pace import REJECTED_S, Kind, Outcome, Pace, judge
from kiosk.terminal import Terminal, TerminalRefused
from sync import models, wire
from sync.centre import Centre
from sync.survey import BUILTIN
from tests.bad_days import (
    PORTAL,
    PORTAL_JSON,
    REDIRECT,
    Day,
    Environ,
    Start,
    Wire,
    counted,
    cut_after_commit,
    enrol_code,
    garbled,
    health,
    later,
    passes,
    sender_of,
    status,
    tap,
)  # fmt: skip


def test_a_day_of_taps_arrives(oslo: Terminal, a_centre: Centre) -> None:
    for value in (3, 3, 2, 0):
        tap(oslo, value)
    assert passes(oslo) == 1
    assert counted(a_centre) == 4
    assert health(oslo, "sealed", "acked", "pending", "parked") == [4, 4, 0, 0]


def test_a_day_offline_arrives_once(oslo: Terminal, a_centre: Centre) -> None:
    for number in range(450):
        tap(oslo, number % 4, comment="x" * 200)
    assert passes(oslo) >= 3
    assert counted(a_centre) == 450
    assert health(oslo, "acked", "pending") == [450, 0]


@pytest.mark.parametrize(
    "day",
    [
        cut_after_commit,
        garbled,
        PORTAL,
        PORTAL_JSON,
        REDIRECT,
        status("502 Bad Gateway"),
        status("500 Internal Server Error"),
        status("503 Service Unavailable", Retry_After="1"),
        status("401 Unauthorized"),
        status("409 Conflict"),
        status("426 Upgrade Required"),
        status("413 Content Too Large"),
        status("400 Bad Request"),
        status("404 Not Found"),
    ],
)
def test_a_bad_day_on_the_wire_loses_and_doubles_nothing(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre, day: Day
) -> None:
    names = [tap(oslo) for _ in range(5)]
    faulty[0].days = [day] * 4
    sender_of(oslo).pass_once()
    assert [w.id for w in oslo.outbox.take(9)] == names
    assert oslo.health()["last_error"]
    passes(oslo)
    assert counted(a_centre) == 5
    assert health(oslo, "acked", "pending", "parked", "last_error") == [5, 0, 0, None]


def test_a_poisoned_entry_holds_nobody_up(oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre) -> None:
    """The centre chokes on one entry: it is found by halving, the others pass, and it is parked."""
    names = [tap(oslo) for _ in range(9)]
    poison = names[4]

    def choke(wire_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        plain = gzip.decompress(body) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else body
        if poison.encode() in plain:
            return status("500 Internal Server Error")(wire_, {**environ, "CONTENT_LENGTH": "0"}, start)
        import io

        return wire_.well({**environ, "wsgi.input": io.BytesIO(body)}, start)

    faulty[0].days = [choke] * 300
    for _ in range(120):
        if health(oslo, "parked") == [1]:
            break
        tap(oslo)
        later(oslo)
        sender_of(oslo).pass_once()
    assert health(oslo, "parked") == [1]
    faulty[0].days = []
    passes(oslo)
    sealed, acked = health(oslo, "sealed", "acked")
    assert counted(a_centre) == acked == sealed - 1
    # Another version of the centre may take it.
    oslo.outbox.remember("centre_app", "smilepost/older")
    passes(oslo)
    passes(oslo)
    assert health(oslo, "parked", "pending") == [0, 0]
    assert counted(a_centre) == sealed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_filter_on_the_way_swallows_holds_nobody_up(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    names = [tap(oslo) for _ in range(9)]
    disliked = names[4]

    def filtered(wire_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
        message, environ = wire_.read(environ)
        if any(entry["id"] == disliked for entry in message["entries"]):
            return status("403 Forbidden")(wire_, {**environ, "CONTENT_LENGTH": "0"}, start)
        return wire_.well(environ, start)

    faulty[0].days = [filtered] * 300
    for _ in range(60):
        later(oslo, 400)
        sender_of(oslo).pass_once()
    assert health(oslo, "acked", "pending", "parked") == [8, 1, 0]
    faulty[0].days = []
    passes(oslo)
    assert counted(a_centre) == 9


def test_a_general_outage_parks_nothing(oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre) -> None:
    for _ in range(3):
        tap(oslo)
    faulty[0].days = [status("500 Internal Server Error")] * 60
    while faulty[0].days:
        later(oslo)
        sender_of(oslo).pass_once()
    assert health(oslo, "parked", "pending") == [0, 3]
    passes(oslo)
    assert counted(a_centre) == 3


def test_what_head_office_reads_in_no_request_is_no_fault_of_the_answers(oslo: Terminal, a_centre: Centre) -> None:
    """The terminal says something of itself that head office doesn't understand."""
    sender = sender_of(oslo)
    well, names = sender._box, [tap(oslo) for _ in range(3)]
    sender._box = well._replace(health=lambda: wire.Health(screens={"the screen by the door": {}}))
    for _ in range(40):
        later(oslo)
        sender.pass_once()
    assert health(oslo, "parked", "pending", "last_error") == [0, 3, Kind.BAD.value]
    assert counted(a_centre) == 0
    sender._box = well
    passes(oslo)
    assert [oslo.outbox.sealed(name) is not None for name in names] == [True] * 3
    assert (counted(a_centre), health(oslo, "acked", "parked")) == (3, [3, 0])


def test_what_is_refused_is_parked_and_said(oslo: Terminal, a_centre: Centre) -> None:
    good, bad = tap(oslo, 3), tap(oslo, 9)
    passes(oslo)
    assert health(oslo, "acked", "parked") == [1, 1]
    assert counted(a_centre) == 1
    assert [w.id for w in oslo.outbox.take(9)] == []
    assert {good, bad} == {oslo.outbox.sealed(name).id for name in (good, bad)}  # type: ignore[union-attr]


def test_a_signed_refusal_stops_the_sending_not_the_taps(oslo: Terminal, a_centre: Centre) -> None:
    with a_centre.db.writing() as tx:
        tx.execute(models.devices.update().values(revoked_ms=1))
    tap(oslo)
    assert sender_of(oslo).pass_once() == REJECTED_S
    tap(oslo)
    assert health(oslo, "pending", "last_error") == [2, "head office does not accept this device; enrol it again"]


def test_a_centre_that_forgot_the_device_asks_for_another_enrolment(oslo: Terminal, a_centre: Centre) -> None:
    with a_centre.db.writing() as tx:
        for table in (models.enrol_codes, models.screens):
            tx.execute(table.update().values(device_id=None))
        tx.execute(models.driven.delete())
        tx.execute(models.devices.delete())
    tap(oslo)
    sender_of(oslo).pass_once()
    assert health(oslo, "acked", "pending", "last_error") == [1, 0, Kind.REENROL.value]
    assert counted(a_centre) == 0


def test_a_terminal_that_was_taken_out_of_service_can_be_enrolled_again(oslo: Terminal, a_centre: Centre) -> None:
    with a_centre.db.writing() as tx:
        tx.execute(models.devices.update().values(revoked_ms=1))
    tap(oslo)
    assert sender_of(oslo).pass_once() == REJECTED_S
    assert oslo.enrol(enrol_code(a_centre, "Bergen")) == "Enrolled: this screen stands at Bergen."
    assert sender_of(oslo).pace.online
    tap(oslo)
    passes(oslo)
    assert health(oslo, "pending", "last_error") == [0, None]
    assert counted(a_centre) == 1  # what was tapped in Oslo is kept apart: that screen is not this device's


def test_what_an_older_version_cannot_read_is_sent_all_the_same(oslo: Terminal, a_centre: Centre) -> None:
    newer = tap(oslo)
    with oslo.outbox.disk.durable() as db:
        (body,) = db.execute("SELECT body FROM entries WHERE id = ?", (newer,)).fetchone()
        entry = wire.seal({**wire.read_entry(body), "schema": 2, "stamp": {"sundial": "noon"}}, "salt")
        db.execute("UPDATE entries SET body = ?, sha = ? WHERE id = ?", (wire.encode(entry), entry["sha"], newer))
    tap(oslo)
    passes(oslo)
    assert health(oslo, "acked", "pending", "parked") == [2, 0, 0]
    assert counted(a_centre) == 1


def test_what_was_tapped_before_enrolment_is_sent_after_it(
    terminal: Terminal, a_centre: Centre, faulty: tuple[Wire, str]
) -> None:
    tap(terminal, 3)
    tap(terminal, 2)
    assert sender_of(terminal).pass_once() == 60
    terminal.enrol(enrol_code(a_centre, "Oslo"))
    passes(terminal)
    assert counted(a_centre) == 2


def test_an_enrolment_that_does_not_work_says_why(terminal: Terminal) -> None:
    with pytest.raises(TerminalRefused, match="No open enrolment has this code"):
        terminal.enrol("ABCD-EFGH")
    with pytest.raises(TerminalRefused, match="eight letters and digits"):
        terminal.enrol("what?")


def test_an_address_that_is_no_centre_says_so(tmp_path: Path) -> None:
    server = make_server("127.0.0.1", 0, Wire(lambda e, s: status("200 OK")(None, e, s)), threaded=True)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    lost = Terminal(Settings(data=tmp_path / "lost", centre=f"http://127.0.0.1:{server.server_port}"))
    with pytest.raises(TerminalRefused, match="is not a Smilepost centre"):
        lost.enrol("ABCD-EFGH")
    server.shutdown()
    with pytest.raises(TerminalRefused, match="does not answer"):
        lost.enrol("ABCD-EFGH")
    lost.stop()


def test_the_last_good_manifest_is_worked_from_for_ever(oslo: Terminal, tmp_path: Path) -> None:
    oslo.stop()
    again = Terminal(oslo.settings)
    standing = again.standing()
    assert standing is not None
    assert (standing.place, standing.survey) == ("Oslo", BUILTIN)
    assert again.standing("scr-elsewhere") is None
    (oslo.settings.data / "manifest.json").write_text("{")
    again.stop()
    bare = Terminal(oslo.settings)
    assert bare.standing() is not None
    bare.stop()


def test_one_terminal_a_data_folder(oslo: Terminal) -> None:
    with pytest.raises(TerminalRefused, match="Another terminal is running"):
        Terminal(oslo.settings)


def test_a_batch_says_what_the_protocol_asks(oslo: Terminal) -> None:
    tap(oslo)
    sender = sender_of(oslo)
    request = sender._request(oslo._identity, 0.0)
    assert request is not None
    batch, body = request.batch, request.body
    assert len(body) <= wire.MAX_BYTES
    assert wire.encode(wire.read_batch(body)) == body == wire.encode(json.loads(body))
    assert batch.seen[0] > 0
    assert [anchor.boot for anchor in batch.anchors][:1] == [batch.boot]
    (counts,) = batch.health.streams.values()
    assert (counts.sealed, counts.pending) == (1, 1)
    assert batch.health.journal == "wal/full"
    assert batch.health.free_bytes


# What an answer means, and the waiting: pure.


@pytest.mark.parametrize(
    ("code", "signed", "kind"),
    [
        (401, True, Kind.REJECTED),
        (403, True, Kind.REJECTED),
        (409, True, Kind.REENROL),
        (426, True, Kind.UPGRADE),
        (401, False, Kind.BUSY),
        (409, False, Kind.BUSY),
        (426, False, Kind.BUSY),
        (400, True, Kind.BAD),
        (400, False, Kind.NO_ANSWER),
        (413, False, Kind.TOO_LARGE),
        (429, False, Kind.BUSY),
        (503, True, Kind.BUSY),
        (500, False, Kind.ERROR),
        (200, False, Kind.NO_ANSWER),
        (302, False, Kind.NO_ANSWER),
    ],
)
def test_what_a_refusal_means(code: int, signed: bool, kind: Kind) -> None:
    assert judge(code, signed, None).kind is kind


def test_what_was_garbled_on_the_way_is_no_fault_of_the_answers() -> None:
    assert judge(400, True, None, "bad_digest").kind is Kind.GARBLED
    assert judge(400, False, None, "bad_digest").kind is Kind.NO_ANSWER


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("-1", 0.0), ("99999", 3600.0), ("soon", None), (None, None)]
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert judge(503, True, header).retry_after_s == seconds


def test_backing_off_has_full_jitter_and_a_cap() -> None:
    pace = Pace()
    most = [pace.after(Outcome(Kind.NO_ANSWER), [], True, lambda: 1.0) for _ in range(12)]
    assert most[:4] == [2.0, 4.0, 8.0, 16.0]
    assert most[-1] == 300.0
    assert pace.after(Outcome(Kind.NO_ANSWER), [], True, lambda: 0.0) == 0.0
    assert pace.after(Outcome(Kind.ACCEPTED), [], False, lambda: 0.5) == 60.0
    assert pace.after(Outcome(Kind.NO_ANSWER), [], True, lambda: 1.0) == 2.0


def test_a_batch_that_is_too_large_is_halved_until_it_fits() -> None:
    pace, sent = Pace(), [(str(n), 1) for n in range(200)]
    sizes = []
    while pace.limit > 1:
        pace.after(Outcome(Kind.TOO_LARGE), sent[: pace.limit], True, lambda: 1.0)
        sizes.append(pace.limit)
    assert sizes == [100, 50, 25, 12, 6, 3, 1]
    assert pace.alone(Outcome(Kind.TOO_LARGE), sent[0], 0.0) == "rest"  # a proxy said so, not the centre
    assert pace.alone(Outcome(Kind.TOO_LARGE, signed=True), sent[0], 0.0) == "park"
    pace.limit = 1
    pace.after(Outcome(Kind.ACCEPTED), sent[:1], True, lambda: 1.0)
    assert pace.limit == 2


def test_three_tries_before_halving() -> None:
    pace, sent = Pace(), [("a", 1), ("b", 1), ("c", 1), ("d", 1)]
    for _ in range(2):
        pace.after(Outcome(Kind.BAD), sent, True, lambda: 1.0)
        assert pace.limit == 200
    pace.after(Outcome(Kind.BAD), sent, True, lambda: 1.0)
    assert pace.limit == 2


def test_later_means_later() -> None:
    pace = Pace()
    pace.later([wire.Result("a", 1, "later", retry_ms=5000), wire.Result("b", 1, "stored")], now_s=100.0)
    assert pace.resting(104.9) == [("a", 1)]
    assert pace.resting(105.1) == []
