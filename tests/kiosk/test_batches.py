"""A request keeps to its size, whatever a terminal lived through."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import batches, health
from kiosk.batches import Sheet
from kiosk.identity import Identity
from kiosk.outbox import Outbox
from sync import wire
from tests.boxes import new_id
from tests.kiosk.test_outbox import STAMP, sealed

WHO = Identity("install-1", "dev-1", 1, "a2V5")


@pytest.fixture
def weathered(tmp_path: Path) -> Iterator[Outbox]:
    """An outbox that was started 300 times, with 260 streams and comments of the longest kind."""
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    with outbox.disk.durable():
        for number in range(300):
            boot = f"{number:08d}-0000-4000-8000-000000000000"
            outbox.starts.began(boot)
            if number % 3:
                for at in (100, 200):
                    outbox.starts.anchor(wire.Anchor(boot, at, STAMP.wall_ms + number * 1000 + at, 8))
            if number >= 40:
                outbox.rotate()
                stamp = wire.Stamp(boot, 5, STAMP.wall_ms, False)
                sealed(outbox, stamp=stamp, answers={"visit": 0, "comment": "☃" * (2000 if number % 2 else 10)})
    yield outbox
    outbox.close()


def sheet(outbox: Outbox, folder: Path) -> Sheet:
    return Sheet(WHO, STAMP, health.told(outbox, folder, STAMP, {}, {}), (STAMP.wall_ms, 3))


def test_entries_fit(weathered: Outbox, tmp_path: Path) -> None:
    waiting = weathered.take(200)
    batch, body = batches.with_entries(sheet(weathered, tmp_path), weathered.starts, waiting)
    assert len(body) <= wire.MAX_BYTES
    assert len(batch.entries) >= 10
    assert [bytes(raw) for raw in batch.entries] == [entry.body for entry in waiting[: len(batch.entries)]]
    read = wire.read_batch(body)
    assert weathered.stream in read.health.streams
    boots = {wire.boot_of(bytes(raw)) for raw in read.entries}
    assert boots <= read.boots.keys()


def test_an_audit_fits(weathered: Outbox, tmp_path: Path) -> None:
    pairs = [(new_id(), 1) for _ in range(wire.MAX_AUDIT)]
    batch, body = batches.with_audit(sheet(weathered, tmp_path), weathered.starts, pairs)
    assert len(body) <= wire.MAX_BYTES
    assert batch.audit == pairs[: len(batch.audit or [])]
    assert len(batch.audit or []) >= 500
    assert len(wire.read_batch(body).anchors) == 400


def test_a_young_terminal_asks_for_two_thousand_at_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    pairs = [(new_id(), 1) for _ in range(wire.MAX_AUDIT)]
    batch, body = batches.with_audit(sheet(outbox, tmp_path), outbox.starts, pairs)
    assert len(batch.audit or []) == wire.MAX_AUDIT
    assert len(body) <= wire.MAX_BYTES
    outbox.close()
