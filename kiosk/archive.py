"""What is acked: asked after in audits, sent again when the centre misses it, and let go in small bites."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from functools import partial
from time import sleep
from typing import Any, NamedTuple

import msgspec

from kiosk import audits, facts, keeping
from kiosk.audits import Acked, Audit, Found, Heard
from kiosk.disk import Disk
from sync import wire

BITE = 50
"""Rows that are written at once: who taps waits for the disk no longer than that."""
BREATH_S = 0.002
"""Between two bites, so that a tap gets its turn."""


_WITHOUT_BODY = (
    "n, id, rev, stream, seq, state, sha, sealed_boot, sealed_boottime_ms, sealed_wall_ms, verdict, code, acked_ms,"
    " audited"
)
_ROW = f"SELECT {_WITHOUT_BODY} FROM entries WHERE n = ?"  # noqa: S608


class Question(NamedTuple):
    """What an audit asks with one request. `before`: the audit as it was then; `last`: no acked entry lies after."""

    before: Audit
    asked: list[Acked]
    last: bool

    def first(self, size: int) -> "Question":
        """The same for no more than went into the request."""
        return Question(self.before, self.asked[:size], self.last and size >= len(self.asked))

    @property
    def pairs(self) -> list[tuple[str, int]]:
        return [(entry.id, entry.rev) for entry in self.asked]


class Archive:
    """The acked entries of an outbox. Everything raises NotHeld when the disk doesn't do it."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    @property
    def audit(self) -> Audit:
        return facts.read(self._disk, "audit", Audit) or Audit()

    def question(self, limit: int) -> Question:
        """The next acked entries to ask after, at most `limit`."""
        audit = self.audit
        rows = self._disk.rows(
            "SELECT n, id, rev, coalesce(acked_ms, 0), body IS NOT NULL, audited IS 'gone' FROM entries"
            " WHERE state = 'acked' AND n > ? ORDER BY n LIMIT ?",
            audit.after, limit + 1,
        )  # fmt: skip
        asked = [
            Acked(n, name, rev, acked_ms, bool(body), bool(gone)) for n, name, rev, acked_ms, body, gone in rows[:limit]
        ]
        return Question(audit, asked, len(rows) <= limit)

    def find(self, answer: wire.Answer, question: Question | None) -> None:
        """Write down what an answer found: what is missing is to be sent again, or gone. In small bites, and before
        `note`: asking twice finds the same."""
        missing = _missing(answer)
        if question is not None and missing is not None:
            self._found(audits.found(question.asked, missing, answer.server_ms))

    def note(self, answer: wire.Answer, question: Question | None, chance: Callable[[], float], zone: tzinfo) -> None:
        """Write down what an accepted answer means for audits, once its verdicts are: whether one is due, and how far
        it went."""
        with self._disk.durable() as db:
            heard, was = self._heard(answer), self.audit
            audit = audits.noted(was, heard, chance, zone)
            if question is not None and _missing(answer) is None:
                audit = audits.given_up(audit)
            elif question is not None:
                audit = audits.advanced(question.before, audit, question.asked, question.last, heard)
            if answer.backed_up_ms is not None:
                db.execute("INSERT OR REPLACE INTO facts VALUES ('backed_up_ms', ?)", (str(answer.backed_up_ms),))
            if audit != was:
                facts.write(self._disk, "audit", audit)

    def _heard(self, answer: wire.Answer) -> Heard:
        acked = dict(self._disk.rows("SELECT stream, acked FROM streams"))
        have = {stream: held.n for stream, held in answer.have.items()}
        return Heard(answer.epoch, answer.server_ms, have, acked, "audit" in answer.do)

    def _found(self, found: Found) -> None:
        self._each(
            "UPDATE entries SET state = 'sealed', verdict = NULL, code = NULL, acked_ms = NULL, audited = NULL"
            " WHERE n = ? AND state = 'acked' AND body IS NOT NULL",
            found.again,
        )
        # Those still acked lost their bodies to a full disk while the centre was being asked.
        for query, rows in (("'gone'", [*found.again, *found.gone]), ("NULL", found.back), ("'kept'", found.kept)):
            self._each(f"UPDATE entries SET audited = {query} WHERE n = ? AND state = 'acked'", rows)  # noqa: S608

    def _each(self, query: str, rows: Sequence[Acked]) -> None:
        for start in range(0, len(rows), BITE):
            with self._disk.durable() as db:
                db.executemany(query, [(row.place,) for row in rows[start : start + BITE]])
            sleep(BREATH_S)

    def lost(self) -> int:
        """Ids whose answer nobody holds any more: audits.is_lost, counted by the database."""
        row = self._disk.row(
            "SELECT count(*) FROM entries AS gone WHERE audited = 'gone' AND NOT EXISTS"
            " (SELECT 1 FROM entries AS higher WHERE higher.id = gone.id AND higher.rev > gone.rev)"
        )
        return int(row[0]) if row else 0

    # -- letting go

    def tidy(self, server_ms: int, room: keeping.Room, wanted: int) -> int:
        """Let one small bite go of what may go; how many went. `wanted`: bytes that the disk lacks."""
        with self._disk.durable() as db:
            audit = self.audit  # read under the same lock: an answer may make one due at any moment
            return self._wipe(db, server_ms, audit) + self._drop(db, room, audit.due, wanted)

    def _wipe(self, db: sqlite3.Connection, server_ms: int, audit: Audit) -> int:
        backed_up_ms = int(facts.fact(self._disk, "backed_up_ms", "0")) or None
        query = "SELECT n, body, coalesce(acked_ms, 0) FROM entries WHERE state = 'acked' AND texts = 1"
        rows = self._disk.rows(f"{query} ORDER BY acked_ms, n LIMIT ?", BITE)
        may = partial(keeping.may_wipe, server_ms=server_ms, backed_up_ms=backed_up_ms, audit_due=audit.due,
                      restored_ms=audit.restored_ms)  # fmt: skip
        going = [row for row in rows if may(row[2])]
        wiped = [(without_texts(body), n) for n, body, _ in going]
        db.executemany("UPDATE entries SET texts = 0, body = ? WHERE n = ?", wiped)
        return len(going)

    def _drop(self, db: sqlite3.Connection, room: keeping.Room, due: bool, wanted: int) -> int:
        kept = self._bodies("audited = 'kept' AND body IS NOT NULL ORDER BY n")
        if len(kept) < BITE and room != "enough":
            oldest = self._bodies("state = 'acked' AND body IS NOT NULL ORDER BY acked_ms, n")
            kept = list({body.place: body for body in [*kept, *oldest]}.values())
        going = [(body.place,) for body in keeping.to_drop(kept, room, due, wanted)]
        # The body goes, never the (id, rev). Taken out and put back: only so are half-empty pages put together, and
        # what is freed can be used again.
        rows = [db.execute(_ROW, place).fetchone() for place in going]
        db.executemany("DELETE FROM entries WHERE n = ?", going)
        marks = ", ".join("?" * (_WITHOUT_BODY.count(",") + 1))
        db.executemany(f"INSERT INTO entries ({_WITHOUT_BODY}, texts) VALUES ({marks}, 0)", rows)  # noqa: S608
        return len(going)

    def _bodies(self, which: str) -> list[keeping.Body]:
        query = f"SELECT n, acked_ms, length(body), audited IS 'kept' FROM entries WHERE {which} LIMIT ?"  # noqa: S608
        return [
            keeping.Body(n, acked_ms or 0, size, bool(kept)) for n, acked_ms, size, kept in self._disk.rows(query, BITE)
        ]


def _missing(answer: wire.Answer) -> set[tuple[str, int]] | None:
    """What the centre misses of what it was asked for; None when it doesn't say."""
    told = answer.missing
    return None if isinstance(told, msgspec.UnsetType) else {(name, rev) for name, rev in told}


def without_texts(body: bytes | None) -> bytes | None:
    """The body of an entry without its free texts. A damaged one goes whole: nobody can say where in it they are, and
    the centre holds it."""
    if body is None:
        return None
    try:
        entry = wire.read_entry(body)
        return wire.encode(wire.wipe(entry)) if wire.is_intact(entry) else None
    except (wire.Unreadable, AttributeError, TypeError):
        return None


def has_texts(answers: Iterable[Any]) -> bool:
    return any(isinstance(answer, str) for answer in answers)
