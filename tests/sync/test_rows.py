"""Many rows at once."""

from sqlalchemy import func, select

from sync import models, rows
from sync.db import Database


def test_more_rows_than_one_piece_holds_are_all_there(database: Database) -> None:
    many = [(f"id-{number:05}", number) for number in range(2 * rows.MANY + 7)]
    with database.writing() as tx:
        rows.put(tx, models.erasures, many)
        rows.put(tx, models.erasures, [(name, ms + 1) for name, ms in many])
    with database.reading() as tx:
        found = tx.execute(select(func.count(), func.sum(models.erasures.c.erased_ms))).one()
    assert tuple(found) == (len(many), sum(ms + 1 for _, ms in many))
