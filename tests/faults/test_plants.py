"""Proof 5: each planted bug turns the cheapest proof that must catch it red, for the right reason. The table is in
tests/faults/plants.py."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from kiosk.pace import CAP_S
from sync.app import create_app
from tests import postgres
from tests.boxes import enrol_box, open_shop
from tests.faults import kills, plants, stops
from tests.faults.office import Office, Violated, office_here, office_process
from tests.faults.power import planted
from tests.faults.shop import shop
from tests.faults.simulation import plants as simulated

Proof = Callable[[Office, Path], None]


def line(fault: str, rounds: int = 6) -> Proof:
    """A short day on a line with this fault."""

    def proof(office: Office, folder: Path) -> None:
        with shop(office, folder, random.Random(fault), folder.name) as here:
            here.send()
            for _ in range(rounds):
                here.serve(2)
                here.weather = fault
                here.watch.now += CAP_S
                here.send()
            here.ends_well()

    return proof


def strange(office: Office, folder: Path) -> None:
    with shop(office, folder, random.Random(1), folder.name) as here:
        here.serve_somebody_strange()
        here.ends_well()


def request_stopped(office: Office, folder: Path) -> None:
    stops.request_stopped(office, folder.name, first=1, stride=7)


def sender_stopped(office: Office, folder: Path) -> None:
    with shop(office, folder, random.Random(1), folder.name) as here:
        stops.sender_stopped(here, "well", stops.Gone, first=1, stride=37)


def two_boxes_at_once(office: Office, folder: Path) -> None:
    """Two boxes whose cards were copied before they were enrolled send the same answers at the same moment."""
    spots = [open_shop(office.centre, f"{folder.name} {number}") for number in range(2)]
    one, other = (enrol_box(office.centre, placement) for _, placement in spots)
    app = create_app(office.centre)
    for _ in range(5):
        same = [one.response(3, screen=None, placement=None) for _ in range(3)]
        threads = [Thread(target=box.post, args=(app.test_client(), box.batch(same))) for box in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    office.verify()
    if sum(office.counted(location) for location, _ in spots) != 15:
        raise Violated("15 responses were given, another number is counted")


def restored(office: Office, folder: Path) -> None:
    backup = folder.with_suffix(".backup")
    with shop(office, folder, random.Random(1), folder.name) as here:
        here.serve(3)
        here.say_something()
        here.drain()
        office.backup(backup)
        here.serve(3)
        here.drain()
        here.box.upkeep.tidy()
        here.restore_office(backup)
        here.ends_well()


CAUGHT: dict[str, tuple[Proof, str]] = {
    "answer_before_commit": (line("well"), "false ack"),
    "counts_the_batch": (line("duplicated"), r"stream \w+ says \d+ receipts"),
    "two_transactions": (request_stopped, "tallies_day .* says"),
    "check_then_insert": (two_boxes_at_once, "tallies_day .* says"),
    "believes_late_health": (line("repeated_late"), "there are two boxes"),
    "any_200_is_an_ack": (line("portal"), "false ack"),
    "any_answer_is_an_ack": (line("portal_json"), "false ack"),
    "ack_before_send": (line("refused"), "false ack"),
    "acks_what_was_refused": (strange, "false ack"),
    "new_id_at_retry": (line("cut_after_commit"), "no longer holds what was given"),
    "gives_up": (line("bad_gateway"), "no longer holds what was given"),
    "obeys_anybody": (line("unsigned_401"), "rests for 900 s"),
    "ignores_the_epoch": (restored, "has no receipts of"),
    "wipes_at_once": (restored, "of a response was given"),
    "parks_while_it_sends": (sender_stopped, "were parked"),
}
SWEEPS = {request_stopped, sender_stopped}
"""They are long; that they are green without a plant is shown by test_stops."""
AS_A_PROCESS = {"thanks_before_it_holds": ("kiosk", "thanked for are not stored")}


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Iterator[Office]:
    """A head office in this process, new for each plant: what one broke the next must not find."""
    if getattr(request, "param", "sqlite") == "sqlite":
        (tmp_path / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
        kind = office_process if CAUGHT[request.node.callspec.params["plant"]][0] is restored else office_here
        with kind(tmp_path, f"sqlite:///{tmp_path}/centre.sqlite3") as opened:
            yield opened
        return
    with postgres.database(request.getfixturevalue("postgres_server")) as url, office_here(tmp_path, url) as opened:
        yield opened


def kind_of(plant: str) -> str:
    return "postgresql" if plant == "check_then_insert" else "sqlite"


@pytest.mark.parametrize(("plant", "office"), [(name, kind_of(name)) for name in CAUGHT], indirect=["office"])
def test_a_planted_bug_turns_its_proof_red(plant: str, office: Office, tmp_path: Path) -> None:
    proof, because = CAUGHT[plant]
    if proof not in SWEEPS:
        proof(office, tmp_path / "before")  # without it the proof is green
    with plants.planted(plant), pytest.raises(Violated, match=because):
        proof(office, tmp_path / "planted")


@pytest.mark.parametrize("plant", AS_A_PROCESS)
def test_a_bug_in_a_process_turns_the_kills_red(plant: str, tmp_path: Path) -> None:
    where, because = AS_A_PROCESS[plant]
    with pytest.raises(Violated, match=because):
        kills.run(tmp_path, f"sqlite:///{tmp_path}/centre.sqlite3", 10, seed=1, plants={where: plant})


def test_every_plant_is_caught_and_they_are_listed_in_one_place() -> None:
    assert set(plants.PLANTS) == set(CAUGHT) | set(AS_A_PROCESS)
    tried, by_rule, by_power = (plants.__doc__ or "").split("\n\nThe ")
    assert set(re.findall(r"^\| (\w+) +\|", tried, re.MULTILINE)) - {"plant"} == set(plants.PLANTS)
    assert set(simulated.PLANTS) <= set(re.findall(r"\w+", by_rule))
    assert set(planted.PLANTS) | set(planted.ON_A_FAILING_DISK) <= set(re.findall(r"\w+", by_power))


def test_nothing_shipped_knows_of_plants_or_faults() -> None:
    root = stops.ROOT
    sources = [path for package in ("kiosk", "sync") for path in (root / package).rglob("*.py")]
    telling = re.compile(r"(?i:\bplant(s|ed)?\b|inject|\btests\.)|\bSMILEPOST_|getenv|environ(\.get|\[)")
    told = {str(path): telling.search(path.read_text("utf-8")) for path in sources}
    assert {path: words[0] for path, words in told.items() if words} == {}
