"""Each planted bug turns the simulation red, which without it is green: see test_simulation."""

import subprocess
import sys

import pytest

from tests.faults.simulation.plants import PLANTS

TO_FIND = 1_000
"""So many histories find every planted bug, the rarest of them too; without one they are among those that pass."""


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found(plant: str) -> None:
    """In a process of its own: a plant changes the shipped code there."""
    command = [sys.executable, "-m", "tests.faults.simulation", "--plant", plant, "--seeds", str(TO_FIND)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.returncode == 1, found.stdout
    assert "truth.Broken: " in found.stdout, found.stdout[-2000:] + found.stderr
