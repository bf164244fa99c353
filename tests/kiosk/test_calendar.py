"""A survey that begins on a day: a terminal switches by itself, online or not, and stays where it is while it doesn't
know the day."""

from pathlib import Path

import msgspec
import pytest

from kiosk import identity
from kiosk.clock import Clock
from kiosk.config import Settings
from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import survey, wire

DAY_MS = 86_400_000
FIRST = 20_600
"""A day in May 2026; Oslo is two hours ahead of UTC."""


class Wall(Clock):
    """A clock whose wall can be set, in the start `boot`."""

    def __init__(self, boot: str, day: float, synced: bool = True) -> None:
        super().__init__()
        self.boot, self.wall, self.is_synced = boot, int(day * DAY_MS), synced

    def wall_ms(self) -> int:
        return self.wall

    def synced(self) -> bool:
        return self.is_synced


def manifest(*scheduled: wire.Scheduled, languages: tuple[str, ...] = ("en", "nl")) -> wire.Manifest:
    asked = [msgspec.to_builtins(msgspec.structs.replace(survey.BUILTIN, id=name)) for name in ("now", "next", "last")]
    screen = wire.ScreenManifest("p-1", asked, list(languages), "Oslo", "Europe/Oslo", scheduled=list(scheduled))
    return wire.Manifest({"s-1": screen})


PLAN = manifest(wire.Scheduled(FIRST, 1, ["nl"]), wire.Scheduled(FIRST + 7, 2))


def asks(folder: Path, clock: Clock, *days: float) -> list[str]:
    """What the screen asks now, and on each of these days."""
    box = Terminal(Settings(data=folder), clock)
    try:
        found = [_asked(box)]
        for day in days:
            assert isinstance(clock, Wall)
            clock.wall = int(day * DAY_MS)
            found.append(_asked(box))
        return found
    finally:
        box.stop()


def _asked(box: Terminal) -> str:
    standing = box.standing("s-1")
    assert standing is not None
    return standing.survey.id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    identity.save_manifest(tmp_path, KeptManifest('"1"', PLAN))
    return tmp_path


def test_it_switches_at_midnight_where_it_stands(folder: Path) -> None:
    eve = FIRST - 2 / 24  # midnight in Oslo is two hours before that in Greenwich
    clock = Wall("a", eve - 1 / 1440)
    assert asks(folder, clock, eve, FIRST + 6.5, FIRST + 7, FIRST + 99) == ["now", "next", "next", "last", "last"]


def test_without_a_clock_it_stays_with_the_last_day_that_it_knew(folder: Path) -> None:
    assert asks(folder, Wall("a", FIRST + 1)) == ["next"]
    assert asks(folder, Wall("b", 0, synced=False)) == ["next"], "it woke up in 1970, and nobody told it better"
    assert asks(folder, Wall("c", FIRST + 8)) == ["last"]
    assert asks(folder, Wall("d", FIRST + 1)) == ["next"], "who set the clock right again is believed"


def test_a_terminal_that_never_knew_the_day_asks_what_it_was_told_to(folder: Path) -> None:
    assert asks(folder, Wall("a", FIRST + 3, synced=False)) == ["now"]


def test_what_head_office_said_since_the_start_is_a_clock(folder: Path) -> None:
    box = Terminal(Settings(data=folder), Wall("a", 0, synced=False))
    box.outbox.starts.anchor(wire.Anchor("a", box.clock.boottime_ms(), (FIRST + 1) * DAY_MS, 5))
    assert _asked(box) == "next"
    box.stop()


def test_each_survey_speaks_the_languages_that_head_office_says(folder: Path) -> None:
    box = Terminal(Settings(data=folder), Wall("a", FIRST + 1))
    standing = box.standing("s-1")
    assert standing is not None
    assert standing.languages == ("nl",)
    box.stop()


def test_a_survey_of_tomorrow_that_cannot_be_used_spoils_nothing_today(tmp_path: Path) -> None:
    plan = manifest(wire.Scheduled(FIRST, 9), wire.Scheduled(FIRST + 7, 2))
    identity.save_manifest(tmp_path, KeptManifest('"1"', plan))
    assert asks(tmp_path, Wall("a", FIRST + 1), FIRST + 8) == ["now", "last"]


def test_an_old_terminal_reads_the_same_message() -> None:
    """It knows of no schedules: it asks the first survey."""

    class Old(msgspec.Struct, frozen=True):
        placement: str
        surveys: list[dict[str, object]]

    read = msgspec.json.decode(wire.encode(PLAN.screens["s-1"]), type=Old)
    assert read.surveys[0]["id"] == "now"
    assert b"scheduled" not in wire.encode(manifest().screens["s-1"])
