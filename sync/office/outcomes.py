"""What came of an improvement: the weeks since beside the four before it. It says what changed since, never
why. Pure."""

from typing import NamedTuple

from sync.office.history import History
from sync.office.improvements import Improvement
from sync.scores import RANKED, Difference, change

WEEK = 7
BEFORE = 28
"""Days that it is measured against, whole weeks, so that each weekday counts alike."""
LONGEST = 12 * WEEK
"""Days after it that are looked at: what is later has other causes, too."""


class Outcome(NamedTuple):
    """`weeks` whole weeks since then with `n` answers; `change` None where there are too few to compare, or nobody can
    know yet. `is_over`: nothing more will be known."""

    improvement: Improvement
    weeks: int
    n: int
    change: Difference | None
    is_over: bool

    @property
    def is_certain(self) -> bool:
        return self.change is not None and self.change.certain


def since(improvement: Improvement, history: History, today: int) -> Outcome:
    """Of whole weeks that are over where it is `today`."""
    weeks = max(min(today - improvement.day, LONGEST) // WEEK, 0)
    after = history.between(improvement.day, improvement.day + weeks * WEEK - 1)
    before = history.between(improvement.day - BEFORE, improvement.day - 1)
    found = change(history.scale, before.counts, after.counts, least=RANKED) if weeks else None
    return Outcome(improvement, weeks, after.n, found, weeks * WEEK == LONGEST)
