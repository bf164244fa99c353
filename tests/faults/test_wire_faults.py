"""Proof 2: whatever the line does, every response is stored and counted once, and nothing is acked that isn't held.

The seed is printed, and `SMILEPOST_SEED` takes it; `SMILEPOST_ROUNDS=5000` runs the mixed one for longer."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.pace import CAP_S
from tests import postgres
from tests.faults.office import Office, office_process
from tests.faults.shop import shop
from tests.faults.weather import FAULTS

SEED = int(os.environ.get("SMILEPOST_SEED", random.SystemRandom().randrange(2**32)))
ROUNDS = int(os.environ.get("SMILEPOST_ROUNDS", "150"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Head office as a process, on a database of each kind."""
    folder = tmp_path_factory.mktemp("office")
    if request.param == "sqlite":
        with office_process(folder, f"sqlite:///{folder}/centre.sqlite3") as opened:
            yield opened
        return
    with postgres.database(request.getfixturevalue("postgres_server")) as url, office_process(folder, url) as opened:
        yield opened


def numbered(name: str, seed: int) -> random.Random:
    print(f"SMILEPOST_SEED={seed}")
    return random.Random(f"{name} {seed}")


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_line_with_one_fault_loses_and_doubles_nothing(office: Office, tmp_path: Path, fault: str) -> None:
    chance = numbered(fault, SEED)
    with shop(office, tmp_path, chance, fault) as here:
        for number in range(8):
            here.serve(chance.randrange(1, 4))
            here.weather = "well" if number in (0, 5) else fault
            here.watch.now += CAP_S
            here.send()
        here.ends_well()
        assert set(here.line.happened) == {"well", fault}


def test_a_line_with_every_fault_loses_and_doubles_nothing(office: Office, tmp_path: Path) -> None:
    chance = numbered("mixed", SEED)
    with shop(office, tmp_path, chance, "mixed") as here:
        for _number in range(ROUNDS):
            here.serve(chance.randrange(3))
            here.weather = chance.choice([*sorted(FAULTS), *["well"] * 5])
            here.send()
        here.ends_well()


def test_a_line_that_garbles_what_a_lone_answer_says_sets_it_not_aside(office: Office, tmp_path: Path) -> None:
    """Head office signs that it could not read it; it is the line's doing, not the answer's."""
    with shop(office, tmp_path, numbered("lone", SEED), "lone") as here:
        here.serve(1)
        here.send()
        here.weather = "garbled_request"
        for _ in range(12):
            here.watch.now += CAP_S
            here.send()
        here.ends_well()


def test_an_answer_that_head_office_never_takes_holds_nobody_up(office: Office, tmp_path: Path) -> None:
    with shop(office, tmp_path, numbered("strange", SEED), "strange") as here:
        here.serve(2)
        here.serve_somebody_strange()
        here.serve(2)
        here.ends_well()
        assert here.states() == {"acked": sum(map(len, here.given.values())) - 1, "parked": 1}
