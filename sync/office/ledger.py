"""The ledger: what every terminal was given, what of it is here, and what somebody should look after. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from sync import wire
from sync.office.places import DEFAULT_ZONE, Location

A_PAGE = 100
LATE_MS = 3_600_000
"""What a terminal still holds after so long does not come by itself."""

PAGE_LATE_MS = 600_000
"""The same of a screen's page, whose terminal is beside it."""

Kind = Literal["lost", "clone", "storage", "damaged", "gap", "parked", "pages", "dead", "behind", "apart"]
KINDS: tuple[Kind, ...] = ("lost", "clone", "storage", "damaged", "gap", "parked", "pages", "dead", "behind", "apart")
"""What a terminal may need somebody for, the gravest first."""


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
    in, None when its clock and ours were not compared since. `has_apart`: some of its entries are in quarantine."""

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
    has_apart: bool
    now_ms: int

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
        """Why somebody should look after it, the gravest first."""
        found = {
            "lost": self.health.lost > 0,
            "clone": bool(self.signs),
            "storage": self.health.storage is not None,
            "damaged": self.health.aside + self.health.damaged > 0,
            "gap": self.counts.gap > self.health.lost + self.health.damaged,
            "parked": self.counts.parked > 0,
            "pages": self.health.in_pages[1] >= PAGE_LATE_MS,
            "dead": self.is_dead,
            "behind": self._is_behind,
            "apart": self.has_apart,
        }
        return tuple(kind for kind in KINDS if found[kind])

    @property
    def _is_behind(self) -> bool:
        since_ms = self.unsent_ms
        return since_ms is not None and (self.is_retired or self.now_ms - since_ms >= LATE_MS)


@dataclass(frozen=True)
class Ledger:
    """Every terminal in the viewer's part of the tree (`top` is its root, None for everything), those that need
    somebody first; `page` of `pages` is shown."""

    terminals: tuple[Terminal, ...]
    top: Location | None
    page: int
    pages: int
    version: str

    @property
    def needing(self) -> list[Terminal]:
        """Of this page."""
        return [each for each in self._shown if each.needs]

    @property
    def rest(self) -> list[Terminal]:
        """Of this page."""
        return [each for each in self._shown if not each.needs]

    @property
    def _shown(self) -> tuple[Terminal, ...]:
        return self.terminals[(self.page - 1) * A_PAGE : self.page * A_PAGE]


def ledger(terminals: Iterable[Terminal], top: Location | None, page: int, version: str) -> Ledger:
    """The page with that number, or the nearest there is."""
    ordered = tuple(sorted(terminals, key=_urgency))
    pages = max(-(-len(ordered) // A_PAGE), 1)
    return Ledger(ordered, top, min(max(page, 1), pages), pages, version)


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


def _urgency(terminal: Terminal) -> tuple[int, int, str, str]:
    """The gravest first, then who owes something, then by place; those that drive no screen any more last."""
    needs = terminal.needs
    rank = KINDS.index(needs[0]) if needs else len(KINDS) + (terminal.counts.owed == 0) + terminal.is_retired
    name = terminal.spots[0].place.name.casefold() if terminal.spots else "\uffff"
    return rank, -len(needs), name, terminal.id
