"""Proofs 2 and 3 with backups and restores in between: what head office forgot, the terminals bring back."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.pace import CAP_S
from tests import postgres
from tests.faults.proxy import FAULTS
from tests.faults.shop import Office, office_process, shop
from tests.faults.stops import TERMINAL, Gone, Stopped, stopped_at

ROUNDS = int(os.environ.get("SMILEPOST_ROUNDS", "120"))
SEED = int(os.environ.get("SMILEPOST_SEED", random.SystemRandom().randrange(2**32)))


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Head office as a process, on a database of each kind."""
    if request.param == "sqlite":
        with office_process(tmp_path, f"sqlite:///{tmp_path}/centre.sqlite3") as opened:
            yield opened
        return
    if tools := postgres.tools():
        request.getfixturevalue("monkeypatch").setenv("PATH", f"{tools}:{os.environ['PATH']}")
    with office_process(tmp_path, request.getfixturevalue("empty_postgres")) as opened:
        yield opened


def test_what_came_after_the_backup_comes_back(office: Office, tmp_path: Path) -> None:
    """On a line with every fault, the sender stopped at any step, texts let go of as soon as a backup holds them."""
    print(f"SMILEPOST_SEED={SEED}")
    chance = random.Random(SEED)
    backup = tmp_path / "backup 0"
    restored = 0
    with shop(office, tmp_path, chance) as here:
        here.send()
        office.backup(backup)
        for number in range(1, ROUNDS):
            here.serve(chance.randrange(3))
            here.weather = chance.choice([*sorted(FAULTS), *["well"] * 40])
            if chance.random() < 0.2:
                how = chance.choice((Gone, Stopped))
                if stopped_at(chance.randrange(1, 1200), TERMINAL, here.sender.pass_once, how) and how is Gone:
                    here.restart()
                here.watch.now += CAP_S
            else:
                here.send()
            here.box.tidy()
            if number % 15 == 7:
                backup = tmp_path / f"backup {number}"
                office.backup(backup)
            if number % 40 == 39:
                here.restore_office(backup)
                restored += 1
        here.ends_well()
    assert restored == ROUNDS // 40
