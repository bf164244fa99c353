"""A terminal and a head office as processes, the line between them, and whoever kills them."""

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.faults.office import Violated
from tests.faults.proxy import Line
from tests.faults.starter import Started, Starter
from tests.faults.weather import FAULTS
from tests.processes import PATIENCE_S, free_ports, smilepost

WELL = 0.6
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


class Town:
    """A terminal and a head office as processes, the line between them, and whoever kills them."""

    def __init__(self, folder: Path, database: str, seed: int, begin: Starter, plants: dict[str, str]) -> None:
        self.folder, self.database, self.begin, self.plants = folder, database, begin, plants
        self.chance = random.Random(seed)
        office, screen = free_ports(2)
        self.address = {"server": f"http://127.0.0.1:{office}", "kiosk": f"http://127.0.0.1:{screen}"}
        self.raining, self.asked = False, threading.Event()
        self.line = Line(self.address["server"], self._weather, FAULTS, random.Random(seed + 1))
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
