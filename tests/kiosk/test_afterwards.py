"""Days after the ack: head office is restored, a card is copied or rolled back, a start comes in bad times."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update

from kiosk.config import Settings
from kiosk.identity import KeptManifest
from kiosk.keeping import TEXT_MS
from kiosk.outbox import NotHeld
from kiosk.pace import REJECTED_S
from kiosk.terminal import Terminal
from sync import models, wire
from sync.centre import Centre
from sync.office import devices
from sync.office.people import User
from sync.office.rights import Grant, Rights
from tests.bad_days import (
    PORTAL,
    Environ,
    Start,
    Watch,
    Wire,
    counted,
    enrol_code,
    health,
    later,
    passes,
    sender_of,
    status,
    tap,
)
from tests.terminals import Hands

ASTRID = User(1, "astrid@example.com", "Astrid", Rights((Grant("admin", None, "/"),)))
SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What happens here happens at the terminal."""


def forget(centre: Centre, *names: str) -> None:
    """As a restore to an older backup does."""
    with centre.db.writing() as tx:
        for table in (models.receipts, models.responses):
            tx.execute(delete(table).where(table.c.id.in_(names)))
        tx.execute(models.tallies_day.delete())
        tx.execute(models.tallies_hour.delete())


def new_epoch(centre: Centre, name: str) -> None:
    with centre.db.writing() as tx:
        tx.execute(update(models.centre).where(models.centre.c.name == "epoch").values(value=name))


def waits(terminal: Terminal) -> list[str]:
    return [entry.id for entry in terminal.outbox.take(200)]


def through(terminal: Terminal) -> None:
    """Until nothing waits and no audit is due."""
    for _ in range(40):
        later(terminal)
        sender_of(terminal).pass_once()
        if not terminal.outbox.archive.audit.due and not waits(terminal):
            return
    raise AssertionError("still not through")


def asked(faulty: tuple[Wire, str]) -> list[list[Any]]:
    """What each audit asked for so far."""
    return [message["audit"] for message in faulty[0].messages if "audit" in message]


