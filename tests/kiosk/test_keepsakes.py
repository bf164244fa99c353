"""Who a box is and what it was told: a damaged file costs neither."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk import control, identity, storage
from kiosk.app import create_app
from kiosk.identity import Identity
from kiosk.terminal import Terminal
from tests.terminals import terminal

ENROLLED = Identity("install-1", "dev-1", 2, "c2VjcmV0", {"scr-1": "p-scr-1"}, identity.fingerprint())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Of a box that is enrolled, with a manifest."""
    with terminal(tmp_path, "scr-1") as box:
        box._kept.become(ENROLLED)
        box._kept.keep_manifest(box._kept.manifests()[0])
    return tmp_path


def who(box: Terminal) -> Identity:
    return box._identity


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b'{"install": 7}', b'{"install": "x", "key": "%%%"}'])
def test_a_damaged_identity_comes_back_and_is_kept_aside(folder: Path, content: bytes) -> None:
    (folder / "identity.json").write_bytes(content)
    with terminal(folder) as box:
        assert who(box) == ENROLLED
    assert json.loads((folder / "identity.json").read_text())["key"] == ENROLLED.key
    assert (folder / "identity-aside-1.json").read_bytes() == content


def test_an_identity_that_is_gone_comes_back(folder: Path) -> None:
    (folder / "identity.json").unlink()
    with terminal(folder) as box:
        assert who(box) == ENROLLED


def test_an_identity_survives_a_damaged_outbox_and_the_other_way_round(folder: Path) -> None:
    (folder / "outbox.sqlite3").write_bytes(b"damaged")
    with terminal(folder) as box:
        assert who(box) == ENROLLED
    (folder / "identity.json").write_bytes(b"damaged")
    with terminal(folder) as box:
        assert who(box) == ENROLLED


def test_with_both_copies_gone_it_is_somebody_new(folder: Path) -> None:
    (folder / "outbox.sqlite3").write_bytes(b"damaged")
    (folder / "identity.json").write_bytes(b"damaged")
    with terminal(folder) as box:
        assert who(box).install not in ("", ENROLLED.install)
        new = who(box)
    with terminal(folder) as box:
        assert who(box) == new


@pytest.mark.parametrize(
    "content", [b"", b'{"etag": "x"}', b"\x00" * 900, b'{"etag":"x","manifest":{"screens":{"s":{}}}}']
)
def test_a_damaged_manifest_is_the_last_good_one(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with terminal(folder) as box:
        standing = box.standing("scr-1")
        assert standing is not None
        assert standing.place == "Oslo"


def test_a_manifest_that_nobody_can_work_from_holds_no_screen_up(folder: Path) -> None:
    kept = identity.load_manifest(folder)
    assert kept is not None
    kept.manifest.screens["scr-1"].surveys.clear()
    identity.save_manifest(folder, kept)
    with terminal(folder) as box:
        standing = box.standing("scr-1")
        assert standing is not None
        assert standing.place == "Oslo"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
@pytest.mark.parametrize(
    "name",
    [
        "identity.json", "identity.new", "manifest.json", "control.token", "control.new", "running.lock", "ballast",
        "reserve", ".probe",
    ],
)  # fmt: skip
def test_a_folder_or_a_pipe_in_a_file_s_place_holds_no_screen_up(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    """A pipe that is opened waits for somebody at its other end."""
    make(tmp_path / name)
    with terminal(tmp_path) as box:
        client = create_app(box).test_client()
        storage.probe(tmp_path)
        box.outbox.disk.mend()
        assert client.get("/").status_code == 200
    assert identity.load(tmp_path) == who(box)
    assert control.about(box.settings)["places"] == {}


def test_nobody_else_reads_the_key(folder: Path) -> None:
    assert {path.name for path in folder.iterdir() if path.is_file() and path.stat().st_mode & 0o077} == set()
