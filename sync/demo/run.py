"""`smilepost demo`: head office and two terminals on this machine, with a past, until Ctrl-C."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from pathlib import Path
from threading import Event, Lock
from types import FrameType

from sync import config
from sync.centre import CentreRefused, open_centre
from sync.db import DatabaseRefused
from sync.demo import founding, sending, world
from sync.demo.folder import Account, Chain, Folder, open_folder
from sync.demo.living import AWAY_MS, Chorus, Tale
from sync.demo.processes import Child, DemoFailed, tell
from sync.demo.progress import Progress
from sync.demo.sending import Line

HOST = "127.0.0.1"
COMMAND = "kiosk.cli"
"""The module behind the command `smilepost`."""
DAYS, MOST_DAYS = 28, 400
HIGHEST_PORT = 65_535
SENDERS = 4
LOOK_EVERY_S = 0.5
STAFF_PIN = "2468"
"""Everybody may know it: there is nothing behind it that isn't made up."""


def run(*, days: int | None, data: Path, port: int, fresh: bool) -> int:
    """Runs the demo until it is told to stop; returns the exit code: 0 stopped, 1 something died, 2 wrong use."""
    try:
        _check(DAYS if days is None else days, port)
        folder = open_folder(data, fresh=fresh)
    except DemoFailed as problem:
        return _complain(problem, 2)
    if folder.chain and days is not None:
        print("--days counts only for a new demo, so it changes nothing here; add --fresh to begin anew.", flush=True)
    try:
        with _told_to_stop():
            Demo(folder, port).run(DAYS if days is None else days)
    except DemoFailed as problem:
        return _complain(problem, 1)
    except (config.BadConfig, CentreRefused, DatabaseRefused) as problem:
        return _complain(problem, 2)
    except KeyboardInterrupt:
        print(f"\nStopped. The data stays in {data}; the same command goes on with it.", flush=True)
    finally:
        folder.close()
    return 0


def _complain(problem: Exception, code: int) -> int:
    print(problem, file=sys.stderr, flush=True)
    return code


