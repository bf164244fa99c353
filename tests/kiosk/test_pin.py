"""The staff's PIN: which ones are taken, and that only a hash of it is kept."""

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from kiosk import pin
from sync import wire
from tests.processes import COMMAND, free_ports, running, smilepost
from tests.terminals import PIN, kept_pin


@pytest.mark.parametrize(
    "typed", ["2468", "8305", "830516", "1121", "0912", "123457", "121213", "999998", "8" + "30516" * 2]
)
def test_most_pins_are_taken(typed: str) -> None:
    pin.check(typed)


@pytest.mark.parametrize("typed", ["", "123", "8" * 13, "12a4", "12 4", "٨٣٠٥١٦", "-123"])
def test_what_is_no_pin_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(pin.PinRefused, match="4 to 12 digits are allowed") as refused:
        pin.check(typed)
    assert not typed or typed not in str(refused.value)


@pytest.mark.parametrize("typed", ["0000", "1234", "4321", "7890", "0987", "123456", "1212", "0101", "777777777777"])
def test_what_everybody_tries_first_is_refused(typed: str) -> None:
    with pytest.raises(pin.PinRefused, match="everybody tries first"):
        pin.check(typed)


def test_what_is_kept_is_a_hash_for_its_owner_alone(tmp_path: Path) -> None:
    assert pin.kept(tmp_path) is None
    pin.keep(tmp_path, kept_pin())
    file = tmp_path / pin.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PIN not in file.read_text()
    assert pin.fits(PIN, pin.kept(tmp_path))
    assert not pin.fits("830517", pin.kept(tmp_path))
    assert not pin.fits(PIN, None)


@pytest.mark.parametrize("damaged", [b"", b"\xff\xfe", PIN.encode(), b"scrypt$"])
def test_a_damaged_one_opens_nothing_and_stops_nothing(damaged: bytes, tmp_path: Path) -> None:
    (tmp_path / pin.FILE).write_bytes(damaged)
    assert pin.kept(tmp_path) is None
    with pytest.raises(pin.PinRefused):
        pin.keep(tmp_path, damaged.decode("latin1"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (port,) = free_ports(1)
    (tmp_path / "config.toml").write_text(f'[kiosk]\nport = {port}\ndata = "box"\n')
    return tmp_path


def set_by_command(home: Path, typed: str) -> "subprocess.CompletedProcess[str]":
    return smilepost("kiosk", "pin", "--stdin", "--config", "config.toml", cwd=home, stdin=typed + "\n")


def test_a_pin_is_set_while_the_terminal_runs_and_while_it_does_not(home: Path) -> None:
    done = set_by_command(home, PIN)
    assert (done.returncode, done.stdout) == (0, "The staff's page, /staff, opens with this PIN from now on.\n")
    assert wire.pin_fits(PIN, (home / "box" / pin.FILE).read_text())
    screen = "http://127.0.0.1:" + (home / "config.toml").read_text().split("port = ")[1].split("\n")[0]
    with running("kiosk", "run", "--config", "config.toml", cwd=home, health=f"{screen}/healthz"):
        assert set_by_command(home, "1234").returncode == 2
        assert set_by_command(home, "9571").returncode == 0
        assert wire.pin_fits("9571", (home / "box" / pin.FILE).read_text())
        assert requests.post(f"{screen}/control/pin", data={"kept": kept_pin()}, timeout=10).status_code == 404
    said = (home / "kiosk-run.log").read_text()
    assert "9571" not in said
    assert "scrypt" not in said


@pytest.mark.parametrize(
    ("again", "code", "says"), [(PIN, 0, "opens with this PIN"), ("830517", 2, "two different PINs")]
)
def test_somebody_types_it_twice_and_nobody_reads_it_from_the_glass(
    home: Path, again: str, code: int, says: str
) -> None:
    """At a terminal of its own, as getpass wants it."""
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execv(sys.executable, [*COMMAND, "kiosk", "pin", "--config", "config.toml"])
    shown = b""
    for question, typed in ((b"page: ", PIN), (b"again: ", again)):
        while not shown.endswith(question):
            shown += os.read(screen, 1)
        os.write(screen, f"{typed}\n".encode())
    try:
        while piece := os.read(screen, 4096):
            shown += piece
    except OSError:
        pass  # its end
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == code
    assert says in shown.decode()
    assert PIN not in shown.decode()
