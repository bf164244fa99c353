"""What an answer means and when to try again. Pure: time and chance come in as arguments.

A batch that fails is halved until the entry that poisons it stands alone; it then rests while the others pass, and
is parked after five failures of its own. In a general outage nothing passes, so nothing is parked. Where nobody answers
at all, an empty request tells an outage from something on the way that does not let these entries through. Where an
entry alone cannot be read, an empty request tells whether anything of this terminal's can."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from math import isnan
from typing import Literal

import msgspec

from sync.i18n import mark as _
from sync.wire import MAX_AUDIT, MAX_ENTRIES, Answer, Result

FIRST_WITHIN_S = 60.0
LOOK_S = 60.0
SILENCE_S = 300.0
CAP_S = 300.0
REJECTED_S = 900.0
TRIES = 3
TRIES_ALONE = 5
MOST_RESTING = 200
"""With so many entries at rest the others wait too: the centre is busy, not choosy."""
LONGEST_S = 3600.0

Chance = Callable[[], float]
"""A random number, 0 ≤ x < 1."""


class Kind(Enum):
    """What came back."""

    ACCEPTED = "accepted"
    NO_ANSWER = _("head office does not answer")
    BUSY = _("head office is busy")
    BAD = _("head office could not read the batch")
    GARBLED = _("the line to head office garbles what is sent")
    TOO_LARGE = _("head office found the batch too large")
    REJECTED = _("head office does not accept this device; enrol it again")
    REENROL = _("head office asks to enrol this terminal again")
    UPGRADE = _("head office asks for an update of this terminal")
    ERROR = _("head office had an error")


@dataclass(frozen=True)
class Outcome:
    """One request's outcome; `retry_after_s` from the header of that name, if it was given. `signed`: the centre
    itself said so."""

    kind: Kind
    answer: Answer | None = None
    signed: bool = False
    retry_after_s: float | None = None


def judge(status: int, signed: bool, retry_after: str | None, code: str = "") -> Outcome:
    """What an answer means that was not accepted; `code` names the refusal. It counts only when it is signed: anybody
    on the way can say 401. What arrived as other bytes than were sent is no fault of the entries'."""
    if status in (429, 503):
        return Outcome(Kind.BUSY, signed=signed, retry_after_s=_seconds(retry_after))
    if status == 413:
        return Outcome(Kind.TOO_LARGE, signed=signed)  # a proxy's limit is worth halving for too
    if status in (401, 403, 409, 426):
        return Outcome(_SIGNED[status] if signed else Kind.BUSY)
    if status == 400 and signed:
        return Outcome(Kind.GARBLED if code == "bad_digest" else Kind.BAD)
    return Outcome(Kind.ERROR if status >= 500 else Kind.NO_ANSWER)


_HELD = (Kind.REJECTED, Kind.REENROL, Kind.UPGRADE)
_ITS_OWN = (Kind.BAD, Kind.ERROR)
"""What may be said again and again because of an entry; the rest is the line's, or the whole terminal's."""
_SIGNED = {401: Kind.REJECTED, 403: Kind.REJECTED, 409: Kind.REENROL, 426: Kind.UPGRADE}


def _seconds(header: str | None) -> float | None:
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return None if isnan(seconds) else min(max(seconds, 0.0), LONGEST_S)


Entry = tuple[str, int]


class Kept(msgspec.Struct, frozen=True):
    """What outlives the process: how often head office failed in a row and how (`last` names a Kind), and when it is
    tried again: at `until_ms` of the clock of `boot`. `app`: the version that wrote it."""

    boot: str
    until_ms: int
    failures: int
    last: str
    app: str


def resume(kept: Kept | None, boot: str, now_ms: int, app: str, at_once: bool, chance: Chance) -> "tuple[Pace, float]":
    """The pace to begin with, and the seconds until the first request. A restart neither resets the backing off nor
    freezes it: in the same boot it ends when it would have; another boot, whose clock knows nothing of that, tries
    within a minute, and backs off from where it was. Another version of this program asks anew whether it is
    welcome."""
    first = 0.0 if at_once else chance() * FIRST_WITHIN_S
    if kept is None or kept.app != app or kept.last not in Kind.__members__ or not kept.failures:
        return Pace(), first
    pace = Pace(failures=kept.failures, last=Kind[kept.last])
    if at_once or kept.boot != boot:
        return pace, first
    return pace, min(max(kept.until_ms - now_ms, 0) / 1000, LONGEST_S)


