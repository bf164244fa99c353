"""Who may call a terminal, and what every answer says about itself."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import request
from flask.testing import FlaskClient

from kiosk import worker
from kiosk.app import create_app
from kiosk.lean import lean
from kiosk.terminal import Terminal
from sync.assets import STATIC, stamp
from tests.terminals import Page, full_disk, terminal

TAP = {
    "on": "ask", "action": "answer", "survey": "builtin.1", "rev": "1", "lang": "en", "value": "3",
    "id": "01890000-0000-7000-8000-000000000001",
}  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def test_it_works(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, Page(answer.text).screen) == (200, "ask")


@pytest.mark.parametrize(
    "place", ["/", "/visit/nobody/done", "/healthz", "/nowhere", "/s/unknown/", "/static/tokens.css"]
)
def test_every_answer_is_guarded(client: FlaskClient, place: str) -> None:
    headers = client.get(place).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert "camera=()" in headers["Permissions-Policy"]
    assert not [name for name in headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118 - it has pairs


@pytest.mark.parametrize("place", ["/", "/visit/nobody/done", "/healthz", "/s/unknown/"])
def test_no_page_is_stored(client: FlaskClient, place: str) -> None:
    headers = client.get(place).headers
    assert headers["Cache-Control"] == "no-store"


def test_a_static_file_is_kept_for_a_year_under_its_own_address(client: FlaskClient) -> None:
    name = "kiosk/mark.svg"
    assert f"/static/{name}?v={stamp(name)}" in client.get("/").text
    kept = client.get(f"/static/{name}?v={stamp(name)}")
    assert kept.data == (STATIC / name).read_bytes()
    assert "max-age=31536000" in kept.headers["Cache-Control"]
    assert client.get(f"/static/{name}?v=old").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/kiosk/nothing.css?v=").status_code == 404
    assert client.get("/static/../kiosk/app.py").status_code == 404


@pytest.mark.parametrize(("name", "parts"), worker.JOINED.items(), ids=worker.JOINED)
def test_styles_and_scripts_come_as_one_each(client: FlaskClient, name: str, parts: tuple[str, ...]) -> None:
    assert worker.address(name) in client.get("/").text
    joined = client.get(worker.address(name))
    assert joined.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert joined.text == "".join(lean((STATIC / part).read_text()) for part in parts)
    assert client.get(f"/{name}?v=old").headers["Cache-Control"] == "no-cache"
    assert client.get("/screen.html").status_code == 404


def test_the_first_view_is_small(client: FlaskClient) -> None:
    """A screen's page with every screen of a visit in it, its styles and its scripts, as if compressed on the way."""
    page = client.get("/").data
    files = [client.get(worker.address(name)).data for name in worker.FILES]
    assert all(worker.address(name).encode() in page for name in worker.FILES)
    frames = client.get(client.get("/").headers["Smilepost-Frames"]).data
    assert sum(len(gzip.compress(part)) for part in [page, frames, *files]) <= 25_000


def test_the_worker_is_asked_for_again_each_time(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    assert f'const BUILD = "{worker.build()}";' in answer.text
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_workers_copy_of_the_page_sends_nobody_away(client: FlaskClient, box: Terminal) -> None:
    client.post("/visit", data=TAP)
    assert Page(client.get("/?copy").text).screen == "ask"
    assert box.draft(TAP["id"]) is not None
    client.get("/")
    assert box.draft(TAP["id"]) is None


def test_no_page_has_script_or_style_in_it(client: FlaskClient) -> None:
    lines = client.get("/").text.splitlines()
    assert [line for line in lines if re.search(r" (style|on[a-z]+)=|<style", line)] == []
    assert [line for line in lines if "<script" in line and "src=" not in line] == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8321", "127.0.0.1.evil.example", "192.168.0.9", ""])
def test_another_name_is_not_ours(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8321", "127.0.0.1:8321", "[::1]:8321"])
def test_the_machine_itself_is(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_on_every_interface_plain_addresses_are_ours_and_names_are_not(tmp_path: Path) -> None:
    with terminal(tmp_path, host="0.0.0.0") as box:
        client = create_app(box).test_client()
        assert client.get("/", headers={"Host": "192.168.0.9:8321"}).status_code == 200
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
    ids=str,
)
def test_no_other_site_writes_here(client: FlaskClient, box: Terminal, headers: dict[str, str]) -> None:
    body = "&".join(f"{name}={value}" for name, value in TAP.items())
    plain = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/visit", data=body, headers={**plain, **headers}).status_code == 403
    assert box.draft(TAP["id"]) is None


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_our_own_page_does(client: FlaskClient, box: Terminal, headers: dict[str, str]) -> None:
    assert client.post("/visit", data=TAP, headers=headers).status_code == 303
    assert box.draft(TAP["id"]) is not None


def test_a_browser_that_strayed_finds_back_to_the_question(client: FlaskClient) -> None:
    browser = {"Accept": "text/html,*/*"}
    assert client.get("/index.html", headers=browser).location == "/"
    assert client.get("/visit", headers=browser).location == "/"
    assert client.get("/index.html").status_code == 404


def test_health_is_told_while_the_process_lives(client: FlaskClient) -> None:
    told = client.get("/healthz")
    assert (told.status_code, told.json and told.json["pending"]) == (200, 0)


def test_health_is_told_with_a_broken_outbox(client: FlaskClient, box: Terminal) -> None:
    with full_disk():
        client.post("/visit", data=TAP)
        assert client.get("/healthz").status_code == 200


def test_what_goes_wrong_is_a_break_for_the_customer_and_a_line_in_the_log(
    box: Terminal, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(box)
    app.add_url_rule("/number", view_func=lambda: str(int(request.args["text"])))
    answer = app.test_client().get("/number?text=secret+words")
    assert (answer.status_code, Page(answer.text).screen) == (503, "break")
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text
