"""A terminal's card: its outbox as plain dicts. Each verb is one commit; rows are never changed in place, so that a
copy of the dicts is what a card-writer copies, and what an older image brings back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from kiosk import audits, keeping
from kiosk.archive import without_texts
from kiosk.audits import Acked, Audit, Chance, Heard
from kiosk.identity import Identity
from kiosk.outbox import Draft, Waiting
from kiosk.pace import Kept as KeptPace
from sync import wire

SECRET = b"secret-"
"""Begins every comment, and nothing else."""
State = Literal["sealed", "acked", "parked"]


class Kept(NamedTuple):
    """A row of the table `entries`. `gone`: an audit missed it when its body was gone; `held`: one found it held for
    so long that its body may go."""

    id: str
    rev: int
    place: int
    stream: str
    seq: int
    state: State
    sha: str
    body: bytes | None
    code: str | None = None
    verdict: str | None = None
    acked_ms: int = 0
    gone: bool = False
    held: bool = False

    @property
    def has_words(self) -> bool:
        return self.state == "acked" and self.body is not None and SECRET in self.body


@dataclass
class Card:
    """What survives a power cut."""

    identity: Identity
    stream: str
    next_seq: int = 1
    seen_ms: int = 0
    centre_app: str = ""
    audit: Audit = field(default_factory=Audit)
    pace: KeptPace | None = None
    drafts: dict[str, Draft] = field(default_factory=dict)
    entries: dict[tuple[str, int], Kept] = field(default_factory=dict)
    """In the order of their sealing."""
    firsts: dict[str, wire.Anchor] = field(default_factory=dict)
    lasts: dict[str, wire.Anchor] = field(default_factory=dict)
    boots: dict[str, int] = field(default_factory=dict)
    """Every start that it lived through, counted."""

    def copy(self) -> "Card":
        copied = {each.name: getattr(self, each.name) for each in fields(self)}
        return Card(**{name: dict(kept) if isinstance(kept, dict) else kept for name, kept in copied.items()})

    # -- the customer is there

    def hold(self, draft: Draft) -> Draft:
        """Commit one revision; the higher one stays."""
        held = self.drafts.get(draft.id)
        if held is None or draft.rev > held.rev:
            self.drafts[draft.id] = draft
        return self.drafts[draft.id]

    def sealed_rev(self, name: str) -> int:
        return max((rev for known, rev in self.entries if known == name), default=0)

    def seal(self, name: str, ended: str, salt: str) -> dict[str, Any] | None:
        """The entry that came of a visit; None when there was nothing to seal."""
        draft = self.drafts.pop(name, None)
        if draft is None or self.sealed_rev(name) >= draft.rev:
            return None
        return self.put("response", {**wire.read_entry(wire.encode(draft)), "ended": ended}, salt)

    def put(self, kind: str, plain: dict[str, Any], salt: str) -> dict[str, Any]:
        """An entry in the next place of the stream, which from here on never changes."""
        place = {"kind": kind, "schema": wire.SCHEMA, "stream": self.stream, "seq": self.next_seq}
        entry = wire.seal({**plain, **place}, salt)
        pair, n = (entry["id"], entry["rev"]), len(self.entries) + 1
        self.entries[pair] = Kept(*pair, n, self.stream, self.next_seq, "sealed", entry["sha"], wire.encode(entry))
        self.next_seq += 1
        return entry

    # -- the sender

    def take(self, limit: int, resting: Iterable[tuple[str, int]] = ()) -> list[Waiting]:
        """Up to `limit` waiting entries, oldest first, with a small lane for the newest."""
        asleep, lane = set(resting), limit // 10
        rested = [kept for kept in self.entries.values() if kept.state == "sealed" and kept[:2] not in asleep]
        if len(rested) > limit and lane:
            rested = rested[: limit - lane] + rested[-lane:]
        return [Waiting(kept.id, kept.rev, kept.body or b"") for kept in rested[:limit] if self._is_sound(kept)]

    def _is_sound(self, kept: Kept) -> bool:
        sound = _is_whole(kept.body or b"", kept.sha)
        if not sound:
            self.park([kept[:2]], "damaged")
        return sound

    def settle(self, results: Iterable[wire.Result], server_ms: int) -> None:
        """Verdicts."""
        for result in results:
            kept = self.entries.get((result.id, result.rev))
            if result.verdict != "later" and kept is not None and kept.state == "sealed":
                self.entries[kept[:2]] = _judged(kept, result, server_ms)
            if result.verdict == "erased":
                self._wipe([pair for pair in self.entries if pair[0] == result.id])

    def find(self, answer: wire.Answer, asked: Sequence[Acked] | None) -> None:
        """What an audit found out."""
        if asked is None or answer.missing is msgspec.UNSET:
            return
        found = audits.found(asked, answer.missing, answer.server_ms)
        for acked in [*found.again, *found.gone]:
            if self.entries[acked.id, acked.rev].body is None:
                self._change(acked, gone=True)
            else:
                self._change(acked, state="sealed", verdict=None, held=False)
        for acked in found.back:
            self._change(acked, gone=False)
        for acked in found.kept:
            self._change(acked, held=True)

    def note(
        self, answer: wire.Answer, before: Audit, asked: Sequence[Acked] | None, last: bool, chance: Chance
    ) -> None:
        """What an answer means for audits."""
        heard = self._heard(answer)
        self.audit = audits.noted(self.audit, heard, chance, UTC)
        if asked is not None and answer.missing is msgspec.UNSET:
            self.audit = audits.given_up(self.audit)
        elif asked is not None:
            self.audit = audits.advanced(before, self.audit, asked, last, heard)

    def _change(self, acked: Acked, **by: Any) -> None:
        pair = acked.id, acked.rev
        self.entries[pair] = self.entries[pair]._replace(**by)

    def _heard(self, answer: wire.Answer) -> Heard:
        acked = {stream: counts.acked for stream, counts in self.counts().items()}
        have = {stream: held.n for stream, held in answer.have.items()}
        return Heard(answer.epoch, answer.server_ms, have, acked, "audit" in answer.do)

    def tidy(self, server_ms: int, backed_up_ms: int | None) -> list[tuple[str, int]]:
        """Texts and bodies of acked entries go when they may; returns whose texts went."""
        due, since_ms = self.audit.due, self.audit.restored_ms
        wiped = [
            pair
            for pair, kept in self.entries.items()
            if kept.has_words and keeping.may_wipe(kept.acked_ms, server_ms, backed_up_ms, due, since_ms)
        ]
        self._wipe(wiped)
        self.prune("enough", 0)
        return wiped

    def _wipe(self, pairs: Iterable[tuple[str, int]]) -> None:
        for pair in pairs:
            kept = self.entries[pair]
            body = without_texts(kept.body)
            if body is not None or kept.state == "acked":
                self.entries[pair] = kept._replace(body=body)

    def prune(self, room: keeping.Room, wanted: int) -> None:
        bodies = [
            keeping.Body(kept.place, kept.acked_ms, len(kept.body), kept.held)
            for kept in self.entries.values()
            if kept.state == "acked" and kept.body is not None
        ]
        dropped = {body.place for body in keeping.to_drop(bodies, room, self.audit.due, wanted)}
        for pair, kept in self.entries.items():
            if kept.place in dropped:
                self.entries[pair] = kept._replace(body=None)

    def question(self, limit: int) -> tuple[list[Acked], bool]:
        """What an audit asks for next, and whether nothing lies after."""
        acked = [kept for kept in self.entries.values() if kept.state == "acked" and kept.place > self.audit.after]
        asked = [
            Acked(kept.place, kept.id, kept.rev, kept.acked_ms, kept.body is not None, kept.gone)
            for kept in acked[:limit]
        ]
        return asked, len(acked) <= limit

    def lost(self) -> list[str]:
        """Ids that nobody holds any more, as far as is known here."""
        revisions: dict[str, list[audits.Revision]] = {}
        gone = {kept.id for kept in self.entries.values() if kept.gone}
        for kept in (kept for kept in self.entries.values() if kept.id in gone):
            revisions.setdefault(kept.id, []).append(audits.Revision(kept.rev, kept.gone))
        return sorted(name for name, known in revisions.items() if audits.is_lost(known))

    def park(self, entries: Iterable[tuple[str, int]], code: str) -> None:
        for pair in entries:
            kept = self.entries.get(pair)
            if kept is not None and kept.state == "sealed":
                self.entries[pair] = kept._replace(state="parked", code=code)

    def unpark(self, code: str) -> None:
        for pair, kept in self.entries.items():
            if kept.state == "parked" and kept.code == code:
                self.entries[pair] = kept._replace(state="sealed", code=None)

    def anchor(self, seen: wire.Anchor) -> None:
        self.firsts.setdefault(seen.boot, seen)
        self.lasts[seen.boot] = seen

    def anchors(self, boots: set[str]) -> list[wire.Anchor]:
        kept = [place[boot] for boot in sorted(boots) for place in (self.firsts, self.lasts) if boot in place]
        return list(dict.fromkeys(kept))

    def counts(self) -> dict[str, wire.StreamCounts]:
        found: dict[str, dict[str, int]] = {}
        for kept in self.entries.values():
            row = found.get(kept.stream)
            if row is None:
                row = found[kept.stream] = {"sealed": 0, "acked": 0, "pending": 0, "parked": 0}
            row[_COUNTED[kept.state]] += 1
            row["sealed"] = kept.seq  # in the order of their sealing
        return {stream: wire.StreamCounts(**row) for stream, row in found.items()}


_COUNTED = {"sealed": "pending", "acked": "acked", "parked": "parked"}


@lru_cache(4_000)
def _is_whole(body: bytes, sha: str) -> bool:
    try:
        entry = wire.read_entry(body)
    except wire.Unreadable:
        return False
    return entry.get("sha") == sha and wire.is_intact(entry)


def _judged(kept: Kept, result: wire.Result, server_ms: int) -> Kept:
    if result.verdict == "refused":
        return kept._replace(state="parked", verdict=result.verdict, code=result.code)
    return kept._replace(state="acked", verdict=result.verdict, code=result.code, acked_ms=server_ms, gone=False)
