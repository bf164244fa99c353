"""`backup`: a copy of the database while the server goes on."""

from pathlib import Path

from sync import facts
from sync.backups import archive, sqlite
from sync.centre import Centre

SKEW_MS = 60_000
"""Servers beside each other on one PostgreSQL may tell the time differently by so much: what one of them answered
before the backup began, by its own clock, may be dated later."""


def make(centre: Centre, path: Path) -> None:
    """Write a backup. It is read once more and on the disk before terminals are told that it is there: they let go of
    words then. Raises BadBackup, OSError."""
    began = centre.now_ms() - (SKEW_MS if centre.db.dialect == "postgresql" else 0)
    with archive.making(path) as part:
        if centre.db.dialect == "sqlite":
            sqlite.copy(centre.db, part)
        else:
            from sync.backups import postgres

            postgres.copy(centre.db, part)
        archive.check(part)
    with centre.db.writing() as tx:
        before = int(facts.get(tx, facts.BACKED_UP) or 0)
        facts.keep(tx, facts.BACKED_UP, str(max(before, began)))
