"""A terminal's cold start and memory, against `python -m http.server`; its memory after a thousand taps."""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.bench.rounds import heading, note, side_by_side, tell
from tests.bench.terminal import HOST, Browser, Customer, free_port, resident_mib, running, wait_for

ROUNDS, TAPS = 7, 1_000
MOST_MIB = 45


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        mine, theirs = side_by_side(ROUNDS, lambda: start_terminal(folder), lambda: start_http_server(folder))
        pairs = list(zip(mine, theirs, strict=True))
        heading(f"A cold start against python -m http.server, {ROUNDS} rounds")
        tell("time to the first answer", [a[0] / b[0] for a, b in pairs], "(to know)")
        tell("resident memory", [a[1] / b[1] for a, b in pairs], "(to know)")
        note(f"terminal {median(a[0] for a in mine) * 1e3:.0f} ms, {median(a[1] for a in mine):.1f} MiB")
        note(f"http.server {median(b[0] for b in theirs) * 1e3:.0f} ms, {median(b[1] for b in theirs):.1f} MiB")
        after_taps(folder)


def start_terminal(folder: Path) -> list[float]:
    start = perf_counter()
    with running(folder) as (child, _):
        return [perf_counter() - start, resident_mib(child.pid)]


def start_http_server(folder: Path) -> list[float]:
    port = free_port()
    served = folder / "served"
    served.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "http.server", str(port), "--bind", HOST, "--directory", str(served)]
    start = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port, "/")
            return [perf_counter() - start, resident_mib(server.pid)]
        finally:
            server.terminate()


def after_taps(folder: Path) -> None:
    with running(folder) as (child, port), Browser(port) as browser:
        customer = Customer(browser)
        before = resident_mib(child.pid)
        for _ in range(TAPS):
            customer.tap()
            customer.finish()
        after = resident_mib(child.pid)
    heading(f"Memory after {TAPS:,} taps")
    tell(f"resident memory / {MOST_MIB} MiB", [after / MOST_MIB], "<= 1")
    note(f"{before:.1f} MiB before, {after:.1f} MiB after")


if __name__ == "__main__":
    main()
