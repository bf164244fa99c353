"""`smilepost kiosk …` as a process: what it says, its exit code, and what it leaves alone."""

import json
import os
import signal
import socket
import sqlite3
from pathlib import Path

import pytest
import requests

from kiosk import cli
from kiosk.schema import APPLICATION_ID
from tests.processes import Result, free_ports, running, smilepost, stop


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a config.toml for a terminal that has no head office yet."""
    (port,) = free_ports(1)
    (tmp_path / "config.toml").write_text(f'[kiosk]\nport = {port}\ndata = "box"\n')
    return tmp_path


def kiosk(home: Path, *arguments: str) -> Result:
    return smilepost("kiosk", *arguments, "--config", "config.toml", cwd=home)


def address(home: Path) -> str:
    port = (home / "config.toml").read_text().split("port = ")[1].split("\n")[0]
    return f"http://127.0.0.1:{port}"


def assert_refused(result: Result, *words: str) -> None:
    """One sentence on stderr, nothing else, exit code 2."""
    assert result.returncode == cli.REFUSED, result.stderr
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert [word for word in words if word not in result.stderr] == [], result.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_terminal_runs_until_it_is_told_to_stop(how: signal.Signals, home: Path) -> None:
    with running("kiosk", "run", "--config", "config.toml", cwd=home, health=f"{address(home)}/healthz") as process:
        page = requests.get(f"{address(home)}/", timeout=10)
        assert page.status_code == 200
        assert "Server" not in page.headers
        assert stop(process, how) == 0
    said = (home / "kiosk-run.log").read_text()
    assert f"The screen is at {address(home)}/" in said
    assert "Traceback" not in said


def test_a_terminal_without_a_configuration_looks_in_the_folder_it_is_started_in(tmp_path: Path) -> None:
    status = smilepost("kiosk", "status", cwd=tmp_path)
    assert_refused(status, "No terminal has been started on the data folder", str(tmp_path / "smilepost-data"))
    assert list(tmp_path.iterdir()) == []


def test_its_status_is_the_running_ones_or_the_outboxs(home: Path) -> None:
    with running("kiosk", "run", "--config", "config.toml", cwd=home, health=f"{address(home)}/healthz"):
        running_one = json.loads(kiosk(home, "status", "--json").stdout)
        assert (running_one["running"], running_one["pending"], running_one["in_pages"]) == (True, 0, [0, 0])
        said = kiosk(home, "status")
        assert said.returncode == 0
        assert f"The terminal is running; its screen is at {address(home)}/.\n" in said.stdout
        assert "Nothing waits to be sent.\n" in said.stdout
    at_rest = json.loads(kiosk(home, "status", "--json").stdout)
    assert (at_rest["running"], at_rest["pending"], at_rest["in_pages"]) == (False, 0, None)
    assert kiosk(home, "status").stdout.startswith("The terminal is not running")


def test_its_status_is_told_without_the_token_that_a_full_disk_did_not_take(home: Path) -> None:
    with running("kiosk", "run", "--config", "config.toml", cwd=home, health=f"{address(home)}/healthz"):
        (home / "box" / "control.token").unlink()
        assert "The terminal is running" in kiosk(home, "status").stdout
        os.mkfifo(home / "box" / "control.token")
        assert "The terminal is running" in kiosk(home, "status").stdout
        (home / "box" / "control.token").unlink()
        (home / "box" / "control.token").write_bytes(b"\xff\x00")
        assert json.loads(kiosk(home, "status", "--json").stdout)["storage"] is None


def test_only_one_runs_on_a_data_folder(home: Path) -> None:
    (port,) = free_ports(1)
    (home / "second.toml").write_text(f'[kiosk]\nport = {port}\ndata = "box"\n')
    with running("kiosk", "run", "--config", "config.toml", cwd=home, health=f"{address(home)}/healthz"):
        second = smilepost("kiosk", "run", "--config", "second.toml", cwd=home)
        assert_refused(second, "Another terminal is running on the data folder")


def test_a_port_in_use_stops_the_start_before_anything_is_made(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(address(home).rsplit(":", 1)[1])))
        taken.listen()
        assert_refused(kiosk(home, "run"), "Port", "Address already in use")
    assert [path.name for path in home.iterdir()] == ["config.toml"]


def test_a_data_folder_that_cannot_be_made_stops_the_start(home: Path) -> None:
    (home / "box").write_text("a file")
    assert_refused(kiosk(home, "run"), "data folder", str(home / "box"))
    assert (home / "box").read_text() == "a file"


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="only Linux has a folder that not even root may write")
def test_an_unwritable_data_folder_stops_the_start(home: Path) -> None:
    config = home / "config.toml"
    config.write_text(config.read_text().replace('"box"', '"/sys/kernel"'))
    assert_refused(kiosk(home, "run"), "data folder /sys/kernel cannot be")


def test_a_newer_version_s_outbox_is_not_touched(home: Path) -> None:
    (home / "box").mkdir()
    outbox = home / "box" / "outbox.sqlite3"
    with sqlite3.connect(outbox) as newer:
        newer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        newer.execute("PRAGMA user_version = 9999")
        newer.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT)")
    before = (outbox.read_bytes(), outbox.stat().st_mtime_ns)
    assert_refused(kiosk(home, "run"), "newer")
    assert (outbox.read_bytes(), outbox.stat().st_mtime_ns) == before


def test_another_file_in_the_outboxs_place_holds_no_screen_up(home: Path) -> None:
    (home / "box").mkdir()
    (home / "box" / "outbox.sqlite3").write_text("Dear diary, " * 100)
    with running("kiosk", "run", "--config", "config.toml", cwd=home, health=f"{address(home)}/healthz"):
        assert requests.get(f"{address(home)}/", timeout=10).status_code == 200
        said = kiosk(home, "status").stdout
    assert "A damaged file was moved aside (outbox-aside-… in the data folder)" in said
    (kept,) = (home / "box").glob("outbox-aside-1-*.sqlite3")
    assert kept.read_text() == "Dear diary, " * 100


def test_enrolling_needs_a_head_office(home: Path) -> None:
    assert_refused(kiosk(home, "enrol", "ABCD-EFGH"), "centre", "[kiosk]")


def test_a_bad_configuration_stops_every_verb(home: Path) -> None:
    (home / "config.toml").write_text("[kiosk]\nport = 99999\n")
    for verb in (["run"], ["status"], ["enrol", "ABCD-EFGH"], ["export", "stick"]):
        assert_refused(kiosk(home, *verb), "port", "99999", "1 to 65535")


@pytest.mark.parametrize(
    "words",
    ["", "demo", "kiosk", "kiosk run", "kiosk enrol", "kiosk pin", "kiosk sheet", "kiosk export", "kiosk status"],
    ids=lambda w: w or "all",
)
def test_every_verb_explains_itself(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words.split(), "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: smilepost {words}".strip())


def test_an_unknown_verb_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["kisok"])
    assert ended.value.code == cli.REFUSED
    assert "kisok" in capsys.readouterr().err
