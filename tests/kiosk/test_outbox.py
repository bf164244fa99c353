"""What a terminal holds: nothing that was thanked is lost, nothing that is sealed changes."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.disk import CHECKPOINT_AT_ONCE
from kiosk.outbox import Draft, NotHeld, Outbox, OutboxRefused
from kiosk.schema import APPLICATION_ID
from sync import wire
from tests.boxes import new_id

STAMP = wire.Stamp("boot-1", 5_000, 1_795_000_000_000, False)


def a_draft(value: int = 3, **changes: Any) -> Draft:
    fields: dict[str, Any] = {
        "id": new_id(),
        "rev": 1,
        "screen": "scr-1",
        "placement": "plc-1",
        "survey": "builtin",
        "version": 1,
        "lang": "en",
        "answers": {"visit": value},
        "shown": {},
        "stamp": STAMP,
        "first_ms": 1,
        "total_ms": 2,
        "since_prev_ms": None,
        "flags": [],
    }
    return Draft(**{**fields, **changes})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox(path)
    yield opened
    opened.close()


def sealed(outbox: Outbox, **changes: Any) -> Draft:
    draft = a_draft(**changes)
    outbox.hold(draft, STAMP)
    assert outbox.seal(draft.id, "done", STAMP)
    return draft


def totals(outbox: Outbox) -> tuple[int, int, int, int]:
    counts = outbox.counts().values()
    return (
        sum(c.sealed for c in counts),
        sum(c.acked for c in counts),
        sum(c.pending for c in counts),
        sum(c.parked for c in counts),
    )


def results(verdict: wire.Verdict, *drafts: Draft) -> list[wire.Result]:
    return [wire.Result(draft.id, draft.rev, verdict) for draft in drafts]


def test_a_visit_is_held_sealed_and_taken(outbox: Outbox) -> None:
    draft = a_draft(answers={"visit": 3, "comment": "Merci !"})
    assert outbox.hold(draft, STAMP) == draft
    assert outbox.draft(draft.id) == draft
    assert outbox.take(200) == []
    assert outbox.seal(draft.id, "done", STAMP)
    assert outbox.draft(draft.id) is None
    (waiting,) = outbox.take(200)
    entry = wire.read_response(waiting.body)
    assert (entry.id, entry.rev, entry.seq, entry.ended) == (draft.id, 1, 1, "done")
    assert entry.answers == draft.answers
    assert wire.is_intact(wire.read_entry(waiting.body))
    assert outbox.sealed(draft.id) == draft
    assert totals(outbox) == (1, 0, 1, 0)


def test_a_lower_or_equal_revision_changes_nothing(outbox: Outbox) -> None:
    newer = a_draft(3, rev=2)
    outbox.hold(newer, STAMP)
    for rev in (1, 2):
        assert outbox.hold(a_draft(0, id=newer.id, rev=rev), STAMP) == newer


def test_what_is_sealed_never_changes(outbox: Outbox) -> None:
    draft = sealed(outbox)
    before = outbox.take(200)
    assert not outbox.seal(draft.id, "left", STAMP)
    outbox.hold(a_draft(0, id=draft.id), STAMP)
    assert not outbox.seal(draft.id, "left", STAMP)
    assert outbox.take(200) == before


def test_a_higher_revision_is_another_entry(outbox: Outbox) -> None:
    draft = sealed(outbox)
    sealed(outbox, id=draft.id, rev=2, value=0)
    assert [(w.id, w.rev) for w in outbox.take(200)] == [(draft.id, 1), (draft.id, 2)]
    assert outbox.sealed_rev(draft.id) == 2


def test_the_stream_has_no_gap_across_restarts(path: Path) -> None:
    for _ in range(3):
        outbox = Outbox(path)
        sealed(outbox)
        sealed(outbox)
        outbox.close()
    outbox = Outbox(path)
    entries = [wire.read_response(waiting.body) for waiting in outbox.take(200)]
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert len({entry.stream for entry in entries}) == 1
    assert totals(outbox) == (6, 0, 6, 0)
    outbox.close()


def test_verdicts_settle_what_was_sent(path: Path) -> None:
    outbox = Outbox(path)
    stored, refused, later, unsent = (sealed(outbox) for _ in range(4))
    outbox.settle(results("stored", stored) + results("refused", refused) + results("later", later), 1_795_000_000_001)
    outbox.settle(results("stored", stored, refused), 1_795_000_000_002)  # a parked one stays parked
    assert [w.id for w in outbox.take(200)] == [later.id, unsent.id]
    assert totals(outbox) == (4, 1, 2, 1)
    assert outbox.fact("seen_ms") == "1795000000002"
    outbox.close()
    outbox = Outbox(path)
    assert totals(outbox) == (4, 1, 2, 1)
    outbox.close()


def test_what_was_parked_for_a_server_s_error_can_be_tried_again(outbox: Outbox) -> None:
    one, two = sealed(outbox), sealed(outbox)
    outbox.park([(one.id, 1)], "server_error")
    outbox.park([(two.id, 1)], "too_large")
    assert outbox.take(200) == []
    outbox.unpark("server_error")
    assert [w.id for w in outbox.take(200)] == [one.id]
    assert totals(outbox) == (2, 0, 1, 1)


def test_what_was_refused_without_a_reason_can_be_tried_again_too(outbox: Outbox) -> None:
    draft = sealed(outbox)
    outbox.settle(results("refused", draft), 1_795_000_000_001)
    assert outbox.parked() == {"": 1}
    outbox.try_again()
    assert [w.id for w in outbox.take(9)] == [draft.id]


def test_the_newest_have_a_lane_of_their_own(outbox: Outbox) -> None:
    drafts = [sealed(outbox) for _ in range(60)]
    taken = [w.id for w in outbox.take(20)]
    assert taken == [draft.id for draft in drafts[:18] + drafts[-2:]]
    assert [w.id for w in outbox.take(60)] == [draft.id for draft in drafts]
    assert [w.id for w in outbox.take(61)] == [draft.id for draft in drafts]
    assert [w.id for w in outbox.take(1)] == [drafts[0].id]
    assert [w.id for w in outbox.take(2, resting=[(drafts[0].id, 1)])] == [drafts[1].id, drafts[2].id]


def test_a_damaged_entry_is_parked_and_holds_nobody_up(path: Path) -> None:
    outbox = Outbox(path)
    drafts = [sealed(outbox) for _ in range(3)]
    outbox.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET body = replace(body, '\"visit\":3', '\"visit\":0') WHERE n = 2")
        db.execute("UPDATE entries SET body = x'00ff' WHERE n = 1")
    db.close()
    outbox = Outbox(path)
    assert [w.id for w in outbox.take(200)] == [drafts[2].id]
    assert totals(outbox) == (3, 0, 1, 2)
    outbox.close()


def test_a_damaged_draft_is_put_aside_and_holds_nobody_up(path: Path) -> None:
    outbox = Outbox(path)
    damaged, sound = a_draft(), a_draft()
    for draft in (damaged, sound):
        outbox.hold(draft, STAMP)
    outbox.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE drafts SET body = x'00ff' WHERE id = ?", (damaged.id,))
    db.close()
    outbox = Outbox(path)
    assert outbox.draft(damaged.id) is None
    for name in outbox.drafts_of("scr-1"):
        outbox.seal(name, "left", STAMP)
    assert [w.id for w in outbox.take(9)] == [sound.id]
    assert outbox.disk.rows("SELECT id, rev, body FROM damaged") == [(damaged.id, 1, b"\x00\xff")]
    assert outbox.drafts_of("scr-1") == []
    outbox.close()


def test_first_and_last_anchor_of_each_boot_are_kept(outbox: Outbox) -> None:
    for boottime in (100, 200, 300):
        outbox.starts.anchor(wire.Anchor("boot-1", boottime, 1_000_000 + boottime, 8))
    outbox.starts.anchor(wire.Anchor("boot-2", 7, 2_000_000, 8))
    assert [a.boottime_ms for a in outbox.starts.told({"boot-1"}).anchors] == [100, 300]
    assert [a.boottime_ms for a in outbox.starts.told({"boot-1", "boot-2"}).anchors] == [100, 300, 7]


def test_the_pragmas_are_on(outbox: Outbox, path: Path) -> None:
    assert outbox.disk.journal() == "wal/full"
    for pragma, value in (
        ("application_id", APPLICATION_ID),
        ("user_version", 2),
        ("locking_mode", "exclusive"),
        ("wal_autocheckpoint", 0),
        ("secure_delete", 1),
        ("foreign_keys", 1),
    ):
        assert outbox.disk.row(f"PRAGMA {pragma}") == (value,), pragma
    with sqlite3.connect(path, timeout=0) as intruder, pytest.raises(sqlite3.OperationalError, match="locked"):
        intruder.execute("SELECT * FROM entries").fetchall()


def test_the_journal_stays_short(outbox: Outbox, path: Path) -> None:
    for _ in range(CHECKPOINT_AT_ONCE + 5):
        sealed(outbox)
    wal = path.with_name(path.name + "-wal")
    size = wal.stat().st_size
    for _ in range(3 * CHECKPOINT_AT_ONCE):
        sealed(outbox)
    assert wal.stat().st_size <= 2 * size


def test_a_newer_outbox_is_left_alone(path: Path) -> None:
    Outbox(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(OutboxRefused, match="newer Smilepost"):
        Outbox(path)
    assert path.read_bytes() == before


def test_a_start_that_was_cut_off_before_anything_was_written(path: Path) -> None:
    path.touch()
    outbox = Outbox(path)
    sealed(outbox)
    outbox.close()


def test_a_disk_that_fails_is_never_a_thank_you(outbox: Outbox, path: Path) -> None:
    """A connection that cannot write says so, and the next tap opens the file anew."""
    draft = a_draft()
    outbox.disk._db.close()
    with pytest.raises(NotHeld):
        outbox.hold(draft, STAMP)
    assert outbox.draft(draft.id) is None
    outbox.hold(draft, STAMP)
    assert outbox.draft(draft.id) == draft


KILLED = """
import sys
from pathlib import Path
from kiosk.outbox import Outbox
from tests.kiosk.test_outbox import STAMP, a_draft
outbox = Outbox(Path(sys.argv[1]))
while True:
    draft = a_draft()
    outbox.hold(draft, STAMP)
    print(draft.id, flush=True)
    outbox.seal(draft.id, "done", STAMP)
    print(draft.id, flush=True)
"""


def test_a_process_that_is_killed_keeps_what_it_said(path: Path) -> None:
    said: list[str] = []
    for lines in (3, 40, 151):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        said += [process.stdout.readline().strip() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().split()
        process.wait()
    outbox = Outbox(path)
    kept = {w.id for w in outbox.take(10_000)} | set(outbox.stale_drafts("another boot", 0))
    assert set(said) <= kept
    assert len(kept) <= len(set(said)) + 3
    outbox.close()
