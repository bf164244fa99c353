"""Smilepost's commands as processes of their own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

PATIENCE_S = 60
"""A bound for a machine that is busy, not a measurement."""

COMMAND = (sys.executable, "-P", "-m", "kiosk.cli")
"""`smilepost` of this checkout: -P keeps the folder it is started in from hiding our modules."""

Result = subprocess.CompletedProcess[str]


def smilepost(*arguments: str | Path, cwd: Path, stdin: str | None = None) -> Result:
    """Runs a command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def free_ports(count: int) -> list[int]:
    """Ports that nothing listened on a moment ago."""
    held = [socket.socket() for _ in range(count)]
    for sock in held:
        sock.bind(("127.0.0.1", 0))
    ports = [int(sock.getsockname()[1]) for sock in held]
    for sock in held:
        sock.close()
    return ports


@contextmanager
def running(
    *arguments: str | Path, cwd: Path, health: str, program: Sequence[str | Path] = COMMAND
) -> Iterator["subprocess.Popen[bytes]"]:
    """A command that serves, from when `health` answers 200 until the block ends; what it said is in `cwd`/NAME.log."""
    log = cwd / f"{re.sub('[^a-z]+', '-', ' '.join(map(str, arguments[:2])))}.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [*map(str, program), *map(str, arguments)],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        wait_for(health, process, log)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(health: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    with requests.Session() as session:
        session.trust_env = False  # loopback never goes through a proxy
        for _ in range(PATIENCE_S * 20):
            assert process.poll() is None, f"it stopped by itself: {log.read_text()}"
            try:
                if session.get(health, timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
    raise AssertionError(f"{health} does not answer: {log.read_text()}")


def stop(process: "subprocess.Popen[bytes]", with_signal: int = signal.SIGTERM) -> int:
    """Tells a process to stop; its exit code."""
    process.send_signal(with_signal)
    return process.wait(PATIENCE_S)
