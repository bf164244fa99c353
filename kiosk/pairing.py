"""Pairing by the glass: the eight characters from head office, and one try at a time to trade them for a place.

Head office may take half a minute to answer, so it is asked in a thread of its own. HTTP is not spoken here."""

import logging
import re
from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic as _monotonic
from typing import NamedTuple

from kiosk.door import Tries
from kiosk.office import NO_ANSWER, NO_CENTRE
from kiosk.speech import Speech
from kiosk.terminal import Terminal, TerminalRefused
from sync.i18n import mark as _

log = logging.getLogger(__name__)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U."""
LENGTH, GROUP = 8, 4
ALONE_S = 180
"""How long the page waits for somebody."""
PATIENCE_S = 2.0
"""How long a page waits for an answer before it says that head office is being asked."""

REFUSED = (
    _("No open enrolment has this code; check it, or ask for a new one."),
    _("This enrolment code is over; ask head office for a new one."),
    _("Another terminal used this enrolment code; ask head office for a new one."),
    _("An enrolment code is eight letters and digits, as head office shows it."),
)
"""What head office says of a code that it does not take, in its own words."""
FAILED = _("This did not work; try it again.")


def clean(typed: str) -> str:
    """The characters of a code in what was typed, eight at most; what is mistaken for 1 and 0 is read as those."""
    plain = typed.upper().translate(str.maketrans("OIL", "011"))
    return re.sub(f"[^{ALPHABET}]", "", plain)[:LENGTH]


def dashed(code: str) -> str:
    """As head office shows it: the dash makes itself."""
    return f"{code[:GROUP]}-{code[GROUP:]}" if len(code) > GROUP else code


class Pairing:
    """Safe to use from several threads. `monotonic` gives seconds that never go back."""

    def __init__(self, terminal: Terminal, monotonic: Callable[[], float] = _monotonic) -> None:
        self._terminal, self._monotonic = terminal, monotonic
        self._tries, self._guard, self._answered = Tries(), Lock(), Event()
        self._answered.set()
        self._is_paired, self._refusal = False, ""
        self._is_put_off, self._touched_s = False, 0.0

    @property
    def is_new(self) -> bool:
        """Whether this terminal has a head office, and no place in its fleet yet."""
        return bool(self._terminal.settings.centre) and not self._terminal.standings.is_enrolled

    def is_wanted(self) -> bool:
        """Whether the page shows by itself: to nobody for longer than ALONE_S, since customers may be there."""
        if self._is_put_off or not self.is_new:
            return False
        now_s = self._monotonic()
        self._touched_s = self._touched_s or now_s
        self._is_put_off = now_s - self._touched_s >= ALONE_S
        return not self._is_put_off

    def touch(self) -> None:
        """Somebody is there."""
        self._touched_s = self._monotonic()

    def put_off(self) -> None:
        """The question is asked meanwhile, until the next start."""
        self._is_put_off = True

    @property
    def is_asking(self) -> bool:
        return not self._answered.is_set()

    @property
    def has_news(self) -> bool:
        """Whether somebody waits for an answer, or was not told of it yet."""
        return self.is_asking or self._is_paired

    @property
    def wait_s(self) -> int:
        """Seconds until the next try counts."""
        with self._guard:
            return self._tries.wait_s(self._monotonic())

    def outcome(self, say: Speech) -> "Outcome":
        """What came of the last try, told once."""
        with self._guard:
            is_paired, self._is_paired = self._is_paired, False
            refusal, self._refusal = self._refusal, ""
        return Outcome(is_paired, said(refusal, self._terminal.settings.centre or "", say))

    def ask(self, code: str) -> None:
        """Ask head office about a code of eight characters, if nobody else is asking and no try has to wait. Returns
        with the answer, or after a moment without one."""
        with self._guard:
            if self.is_asking or self._tries.wait_s(self._monotonic()):
                return
            self._answered.clear()
            self._is_paired, self._refusal = False, ""
        Thread(target=self._ask, args=(code,), name="pairing", daemon=True).start()
        self._answered.wait(PATIENCE_S)

    def _ask(self, code: str) -> None:
        refusal = FAILED
        try:
            self._terminal.enrol(code)
            refusal = ""
        except TerminalRefused as problem:
            refusal = str(problem)
        except Exception as problem:
            log.error("pairing failed: %s", type(problem).__name__)
        finally:
            with self._guard:
                self._is_paired, self._refusal = not refusal, refusal
                # A line that is down says nothing about the code.
                if not refusal or refusal in REFUSED:
                    self._tries.note(not refusal, self._monotonic())
            self._answered.set()


class Outcome(NamedTuple):
    """`refusal`: a sentence for whoever typed the code."""

    is_paired: bool
    refusal: str


def said(refusal: str, centre: str, say: Speech) -> str:
    """What came of a try, in the language of whoever stands there."""
    for message in (*REFUSED, NO_ANSWER, NO_CENTRE, FAILED):
        if _filled(message, centre) == refusal:
            return _filled(say._(message), centre)
    return refusal


def _filled(message: str, centre: str) -> str:
    return message.replace("{centre}", centre)
