"""The newest comments and contacts of a shop, of a district, of everything: the right ones, wherever they came from."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select, tuple_

from sync import models
from sync.db import Database
from sync.office import latest, places
from sync.rows import append


@pytest.fixture
def tree(database: Database) -> dict[str, str]:
    """Oslo is loud; in the towns hardly anybody writes, in Bergen nobody. The paths, by name."""
    with database.writing() as tx:
        top = places.add_location(tx, "Company", kind="group", zone="Europe/Oslo")
        towns = places.add_location(tx, "Towns", kind="group", parent=top)
        oslo = places.add_location(tx, "Oslo", parent=top)
        spots = {name: places.add_location(tx, name, parent=towns) for name in ("Bergen", "Moss", "Ski", "Voss")}
        rows = [*_rows(Random(1), oslo, 900, "o"), *_rows(Random(2), spots["Moss"], 4, "m")]
        rows += [*_rows(Random(3), spots["Ski"], 40, "s"), *_rows(Random(4), spots["Voss"], 40, "v")]
        append(tx, models.responses, [_of(models.responses, row) for row in rows])
        append(tx, models.contacts, [_of(models.contacts, row) for row in rows])
        named = {"top": top, "towns": towns, "oslo": oslo, **spots}
        found = tx.execute(select(models.locations.c.id, models.locations.c.path))
        paths = {row.id: row.path for row in found}
    return {name: paths[number] for name, number in named.items()}


def _rows(random: Random, place: int, n: int, prefix: str) -> list[dict[str, Any]]:
    """What the towns were told is long ago, and many at once: their clocks tell minutes."""
    newest = 60 if prefix == "o" else 12
    old = 0 if prefix == "o" else -1_000_000
    return [
        {"id": f"{prefix}{number}", "location_id": place, "test": random.random() < 0.1,
         "commented": random.random() < 0.8, "captured_ms": 10_000_000 + old + 1_000 * random.randrange(newest)}
        for number in range(n)
    ]  # fmt: skip


def _of(table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    plain: dict[type, Any] = {str: "", int: 0, bool: False}
    return tuple(row.get(column.name, plain[column.type.python_type]) for column in table.columns)


def _recounted(tx: Connection, table: Table, path: str, those: latest.Those) -> list[tuple[int, str]]:
    query = select(table.c.captured_ms, table.c.id).join(models.locations, models.locations.c.id == table.c.location_id)
    rows = tx.execute(query.where(models.locations.c.path.startswith(path), *those)).all()
    return sorted((row.captured_ms, row.id) for row in rows)


def test_the_newest_are_those_of_a_recount_in_every_part(database: Database, tree: dict[str, str]) -> None:
    responses, contacts = models.responses, models.contacts
    with database.reading() as tx:
        for table, those in ((responses, [~responses.c.test, responses.c.commented]), (contacts, [~contacts.c.test])):
            for path in tree.values():
                ordered = [found for _, found in _recounted(tx, table, path, those)]
                for most in (1, 21, 50):
                    assert latest.ids(tx, table, path, those, most) == ordered[::-1][:most]
                    assert latest.ids(tx, table, path, those, most, oldest=True) == ordered[:most]


def test_paging_through_comments_leaves_none_out(database: Database, tree: dict[str, str]) -> None:
    table = models.responses
    those: list[Any] = [table.c.commented, ~table.c.test]
    key = tuple_(table.c.captured_ms, table.c.id)
    with database.reading() as tx:
        for path in tree.values():
            moments = {found: ms for ms, found in _recounted(tx, table, path, those)}
            read = latest.ids(tx, table, path, those, 20)
            while (
                some := latest.ids(tx, table, path, [*those, key < (moments[read[-1]], read[-1])], 20) if read else []
            ):
                read += some
            assert sorted(read) == sorted(moments)
            assert len(read) == len(set(read))
