"""What a terminal gives to somebody who carries it to head office: whole, signed, and nothing changed by it."""

import gzip
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from kiosk import control
from kiosk.config import Settings
from kiosk.export import ExportRefused, write
from kiosk.terminal import Terminal, TerminalRefused
from sync import wire
from tests.bad_days import health, passes, tap
from tests.terminals import Served, served, terminal

SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def lines(file: Path) -> list[bytes]:
    return gzip.decompress(file.read_bytes()).splitlines(keepends=True)


def told(file: Path, box: Terminal) -> list[wire.Batch]:
    """The batches of a file, which is as it has to be."""
    first, *middle, last = lines(file)
    header, end = wire.read_export_header(first), wire.read_export_end(last)
    who = box._identity
    assert (header.device, header.generation, header.install) == (who.device, who.generation, who.install)
    digest = sha256(first + b"".join(middle)).hexdigest()
    assert wire.export_is_signed(who.secret, digest, end.signature)
    assert not wire.export_is_signed(b"another key", digest, end.signature)
    batches = [wire.read_batch(line) for line in middle]
    assert (end.batches, end.entries) == (len(batches), sum(len(batch.entries) for batch in batches))
    assert all(len(line) <= wire.MAX_BYTES + 1 for line in middle)
    return batches


def ids(batches: list[wire.Batch]) -> list[str]:
    return [wire.read_head(bytes(raw)).id for batch in batches for raw in batch.entries]


@SQLITE_ONLY
def test_what_is_unsent_is_in_the_file_and_stays_as_it_is(oslo: Terminal, tmp_path: Path) -> None:
    tap(oslo)
    passes(oslo)
    refused = tap(oslo, 9)
    passes(oslo)
    names = [tap(oslo, comment="a" * 900) for _ in range(201)]
    damaged = tap(oslo)
    with oslo.outbox.disk.durable() as db:
        db.execute("UPDATE entries SET body = x'00' WHERE id = ?", (damaged,))
    before = health(oslo, "acked", "pending", "parked")
    file = tmp_path / "stick.smilepost"
    write(file, oslo.export())
    batches = told(file, oslo)
    assert ids(batches) == [refused, *names]
    assert len(batches) == 3
    assert batches[0].boots
    assert batches[0].anchors
    assert batches[0].health.stream == oslo.outbox.stream
    assert health(oslo, "acked", "pending", "parked") == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "stick" in path.name] == ["stick.smilepost"]


@pytest.fixture
def running(oslo: Terminal) -> Iterator[Served]:
    with served(oslo) as opened:
        yield opened


@SQLITE_ONLY
def test_a_running_terminal_gives_it_over_loopback(oslo: Terminal, running: Served, tmp_path: Path) -> None:
    names = [tap(oslo) for _ in range(3)]
    file = tmp_path / "stick"
    settings = Settings(data=oslo.settings.data, port=int(running.address.rsplit(":", 1)[1]))
    said = control.export(settings, file)
    assert said == f"Everything unsent is in {file}; at head office `smilepost server import stick` takes it in."
    assert ids(told(file, oslo)) == names
    with pytest.raises(ExportRefused, match="exists already"):
        control.export(settings, file)
    with pytest.raises(ExportRefused, match="cannot be written: No such file"):
        control.export(settings, tmp_path / "none" / "stick")


@SQLITE_ONLY
def test_a_terminal_that_stops_in_the_middle_leaves_no_half_file(
    oslo: Terminal, running: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn() -> Iterator[bytes]:
        yield b"the beginning"
        raise OSError("the disk")

    monkeypatch.setattr(oslo, "export", torn)
    settings = Settings(data=oslo.settings.data, port=int(running.address.rsplit(":", 1)[1]))
    with pytest.raises(TerminalRefused, match="in the middle"):
        control.export(settings, tmp_path / "stick")
    assert [path.name for path in tmp_path.iterdir() if "stick" in path.name] == []


@SQLITE_ONLY
def test_a_terminal_at_rest_gives_it_too(oslo: Terminal, tmp_path: Path) -> None:
    name = tap(oslo)
    oslo.stop()
    control.export(Settings(data=oslo.settings.data), tmp_path / "stick")
    assert ids(told(tmp_path / "stick", oslo)) == [name]


def test_nothing_unsent_is_a_file_too_and_nobody_s_is_none(tmp_path: Path) -> None:
    with terminal(tmp_path / "box") as box:
        with pytest.raises(TerminalRefused, match="not enrolled"):
            box.export()
        settings = Settings(data=tmp_path / "box")
    with pytest.raises(TerminalRefused, match="not enrolled"):
        control.export(settings, tmp_path / "stick")
    with pytest.raises(TerminalRefused, match="No terminal has been started"):
        control.export(Settings(data=tmp_path / "none"), tmp_path / "stick")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["box"]
