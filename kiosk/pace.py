"""What an answer means and when to try again. Pure: time and chance come in as arguments.

A batch that fails is halved until the entry that poisons it stands alone; it then rests while the others pass, and
is parked after five failures of its own. In a general outage nothing passes, so nothing is parked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from sync.wire import MAX_ENTRIES, Answer, Result

LOOK_S = 60.0
SILENCE_S = 300.0
CAP_S = 300.0
REJECTED_S = 900.0
TRIES = 3
TRIES_ALONE = 5

Chance = Callable[[], float]
"""A random number, 0 ≤ x < 1."""


class Kind(Enum):
    """What came back."""

    ACCEPTED = "accepted"
    NO_ANSWER = "head office does not answer"
    BUSY = "head office is busy"
    BAD = "head office could not read the batch"
    TOO_LARGE = "head office found the batch too large"
    REJECTED = "head office does not accept this device; enrol it again"
    REENROL = "head office asks to enrol this terminal again"
    UPGRADE = "head office asks for an update of this terminal"
    ERROR = "head office had an error"


@dataclass(frozen=True)
class Outcome:
    """One request's outcome; `retry_after_s` from the header of that name, if it was given. `signed`: the centre
    itself said so."""

    kind: Kind
    answer: Answer | None = None
    signed: bool = False
    retry_after_s: float | None = None


def judge(status: int, signed: bool, retry_after: str | None) -> Outcome:
    """What an answer means that was not accepted. A refusal counts only when it is signed: anybody on the way
    can say 401."""
    if status in (429, 503):
        return Outcome(Kind.BUSY, retry_after_s=_seconds(retry_after))
    if status == 413:
        return Outcome(Kind.TOO_LARGE, signed=signed)  # a proxy's limit is worth halving for too
    if status in (401, 403, 409, 426):
        return Outcome(_SIGNED[status] if signed else Kind.BUSY)
    if status == 400 and signed:
        return Outcome(Kind.BAD)
    return Outcome(Kind.ERROR if status >= 500 else Kind.NO_ANSWER)


_SIGNED = {401: Kind.REJECTED, 403: Kind.REJECTED, 409: Kind.REENROL, 426: Kind.UPGRADE}


def _seconds(header: str | None) -> float | None:
    try:
        return min(max(float(header or ""), 0.0), 3600.0)
    except ValueError:
        return None


Entry = tuple[str, int]


@dataclass
class Pace:
    """How many entries go into the next batch, and how long to wait before it."""

    limit: int = MAX_ENTRIES
    failures: int = 0
    last: Kind = Kind.ACCEPTED
    _head: Entry | None = None
    _tries: int = 0
    _passed: int = 0
    _alone: dict[Entry, tuple[int, int]] = field(default_factory=dict)
    _resting: dict[Entry, float] = field(default_factory=dict)

    @property
    def online(self) -> bool:
        return self.last is Kind.ACCEPTED

    def resting(self, now_s: float) -> list[Entry]:
        """Entries that are not to be sent yet."""
        self._resting = {entry: until for entry, until in self._resting.items() if until > now_s}
        return list(self._resting)

    def together(self, entries: list[Entry]) -> list[Entry]:
        """Which of these go into the next batch. One that failed alone travels alone, and only after others had
        their turn, so that it never holds them up."""
        healthy = [entry for entry in entries if entry not in self._alone]
        due = [entry for entry in entries if entry in self._alone and self._passed > self._alone[entry][1]]
        return due[:1] or healthy or entries[:1]

    def after(self, outcome: Outcome, sent: list[Entry], more: bool, chance: Chance) -> float:
        """Seconds until the next request, given what came of `sent`; `more`: others are waiting."""
        self.last = outcome.kind
        if outcome.kind is Kind.ACCEPTED:
            return self._accepted(sent, more, chance)
        self.failures += 1
        if outcome.kind is Kind.TOO_LARGE:
            self._halve(sent)
            return self._backoff(chance) if len(sent) <= 1 else 0.0
        if outcome.kind in (Kind.REJECTED, Kind.REENROL, Kind.UPGRADE):
            return REJECTED_S
        if outcome.kind in (Kind.BAD, Kind.ERROR) and sent:
            self._again(sent)
        if outcome.retry_after_s is not None:
            return outcome.retry_after_s
        return self._backoff(chance)

    def _accepted(self, sent: list[Entry], more: bool, chance: Chance) -> float:
        self.failures = 0
        if sent:
            self._passed += 1
            self.limit = min(MAX_ENTRIES, self.limit * 2)
            self._head, self._tries = None, 0
        return 0.0 if more else self.look(chance)

    def look(self, chance: Chance) -> float:
        """Seconds until the next look at the outbox: 60 s ± 20 %."""
        return LOOK_S * (0.8 + 0.4 * chance())

    def _again(self, sent: list[Entry]) -> None:
        """The same batch failing three times is halved; the oldest entry names the batch."""
        self._tries = self._tries + 1 if self._head == sent[0] else 1
        self._head = sent[0]
        if self._tries >= TRIES:
            self._halve(sent)
            self._tries = 0

    def _halve(self, sent: list[Entry]) -> None:
        self.limit = max(1, len(sent) // 2)

    def _backoff(self, chance: Chance) -> float:
        """Full jitter: random(0, min(300 s, 2 s × 2ⁿ))."""
        return chance() * min(CAP_S, 2.0 * 2.0 ** min(self.failures - 1, 16))

    def later(self, results: list[Result], now_s: float) -> None:
        """Let those rest that the centre wants later."""
        for result in results:
            if result.verdict == "later":
                self._resting[result.id, result.rev] = now_s + (result.retry_ms or 60_000) / 1000

    def alone(self, outcome: Outcome, entry: Entry, now_s: float) -> Literal["rest", "park"]:
        """What to do with an entry that failed in a batch of its own. It is parked when the centre finds it too
        large, cannot read it in three tries, or when it fails five times while others passed in between."""
        bad = outcome.kind is Kind.BAD
        failures, passed = self._alone.get(entry, (0, -1))
        if bad or self._passed > passed:
            failures += 1
        too_large = outcome.kind is Kind.TOO_LARGE and outcome.signed
        if too_large or failures >= (TRIES if bad else TRIES_ALONE):
            self._alone.pop(entry, None)
            return "park"
        self._alone[entry] = (failures, self._passed)
        self._resting[entry] = now_s + min(CAP_S, 2.0 * 2.0**failures)
        self.limit = MAX_ENTRIES
        return "rest"
