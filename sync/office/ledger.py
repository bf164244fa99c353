"""The ledger: what every terminal was given, what of it is here, and what somebody should look after. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, get_args

from sync import wire
from sync.office.places import DEFAULT_ZONE, Location
from sync.office.silences import Silence

LATE_MS = 3_600_000
"""What a terminal still holds after so long does not come by itself."""

PAGE_LATE_MS = 600_000
"""The same of a screen's page, whose terminal is beside it."""

SLOW_RTT_MS = 10_000
"""Answers that travel so long leave a clock's error of seconds."""

Kind = Literal[
    "dead", "silent", "behind", "clock", "clone", "storage", "damaged", "lost", "gap", "parked", "pages", "apart"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What a terminal may need somebody for, in the order of the list."""

OWES, HOLDS, UNSENT, RETIRED = (1 << n for n in range(16, 20))
"""Beside the needs: answers that are not here; answers in its pages; some wait to be sent; it drives no screen."""


def bit(kind: Kind) -> int:
    """Of a need."""
    return 1 << KINDS.index(kind)


class Counts(NamedTuple):
    """Entries of one stream, or of several: a response is one entry, and one more for each later change of it.

    `given`: what the terminal has sealed, as far as it told: the highest number it named, or one that arrived.
    `received`: receipts here, quarantined and erased ones too. `parked`: what it said it keeps aside. `unsent`: what
    it said is waiting, less what has arrived since it said so. `gap`: given less received, unsent and parked: what
    is not here, and does not wait there either. `surplus`: what arrived beyond what one box can have given, with the
    same numbers; it hides as large a gap of the same stream."""

    given: int = 0
    received: int = 0
    unsent: int = 0
    parked: int = 0
    gap: int = 0
    surplus: int = 0

    @property
    def owed(self) -> int:
        """Given, and not here."""
        return self.unsent + self.parked + self.gap


class Stream(NamedTuple):
    """One outbox file's numbering; a terminal begins another one when its file or its box was changed."""

    name: str
    counts: Counts
    is_current: bool


class Spot(NamedTuple):
    """A screen, and where it stands."""

    place: Location
    touchpoint: str
    screen: str
    screen_id: str


class Sign(NamedTuple):
    """What speaks for two boxes with one identity."""

    sign: str
    first_ms: int
    last_ms: int
    times: int


@dataclass(frozen=True)
class Terminal:
    """One terminal, as its viewer may see it. `spots`: its screens in the viewer's part of the tree, or those it last
    drove when it `is_retired` and drives none any more. `unsent_ms`: since when the oldest unsent waits.
    `complete_ms`: everything captured up to then is here. `rtt_ms`: round trip of the last anchor in the start it is
    in, None when its clock and ours were not compared since. `has_apart`: some of its entries are in quarantine.
    `is_counted`: its viewer may know how many answers it was given; of a crew's tablet few may."""

    id: str
    app: str
    spots: tuple[Spot, ...]
    streams: tuple[Stream, ...]
    health: wire.Health
    signs: tuple[Sign, ...]
    enrolled_ms: int
    contact_ms: int | None
    complete_ms: int | None
    rtt_ms: int | None
    revoked_ms: int | None
    is_retired: bool
    is_dead: bool
    silence: Silence | None
    is_unclocked: bool
    has_apart: bool
    now_ms: int
    is_counted: bool = True

    @cached_property
    def counts(self) -> Counts:
        return together(stream.counts for stream in self.streams)

    @property
    def zone(self) -> str:
        return self.spots[0].place.zone if self.spots else DEFAULT_ZONE

    @property
    def unsent_ms(self) -> int | None:
        return self.complete_ms if self.counts.unsent else None

    @property
    def is_well(self) -> bool:
        """Everything that was answered at its screens is here, and it is heard of."""
        return not (self.counts.owed or self.in_pages or self.is_dead or self.health.lost)

    @property
    def in_pages(self) -> int:
        """Answers that its screens' pages keep, as far as they told: it was not given them yet."""
        return self.health.in_pages[0]

    @property
    def in_pages_ms(self) -> int:
        """Since when."""
        return (self.contact_ms or self.now_ms) - self.health.in_pages[1]

    @cached_property
    def needs(self) -> tuple[Kind, ...]:
        """Why somebody should look after it, in the order of the list."""
        found: dict[Kind, bool] = {
            "dead": self.is_dead,
            "silent": self.silence is not None,
            "behind": self._is_behind,
            "clock": self.is_unclocked or (self.rtt_ms or 0) >= SLOW_RTT_MS,
            "clone": bool(self.signs),
            "storage": self.health.storage is not None,
            "damaged": self.health.aside + self.health.damaged > 0,
            "lost": self.health.lost > 0,
            "gap": self.counts.gap > self.health.lost + self.health.damaged,
            "parked": self.counts.parked > 0,
            "pages": self.health.in_pages[1] >= PAGE_LATE_MS,
            "apart": self.has_apart,
        }
        return tuple(kind for kind in KINDS if found[kind])

    @property
    def mask(self) -> int:
        """Its states as bits: its needs by their place in KINDS, and beside them OWES, HOLDS, UNSENT, RETIRED."""
        beside = (
            (OWES, self.counts.owed),
            (HOLDS, self.in_pages),
            (UNSENT, self.unsent_ms),
            (RETIRED, self.is_retired),
        )
        return sum(bit(kind) for kind in self.needs) + sum(each for each, holds in beside if holds)

    @property
    def rank(self) -> int:
        """Its place in the list: by its gravest need; then who owes something; those that drive no screen last."""
        if self.needs:
            return KINDS.index(self.needs[0])
        return len(KINDS) + (self.counts.owed == 0) + self.is_retired

    @property
    def _is_behind(self) -> bool:
        since_ms = self.unsent_ms
        return since_ms is not None and (self.is_retired or self.now_ms - since_ms >= LATE_MS)


def reckon(n: int, max_seq: int, sealed: int, told: wire.StreamCounts | None) -> Counts:
    """The ledger of one stream: `n` receipts, the highest number received and the highest ever told here; and what
    the terminal said last, None when it no longer speaks of this stream. A terminal counts before its batch is
    stored, so what it said is held against what has arrived since: of a stream with a gap, until it reports again,
    as much of the gap may be shown as unsent as its last batch brought."""
    given = max(max_seq, sealed)
    missing = max(given - n, 0)
    parked = told.parked if told else 0
    unsent = min(told.pending, max(missing - parked, 0)) if told else 0
    return Counts(given, n, unsent, parked, max(missing - parked - unsent, 0), max(n - given, 0))


def together(parts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(*parts, strict=True))) if (parts := list(parts)) else Counts()
