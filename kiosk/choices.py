"""What the staff of a place chose for their own terminal: to try its screens out for a while, and languages.

Trying out is kept in memory alone, so that it is over with a restart whatever happened; languages are facts of the
outbox. Safe to use from several threads."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.clock import Clock
from kiosk.outbox import NotHeld, Outbox

if TYPE_CHECKING:
    from kiosk.standing import Standing

TEST_MS = 10 * 60_000
"""How long a test lasts that nobody ends."""
SCREENS, STAFF = "screen_language", "staff_language"


class Choices:
    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock
        self._until_ms = 0
        self._known: dict[str, str] = {}

    def test(self) -> None:
        """Staff try the screens out from now on: what is answered never counts."""
        self._until_ms = self._clock.boottime_ms() + TEST_MS

    def end_test(self) -> None:
        self._until_ms = 0

    @property
    def test_ms(self) -> int:
        """For how many milliseconds more a test goes on; 0 when there is none."""
        return max(self._until_ms - self._clock.boottime_ms(), 0)

    def language(self, of: str) -> str:
        """The one that was chosen for the `SCREENS` or the `STAFF`'s pages; empty when none was."""
        if of not in self._known:
            with suppress(NotHeld):
                self._known[of] = self._outbox.fact(of)
        return self._known.get(of, "")

    def speak(self, of: str, lang: str) -> None:
        """Choose one; an empty one is nobody's choice. Raises NotHeld."""
        self._outbox.remember(of, lang)
        self._known[of] = lang

    def applied(self, standing: "Standing") -> "Standing":
        """The same as staff want it: their language first, if it is spoken there."""
        lang, test_ms, spoken = self.language(SCREENS), self.test_ms, standing.languages
        if lang in spoken and lang != spoken[0]:
            spoken = (lang, *(other for other in spoken if other != lang))
        if spoken is standing.languages and not test_ms:
            return standing
        return replace(standing, languages=spoken, test_ms=test_ms)
