"""An outbox that was hurt: it is moved aside, never deleted, and what can be read of it comes back."""

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk import aside, health, pages
from kiosk.outbox import Draft, NotHeld, Outbox
from sync import wire
from tests.kiosk.test_outbox import STAMP, a_draft, results, sealed

LONG = "It took so long. " * 600
"""More than a page of the file has room for."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


@contextmanager
def opened(path: Path) -> Iterator[Outbox]:
    outbox = Outbox(path)
    try:
        while not outbox.salvage(5.0):
            pass
        yield outbox
    finally:
        outbox.close()


class Day:
    """What an outbox holds in the evening: acked, waiting and parked entries, somebody at the screen, anchors."""

    def __init__(self, path: Path, entries: int = 40) -> None:
        with opened(path) as outbox:
            self.stream = outbox.fact("stream")
            made = [sealed(outbox, **_answers(number)) for number in range(entries)]
            self.acked, self.parked, self.waiting = (
                made[: entries // 2],
                made[entries // 2 :][:2],
                made[entries // 2 + 2 :],
            )
            outbox.settle(results("stored", *self.acked) + results("refused", *self.parked), 1_795_000_000_000)
            self.there = a_draft(answers={"visit": 2, "comment": LONG})
            outbox.hold(self.there, STAMP)
            outbox.starts.began("boot-1")
            outbox.starts.anchor(wire.Anchor("boot-1", 7, 1_795_000_000_000, 8))
            outbox.remember("epoch", "e-1")

    def came_back(self, outbox: Outbox) -> bool:
        """Whether everything is as it was, each with what was known of it."""
        states = {row[:2]: row[2] for row in outbox.disk.rows("SELECT id, rev, state FROM entries")}
        assert states == (
            {(draft.id, 1): "acked" for draft in self.acked}
            | {(draft.id, 1): "parked" for draft in self.parked}
            | {(draft.id, 1): "sealed" for draft in self.waiting}
        )
        assert {waiting.id for waiting in outbox.take(200)} == {draft.id for draft in self.waiting}
        assert all(outbox.sealed(draft.id) == draft for draft in [*self.acked, *self.parked, *self.waiting])
        assert outbox.draft(self.there.id) == self.there
        assert (outbox.fact("seen_ms"), outbox.fact("epoch")) == ("1795000000000", "e-1")
        told = outbox.starts.told(None)
        assert ([anchor.boottime_ms for anchor in told.anchors], told.boots) == ([7], {"boot-1": 1})
        counted = outbox.counts()[self.stream]
        known = (len(self.acked), len(self.waiting), len(self.parked))
        assert (counted.acked, counted.pending, counted.parked) == known
        assert (health.aside(outbox), health.damaged(outbox)) == (1, 0)
        assert outbox.fact("stream") != self.stream
        return True


def _answers(number: int) -> dict[str, object]:
    return {"answers": {"visit": 3, "comment": LONG[: number * 400]}} if number % 5 == 0 else {}


def without_a_header(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:100] = bytes(100)
    path.write_bytes(content)


def with_another_s_header(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:100] = random.Random(7).randbytes(100)
    path.write_bytes(content)


def with_a_version_that_never_was(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[60:64] = b"\xff\x00\xff\x00"
    path.write_bytes(content)


@pytest.mark.parametrize("hurt", [without_a_header, with_another_s_header, with_a_version_that_never_was])
def test_what_a_damaged_file_held_comes_back(path: Path, hurt: Callable[[Path], None]) -> None:
    day = Day(path)
    hurt(path)
    before = path.read_bytes()
    with opened(path) as outbox:
        assert day.came_back(outbox)
        assert outbox.disk.storage is None
    ((_, kept),) = aside.files(path.parent).items()
    assert kept.read_bytes() == before
    with opened(path) as outbox:  # and nothing is brought back twice
        assert day.came_back(outbox)


def test_a_cut_off_file_gives_what_is_left_and_says_how_many_are_gone(path: Path) -> None:
    day = Day(path, entries=400)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with opened(path) as outbox:
        back = {row[0] for row in outbox.disk.rows("SELECT id FROM entries")}
        every = {draft.id for draft in [*day.acked, *day.parked, *day.waiting]}
        assert back < every
        assert len(back) > 100
        assert health.damaged(outbox) == len(every - back)
        assert outbox.counts()[day.stream].sealed == 400


def test_damaged_pages_cost_what_lies_in_them_and_nothing_else(path: Path) -> None:
    """Each page of the file in turn, overwritten with what a dying card gives back."""
    day = Day(path, entries=12)
    sound, every = path.read_bytes(), {draft.id for draft in [*day.acked, *day.parked, *day.waiting]}
    for number in range(len(sound) // 4096):
        for name in path.parent.iterdir():
            name.unlink()
        path.write_bytes(sound[: number * 4096] + random.Random(number).randbytes(4096) + sound[(number + 1) * 4096 :])
        with opened(path) as outbox:
            back = {row[0] for row in outbox.disk.rows("SELECT id FROM entries")}
            assert back <= every
            assert len(every - back) <= 8, number
            sealed(outbox)


def test_a_page_whose_order_is_lost_is_searched(path: Path) -> None:
    day = Day(path, entries=12)
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 8] = b"\x99" * 8
    path.write_bytes(content)
    with opened(path) as outbox:
        back = {row[0] for row in outbox.disk.rows("SELECT id FROM entries WHERE state = 'sealed'")}
        short = {draft.id for draft in [*day.acked, *day.parked, *day.waiting] if len(draft.answers) == 1}
        assert len(back & short) >= len(short) - 1


def left_running(path: Path, taps: int) -> list[Draft]:
    """An outbox whose power went: its journal is still there."""
    outbox = Outbox(path)
    sealed(outbox)
    outbox.disk.checkpoint(idle=True)
    drafts = [sealed(outbox) for _ in range(taps)]
    wal = path.with_name(path.name + "-wal")
    copies = path.read_bytes(), wal.read_bytes()
    outbox.close()
    path.write_bytes(copies[0])
    wal.write_bytes(copies[1])
    return drafts


def test_a_damaged_byte_in_the_journal_costs_one_tap_and_not_all_behind_it(path: Path) -> None:
    drafts = left_running(path, 20)
    wal = path.with_name(path.name + "-wal")
    content = bytearray(wal.read_bytes())
    content[len(content) // 4] ^= 0xFF
    wal.write_bytes(content)
    with opened(path) as outbox:
        back = {row[0] for row in outbox.disk.rows("SELECT id FROM entries UNION SELECT id FROM drafts")}
        assert len({draft.id for draft in drafts} - back) <= 1
        assert health.aside(outbox) == 1
    (kept,) = aside.files(path.parent).values()
    assert kept.with_name(kept.name + "-wal").read_bytes() == content


def test_a_journal_without_its_header_is_read_all_the_same(path: Path) -> None:
    drafts = left_running(path, 20)
    wal = path.with_name(path.name + "-wal")
    wal.write_bytes(bytes(32) + wal.read_bytes()[32:])
    with opened(path) as outbox:
        assert {draft.id for draft in drafts} <= {row[0] for row in outbox.disk.rows("SELECT id FROM entries")}


def test_a_torn_last_commit_is_no_damage(path: Path) -> None:
    left_running(path, 5)
    wal = path.with_name(path.name + "-wal")
    wal.write_bytes(wal.read_bytes()[:-300])
    with opened(path) as outbox:
        assert health.aside(outbox) == 0


def another_program_s(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE songs (title TEXT PRIMARY KEY, singer TEXT NOT NULL) WITHOUT ROWID")
        other.execute("INSERT INTO songs VALUES ('epoch', 'somebody else')")
    other.close()


def a_diary(path: Path) -> None:
    path.write_text("Dear diary, today I was moved here by mistake.")


def an_empty_header(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0 but cut off")


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [another_program_s, a_diary, an_empty_header, a_folder, a_pipe])
def test_another_s_file_is_kept_and_nothing_of_it_believed(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with opened(path) as outbox:
        draft = sealed(outbox)
        assert [waiting.id for waiting in outbox.take(9)] == [draft.id]
        assert (health.aside(outbox), outbox.fact("epoch")) == (1, "")
    (kept,) = aside.files(path.parent).values()
    assert (kept.read_bytes() if kept.is_file() else None) == before


@pytest.mark.parametrize("part", ["-wal", "-journal", "-shm"])
@pytest.mark.parametrize("make", [a_folder, a_pipe])
def test_what_is_no_file_in_the_place_of_a_journal_is_moved_out_of_the_way(
    path: Path, part: str, make: Callable[[Path], None]
) -> None:
    day, odd = Day(path), path.with_name(path.name + part)
    odd.unlink(missing_ok=True)
    make(odd)
    with opened(path) as outbox:
        assert outbox.disk.storage is None
        assert sealed(outbox).id in [waiting.id for waiting in outbox.take(99)]
    with opened(path) as outbox:
        states = {row[:2]: row[2] for row in outbox.disk.rows("SELECT id, rev, state FROM entries")}
        assert {draft.id for draft in day.waiting} <= {name for (name, _), state in states.items() if state == "sealed"}
        assert len(states) == 41
        assert health.aside(outbox) == 1
    (kept,) = aside.files(path.parent).values()
    assert not kept.with_name(kept.name + part).is_file()


def test_a_folder_that_takes_a_journal_s_place_while_the_file_is_shut(path: Path) -> None:
    """Behind the terminal's back, between two tries of a disk in trouble."""
    outbox = Outbox(path)
    kept = sealed(outbox)
    outbox.disk._close()
    path.with_name(path.name + "-journal").mkdir()
    until = time.monotonic() + 10
    while True:
        try:
            outbox.salvage(1.0)
            draft = sealed(outbox)
            break
        except NotHeld:
            assert time.monotonic() < until
            time.sleep(0.2)
    assert outbox.salvage(5.0)
    assert {waiting.id for waiting in outbox.take(9)} == {kept.id, draft.id}
    assert outbox.disk.storage is None
    outbox.close()


