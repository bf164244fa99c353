"""Proof 3: terminal, head office and its database are killed at random with a failing line between, while customers
tap. What was thanked is stored, what is stored is counted, once; revisions arrive whole, the highest wins.

`python -m tests.faults.kills --kills 200 --database postgresql` runs it for as long as anybody likes."""

import argparse
import itertools
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests
from sqlalchemy import func, select

from sync import models, wire
from sync.db import open_database
from sync.intake import tally
from tests import postgres
from tests.faults.customers import Customer, Told
from tests.faults.proxy import FAULTS, Line
from tests.faults.shop import Violated
from tests.faults.starter import Started, Starter, starter
from tests.processes import PATIENCE_S, free_ports, smilepost

CUSTOMERS = 3
WELL = 0.7
"""How often the line does what it should."""
CONFIG = """
[server]
data = "centre"
port = {office}
database_url = "{database}"

[kiosk]
data = "terminal"
port = {screen}
centre = "{line}"
sync_at_once = true
input_guard_ms = 0
"""


@dataclass(frozen=True)
class Totals:
    """How a run ended. `kills` by victim; `exchanges`: requests of the terminal, `faults`: those that the line hurt."""

    database: str
    kills: Counter[str]
    restores: int
    exchanges: int
    faults: int
    thanked: int
    stored: int
    counted: int
    revised: int

    def __str__(self) -> str:
        victims = ", ".join(f"{name} {times}" for name, times in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills on {self.database} ({victims}), {self.restores} restores, "
            f"{self.exchanges} requests, {self.faults} of them hurt: {self.thanked} thanked, {self.stored} stored "
            f"({self.revised} at a higher revision), {self.counted} counted"
        )


