"""A terminal that was offline for a month sends 90,000 answers, while customers go on tapping.

Head office is a process that yields to everybody else: in a shop it is another machine. A round without sending is one
in which it is stopped, so that the terminal waits for its answer."""

import os
import signal
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from statistics import median

from sync.demo.processes import Child
from tests.backlog import fill
from tests.bench.rounds import Seconds, heading, note, p99, tell, timed
from tests.bench.terminal import HOST, Browser, Customer, free_port, wait_for
from tests.processes import smilepost

ANSWERS = int(os.environ.get("SMILEPOST_ANSWERS", "90000"))
MEMORY_MB = 60
ROUNDS, TAPS, APART_S = 12, 60, 0.01
CONFIG = """
[server]
data = "centre"
port = {office}

[kiosk]
data = "terminal"
port = {screen}
centre = "http://127.0.0.1:{office}"
sync_at_once = true
input_guard_ms = 0
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
        folder, office, screen = Path(name), free_port(), free_port()
        config = folder / "config.toml"
        config.write_text(CONFIG.format(office=office, screen=screen))
        server = Child("Head office", "kiosk.cli", ["server", "run", "--config", str(config)], folder / "server.log")
        try:
            wait_for(office, "/healthz")
            os.setpriority(os.PRIO_PROCESS, server.pid, 19)
            fill(folder / "terminal", f"http://{HOST}:{office}", code(folder), ANSWERS)
            asked = ["kiosk", "run", "--config", str(config)]
            start, terminal = time.perf_counter(), Child("The terminal", "kiosk.cli", asked, folder / "kiosk.log")
            try:
                wait_for(screen, "/healthz")
                note(f"{ANSWERS:,} answers wait; the terminal is there after {time.perf_counter() - start:.1f} s")
                with Browser(screen) as browser:
                    measure(browser, server.pid, terminal.pid)
            finally:
                terminal.stop()
        finally:
            os.kill(server.pid, signal.SIGCONT)
            server.stop()


def code(folder: Path) -> str:
    said = smilepost(
        "server", "enrol-code", "Oslo", "--new", "--zone", "Europe/Oslo", "--config", "config.toml", cwd=folder
    ).stdout
    return next(word for word in said.split() if len(word) == 9 and word[4] == "-")


def measure(browser: Browser, server: int, terminal: int) -> None:
    customer = Customer(browser)
    tap_a_while(customer, TAPS)  # what is done only once is done
    idle: list[Seconds] = []
    draining: list[Seconds] = []
    waiting, start, stopped = pending(browser), time.perf_counter(), 0.0
    for number in range(ROUNDS):
        os.kill(server, signal.SIGSTOP)
        time.sleep(0.5)  # what the terminal has to do with the last answer is done
        before = time.perf_counter()
        idle.append(tap_a_while(customer, TAPS))
        stopped += time.perf_counter() - before + 0.5
        os.kill(server, signal.SIGCONT)
        draining.append(tap_a_while(customer, TAPS))
        if pending(browser) == 0:
            sys.exit(f"everything was sent after {number + 1} rounds: more answers are needed to measure")
        time.sleep(1.0)
    heading(f"A tap while {ANSWERS:,} answers are sent against a tap while nothing is, {ROUNDS} rounds of {TAPS}")
    pairs = list(zip(draining, idle, strict=True))
    tell("median of a tap while draining / while idle", [median(a) / median(b) for a, b in pairs], "<= 1.2")
    idle_all, draining_all = list(chain(*idle)), list(chain(*draining))
    tell("p99 while draining / while idle, over all rounds", [p99(draining_all) / p99(idle_all)], "<= 2")
    for name, taken in (("idle", idle_all), ("draining", draining_all)):
        middle, late, worst = (seconds * 1e3 for seconds in (median(taken), p99(taken), max(taken)))
        note(f"{name}: median {middle:.2f} ms, p99 {late:.2f} ms, worst {worst:.1f} ms")
    while left := pending(browser):
        time.sleep(0.5)
        assert left >= pending(browser) or left < 200
    took = time.perf_counter() - start - stopped
    note(f"{waiting:,} answers in {took:.0f} s: {waiting / took:.0f} a second")
    peak = peak_mb(terminal)
    note(f"memory at its peak: {peak:.1f} MB (aim <= {MEMORY_MB})")
    if peak > MEMORY_MB:
        sys.exit("too much memory")


def tap_a_while(customer: Customer, taps: int) -> Seconds:
    """Taps with a little time between them, as from a busy queue of customers."""
    taken: Seconds = []
    for _ in range(taps):
        taken += timed(customer.tap, 1)
        customer.finish()
        time.sleep(APART_S)
    return taken


def pending(browser: Browser) -> int:
    import json

    return int(json.loads(browser.get("/healthz").partition(b"\r\n\r\n")[2])["pending"])


def peak_mb(process: int) -> float:
    said = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in said.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
