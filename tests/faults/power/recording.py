"""A real terminal process taking taps while strace writes down what it asks of the disk, and when it says thank you."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.boxes import new_id
from tests.faults.customers import Answers, Customer, a_visit
from tests.processes import COMMAND, free_ports, running, stop

CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename,sendto"
DATA = "terminal"
FAILING = "fdatasync:error=EIO:when=20..40"
"""The disk fails to sync for a while; not to be believed is what it then seems to hold."""
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)$")
_BYTES = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})+)>")
_HELD = re.compile(rb'"held":\s*\[\s*\[\s*"')
"""What the terminal says to a page that may forget a touch."""


@dataclass(frozen=True)
class Step:
    """One thing that happened. `kind`: write, truncate, sync, failed (a sync), unlink, rename, create, thanks. `name`:
    of a file in the data folder, or "" for the folder itself. `at`: an offset, or a size."""

    kind: str
    name: str = ""
    at: int = 0
    content: bytes = b""
    other: str = ""


@dataclass
class Recording:
    """What a terminal did, and what it was told. `thanks`: the touches in the order in which they were thanked for."""

    steps: list[Step]
    thanks: list[tuple[str, int]] = field(default_factory=list)
    tried: dict[str, dict[int, Answers]] = field(default_factory=dict)


def reason_not_to_record() -> str | None:
    """Why strace cannot watch here; None when it can."""
    strace = shutil.which("strace")
    if strace is None:
        return "no strace here: apt install strace"
    if subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        return "strace may not watch processes here"
    return None


def record(folder: Path, visits: int, seed: int, plant: str = "", inject: str = "") -> Recording:
    """Customers come, the process is killed among them, a second one takes over and is told to stop. `inject`: errors
    that the disk gives, as strace says it."""
    recording, chance = Recording([]), random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    # One thread takes the taps: strace counts the calls of each for itself.
    settings = f'[kiosk]\ndata = "{DATA}"\nport = {port}\ninput_guard_ms = 0\nthreads = 1\n'
    (folder / "config.toml").write_text(settings)
    for part, (share, how) in enumerate(((0.6, signal.SIGKILL), (0.4, signal.SIGTERM))):
        trace = folder / f"trace-{part}"
        with _terminal(folder, port, trace, plant, inject) as process:
            serve(f"http://127.0.0.1:{port}", int(visits * share), chance, recording)
            terminal = int(trace.read_text(errors="replace").split(maxsplit=1)[0])
            _end(process, terminal, how)
        recording.steps += read(trace, str(folder / DATA))
    assert sum(step.kind == "thanks" for step in recording.steps) == len(recording.thanks)
    return recording


def _end(process: "subprocess.Popen[bytes]", terminal: int, how: signal.Signals) -> None:
    """Said again while it runs on: a signal that comes while strace holds the first thread wakes another one, which
    isn't listening."""
    for _ in range(20):
        with suppress(ProcessLookupError):
            os.kill(terminal, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
            return
    raise AssertionError("the terminal does not stop")


@contextmanager
def _terminal(folder: Path, port: int, trace: Path, plant: str, inject: str) -> Iterator["subprocess.Popen[bytes]"]:
    watched = ["strace", "-f", "-xx", "-y", "-s", "70000", "-e", f"trace={CALLS}", "-o", str(trace)]
    watched += ["-e", f"inject={inject}"] if inject else []
    arguments = ("kiosk", "run", "--config", folder / "config.toml")
    health = f"http://127.0.0.1:{port}/healthz"
    with running(*arguments, cwd=folder, health=health, program=[*watched, *command(plant)]) as process:
        yield process
        if process.poll() is None:
            stop(process)


def command(plant: str) -> list[str]:
    """`smilepost`, with a bug planted when one is named."""
    return [sys.executable, "-m", "tests.faults.power.planted", plant] if plant else list(COMMAND)


def serve(screen: str, visits: int, chance: random.Random, recording: Recording, tries: int = 100) -> None:
    """Customers come, one after the other; their page repeats so often what was not held. Raises AssertionError when
    that is in vain."""
    customer = Customer(screen, threading.Event(), chance.random())
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(visits):
            name, tapped_ms = new_id(), customer.clock.now_ms()
            tried = recording.tried.setdefault(name, {})
            for touch in a_visit(chance):
                tried[touch.rev] = touch.answers
                for _ in range(tries):
                    if customer.is_held(session, name, touch, tapped_ms):
                        break
                    time.sleep(0.05)
                else:
                    raise AssertionError(f"not held after {tries} tries")
                recording.thanks.append((name, touch.rev))


def read(trace: Path, folder: str) -> list[Step]:
    """What a trace says of the files in `folder`, in order: what is written counts from when it was begun, what is
    synced from when that was done."""
    steps: list[Step] = []
    begun: dict[str, tuple[str, str]] = {}
    for line in trace.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        thread, call, rest = match[1], match["call"], match["rest"]
        if match["resumed"]:
            call, before = begun.pop(thread)
            rest = before + rest
            if call not in ("fsync", "fdatasync", "openat"):
                continue  # it counted from its beginning
        elif rest.endswith("<unfinished ...>"):
            rest = rest.removesuffix("<unfinished ...>")
            begun[thread] = (call, rest)
            if call in ("fsync", "fdatasync", "openat"):
                continue
        steps += _steps(call, rest, folder)
    return steps


def _steps(call: str, rest: str, folder: str) -> list[Step]:
    texts = [bytes.fromhex(found.replace("\\x", "")) for found in _BYTES.findall(rest)]
    if call == "sendto":
        return [Step("thanks")] if texts and _HELD.search(texts[0]) else []
    failed = " = -1 E" in rest
    if failed and call not in ("fsync", "fdatasync"):
        return []
    if call in ("unlink", "rename"):
        names = [_within(text.decode(), folder) for text in texts]
        if names[0] is None:
            return []
        return [Step(call, names[0], other=names[1] or "" if len(names) > 1 else "")]
    if call == "openat":
        name = _within(texts[0].decode(), folder) if texts and "O_CREAT" in rest else None
        return [Step("create", name)] if name else []
    file = _FILE.match(rest)
    name = _within(bytes.fromhex(file[1].replace("\\x", "")).decode(), folder) if file else None
    if name is None:
        return []
    if call in ("fsync", "fdatasync"):
        return [Step("failed" if failed else "sync", name)]
    if call == "ftruncate":
        return [Step("truncate", name, int(re.findall(r", (\d+)", rest)[0]))]
    offset = re.search(r'"(?:\.\.\.)?, \d+, (\d+)', rest)
    return [Step("write", name, int(offset[1]) if offset else -1, texts[0])]


def _within(path: str, folder: str) -> str | None:
    """The name of a file of the folder; "" for the folder itself, None for what lies elsewhere."""
    if path == folder:
        return ""
    name = path.removeprefix(folder + "/")
    return name if name != path and "/" not in name else None
