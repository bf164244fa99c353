"""Bringing many places in from a table: what would change is shown first, and then all of it is done or nothing."""

from sync.office.importing.carrying import carry_out
from sync.office.importing.plans import MOST_SHOWN, Plan, Problem, Step, draw_up

__all__ = ["MOST_SHOWN", "Plan", "Problem", "Step", "carry_out", "draw_up"]
