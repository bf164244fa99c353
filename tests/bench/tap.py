"""A tap answered over HTTP by a real terminal, against a bare INSERT and commit with the same pragmas."""

import sqlite3
import tempfile
from itertools import chain
from pathlib import Path
from statistics import median

from kiosk.disk import CHECKPOINT_AT_ONCE
from tests.bench.rounds import Seconds, heading, note, p99, side_by_side, tell, timed
from tests.bench.terminal import Browser, Customer, running

ROUNDS, TAPS = 12, 200
BODY = b"x" * 620
"""As large as the draft of a tap."""


def bare_database(path: Path) -> sqlite3.Connection:
    """What kiosk.disk opens, with one table and nothing else."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in (
        "locking_mode = EXCLUSIVE",
        "foreign_keys = ON",
        "secure_delete = ON",
        "wal_autocheckpoint = 0",
        "journal_mode = WAL",
        "synchronous = FULL",
    ):
        db.execute(f"PRAGMA {pragma}").fetchall()
    db.execute("CREATE TABLE drafts (n INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return db


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        db = bare_database(folder / "bare.sqlite3")
        with running(folder) as (_, port), Browser(port) as browser:
            customer = Customer(browser)
            measure(db, customer)
            floor = timed(lambda: browser.get("/healthz"), TAPS)
            note(f"an answer that writes nothing (/healthz): median {median(floor) * 1e3:.2f} ms")
        db.close()


def measure(db: sqlite3.Connection, customer: Customer) -> None:
    def ours() -> Seconds:
        taken: Seconds = []
        for _ in range(TAPS):
            taken += timed(customer.tap, 1)
            customer.finish()
        return taken

    def bare() -> Seconds:
        taken: Seconds = []
        for number in range(TAPS):
            taken += timed(lambda: db.execute("INSERT INTO drafts (body) VALUES (?)", (BODY,)), 1)
            if number % CHECKPOINT_AT_ONCE == CHECKPOINT_AT_ONCE - 1:
                taken[-1] += timed(lambda: db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall(), 1)[0]
        return taken

    ours()  # what is done only once is done
    mine, theirs = side_by_side(ROUNDS, ours, bare)
    heading(f"A tap over HTTP against a bare commit, {ROUNDS} rounds of {TAPS}")
    pairs = list(zip(mine, theirs, strict=True))
    tell("median of a tap / median of a commit", [median(a) / median(b) for a, b in pairs], "<= 6")
    tell("p99 of a tap / p99 of a commit", [p99(a) / p99(b) for a, b in pairs], "<= 5")
    all_mine, all_theirs = list(chain(*mine)), list(chain(*theirs))
    tell("p99 over all rounds", [p99(all_mine) / p99(all_theirs)], "<= 5")
    note(f"a tap: median {median(all_mine) * 1e3:.2f} ms, p99 {p99(all_mine) * 1e3:.2f} ms")
    note(f"a commit: median {median(all_theirs) * 1e3:.2f} ms, p99 {p99(all_theirs) * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
