"""Terminals and a centre over a hostile network, by the shipped rules: nothing lost, nothing counted twice."""

import pytest

from tests.faults.simulation.command import failure, first_failure

EVERY, AT_ONCE = 2_000, 250


@pytest.mark.parametrize("first", range(0, EVERY, AT_ONCE))
def test_nothing_is_lost_and_nothing_is_counted_twice(first: int) -> None:
    seed = first_failure(range(first, first + AT_ONCE), processes=1)
    assert seed is None, f"{failure(seed or 0)}\npython -m tests.faults.simulation --trace {seed} shows it again"