class Town:
    """A terminal and a head office as processes, the line between them, and whoever kills them."""

    def __init__(self, folder: Path, database: str, seed: int, begin: Starter, plants: dict[str, str]) -> None:
        self.folder, self.database, self.begin, self.plants = folder, database, begin, plants
        self.chance = random.Random(seed)
        office, screen = free_ports(2)
        self.address = {"server": f"http://127.0.0.1:{office}", "kiosk": f"http://127.0.0.1:{screen}"}
        self.raining, self.asked = False, threading.Event()
        self.line = Line(self.address["server"], self._weather, random.Random(seed + 1))
        settings = {"office": office, "screen": screen, "database": database, "line": self.line.address}
        (folder / "config.toml").write_text(CONFIG.format(**settings))
        self.running: dict[str, Started] = {}
        self.kills: Counter[str] = Counter()
        self.backups: list[Path] = []
        self.restores = 0

    def _weather(self) -> str:
        self.asked.set()
        if not self.raining or self.chance.random() < WELL:
            return "well"
        return self.chance.choice(sorted(FAULTS))

    def start(self, name: str) -> None:
        config, health = self.folder / "config.toml", self.address[name] + "/healthz"
        self.running[name] = self.begin.start(
            name, "run", "--config", config, cwd=self.folder, health=health, plant=self.plants.get(name, "")
        )

    def wait(self) -> None:
        """Until both answer. Whoever could not start (its database was starting anew) is started again."""
        until = time.monotonic() + PATIENCE_S
        while not all(process.answers() for process in self.running.values()):
            assert time.monotonic() < until, [process.log.read_text()[-3000:] for process in self.running.values()]
            for name, process in self.running.items():
                if not process.runs():
                    self.start(name)
            time.sleep(0.01)

    def enrol(self) -> None:
        for name in ("server", "kiosk"):
            self.start(name)
        self.wait()
        said = self._command("server", "enrol-code", "Oslo", "--new", "--zone", "Europe/Oslo")
        self._command("kiosk", "enrol", next(word for word in said.split() if len(word) == 9 and word[4] == "-"))

    def _command(self, *arguments: str) -> str:
        done = smilepost(*arguments, "--config", self.folder / "config.toml", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # -- killing

    def kill_somebody(self, number: int) -> None:
        """At any moment, or while a request is on its way."""
        if self.chance.random() < 0.5:
            time.sleep(self.chance.uniform(0.0, 0.3))
        else:
            self.asked.clear()
            self.asked.wait(0.5)
            time.sleep(self.chance.uniform(0.0, 0.03))
        if number % 6 == 5 and self._crash_database():
            self.kills["database"] += 1
            return
        victims = ("kiosk", "server") if number % 5 == 0 else (self.chance.choice(("kiosk", "server")),)
        for victim in victims:
            self.running[victim].kill()
            self.kills[victim] += 1
        for victim in victims:
            self.start(victim)
        if self.chance.random() < 0.8:  # else the next may hit it while it starts
            self.wait()

    def _crash_database(self) -> bool:
        """PostgreSQL goes through its recovery when one of its processes is killed. Whether there was one to kill."""
        if not self.database.startswith("postgresql") or os.environ.get("SMILEPOST_TEST_POSTGRES"):
            return False
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        try:
            with psycopg.connect(self.database, autocommit=True) as connection:
                found = connection.execute(query.encode()).fetchall()
        except psycopg.OperationalError:
            return False  # it is still recovering from the last time
        if not found:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.chance.choice(found)[0], signal.SIGKILL)
        return True

    # -- backups

    def back_up(self) -> None:
        """While everything goes on; one that was not finished is none."""
        file = self.folder / f"backup {self.kills.total()}"
        if "was read once more" in self._verb("backup", file):
            self.backups.append(file)

    def restore(self) -> None:
        """The newest backup comes back; on SQLite while head office is stopped. Now and then somebody kills that, too,
        and it is done again."""
        if not self.backups:
            return
        beside = self.database.startswith("postgresql")
        if not beside:
            self.running["server"].kill()
        for killed in (self.chance.random() < 0.3, *[False] * 10):
            said = self._verb("restore", self.backups[-1], self.chance.uniform(0.0, 0.3) if killed else None)
            if "terminals bring back what came after it" in said:
                self.restores += 1
                break
            self.wait_for_database()
        else:
            raise AssertionError(f"no restore: {said}")
        if not beside:
            self.start("server")
        self.wait()

    def _verb(self, name: str, file: Path, killed_after_s: float | None = None) -> str:
        """What `server NAME FILE` said, to its end or until it is killed."""
        log = self.folder / f"server-{name}.log"
        log.unlink(missing_ok=True)
        config = self.folder / "config.toml"
        process = self.begin.start("server", name, file, "--config", config, cwd=self.folder, health="")
        until = time.monotonic() + (PATIENCE_S if killed_after_s is None else killed_after_s)
        while process.runs() and time.monotonic() < until:
            time.sleep(0.005)
        process.kill()
        return log.read_text() if log.exists() else ""

    # -- the end

    def settle(self) -> dict[str, Any]:
        """The line is well, nobody is killed any more: until nothing waits. What the terminal says of itself."""
        self.raining = False
        self.line.mend()
        self.wait_for_database()
        self.running["kiosk"].kill()
        self.start("kiosk")  # whoever is still at the screen has left; what is unsent is sent at once
        self.wait()
        until, quiet = time.monotonic() + PATIENCE_S, 0
        while True:
            told: dict[str, Any] = requests.get(self.address["kiosk"] + "/healthz", timeout=10).json()
            done = told["last_success_ms"] and told["pending"] == 0 and told["audit"] is None
            quiet = quiet + 1 if done else 0
            if quiet == 4:  # an answer that was just heard may ask for an audit
                return told
            if time.monotonic() > until:
                raise Violated(f"{told['pending']} entries still wait on a line that is well: {told['last_error']}")
            time.sleep(0.05)

    def wait_for_database(self) -> None:
        for _ in range(PATIENCE_S * 20):
            try:
                if self.database.startswith("postgresql"):
                    psycopg.connect(self.database).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)

    def close(self) -> None:
        self.line.close()
        for process in self.running.values():
            process.kill()


