"""What the centre holds of entries, row by row. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sync.intake import clocks
from sync.intake.tally import Counted


class Receipt(NamedTuple):
    """A row of the table `receipts`."""

    id: str
    rev: int
    sha: str
    device: str
    stream: str
    seq: int
    verdict: str
    received_ms: int


class Row(NamedTuple):
    """A row of the table `responses`."""

    id: str
    rev: int
    device: str
    location: int
    touchpoint: int
    survey: str
    version: int
    test: bool
    captured_ms: int
    quality: clocks.Quality
    error_ms: int
    boot: str
    day: int
    hour: int | None
    flags: str
    aside: bool
    commented: bool
    lang: str
    received_ms: int
    body: str

    @property
    def counted(self) -> Counted:
        return Counted(self.location, self.touchpoint, self.day, self.hour, self.lang, self.aside)


class Contact(NamedTuple):
    """A row of the table `contacts`."""

    id: str
    rev: int
    response: str
    device: str
    location: int
    touchpoint: int
    test: bool
    captured_ms: int
    received_ms: int
    wiped: bool
    body: str


class Quarantined(NamedTuple):
    """A row of the table `quarantine`."""

    id: str
    rev: int
    sha: str
    device: str
    code: str
    received_ms: int
    body: str


@dataclass(frozen=True)
class Held:
    """What the centre holds of the ids of a batch."""

    receipts: Mapping[tuple[str, int], tuple[str, str]]
    """(id, rev) -> sha, verdict"""
    rows: Mapping[str, Row]
    erased: frozenset[str] = frozenset()
    """Ids whose words were taken out for good."""
    contacts: Mapping[str, int] = field(default_factory=dict)
    """id -> the revision that is held"""
    handovers: Mapping[str, int] = field(default_factory=dict)
    """The same of handovers"""
