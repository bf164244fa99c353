"""Two hundred tablets on one gateway beside one: memory, and how soon the gateway holds a tap.

A tablet itself thanks at once, from its own store; nobody waits for what is measured here."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from statistics import median
from threading import Barrier, Thread
from time import perf_counter

from kiosk import identity
from kiosk.gateway import COOKIE
from kiosk.identity import KeptManifest
from kiosk.outbox import Outbox
from kiosk.screen_keys import ScreenKeys
from sync import wire
from sync.demo.processes import Child
from sync.survey import BUILTIN
from tests.bench.rounds import Seconds, heading, note, p99, side_by_side, tell, timed
from tests.bench.terminal import HOST, Browser, Customer, free_port, resident_mib, wait_for

SCREENS, ROUNDS, TAPS = 200, 6, 400
RUSH = 20
"""Tablets that are tapped in the same moment; of two hundred, each tapped twice a minute, seven are in one second."""


class Gateway:
    """A process with so many screens, and a tablet at each."""

    def __init__(self, child: Child, tablets: Sequence[Customer], empty_mib: float) -> None:
        self.child, self.tablets, self.empty_mib = child, tablets, empty_mib
        self._next = 0

    def taps(self) -> Seconds:
        """One after the other, each at the next tablet."""
        taken: Seconds = []
        for _ in range(TAPS):
            tablet = self.tablets[self._next % len(self.tablets)]
            self._next += 1
            taken += timed(tablet.tap, 1)
            tablet.finish()
        return taken

    def rush(self) -> Seconds:
        """RUSH tablets at once."""
        taken: Seconds = []
        gate, tablets = Barrier(RUSH), self.tablets[:RUSH]

        def tap(tablet: Customer) -> None:
            gate.wait()
            began = perf_counter()
            tablet.tap()
            taken.append(perf_counter() - began)
            tablet.finish()

        threads = [Thread(target=tap, args=(tablet,)) for tablet in tablets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return taken


@contextmanager
def gateway(folder: Path, screens: int) -> Iterator[Gateway]:
    """With every tablet's page loaded once, and what a visit there needs."""
    folder.mkdir()
    keys, port = prepared(folder / "data", screens), free_port()
    config, public = folder / "config.toml", f"http://{HOST}:{port}"
    config.write_text(
        f"[kiosk]\ndata = {json.dumps(str(folder / 'data'))}\nport = {port}\npublic_url = {json.dumps(public)}\n"
        "threads = 16\n"
    )
    child = Child("The gateway", "kiosk.cli", ["kiosk", "run", "--config", str(config)], folder / "gateway.log")
    with ExitStack() as stack:
        stack.callback(child.stop)
        wait_for(port, "/healthz")
        empty_mib, tablets = resident_mib(child.pid), []
        for screen, key in keys.items():
            browser = stack.enter_context(Browser(port, f"Cookie: {COOKIE}={screen}.{key}\r\n"))
            page = browser.get(f"/s/{screen}/").decode("utf-8", "replace")
            assert 'data-screen="ask"' in page, page[:400]
            frames = page.partition("Smilepost-Frames: ")[2].partition("\r\n")[0]
            assert browser.get(frames).startswith(b"HTTP/1.1 200")
            tablets.append(Customer(browser, screen))
        yield Gateway(child, tablets, empty_mib)


def prepared(folder: Path, screens: int) -> dict[str, str]:
    """A data folder of which head office has told so many screens; the key of each tablet."""
    folder.mkdir()
    definition = wire.read_entry(wire.encode(BUILTIN))
    told = {
        f"s{n}": wire.ScreenManifest(f"p-s{n}", [definition], list(BUILTIN.languages), f"Van {n}", "Europe/Oslo")
        for n in range(screens)
    }
    identity.save_manifest(folder, KeptManifest("", wire.Manifest(told)))
    outbox = Outbox(folder / "outbox.sqlite3")
    keys = ScreenKeys(outbox.disk)
    bound = {screen: keys.bind(screen) for screen in told}
    outbox.close()
    return bound


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name, ExitStack() as stack:
        many = stack.enter_context(gateway(Path(name) / "many", SCREENS))
        one = stack.enter_context(gateway(Path(name) / "one", 1))
        few = stack.enter_context(gateway(Path(name) / "few", RUSH))
        for each in (many, one):
            each.taps()  # what is done only once is done
        taps, alone = side_by_side(ROUNDS, many.taps, one.taps)
        heading(f"A gateway of {SCREENS} tablets against one of a single tablet, {ROUNDS} rounds of {TAPS} taps")
        pairs = list(zip(taps, alone, strict=True))
        tell("median of a tap", [median(a) / median(b) for a, b in pairs], "<= 1.5")
        tell("p99 of a tap", [p99(a) / p99(b) for a, b in pairs], "<= 2")
        rushed, among_few = side_by_side(ROUNDS, many.rush, few.rush)
        pairs = list(zip(rushed, among_few, strict=True))
        tell(f"{RUSH} at once: the last tap, against {RUSH} tablets", [max(a) / max(b) for a, b in pairs], "<= 1.5")
        sizes = [resident_mib(each.child.pid) for each in (many, one)]
        tell("resident memory", [sizes[0] / sizes[1]], "<= 1.5")
        note(f"a tap: median {median(chain(*taps)) * 1e3:.2f} ms, p99 {p99(list(chain(*taps))) * 1e3:.2f} ms")
        note(f"alone: median {median(chain(*alone)) * 1e3:.2f} ms, p99 {p99(list(chain(*alone))) * 1e3:.2f} ms")
        note(f"{RUSH} at once: median {median(chain(*rushed)) * 1e3:.1f} ms, last {max(chain(*rushed)) * 1e3:.1f} ms")
        note(f"memory: {sizes[0]:.1f} MiB ({many.empty_mib:.1f} before a page was asked for), alone {sizes[1]:.1f} MiB")
        note(f"each tablet more: {(sizes[0] - sizes[1]) / (SCREENS - 1) * 1024:.0f} KiB")


if __name__ == "__main__":
    main()
