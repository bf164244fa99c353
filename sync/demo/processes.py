"""The demo's processes: starting them, waiting until they answer, noticing that one died, stopping them."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import requests

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 15.0
LOOK_EVERY_S = 0.05


class DemoFailed(Exception):
    """The demo cannot go on; the message is a sentence for whoever started it."""


def direct() -> requests.Session:
    """HTTP on this machine: never through a proxy that the environment names for the world outside."""
    session = requests.Session()
    session.trust_env = False
    return session


def _environment() -> dict[str, str]:
    """The same for the processes that are started here: they talk to each other on this machine only."""
    away = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**away, "NO_PROXY": "*", "no_proxy": "*"}


def tell(name: str, module: str, arguments: Sequence[str], words: str) -> None:
    """Run a command of Smilepost to its end, with `words` as its standard input. Raises DemoFailed unless it was
    content."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, our own module
            [sys.executable, "-P", "-m", module, *arguments], input=words + "\n", capture_output=True, text=True,
            env=_environment(), timeout=READY_WITHIN_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DemoFailed(f"{name} is not done after {READY_WITHIN_S:.0f} s.") from None
    if done.returncode:
        raise DemoFailed(f"{name} failed: {done.stderr.strip()}")


class Child:
    """A process of Smilepost that writes into a log of its own and never outlives this one."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], log: Path) -> None:
        self.name, self.log = name, log
        self._sink: IO[bytes] = log.open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            # -P: a requests.py in the folder where the demo was started is not ours.
            [sys.executable, "-P", "-m", "sync.demo.child", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=self._sink,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to everybody in the group; who stops when is decided here.
            env=_environment(),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, address: str) -> None:
        """Until `address` answers 200. Raises DemoFailed."""
        until = time.monotonic() + READY_WITHIN_S
        with direct() as session:
            while time.monotonic() < until:
                self.check()
                try:
                    if session.get(address, timeout=2).status_code == 200:
                        return
                except requests.RequestException:
                    pass
                time.sleep(LOOK_EVERY_S)
        raise DemoFailed(f"{self.name} does not answer at {address} after {READY_WITHIN_S:.0f} s; see {self.log}.")

    def check(self) -> None:
        """Raises DemoFailed with the last words of its log when it is no longer running."""
        if self._process.poll() is not None:
            raise DemoFailed(f"{self.name} stopped by itself: {self._last_words()}")

    def finish(self) -> None:
        """Until it ends by itself. Raises DemoFailed unless it was content."""
        try:
            if self._process.wait(timeout=READY_WITHIN_S):
                raise DemoFailed(f"{self.name} failed: {self._last_words()}")
        except subprocess.TimeoutExpired:
            raise DemoFailed(f"{self.name} is not done after {READY_WITHIN_S:.0f} s; see {self.log}.") from None
        finally:
            self.stop()

    def ask_to_stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Ends it, with patience at first, and waits until it is gone."""
        self.ask_to_stop()
        try:
            self._process.wait(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._sink.close()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f"{said[-1] if said else 'it said nothing'} (all of it in {self.log})"
