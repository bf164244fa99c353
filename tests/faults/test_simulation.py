"""Terminals and a centre over a hostile network, by the shipped rules: nothing lost, nothing counted twice."""

import subprocess
import sys

import pytest

from tests.faults.simulation.command import failure, first_failure
from tests.faults.simulation.plants import PLANTS

EVERY, AT_ONCE = 2_000, 250
TO_FIND = 1_000
"""So many histories find every planted bug, the rarest of them too; without one they are among those that pass."""


@pytest.mark.parametrize("first", range(0, EVERY, AT_ONCE))
def test_nothing_is_lost_and_nothing_is_counted_twice(first: int) -> None:
    seed = first_failure(range(first, first + AT_ONCE), processes=1)
    assert seed is None, f"{failure(seed or 0)}\npython -m tests.faults.simulation --trace {seed} shows it again"


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found(plant: str) -> None:
    """In a process of its own: a plant changes the shipped code there."""
    command = [sys.executable, "-m", "tests.faults.simulation", "--plant", plant, "--seeds", str(TO_FIND)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.returncode == 1, found.stdout
    assert "truth.Broken: " in found.stdout, found.stdout[-2000:] + found.stderr
