"""The record of what changed days that are over: why, by which box or whom, and what came to their counts."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from sync import models
from sync.intake.tally import WIDTH
from sync.rows import append

Cause = Literal["late", "revised", "flagged", "lifted", "moved", "clock", "erased", "recounted"]
"""Came after the day was over; has another answer; is set aside by a flag, or no longer; counts at another place; on
another day, by a clock that is known better; lost its words (no count moves); counted anew by `rebuild-tallies`."""


class By(NamedTuple):
    """Whose doing it is: the box that delivered it, or a person (or command) by name. `cause` None: as what differs
    says."""

    device: str | None = None
    actor: str = ""
    cause: Cause | None = None


class Spot(NamedTuple):
    """What one row of the record is about. `question` is empty for what is no question's: an erasure."""

    location: int
    question: str
    day: int
    cause: Cause
    device: str | None
    actor: str


@dataclass
class Change:
    """Which responses it is about, and what came to the unflagged counts: n, then one for each value."""

    responses: set[str] = field(default_factory=set)
    counts: list[int] = field(default_factory=lambda: [0] * WIDTH)


class Restated:
    """What changed days that are over, gathered until it is written together with the counts."""

    def __init__(self) -> None:
        self.spots: dict[Spot, Change] = {}

    def note(self, spot: Spot, response: str, value: int = 0, by: int = 0) -> None:
        """A response whose answer `value` came to the unflagged counts (by 1), left them (-1), or did neither (0)."""
        change = self.spots.get(spot)
        if change is None:
            change = self.spots[spot] = Change()
        change.responses.add(response)
        change.counts[0] += by
        change.counts[1 + value] += by

    def write(self, tx: Connection, now_ms: int) -> None:
        rows = [
            (now_ms, spot.location, spot.question, spot.day, spot.cause, spot.device, spot.actor,
             len(change.responses), *change.counts)
            for spot, change in self.spots.items()
        ]  # fmt: skip
        append(tx, models.restatements, rows, numbered=True)
