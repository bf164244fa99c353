"""Ten people click through the pages while answers come in: how much longer each page takes than when nobody else is
there. The server is a process of its own; answers come steadily, much faster than ten thousand terminals give."""

import json
import tempfile
import threading
import time
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import median

import requests

from sync import access, wire
from sync.centre import Centre, open_centre
from sync.config import load
from sync.office import people
from tests import postgres
from tests.bench.ingest import Terminal, enrolled, new_database, serving
from tests.bench.rounds import heading, note, p99
from tests.bench.terminal import Browser, free_port

PEOPLE, PAUSE_S, SECONDS = 10, 4.0, 60.0
BEFORE, A_SECOND = 40, 5
"""Batches of each terminal that are there already; and how many all of them send in a second."""
AIM = 3.0
PAGES = ("/", "/ranking", "/comments", "/devices", "/places", "/locations/1", "/locations/2", "/locations/4")

Taken = dict[str, list[float]]


def main() -> None:
    for kind in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
            if kind == "sqlite":
                _measure(kind, Path(name), f"sqlite:///{Path(name) / 'centre.sqlite3'}")
            else:
                with postgres.running() as server:
                    _measure(kind, Path(name), new_database(server))


def _measure(kind: str, folder: Path, url: str) -> None:
    settings, port = folder / "config.toml", free_port()
    settings.write_text(
        f"[server]\ndata = {json.dumps(str(folder))}\nport = {port}\ndatabase_url = {json.dumps(url)}\n"
    )
    centre = open_centre(load(settings))
    terminals = enrolled(centre)
    cookie = _signed_in(centre)
    heading(f"{PEOPLE} people and {A_SECOND} batches a second on {kind}")
    log = folder / "server.log"
    with serving(port, "kiosk.cli", ["server", "run", "--config", str(settings)], log):
        with Browser(port) as line:
            for terminal in terminals:
                for piece in islice(terminal.pieces, BEFORE):
                    _send(line, terminal, piece)
        alone: Taken = defaultdict(list)
        for page in PAGES * 8:
            _look(requests.Session(), port, cookie, page, alone)
        crowded, sent = _together(port, cookie, terminals)
    centre.db.close()
    for page in PAGES:
        idle, busy = median(alone[page][1:]), median(crowded[page])
        ratio = busy / idle
        print(f"  {page:<58} {'':>6} {ratio:6.2f} {'':>6}   aim <= {AIM:.2f}", flush=True)
        note(f"{1e3 * idle:.0f} ms alone, {1e3 * busy:.0f} ms together, p99 {1e3 * p99(crowded[page]):.0f} ms")
    note(f"{sent / SECONDS:,.0f} answers a second came in, {sum(map(len, crowded.values()))} pages were looked at")


def _together(port: int, cookie: str, terminals: list[Terminal]) -> tuple[Taken, int]:
    over, sent = threading.Event(), [0]
    taken: Taken = defaultdict(list)

    def click(number: int) -> None:
        session, chance = requests.Session(), Random(number)
        while not over.wait(chance.uniform(0.5, 1.5) * PAUSE_S):
            _look(session, port, cookie, chance.choice(PAGES), taken)

    def feed() -> None:
        with Browser(port) as line:
            for terminal in cycle(terminals):
                for piece in islice(terminal.pieces, 1):
                    _send(line, terminal, piece)
                    sent[0] += len(piece)
                if over.wait(1 / A_SECOND):
                    return

    work = [threading.Thread(target=click, args=(number,)) for number in range(PEOPLE)]
    work.append(threading.Thread(target=feed))
    for each in work:
        each.start()
    time.sleep(SECONDS)
    over.set()
    for each in work:
        each.join()
    return taken, sent[0]


def _look(session: requests.Session, port: int, cookie: str, page: str, taken: Taken) -> None:
    started = time.perf_counter()
    answer = session.get(f"http://127.0.0.1:{port}{page}", cookies={access.COOKIE: cookie}, timeout=60)
    assert answer.status_code == 200, (page, answer.status_code)
    taken[page].append(time.perf_counter() - started)


def _send(line: Browser, terminal: Terminal, piece: list[bytes]) -> None:
    said = line.send(wire.BATCHES, *terminal.request(piece))
    assert said.startswith(b"HTTP/1.1 200"), said[:600]


def _signed_in(centre: Centre) -> str:
    with centre.db.writing() as tx:
        boss = people.add_user(
            tx, "bench@example.com", "Bench", "a long enough password", roles=[("admin", None)],
            now_ms=centre.now_ms(),
        )  # fmt: skip
        return people.new_session(tx, boss, centre.now_ms(), second=True)
