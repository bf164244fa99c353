"""A page at a screen: one customer after the other, each a visit of one or more revisions. What the terminal doesn't
hear at once stays with the page, which brings it later, in any order."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

from kiosk.late import Anchor
from tests.faults.simulation.card import SECRET

OFF_SCALE = 9
"""No scale has it: nobody will ever take it."""
REASONS = ("waiting", "staff", "price", "clean")


class Revision(NamedTuple):
    """A whole response as the page holds it. `true_ms`: when it was tapped, which nobody in the simulation is told;
    `load`: the page's own clock, `page_ms` on it."""

    id: str
    rev: int
    screen: str | None
    placement: str | None
    survey: str
    answers: dict[str, int | list[str] | str]
    test: bool
    true_ms: int
    load: str
    page_ms: int


@dataclass
class Page:
    """One load of a page, whose clock is as fast as its terminal's. `unsent`: what the terminal hasn't taken yet."""

    screen: str | None
    placement: str | None
    load: str
    loaded_ms: int
    drift: float
    visit: Revision | None = None
    unsent: list[Revision] = field(default_factory=list)
    anchors: dict[str, list[Anchor]] = field(default_factory=dict)
    """load -> when it heard from its terminal first and last"""

    def page_ms(self, now_ms: int) -> int:
        return int((now_ms - self.loaded_ms) * (1 + self.drift))

    def begin(self, chance: random.Random, name: str, now_ms: int, survey: str, test: bool) -> Revision:
        value = OFF_SCALE if chance.random() < 0.02 else chance.randrange(4)
        answers: dict[str, int | list[str] | str] = {"visit": value}
        return self._keep(
            Revision(
                name, 1, self.screen, self.placement, survey, answers, test, now_ms, self.load, self.page_ms(now_ms)
            )
        )

    def go_on(self, chance: random.Random) -> Revision | None:
        """The next revision of the visit: the face is changed, reasons are chosen, a comment is written."""
        if self.visit is None:
            return None
        answers, step = dict(self.visit.answers), chance.random()
        value = answers["visit"]
        reasons = "visit_unhappy" if value in (0, 1) else "visit_happy"
        if step < 0.3:
            answers = {"visit": chance.randrange(4)}
        elif step < 0.6:
            answers[reasons] = sorted(chance.sample(REASONS, chance.randrange(3)))
        else:
            answers["comment"] = f"{SECRET.decode()}{self.visit.id}-{self.visit.rev}"
        return self._keep(self.visit._replace(rev=self.visit.rev + 1, answers=answers))

    def _keep(self, revision: Revision) -> Revision:
        self.visit = revision
        return revision
