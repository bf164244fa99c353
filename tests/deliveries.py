"""What the script of a screen's page sends to its terminal (static/kiosk/visit.js, delivery.js), without a browser."""

import secrets
import time
from typing import Any

from sync.survey import BUILTIN


class PageClock:
    """One load of a page: it runs from here on, and knows the terminal's clock once it has heard it."""

    def __init__(self) -> None:
        self.load = f"page-{secrets.token_hex(16)}"
        self.anchors: list[dict[str, Any]] = []
        self._start = time.monotonic()

    def now_ms(self) -> int:
        return round((time.monotonic() - self._start) * 1000)

    def heard(self, sent_ms: int, said: Any) -> None:
        """An answer of the terminal's to what was sent at `sent_ms`."""
        now_ms = self.now_ms()
        anchor = {"page_ms": (sent_ms + now_ms) // 2, "rtt_ms": now_ms - sent_ms, "stamp": said["clock"]}
        self.anchors = [*self.anchors[:1], anchor]

    def record(self, name: str, rev: int, answers: dict[str, Any], ended: str | None, tapped_ms: int) -> dict[str, Any]:
        """A response whole, as far as it goes; first tapped at `tapped_ms` of this load."""
        value = answers[BUILTIN.first.id]
        asked = BUILTIN.follow_ups(BUILTIN.first.id, value).reasons
        return {
            "id": name, "rev": rev, "screen": None, "placement": None, "survey": BUILTIN.id,
            "version": BUILTIN.version, "lang": "en", "answers": answers,
            "shown": {asked.id: [choice.id for choice in asked.choices]} if asked else {}, "first_ms": 5,
            "total_ms": 5, "since_prev_ms": None, "ended": ended, "load": self.load, "page_ms": tapped_ms,
            "wall_ms": time.time_ns() // 1_000_000,
        }  # fmt: skip

    def delivery(self, *records: dict[str, Any]) -> dict[str, Any]:
        """The body of a POST to /late."""
        return {"responses": list(records), "loads": {self.load: self.anchors}}
