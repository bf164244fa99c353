"""`smilepost demo`, as somebody types it who has just installed it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import requests

from sync import survey
from sync.demo import world
from sync.demo.folder import Chain, open_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for left-over processes in Linux's /proc")
START_S = 90
"""Bounds for a machine that is busy; the demo itself needs a fraction of it."""
ASKED = Path(world.__file__).parent
STOP_S = 30
MOVES_S = 5.0
"""What is promised: so soon the overview shows a visit that was finished on a screen."""


@dataclass
class Running:
    """A demo that has said where everything is."""

    process: "subprocess.Popen[str]"
    said: str
    office: str
    screens: list[str]
    link: str
    children: list[int]

    def stop(self, with_signal: int) -> tuple[int, str]:
        """The exit code, and everything it said."""
        self.process.send_signal(with_signal)
        rest, _ = self.process.communicate(timeout=STOP_S)
        return self.process.returncode, self.said + rest


@pytest.fixture
def port() -> int:
    """The first of three free ports beside each other."""
    while True:
        with ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            number = int(first.getsockname()[1])
            try:
                for offset in (1, 2):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", number + offset))
            except (OSError, OverflowError):
                continue
            return number


@pytest.fixture
def demo(tmp_path: Path, port: int) -> Iterator[Callable[..., Running]]:
    """Starts demos over one folder, and sees to it that none is left."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Running:
        process = subprocess.Popen(
            [*command(tmp_path, port), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            start_new_session=True,
        )
        started.append(process)
        return heard(process)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def command(folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "kiosk.cli", "demo", "--data", str(folder / "demo"), "--port", str(port)]


def heard(process: "subprocess.Popen[str]") -> Running:
    """Reads until the demo has said everything it says at the start."""
    assert process.stdout
    said = ""
    until = time.monotonic() + START_S
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, f"the demo ended: {said}"
        assert time.monotonic() < until, said
        said += line
    addresses = re.findall(r"http://127\.0\.0\.1:\d+/\S*", said)
    office, *screens, link = addresses
    return Running(process, said, office, screens, link, children_of(process.pid))


def children_of(pid: int) -> list[int]:
    found = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return sorted(child for child in found if state_of(child)[1:2] == [str(pid)] and is_alive(child))


def state_of(pid: int) -> list[str]:
    """A letter for what the process does, the number of its parent, and more; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    return state_of(pid)[:1] not in ([], ["Z"])


def all_gone(pids: list[int]) -> bool:
    until = time.monotonic() + STOP_S
    while any(map(is_alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(is_alive, pids))


def signed_in(link: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    assert session.get(link).status_code == 200
    return session


def overview(session: requests.Session, office: str) -> str:
    page = session.get(office)
    assert page.status_code == 200
    assert "/sign-in" not in page.url
    return page.text


def finish_a_visit(screen: str) -> None:
    """What a page without script sends: a tap on the happiest face, then the button that ends the visit."""
    with requests.Session() as session:
        session.trust_env = False
        origin = screen.rstrip("/")
        session.headers["Origin"] = origin
        page = session.get(screen).text
        for button in ({"value": "3"}, {"action": "finish"}):
            form = hidden_fields(page) | button
            answer = session.post(f"{origin}{action_of(page)}", data=form)
            assert answer.status_code == 200
            page = answer.text


def hidden_fields(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    assert fields, page
    return dict(fields)


def action_of(page: str) -> str:
    found = re.search(r'<form[^>]* action="([^"]+)"', page)
    assert found, page
    return found[1]


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    config = folder / "demo" / "centre" / "config.toml"
    line = [sys.executable, "-m", "kiosk.cli", "server", "verify", "--config", str(config)]
    return subprocess.run(line, capture_output=True, text=True, timeout=STOP_S)


def test_the_demo_from_its_first_start_to_its_second(tmp_path: Path, demo: Callable[..., Running]) -> None:
    first = demo("--days", "3")
    assert "--fresh" not in first.said
    assert len(first.screens) == 2
    assert len(first.children) == 3
    session = signed_in(first.link)
    page = overview(session, first.office)
    for place in world.PLACES:
        assert place.name in page
    for screen, place in zip(first.screens, world.LIVE, strict=True):
        asked = survey.load((ASKED / f"{place.asks}.json").read_bytes()) if place.asks else survey.BUILTIN
        shown = requests.get(screen, timeout=5).text
        assert any(question.texts["en"] in shown for question in asked.firsts)

    before = overview(session, first.office)
    finish_a_visit(first.screens[0])
    finished = time.monotonic()
    # The words and figures, without what differs from one second to the next.
    while figures(overview(session, first.office)) == figures(before):
        assert time.monotonic() - finished < MOVES_S, "the overview did not move"
        time.sleep(0.1)

    code, said = first.stop(signal.SIGINT)
    assert code == 0, said
    assert "Stopped" in said
    assert "Traceback" not in said
    assert all_gone(first.children)
    counted = verify(tmp_path)
    assert counted.returncode == 0, counted.stderr

    again = demo("--days", "3")
    assert "going on" in again.said
    assert "--days counts only for a new demo" in again.said
    assert again.link != first.link
    assert figures(overview(signed_in(again.link), again.office)) != figures(before)
    code, said = again.stop(signal.SIGTERM)
    assert code == 0, said
    assert all_gone(again.children)
    assert verify(tmp_path).returncode == 0


def figures(page: str) -> list[str]:
    """How many answers each place has had today, in the order of the page."""
    found = re.findall(r"([\d,]+) today", page)
    assert found, page
    return found


def test_the_processes_end_with_a_demo_that_is_killed(demo: Callable[..., Running]) -> None:
    running = demo("--days", "1")
    running.process.kill()
    running.process.wait(STOP_S)
    assert all_gone(running.children)


def test_a_screen_that_dies_ends_the_demo_with_a_sentence(demo: Callable[..., Running]) -> None:
    running = demo("--days", "1")
    os.kill(running.children[-1], signal.SIGKILL)
    rest, _ = running.process.communicate(timeout=STOP_S)
    assert running.process.returncode == 1
    assert "The screen in" in rest
    assert "stopped by itself" in rest
    assert all_gone(running.children)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--days", "0"], "--days is 0"), (["--days", "401"], "--days is 401"), (["--port", "65534"], "--port is 65534")],
)
def test_wrong_numbers_are_a_sentence_and_touch_nothing(
    tmp_path: Path, port: int, arguments: list[str], named: str
) -> None:
    refused = subprocess.run([*command(tmp_path, port), *arguments], capture_output=True, text=True, timeout=STOP_S)
    assert refused.returncode == 2
    assert named in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_a_port_in_use_is_a_sentence_and_touches_nothing(tmp_path: Path, port: int, offset: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + offset))
        taken.listen()
        refused = subprocess.run(command(tmp_path, port), capture_output=True, text=True, timeout=STOP_S)
    assert refused.returncode == 2
    assert f"Port {port + offset}" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_fresh_never_empties_somebody_elses_folder(tmp_path: Path, port: int) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear Astrid")
    refused = subprocess.run([*command(tmp_path, port), "--fresh"], capture_output=True, text=True, timeout=STOP_S)
    assert refused.returncode == 2
    assert "not a demo's" in refused.stderr
    assert [inside.name for inside in folder.iterdir()] == ["letter.txt"]


def test_a_database_that_is_gone_is_a_sentence(tmp_path: Path, port: int) -> None:
    folder = open_folder(tmp_path / "demo", fresh=False)
    folder.chain = Chain("seed", date(2025, 1, 1), date(2025, 1, 7), 1, {}, {})
    folder.keep()
    folder.close()
    refused = subprocess.run(command(tmp_path, port), capture_output=True, text=True, timeout=STOP_S)
    assert refused.returncode == 1
    assert "begin anew with --fresh" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
