"""Cheap starts of `smilepost`: a process that has imported everything forks itself for each, so that a kill costs
tenths of a second. What runs in the fork is `kiosk.cli.main`, as behind the command; a plant (tests.faults.plants) is
put into it first when one is named ("MODULE:NAME" for one of another module of tests.faults).

`python -m tests.faults.starter` reads one start a line and prints the process number of each."""

import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests import postgres
from tests.processes import PATIENCE_S

ROOT = Path(__file__).parents[2]
IMPORTED = (
    "requests", "psycopg", "alembic.command", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite",
    "kiosk.cli", "kiosk.serving", "kiosk.app", "kiosk.terminal", "kiosk.control", "sync.cli", "sync.app",
)  # fmt: skip


class Started:
    """A process that serves; `health` answers 200 once it does."""

    def __init__(self, pid: int, health: str, log: Path) -> None:
        self.pid, self.health, self.log = pid, health, log

    def runs(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def answers(self) -> bool:
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(self.health, timeout=2).status_code == 200
            except requests.RequestException:
                return False

    def wait(self) -> None:
        """Until it answers."""
        until = time.monotonic() + PATIENCE_S
        while not self.answers():
            assert self.runs(), f"it stopped by itself: {self.log.read_text()}"
            assert time.monotonic() < until, f"it does not answer: {self.log.read_text()}"
            time.sleep(0.01)

    def kill(self) -> None:
        """Without a warning; returns when it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        until = time.monotonic() + PATIENCE_S
        while self.runs():
            assert time.monotonic() < until, f"process {self.pid} cannot be killed"
            time.sleep(0.001)


class Starter:
    """The process that forks; everything it started ends with it."""

    def __init__(self) -> None:
        tools = postgres.tools()
        path = f"{tools}:{os.environ['PATH']}" if tools else os.environ["PATH"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.starter"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PATH": path},
            start_new_session=True,  # Ctrl-C ends the tests first, which then end this
        )

    def start(self, *arguments: str | Path, cwd: Path, health: str, plant: str = "") -> Started:
        """Runs `smilepost ARGUMENTS`; what it says is added to `cwd`/NAME.log."""
        log = cwd / f"{arguments[0]}-{arguments[1]}.log"
        asked = {"arguments": list(map(str, arguments)), "cwd": str(cwd), "log": str(log), "plant": plant}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Started(int(self._process.stdout.readline()), health, log)

    def close(self) -> None:
        self._process.kill()  # what it started asked the kernel to go with it
        self._process.wait()


@contextmanager
def starter() -> Iterator[Starter]:
    opened = Starter()
    try:
        yield opened
    finally:
        opened.close()


def main() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever was killed is gone at once
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(_run(**asked))
        print(pid, flush=True)


def _run(arguments: list[str], cwd: str, log: str, plant: str) -> int:
    """The fork's whole life; returns its exit code."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(cwd)
    for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (os.open(log, _APPENDING, 0o600), 1)):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.dup2(1, 2)
    from kiosk import cli

    try:
        if plant:
            module, _, name = plant.rpartition(":")
            importlib.import_module(f"tests.faults.{module or 'plants'}").plant(name)
        return cli.main(arguments)
    except BaseException:  # SystemExit as well: whatever it is, it ends here and not in the parent's loop
        import traceback

        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()


_APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND


if __name__ == "__main__":
    main()
