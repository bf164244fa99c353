"""Proof 4, in short: `SMILEPOST_STATES=5000`, or `python -m tests.faults.power`, for more."""

import os
import random
from pathlib import Path

import pytest

from tests.faults.power import ext4, proof, recording
from tests.faults.power.planted import ON_A_FAILING_DISK, PLANTS

STATES = int(os.environ.get("SMILEPOST_STATES", "150"))
SEED = int(os.environ.get("SMILEPOST_SEED", random.SystemRandom().randrange(2**32)))
CUTS = 3


def recorded(folder: Path, visits: int, plant: str = "", inject: str = "") -> recording.Recording:
    reason = recording.reason_not_to_record()
    if reason:
        pytest.skip(reason)
    return recording.record(folder, visits, SEED, plant, inject)


def test_what_was_thanked_is_there_whenever_the_power_goes(tmp_path: Path) -> None:
    taken = recorded(tmp_path, visits=60)
    assert len(taken.thanks) > 60
    totals = proof.prove(taken, STATES, SEED)
    print(totals)
    assert totals.states == STATES
    assert totals.thanked > STATES


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_the_proof_turns_red_on_a_bug_that_only_the_power_shows(plant: str, tmp_path: Path) -> None:
    taken = recorded(tmp_path, visits=15, plant=plant)
    with pytest.raises(proof.Lost):
        proof.prove(taken, 150, SEED)


def test_a_disk_that_failed_to_sync_is_not_believed_afterwards(tmp_path: Path) -> None:
    taken = recorded(tmp_path, visits=30, inject=recording.FAILING)
    assert [step for step in taken.steps if step.kind == "failed"]
    print(proof.prove(taken, 60, SEED))


@pytest.mark.parametrize("plant", sorted(ON_A_FAILING_DISK))
def test_the_proof_turns_red_on_a_bug_that_only_a_failing_disk_shows(plant: str, tmp_path: Path) -> None:
    taken = recorded(tmp_path, visits=30, plant=plant, inject=recording.FAILING)
    with pytest.raises(proof.Lost):
        proof.prove(taken, 60, SEED)


def test_what_was_thanked_is_there_on_a_file_system_that_lost_its_power(tmp_path: Path) -> None:
    reason = ext4.reason_not_to_cut(tmp_path)
    if reason:
        pytest.skip(reason)
    totals = ext4.prove(tmp_path, CUTS, SEED)
    print(totals)
    assert totals.thanked > 0
