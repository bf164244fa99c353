"""What a terminal costs the box it runs on: one sync of the disk a commit, and little memory."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests

from sync.survey import BUILTIN
from tests.backlog import fill
from tests.boxes import new_id
from tests.deliveries import PageClock
from tests.end_to_end.conftest import Chain
from tests.end_to_end.test_the_whole_way import health, wait_until_sent
from tests.processes import COMMAND, free_ports, running

TAPS = 1_000
MEMORY = 45_000_000
"""Bytes; a Pi Zero 2 W has 512 MB, and Chromium wants the rest."""
MEMORY_AFTER_A_MONTH = 60_000_000
BACKLOG = 1_500


def tap(screen: str, taps: int) -> None:
    """Taps, each of them finished."""
    clock, answers = PageClock(), {BUILTIN.first.id: 3}
    with requests.Session() as session:
        session.trust_env = False
        clock.heard(clock.now_ms(), session.get(screen + "/clock", timeout=10).json())
        for _ in range(taps):
            name, now_ms = new_id(time.time_ns() // 1_000_000), clock.now_ms()
            for rev, ended in ((1, None), (2, "done")):
                body = clock.delivery(clock.record(name, rev, answers, ended, now_ms))
                reply = session.post(screen + "/late", json=body, headers={"Origin": screen}, timeout=10)
                assert reply.json()["held"] == [[name, rev]]


def test_a_terminal_stays_small(open_chain: Chain) -> None:
    tap(open_chain.screen, TAPS)
    wait_until_sent(open_chain, TAPS)
    resident = health(open_chain)["resident_bytes"]
    print(f"{resident / 1e6:.1f} MB resident after {TAPS} taps, all of them sent")
    assert resident <= MEMORY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_terminal_that_was_away_for_long_stays_small_and_quick(chain: Chain) -> None:
    """`python -m tests.bench drain` does it with 90,000."""
    chain.start("server")
    fill(chain.folder / "terminal", chain.office, chain.code(), BACKLOG)
    chain.start("kiosk")
    assert health(chain)["pending"] > 0
    began, taps = time.monotonic(), 0
    while health(chain)["acked"] < BACKLOG and taps < BACKLOG:
        tap(chain.screen, 10)
        taps += 10
    each = (time.monotonic() - began) / taps
    resident = wait_until_sent(chain, BACKLOG + taps)["resident_bytes"]
    print(f"{resident / 1e6:.1f} MB resident after {BACKLOG} old answers and {taps} new ones, {each * 1e3:.0f} ms each")
    assert resident <= MEMORY_AFTER_A_MONTH


def _strace_or_skip() -> str:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here: apt install strace")
    tried = subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("strace may not watch processes here")
    return strace


def test_a_commit_is_one_sync_of_the_disk(tmp_path: Path) -> None:
    """Checkpoints apart: each syncs the journal, the file, and once more the journal that begins anew."""
    trace = tmp_path / "trace"
    (port,) = free_ports(1)
    (tmp_path / "config.toml").write_text(f'[kiosk]\ndata = "terminal"\nport = {port}\n')
    watched = [_strace_or_skip(), "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace), *COMMAND]
    screen = f"http://127.0.0.1:{port}"
    arguments = ("kiosk", "run", "--config", tmp_path / "config.toml")
    with running(*arguments, cwd=tmp_path, health=screen + "/healthz", program=watched) as process:
        before = syncs(trace)
        tap(screen, 100)
        commits = requests.get(screen + "/healthz", timeout=10).json()["commits"]
        after = syncs(trace)
        terminal = int(trace.read_text().split(maxsplit=1)[0])
        os.kill(terminal, signal.SIGTERM)
        process.wait(30)
    wal, checkpoints = (after[name] - before[name] for name in ("outbox.sqlite3-wal", "outbox.sqlite3"))
    print(f"{commits} commits, {wal} syncs of the journal, {checkpoints} checkpoints")
    assert commits >= 200
    assert commits + checkpoints <= wal <= commits + 2 * checkpoints + 1


def syncs(trace: Path) -> dict[str, int]:
    """How often each file of the outbox was synced so far."""
    names = re.findall(r"sync\(\d+<[^>]*/([^/>]+)>\)", trace.read_text())
    return {name: names.count(name) for name in ("outbox.sqlite3-wal", "outbox.sqlite3")}
