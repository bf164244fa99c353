"""What becomes of an entry after its ack: asked after, sent again, wiped, let go, and never forgotten."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk import health, schema
from kiosk.archive import Question
from kiosk.audits import Revision, is_lost
from kiosk.keeping import BODY_MS, DAY_MS, TEXT_MS, Room
from kiosk.outbox import Draft, Outbox
from kiosk.starts import Starts, concerned
from sync import wire
from tests.kiosk.test_outbox import STAMP, a_draft, results, sealed, totals

NOW = STAMP.wall_ms
WORDS = "nobody at the till"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """One that has met its centre."""
    opened = Outbox(tmp_path / "outbox.sqlite3")
    note(opened, an_answer())
    yield opened
    opened.close()


def acked(outbox: Outbox, at_ms: int = NOW, verdict: wire.Verdict = "stored", **changes: Any) -> Draft:
    draft = sealed(outbox, **changes)
    outbox.settle(results(verdict, draft), at_ms)
    return draft


def an_answer(server_ms: int = NOW, *missing: Draft, epoch: str = "e1", **fields: Any) -> wire.Answer:
    told = [(draft.id, draft.rev) for draft in missing]
    return wire.Answer(1, "b", epoch, server_ms, [], fields.pop("have", {}), missing=told, **fields)


def note(outbox: Outbox, answer: wire.Answer, question: Question | None = None) -> None:
    outbox.archive.find(answer, question)
    outbox.archive.note(answer, question, lambda: 0.5, UTC)


def audited(outbox: Outbox, server_ms: int, *missing: Draft) -> None:
    """A whole audit, asked for by the centre."""
    note(outbox, an_answer(server_ms, do=["audit"]))
    while outbox.archive.audit.due:
        note(outbox, an_answer(server_ms, *missing), outbox.archive.question(3))


def tidy(outbox: Outbox, server_ms: int, room: Room = "enough", wanted: int = 0) -> None:
    while outbox.archive.tidy(server_ms, room, wanted):
        pass


def body(outbox: Outbox, draft: Draft) -> dict[str, Any] | None:
    row = outbox.disk.row("SELECT body FROM entries WHERE id = ? AND rev = ?", draft.id, draft.rev)
    assert row is not None
    return wire.read_entry(row[0]) if row[0] is not None else None


def with_words(**changes: Any) -> dict[str, Any]:
    return {"answers": {"visit": 0, "comment": WORDS}, **changes}


def test_words_go_when_a_backup_has_them(outbox: Outbox, tmp_path: Path) -> None:
    early, late = acked(outbox, NOW, **with_words()), acked(outbox, NOW + 2000, **with_words())
    note(outbox, an_answer(NOW + 3000, backed_up_ms=NOW + 1000))
    tidy(outbox, NOW + 3000)
    wiped = body(outbox, early)
    assert wiped is not None
    assert wire.is_intact(wiped)
    assert (wiped["answers"], list(wiped["wiped"])) == ({"visit": 0}, ["comment"])
    assert (body(outbox, late) or {})["answers"]["comment"] == WORDS
    tidy(outbox, NOW + 2000 + TEXT_MS + 1)
    assert (body(outbox, late) or {})["answers"] == {"visit": 0}
    outbox.close()
    assert WORDS.encode() not in (tmp_path / "outbox.sqlite3").read_bytes()


def test_a_damaged_body_goes_with_its_words(outbox: Outbox, tmp_path: Path) -> None:
    """Seed 332 of the simulation: it could still be read, but the words no longer stood where words are looked for."""
    draft = acked(outbox, NOW, **with_words())
    query = "UPDATE entries SET body = CAST(replace(body, '\"answers\"', '\"anzwers\"') AS BLOB) WHERE id = ?"
    with outbox.disk.durable() as db:
        db.execute(query, (draft.id,))
    note(outbox, an_answer(NOW, backed_up_ms=NOW + 1))
    tidy(outbox, NOW)
    assert body(outbox, draft) is None


def test_words_stay_while_an_audit_is_due(outbox: Outbox) -> None:
    draft = acked(outbox, **with_words())
    note(outbox, an_answer(NOW, epoch="e1", backed_up_ms=NOW + 1, do=["audit"]))
    tidy(outbox, NOW + TEXT_MS + 1)
    assert (body(outbox, draft) or {})["answers"]["comment"] == WORDS


def test_what_was_erased_is_wiped_at_once_and_still_asked_after(outbox: Outbox) -> None:
    waits = sealed(outbox, **with_words())
    higher = sealed(outbox, **with_words(id=waits.id, rev=2))
    outbox.settle(results("erased", waits), NOW)
    for draft in (waits, higher):
        left = body(outbox, draft)
        assert left is not None
        assert "comment" not in left["answers"]
        assert wire.is_intact(left)
    assert [(w.id, w.rev) for w in outbox.take(9)] == [(higher.id, 2)]
    assert outbox.archive.question(9).pairs == [(waits.id, 1)]


def test_a_body_goes_after_an_audit_a_month_later(outbox: Outbox) -> None:
    old, young = acked(outbox, NOW - BODY_MS - 1), acked(outbox, NOW)
    tidy(outbox, NOW)
    assert body(outbox, old)
    audited(outbox, NOW)
    tidy(outbox, NOW)
    assert body(outbox, old) is None
    assert body(outbox, young)
    assert outbox.sealed_rev(old.id) == 1
    assert (old.id, 1) in outbox.archive.question(9).pairs
    assert totals(outbox) == (2, 2, 0, 0)


def test_what_the_centre_misses_is_sent_again(outbox: Outbox) -> None:
    held, missed, other = (acked(outbox) for _ in range(3))
    waits = sealed(outbox)
    audited(outbox, NOW, missed, waits)
    assert [w.id for w in outbox.take(9)] == [missed.id, waits.id]
    assert totals(outbox) == (4, 2, 2, 0)
    assert outbox.archive.question(9).pairs == [(held.id, 1), (other.id, 1)]
    assert outbox.archive.lost() == 0


def test_a_body_that_went_while_the_centre_was_asked_is_lost_and_not_sent_empty(outbox: Outbox) -> None:
    """Found by the simulation: the disk was full between the question and its answer."""
    missed = acked(outbox)
    note(outbox, an_answer(NOW, do=["audit"]))
    question = outbox.archive.question(9)
    tidy(outbox, NOW, "none", 10**9)
    note(outbox, an_answer(NOW, missed), question)
    assert outbox.take(9) == []
    assert outbox.archive.lost() == 1
    assert totals(outbox) == (1, 1, 0, 0)


def test_what_nobody_holds_any_more_is_lost_until_it_is_found(outbox: Outbox) -> None:
    gone, revised = acked(outbox), acked(outbox)
    tidy(outbox, NOW, "none", 10**9)
    sealed(outbox, id=revised.id, rev=2)
    audited(outbox, NOW, gone, revised)
    assert outbox.archive.lost() == 1
    audited(outbox, NOW, gone, revised)
    assert outbox.archive.lost() == 1
    audited(outbox, NOW)
    assert outbox.archive.lost() == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["sealed", "acked", "gone"])), unique_by=lambda t: t[0]))
def test_the_database_counts_what_is_lost_as_the_rule_does(
    tmp_path_factory: pytest.TempPathFactory, revisions: list[tuple[int, str]]
) -> None:
    box = Outbox(tmp_path_factory.mktemp("lost") / "outbox.sqlite3")
    name = a_draft().id
    with box.disk.durable() as db:
        for rev, state in revisions:
            db.execute(
                "INSERT INTO entries VALUES (NULL, ?, ?, 's', ?, ?, '', NULL, 'b', 0, 0, NULL, NULL, 0, 0, ?)",
                (name, rev, rev, "sealed" if state == "sealed" else "acked", "gone" if state == "gone" else None),
            )
    assert box.archive.lost() == is_lost(Revision(rev, state == "gone") for rev, state in revisions)
    box.close()


def test_under_pressure_the_oldest_go_first_and_what_waits_never(outbox: Outbox) -> None:
    drafts = [acked(outbox, NOW + number) for number in range(4)]
    waits, parked = sealed(outbox), sealed(outbox)
    outbox.park([(parked.id, 1)], "bad_shape")
    outbox.archive.tidy(NOW, "little", 700)
    assert [body(outbox, draft) is None for draft in drafts] == [True, True, False, False]
    tidy(outbox, NOW, "none", 10**9)
    assert [body(outbox, draft) is None for draft in drafts] == [True] * 4
    assert body(outbox, waits)
    assert body(outbox, parked)
    assert totals(outbox) == (6, 4, 1, 1)


def test_an_audit_that_is_due_keeps_bodies_unless_nothing_fits_any_more(outbox: Outbox) -> None:
    draft = acked(outbox)
    note(outbox, an_answer(do=["audit"]))
    tidy(outbox, NOW, "little", 10**9)
    assert body(outbox, draft)
    tidy(outbox, NOW, "none", 10**9)
    assert body(outbox, draft) is None


def test_room_that_is_made_is_used_again(outbox: Outbox) -> None:
    for number in range(150):
        sealed(outbox, answers={"visit": 3, "comment": "x" * 300}, value=number)
    outbox.settle(results("stored", *[a_draft(id=w.id) for w in outbox.take(200)]), NOW)
    tidy(outbox, NOW, "none", 10**9)
    free, pages = (outbox.disk.row(f"PRAGMA {name}") for name in ("freelist_count", "page_count"))
    assert free is not None
    assert pages is not None
    assert free[0] > pages[0] / 4
    for _ in range(60):
        sealed(outbox, answers={"visit": 3, "comment": "x" * 300})
    assert outbox.disk.row("PRAGMA page_count") == pages


def test_the_cursor_of_an_audit_outlives_a_start(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    before = Outbox(path)
    drafts = [acked(before) for _ in range(5)]
    note(before, an_answer(do=["audit"]))
    note(before, an_answer(), before.archive.question(2))
    before.close()
    after = Outbox(path)
    assert after.archive.audit.due
    assert after.archive.question(9).pairs == [(draft.id, 1) for draft in drafts[2:]]
    after.close()


def test_an_answer_that_says_nothing_of_what_is_missing_ends_the_audit(outbox: Outbox) -> None:
    acked(outbox)
    note(outbox, an_answer(do=["audit"]))
    question = outbox.archive.question(9)
    note(outbox, wire.Answer(1, "b", "e1", NOW, [], {}), question)
    assert not outbox.archive.audit.due
    assert outbox.archive.audit.done_ms is None


def test_a_new_stream(outbox: Outbox) -> None:
    first = sealed(outbox)
    stream = outbox.stream
    outbox.rotate()
    second = sealed(outbox)
    entries = [wire.read_response(waiting.body) for waiting in outbox.take(9)]
    assert [(e.id, e.stream, e.seq) for e in entries] == [(first.id, stream, 1), (second.id, outbox.stream, 1)]
    assert {name: c.sealed for name, c in outbox.counts().items()} == {stream: 1, outbox.stream: 1}


def test_an_outbox_of_the_first_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    entry = wire.seal({"id": "a", "rev": 1, "answers": {"visit": 0, "comment": WORDS}}, "pepper")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(schema._MIGRATIONS[0])
        db.execute("INSERT INTO facts VALUES ('stream', 's1'), ('next_seq', '4')")
        for seq, state, boot in ((1, "acked", "b1"), (2, "parked", "b1"), (3, "sealed", "b2")):
            db.execute(
                "INSERT INTO entries VALUES (NULL, ?, 1, 's1', ?, ?, ?, ?, ?, 0, 0, NULL, NULL, ?)",
                (f"id-{seq}", seq, state, entry["sha"], wire.encode(entry), boot, NOW if state == "acked" else None),
            )
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    outbox = Outbox(path)
    assert totals(outbox) == (3, 1, 1, 1)
    assert sealed(outbox)
    assert totals(outbox) == (4, 1, 2, 1)
    assert outbox.starts.told({"b1", "b2"}).boots == {"b1": 1, "b2": 2}
    tidy(outbox, NOW + TEXT_MS + DAY_MS)
    assert outbox.disk.rows("SELECT id FROM entries WHERE instr(body, ?)", WORDS.encode()) == [("id-2",), ("id-3",)]
    outbox.close()


def test_nothing_looks_through_everything_that_was_ever_sent(outbox: Outbox) -> None:
    """A year's entries must cost a tap nothing: each statement finds its rows by an index."""
    for _ in range(3):
        acked(outbox, **with_words())
    waits = sealed(outbox)
    asked: list[str] = []
    outbox.disk._db.set_trace_callback(asked.append)  # type: ignore[union-attr]
    outbox.take(200, [(waits.id, 1)])
    outbox.settle(results("stored", waits), NOW)
    note(outbox, an_answer(do=["audit"]))
    audited(outbox, NOW + BODY_MS)
    tidy(outbox, NOW + BODY_MS, "none", 10**9)
    sealed(outbox)
    health.told(outbox, outbox.disk._path.parent, STAMP, {}, {})
    outbox.unsent(0, outbox.newest(), 200)
    outbox.unpark("server_error")
    outbox.disk._db.set_trace_callback(None)  # type: ignore[union-attr]
    statements = {text for text in asked if text.startswith(("SELECT", "UPDATE", "DELETE")) and "entries" in text}
    assert len(statements) > 12
    for text in statements:
        plan = [row[3] for row in outbox.disk.rows(f"EXPLAIN QUERY PLAN {text}")]
        assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step], (text, plan)


