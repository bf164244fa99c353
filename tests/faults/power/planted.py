"""Bugs that only the power can show, put into a terminal's process from outside; nothing shipped knows of them. Proof 4
has to turn red on each.

`python -m tests.faults.power.planted NAME kiosk run …` is `smilepost kiosk run …` with the bug NAME."""

import sqlite3
import sys
from collections.abc import Callable

from kiosk import aside, cli, disk
from kiosk.disk import Disk


def _at_every_opening(pragma: str) -> Callable[[], None]:
    def plant() -> None:
        opened = Disk._opened

        def and_then(self: Disk, locking: str) -> sqlite3.Connection:
            db = opened(self, locking)
            db.execute(pragma)
            return db

        Disk._opened = and_then  # type: ignore[method-assign]

    return plant


def _never_in_wal() -> None:
    """SQLite's own default, a rollback journal, with its directory never synced."""
    _at_every_opening("PRAGMA journal_mode = MEMORY")()


def _trusts_a_failed_sync() -> None:
    """Opens the file anew after a sync that failed, and goes on for long behind whatever the journal seems to hold."""
    aside.write_again = lambda path: None
    _no_checkpoint_when_idle()


def _no_checkpoint_when_idle() -> None:
    """Not a danger to the power alone: the proof stays green on it, so it isn't too easily shocked."""
    disk.Disk.checkpoint = lambda self, idle: None  # type: ignore[method-assign]


PLANTS: dict[str, Callable[[], None]] = {
    "synchronous_off": _at_every_opening("PRAGMA synchronous = OFF"),
    "synchronous_normal": _at_every_opening("PRAGMA synchronous = NORMAL"),
    "journal_in_memory": _never_in_wal,
}
ON_A_FAILING_DISK: dict[str, Callable[[], None]] = {"trusts_a_failed_sync": _trusts_a_failed_sync}
HARMLESS: dict[str, Callable[[], None]] = {"no_checkpoint_when_idle": _no_checkpoint_when_idle}


if __name__ == "__main__":
    (PLANTS | ON_A_FAILING_DISK | HARMLESS)[sys.argv[1]]()
    sys.exit(cli.main(sys.argv[2:]))
