"""What a terminal sends is small, and the same to a browser that unpacks nothing."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.app import create_app
from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import wire
from sync.assets import STATIC, stamp
from sync.survey import BUILTIN
from tests.terminals import Page, terminal

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
STYLE = f"/static/tokens.css?v={stamp('tokens.css')}"
CONTENT = (STATIC / "tokens.css").read_bytes()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "s-front") as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


@pytest.mark.parametrize("kind", ["a static file", "the page", "the screens of a visit", "the worker"])
def test_it_goes_out_packed_to_a_browser_that_unpacks(client: FlaskClient, kind: str) -> None:
    screens = client.get("/").headers["Smilepost-Frames"]
    place = {"a static file": STYLE, "the page": "/", "the screens of a visit": screens, "the worker": "/sw.js"}[kind]
    plain, packed = client.get(place), client.get(place, headers=GZIP)
    assert (packed.content_encoding, plain.content_encoding) == ("gzip", None)
    assert "Accept-Encoding" in packed.vary
    assert "Accept-Encoding" in plain.vary
    assert packed.headers["Cache-Control"] == plain.headers["Cache-Control"]
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    unpacked = gzip.decompress(packed.data)
    if kind == "the page":  # each has the id of a visit of its own
        assert Page(unpacked.decode()).texts == Page(plain.text).texts
    else:
        assert unpacked == plain.data


@pytest.mark.parametrize("asked", ["identity", "br", "gzip;q=0", "gzip;q=0, *"])
def test_what_a_browser_does_not_unpack_comes_as_it_is(client: FlaskClient, asked: str) -> None:
    assert client.get(STYLE, headers={"Accept-Encoding": asked}).data == CONTENT


@pytest.mark.parametrize("place", [STYLE, "/sw.js"])
def test_what_a_browser_has_is_not_sent_again(client: FlaskClient, place: str) -> None:
    plain, packed = client.get(place), client.get(place, headers=GZIP)
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = client.get(place, headers={**GZIP, "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Accept-Encoding" in again.vary
    assert client.get(place, headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304
    assert client.get(place, headers={**GZIP, "If-None-Match": '"other"'}).status_code == 200


def test_a_part_of_a_file_is_a_part_of_the_file(client: FlaskClient) -> None:
    part = client.get(STYLE, headers={**GZIP, "Range": "bytes=10-19"})
    assert (part.status_code, part.data, part.content_encoding) == (206, CONTENT[10:20], None)
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(CONTENT)}"
    assert client.get(STYLE, headers={**GZIP, "Range": f"bytes={len(CONTENT)}-"}).status_code == 416
    packed = client.get(STYLE, headers=GZIP).headers["ETag"]  # of something else than the parts are of
    whole = client.get(STYLE, headers={**GZIP, "Range": "bytes=10-19", "If-Range": packed})
    assert (whole.status_code, whole.data) == (200, CONTENT)


@pytest.mark.parametrize(
    "name", ["tokens.css/", "./tokens.css", "kiosk/../tokens.css", "../kiosk/app.py", "nothing.css"]
)
def test_a_file_has_one_name(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/static/{name}", headers=GZIP)
    assert answer.content_encoding is None


def test_the_screens_of_a_visit_are_kept_until_they_are_others(client: FlaskClient, box: Terminal) -> None:
    old = client.get("/").headers["Smilepost-Frames"]
    screens = client.get(old)
    assert screens.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Waiting time" in screens.text
    assert "Waiting time" not in client.get("/").text
    told = wire.read_entry(wire.encode(BUILTIN))
    told["version"], told["questions"][0]["texts"]["en"] = 2, "Did we help you?"
    screen = wire.ScreenManifest("p-s-front", [told], ["en"], "Oslo", "Europe/Oslo")
    box.standings.take(KeptManifest("", wire.Manifest({"s-front": screen})))
    new = client.get("/").headers["Smilepost-Frames"]
    assert new != old
    assert client.get(old).status_code == 404  # the old page's visit is not to be one of the new survey
    assert "Did we help you?" in client.get(new).text
