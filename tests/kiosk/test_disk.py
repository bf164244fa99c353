"""A disk that is full, read-only, failing or shared: the terminal starts, serves, thanks nobody for what it doesn't
hold, and is well again when the disk is."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.app import create_app
from kiosk.ballast import BYTES, Ballast
from kiosk.outbox import NotHeld
from kiosk.terminal import Terminal
from tests.faults.power import recording
from tests.faults.power.recording import Recording
from tests.processes import COMMAND, free_ports, running
from tests.terminals import Page, full_disk, sealed, terminal

START_S = 10
TAP: dict[str, Any] = {
    "on": "ask", "action": "answer", "survey": "builtin.1", "rev": "1", "lang": "en", "value": "3",
    "id": "01890000-0000-7000-8000-000000000001",
}  # fmt: skip


def tap(client: FlaskClient) -> TestResponse:
    """Without script, so that the terminal itself waits: 303 to the thanks, or to "One moment, please"."""
    return client.post("/visit", data=TAP)


def hold(box: Terminal) -> str:
    standing = box.standing()
    assert standing is not None
    return box.hold(
        standing, id=box.new_id(), rev=1, lang="en", answers={"visit": 3}, shown={}, first_ms=1, total_ms=1, ago_ms=0,
        from_page=True,
    ).id  # fmt: skip


def hold_many(box: Terminal, count: int) -> None:
    for _ in range(count):
        hold(box)


def wait_until_well(box: Terminal) -> None:
    until = time.monotonic() + START_S
    while box.outbox.disk.storage is not None:
        assert time.monotonic() < until, box.outbox.disk.storage
        time.sleep(0.1)
        box.outbox.disk.mend()


def test_a_terminal_that_starts_on_a_full_disk_waits_for_room(tmp_path: Path) -> None:
    """Nothing can be written: no outbox, no identity, no token."""
    with full_disk(), terminal(tmp_path) as box:
        box.start()
        client = create_app(box).test_client()
        assert Page(client.get("/").text).screen == "ask"
        assert tap(client).location.endswith("/moment")
        told = client.get("/healthz").json
        assert told is not None
        assert told["storage"] == "full"
        assert not (tmp_path / "identity.json").exists()
    with terminal(tmp_path) as box:
        assert hold(box)


def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    with terminal(tmp_path) as box:
        client = create_app(box).test_client()
        with full_disk():
            assert tap(client).location.endswith("/moment")
            box.outbox.disk.mend()
            assert box.health()["storage"] == "full"
            assert Page(client.get("/").text).screen == "ask"  # somebody new: their page may be able to keep it
        wait_until_well(box)
        assert box.health()["storage"] is None
        assert tap(client).location.endswith("/thanks")


def test_a_box_that_started_on_a_full_disk_becomes_itself_when_there_is_room(tmp_path: Path) -> None:
    with terminal(tmp_path) as box:
        install = box._identity.install
    with full_disk(), terminal(tmp_path) as box:
        assert box._identity.install == install


@contextmanager
def file_system(folder: Path, kind: str = "tmpfs", size: str = "96m") -> Iterator[Path]:
    """One of its own, which can be filled and made read-only."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a file system of its own")
    at = folder / "mounted"
    at.mkdir()
    if subprocess.run(["mount", "-t", kind, "-o", f"size={size}", "none", at], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", at], check=True)


def filled(folder: Path) -> Path:
    with (folder / "films").open("wb") as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
                file.flush()
        except OSError:
            pass
    return folder / "films"


def test_ballast_goes_overboard_so_that_taps_are_held_on_a_full_disk(tmp_path: Path) -> None:
    with file_system(tmp_path) as folder, terminal(folder) as box:
        box.outbox.disk.mend()
        assert (folder / "ballast").stat().st_size == BYTES
        films, refused = filled(folder), 0
        for _ in range(300):  # until the journal needs room that isn't there
            try:
                box.seal(hold(box), "done")
            except NotHeld:
                refused += 1
        assert 1 <= refused <= 3
        assert not (folder / "ballast").exists()
        assert box.outbox.disk.storage == "full"
        assert len(sealed(box)) >= 297
        films.unlink()
        wait_until_well(box)
        assert (folder / "ballast").exists()


def test_a_tiny_disk_carries_no_ballast(tmp_path: Path) -> None:
    with file_system(tmp_path, size="2m") as folder:
        Ballast(folder).take_aboard()
        assert list(folder.iterdir()) == []
        with terminal(folder) as box:
            filled(folder)
            with pytest.raises(NotHeld):
                hold_many(box, 1000)
            assert box.outbox.disk.storage == "full"
            (folder / "films").unlink()
            wait_until_well(box)


@pytest.mark.parametrize("used", [True, False])
def test_a_card_that_is_read_only_at_the_start(used: bool, tmp_path: Path) -> None:
    with file_system(tmp_path) as folder:
        if used:
            with terminal(folder) as box:
                box.seal(hold(box), "done")
                install = box._identity.install
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        with terminal(folder) as box:
            client = create_app(box).test_client()
            assert Page(client.get("/").text).screen == "ask"
            assert tap(client).location.endswith("/moment")
            assert box.health()["storage"] == "read_only"
            assert not used or box._identity.install == install
            subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
            wait_until_well(box)
            box._arrive()
            assert tap(client).location.endswith("/thanks")
            assert (folder / "identity.json").exists()


def test_a_card_that_becomes_read_only_while_customers_tap(tmp_path: Path) -> None:
    with file_system(tmp_path) as folder, terminal(folder) as box:
        client = create_app(box).test_client()
        hold(box)
        box.outbox.close()  # a file that is open for writing keeps the card from becoming read-only
        box.outbox.disk._again_s = 0.0
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        assert tap(client).location.endswith("/moment")
        assert box.health()["storage"] == "read_only"
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        wait_until_well(box)
        assert tap(client).location.endswith("/thanks")


# Errors of a real process's disk, given by strace.


@contextmanager
def on_a_failing_disk(folder: Path, inject: str, *only: Path) -> Iterator[str]:
    """A terminal whose system calls (on `only` these files) fail as `inject` says; its address."""
    reason = recording.reason_not_to_record()
    if reason:
        pytest.skip(reason)
    (port,) = free_ports(1)
    (folder / "config.toml").write_text(f'[kiosk]\ndata = "box"\nport = {port}\ninput_guard_ms = 0\nthreads = 1\n')
    call = inject.partition(":")[0]
    # -D: whoever kills what was started kills the terminal, and strace goes with it.
    watched = ["strace", "-D", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={inject}"]
    watched += [option for path in only for option in ("-P", str(path))]
    screen = f"http://127.0.0.1:{port}"
    arguments = ("kiosk", "run", "--config", folder / "config.toml")
    with running(*arguments, cwd=folder, health=screen + "/healthz", program=[*watched, *COMMAND]):
        assert requests.get(screen + "/", timeout=5).status_code == 200
        yield screen


def well(screen: str, sealed: int) -> dict[str, Any]:
    """Its health, once its disk is well and it has so many entries."""
    until = time.monotonic() + 2 * START_S
    while True:
        told: dict[str, Any] = requests.get(screen + "/healthz", timeout=10).json()
        if told["storage"] is None and told["sealed"] >= sealed:
            return told
        assert time.monotonic() < until, (told["storage"], told["sealed"], told["aside"])
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("inject", "trouble"),
    [
        ("fdatasync:error=EIO:when=12..18", "failing"),
        ("pwrite64:error=ENOSPC:when=30..33", "full"),
        ("pwrite64:error=EROFS:when=30..33", "failing"),
        ("pwrite64:error=ENOSPC:when=1..4", "full"),
    ],
)
def test_errors_of_the_disk_cost_time_and_no_answer(inject: str, trouble: str, tmp_path: Path) -> None:
    told, seen, closing = Recording([]), set[str | None](), threading.Event()
    with on_a_failing_disk(tmp_path, inject) as screen:

        def look() -> None:
            while not closing.wait(0.02):
                seen.add(requests.get(screen + "/healthz", timeout=10).json()["storage"])

        watching = threading.Thread(target=look, daemon=True)
        watching.start()
        recording.serve(screen, 6, random.Random(1), told, tries=400)
        closing.set()
        watching.join()
        assert well(screen, 0)["aside"] == 0
    assert trouble in seen
    promised = dict(sorted(told.thanks))
    with terminal(tmp_path / "box") as box:
        box.start()
        assert {entry["id"]: entry["rev"] for entry in sorted(sealed(box), key=lambda e: e["rev"])} == promised
        for entry in sealed(box):
            assert entry["answers"] == told.tried[entry["id"]][entry["rev"]]


def test_a_sector_that_cannot_be_read_is_left_behind(tmp_path: Path) -> None:
    with terminal(tmp_path / "box") as box:
        ids = {hold(box) for _ in range(20)}
        for name in ids:
            box.seal(name, "done")
    with on_a_failing_disk(tmp_path, "pread64:error=EIO:when=2..6", tmp_path / "box" / "outbox.sqlite3") as screen:
        assert well(screen, 20)["aside"] >= 1


# Somebody else has the file open.

READER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
db.execute("BEGIN")
print(db.execute("SELECT count(*) FROM entries").fetchone()[0], flush=True)
sys.stdin.readline()
db.execute("COMMIT")
db.close()
"""


@contextmanager
def reader(path: Path) -> Iterator[Callable[[], None]]:
    """A process that reads the outbox, as a copy that is being made; it leaves when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline().strip().isdigit()

    def leave() -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)

    yield leave
    process.kill()
    process.wait()


