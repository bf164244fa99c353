"""The simulated terminals while the demo runs: each sends a visit as soon as it is over, and reports every minute."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sync import wire
from sync.demo.history import Entry, Slot, Story, endless, over_ms, sealed
from sync.demo.processes import DemoFailed
from sync.demo.sending import Line, batches, captured_ms
from sync.demo.world import Box

REPORT_MS = 60_000
FIRST_REST_MS = 2_000
"""How long a terminal waits after a request that failed; twice as long after each one more, at most REPORT_MS."""
PATIENCE_MS = 10_000
"""Failures are worth a word when nothing got through for so long."""


AWAY_MS = 10 * 60_000
"""How long a terminal is away whose line fell while it was catching up."""


class Tale:
    """The entries of a terminal as time passes, without the first `skip`: each is told once, when it is over."""

    def __init__(self, box: Box, slot: Slot, story: Story, skip: int) -> None:
        self._visits = enumerate(islice(endless(box, story), skip, None), start=skip + 1)
        self._slot = slot
        self._seq, self._visit = next(self._visits)

    @property
    def next_ms(self) -> int:
        """When the next entry can be told, in milliseconds since 1970."""
        return over_ms(self._visit)

    def until(self, ms: int) -> Iterator[Entry]:
        """The sealed entries that were over by then and were not told yet, oldest first."""
        while self.next_ms <= ms:
            entry = sealed(self._visit, self._slot, self._seq)
            self._seq, self._visit = next(self._visits)
            yield entry


class Terminal:
    """One simulated terminal that has sent its past. `rest_ms`: until its first report; one that `is_away` says
    nothing before, whatever it has to send."""

    def __init__(self, line: Line, tale: Tale, now_ms: int, rest_ms: int, *, is_away: bool = False) -> None:
        self._line, self._tale = line, tale
        self._waiting: list[Entry] = []
        self._spoke_ms, self._rest_ms = now_ms, rest_ms
        self._failures = int(is_away)

    def is_due(self, now_ms: int) -> bool:
        has_more = bool(self._waiting) or self._tale.next_ms <= now_ms
        # A clock that was set back ends the rest as well.
        is_rested = not 0 <= now_ms - self._spoke_ms < self._rest_ms
        return is_rested or (has_more and not self._failures)

    def speak(self, now_ms: int) -> int:
        """One request with what waits; how many entries head office holds now that it didn't before. Raises
        DemoFailed when it took none; then they wait on."""
        self._waiting += self._tale.until(now_ms)
        piece = next(batches(wire.encode(entry) for entry in self._waiting), [])
        oldest_ms = captured_ms(self._waiting[0]) if self._waiting else None
        self._spoke_ms, self._rest_ms = now_ms, min(FIRST_REST_MS * 2**self._failures, REPORT_MS)
        self._failures += 1
        if not self._line.offer(piece, len(self._waiting), oldest_ms):
            raise DemoFailed("Head office does not answer.")
        self._rest_ms, self._failures = REPORT_MS, 0
        del self._waiting[: len(piece)]
        return len(piece)


class Chorus:
    """All of them, one after the other; those in `away` begin later. `keep` writes down what was sent; `say` takes a
    sentence for whoever watches."""

    def __init__(
        self,
        lines: Sequence[tuple[Line, Tale]],
        now_ms: int,
        keep: Callable[[], None],
        say: Callable[[str], None],
        away: Sequence[Tale] = (),
    ) -> None:
        apart_ms = REPORT_MS // max(len(lines), 1)  # spread over the minute, as in life
        self._terminals = [
            Terminal(line, tale, now_ms, AWAY_MS if tale in away else apart_ms * n, is_away=tale in away)
            for n, (line, tale) in enumerate(lines, start=1)
        ]
        self._keep, self._say = keep, say
        self._failing_since_ms: int | None = None
        self._complained = False

    def speak(self, now_ms: int) -> None:
        """Those who are due speak. A failure ends the round: what head office doesn't take now is sent later."""
        for terminal in self._terminals:
            if terminal.is_due(now_ms):
                try:
                    if terminal.speak(now_ms):
                        self._keep()
                except (DemoFailed, OSError) as problem:
                    self._failed(problem, now_ms)
                    return
                self._succeeded()

    def _failed(self, problem: Exception, now_ms: int) -> None:
        if self._failing_since_ms is None:
            self._failing_since_ms = now_ms
        elif now_ms - self._failing_since_ms >= PATIENCE_MS and not self._complained:
            self._complained = True
            self._say(f"The simulated terminals cannot send for now, and go on trying. {problem}")

    def _succeeded(self) -> None:
        if self._complained:
            self._say("The simulated terminals send again.")
        self._failing_since_ms, self._complained = None, False
