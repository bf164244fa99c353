"""The simulated terminals: enrolled with a code, sending their past in signed batches like any other terminal."""

import base64
import gzip
import secrets
import time
from collections.abc import Callable, Iterable, Iterator

import msgspec
import requests

from sync import wire
from sync.demo.folder import Account
from sync.demo.history import Entry
from sync.demo.processes import DemoFailed, direct

APP = wire.APP.replace("/", "-demo/")
ROOM = 8 * 1024
"""Bytes of a batch that are left for what isn't an entry."""
TRIES = 8
TIMEOUT_S = (5.0, 60.0)
BRIEF_S = (2.0, 5.0)
"""The same while the demo runs: the other terminals want their turn."""
LONGEST_WAIT_S = 10.0


class Stopped(Exception):
    """The demo is being stopped; what was sent is written down."""


def enrol(centre: str, code: str, install: str, fingerprint: str) -> wire.Enrolment:
    """The real enrolment call. Raises DemoFailed."""
    body = wire.encode(wire.EnrolmentRequest(code, install, fingerprint, APP))
    headers = {"Content-Type": "application/json"}
    try:
        with direct() as session:
            reply = session.post(centre + wire.ENROLMENTS, data=body, headers=headers, timeout=TIMEOUT_S)
        reply.raise_for_status()
        return msgspec.json.decode(reply.content, type=wire.Enrolment)
    except (requests.RequestException, msgspec.DecodeError) as problem:
        raise DemoFailed(f"Head office did not enrol a simulated terminal: {problem}.") from None


