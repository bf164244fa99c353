"""Ingest against the bare writing of the same rows: the store step, the whole step, and over HTTP with four senders."""

import gzip
import json
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from statistics import median
from time import perf_counter, time_ns
from typing import Any

import msgspec
import psycopg

from sync import wire
from sync.centre import Centre, open_centre
from sync.config import load
from sync.db import Database, open_database
from sync.demo import founding, history, world
from sync.demo.folder import Account, Chain
from sync.demo.processes import Child
from sync.demo.sending import batches
from sync.intake import enrol, ingest, starts
from sync.intake.clocks import Starts
from sync.intake.days import calendar
from sync.intake.entries import read
from sync.intake.keys import Secrets
from sync.intake.record import By
from sync.intake.restating import Scope, settle
from sync.intake.verdicts import Plan, Scene, judge
from sync.office import places, surveys
from tests import postgres
from tests.bench.bare import seconds_each
from tests.bench.rounds import Seconds, heading, note, side_by_side, tell
from tests.bench.terminal import Browser, free_port, wait_for

ROUNDS, BATCHES, SENDERS = 7, 12, 4
DAYS = 900
BUSY = ("berlin-1", "amsterdam-1", "cologne-1", "hamburg-1")
"""The terminals that send; none of their entries is sent twice in a run."""
_numbers = count()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        measure("SQLite", folder, lambda: f"sqlite:///{folder / f'{next(_numbers)}.sqlite3'}", 0.50)
    with postgres.running() as server, tempfile.TemporaryDirectory(prefix="smilepost-bench-") as name:
        measure("PostgreSQL", Path(name), lambda: new_database(server), 0.35)
        note(f"its settings: {postgres.SETTINGS}")


def new_database(server: str) -> str:
    name = f"smilepost_bench_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.replace("/postgres?", f"/{name}?") if "?" in server else f"{server.rsplit('/', 1)[0]}/{name}"


@dataclass
class Terminal:
    """A device, its key, and an endless past, cut into batches."""

    account: Account
    key: bytes
    pieces: Iterator[list[bytes]]

    def batch(self, entries: list[bytes]) -> wire.Batch:
        counts = wire.StreamCounts(sealed=len(entries), acked=0, pending=len(entries), parked=0)
        return wire.Batch(
            proto=1, batch=secrets.token_hex(12), install=self.account.install, boot="bench", boottime_ms=1,
            wall_ms=time_ns() // 1_000_000, synced=True, app="bench", seen=(0, 0), anchors=[],
            entries=[msgspec.Raw(entry) for entry in entries],
            health=wire.Health(streams={self.account.stream: counts}),
        )  # fmt: skip

    def request(self, entries: list[bytes]) -> tuple[bytes, bytes]:
        """Headers and body of a signed request."""
        body = gzip.compress(wire.encode(self.batch(entries)), compresslevel=6)
        name = secrets.token_hex(16)
        headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            wire.DEVICE_HEADER: f"{self.account.device}.{self.account.generation}",
            wire.REQUEST_HEADER: name,
            wire.DIGEST_HEADER: wire.digest(body),
            wire.SIGNATURE_HEADER: wire.sign_request(self.key, "POST", wire.BATCHES, name, body),
        }
        return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode(), body


def measure(kind: str, folder: Path, new: Callable[[], str], aim: float) -> None:
    settings = folder / "config.toml"
    port = free_port()
    settings.write_text(
        f"[server]\ndata = {json.dumps(str(folder))}\nport = {port}\ndatabase_url = {json.dumps(new())}\n"
    )
    centre, spare = open_centre(load(settings)), open_database(new(), migrate=True)
    terminals = enrolled(centre)
    heading(f"Ingest on {kind}, {ROUNDS} rounds of {BATCHES} batches")
    note(f"journal: {centre.db.journal}")
    store_step(centre, spare, terminals, aim)
    whole_step(centre, spare, terminals)
    over_http(centre, spare, terminals, settings, port, folder)
    centre.db.close()
    spare.close()


def enrolled(centre: Centre) -> list[Terminal]:
    now_ms = centre.now_ms()
    with centre.db.writing() as tx:
        chain = founding.found(tx, DAYS, now_ms)
        codes = founding.codes(tx, chain, now_ms)
        return [_enrol(tx, chain, key, codes[key], centre.secrets, now_ms) for key in BUSY]


def _enrol(tx: Any, chain: Chain, key: str, code: str, keys: Secrets, now_ms: int) -> Terminal:
    account = chain.boxes[key]
    given = enrol.enrol(tx, wire.EnrolmentRequest(code, account.install, "board", "bench"), None, keys, now_ms)
    assert isinstance(given, wire.Enrolment)
    account.device, account.generation = given.device, given.generation
    box = next(box for box in world.BOXES if box.key == key)
    past = history.history(box, account.slot, chain.story, now_ms)
    return Terminal(account, keys.key(given.device, given.generation), batches(map(wire.encode, past)))


def take(terminals: list[Terminal], how_many: int) -> Iterable[tuple[Terminal, list[bytes]]]:
    """The next batches, one terminal after the other."""
    for number in range(how_many):
        terminal = terminals[number % len(terminals)]
        yield terminal, next(terminal.pieces)


def judged(centre: Centre, terminal: Terminal, entries: list[bytes]) -> Plan:
    with centre.db.reading() as tx:
        scene = Scene(
            device=terminal.account.device or "",
            standings=places.stood(tx, terminal.account.device or ""),
            survey=lambda name, version: surveys.published(tx, name, version),
            starts=Starts(starts.ends(tx, terminal.account.device or "", {"bench"}), {}),
            now_ms=centre.now_ms(),
        )
        plan = judge(map(read, entries), ingest.Held({}, {}), scene)
        settle(plan, {}, Scope(scene.survey, calendar(tx, scene.standings, scene.now_ms), By(scene.device)))
        return plan