def test_damage_that_is_only_found_while_customers_tap(path: Path) -> None:
    day = Day(path, entries=200)
    outbox = Outbox(path)
    with path.open("r+b") as file:  # behind its back; nothing of it is cached
        for page in range(1, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\x99" * 8)
    outbox.disk.rows("PRAGMA shrink_memory")
    held, draft = False, a_draft()
    for _ in range(3):
        try:
            held = outbox.hold(draft, STAMP) == draft
            break
        except NotHeld:
            pass
    assert held
    while not outbox.salvage(5.0):
        pass
    assert health.aside(outbox) == 1
    assert outbox.disk.storage is None
    assert len(outbox.take(1000)) > 130  # the long ones alone lie in more pages than one
    assert day.stream != outbox.fact("stream")
    outbox.close()


def test_a_salvage_that_is_cut_off_begins_again(path: Path) -> None:
    day = Day(path)
    without_a_header(path)
    cut = Outbox(path)
    with cut.disk.durable() as db:
        db.execute("DELETE FROM facts WHERE name LIKE 'salvaged:%'")
        db.execute("DELETE FROM entries WHERE n > 3")
    cut.close()
    with opened(path) as outbox:
        ids = {row[0] for row in outbox.disk.rows("SELECT id FROM entries")}
        assert ids == {draft.id for draft in [*day.acked, *day.parked, *day.waiting]}


def test_a_file_that_nobody_can_make_sense_of_holds_no_screen_up(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    day = Day(path)
    without_a_header(path)

    def nothing_to_read(_path: Path) -> Iterator[bytes]:
        raise PermissionError("not yours")

    with monkeypatch.context() as patched:
        patched.setattr(pages, "records", nothing_to_read)
        with opened(path) as outbox:
            sealed(outbox)
    assert "is left as it is until the next start (PermissionError)" in caplog.text
    with opened(path) as outbox:  # whoever let us read it
        assert outbox.disk.row("SELECT count(*) FROM entries") == (41,)
        assert outbox.draft(day.there.id) == day.there


def test_a_month_offline_in_a_damaged_file_keeps_no_screen_waiting(path: Path) -> None:
    Outbox(path).close()
    entry = wire.read_entry(b"{}")
    with sqlite3.connect(path) as db:
        for seq in range(1, 20_001):
            entry = wire.seal({"kind": "response", "id": f"01890000-0000-7000-8000-{seq:012x}", "rev": 1, "schema": 1,
                               "stream": "s-1", "seq": seq, "answers": {"visit": 3}, "version": 1}, "salt")  # fmt: skip
            db.execute(
                "INSERT INTO entries (id, rev, stream, seq, state, sha, body, sealed_boot, sealed_boottime_ms,"
                " sealed_wall_ms) VALUES (?, 1, 's-1', ?, 'sealed', ?, ?, 'b', 1, 1)",
                (entry["id"], seq, entry["sha"], wire.encode(entry)),
            )
    db.close()
    without_a_header(path)
    outbox = Outbox(path)
    sealed(outbox)
    assert health.damaged(outbox) == 0  # some are still on their way
    while not outbox.salvage(5.0):
        pass
    assert outbox.disk.row("SELECT count(*) FROM entries") == (20_001,)
    outbox.close()


def test_the_reader_of_pages_reads_what_sqlite_wrote(path: Path) -> None:
    day = Day(path, entries=150)
    with sqlite3.connect(path) as db:
        told = set(db.execute("SELECT id, rev, stream, seq, state, sha, body FROM entries"))
    db.close()
    found = {
        record.values[1:8]
        for record in pages.records(path)
        if not isinstance(record, bytes)
        and record.in_table
        and len(record.values) > 8
        and record.values[4] in range(999)
    }
    assert told <= found
    assert day.stream in {row[2] for row in told}
