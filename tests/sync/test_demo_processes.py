"""The demo's processes end with it, whatever ends it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sync.demo.processes import Child, DemoFailed

# A module of the standard library that runs until it is stopped, and says where it listens.
SERVER = ("http.server", ["--bind", "127.0.0.1"])


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def gone(pid: int, within_s: float = 10) -> bool:
    until = time.monotonic() + within_s
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not is_alive(pid)


def test_a_child_answers_and_is_stopped(tmp_path: Path, free_port: int) -> None:
    child = Child("The server", SERVER[0], [*SERVER[1], str(free_port)], tmp_path / "log")
    child.wait_for(f"http://127.0.0.1:{free_port}/")
    child.check()
    child.stop()
    assert gone(child.pid)


def test_a_child_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    child = Child("The server", SERVER[0], ["--no-such-flag"], tmp_path / "log")
    with pytest.raises(DemoFailed, match=r"The server stopped by itself: .*no-such-flag"):
        child.wait_for("http://127.0.0.1:1/")
    child.stop()


def test_a_command_that_fails_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DemoFailed, match="Enrolling failed: "):
        Child("Enrolling", SERVER[0], ["--no-such-flag"], tmp_path / "log").finish()


@pytest.mark.skipif(os.name != "posix", reason="kills a process the way POSIX does")
def test_a_child_never_outlives_a_parent_that_was_killed(tmp_path: Path, free_port: int) -> None:
    script = f"""
import sys, time
from pathlib import Path
from sync.demo.processes import Child
child = Child("The server", {SERVER[0]!r}, [*{SERVER[1]!r}, "{free_port}"], Path({str(tmp_path / "log")!r}))
child.wait_for("http://127.0.0.1:{free_port}/")
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(pid)