# The starts.


def test_each_start_has_its_number(outbox: Outbox) -> None:
    for boot in ("one", "two", "one", "three"):
        outbox.starts.began(boot)
    assert outbox.starts.told(None).boots == {"three": 3, "two": 2, "one": 1}
    Starts(outbox.disk, 1_000_000).began("four")
    assert outbox.starts.told({"four"}).boots == {"four": 1_000_001}


def test_a_start_without_an_anchor_brings_its_neighbours(outbox: Outbox) -> None:
    for number, boot in enumerate(("one", "two", "three", "four", "five"), 1):
        outbox.starts.began(boot)
        if boot in ("one", "four", "five"):
            for more in (100, 200):
                outbox.starts.anchor(wire.Anchor(boot, more, NOW + number * 10_000 + more, 8))
    told = outbox.starts.told({"two", "five"})
    assert told.boots == {"one": 1, "two": 2, "four": 4, "five": 5}
    assert [(a.boot, a.boottime_ms) for a in told.anchors] == [
        (boot, ms) for boot in ("one", "four", "five") for ms in (100, 200)
    ]
    assert outbox.starts.server_ms(wire.Stamp("five", 1200, 0, False)) == NOW + 50_000 + 1200
    assert outbox.starts.server_ms(wire.Stamp("two", 1200, 0, False)) is None


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_neighbours(starts: set[int], anchored: set[int], wanted: set[int]) -> None:
    numbers = {str(n): n for n in starts}
    chosen = {int(name) for name in concerned(numbers, {str(n) for n in anchored}, {str(n) for n in wanted})}
    expected = set(wanted)
    for one in wanted & starts - anchored:
        expected |= {max((n for n in anchored & starts if n < one), default=one)}
        expected |= {min((n for n in anchored & starts if n > one), default=one)}
    assert chosen == expected
