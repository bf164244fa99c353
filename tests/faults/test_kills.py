"""Proof 3, in short: `SMILEPOST_KILLS=200`, or `python -m tests.faults.kills`, for more."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import kills

KILLS = int(os.environ.get("SMILEPOST_KILLS", "30"))
SEED = int(os.environ.get("SMILEPOST_SEED", random.SystemRandom().randrange(2**32)))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind that nobody else uses."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/centre.sqlite3"
    else:
        yield request.getfixturevalue("empty_postgres")


def test_what_was_thanked_is_counted_once_whoever_is_killed(database: str, tmp_path: Path) -> None:
    totals = kills.run(tmp_path, database, KILLS, SEED)
    print(totals)
    assert totals.kills.total() >= KILLS
    assert totals.thanked > KILLS
    assert totals.restores > 0
    assert totals.faults > 0
    assert totals.revised > 0
