"""Proof 4, in short: `python -m tests.faults.letters` for more letters."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import letter_plants, letters
from tests.faults.office import Violated
from tests.faults.starter import Starter, starter

CAUGHT = {
    "claims_after_it": ("hold", "came twice"),
    "no_unique_row": ("", "came twice"),
    "resends_unknown": ("hold", "came twice"),
    "forgets_on_a_start": ("drop", "neither came nor are listed"),
}
"""With which order to the mail server, and why."""


@pytest.fixture(scope="module")
def begin() -> Iterator[Starter]:
    with starter() as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind that nobody else uses."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/centre.sqlite3"
    else:
        yield request.getfixturevalue("empty_postgres")


def test_nobody_gets_a_letter_twice_and_what_may_be_missing_is_listed(
    database: str, tmp_path: Path, begin: Starter
) -> None:
    totals = letters.run(tmp_path, database, 100, begin)
    print(totals)
    assert 96 <= totals.delivered <= 99  # one was dropped; the servers beside it were killed at a letter, too
    assert 2 <= totals.listed <= 4
    assert totals.arrived >= 1


@pytest.mark.parametrize("plant", CAUGHT)
def test_a_planted_bug_turns_it_red(plant: str, tmp_path: Path, begin: Starter) -> None:
    orders, because = CAUGHT[plant]
    with pytest.raises(Violated, match=because):
        letters.run(tmp_path, f"sqlite:///{tmp_path}/centre.sqlite3", 16, begin, plant, orders)


def test_every_plant_is_caught_and_they_are_listed_in_one_place() -> None:
    assert letter_plants.PLANTS.keys() == CAUGHT.keys() | {"written_at_once"}
    assert set(re.findall(r"^\| (\w+) +\|", letter_plants.__doc__ or "", re.MULTILINE)) - {"plant"} == CAUGHT.keys()
