"""A centre to ask: its clock stands still until a test moves it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.centre import Centre, open_centre
from sync.config import Settings


@dataclass
class Clock:
    """Milliseconds since 1970-01-01 UTC; a Tuesday noon in Oslo."""

    ms: int = 1_772_535_600_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", database_url=database_url)


@pytest.fixture
def a_centre(settings: Settings, clock: Clock) -> Iterator[Centre]:
    opened = open_centre(settings, clock)
    yield opened
    opened.db.close()
