"""Head office, real, with its tables to be looked into."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from werkzeug.serving import WSGIRequestHandler, make_server

from sync import config, models
from sync.app import create_app
from sync.backups import making, restoring
from sync.backups.restoring import Wish
from sync.centre import open_centre, wall_clock_ms
from sync.intake import tally
from tests.faults.starter import Started, starter
from tests.processes import free_ports

CONFIG = """
[server]
data = "centre"
port = {port}
database_url = "{database}"
"""


class Violated(AssertionError):
    """Something that is always true was not: which, as a sentence."""


class Office:
    """Head office at `address`, and its tables. `begin` starts its process, when it is one."""

    def __init__(self, settings: config.Settings, address: str, begin: Callable[[], Started] | None = None) -> None:
        self.settings, self.address, self._begin = settings, address, begin
        self._process = self._begun()
        self.centre = open_centre(settings)

    def _begun(self) -> Started | None:
        if self._begin is None:
            return None
        process = self._begin()
        process.wait()
        return process

    def close(self) -> None:
        self.centre.db.close()
        if self._process is not None:
            self._process.kill()

    def backup(self, path: Path) -> None:
        making.make(self.centre, path)

    def restore(self, path: Path) -> None:
        """From a backup; on SQLite the server has to be stopped, on PostgreSQL it goes on meanwhile."""
        beside = self.settings.database.startswith("postgresql")
        if not beside:
            self.close()
        restoring.restore(Wish(self.settings, path, new_secret=False, no_erasures=False, now_ms=wall_clock_ms()))
        if not beside:
            self._process, self.centre = self._begun(), open_centre(self.settings)

    def receipts(self, device: str | None = None) -> set[tuple[str, int]]:
        table = models.receipts
        query = select(table.c.id, table.c.rev)
        with self.centre.db.reading() as tx:
            rows = tx.execute(query if device is None else query.where(table.c.device_id == device))
            return {(row.id, row.rev) for row in rows}

    def responses(self, location: int) -> dict[str, tuple[int, bytes]]:
        """id -> the revision that counts, and the entry as it came."""
        table = models.responses
        query = select(table.c.id, table.c.rev, table.c.body).where(table.c.location_id == location)
        with self.centre.db.reading() as tx:
            return {row.id: (row.rev, row.body.encode()) for row in tx.execute(query)}

    def counted(self, location: int) -> int:
        """How many first answers the tallies of a place hold."""
        table = models.tallies_day
        query = select(func.coalesce(func.sum(table.c.n), 0))
        here = (table.c.location_id == location) & (table.c.choice == "") & (table.c.question == "visit")
        with self.centre.db.reading() as tx:
            return int(tx.execute(query.where(here)).scalar_one())

    def signs(self, device: str) -> list[str]:
        """Of two boxes with one identity."""
        table = models.clone_signs
        with self.centre.db.reading() as tx:
            return [row.sign for row in tx.execute(select(table.c.sign).where(table.c.device_id == device))]

    def verify(self) -> None:
        with self.centre.db.reading() as tx:
            difference = tally.verify(tx)
        if difference:
            raise Violated(f"the tallies are not what the responses say: {difference}")


@contextmanager
def office_process(folder: Path, database: str) -> Iterator[Office]:
    """Head office as a process of its own, served by waitress."""
    (port,) = free_ports(1)
    settings = _configured(folder, database, port)
    address = f"http://127.0.0.1:{port}"
    with starter() as cheap:
        started = partial(cheap.start, "server", "run", "--config", folder / "config.toml", cwd=folder)
        with closing(Office(settings, address, partial(started, health=address + "/healthz"))) as office:
            yield office


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing: a test says what it saw."""


@contextmanager
def office_here(folder: Path, database: str) -> Iterator[Office]:
    """Head office in threads of this process."""
    (port,) = free_ports(1)
    with closing(Office(_configured(folder, database), f"http://127.0.0.1:{port}")) as office:
        server = make_server("127.0.0.1", port, create_app(office.centre), threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield office
        server.shutdown()
        thread.join()
        server.server_close()


def _configured(folder: Path, database: str, port: int = 8320) -> config.Settings:
    (folder / "config.toml").write_text(CONFIG.format(port=port, database=database))
    return config.load(folder / "config.toml")
