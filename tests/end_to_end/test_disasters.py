"""Head office burns down and is put back, and a line that stays dead: real processes, and nothing is lost."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sync import models
from sync.db import open_database
from tests import postgres
from tests.end_to_end.conftest import Chain
from tests.end_to_end.test_the_whole_way import health, visit, wait_until_sent
from tests.processes import PATIENCE_S


@pytest.fixture(autouse=True)
def _postgresqls_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    if tools := postgres.tools():
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")


def tap(chain: Chain, times: int) -> None:
    for value in range(times):
        visit(chain.screen, ("value", str(value)), ("action", "finish"))


def answered(database_url: str) -> int:
    db = open_database(database_url, migrate=False)
    try:
        with db.reading() as tx:
            return int(tx.execute(select(func.count()).select_from(models.responses)).scalar_one())
    finally:
        db.close()


def wait_until_answered(chain: Chain, database_url: str, count: int) -> None:
    for _ in range(PATIENCE_S * 10):
        if answered(database_url) >= count:
            break
        time.sleep(0.1)
    assert answered(database_url) == count, (health(chain), chain.log("kiosk"), chain.log("server"))


def test_a_centre_that_burned_down_gets_everything_back(chain: Chain, database_url: str, tmp_path: Path) -> None:
    chain.start()
    chain.enrol()
    tap(chain, 2)
    wait_until_sent(chain, 2)
    chain.command("server", "backup", str(tmp_path / "tuesday"))
    tap(chain, 3)
    wait_until_sent(chain, 5)
    on_sqlite = database_url.startswith("sqlite")
    if on_sqlite:
        chain.stop("server")
    chain.command("server", "restore", str(tmp_path / "tuesday"))
    assert answered(database_url) == 2
    if on_sqlite:
        chain.start("server")
    chain.stop("kiosk")  # a start looks at once; a running one waits its time out
    chain.start("kiosk")
    wait_until_answered(chain, database_url, 5)
    wait_until_sent(chain, 5)
    chain.command("server", "verify")


def test_a_line_that_stays_dead_is_walked_around(chain: Chain, database_url: str, tmp_path: Path) -> None:
    chain.start()
    chain.enrol()
    chain.stop("server")
    tap(chain, 4)
    assert health(chain)["pending"] == 4
    chain.command("kiosk", "export", str(tmp_path / "stick"))
    chain.stop("kiosk")
    assert "4 stored." in chain.command("server", "import", str(tmp_path / "stick"))
    assert "4 duplicate." in chain.command("server", "import", str(tmp_path / "stick"))
    chain.start("server")
    chain.start("kiosk")
    wait_until_sent(chain, 4)
    assert answered(database_url) == 4
    chain.command("server", "verify")