def bare(db: Database, plans: list[Plan]) -> Seconds:
    """Seconds for each response of these plans, with nothing between us and the database."""
    return [seconds_each(db, [([*plan.fresh.values()], [*plan.receipts.values()]) for plan in plans])]


def store_step(centre: Centre, spare: Database, terminals: list[Terminal], aim: float) -> None:
    """ingest.store: responses, receipts, tallies of hour and day, and the commit."""
    plans: list[Plan] = []

    def ours() -> Seconds:
        start = perf_counter()
        for plan in plans:
            with centre.db.writing() as tx:
                ingest.store(tx, plan, centre.now_ms(), {})
        return [(perf_counter() - start) / sum(len(plan.fresh) for plan in plans)]

    def theirs() -> Seconds:
        return bare(spare, plans)

    mine: Seconds = []
    limit: Seconds = []
    for number in range(ROUNDS + 1):
        plans[:] = [judged(centre, *piece) for piece in take(terminals, BATCHES)]
        first, second = (ours, theirs) if number % 2 else (theirs, ours)
        taken = {first: first()[0], second: second()[0]}
        if number:  # the first round warms up
            mine.append(taken[ours])
            limit.append(taken[theirs])
    _tell("the store step", mine, limit, f">= {aim:.2f}")


def whole_step(centre: Centre, spare: Database, terminals: list[Terminal]) -> None:
    """ingest.take: reading what is held, judging, storing, the ledger."""
    pieces: list[tuple[Terminal, list[bytes]]] = []

    def ours() -> Seconds:
        start = perf_counter()
        for terminal, entries in pieces:
            device = terminal.account.device or ""
            ingest.take(centre.db, device, 1, terminal.batch(entries), centre.now_ms())
        return [(perf_counter() - start) / sum(len(entries) for _, entries in pieces)]

    mine: Seconds = []
    limit: Seconds = []
    for _ in range(ROUNDS):
        pieces[:] = take(terminals, BATCHES)
        plans = [judged(centre, *piece) for piece in pieces]
        a, b = side_by_side(1, ours, lambda plans=plans: bare(spare, plans))  # type: ignore[misc]
        mine += a[0]
        limit += b[0]
    _tell("the whole step, judging and ledger included", mine, limit, "(to know)")


def over_http(
    centre: Centre, spare: Database, terminals: list[Terminal], settings: Path, port: int, folder: Path
) -> None:
    """Four senders, each a terminal with its own connection, against a server process of its own; what they send was
    signed and packed before, since a chain's terminals do that on their own machines."""
    lesser = free_port()
    url = spare.engine.url.render_as_string(hide_password=False)
    with (
        serving(port, "kiosk.cli", ["server", "run", "--config", str(settings)], folder / "server.log"),
        serving(lesser, "tests.bench.bare_server", [url, str(lesser)], folder / "bare.log"),
        ThreadPoolExecutor(SENDERS) as pool,
    ):
        mine: Seconds = []
        theirs: Seconds = []
        limit: Seconds = []
        for number in range(ROUNDS + 1):
            sent = [list(islice(terminal.pieces, BATCHES // 2)) for terminal in terminals]
            mail = [[t.request(piece) for piece in pieces] for t, pieces in zip(terminals, sent, strict=True)]
            size = sum(len(piece) for pieces in sent for piece in pieces)
            first, second = (port, lesser) if number % 2 else (lesser, port)
            taken = {which: _sent(pool, which, mail) / size for which in (first, second)}
            later = [list(islice(terminal.pieces, BATCHES // 2)) for terminal in terminals]
            plans = [judged(centre, t, piece) for t, pieces in zip(terminals, later, strict=True) for piece in pieces]
            if number:  # the first round warms up
                mine.append(taken[port])
                theirs.append(taken[lesser])
                limit += bare(spare, plans)
    _tell(f"{SENDERS} senders over HTTP, against the same over HTTP bare", mine, theirs, ">= 0.40")
    _tell(f"{SENDERS} senders over HTTP, against bare writing", mine, limit, "(to know)")


@contextmanager
def serving(port: int, module: str, arguments: list[str], log: Path) -> Iterator[None]:
    server = Child("The server", module, arguments, log)
    try:
        wait_for(port, "/readyz")
        yield
    finally:
        server.stop()


def _sent(pool: ThreadPoolExecutor, port: int, mail: list[list[tuple[bytes, bytes]]]) -> float:
    start = perf_counter()
    for done in [pool.submit(_post_all, port, letters) for letters in mail]:
        done.result()
    return perf_counter() - start


def _post_all(port: int, mail: list[tuple[bytes, bytes]]) -> None:
    with Browser(port) as line:
        for headers, body in mail:
            said = line.send(wire.BATCHES, headers, body)
            assert said.startswith(b"HTTP/1.1 200") and b'"refused"' not in said, said[:600]  # noqa: PT018
            assert b'"quarantined"' not in said, said[:600]


def _tell(what: str, mine: Seconds, limit: Seconds, aim: str) -> None:
    """Ratios of speeds: 1.00 is as fast as the bare writing."""
    tell(what, [theirs / ours for ours, theirs in zip(mine, limit, strict=True)], aim)
    note(f"{1 / median(mine):,.0f} responses/s against {1 / median(limit):,.0f} bare")


if __name__ == "__main__":
    main()
