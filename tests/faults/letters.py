"""Proof: two servers send the briefings of a morning, and both are killed in the middle of a letter, twice: once after
the mail server took it, once before. Nobody gets a letter twice, and every letter that may be missing is listed.

`python -m tests.faults.letters --letters 1000 --database postgresql` runs it for as long as anybody likes."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import select

from sync import config
from sync.centre import Centre, open_centre, wall_clock_ms
from sync.models import mailings
from sync.office import local_time, missing, places, subscriptions
from sync.office.audit import COMMAND
from sync.office.letter_times import About
from sync.office.mailings import UNKNOWN_MS
from sync.office.rights import EVERYWHERE, Grant, Rights
from tests.faults import kills
from tests.faults.office import Violated
from tests.faults.starter import Started, Starter, starter
from tests.post_server import Post, post_server
from tests.processes import PATIENCE_S, free_ports

EVERYTHING = Rights((Grant("admin", None, EVERYWHERE),))
CONFIG = """
[server]
data = "centre"
port = {port}
database_url = "{database}"
public_url = "https://hq.example"
smtp_host = "127.0.0.1"
smtp_port = {post}
smtp_security = "none"
mail_from = "Smilepost <feedback@example.com>"
"""


@dataclass(frozen=True)
class Totals:
    """How a run ended: `listed` may be missing, of which `arrived` did arrive."""

    due: int
    delivered: int
    listed: int
    arrived: int


def run(
    folder: Path, database: str, letters: int, begin: Starter, plant: str = "written_at_once", orders: str = "hold drop"
) -> Totals:
    """`plant`: one of tests.faults.letter_plants, put into both servers; `orders`: what the mail server is told, one
    for each time that both are killed. Raises Violated."""
    with post_server(folder / "mail") as post:
        ports = free_ports(2)
        for port in ports:
            text = CONFIG.format(port=port, database=database, post=post.port)
            (folder / f"{port}.toml").write_text(text)
        settings = config.load(folder / f"{ports[0]}.toml")
        with closing_centre(settings) as centre:
            _subscribe(centre, letters)
            for number, order in enumerate(orders.split(), 1):
                post.order(f"{order} {letters * number // 4}")
                servers = [_start(begin, folder, port, plant) for port in ports]
                post.wait_for_held()
                for server in servers:
                    server.kill()
            post.order()
            servers = [_start(begin, folder, port, plant) for port in ports]
            _wait_until_all_are_decided(centre, letters, {server.pid for server in servers})
            for server in servers:
                server.kill()
            return _compare(centre, post, letters)


class closing_centre(closing[Centre]):  # noqa: N801 (read as a word)
    """A centre that is open as long as the block."""

    def __init__(self, settings: config.Settings) -> None:
        super().__init__(open_centre(settings))

    def __exit__(self, *_: object) -> None:
        self.thing.db.close()


def _start(begin: Starter, folder: Path, port: int, plant: str) -> Started:
    health = f"http://127.0.0.1:{port}/healthz"
    asked = ("server", "run", "--config", folder / f"{port}.toml")
    return begin.start(*asked, cwd=folder, health=health, plant=f"letter_plants:{plant}")


def _subscribe(centre: Centre, letters: int) -> None:
    """Since yesterday, at a store where it is about noon now, so that today's are due."""
    now_ms = wall_clock_ms()
    hour = now_ms // 3_600_000 % 24
    zone = f"Etc/GMT{hour - 12:+d}"
    with centre.db.writing() as tx:
        store = places.add_location(tx, "Oslo", zone=zone)
        for n in range(letters):
            about = About("store", store, None)
            told = ("daily", f"team{n}@example.com", "en", centre.secrets, now_ms - local_time.DAY_MS)
            subscriptions.begin(tx, COMMAND, about, *told)  # type: ignore[arg-type]


def _wait_until_all_are_decided(centre: Centre, letters: int, running: set[int]) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        with centre.db.reading() as tx:
            rows = tx.execute(select(mailings.c.state, mailings.c.claimed_by)).all()
        busy = [row for row in rows if row.state == "claimed" and int(row.claimed_by.partition("-")[0]) in running]
        if len(rows) == letters and not busy:
            return
        assert time.monotonic() < until, f"{len(rows)} of {letters} letters are decided on"
        time.sleep(0.02)


def _compare(centre: Centre, post: Post, letters: int) -> Totals:
    came = Counter(str(letter["X-Went-To"]) for letter in post.letters())
    twice = [to for to, n in came.items() if n > 1]
    if twice:
        raise Violated(f"{len(twice)} letters came twice")
    names = {str(letter["Message-ID"]) for letter in post.letters()}
    if len(names) != len(came):
        raise Violated("letters share a Message-ID")
    listed, number = set(), 1
    with centre.db.reading() as tx:
        while True:
            page = missing.every(tx, EVERYTHING, "missing", "", number, wall_clock_ms() + UNKNOWN_MS + 1)
            listed |= {mailing.subscription.address for mailing in page.items}
            if number >= page.pages:
                break
            number += 1
    lost = {f"team{n}@example.com" for n in range(letters)} - came.keys() - listed
    if lost:
        raise Violated(f"{len(lost)} letters neither came nor are listed")
    if len(listed) > 4:
        raise Violated(f"{len(listed)} letters are listed, though four servers were killed, each at one letter")
    return Totals(letters, len(came), len(listed), len(listed & came.keys()))


def main() -> int:
    asking = argparse.ArgumentParser(prog="python -m tests.faults.letters", description=__doc__)
    asking.add_argument("--letters", type=int, default=100, metavar="N", help="how many (default: 100)")
    asking.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite", help="head office's")
    asked = asking.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smilepost-letters-")))
        address = stack.enter_context(kills.database(asked.database, folder))
        totals = run(folder, address, asked.letters, stack.enter_context(starter()))
        print(msgspec.json.encode(totals).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