@dataclass
class Pace:
    """How many entries go into the next batch, and how long to wait before it."""

    limit: int = MAX_ENTRIES
    audit_limit: int = MAX_AUDIT
    failures: int = 0
    last: Kind = Kind.ACCEPTED
    _head: Entry | None = None
    _tries: int = 0
    _passed: int = 0
    _alone: dict[Entry, tuple[int, int, int]] = field(default_factory=dict)
    _resting: dict[Entry, float] = field(default_factory=dict)
    _audit_failures: int = 0
    _audit_from_s: float = 0.0
    _audit_had_its_turn: bool = False
    _probing: int = 0
    _blamed: Entry | None = None
    _is_read: bool = True
    """False from an entry that could not be read until something else is: it may be no fault of the entry's."""

    @property
    def online(self) -> bool:
        return self.last is Kind.ACCEPTED

    @property
    def holding(self) -> bool:
        """The next request is empty: it asks whether head office still refuses whatever this terminal says, whether it
        can read anything of it, or whether anything gets through to it at all."""
        return self.last in _HELD or self._probing > 0 or not self._is_read

    def keep(self, boot: str, now_ms: int, wait_s: float, app: str) -> Kept:
        """What to write down, `wait_s` before the next request."""
        return Kept(boot, now_ms + int(wait_s * 1000), self.failures, self.last.name, app)

    def resting(self, now_s: float) -> list[Entry]:
        """Entries that are not to be sent yet."""
        self._resting = {entry: until for entry, until in self._resting.items() if until > now_s}
        return list(self._resting)

    def is_turned_away(self, now_s: float) -> bool:
        """Whether so much was put off that the rest is not even offered."""
        return len(self.resting(now_s)) >= MOST_RESTING

    def audits_now(self, now_s: float, waiting: bool) -> bool:
        """Whether the next request is the audit that is due. One that failed lets the entries that wait go before it,
        and comes again later and later, so that it holds nobody up."""
        return now_s >= self._audit_from_s and not (waiting and self._audit_had_its_turn)

    def audited(self, outcome: Outcome, now_s: float) -> None:
        """What came of a request that was an audit."""
        if outcome.kind is Kind.ACCEPTED:
            self._audit_failures, self._audit_had_its_turn = 0, False
            return
        if outcome.kind is Kind.TOO_LARGE:
            self.audit_limit = max(1, self.audit_limit // 2)
        self._audit_failures += 1
        self._audit_from_s = now_s + min(CAP_S, 2.0 * 2.0 ** min(self._audit_failures, 16))
        self._audit_had_its_turn = True

    def together(self, entries: list[Entry]) -> list[Entry]:
        """Which of these go into the next batch. One that failed alone travels alone, and only after others had
        their turn, so that it never holds them up."""
        healthy = [entry for entry in entries if entry not in self._alone]
        due = [entry for entry in entries if entry in self._alone and self._passed > self._alone[entry][2]]
        return due[:1] or healthy or entries[:1]

    def after(self, outcome: Outcome, sent: list[Entry], more: bool, chance: Chance) -> float:
        """Seconds until the next request, given what came of `sent`; `more`: others are waiting."""
        self.last = outcome.kind
        if sent:
            self._audit_had_its_turn = False
        if outcome.kind is Kind.ACCEPTED:
            return self._accepted(sent, more, chance)
        self.failures += 1
        if outcome.kind is Kind.TOO_LARGE and sent:
            self._halve(sent)
            return self._backoff(chance) if len(sent) <= 1 else 0.0
        if outcome.kind in _HELD:
            return REJECTED_S
        self._probing = 0
        if outcome.kind in (Kind.BAD, Kind.GARBLED, Kind.ERROR) and sent:
            self._again(sent)
        elif sent and not outcome.signed:
            self._suspect(sent)
        if outcome.retry_after_s is not None:
            return outcome.retry_after_s
        return self._backoff(chance)

    def _accepted(self, sent: list[Entry], more: bool, chance: Chance) -> float:
        self.failures, self._is_read = 0, True
        if self._probing and not sent:
            return self._got_through()
        self._probing, self._blamed = 0, None
        if sent:
            for entry in sent:
                self._alone.pop(entry, None)
            self._passed += 1
            self.limit = min(MAX_ENTRIES, self.limit * 2)
            self._head, self._tries = None, 0
        return 0.0 if more else self.look(chance)

    def unwritten(self, chance: Chance) -> float:
        """Seconds until the next request, when the disk did not take what was answered: it will be asked again."""
        self.failures += 1
        return 1.0 + self._backoff(chance)

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

    def _suspect(self, sent: list[Entry]) -> None:
        """The same batch got no answer three times: is that an outage, or does something on the way not like it?"""
        self._tries = self._tries + 1 if self._head == sent[0] else 1
        self._head = sent[0]
        if self._tries >= TRIES:
            self._probing, self._tries = len(sent), 0

    def _got_through(self) -> float:
        """An empty request was answered: it is the batch. It is halved; an entry that stands alone is to blame, and
        rests once it fails again."""
        if self._probing == 1:
            self._blamed = self._head
        self.limit, self._probing = max(1, self._probing // 2), 0
        self._passed += 1
        return 0.0

    def blames(self, entry: Entry) -> bool:
        """Whether this entry got no answer while others did."""
        return entry == self._blamed or entry in self._alone

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
        large, cannot read it in three tries while it reads what else it is sent in between, or when it fails five times
        while others passed in between; never because of what somebody on the way says."""
        bad = outcome.kind is Kind.BAD
        failures, its_own, passed = self._alone.get(entry, (0, 0, -1))
        if self._is_read if bad else self._passed > passed:
            failures += 1
            its_own += outcome.kind in _ITS_OWN
        self._is_read = self._is_read and not bad
        too_large = outcome.kind is Kind.TOO_LARGE and outcome.signed
        if too_large or (outcome.kind in _ITS_OWN and its_own >= (TRIES if bad else TRIES_ALONE)):
            self._alone.pop(entry, None)
            self._resting.pop(entry, None)
            return "park"
        self._alone[entry] = (failures, its_own, self._passed)
        self._resting[entry] = now_s + min(CAP_S, 2.0 * 2.0 ** min(failures, 16))
        self.limit, self._blamed = MAX_ENTRIES, None
        return "rest"