def test_a_restored_head_office_gets_back_what_it_lost(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    names = [tap(oslo) for _ in range(5)]
    passes(oslo)
    forget(a_centre, *names[:2])
    new_epoch(a_centre, "restored")
    through(oslo)
    assert [[name for name, _ in chunk] for chunk in asked(faulty)] == [names]
    assert all("entries" in m and m["entries"] == [] for m in faulty[0].messages if "audit" in m)
    with a_centre.db.reading() as tx:
        held = {row.id for row in tx.execute(models.receipts.select())}
    assert held == set(names)
    assert health(oslo, "acked", "pending", "lost") == [5, 0, 0]


@SQLITE_ONLY
def test_what_is_missing_and_no_longer_here_is_said(oslo: Terminal, a_centre: Centre) -> None:
    names = [tap(oslo) for _ in range(3)]
    passes(oslo)
    oslo.outbox.archive.tidy(a_centre.now_ms(), "none", 10**9)
    forget(a_centre, names[1])
    new_epoch(a_centre, "restored")
    through(oslo)
    assert health(oslo, "acked", "pending", "lost") == [3, 0, 1]


@SQLITE_ONLY
def test_an_audit_goes_in_parts_and_on_after_a_start(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    names = [tap(oslo) for _ in range(5)]
    passes(oslo)
    new_epoch(a_centre, "restored")
    later(oslo)
    sender_of(oslo).pass_once()
    sender_of(oslo).pace.audit_limit = 2
    sender_of(oslo).pass_once()
    with restarted(oslo) as again:
        sender_of(again).pace.audit_limit = 2
        through(again)
    assert [[name for name, _ in chunk] for chunk in asked(faulty)] == [names[:2], names[2:4], names[4:]]


@SQLITE_ONLY
def test_an_audit_that_fails_holds_no_answers_up(oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre) -> None:
    def choke(wire_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
        message, environ = wire_.read(environ)
        if "audit" in message:
            return status("500 Internal Server Error")(wire_, {**environ, "CONTENT_LENGTH": "0"}, start)
        return wire_.well(environ, start)

    tap(oslo)
    passes(oslo)
    new_epoch(a_centre, "restored")
    faulty[0].days = [choke] * 12
    while faulty[0].days:
        tap(oslo)
        later(oslo, 20)
        sender_of(oslo).pass_once()
    assert oslo.outbox.archive.audit.due
    acked, pending = health(oslo, "acked", "pending")
    assert acked >= 6
    assert pending <= 3
    through(oslo)
    assert counted(a_centre) == 13


@contextmanager
def restarted(terminal: Terminal, **changes: Any) -> Any:
    """The same terminal after its process ended and began again."""
    terminal.stop()
    again = Terminal(terminal.settings, changes.get("clock") or Hands(), *changes.get("hardware", ()))
    sender_of(again)._monotonic = Watch()
    yield again
    again.stop()


@SQLITE_ONLY
def test_a_restart_in_bad_times_neither_hurries_nor_freezes(oslo: Terminal, faulty: tuple[Wire, str]) -> None:
    tap(oslo)
    faulty[0].days = [status("503 Service Unavailable", Retry_After="600")]
    sender_of(oslo)._chance = lambda: 0.999
    assert sender_of(oslo).pass_once() == 600
    with restarted(oslo) as again:
        assert 590 < sender_of(again).resume() <= 600
        assert not sender_of(again).pace.online
        assert again.health()["last_error"] == "head office is busy"
        again.clock.ahead_ms = 700_000
        assert sender_of(again).resume() == 0
        passes(again)
        assert sender_of(again).resume() <= 60
        assert health(again, "pending", "last_error") == [0, None]


@SQLITE_ONLY
def test_what_is_refused_is_asked_with_an_empty_request(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    with a_centre.db.writing() as tx:
        tx.execute(models.devices.update().values(revoked_ms=1))
    tap(oslo)
    assert sender_of(oslo).pass_once() == REJECTED_S
    assert len(faulty[0].messages[-1]["entries"]) == 1
    assert sender_of(oslo).pass_once() == REJECTED_S
    assert faulty[0].messages[-1]["entries"] == []
    with a_centre.db.writing() as tx:
        tx.execute(models.devices.update().values(revoked_ms=None))
    assert sender_of(oslo).pass_once() == 0
    passes(oslo)
    assert counted(a_centre) == 1


@SQLITE_ONLY
def test_a_card_that_was_rolled_back_begins_a_new_stream(oslo: Terminal, a_centre: Centre, tmp_path: Path) -> None:
    folder = oslo.settings.data
    tap(oslo)
    passes(oslo)
    oslo.stop()
    shutil.copytree(folder, tmp_path / "image")
    with restarted(oslo) as ahead:
        for _ in range(3):
            tap(ahead)
        passes(ahead)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "image", folder)
    with restarted(oslo) as back:
        stream = back.outbox.stream
        tap(back)
        passes(back)
        assert back.outbox.stream != stream
        tap(back)
        passes(back)
        assert set(back.outbox.counts()) == {stream, back.outbox.stream}
    assert counted(a_centre) == 6


def on(hardware: str) -> tuple[Callable[[], str]]:
    return (lambda: hardware,)


@SQLITE_ONLY
def test_a_card_in_another_machine_goes_on_and_asks_to_be_enrolled(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    before = tap(oslo)
    stream, old = oslo.outbox.stream, oslo._identity
    with restarted(oslo, hardware=on("another machine")) as moved:
        assert moved.outbox.stream != stream
        tap(moved)
        passes(moved)
        assert counted(a_centre) == 2
        told = wire.read_batch(wire.encode(faulty[0].messages[-1])).health
        assert (told.fingerprint, told.stream) == ("another machine", moved.outbox.stream)
        assert moved.health()["moved"] is True
        moved.enrol(enrol_code(a_centre, "Bergen"))
        assert moved._identity.install not in (old.install, "")
        assert moved.health()["moved"] is False
        new_stream = moved.outbox.stream
        tap(moved)
        passes(moved)
    assert counted(a_centre) == 3
    with restarted(oslo, hardware=on("another machine")) as settled:
        assert settled.outbox.stream == new_stream
        assert settled.outbox.sealed_rev(before) == 1


@SQLITE_ONLY
def test_the_numbers_of_a_card_stand_with_the_box_that_it_is_in(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    """The ordinary repair: the board broke, the card goes into another one, and what still waits on it with it."""
    tap(oslo)
    passes(oslo)
    old, waiting = oslo._identity.device, oslo.outbox.stream
    tap(oslo)
    with restarted(oslo, hardware=on("another board")) as moved:
        tap(moved)
        between = moved.outbox.stream
        moved.enrol(enrol_code(a_centre, "Bergen"))
        new = moved._identity.device
        assert new != old
        for _ in range(3):
            tap(moved)
        assert moved.outbox.stream not in (waiting, between)
        passes(moved)
        with a_centre.db.reading() as tx:
            rows = {row.stream: (row.device_id, row.n, row.sealed) for row in tx.execute(select(models.streams))}
            both = devices.terminals(tx, [old, new], ASTRID.rights.roots(), a_centre.now_ms())
        assert rows == {waiting: (new, 2, 2), between: (new, 1, 1), moved.outbox.stream: (new, 3, 3)}
        assert {each.id: each.counts.owed for each in both} == {old: 0, new: 0}
        # Enrolled anew by itself it begins a stream of its own, and what was delivered stays where it was.
        with a_centre.db.writing() as tx:
            tx.execute(update(models.devices).where(models.devices.c.id == new).values(revoked_ms=1))
        before = moved.outbox.stream
        moved.enrol(enrol_code(a_centre, "Molde"))
        tap(moved)
        passes(moved)
        with a_centre.db.reading() as tx:
            owners = {row.stream: row.device_id for row in tx.execute(select(models.streams))}
        assert owners == {waiting: new, between: new, before: new, moved.outbox.stream: moved._identity.device}


def test_a_copied_card_that_nobody_knows_yet_becomes_another(tmp_path: Path) -> None:
    one = Terminal(Settings(data=tmp_path), Hands(), *on("one"))
    install = one._identity.install
    one.stop()
    other = Terminal(Settings(data=tmp_path), Hands(), *on("other"))
    assert other._identity.install != install
    assert other.health()["moved"] is False
    other.stop()


@SQLITE_ONLY
def test_the_last_good_manifest_stays_and_it_is_said(oslo: Terminal, faulty: tuple[Wire, str]) -> None:
    standing = oslo.standing()
    manifest = wire.Manifest({"scr-1": wire.ScreenManifest("p", [{"id": "nonsense"}], ["en"], "Oslo", "UTC")})
    for told in (KeptManifest("e", manifest), False):
        oslo.standings.take(told)
        assert oslo.standing() == standing
        assert "manifest cannot be used" in oslo.health()["last_error"]  # type: ignore[operator]
        assert oslo._wire_health().last_error
    sender_of(oslo).fetch_manifest()
    assert oslo.health()["last_error"] is None


@SQLITE_ONLY
def test_a_manifest_whose_ids_no_answer_could_carry_is_not_worked_from(oslo: Terminal) -> None:
    (good, *_), standing = oslo._kept.manifests(), oslo.standing()
    (screen,) = good.manifest.screens.values()
    for name in ("", "the till", "kasse-ø", "x" * 81, "till\n"):
        for unusable in ({name: screen}, {"scr-1": msgspec.structs.replace(screen, placement=name)}):
            oslo.standings.take(KeptManifest("e", wire.Manifest(unusable)))
            assert oslo.standing() == standing
            assert "has an id that is" in str(oslo.standings.problem)
    oslo.standings.take(good)
    assert oslo.standings.problem is None


@SQLITE_ONLY
def test_an_answer_of_somebody_else_counts_for_nothing(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    def forged(wire_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
        message, _ = wire_.read(environ)
        results = [wire.Result(entry["id"], entry["rev"], "stored") for entry in message["entries"]]
        answer = wire.encode(wire.Answer(1, message["batch"], "another", 1, results, {}))
        signature = wire.sign_answer(b"somebody else's", 200, environ["HTTP_SMILEPOST_REQUEST"], answer)
        start("200 OK", [("Content-Type", "application/json"), (wire.SIGNATURE_HEADER, signature)])
        return [answer]

    name = tap(oslo)
    faulty[0].days = [forged, PORTAL]
    for _ in range(2):
        later(oslo)
        sender_of(oslo).pass_once()
    assert waits(oslo) == [name]
    assert oslo.outbox.archive.audit.epoch != "another"
    passes(oslo)
    assert counted(a_centre) == 1


@SQLITE_ONLY
def test_words_are_wiped_while_the_terminal_looks_after_itself(oslo: Terminal, a_centre: Centre) -> None:
    name = tap(oslo, comment="nobody at the till")
    passes(oslo)
    oslo.upkeep.tidy()
    assert oslo.outbox.sealed(name).answers == {"visit": 3, "comment": "nobody at the till"}  # type: ignore[union-attr]
    oslo.clock.ahead_ms = TEXT_MS + 1  # type: ignore[attr-defined]
    oslo.upkeep.tidy()
    assert oslo.outbox.sealed(name).answers == {"visit": 3}  # type: ignore[union-attr]
    assert b"nobody at the till" not in (oslo.settings.data / "outbox.sqlite3").read_bytes()
    journal = oslo.settings.data / "outbox.sqlite3-wal"
    assert not journal.exists() or b"nobody at the till" not in journal.read_bytes()


@SQLITE_ONLY
def test_an_answer_that_the_disk_does_not_take_is_asked_for_again(
    oslo: Terminal, faulty: tuple[Wire, str], a_centre: Centre
) -> None:
    def disk_fails(wire_: Wire, environ: Environ, start: Start) -> Iterable[bytes]:
        answer = wire_.well(environ, start)
        oslo.outbox.disk._db.close()
        return answer

    name, sender = tap(oslo), sender_of(oslo)
    faulty[0].days = [disk_fails]
    with pytest.raises(NotHeld):
        sender.pass_once()
    assert waits(oslo) == [name]
    assert [sender.pace.unwritten(lambda: 1.0) for _ in range(3)] == [3.0, 5.0, 9.0]
    passes(oslo)
    assert counted(a_centre) == 1
