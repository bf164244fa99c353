"""Proof 3: terminal, head office and its database are killed at random with a failing line between, while customers
tap. What was thanked is stored, what is stored is counted, once; revisions arrive whole, the highest wins.

`python -m tests.faults.kills --kills 200 --database postgresql` runs it for as long as anybody likes."""

import argparse
import itertools
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from sync import models, wire
from sync.db import open_database
from sync.intake import tally
from tests import postgres
from tests.faults.customers import Customer, Told
from tests.faults.office import Violated
from tests.faults.starter import starter
from tests.faults.town import Town
from tests.processes import PATIENCE_S

CUSTOMERS = 3


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
def database(kind: str, folder: Path) -> Iterator[str]:
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
        address = stack.enter_context(database(asked.database, folder))
        print(run(folder, address, asked.kills, asked.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
