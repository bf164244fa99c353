"""A box that speaks the protocol without a disk or a screen: for tests of the centre."""

import gzip
import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sync import wire
from sync.centre import Centre
from sync.intake import enrol
from sync.office import places

NOON = 1_767_182_400_000
"""2025-12-31 12:00:00 UTC, a Wednesday."""
_numbers = itertools.count(1)


def new_id(at_ms: int = NOON) -> str:
    digits = f"{at_ms:012x}7{secrets.randbits(12):03x}{8 | secrets.randbits(2):x}{secrets.randbits(60):015x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@dataclass
class Box:
    """A device with one screen, as `enrol_box` made it."""

    device: str
    key: bytes
    screen: str | None
    placement: str | None
    generation: int = 1
    stream: str = field(default_factory=lambda: secrets.token_hex(8))
    boot: str = field(default_factory=lambda: secrets.token_hex(8))
    seq: int = 0
    seen: tuple[int, int] = (0, 0)

    def response(self, value: Any = 3, *, at_ms: int = NOON, boot: str | None = None, **changes: Any) -> dict[str, Any]:
        """A sealed entry; `changes` replace fields before sealing (`answers` adds to the first answer). Each of a start
        of its own, so that many at the same moment are no burst, unless they are told which (`boot`)."""
        self.seq += 1
        entry: dict[str, Any] = {
            "kind": "response",
            "id": new_id(at_ms),
            "rev": 1,
            "stream": self.stream,
            "seq": self.seq,
            "schema": 1,
            "test": False,
            "screen": self.screen,
            "placement": self.placement,
            "survey": "builtin",
            "version": 1,
            "lang": "en",
            "mode": "store",
            "stamp": {
                "boot": boot or f"{self.boot}-{self.seq}",
                "boottime_ms": at_ms - NOON + 10**9,
                "wall_ms": at_ms,
                "synced": True,
            },
            "answers": {"visit": value, **changes.pop("answers", {})},
            "shown": {},
            "ended": "done",
            "first_ms": 900,
            "total_ms": 4000,
            "since_prev_ms": None,
            "flags": [],
        }
        return wire.seal({**entry, **changes}, "pepper")

    def batch(self, entries: Sequence[Any] = (), **changes: Any) -> dict[str, Any]:
        """A request's message."""
        return {
            "proto": 1,
            "batch": secrets.token_hex(8),
            "install": "install-of-" + self.device,
            "boot": self.boot,
            "boottime_ms": 2 * 10**9,
            "wall_ms": NOON,
            "synced": True,
            "app": "smilepost/0",
            "seen": self.seen,
            "anchors": [],
            "entries": list(entries),
            "health": {"streams": {}},
            **changes,
        }

    def post(self, client: FlaskClient, message: Any, *, zipped: bool = False, **headers: str) -> TestResponse:
        """Send a message (or raw bytes) as this device, signed; `headers` replace (underscores for dashes)."""
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        extra = {}
        if zipped:
            body, extra = gzip.compress(body), {"Content-Encoding": "gzip"}
        signed = self.signed("POST", wire.BATCHES, body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(
            wire.BATCHES, data=body, headers={"Content-Type": "application/json", **signed, **extra, **named}
        )

    def export(self, path: Path, *messages: Any, key: bytes | None = None) -> Path:
        """Write batches into a file as `smilepost kiosk export` does."""
        header = wire.ExportHeader(1, self.device, self.generation, "install-of-" + self.device, "smilepost/0", NOON)
        lines = b"".join(wire.encode(message) + b"\n" for message in (header, *messages))
        count = sum(len(message["entries"]) for message in messages)
        signature = wire.sign_export(key or self.key, sha256(lines).hexdigest())
        end = wire.encode(wire.ExportEnd(len(messages), count, signature))
        path.write_bytes(gzip.compress(lines + end + b"\n"))
        return path

    def signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        request = secrets.token_hex(8)
        return {
            wire.DEVICE_HEADER: f"{self.device}.{self.generation}",
            wire.REQUEST_HEADER: request,
            wire.DIGEST_HEADER: wire.digest(body),
            wire.SIGNATURE_HEADER: wire.sign_request(self.key, method, path, request, body),
        }

    def send(self, client: FlaskClient, *entries: Any, **changes: Any) -> wire.Answer:
        """Send entries and read the answer as a terminal does."""
        message = self.batch(entries, **changes)
        reply = self.post(client, message)
        assert reply.status_code == 200, reply.get_data(as_text=True)
        answer = wire.read_answer(
            self.key,
            reply.status_code,
            reply.content_type,
            reply.request.headers[wire.REQUEST_HEADER],
            message["batch"],
            reply.get_data(),
            reply.headers[wire.SIGNATURE_HEADER],
        )
        assert answer is not None
        return answer


def verdicts(answer: wire.Answer) -> list[str]:
    return [result.verdict for result in answer.results]


def open_shop(
    centre: Centre, name: str = "Oslo", zone: str = "Europe/Oslo", hours: places.Hours = None, parent: int | None = None
) -> tuple[int, str]:
    """A store with one touchpoint and a screen at it: (location id, placement id)."""
    with centre.db.writing() as tx:
        location = places.add_location(tx, name, zone=zone, hours=hours, parent=parent)
        touchpoint = places.add_touchpoint(tx, location, "Checkout")
        _, placement = places.add_screen(tx, f"{name} 1", touchpoint, NOON - 10**10)
    return location, placement


def enrol_box(centre: Centre, placement: str) -> Box:
    """A box that stands there."""
    asked = wire.EnrolmentRequest("", f"install-{next(_numbers)}", "f" * 32, "smilepost/0")
    with centre.db.writing() as tx:
        code = enrol.new_code(tx, placement, centre.now_ms())
        given = enrol.enrol(tx, msgspec.structs.replace(asked, code=code), None, centre.secrets, centre.now_ms())
    assert isinstance(given, wire.Enrolment)
    key = centre.secrets.key(given.device, given.generation)
    return Box(given.device, key, given.screen, given.placement, given.generation)


Opener = Callable[..., tuple[int, Box]]