def _check(days: int, port: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise DemoFailed(f"--days is {days}; 1 to {MOST_DAYS} is allowed.")
    last = HIGHEST_PORT - len(world.LIVE)
    if not 1 <= port <= last:
        raise DemoFailed(f"--port is {port}; 1 to {last} is allowed, as the screens take the ports after it.")
    for wanted in range(port, port + 1 + len(world.LIVE)):
        with socket.socket() as probe:
            if os.name == "posix":  # elsewhere this would allow what it is to find out
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wanted))
            except OSError as problem:
                raise DemoFailed(
                    f"Port {wanted} cannot be used ({problem.strerror}); name another with --port."
                ) from None


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Being told to end by a signal is the same as Ctrl-C."""

    def stop(number: int, frame: FrameType | None) -> None:
        # Told once is enough: what follows is the orderly end.
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    names = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(name, stop) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class Demo:
    """One run over one folder."""

    def __init__(self, folder: Folder, port: int) -> None:
        self._folder, self._port = folder, port
        self._office = f"http://{HOST}:{port}"
        self._screens = {place.key: f"http://{HOST}:{port + n}" for n, place in enumerate(world.LIVE, start=1)}
        self._children: list[Child] = []
        self._lines: list[tuple[Line, Tale]] = []
        self._away: list[Tale] = []
        self._writing = Lock()
        for name in ("centre", "logs", *self._screens):
            (folder.path / name).mkdir(exist_ok=True)
        self._settings = self._folder.path.resolve() / "centre" / "config.toml"

    def run(self, days: int) -> None:
        """Raises DemoFailed, or KeyboardInterrupt when told to stop; its processes are gone then."""
        with ExitStack() as stack:
            stack.callback(self._stop)
            self._configure()
            goes_on = self._folder.chain is not None
            chain, codes, token = self._prepare(days)
            self._start("server", "Head office", ["server", "run", "--config", str(self._settings)])
            self._children[0].wait_for(f"{self._office}/readyz")
            self._start_screens(chain, codes)
            count, seconds = self._send_past(chain, codes)
            self._greet(chain, goes_on, count, seconds, token)
            self._live()

    def _live(self) -> None:
        """Until somebody says stop. All of it in this thread: what a simulated terminal waits for never delays that."""
        chorus = Chorus(self._lines, _now_ms(), self._keep, _murmur, self._away)
        while True:
            time.sleep(LOOK_EVERY_S)
            for child in self._children:
                child.check()
            chorus.speak(_now_ms())

    def _configure(self) -> None:
        """Writes each process's settings anew: the ports may be others than the last time."""
        base = self._folder.path.resolve()
        self._settings.write_text(_toml("server", data=str(base / "centre"), host=HOST, port=self._port))
        for number, place in enumerate(world.LIVE, start=1):
            text = _toml(
                "kiosk", data=str(base / place.key), host=HOST, port=self._port + number, centre=self._office,
                sync_at_once=True,
            )  # fmt: skip
            self._kiosk_settings(place.key).write_text(text)

    def _kiosk_settings(self, key: str) -> Path:
        return self._folder.path.resolve() / key / "config.toml"

    def _prepare(self, days: int) -> tuple[Chain, dict[str, str], str]:
        """What stands in the database before the server starts: (chain, enrolment codes, token of the link)."""
        settings = config.load(self._settings)
        if self._folder.chain and not (settings.data / "centre.sqlite3").exists():
            raise DemoFailed(f"The demo's database in {settings.data} is gone; begin anew with --fresh.")
        centre = open_centre(settings)
        try:
            with centre.db.writing() as tx:
                chain = self._folder.chain or founding.found(tx, days, centre.now_ms())
                codes = founding.codes(tx, chain, centre.now_ms())
                token = founding.sign_in_link(tx, chain, centre.now_ms())
        finally:
            centre.db.close()
        self._folder.chain = chain
        self._folder.keep()
        return chain, codes, token

    def _start(self, log: str, name: str, arguments: list[str]) -> Child:
        child = Child(name, COMMAND, arguments, self._folder.path / "logs" / f"{log}.log")
        self._children.append(child)
        return child

    def _start_screens(self, chain: Chain, codes: dict[str, str]) -> None:
        enrolling = []
        for place in world.LIVE:
            if place.key in codes:
                arguments = ["kiosk", "enrol", codes[place.key], "--config", str(self._kiosk_settings(place.key))]
                child = self._start(f"{place.key}-enrol", f"Enrolling the screen in {place.name}", arguments)
                enrolling.append((place, child))
        for place, child in enrolling:
            child.finish()
            arguments = ["kiosk", "pin", "--stdin", "--config", str(self._kiosk_settings(place.key))]
            tell(f"The PIN of the screen in {place.name}", COMMAND, arguments, STAFF_PIN)
            self._children.remove(child)
            chain.live[place.key].enrolled = True
        self._folder.keep()
        started = []
        for place in world.LIVE:
            arguments = ["kiosk", "run", "--config", str(self._kiosk_settings(place.key))]
            started.append((place, self._start(place.key, f"The screen in {place.name}", arguments)))
        for place, child in started:
            child.wait_for(f"{self._screens[place.key]}/healthz")

    def _send_past(self, chain: Chain, codes: dict[str, str]) -> tuple[int, float]:
        """Sends what the simulated terminals have not sent yet: (answers, seconds)."""
        started, until_ms = time.monotonic(), _now_ms()
        progress = Progress({box.key: box.place.daily for box in world.BOXES})
        stopping = Event()

        def work(box: world.Box) -> None:
            if not stopping.is_set():
                self._send_box(box, chain, codes.get(box.key), until_ms, progress, stopping)

        with ThreadPoolExecutor(SENDERS, thread_name_prefix="terminal") as pool:
            try:
                for future in [pool.submit(work, box) for box in sorted(world.BOXES, key=lambda b: -b.place.daily)]:
                    future.result()
            except BaseException:
                stopping.set()
                raise
            finally:
                progress.finish()
        return progress.count, time.monotonic() - started

    def _send_box(
        self, box: world.Box, chain: Chain, code: str | None, until_ms: int, progress: Progress, stopping: Event
    ) -> None:
        account = chain.boxes[box.key]
        if code:
            self._enrol_box(box, account, code)
        line, tale = Line(self._office, account), Tale(box, account.slot, chain.story, account.sent)
        # A long past takes seconds to make up; told to stop, nobody waits for the rest of it.
        past, before = list(takewhile(lambda _: not stopping.is_set(), tale.until(until_ms))), account.sent

        def tell(count: int) -> bool:
            self._keep()
            progress.add(box.key, (account.sent - before) / len(past), count)
            return not stopping.is_set()

        late = min(world.KEPT_BACK, len(past)) if box.key == world.CUT_OFF else 0
        sending.send_past(line, past, tell, late)
        if late:
            tale = Tale(box, account.slot, chain.story, account.sent)
            self._away.append(tale)
        self._lines.append((line, tale))
        progress.add(box.key, 1.0, 0)

    def _enrol_box(self, box: world.Box, account: Account, code: str) -> None:
        told = sending.enrol(self._office, code, account.install, f"demo-{box.key}")
        account.device, account.generation, account.key = told.device, told.generation, told.key
        if (told.screen, told.placement) != (account.screen, account.placement):
            raise DemoFailed(f"Head office enrolled {box.key} at another place than it was founded at.")
        self._keep()

    def _keep(self) -> None:
        with self._writing:
            self._folder.keep()

    def _greet(self, chain: Chain, goes_on: bool, count: int, seconds: float, token: str) -> None:
        since = f"{chain.first.day} {chain.first:%B %Y}"
        past = f"{count:,} answers since {since}, sent in {seconds:.1f} s"
        if goes_on:
            past = f"going on with the data since {since}, {count:,} answers more than the last time"
        print(f"Smilepost demo: {len(world.PLACES)} shops, {past}.\n")
        print(f"  Head office                    {self._office}/")
        for place in world.LIVE:
            print(f"  Screen in {place.name:<20} {self._screens[place.key]}/")
        print("  For the staff of a screen      /staff there, with the PIN " + STAFF_PIN)
        print(f"\n  Sign in with one click         {self._office}/enter/{token}\n")
        print("Tap a face on a screen and finish: the overview moves within 5 seconds.")
        print("The shops' other screens are simulated; they go on answering, in opening hours.")
        print(f"One's line fell a moment ago and is back in {AWAY_MS // 60_000} minutes: see Terminals at head office.")
        print(f"Ctrl-C stops everything. Data and logs are in {self._folder.path}.", flush=True)

    def _stop(self) -> None:
        """The terminals first, all at once, while head office still answers."""
        for child in self._children[1:]:
            child.ask_to_stop()
        for child in reversed(self._children):
            child.stop()
        for line, _ in self._lines:
            line.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _murmur(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _toml(section: str, **settings: str | int | bool) -> str:
    """A table of settings. JSON's strings, numbers and booleans are TOML's as well."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()]
    return "\n".join([f"[{section}]", *lines, ""])
