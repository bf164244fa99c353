"""The durable queue of a terminal: draft, seal, take, settle, park.

A draft is what a customer has answered so far, committed at every step; sealed, it gets its place in the stream and
never changes again."""

import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kiosk import aside, drafts, facts
from kiosk.archive import BITE, BREATH_S, Archive, has_texts, without_texts
from kiosk.disk import Disk, NotHeld, OutboxRefused
from kiosk.drafts import Draft, Ended
from kiosk.reach import Reach
from kiosk.starts import Starts
from sync import wire

if TYPE_CHECKING:
    from kiosk.salvage import Salvage

__all__ = ["Draft", "Ended", "NotHeld", "Outbox", "OutboxRefused", "Waiting"]


class Waiting(NamedTuple):
    """A sealed entry that is to be sent."""

    id: str
    rev: int
    body: bytes


SALVAGE_AT_START_S = 3.0
"""How long a start waits for what a damaged file held; the rest comes back while the terminal runs."""
STARTS_APART = 1_000_000
"""Between the numbers of the starts in a damaged file and in the one after it, should they not come back."""

_draft = msgspec.json.Decoder(Draft)


class Outbox:
    """Opens or makes the outbox at `path`, as soon as the disk allows it; what a damaged one held comes back first.
    Raises OutboxRefused for one of a newer Smilepost, and nothing else."""

    def __init__(self, path: Path) -> None:
        self.disk = Disk(path)
        self._folder = path.parent
        self._salvage: Salvage | None = None
        self._whole = -1
        with suppress(NotHeld):
            self.salvage(SALVAGE_AT_START_S)
        self.archive = Archive(self.disk)
        self.starts = Starts(self.disk, STARTS_APART * max(aside.files(path.parent), default=0))

    def close(self) -> None:
        self.disk.close()

    @property
    def is_whole(self) -> bool:
        """Whether everything is back from damaged files that can be."""
        return self._whole == self.disk.openings

    def salvage(self, seconds: float) -> bool:
        """Bring back from damaged files for about so long; whether everything is back. Raises NotHeld."""
        openings = self.disk.openings
        if not self.is_whole and aside.files(self._folder):
            from kiosk.salvage import Salvage  # a box without damage never pays for it

            self._salvage = self._salvage or Salvage(self.disk, self._folder)
            if not self._salvage.go_on(seconds):
                return False
        self._whole = openings
        return True

    # -- the customer is there

    def hold(self, draft: Draft, touched: wire.Stamp) -> Draft:
        """Commit one revision; returns what is held, which is the older one unless `draft` has a higher rev.
        Raises NotHeld."""
        row = (draft.id, draft.rev, draft.screen, touched.boot, touched.boottime_ms, wire.encode(draft))
        with self.disk.durable(grows=True) as db:
            taken = db.execute(
                "INSERT INTO drafts (id, rev, screen, boot, touched_ms, body) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, screen = excluded.screen, boot = excluded.boot,"
                " touched_ms = excluded.touched_ms, body = excluded.body WHERE excluded.rev > rev",
                row,
            ).rowcount
            held = draft if taken else self.draft(draft.id)
        return held or draft

    def draft(self, name: str) -> Draft | None:
        """What is held of a visit that isn't over."""
        row = self.disk.row("SELECT body FROM drafts WHERE id = ?", name)
        try:
            return _draft.decode(row[0]) if row else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # it is put aside when its visit ends

    def sealed(self, name: str) -> Draft | None:
        """The highest sealed revision of a response, if its body is still kept and can be read."""
        row = self.disk.row("SELECT body FROM entries WHERE id = ? ORDER BY rev DESC LIMIT 1", name)
        try:
            return _draft.decode(row[0]) if row and row[0] else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def sealed_rev(self, name: str) -> int:
        """The highest sealed revision of a response; 0 when there is none."""
        row = self.disk.row("SELECT max(rev) FROM entries WHERE id = ?", name)
        return int(row[0] or 0) if row else 0

    def drafts_of(self, screen: str | None) -> list[str]:
        """The visits to a screen that are not over."""
        return [row[0] for row in self.disk.rows("SELECT id FROM drafts WHERE screen IS ?", screen)]

    def stale_drafts(self, boot: str, before_ms: int) -> list[str]:
        """The visits that were not touched since `before_ms` of this `boot`, or since another start."""
        return [
            row[0] for row in self.disk.rows("SELECT id FROM drafts WHERE boot <> ? OR touched_ms < ?", boot, before_ms)
        ]

    def seal(self, name: str, ended: Ended, at: wire.Stamp) -> bool:
        """End a visit: from here on its (id, rev) never changes. False when there was nothing to seal (over
        already, or this very revision is sealed). Raises NotHeld."""
        with self.disk.durable(grows=True) as db:
            draft = self.draft(name)
            if draft is None:
                db.execute("INSERT INTO damaged SELECT id, rev, body FROM drafts WHERE id = ?", (name,))
            db.execute("DELETE FROM drafts WHERE id = ?", (name,))
            if draft is None:
                return False
            if self.sealed_rev(name) >= draft.rev:
                return False
            self._append(db, drafts.as_entry(draft, ended), at)
            contact = draft.contact or self._withdrawn(draft.id)
            # An id that another entry has at this revision is no id of a contact.
            if contact is not None and self.sealed_rev(contact.id) < draft.rev:
                self._append(db, drafts.as_contact(draft, contact), at)
        return True

    def add(self, entry: dict[str, Any], at: wire.Stamp) -> bool:
        """Seal an entry that never was a draft; False when its revision, or a higher one, is sealed. Raises NotHeld."""
        with self.disk.durable(grows=True) as db:
            is_new = bool(self.sealed_rev(entry["id"]) < entry["rev"])
            if is_new:
                self._append(db, entry, at)
        return is_new

    def _withdrawn(self, name: str) -> Reach | None:
        """What takes back how to reach a customer who agreed in an earlier revision and does no more; the contact of a
        response was sealed next to it."""
        query = (
            "SELECT next.body FROM entries AS this JOIN entries AS next ON next.stream = this.stream"
            " AND next.seq = this.seq + 1 WHERE this.id = ? AND next.body IS NOT NULL"
        )
        said = (drafts.withdrawn(body, name) for (body,) in self.disk.rows(query, name))
        return next((contact for contact in said if contact is not None), None)

    def _append(self, db: sqlite3.Connection, entry: dict[str, Any], at: wire.Stamp) -> None:
        """Give an entry the next place in the stream, and its hash."""
        stream, seq = self.fact("stream"), int(self.fact("next_seq"))
        whole = wire.seal({**entry, "stream": stream, "seq": seq}, secrets.token_urlsafe(12))
        db.execute(
            "INSERT INTO entries (id, rev, stream, seq, state, sha, body, texts, sealed_boot, sealed_boottime_ms,"
            " sealed_wall_ms) VALUES (?, ?, ?, ?, 'sealed', ?, ?, ?, ?, ?, ?)",
            (whole["id"], whole["rev"], stream, seq, whole["sha"], wire.encode(whole),
             has_texts(whole["answers"].values()), at.boot, at.boottime_ms, at.wall_ms),
        )  # fmt: skip
        db.execute("UPDATE facts SET value = ? WHERE name = 'next_seq'", (str(seq + 1),))

    @property
    def stream(self) -> str:
        """The one that new entries go into."""
        return self.fact("stream")

    def rotate(self) -> None:
        """New entries go into a new stream. Raises NotHeld."""
        with self.disk.durable():
            self.remember("stream", secrets.token_hex(8))
            self.remember("next_seq", "1")

    # -- the sender

    def take(self, limit: int, resting: Sequence[tuple[str, int]] = ()) -> list[Waiting]:
        """Up to `limit` waiting entries, oldest first, with a small lane for the newest while there are more,
        and without those that are `resting`. What is damaged is parked here, so that it holds nobody up."""
        lane = limit // 10
        asleep = set(resting)
        query = "SELECT id, rev, body, sha FROM entries WHERE state = 'sealed' ORDER BY n {} LIMIT ?"
        room = limit + len(asleep)
        oldest = [row for row in self.disk.rows(query.format("ASC"), room) if row[:2] not in asleep][:limit]
        if len(oldest) == limit and lane:
            newest = [row for row in self.disk.rows(query.format("DESC"), lane + len(asleep)) if row[:2] not in asleep]
            seen = {row[:2] for row in oldest[:-lane]}
            oldest = oldest[:-lane] + [row for row in reversed(newest[:lane]) if row[:2] not in seen]
        damaged = [row[:2] for row in oldest if not _is_sound(*row[2:])]
        if damaged:
            self.park(damaged, "damaged")
        return [Waiting(*row[:3]) for row in oldest if row[:2] not in damaged]

    def newest(self) -> int:
        """The place of the entry that was sealed last."""
        row = self.disk.row("SELECT max(n) FROM entries")
        return int(row[0] or 0) if row else 0

    def unsent(self, after: int, until: int, limit: int) -> list[tuple[int, Waiting]]:
        """What waits or is parked, with its place in the order of sealing, but nothing that is damaged; it stays as it
        is. Empty when there is no more up to the place `until`."""
        while after < until:
            rows = self.disk.rows(
                "SELECT n, id, rev, body, sha FROM entries WHERE n > ? AND n <= ?"
                " AND state IN ('sealed', 'parked') ORDER BY n LIMIT ?",
                after, until, limit,
            )  # fmt: skip
            sound = [(row[0], Waiting(*row[1:4])) for row in rows if _is_sound(row[3], row[4])]
            if sound or not rows:
                return sound
            after = rows[-1][0]
        return []

    def settle(self, results: Sequence[wire.Result], server_ms: int) -> None:
        """Write down the centre's verdicts: acked, or parked when refused. `later` waits on. Raises NotHeld."""
        done = [result for result in results if result.verdict != "later"]
        for start in range(0, len(done), BITE):
            with self.disk.durable() as db:
                for result in done[start : start + BITE]:
                    self._settle(db, result, server_ms)
            sleep(BREATH_S)
        self.remember("seen_ms", str(server_ms))

    def _settle(self, db: sqlite3.Connection, result: wire.Result, server_ms: int) -> None:
        state = "parked" if result.verdict == "refused" else "acked"
        known = (result.id, result.rev)
        db.execute(
            "UPDATE entries SET state = ?, verdict = ?, code = ?, acked_ms = ? WHERE id = ? AND rev = ?"
            " AND state = 'sealed'",
            (state, result.verdict, result.code, server_ms, *known),
        )
        if result.verdict == "erased":
            # Nobody shall read it any more, here neither: no revision of it.
            rows = db.execute("SELECT n, body FROM entries WHERE id = ? AND texts = 1", (result.id,)).fetchall()
            wiped = [(fresh, n) for n, body in rows if (fresh := without_texts(body)) is not None]
            db.executemany("UPDATE entries SET texts = 0, body = ? WHERE n = ?", wiped)

    def park(self, entries: Sequence[tuple[str, int]], code: str) -> None:
        """Keep these, unsent, for a person to look at. Raises NotHeld."""
        query = "UPDATE entries SET state = 'parked', code = ? WHERE id = ? AND rev = ? AND state = 'sealed'"
        with self.disk.durable() as db:
            db.executemany(query, [(code, name, rev) for name, rev in entries])

    def unpark(self, code: str) -> None:
        """Try those again that were parked with this code. Raises NotHeld."""
        query = "UPDATE entries SET state = 'sealed', code = NULL WHERE state = 'parked' AND coalesce(code, '') = ?"
        with self.disk.durable() as db:
            db.execute(query, (code,))

    def parked(self) -> dict[str, int]:
        """How many are parked, by the code that says why."""
        query = "SELECT coalesce(code, ''), count(*) FROM entries WHERE state = 'parked' GROUP BY code"
        return dict(self.disk.rows(query))

    def try_again(self) -> None:
        """Everything parked waits again, but what is damaged. Raises NotHeld."""
        for code in self.parked():
            if code != "damaged":
                self.unpark(code)

    # -- facts and counts

    def fact(self, name: str, default: str = "") -> str:
        return facts.fact(self.disk, name, default)

    def remember(self, name: str, value: str) -> None:
        """Raises NotHeld."""
        facts.remember(self.disk, name, value)

    def counts(self) -> dict[str, wire.StreamCounts]:
        """Per stream, what was sealed and what became of it."""
        rows = self.disk.rows("SELECT stream, sealed, acked, pending, parked FROM streams")
        return {row[0]: wire.StreamCounts(*row[1:]) for row in rows}

    def oldest_waiting(self) -> wire.Stamp | None:
        """When the oldest entry that waits was sealed."""
        stamp = "sealed_boot, sealed_boottime_ms, sealed_wall_ms"
        row = self.disk.row(f"SELECT {stamp} FROM entries WHERE state = 'sealed' ORDER BY n LIMIT 1")  # noqa: S608
        return wire.Stamp(row[0], row[1], row[2], synced=False) if row else None


def _is_sound(body: bytes, sha: str) -> bool:
    try:
        entry = wire.read_entry(body)
    except wire.Unreadable:
        return False
    return entry.get("sha") == sha and wire.is_intact(entry)
