"""Which screen comes after which, as a table: the terminal, the page's script and head office's preview walk it."""

from collections.abc import Set
from typing import NamedTuple


class Step(NamedTuple):
    """On `screen`, `action` leads to the screen `to`; `ends` says how the visit ended, if it did. One that `needs` a
    screen is there only where the survey offers it (FollowUps.offers); the first that is there is taken."""

    screen: str
    action: str
    to: str
    ends: str | None = None
    needs: str | None = None


STEPS = (
    Step("ask", "answer", "thanks"),
    Step("ask", "idle", "ask", "idle"),
    Step("thanks", "reason", "thanks"),
    Step("thanks", "write", "comment", needs="comment"),
    Step("thanks", "change", "ask"),
    Step("thanks", "finish", "rating", needs="rating"),
    Step("thanks", "finish", "contact", needs="contact"),
    Step("thanks", "finish", "done", "done"),
    Step("thanks", "idle", "ask", "idle"),
    Step("comment", "back", "thanks"),
    Step("comment", "finish", "rating", needs="rating"),
    Step("comment", "finish", "contact", needs="contact"),
    Step("comment", "finish", "done", "done"),
    Step("comment", "idle", "ask", "idle"),
    Step("rating", "rate", "contact", needs="contact"),
    Step("rating", "rate", "done", "done"),
    Step("rating", "back", "thanks"),
    Step("rating", "finish", "contact", needs="contact"),
    Step("rating", "finish", "done", "done"),
    Step("rating", "idle", "ask", "idle"),
    Step("contact", "agree", "done", "done"),
    Step("contact", "back", "thanks"),
    Step("contact", "finish", "done", "done"),
    Step("contact", "idle", "ask", "idle"),
    Step("done", "change", "ask"),
    Step("done", "idle", "ask"),
)


def step(screen: str, action: str, offers: Set[str] = frozenset()) -> Step | None:
    """What `action` does on `screen` when the survey `offers` these, or None when it means nothing there."""
    return next(
        (s for s in STEPS if (s.screen, s.action) == (screen, action) and (s.needs is None or s.needs in offers)), None
    )
