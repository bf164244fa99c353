"""Proofs 2 and 3 with backups and restores in between: what head office forgot, the terminals bring back."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.pace import CAP_S
from tests import postgres
from tests.faults.office import Office, office_process
from tests.faults.shop import shop
from tests.faults.stops import TERMINAL, Gone, Stopped, stopped_at
from tests.faults.weather import FAULTS

ROUNDS = int(os.environ.get("SMILEPOST_ROUNDS", "80"))
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


@pytest.mark.parametrize("which", ["newest", "any"])
def test_what_came_after_the_backup_comes_back(office: Office, tmp_path: Path, which: str) -> None:
    """On a line with every fault, the sender stopped at any step, words let go of as soon as a backup holds them: only
    they may be gone when another backup than the newest comes back."""
    print(f"SMILEPOST_SEED={SEED}")
    chance = random.Random(SEED)
    with shop(office, tmp_path, chance) as here:
        here.faces_alone = which == "any"
        here.send()
        backups = [tmp_path / "backup 0"]
        office.backup(backups[0])
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
            here.box.upkeep.tidy()
            if number % 15 == 7:
                backups.append(tmp_path / f"backup {number}")
                office.backup(backups[-1])
            if number % 30 == 29:
                here.restore_office(chance.choice(backups) if which == "any" else backups[-1])
        here.ends_well()
