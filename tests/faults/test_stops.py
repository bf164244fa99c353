"""Proof 3, its other half: a thread stopped between any two of its steps leaves nothing that the next one does not
put right."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.app import create_app
from tests import postgres
from tests.boxes import enrol_box, open_shop
from tests.faults.shop import Office, office_here, shop
from tests.faults.stops import ROOT, Gone, Stopped, stopped_at

SEED = int(os.environ.get("SMILEPOST_SEED", random.SystemRandom().randrange(2**32)))
TERMINAL = {str(path.relative_to(ROOT)) for path in (ROOT / "kiosk").glob("*.py")}
CENTRE = {f"sync/intake/{name}.py" for name in ("api", "ingest", "ledger", "verdicts", "tally")} | {"sync/rows.py"}


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
    """Gone: the process ended, another one goes on. Stopped: the pass failed, the same sender goes on. Each step is
    stopped at in one of the two ways, by turns. What the terminal does is the same with either database behind head
    office, and nearly so in bad weather: few samples."""
    stride = (2 if weather == "well" else 6) * (1 if office.centre.db.dialect == "sqlite" else 6)
    how = (Gone, Stopped)[turn]
    with shop(office, tmp_path, random.Random(SEED), f"{weather} {turn}") as here:
        here.send()
        step, number, stopped = (SEED + turn) % stride + 1, 0, True
        while stopped:
            if not here.pending():
                here.serve(1)
            here.weather = weather
            stopped = stopped_at(step, TERMINAL, here.sender.pass_once, how)
            here.no_false_ack()
            if how is Gone:
                here.restart()
            here.watch.now += 900
            step, number = step + stride, number + 1
            if number % 8 == 0:
                here.drain()
        here.drain()
        print(f"stopped {number - 1} times in {step - stride} steps")
        here.exact()


def test_a_request_stopped_at_any_step(office: Office) -> None:
    """Whoever looks then finds counts that fit the responses; whoever sends it again finds it stored once."""
    stride = 3 if office.centre.db.dialect == "sqlite" else 12
    location, placement = open_shop(office.centre, "Bergen")
    box, client = enrol_box(office.centre, placement), create_app(office.centre).test_client()
    given: dict[str, int] = {}
    step, stopped = random.Random(SEED).randrange(stride) + 1, True
    while stopped:
        first = box.response(step % 4)
        again = [box.response(1, id=name, rev=rev + 1) for name, rev in list(given.items())[-1:]]
        given |= {entry["id"]: entry["rev"] for entry in (first, *again)}
        message = box.batch([first, *again, first])
        stopped = stopped_at(step, CENTRE, lambda message=message: box.post(client, message))
        if step % 20 < stride:
            office.verify()
        reply = box.post(client, message).get_json()
        assert {result["verdict"] for result in reply["results"]} <= {"stored", "duplicate"}
        step += stride
    print(f"stopped at {step - stride} steps")
    office.verify()
    assert {name: rev for name, (rev, _) in office.responses(location).items()} == given
    assert office.counted(location) == len(given)