def batches(entries: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The entries in order, in pieces that the protocol allows."""
    piece: list[bytes] = []
    size = 0
    for entry in entries:
        if piece and (len(piece) == wire.MAX_ENTRIES or size + len(entry) + 1 > wire.MAX_BYTES - ROOM):
            yield piece
            piece, size = [], 0
        piece.append(entry)
        size += len(entry) + 1
    if piece:
        yield piece


class Line:
    """One simulated terminal's way to head office, since its last start. Not for several threads."""

    def __init__(self, centre: str, account: Account) -> None:
        self._centre, self._account = centre, account
        self._key = base64.b64decode(account.key)
        self._session = direct()
        self._boot, self._started = secrets.token_hex(16), time.monotonic()
        self._anchors: list[wire.Anchor] = []
        self._tries = 0

    def close(self) -> None:
        self._session.close()

    def offer(self, entries: list[bytes], pending: int, oldest_ms: int | None) -> bool:
        """One batch of the `pending` entries that wait, the oldest of them captured at `oldest_ms`: whether head
        office holds them now. When it doesn't, or this raises DemoFailed, they can be sent again."""
        batch = secrets.token_hex(12)
        answer, _ = self._post(batch, wire.encode(self._batch(batch, entries, pending, oldest_ms)), BRIEF_S)
        if answer is not None:
            self._settle(answer, len(entries))
        return answer is not None

    def send(self, entries: list[bytes], pending: int, oldest_ms: int | None) -> None:
        """The same with patience: returns when head office holds them, or raises DemoFailed."""
        batch = secrets.token_hex(12)
        body = wire.encode(self._batch(batch, entries, pending, oldest_ms))
        for attempt in range(TRIES):
            answer, wait_s = self._post(batch, body, TIMEOUT_S)
            if answer is not None:
                self._settle(answer, len(entries))
                return
            time.sleep(min(wait_s or 0.2 * 2**attempt, LONGEST_WAIT_S))
        raise DemoFailed(f"Head office at {self._centre} did not take a batch after {TRIES} tries.")

    def _batch(self, batch: str, entries: list[bytes], pending: int, oldest_ms: int | None) -> wire.Batch:
        sent, now_ms = self._account.sent, time.time_ns() // 1_000_000
        counts = wire.StreamCounts(sealed=sent + pending, acked=sent, pending=pending, parked=0)
        return wire.Batch(
            proto=1,
            batch=batch,
            install=self._account.install,
            boot=self._boot,
            boottime_ms=self._boottime_ms(),
            wall_ms=now_ms,
            synced=True,
            app=APP,
            seen=(self._account.seen_ms, self._tries),
            anchors=self._anchors,
            entries=[msgspec.Raw(entry) for entry in entries],
            health=wire.Health(
                stream=self._account.stream,
                streams={self._account.stream: counts},
                oldest_pending_ms=None if oldest_ms is None else max(now_ms - oldest_ms, 0),
            ),
        )

    def _boottime_ms(self) -> int:
        return int((time.monotonic() - self._started) * 1000) + 1

    def _post(self, batch: str, body: bytes, timeout_s: tuple[float, float]) -> tuple[wire.Answer | None, float]:
        """The signed answer, or None and how many seconds head office wants to be left alone (0: it didn't say)."""
        self._tries += 1
        packed = gzip.compress(body, compresslevel=3) if len(body) > wire.GZIP_ABOVE else body
        request = secrets.token_hex(16)
        headers = {
            "Content-Type": "application/json",
            wire.DEVICE_HEADER: f"{self._account.device}.{self._account.generation}",
            wire.REQUEST_HEADER: request,
            wire.DIGEST_HEADER: wire.digest(packed),
            wire.SIGNATURE_HEADER: wire.sign_request(self._key, "POST", wire.BATCHES, request, packed),
        }
        if packed is not body:
            headers["Content-Encoding"] = "gzip"
        started = self._boottime_ms()
        try:
            reply = self._session.post(
                self._centre + wire.BATCHES, data=packed, headers=headers, timeout=timeout_s, allow_redirects=False
            )
        except requests.RequestException:
            return None, 0
        arrived = self._boottime_ms()
        answer = wire.read_answer(
            self._key, reply.status_code, reply.headers.get("Content-Type", ""), request, batch, reply.content,
            reply.headers.get(wire.SIGNATURE_HEADER, ""),
        )  # fmt: skip
        if answer is not None:
            latest = wire.Anchor(self._boot, arrived, answer.server_ms, arrived - started)
            self._anchors = [*self._anchors[:1], latest]  # the first and the last
            return answer, 0
        if 400 <= reply.status_code < 500 and reply.status_code != 429:
            raise DemoFailed(f"Head office refused a simulated terminal's batch with status {reply.status_code}.")
        return None, _seconds(reply.headers.get("Retry-After", ""))

    def _settle(self, answer: wire.Answer, count: int) -> None:
        kept = [result for result in answer.results if result.verdict in ("stored", "duplicate")]
        if len(kept) < count:
            odd = next((result for result in answer.results if result not in kept), None)
            said = f"{odd.verdict} ({odd.code})" if odd else "nothing"
            raise DemoFailed(f"Head office said {said} to an entry of a simulated terminal.")
        self._account.sent += count
        self._account.seen_ms, self._tries = answer.server_ms, 0


def send_past(line: Line, past: list[Entry], tell: Callable[[int], bool], kept_back: int = 0) -> None:
    """All of `past`, oldest first, but the newest `kept_back`, of which head office only hears that they wait; `tell`
    hears after each batch how many it held, and answers whether to go on. Raises DemoFailed, Stopped."""
    done = 0

    def oldest_ms() -> int | None:
        return captured_ms(past[done]) if done < len(past) else None

    line.send([], len(past), oldest_ms())  # the first request of a boot is empty: its answer anchors the boot
    for piece in batches(wire.encode(entry) for entry in past[: max(len(past) - kept_back, 0)]):
        line.send(piece, len(past) - done, oldest_ms())
        done += len(piece)
        if not tell(len(piece)):
            raise Stopped
    if kept_back:
        line.send([], len(past) - done, oldest_ms())


def captured_ms(entry: Entry) -> int:
    return int(entry["stamp"]["wall_ms"])


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