def left_by_a_power_cut(folder: Path) -> int:
    """An outbox with a journal; how many entries are in it."""
    with terminal(folder) as box:
        for _ in range(5):
            box.seal(hold(box), "done")
        copies = {name: (folder / name).read_bytes() for name in ("outbox.sqlite3", "outbox.sqlite3-wal")}
    for name, content in copies.items():
        (folder / name).write_bytes(content)
    return 5


def test_taps_are_held_while_a_copy_is_being_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.disk.UNPIN_S", 0.1)
    before = left_by_a_power_cut(tmp_path)
    with reader(tmp_path / "outbox.sqlite3") as leave, terminal(tmp_path) as box:
        box.start()
        assert box.health()["storage"] == "pinned"
        ids = [hold(box) for _ in range(100)]  # more than make a checkpoint
        for name in ids:
            box.seal(name, "done")
        time.sleep(0.2)
        box.outbox.disk.mend()
        assert box.health()["storage"] == "pinned"
        leave()
        wait_until_well(box)
        assert len(sealed(box)) == before + 100
        assert [row[0] for row in box.outbox.disk.rows("PRAGMA locking_mode")] == ["exclusive"]
    assert not (tmp_path / "outbox.sqlite3-wal").exists()


def test_somebody_who_holds_the_file_for_themselves_is_waited_for(tmp_path: Path) -> None:
    with terminal(tmp_path):
        pass
    # Another process's lock: within one, SQLite shares what it knows.
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite3", isolation_level=None)) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")
        script = (
            "import sys; from pathlib import Path; from kiosk.config import Settings\n"
            "from kiosk.terminal import Terminal\n"
            "box = Terminal(Settings(data=Path(sys.argv[1])))\n"
            "print(box.health()['storage'], box.standing() is not None)"
        )
        asked = [sys.executable, "-c", script, str(tmp_path)]
        ours = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        told = subprocess.run(asked, capture_output=True, text=True, timeout=START_S, env=ours)
        assert told.stdout.split() == ["pinned", "True"], told.stderr
