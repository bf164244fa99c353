"""Outbox -> centre: one pass, and the loop around it."""

import gzip
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Event, Thread
from typing import NamedTuple

from kiosk import batches, facts, keeping, office, pace
from kiosk.archive import Question
from kiosk.clock import Clock
from kiosk.identity import Identity
from kiosk.line import Line
from kiosk.outbox import NotHeld, Outbox, Waiting
from kiosk.pace import SILENCE_S, Kept, Kind, Outcome, Pace, judge
from kiosk.standing import Standings
from sync import wire

log = logging.getLogger(__name__)

MANIFEST_EVERY_S = 900.0
JOBS_EVERY_S = 240.0
"""The same where a crew's jobs come with it."""
BREATH_AT_MOST_S = 0.3
"""While a backlog drains: after each request as long a rest as it took, so that whoever taps now has the box."""


class Box(NamedTuple):
    """The terminal as its sender sees it: who it is, how it is, and what its screens show."""

    who: Callable[[], Identity]
    health: Callable[[], wire.Health]
    standings: Standings


class Request(NamedTuple):
    """One request: an audit, entries, or neither."""

    batch: wire.Batch
    body: bytes
    sent: list[tuple[str, int]]
    question: Question | None = None


class Sender:
    """Sends what waits, in a thread of its own. `monotonic` gives seconds that never go back."""

    def __init__(
        self, outbox: Outbox, clock: Clock, line: Line, box: Box, at_once: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._outbox, self._clock, self._line, self._box = outbox, clock, line, box
        self._at_once, self._monotonic = at_once, monotonic
        self.pace = Pace()
        self._chance = random.SystemRandom().random
        self._tried = 0
        self._last_request_s: float | None = None
        self._manifest_s: float | None = None
        self.last_success_ms: int | None = None
        self.last_error: str | None = None
        self._nudged, self._stopping, self._again = Event(), Event(), Event()
        self._thread = Thread(target=self._loop, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._again.set()
        self._nudged.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def begin_anew(self) -> None:
        """Forget how earlier requests went: this terminal was just enrolled."""
        self.pace, self.last_error, self._box.standings.etag = Pace(), None, ""
        with suppress(NotHeld):
            facts.forget(self._outbox.disk, "pace")
        self._again.set()
        self._nudged.set()

    def hurry(self) -> None:
        """Somebody is waiting for it: look now, even when head office was away a moment ago."""
        self._again.set()
        self._nudged.set()

    def nudge(self) -> None:
        """Something was sealed: look now, unless head office is known to be away."""
        self._nudged.set()

    def resume(self) -> float:
        """Go on where an earlier start stopped; returns seconds until the first request."""
        now = self._clock.stamp()
        try:
            kept = facts.read(self._outbox.disk, "pace", Kept)
        except NotHeld:
            kept = None
        self.pace, wait = pace.resume(kept, now.boot, now.boottime_ms, wire.APP, self._at_once, self._chance)
        self.last_error = None if self.pace.online else self.pace.last.value
        return wait

    def _loop(self) -> None:
        wait = self.resume()
        while not self._stopping.is_set():
            self._rest(wait)
            if self._stopping.is_set():
                return
            began = time.monotonic()
            try:
                wait = self.pass_once()
                if not wait:
                    self._stopping.wait(min(time.monotonic() - began, BREATH_AT_MOST_S))
            except NotHeld as problem:
                self.last_error = f"the disk does not take what head office answered ({problem})"
                wait = self.pace.unwritten(self._chance)
            except Exception:
                # Whatever it was, the next pass finds everything that was not settled still waiting.
                log.exception("a pass of the sender failed")
                wait = 30.0

    def _rest(self, seconds: float) -> None:
        """Sleep, but wake at a nudge while online; a nudge in bad times waits for its turn."""
        if self.pace.online:
            self._nudged.wait(seconds)
        else:
            self._again.wait(seconds)
        self._nudged.clear()
        self._again.clear()

    def pass_once(self) -> float:
        """One request at most, and what it brought written down. Returns seconds until the next pass.
        Raises NotHeld when an answer could not be written down; what it settled is then sent again."""
        who, now = self._box.who(), self._monotonic()
        if who.device is None:
            return 60.0
        request = self._request(who, now)
        if request is None:
            return self.pace.look(self._chance)
        self._last_request_s = now
        outcome, anchor = self._send(who, request)
        self._tell(outcome)
        if outcome.answer is not None and anchor is not None:
            self._outbox.disk.insist(partial(self._write_down, outcome.answer, anchor, request, now))
        else:
            self._blame(outcome, request.sent, now)
        if request.question is not None:
            self.pace.audited(outcome, now)
        wait = self.pace.after(outcome, request.sent, self._has_more(now), self._chance)
        self._keep_pace(wait)
        return wait

    def _request(self, who: Identity, now: float) -> Request | None:
        """What to ask now, if anything. The first request of a start is empty: its answer is the anchor that what was
        captured since needs. Empty too is one that asks whether head office still refuses."""
        sheet = self._sheet(who)
        if not self._outbox.starts.is_anchored(self._clock.boot) or self.pace.holding:
            return Request(*batches.with_entries(sheet, self._outbox.starts), [])
        waiting = self._take(now)
        if self._outbox.archive.audit.due and self.pace.audits_now(now, bool(waiting)):
            question = self._outbox.archive.question(self.pace.audit_limit)
            batch, body = batches.with_audit(sheet, self._outbox.starts, question.pairs)
            return Request(batch, body, [], question.first(len(batch.audit or [])))
        if waiting or self._last_request_s is None or now - self._last_request_s >= SILENCE_S:
            batch, body = batches.with_entries(sheet, self._outbox.starts, waiting)
            return Request(batch, body, [(entry.id, entry.rev) for entry in waiting[: len(batch.entries)]])
        return None

    def _take(self, now: float) -> list[Waiting]:
        if self.pace.is_turned_away(now):
            return []
        waiting = self._outbox.take(self.pace.limit, self.pace.resting(now))
        chosen = set(self.pace.together([(entry.id, entry.rev) for entry in waiting]))
        return [entry for entry in waiting if (entry.id, entry.rev) in chosen]

    def _sheet(self, who: Identity) -> batches.Sheet:
        seen_ms = int(self._outbox.fact("seen_ms", "0"))
        return batches.Sheet(who, self._clock.stamp(), self._box.health(), (seen_ms, self._tried))

    def _send(self, who: Identity, asked: Request) -> tuple[Outcome, wire.Anchor | None]:
        headers, body = {"Content-Type": "application/json"}, asked.body
        if len(body) > wire.GZIP_ABOVE:
            body = gzip.compress(body, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        before_ms = self._clock.boottime_ms()
        request, reply = self._line.signed(who, "POST", wire.BATCHES, body, headers)
        if reply is None:
            return Outcome(Kind.NO_ANSWER), None
        answer = wire.read_answer(
            who.secret, reply.status, str(reply.headers.get("Content-Type", "")), request, asked.batch.batch,
            reply.body, str(reply.headers.get(wire.SIGNATURE_HEADER, "")),
        )  # fmt: skip
        if answer is None:
            signed, again = reply.is_signed(who.secret, request), reply.headers.get("Retry-After")
            return judge(reply.status, signed, again, wire.problem_code(reply.body)), None
        middle = before_ms + (self._clock.boottime_ms() - before_ms) // 2
        anchor = wire.Anchor(asked.batch.boot, middle, answer.server_ms, reply.rtt_ms)
        return Outcome(Kind.ACCEPTED, answer), anchor

    def _write_down(self, answer: wire.Answer, anchor: wire.Anchor, request: Request, now: float) -> None:
        """Verdicts first: what is acked in a new epoch is harmless without its audit, which the next answer starts."""
        self._tried = 0
        asked, archive = set(request.sent), self._outbox.archive
        results = [result for result in answer.results if (result.id, result.rev) in asked]
        self._outbox.settle(results, answer.server_ms)
        archive.find(answer, request.question)
        with self._outbox.disk.durable():
            self._outbox.starts.anchor(anchor)
            archive.note(answer, request.question, self._chance, self._box.standings.zone)
            self._maybe_rotate(answer, request.batch.health)
        self.pace.later(results, now)
        self._follow(answer, now)

    def _maybe_rotate(self, answer: wire.Answer, told: wire.Health) -> None:
        stream, counts = self._outbox.stream, self._outbox.counts()
        if stream != told.stream:
            return  # it was rotated since this was asked
        sealed, held = counts.get(stream, _NOTHING).sealed, answer.have.get(stream)
        said = told.streams.get(stream, _NOTHING).sealed
        if keeping.must_rotate(said, held.max_seq if held else 0, "rotate_stream" in answer.do, sealed):
            log.warning("new answers go into a new stream: head office knows later ones of the last one than this card")
            self._outbox.rotate()

    def _blame(self, outcome: Outcome, sent: list[tuple[str, int]], now: float) -> None:
        self._tried += 1
        if len(sent) != 1 or not (outcome.kind in _PARKED or self.pace.blames(sent[0])):
            return
        if self.pace.alone(outcome, sent[0], now) == "park":
            self._outbox.park(sent, _PARKED[outcome.kind])

    def _has_more(self, now: float) -> bool:
        """Whether something can be sent at once."""
        resting = self.pace.resting(now)
        waits = not self.pace.is_turned_away(now) and bool(self._outbox.take(1, resting))
        return waits or (self._outbox.archive.audit.due and self.pace.audits_now(now, waits))

    def _keep_pace(self, wait: float) -> None:
        """For the next start: how often head office failed, and when to try again. A disk that doesn't take it is no
        reason to stop."""
        now, disk = self._clock.stamp(), self._outbox.disk
        with suppress(NotHeld):
            if self.pace.failures:
                facts.write(disk, "pace", self.pace.keep(now.boot, now.boottime_ms, wait, wire.APP))
            elif facts.fact(disk, "pace"):
                facts.forget(disk, "pace")

    def _follow(self, answer: wire.Answer, now: float) -> None:
        """What else an answer asks for."""
        if answer.app and answer.app != self._outbox.fact("centre_app"):
            self._outbox.unpark(_PARKED[Kind.ERROR])  # another version may well take what this one choked on
            self._outbox.remember("centre_app", answer.app)
        if "reenrol" in answer.do:
            self.last_error = Kind.REENROL.value  # what it sends is kept apart until somebody does
        every_s = JOBS_EVERY_S if self._box.standings.hands_over else MANIFEST_EVERY_S
        due = self._manifest_s is None or now - self._manifest_s >= every_s
        if due or "manifest" in answer.do:
            self._manifest_s = now
            self.fetch_manifest()

    def fetch_manifest(self) -> None:
        """Ask for the manifest, and hand on a new one. Anything but our own signed answer changes nothing."""
        told = office.manifest(self._line, self._box.who(), self._box.standings.etag)
        if told is not None:
            self._box.standings.take(told)

    def _tell(self, outcome: Outcome) -> None:
        """The log says the first failure of a row, and the recovery with their number."""
        if outcome.answer is not None:
            if self.pace.failures:
                log.info("head office answers again, after %d failures", self.pace.failures)
            self.last_success_ms, self.last_error = outcome.answer.server_ms, None
        else:
            if not self.pace.failures:
                log.warning("%s", outcome.kind.value)
            self.last_error = outcome.kind.value


_NOTHING = wire.StreamCounts(0, 0, 0, 0)
_PARKED = {Kind.BAD: "bad_request", Kind.ERROR: "server_error", Kind.TOO_LARGE: "too_large"}
