"""How a figure stands: whether anything may still come, and what it was when it was first shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import Connection

from sync.office import awaited, local_time, restated
from sync.office.awaited import Awaited, Days
from sync.office.counts import Figure, Question
from sync.office.restated import Change


@dataclass(frozen=True)
class Standing:
    """`now` as it is shown. `first`: as it was when somebody first looked at each of its days (those of which nobody
    did, as they are); None where that is not known, of a part of the answers. `changes`: what was done since, the
    oldest first; without what it did to the histogram for those who may not see single answers. `boxes` names their
    terminals: of each the screens, with their places."""

    now: Figure
    first: Figure | None
    is_over: bool
    awaited: Awaited
    changes: tuple[Change, ...] = ()
    boxes: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def is_restated(self) -> bool:
        return self.first is not None and self.first.counts != self.now.counts

    @property
    def state(self) -> Literal["running", "provisional", "final"]:
        """Running while a day of it is not over; final when everything has come that ever will."""
        if not self.is_over:
            return "running"
        return "provisional" if self.awaited.owes else "final"


def yesterday(today: int) -> tuple[int, int]:
    """The days of the sentence that a page begins with."""
    return today - 1, today - 1


def standing(
    tx: Connection, figure: Figure, paths: Sequence[str], question: Question, days: Days, now_ms: int, *,
    zone: str, singles: bool, narrowed: bool = False,
) -> Standing:  # fmt: skip
    """Of what is shown about these days of the places at and below these paths; `days` says which by the local day it
    is at a place (Filters.days does), `zone` on whose clock they are over. `narrowed`: it is a part of the answers."""
    today = local_time.day_of(now_ms, zone)
    found = [] if narrowed else restated.changes(tx, paths, question, days, now_ms)
    since: Sequence[int] | None = None
    if not narrowed and singles:
        since = [sum(each.counts[at] for each in found) for at in range(len(figure.counts))]
    elif not narrowed:
        since = restated.shown_since(tx, paths, question, days, now_ms)
        found = [replace(each, counts=(), actor="") for each in found]
    return Standing(
        now=figure,
        first=_before(figure, since),
        is_over=days(today)[1] < today,
        awaited=awaited.awaited(tx, paths, days, now_ms),
        changes=tuple(found),
        boxes=restated.boxes(tx, paths, (each.device for each in found)),
    )


def _before(figure: Figure, since: Sequence[int] | None) -> Figure | None:
    if since is None:
        return None
    first = tuple(now - came for now, came in zip(figure.counts, since, strict=True))
    return Figure(figure.scale, first) if min(first) >= 0 else None
