"""An export on a stick: which ones are found, and that what is written there is whole."""

import gzip
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk import sticks
from kiosk.app import create_app
from kiosk.sticks import Stick
from kiosk.terminal import Terminal
from tests.terminals import PIN, Visitor, enrolled, set_pin, terminal

HERE = {"Origin": "http://localhost"}


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Path]:
    """A folder in which something small is mounted: a stick called BLUE STICK."""
    stick = tmp_path / "media" / "pi" / "BLUE STICK"
    stick.mkdir(parents=True)
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "stick", str(stick)]
    if os.getuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a stick here")
    yield tmp_path / "media"
    subprocess.run(["umount", str(stick)], check=True)


def find(media: Path, **otherwise: object) -> list[Stick]:
    places = (f"{media}/*", f"{media}/*/*")
    return sticks.plugged_in(**{"places": places, "kinds": {"tmpfs"}, "root": media, **otherwise})  # type: ignore[arg-type]


def test_a_mounted_stick_is_found_by_its_name_and_room(media: Path) -> None:
    (stick,) = find(media)
    assert (stick.path, stick.name) == (media / "pi" / "BLUE STICK", "BLUE STICK")
    assert 0 < stick.free <= 2**20


def test_what_is_no_stick_is_not_found(media: Path, tmp_path: Path) -> None:
    stick = media / "pi" / "BLUE STICK"
    assert find(media, kinds=sticks.KINDS) == []  # memory is none
    assert find(media, places=(f"{media}/*",)) == []
    assert find(media, root=stick) == []  # the terminal's own disk
    assert find(media, mounts=tmp_path / "none") == []
    subprocess.run(["mount", "-o", "remount,ro", str(stick)], check=True)
    assert find(media) == []


def test_no_stick_is_made_up_of_a_strange_list(tmp_path: Path) -> None:
    lines = [
        "",
        "one",
        "/dev/sda1 /media/gone vfat rw 0 0",
        "//nas/x /mnt/nas nfs4 rw 0 0",
        "x /media/\\777 vfat rw 0 0",
    ]
    (tmp_path / "mounts").write_text("\n".join(lines))
    assert sticks.plugged_in(mounts=tmp_path / "mounts") == []


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    set_pin(tmp_path / "box")
    enrolled(tmp_path / "box")
    with terminal(tmp_path / "box", "scr-1") as opened:
        yield opened


def test_one_touch_writes_it_there_and_it_may_be_pulled_out(box: Terminal, media: Path) -> None:
    app = create_app(box, lambda: find(media))
    client = app.test_client()
    visitor = Visitor(client)
    visitor.press("value", 0)
    visitor.press("action", "finish")
    for key in (*PIN, "open"):
        client.post("/staff/door", data={"key": key}, headers=HERE)
    assert "BLUE STICK" in client.get("/staff/stick").text
    (stick,) = find(media)
    somebody_elses = stick.path / "smilepost-20200101-000000-000000.gz"
    somebody_elses.write_text("from another terminal")
    done = client.post("/staff/export", data={"stick": str(stick.path)}, headers=HERE)
    assert "It may be pulled out now." in client.get(done.location).text
    assert somebody_elses.exists()
    (file,) = set(stick.path.iterdir()) - {somebody_elses}
    assert b'"entries":1' in gzip.decompress(file.read_bytes()).splitlines()[-1]
    with suppress(OSError), (stick.path / "more").open("wb", buffering=0) as full:
        while True:
            full.write(bytes(4096))
    done = client.post("/staff/export", data={"stick": str(stick.path)}, headers=HERE)
    assert "No such file could be written" in client.get(done.location).text
    assert [path.suffix for path in stick.path.iterdir() if path.suffix == ".part"] == []


def test_a_stick_that_was_pulled_out_and_a_place_that_is_none_get_nothing(box: Terminal, tmp_path: Path) -> None:
    client = create_app(box, list).test_client()
    for key in (*PIN, "open"):
        client.post("/staff/door", data={"key": key}, headers=HERE)
    assert "No stick is plugged in that could be written to." in client.get("/staff/stick").text
    (tmp_path / "elsewhere").mkdir()
    for place in ("/media/pi/GONE", str(tmp_path / "elsewhere")):
        assert client.post("/staff/export", data={"stick": place}, headers=HERE).location == "/staff/stick"
    assert list((tmp_path / "elsewhere").iterdir()) == []
