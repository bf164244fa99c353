"""Outbox -> centre: one pass, and the loop around it."""

import gzip
import logging
import random
import secrets
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import msgspec

from kiosk import identity
from kiosk.clock import Clock
from kiosk.identity import Identity, KeptManifest
from kiosk.line import Line
from kiosk.outbox import NotHeld, Outbox, Waiting
from kiosk.pace import SILENCE_S, Kind, Outcome, Pace, judge
from sync import wire

log = logging.getLogger(__name__)

FIRST_WITHIN_S = 60.0
MANIFEST_EVERY_S = 900.0


class Sender:
    """Sends what waits, in a thread of its own. `health` gives the terminal's health for each request;
    `on_manifest` takes a new manifest, `monotonic` gives seconds that never go back."""

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        line: Line,
        who: Callable[[], Identity],
        health: Callable[[], wire.Health],
        on_manifest: Callable[[KeptManifest], None],
        at_once: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox, self._clock, self._line = outbox, clock, line
        self._who, self._health, self._on_manifest = who, health, on_manifest
        self._at_once, self._monotonic = at_once, monotonic
        self.pace = Pace()
        self._chance = random.SystemRandom().random
        self._tried = 0
        self._last_request_s: float | None = None
        self._manifest_s: float | None = None
        self.etag = ""
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
        self.pace, self.last_error, self.etag = Pace(), None, ""
        self._again.set()
        self._nudged.set()

    def hurry(self) -> None:
        """Somebody is waiting for it: look now, even when head office was away a moment ago."""
        self._again.set()
        self._nudged.set()

    def nudge(self) -> None:
        """Something was sealed: look now, unless head office is known to be away."""
        self._nudged.set()

    def _loop(self) -> None:
        wait = 0.0 if self._at_once else self._chance() * FIRST_WITHIN_S
        while not self._stopping.is_set():
            self._rest(wait)
            if self._stopping.is_set():
                return
            try:
                wait = self.pass_once()
            except NotHeld as problem:
                self.last_error, wait = f"the disk does not take what head office answered ({problem})", 5.0
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
        who, now = self._who(), self._monotonic()
        if who.device is None:
            return 60.0
        anchored = self._outbox.starts.is_anchored(self._clock.boot)
        waiting = self._outbox.take(self.pace.limit, self.pace.resting(now)) if anchored else []
        chosen = set(self.pace.together([(entry.id, entry.rev) for entry in waiting]))
        waiting = [entry for entry in waiting if (entry.id, entry.rev) in chosen]
        silent = self._last_request_s is None or now - self._last_request_s >= SILENCE_S
        if not waiting and anchored and not silent:
            return self.pace.look(self._chance)
        batch, body = self._batch(who, waiting)
        sent = [(entry.id, entry.rev) for entry in waiting[: len(batch.entries)]]
        self._last_request_s = now
        outcome = self._send(who, batch, body)
        self._tell(outcome)
        return self._settle(outcome, sent, now)

    def _batch(self, who: Identity, waiting: list[Waiting]) -> tuple[wire.Batch, bytes]:
        """The request for as many of `waiting` as fit into its size."""
        stamp = self._clock.stamp()
        room = wire.MAX_BYTES - 16 * 1024
        raws: list[msgspec.Raw] = []
        for entry in waiting:
            room -= len(entry.body) + 1
            if room < 0 and raws:
                break
            raws.append(msgspec.Raw(entry.body))
        boots = {stamp.boot} | {wire.boot_of(bytes(raw)) for raw in raws}
        told = self._outbox.starts.told(boots)
        batch = wire.Batch(
            proto=1,
            batch=secrets.token_hex(16),
            install=who.install,
            boot=stamp.boot,
            boottime_ms=stamp.boottime_ms,
            wall_ms=stamp.wall_ms,
            synced=stamp.synced,
            app=wire.APP,
            seen=(int(self._outbox.fact("seen_ms", "0")), self._tried),
            anchors=told.anchors,
            boots=told.boots,
            entries=raws,
            health=self._health(),
        )
        return batch, wire.encode(batch)

    def _send(self, who: Identity, batch: wire.Batch, body: bytes) -> Outcome:
        headers = {"Content-Type": "application/json"}
        if len(body) > wire.GZIP_ABOVE:
            body = gzip.compress(body, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        before_ms = self._clock.boottime_ms()
        request, reply = self._line.signed(who, "POST", wire.BATCHES, body, headers)
        if reply is None:
            return Outcome(Kind.NO_ANSWER)
        answer = wire.read_answer(
            who.secret, reply.status, str(reply.headers.get("Content-Type", "")), request, batch.batch, reply.body,
            str(reply.headers.get(wire.SIGNATURE_HEADER, "")),
        )  # fmt: skip
        if answer is None:
            signed, again = reply.is_signed(who.secret, request), reply.headers.get("Retry-After")
            return judge(reply.status, signed, again, wire.problem_code(reply.body))
        middle = before_ms + (self._clock.boottime_ms() - before_ms) // 2
        self._outbox.starts.anchor(wire.Anchor(batch.boot, middle, answer.server_ms, reply.rtt_ms))
        return Outcome(Kind.ACCEPTED, answer)

    def _settle(self, outcome: Outcome, sent: list[tuple[str, int]], now: float) -> float:
        answer = outcome.answer
        if answer is not None:
            self._tried = 0
            asked = set(sent)
            results = [result for result in answer.results if (result.id, result.rev) in asked]
            self._outbox.settle(results, answer.server_ms)
            self.pace.later(results, now)
            self._follow(answer, now)
        else:
            self._tried += 1
            if len(sent) == 1 and outcome.kind in _PARKED and self.pace.alone(outcome, sent[0], now) == "park":
                self._outbox.park(sent, _PARKED[outcome.kind])
        more = bool(self._outbox.take(1, self.pace.resting(now)))
        return self.pace.after(outcome, sent, more, self._chance)

    def _follow(self, answer: wire.Answer, now: float) -> None:
        """What else an answer asks for."""
        if answer.app and answer.app != self._outbox.fact("centre_app"):
            self._outbox.unpark(_PARKED[Kind.ERROR])  # another version may well take what this one choked on
            self._outbox.remember("centre_app", answer.app)
        if "reenrol" in answer.do:
            self.last_error = Kind.REENROL.value  # what it sends is kept apart until somebody does
        due = self._manifest_s is None or now - self._manifest_s >= MANIFEST_EVERY_S
        if due or "manifest" in answer.do:
            self._manifest_s = now
            self.fetch_manifest()

    def fetch_manifest(self) -> None:
        """Ask for the manifest, and hand on a new one. Anything but our own signed answer changes nothing."""
        who = self._who()
        headers = {"If-None-Match": self.etag} if self.etag else {}
        request, reply = self._line.signed(who, "GET", wire.MANIFEST, b"", headers)
        if reply is None or reply.status != 200 or not reply.is_signed(who.secret, request):
            return
        try:
            manifest = msgspec.json.decode(reply.body, type=wire.Manifest)
        except msgspec.DecodeError:
            log.warning("the manifest from head office cannot be read; going on with the last good one")
            return
        self._on_manifest(KeptManifest(str(reply.headers.get("ETag", "")), manifest))

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


_PARKED = {Kind.BAD: "bad_request", Kind.ERROR: "server_error", Kind.TOO_LARGE: "too_large"}


def enrol(line: Line, who: Identity, code: str) -> tuple[wire.Enrolment | None, str]:
    """Ask the centre for a place in its fleet: the enrolment, or None and a sentence that says why not."""
    request = wire.EnrolmentRequest(code, who.install, identity.fingerprint(), wire.APP)
    body, headers = wire.encode(request), {"Content-Type": "application/json"}
    if who.device is None:
        reply = line.ask("POST", wire.ENROLMENTS, body, headers)
    else:
        _, reply = line.signed(who, "POST", wire.ENROLMENTS, body, headers)
    if reply is None:
        return None, f"Head office at {line.centre} does not answer; check the address and the network."
    try:
        if reply.status == 200:
            return msgspec.json.decode(reply.body, type=wire.Enrolment), ""
        problem: dict[str, Any] = msgspec.json.decode(reply.body, type=dict[str, Any])
        return None, str(problem["title"])
    except (msgspec.DecodeError, KeyError):
        return None, f"What answers at {line.centre} is not a Smilepost centre."