def run(folder: Path, database: str, kills: int, seed: int, plants: dict[str, str] | None = None) -> Totals:
    """Raises Violated. `plants`: process -> the bug that is put into it."""
    print(f"seed {seed}", flush=True)
    closing_time = threading.Event()
    with starter() as begin, closing(Town(folder, database, seed, begin, plants or {})) as town:
        town.enrol()
        customers = [Customer(town.address["kiosk"], closing_time, (seed, n)) for n in range(CUSTOMERS)]
        for customer in customers:
            customer.start()
        town.raining = True
        for number in itertools.count():
            if town.kills.total() >= kills:
                break
            town.kill_somebody(number)
            if number % 12 == 4:
                town.back_up()
            if number % 12 == 10:
                town.restore()
        town.wait()
        closing_time.set()
        for customer in customers:
            customer.join(PATIENCE_S)
        health = town.settle()
        town.line.deliver()
        told = Told()
        for customer in customers:
            told.add(customer.told)
        happened = list(town.line.happened)
        return _compare(told, health, town, happened)


def _compare(told: Told, health: dict[str, Any], town: Town, happened: list[str]) -> Totals:
    """thanked ⊆ stored ⊆ counted, exactly."""
    stored, counted, apart, difference = _held(town.database)
    lost = told.thanked.keys() - stored.keys()
    if lost:
        raise Violated(f"{len(lost)} of {len(told.thanked)} responses that were thanked for are not stored")
    if stored.keys() - told.tried.keys():
        raise Violated("responses are stored that nobody gave")
    for name, (rev, answers) in stored.items():
        if rev < told.thanked.get(name, 0):
            raise Violated(f"revision {told.thanked[name]} was thanked for, {rev} is stored")
        if answers != told.tried[name][rev]:
            raise Violated("a revision is stored that is not what was given")
    if counted != len(stored):
        raise Violated(f"{len(stored)} responses are stored, {counted} are counted")
    if difference:
        raise Violated(f"the tallies are not what the responses say: {difference}")
    if (apart, health["parked"], health["pending"]) != (0, 0, 0):
        raise Violated(f"{apart} are kept apart, {health['parked']} are parked, {health['pending']} wait")
    hurt, revised = sum(name != "well" for name in happened), sum(rev > 1 for rev, _ in stored.values())
    kind = town.database.partition(":")[0]
    return Totals(
        kind, town.kills, town.restores, len(happened), hurt, len(told.thanked), len(stored), counted, revised
    )


def _held(database: str) -> tuple[dict[str, tuple[int, dict[str, Any]]], int, int, str | None]:
    """What head office holds: id -> revision and answers; how many are counted; how many are kept apart; the first
    difference between the counts and the responses."""
    opened = open_database(database, migrate=False)
    days, table = models.tallies_day, models.responses
    with closing(opened), opened.reading() as tx:
        rows = tx.execute(select(table.c.id, table.c.rev, table.c.body)).all()
        counted = tx.execute(
            select(func.coalesce(func.sum(days.c.n), 0)).where(days.c.question == "visit")
        ).scalar_one()
        apart = tx.execute(select(func.count()).select_from(models.quarantine)).scalar_one()
        difference = tally.verify(tx)
    stored = {row.id: (row.rev, wire.read_entry(row.body.encode())["answers"]) for row in rows}
    return stored, int(counted), int(apart), difference


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/centre.sqlite3"
        return
    with postgres.running() as server, postgres.database(server) as address:
        yield address


def main() -> int:
    asking = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    asking.add_argument("--kills", type=int, default=200, metavar="N", help="how many (default: 200)")
    asking.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite", help="head office's")
    asking.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), metavar="N")
    asked = asking.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smilepost-kills-")))
        database = stack.enter_context(_database(asked.database, folder))
        print(run(folder, database, asked.kills, asked.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
