"""Proof 3, its other half: a thread stopped between any two of its steps leaves nothing that the next one does not
put right."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.faults.office import Office, office_here
from tests.faults.shop import shop
from tests.faults.stops import Gone, Stopped, request_stopped, sender_stopped

SEED = int(os.environ.get("SMILEPOST_SEED", random.SystemRandom().randrange(2**32)))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    if request.param == "sqlite":
        with office_here(folder, f"sqlite:///{folder}/centre.sqlite3") as opened:
            yield opened
        return
    with postgres.database(request.getfixturevalue("postgres_server")) as url, office_here(folder, url) as opened:
        yield opened


@pytest.mark.parametrize(("weather", "turn"), [("well", 0), ("well", 1), ("cut_after_commit", 0), ("bad_gateway", 1)])
def test_a_sender_stopped_at_any_step(office: Office, tmp_path: Path, weather: str, turn: int) -> None:
    """Each step is stopped at in one of the two ways, by turns. What the terminal does is the same with either
    database behind head office, and nearly so in bad weather: few samples."""
    stride = (2 if weather == "well" else 6) * (1 if office.centre.db.dialect == "sqlite" else 6)
    with shop(office, tmp_path, random.Random(SEED), f"{weather} {turn}") as here:
        sender_stopped(here, weather, (Gone, Stopped)[turn], (SEED + turn) % stride + 1, stride)


def test_a_request_stopped_at_any_step(office: Office) -> None:
    stride = 3 if office.centre.db.dialect == "sqlite" else 12
    request_stopped(office, "Bergen", SEED % stride + 1, stride)
