"""A tablet that finds no network for days: staff save what waits in it as a file, and its gateway takes it in."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk import cli
from kiosk.app import create_app
from kiosk.gateway import COOKIE
from kiosk.late import MAX_RESPONSES
from kiosk.screen_keys import ScreenKeys
from kiosk.sealed import FILE
from kiosk.terminal import Terminal
from tests.boxes import new_id
from tests.deliveries import PageClock
from tests.handing import tablet
from tests.kiosk.test_sealed import closed
from tests.terminals import PIN, sealed, served, set_pin

LOCAL = "http://127.0.0.1:1"
HERE = {"Origin": "http://localhost"}
ANSWERS = MAX_RESPONSES + 5


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    """A gateway of one tablet, whose key is that of the tests."""
    set_pin(tmp_path / "gateway")
    (tmp_path / "gateway" / FILE).write_text(f"{7:064x}")
    with tablet(tmp_path / "gateway", public_url=LOCAL) as opened:
        yield opened


@pytest.fixture
def staff(box: Terminal) -> FlaskClient:
    """Somebody with the PIN, at the gateway's own machine."""
    client = create_app(box).test_client()
    for key in (*PIN, "open"):
        client.post("/staff/door", data={"key": key}, headers=HERE)
    return client


def records(count: int) -> list[dict[str, Any]]:
    clock = PageClock()
    return [
        clock.record(new_id(), 2, {"visit": 3}, "done", clock.now_ms()) | {"screen": "van12", "placement": "p-van12"}
        for _ in range(count)
    ]


def saved(records: list[dict[str, Any]]) -> bytes:
    """As a tablet writes it (static/kiosk/handover.js)."""
    responses = [json.loads(closed(record)) for record in records]
    loads: dict[str, Any] = {record["load"]: [] for record in records} | {"page-" + "2" * 32: []}
    return json.dumps({"smilepost_tablet": 1, "responses": responses, "loads": loads}).encode()


def bring(staff: FlaskClient, content: bytes) -> str:
    form = {"file": (io.BytesIO(content), "smilepost-tablet.json")}
    answer = staff.post("/staff/tablet", data=form, headers=HERE, content_type="multipart/form-data")
    assert answer.status_code == 303
    return staff.get(answer.headers["Location"]).text


def test_what_a_tablet_saved_is_taken_in_and_counts_once(box: Terminal, staff: FlaskClient) -> None:
    kept = records(ANSWERS)
    assert f"{ANSWERS} records of a tablet are held here now." in bring(staff, saved(kept))
    assert f"{ANSWERS} records of a tablet are held here now." in bring(staff, saved(kept))
    assert {entry["id"] for entry in sealed(box)} == {record["id"] for record in kept}
    assert len(sealed(box)) == ANSWERS
    tablet = create_app(box).test_client()  # which finds a network after all
    key = ScreenKeys(box.outbox.disk).bind("van12")
    tablet.set_cookie(COOKIE, f"van12.{key}")
    body = {"responses": [json.loads(closed(record)) for record in kept[:2]], "loads": {}}
    held = tablet.post("/s/van12/late", json=body, headers=HERE).json["held"]
    assert held == [[record["id"], record["rev"]] for record in kept[:2]]
    assert len(sealed(box)) == ANSWERS


def test_what_cannot_be_opened_is_counted_and_spoils_nothing(box: Terminal, staff: FlaskClient) -> None:
    told = json.loads(saved(records(3)))
    told["responses"][1]["sealed"] = "AAAA"
    told["responses"].append("no record")
    page = bring(staff, json.dumps(told).encode())
    assert "2 records of a tablet are held here now." in page
    assert "2 records cannot be opened or read here" in page
    assert len(sealed(box)) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"smilepost_tablet": 2}', b"\xff\xfe", b"PK\3\4"])
def test_what_no_tablet_saved_is_named(content: bytes, box: Terminal, staff: FlaskClient) -> None:
    assert "This is no file that was saved from a tablet." in bring(staff, content)
    assert sealed(box) == []


def test_nobody_brings_a_file_without_the_pin(box: Terminal) -> None:
    stranger, form = create_app(box).test_client(), {"file": (io.BytesIO(saved(records(1))), "x.json")}
    answer = stranger.post("/staff/tablet", data=form, headers=HERE, content_type="multipart/form-data")
    assert answer.headers["Location"] == "/staff"
    assert stranger.post("/control/take", data=b"{}").status_code == 404
    assert sealed(box) == []


def test_the_command_takes_it_from_a_gateway_that_runs_or_rests(
    box: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, config = tmp_path / "tablet.json", tmp_path / "config.toml"
    file.write_bytes(saved(records(ANSWERS)))
    with served(box) as there:
        port = int(there.address.rpartition(":")[2])
        config.write_text(f'[kiosk]\ndata = "gateway"\nport = {port}\npublic_url = "{LOCAL}"\n')
        assert cli.main(["kiosk", "take", str(file), "--config", str(config)]) == 0
        assert f"{ANSWERS} records of the tablet are held here now" in capsys.readouterr().out
        assert len(sealed(box)) == ANSWERS
    box.stop()
    assert cli.main(["kiosk", "take", str(file), "--config", str(config)]) == 0
    assert f"{ANSWERS} records of the tablet are held here now" in capsys.readouterr().out
    file.write_text("[]")
    assert cli.main(["kiosk", "take", str(file), "--config", str(config)]) == 2
    assert "is no file that was saved from a tablet." in capsys.readouterr().err
    config.write_text('[kiosk]\ndata = "gateway"\n')
    assert cli.main(["kiosk", "take", str(file), "--config", str(config)]) == 2
    assert 'without "public_url" in [kiosk]' in capsys.readouterr().err
