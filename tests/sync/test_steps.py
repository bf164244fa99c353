"""The table of steps: which screen comes after which."""

import pytest

from sync import survey, wire
from sync.survey import STEPS

SCREENS = {step.screen for step in STEPS}


def test_every_action_means_one_thing_on_a_screen() -> None:
    assert len({(step.screen, step.action, step.needs) for step in STEPS}) == len(STEPS)
    for step in STEPS:
        assert survey.step(step.screen, step.action, {step.needs} - {None}) == step


def test_a_step_to_what_the_survey_does_not_offer_is_none() -> None:
    assert survey.step("thanks", "write", {"comment"}) == survey.Step("thanks", "write", "comment", None, "comment")
    assert survey.step("thanks", "write") is None


def test_every_screen_can_be_reached_and_left() -> None:
    reached = {"ask"}
    for _ in STEPS:
        reached |= {step.to for step in STEPS if step.screen in reached}
    assert reached == SCREENS == {step.to for step in STEPS}
    assert reached <= set(wire.Seconds.__struct_fields__)


@pytest.mark.parametrize("screen", sorted(SCREENS))
def test_every_screen_returns_to_the_question_by_itself(screen: str) -> None:
    step = survey.step(screen, "idle")
    assert step is not None
    assert step.to == "ask"


def test_a_visit_ends_once() -> None:
    """Where a visit ended there is nothing left to end: `done` is the only way out of it."""
    assert {step.to for step in STEPS if step.ends == "done"} == {"done"}
    assert all(step.ends is None for step in STEPS if step.screen == "done")
    assert all(step.ends == "idle" for step in STEPS if step.action == "idle" and step.screen != "done")


def test_what_is_no_step_leads_nowhere() -> None:
    assert survey.step("ask", "finish") is None
    assert survey.step("nowhere", "idle") is None
