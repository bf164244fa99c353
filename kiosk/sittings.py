"""What is known of whoever stands at a screen now and is written down nowhere: what they typed without agreeing to
anything, and what they just finished, until the question appears for somebody new. Only for pages without script; any
other remembers by itself."""

from dataclasses import dataclass
from threading import Lock

from kiosk.drafts import Draft
from kiosk.reach import BLANK, Typed

FORGET_MS = 90_000
"""Nobody stands there so long without a touch; a page that was left open is nobody's."""


@dataclass(frozen=True)
class Sitting:
    """One visit. `typed`: what stands in the form for a contact; `is_refused`: they agreed, and something was missing.
    `finished`: the whole response, once it is over."""

    visit: str
    typed: Typed = BLANK
    is_refused: bool = False
    finished: Draft | None = None
    since_ms: int = 0


class Sittings:
    """One for each screen at most. Safe to call from several threads."""

    def __init__(self) -> None:
        self._all: dict[str | None, Sitting] = {}
        self._guard = Lock()

    def sit(self, screen: str | None, sitting: Sitting) -> None:
        with self._guard:
            self._all[screen] = sitting

    def at(self, screen: str | None, visit: str, now_ms: int) -> Sitting:
        """What is known of this visit, if it is the one at this screen."""
        with self._guard:
            known = self._all.get(screen)
        is_there = known is not None and known.visit == visit and now_ms - known.since_ms < FORGET_MS
        return known if known is not None and is_there else Sitting(visit)

    def leave(self, screen: str | None) -> None:
        with self._guard:
            self._all.pop(screen, None)
