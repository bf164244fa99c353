"""A chain with one shop: head office and a terminal as processes of their own, talking real HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import pytest

from kiosk.terminal import Terminal
from tests.processes import free_ports, running, smilepost, stop
from tests.terminals import Served, served, terminal

PASSWORD = "a long enough password"

CONFIG = """
[server]
data = "centre"
port = {office}
{database}

[kiosk]
data = "terminal"
port = {screen}
centre = "http://127.0.0.1:{office}"
sync_at_once = true
input_guard_ms = 0
"""


@dataclass
class Chain:
    """Astrid runs head office; the one screen stands in Oslo. Each process can be started, stopped, killed."""

    folder: Path
    office: str
    screen: str
    stack: ExitStack
    processes: dict[str, "Popen[bytes]"] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def start(self, *names: str) -> None:
        for name in names or ("server", "kiosk"):
            health = (self.office if name == "server" else self.screen) + "/healthz"
            serving = running(name, "run", "--config", self.config, cwd=self.folder, health=health)
            self.processes[name] = self.stack.enter_context(serving)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, *names: str) -> None:
        for name in names or ("kiosk", "server"):
            assert stop(self.processes[name]) == 0, self.log(name)

    def command(self, *arguments: str, stdin: str | None = None) -> str:
        done = smilepost(*arguments, "--config", str(self.config), cwd=self.folder, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def code(self) -> str:
        """For a new screen in Oslo."""
        said = self.command("server", "enrol-code", "Oslo", "--new", "--zone", "Europe/Oslo")
        return next(word for word in said.split() if len(word) == 9 and word[4] == "-")

    def enrol(self) -> None:
        assert "Oslo" in self.command("kiosk", "enrol", self.code())

    def log(self, name: str) -> str:
        return (self.folder / f"{name}-run.log").read_text()


@pytest.fixture
def chain(tmp_path: Path, database_url: str) -> Iterator[Chain]:
    """Not started yet; on a database of each kind."""
    office, screen = free_ports(2)
    database = f'database_url = "{database_url}"'
    (tmp_path / "config.toml").write_text(CONFIG.format(office=office, screen=screen, database=database))
    with ExitStack() as stack:
        yield Chain(tmp_path, f"http://127.0.0.1:{office}", f"http://127.0.0.1:{screen}", stack)


@pytest.fixture
def open_chain(chain: Chain) -> Chain:
    """Started, enrolled, and Astrid can sign in, as one who reads everything."""
    chain.start()
    chain.enrol()
    add = ("server", "user", "add", "astrid@example.org", "--name", "Astrid", "--role", "analyst", "--password-stdin")
    chain.command(*add, stdin=PASSWORD)
    return chain


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal that asks the built-in survey."""
    with terminal(tmp_path) as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    """The same, answering."""
    with served(box) as opened:
        yield opened
