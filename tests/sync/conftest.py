"""A centre to ask: its clock stands still until a test moves it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.cli import main
from sync.app import create_app
from sync.centre import Centre, open_centre
from sync.config import Settings
from sync.office import tongue
from tests.boxes import Box, enrol_box, open_shop
from tests.processes import free_ports


@dataclass
class Clock:
    """Milliseconds since 1970-01-01 UTC; a Tuesday noon in Oslo."""

    ms: int = 1_772_535_600_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture(autouse=True)
def english() -> None:
    """What an earlier test was answered in is spoken no more: there a request ends, here they are all of one thread."""
    tongue.speak("en")


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


@pytest.fixture
def client(a_centre: Centre) -> FlaskClient:
    return create_app(a_centre).test_client()


@pytest.fixture
def oslo(a_centre: Centre) -> Box:
    """A terminal that stands in Oslo."""
    return enrol_box(a_centre, open_shop(a_centre)[1])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a config.toml for the server."""
    (port,) = free_ports(1)
    (tmp_path / "config.toml").write_text(f'[server]\nport = {port}\ndata = "data"\n')
    return tmp_path


Verb = Callable[..., tuple[int, str]]


@pytest.fixture
def verb(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verb:
    """Runs `smilepost server …` on this centre; its exit code and what it said."""
    config = tmp_path / "config.toml"
    keys = {"data": settings.data, "database_url": settings.database, "secrets_file": settings.secrets_file,
            "erasures_file": settings.erasures_file}  # fmt: skip
    config.write_text("[server]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items()))

    def run(*words: str | Path) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["server", *map(str, words), "--config", str(config)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run
