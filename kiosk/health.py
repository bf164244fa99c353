"""How a terminal is, as it tells head office with every request and whoever asks it."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kiosk.identity import Identity
from kiosk.outbox import NotHeld, Outbox
from sync import wire


class Page(NamedTuple):
    """What a page said of its own store. `since_ms`: CLOCK_BOOTTIME since when something is `unsent` in it."""

    persisted: bool = False
    unsent: int = 0
    since_ms: int | None = None


_UNHEARD = Page()
"""Of a page without script, or before its first word."""
MOST_UNSENT = 10**6
DAY_MS = 86_400_000
MOST_STREAMS = 200
_AS_TOLD = (
    "oldest_pending_ms", "last_success_ms", "last_error", "free_bytes", "sqlite", "journal", "storage", "aside",
    "damaged", "lost",
)  # fmt: skip


def heard(before: Page | None, persisted: bool, unsent: int, now_ms: int) -> Page:
    """What is known of a page's store once it said so, whatever it said."""
    unsent = min(max(unsent, 0), MOST_UNSENT)
    since_ms = before.since_ms if before and before.since_ms is not None else now_ms
    return Page(persisted, unsent, since_ms if unsent else None)


def _of_screen(page: Page, beat_ms: int, now_ms: int) -> dict[str, Any]:
    held_ms = now_ms - page.since_ms if page.since_ms is not None else 0
    return {"beat_ms": now_ms - beat_ms, "persisted": page.persisted, "unsent": page.unsent, "held_ms": held_ms}


def told(
    outbox: Outbox, folder: Path, now: wire.Stamp, beats: Mapping[str, int], pages: Mapping[str, Page]
) -> wire.Health:
    """`beats`: when each screen's page was last heard, in CLOCK_BOOTTIME milliseconds; `pages`: what it said of its own
    store. What a disk in trouble doesn't give away is left out."""
    known = wire.Health(
        sqlite=sqlite3.sqlite_version,
        screens={
            screen: _of_screen(pages.get(screen, _UNHEARD), beat, now.boottime_ms) for screen, beat in beats.items()
        },
    )
    with suppress(NotHeld, OSError):
        known = msgspec.structs.replace(known, free_bytes=shutil.disk_usage(folder).free)
        oldest = outbox.oldest_waiting()
        known = msgspec.structs.replace(
            known,
            streams=_told_of(outbox.counts(), outbox.stream),
            oldest_pending_ms=_age(oldest, now) if oldest else None,
            journal=outbox.disk.journal(),
            stream=outbox.stream,
            lost=outbox.archive.lost(),
            aside=aside(outbox),
            damaged=damaged(outbox),
        )
    return msgspec.structs.replace(known, storage=outbox.disk.storage)


def _told_of(streams: dict[str, wire.StreamCounts], current: str) -> dict[str, wire.StreamCounts]:
    """No more than a request may carry: the one that is written into, then those of which something is still here."""
    order = sorted(streams, key=lambda name: (name != current, not streams[name].pending + streams[name].parked))
    return {name: streams[name] for name in order[:MOST_STREAMS]}


def local(told: wire.Health, who: Identity, outbox: Outbox) -> dict[str, object]:
    """The same for whoever asks on this machine, and a little more."""
    counts = _counts(outbox)
    known: dict[str, object] = {
        "app": wire.APP,
        "enrolled": who.device is not None,
        "screens": list(who.screens),
        "sealed": sum(c.sealed for c in counts),
        "acked": sum(c.acked for c in counts),
        "pending": sum(c.pending for c in counts),
        "parked": sum(c.parked for c in counts),
        "commits": outbox.disk.commits,
        "moved": bool(who.successor),
        "in_pages": told.in_pages,
        "away": sum(page["beat_ms"] >= DAY_MS for page in told.screens.values()),
        "audit": None,
        "parked_codes": {},
        **{name: getattr(told, name) for name in _AS_TOLD},
    }
    with suppress(NotHeld):
        known |= {"audit": outbox.archive.audit.why, "parked_codes": outbox.parked()}
    return known


def _counts(outbox: Outbox) -> list[wire.StreamCounts]:
    with suppress(NotHeld):
        return list(outbox.counts().values())
    return []


def aside(outbox: Outbox) -> int:
    """How many damaged files were moved aside. Raises NotHeld."""
    return int(outbox.fact("aside", "0"))


def damaged(outbox: Outbox) -> int:
    """How many entries could not be read any more: those of a damaged file that did not come back, and those that are
    parked because their hash does not fit. Raises NotHeld."""
    parked = outbox.parked().get("damaged", 0)
    if not outbox.is_whole:
        return parked  # what is still on its way back is not gone
    return parked + sum(max(c.sealed - c.acked - c.pending - c.parked, 0) for c in outbox.counts().values())


def _age(then: wire.Stamp, now: wire.Stamp) -> int:
    """Milliseconds between two stamps: exact within one start, by the wall clock across starts."""
    if then.boot == now.boot:
        return max(now.boottime_ms - then.boottime_ms, 0)
    return max(now.wall_ms - then.wall_ms, 0)
