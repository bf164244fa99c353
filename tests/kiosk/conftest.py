"""A terminal and a centre with bad days between them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from kiosk.config import Settings
from kiosk.terminal import Terminal
from sync.app import create_app
from sync.centre import Centre, open_centre
from sync.config import Settings as CentreSettings
from tests.bad_days import Watch, Wire, enrol_code, passes, sender_of
from tests.terminals import Hands


@pytest.fixture
def a_centre(database_url: str, tmp_path: Path) -> Iterator[Centre]:
    """A centre whose clock runs, as the terminal's does."""
    opened = open_centre(CentreSettings(data=tmp_path / "centre", database_url=database_url))
    yield opened
    opened.db.close()


@pytest.fixture
def faulty(a_centre: Centre) -> Iterator[tuple[Wire, str]]:
    faulty = Wire(create_app(a_centre))
    server = make_server("127.0.0.1", 0, faulty, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield faulty, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def terminal(faulty: tuple[Wire, str], tmp_path: Path) -> Iterator[Terminal]:
    """A terminal whose threads are not running: a test makes every pass itself."""
    opened = Terminal(Settings(data=tmp_path / "terminal", centre=faulty[1]), Hands())
    sender_of(opened)._monotonic = Watch()
    yield opened
    opened.stop()


@pytest.fixture
def oslo(terminal: Terminal, a_centre: Centre) -> Terminal:
    assert terminal.enrol(enrol_code(a_centre, "Oslo")) == "Enrolled: this screen stands at Oslo."
    assert passes(terminal) == 1  # the first request of a start is empty: it brings the anchor
    return terminal
