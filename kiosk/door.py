"""The staff's door: a PIN, a lock that waits longer after each wrong one, and a visit that ends by itself. Pure but for
the tokens that it draws."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic as _monotonic

IDLE_S = 300
"""A visit that nobody touched for so long is over."""
LONGEST = 12
"""Digits of a PIN, at most."""
FREE_TRIES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30, 900
"""After five wrong ones in a row; each further one doubles it. Four digits then last for weeks."""
MOST_VISITS = 32


class Tries:
    """How often somebody was wrong in a row, and until when no further try counts. Times in seconds of one clock."""

    def __init__(self) -> None:
        self._wrong, self._locked_s = 0, 0.0

    def wait_s(self, now: float) -> int:
        """Whole seconds until the next try counts; 0 when it counts now."""
        return max(int(self._locked_s - now + 0.999), 0)

    def note(self, is_right: bool, now: float) -> None:
        """Somebody tried."""
        self._wrong = 0 if is_right else self._wrong + 1
        if self._wrong >= FREE_TRIES:
            doubled = min(self._wrong - FREE_TRIES, 16)  # what lies beyond is longer than the longest anyway
            self._locked_s = now + min(FIRST_WAIT_S * 2**doubled, LONGEST_WAIT_S)


@dataclass
class _Visit:
    """One browser at the door, or inside: `typed` so far, `touched_s` when it last did something."""

    touched_s: float
    typed: str = ""
    is_open: bool = False
    was_wrong: bool = False


@dataclass(frozen=True)
class View:
    """What a browser sees of the door. `typed`: how many digits; `wait_s`: until the next try counts; `was_wrong`: the
    last one was."""

    is_open: bool = False
    typed: int = 0
    wait_s: int = 0
    was_wrong: bool = False


class Door:
    """Safe to use from several threads. `fits` says whether what was typed is the PIN: it is asked about one try at a
    time and never under the lock, so that a flood of them neither eats a small machine nor keeps anybody waiting.
    `monotonic` gives seconds that never go back."""

    def __init__(self, fits: Callable[[str], bool], monotonic: Callable[[], float] = _monotonic) -> None:
        self._fits, self._monotonic = fits, monotonic
        self._visits: dict[str, _Visit] = {}
        self._tries, self._is_trying = Tries(), False
        self._guard = Lock()

    def view(self, token: str | None) -> View:
        """What this browser sees; of a visit inside it is a touch."""
        with self._guard:
            now = self._monotonic()
            visit = self._find(token, now)
            if visit is not None and visit.is_open:
                visit.touched_s = now
                return View(is_open=True)
            wait_s = self._tries.wait_s(now)
            return View(False, len(visit.typed), wait_s, visit.was_wrong) if visit else View(wait_s=wait_s)

    def press(self, token: str | None, key: str) -> str:
        """A digit, `clear` or `open`; anything else is nothing. Returns the token of the visit, a new one for a
        browser that had none. While the lock waits, or another try is being looked at, no PIN is."""
        with self._guard:
            now = self._monotonic()
            visit = self._find(token, now)
            if token is None or visit is None:
                token, visit = secrets.token_urlsafe(24), _Visit(now)
                self._let_in(token, visit)
            visit.touched_s = now
            if len(key) == 1 and key in "0123456789":
                visit.typed, visit.was_wrong = (visit.typed + key)[:LONGEST], False
            elif key == "clear":
                visit.typed = ""
            if key != "open" or not visit.typed or self._is_trying or self._tries.wait_s(now):
                return token
            typed, visit.typed, self._is_trying = visit.typed, "", True
        self._try(visit, typed)
        return token

    def _try(self, visit: _Visit, typed: str) -> None:
        is_right = False
        try:
            is_right = self._fits(typed)
        finally:
            with self._guard:
                self._is_trying = False
                visit.is_open, visit.was_wrong = is_right, not is_right
                self._tries.note(is_right, self._monotonic())

    def leave(self, token: str | None) -> None:
        with self._guard:
            self._visits.pop(token or "", None)

    def _find(self, token: str | None, now: float) -> _Visit | None:
        visit = self._visits.get(token or "")
        if visit is None or now - visit.touched_s < IDLE_S:
            return visit
        del self._visits[token or ""]
        return None

    def _let_in(self, token: str, visit: _Visit) -> None:
        """Somebody who opens the door a thousand times only pushes others out who are not inside."""
        if len(self._visits) >= MOST_VISITS:
            oldest = min(self._visits, key=lambda name: (self._visits[name].is_open, self._visits[name].touched_s))
            del self._visits[oldest]
        self._visits[token] = visit
