"""What has certainly changed: the last seven days against those before."""

from sync.office.counts import Figure
from sync.scores import Difference, difference

WEEK = 7


def of_week(before: Figure, since: Figure) -> Difference | None:
    """The last seven days (`since`) less those `before`, None where that is not certain."""
    if before.showing != "full" or since.showing != "full" or before.score is None or since.score is None:
        return None
    change = difference(since.score, before.score)
    return change if change.certain else None
