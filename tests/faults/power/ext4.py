"""The same on a real file system: ext4 in a file of its own, shut down while customers tap."""

import fcntl
import os
import random
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from kiosk.config import Settings
from kiosk.terminal import Terminal
from tests.faults.power.proof import Totals, check
from tests.faults.power.recording import Recording, command, serve
from tests.processes import free_ports, running

_SHUTDOWN, _WITHOUT_FLUSHING = 0x8004587D, 2
"""FS_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH"""
SIZE = 64 * 1024 * 1024


def reason_not_to_cut(folder: Path) -> str | None:
    """Why no file system can be made and shut down here; None when it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root may make a file system and shut it down"
    try:
        with _mounted(_made(folder / "trial.ext4"), folder / "trial") as mounted:
            _pull_the_plug(mounted)
    except (OSError, subprocess.CalledProcessError) as problem:
        return f"no file system of its own can be shut down here ({problem})"
    return None


def prove(folder: Path, cuts: int, seed: int, plant: str = "") -> Totals:
    """Raises Lost when something is gone that was thanked for."""
    chance, recording, totals = random.Random(seed), Recording([]), Totals()
    image = _made(folder / "disk.ext4")
    (port,) = free_ports(1)
    config = folder / "config.toml"
    config.write_text(f'[kiosk]\ndata = "{folder}/shop/terminal"\nport = {port}\ninput_guard_ms = 0\n')
    screen = f"http://127.0.0.1:{port}"
    for cut in range(1, cuts + 1):
        with _mounted(image, folder / "shop") as mounted:
            arguments = ("kiosk", "run", "--config", config)
            with running(*arguments, cwd=folder, health=screen + "/healthz", program=command(plant)) as process:
                customer = threading.Thread(target=_taps, args=(screen, chance, recording), daemon=True)
                customer.start()
                time.sleep(random.Random(seed + cut).uniform(0.3, 1.5))
                thanked = len(recording.thanks)
                _pull_the_plug(mounted)
                customer.join(30)
                process.kill()
                # With the power the process would be gone as well: what it said afterwards nobody would have heard.
                del recording.thanks[thanked:]
        with _mounted(image, folder / "shop") as mounted:
            terminal = Terminal(Settings(data=mounted / "terminal"))
            try:
                terminal.start()
                check(terminal, recording, len(recording.thanks), f"cut {cut}, seed {seed}", totals)
            finally:
                terminal.stop()
        totals.states += 1
    return totals


def _taps(screen: str, chance: random.Random, recording: Recording) -> None:
    """Until the terminal thanks no more."""
    with suppress(requests.RequestException, AssertionError):
        serve(screen, 10**6, chance, recording, tries=1)


def _made(image: Path) -> Path:
    with image.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
    return image


@contextmanager
def _mounted(image: Path, at: Path) -> Iterator[Path]:
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(at)], check=True, capture_output=True)
    try:
        yield at
    finally:
        for _ in range(100):  # whoever was killed still lets go of its files
            if subprocess.run(["umount", str(at)], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"{at} cannot be unmounted")


def _pull_the_plug(mounted: Path) -> None:
    descriptor = os.open(mounted, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSHING))
    finally:
        os.close(descriptor)
