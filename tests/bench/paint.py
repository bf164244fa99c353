"""From a touch to the painted thanks in a real browser whose processor is six times slower, with the terminal up, hung
and dead; how much goes over the line; and whether a page that is never loaded anew grows with its visits."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import sqrt
from pathlib import Path
from statistics import mean, median

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import CDPSession, Page, sync_playwright

from sync.demo.processes import Child
from tests.bench.rounds import note
from tests.bench.terminal import HOST, free_port, wait_for
from tests.conftest import BROWSER_ARGS
from tests.fullest import keep_manifest
from tests.meter import metered
from tests.visitors import WATCH_PAINTS, counts, heap_bytes, visits

CHROMIUM = os.environ.get("SMILEPOST_CHROMIUM", "/usr/bin/chromium")
SLOWER, TAPS = 6, 50
MEDIAN_MS, WORST_MS = 100, 250
VISITS, WARM_UP, SAMPLES = 2_000, 800, 16
GLASS = {"width": 800, "height": 480}
LATE_S = 30


def main() -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGS)
        lines(browser)
        print(f"\nFrom a touch to the painted thanks, {TAPS} each, the processor {SLOWER} times slower", flush=True)
        for state in ("up", "hung", "dead"):
            paints(browser, state)
        growth(browser)
        browser.close()


@contextmanager
def asking() -> Iterator[tuple[Child, int]]:
    """A terminal that asks the most there is, without an input guard: (process, port)."""
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
        folder, port = Path(name), free_port()
        keep_manifest(folder / "terminal")
        config = folder / "config.toml"
        data = json.dumps(str(folder / "terminal"))
        config.write_text(f"[kiosk]\ndata = {data}\nport = {port}\ninput_guard_ms = 0\n")
        child = Child("The terminal", "kiosk.cli", ["kiosk", "run", "--config", str(config)], folder / "terminal.log")
        try:
            wait_for(port, "/healthz")
            yield child, port
        finally:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGCONT)
            child.stop()


@contextmanager
def shown(browser: Chromium, address: str) -> Iterator[Page]:
    """The question in a browser of its own, kept by its worker."""
    with browser.new_context(viewport=GLASS) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.add_init_script(WATCH_PAINTS)
        page.goto(address)
        until = time.monotonic() + LATE_S
        while not page.evaluate("async () => Boolean(await caches.match('/', { ignoreVary: true }))"):
            assert time.monotonic() < until, "its worker keeps nothing"
            time.sleep(0.05)
        yield page


def lines(browser: Chromium) -> None:
    with asking() as (_, port), metered(port) as meter:
        worker = meter.asked("/sw.js")
        with browser.new_context(viewport=GLASS, service_workers="block") as context:  # type: ignore[arg-type]
            before = meter.bytes_down
            context.new_page().goto(meter.address)
            first = meter.since(before) + worker
        before = meter.bytes_down
        with shown(browser, meter.address) as page:
            whole = meter.since(before)
            page.reload()
            later = meter.since(before) - whole
    print("\nOver the line, headers and worker included", flush=True)
    note(f"first view {first:,} bytes (aim <= 32,000), {whole:,} with what the worker then keeps; "
         f"a later view {later:,} (aim <= 3,000)")  # fmt: skip


def paints(browser: Chromium, state: str) -> None:
    with asking() as (child, port), shown(browser, f"http://{HOST}:{port}") as page:
        tools = page.context.new_cdp_session(page)
        visits(page, 3)  # what is done only once is done
        if state == "hung":
            os.kill(child.pid, signal.SIGSTOP)
        elif state == "dead":
            child.stop()
        tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        taken = [tap(page, number) for number in range(TAPS)]
    aims = f"(aims <= {MEDIAN_MS}, <= {WORST_MS})"
    note(f"terminal {state:<5} median {median(taken):5.0f} ms, worst {max(taken):5.0f} ms   {aims}")


def tap(page: Page, number: int) -> float:
    """Milliseconds until the thanks of one visit are painted, and the rest of that visit."""
    face = page.locator("main button[name=value]").nth(number % 4).bounding_box()
    assert face
    page.mouse.click(face["x"] + face["width"] / 2, face["y"] + face["height"] / 2)
    until = time.monotonic() + LATE_S
    while (taken := page.evaluate("() => window.painted")) is None:
        assert time.monotonic() < until, "nobody is thanked"
        time.sleep(0.02)
    page.evaluate("() => { window.painted = null; }")
    visits(page, 0)  # to its end
    return float(taken)


def growth(browser: Chromium) -> None:
    with asking() as (_, port), shown(browser, f"http://{HOST}:{port}") as page:
        tools = page.context.new_cdp_session(page)
        visits(page, WARM_UP)  # compiled, and the lists of what it noted of requests are full
        before = counts(tools)
        each = (VISITS - WARM_UP) // SAMPLES
        heap = [(0, heap_bytes(tools))]
        for sample in range(1, SAMPLES + 1):
            visits(page, each)
            heap.append((sample * each, heap_bytes(tools)))
        tell_growth(heap, before, tools)


def tell_growth(heap: list[tuple[int, int]], before: dict[str, int], tools: CDPSession) -> None:
    slope, either_way = trend(heap)
    after = counts(tools)
    print(f"\nOne page, {VISITS:,} visits, the first {WARM_UP} to warm up", flush=True)
    note(f"heap {heap[0][1] / 1e6:.2f} MB, then {heap[-1][1] / 1e6:.2f} MB")
    note(f"slope {slope:+.1f} bytes a visit, ± {either_way:.1f} (95 %): "
         + ("none that can be told from nothing" if abs(slope) <= either_way else "there is one"))  # fmt: skip
    note(", ".join(f"{name} {before[name]} then {after[name]}" for name in before))


def trend(points: list[tuple[int, int]]) -> tuple[float, float]:
    """The slope of the straight line through points, and how far it may be off either way, at 95 %."""
    xs, ys = zip(*points, strict=True)
    x, y = mean(xs), mean(ys)
    spread = sum((one - x) ** 2 for one in xs)
    slope = sum((one - x) * (other - y) for one, other in points) / spread
    left = sum((other - y - slope * (one - x)) ** 2 for one, other in points)
    return slope, 2.13 * sqrt(left / (len(points) - 2) / spread)  # Student's t for 15 degrees of freedom


if __name__ == "__main__":
    main()
