"""A terminal that drives the screens of tablets: each is paired by its own code, and nobody else gets its pages."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk import config, proxy
from kiosk.app import create_app
from kiosk.config import BadConfig, Settings
from kiosk.gateway import COOKIE, MOST_ASKING
from kiosk.screens import SCREEN_HEADER
from kiosk.terminal import Terminal
from sync.centre import Centre
from tests.bad_days import Watch, Wire, enrol_code, passes, sender_of
from tests.terminals import Hands

PUBLIC = "https://tablets.example.com"
HERE = {"Origin": PUBLIC}
SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def gateway(faulty: tuple[Wire, str], tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(Settings(data=tmp_path / "gateway", centre=faulty[1], public_url=PUBLIC), Hands())
    sender_of(opened)._monotonic = Watch()
    yield opened
    opened.stop()


_apps: WeakKeyDictionary[Terminal, Flask] = WeakKeyDictionary()


def browser(gateway: Terminal) -> FlaskClient:
    client = (_apps.get(gateway) or _apps.setdefault(gateway, create_app(gateway))).test_client()
    client.environ_base["HTTP_HOST"] = "tablets.example.com"
    client.environ_base["wsgi.url_scheme"] = "https"
    return client


def pair(client: FlaskClient, code: str) -> str:
    """The address of the screen that this browser is from now on."""
    answer = client.post("/pair", base_url=PUBLIC, data={"code": code, "action": "pair"}, headers=HERE)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


@SQLITE_ONLY
def test_each_tablet_is_a_screen_of_its_own(gateway: Terminal, a_centre: Centre) -> None:
    oslo, bergen = browser(gateway), browser(gateway)
    assert oslo.get("/", base_url=PUBLIC).headers["Location"] == "/pair"
    here, there = pair(oslo, enrol_code(a_centre, "Oslo")), pair(bergen, enrol_code(a_centre, "Bergen"))
    assert here != there
    assert oslo.get("/", base_url=PUBLIC).headers["Location"] == here
    assert oslo.get(here, base_url=PUBLIC).headers[SCREEN_HEADER] == "ask"
    cookie = oslo.get_cookie(COOKIE, domain="tablets.example.com")
    assert cookie is not None
    assert (cookie.http_only, cookie.secure, cookie.same_site) == (True, True, "Strict")
    assert len(gateway.health()["screens"]) == 2  # type: ignore[arg-type]


@SQLITE_ONLY
def test_nobody_gets_the_pages_of_another_screen(gateway: Terminal, a_centre: Centre) -> None:
    oslo, bergen, stranger = browser(gateway), browser(gateway), browser(gateway)
    here, _there = pair(oslo, enrol_code(a_centre, "Oslo")), pair(bergen, enrol_code(a_centre, "Bergen"))
    for client in (bergen, stranger):
        shown = client.get(here, base_url=PUBLIC)
        assert (shown.status_code, shown.headers[SCREEN_HEADER]) == (404, "pairing")
        assert client.get(f"{here}clock", base_url=PUBLIC).status_code == 401
        assert client.get(f"{here}frames.js?v=1", base_url=PUBLIC).status_code == 401
        assert client.post(f"{here}late", base_url=PUBLIC, json={}, headers=HERE).status_code == 401
        assert client.post(f"{here}visit", base_url=PUBLIC, data={}, headers=HERE).status_code == 401
    assert stranger.get("/staff", base_url=PUBLIC).headers["Location"] == "/pair"
    assert oslo.get("/staff", base_url=PUBLIC).status_code != 303
    for path in ("/healthz", "/control/status"):
        assert oslo.get(path, base_url=PUBLIC).status_code == 404
    assert stranger.get("/healthz", base_url="http://127.0.0.1:8321").status_code == 200


@SQLITE_ONLY
def test_a_screen_that_is_paired_again_moves_and_loses_nothing(gateway: Terminal, a_centre: Centre) -> None:
    old, new = browser(gateway), browser(gateway)
    code = enrol_code(a_centre, "Oslo")
    here = pair(old, code)
    assert pair(new, code) == here  # the same install may repeat a code until it is over
    assert old.get(here, base_url=PUBLIC).status_code == 404
    assert old.get(f"{here}clock", base_url=PUBLIC).status_code == 401
    held = old.post(f"{here}late", base_url=PUBLIC, json={"responses": [{}], "loads": {}}, headers=HERE)
    assert (held.status_code, held.json["refused"]) == (200, [0])  # it is read: what it holds would be taken
    assert new.get(here, base_url=PUBLIC).status_code == 200


@SQLITE_ONLY
def test_keys_outlive_a_restart_and_stand_nowhere(gateway: Terminal, a_centre: Centre, tmp_path: Path) -> None:
    tablet = browser(gateway)
    here = pair(tablet, enrol_code(a_centre, "Oslo"))
    cookie = tablet.get_cookie(COOKIE, domain="tablets.example.com")
    assert cookie
    gateway.stop()
    key = cookie.value.partition(".")[2].encode()
    assert not any(key in path.read_bytes() for path in (tmp_path / "gateway").iterdir() if path.is_file())
    again = Terminal(gateway.settings, Hands())
    try:
        returned = browser(again)
        returned.set_cookie(COOKIE, cookie.value, domain="tablets.example.com")
        assert returned.get(here, base_url=PUBLIC).status_code == 200
    finally:
        again.stop()


@SQLITE_ONLY
def test_wrong_codes_keep_nobody_else_waiting(gateway: Terminal, a_centre: Centre) -> None:
    guesser, tablet = browser(gateway), browser(gateway)
    guesser.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    for _ in range(6):
        page = guesser.post("/pair", base_url=PUBLIC, data={"code": "ABCD2345", "action": "pair"}, headers=HERE)
    assert "The next try counts in 30 s." in page.text
    assert "No open enrolment" not in page.text
    pair(tablet, enrol_code(a_centre, "Oslo"))


@SQLITE_ONLY
def test_what_is_typed_key_by_key_needs_no_script(gateway: Terminal) -> None:
    tablet, code = browser(gateway), ""
    for key in "ABCD":
        page = tablet.post("/pair", base_url=PUBLIC, data={"code": code, "key": key}, headers=HERE).text
        code = re.findall(r'name="code" value="([^"]*)"', page)[0]
    assert code == "ABCD"
    page = tablet.post("/pair", base_url=PUBLIC, data={"code": code, "action": "delete"}, headers=HERE).text
    assert 'value="ABC"' in page
    assert tablet.post("/pair", base_url=PUBLIC, data={}, headers={"Origin": "https://evil.example"}).status_code == 403


@SQLITE_ONLY
def test_an_answer_on_a_tablet_counts_at_its_own_place(gateway: Terminal, a_centre: Centre) -> None:
    tablet = browser(gateway)
    pair(tablet, enrol_code(a_centre, "Oslo"))
    here = pair(tablet, enrol_code(a_centre, "Bergen"))
    page = tablet.get(here, base_url=PUBLIC).text
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page)) | {"value": "3"}
    assert tablet.post(f"{here}visit", base_url=PUBLIC, data=fields, headers=HERE).status_code == 303
    gateway.seal_screen(here.split("/")[2])
    assert passes(gateway) >= 1
    assert gateway.health()["acked"] == 1


@pytest.mark.parametrize("wrong", ["http://tablets.example.com", "https://tablets.example.com/x", "tablets", ""])
def test_a_gateway_is_behind_https(wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[kiosk]\npublic_url = "{wrong}"\n')
    with pytest.raises(BadConfig, match=r"public_url in \[kiosk\]"):
        config.load(path)


@SQLITE_ONLY
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via"])
def test_what_a_proxy_hands_on_is_not_of_this_machine(header: str, gateway: Terminal) -> None:
    """Whatever host somebody outside names."""
    outside, here = browser(gateway), "http://127.0.0.1:8321"
    assert outside.get("/healthz", base_url=here).status_code == 200
    assert outside.get("/healthz", base_url=here, headers={header: "127.0.0.1"}).status_code == 404
    assert outside.get("/staff", base_url=here, headers={header: "127.0.0.1"}).headers["Location"] == "/pair"
    outside.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert outside.get("/healthz", base_url=here).status_code == 404


def test_the_proxys_configuration_has_everybodys_own_names(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, host="::1", port=9000, public_url="https://tablets.example.com")
    said = proxy.nginx(settings)
    wanted = (
        "server [::1]:9000;",
        "listen 443 ssl http2;",
        "return 301 https://tablets.example.com$request_uri;",
        "ssl_certificate /etc/letsencrypt/live/tablets.example.com/fullchain.pem;",
        "proxy_set_header Host tablets.example.com;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
    )
    for line in wanted:
        assert line in said
    assert not re.search(r"\$[A-Z]", said)
    assert "[::]:" in said
    assert "[::]:" not in proxy.nginx(settings, six=False)
    elsewhere = proxy.nginx(
        Settings(data=tmp_path, public_url="https://localhost:8443"), Path("/c.pem"), Path("/k.pem")
    )
    assert "listen 80" not in elsewhere
    assert "ssl_certificate /c.pem;\n    ssl_certificate_key /k.pem;" in elsewhere
    with pytest.raises(proxy.NoGateway, match='"public_url" in \\[kiosk\\]'):
        proxy.nginx(Settings(data=tmp_path))


@SQLITE_ONLY
def test_a_screen_can_be_installed_as_an_app(gateway: Terminal, a_centre: Centre) -> None:
    tablet = browser(gateway)
    before = tablet.get("/pair", base_url=PUBLIC)
    assert 'href="/app.webmanifest"' in before.text  # an app of an iPad has cookies of its own: installed, then paired
    assert tablet.get("/app.webmanifest", base_url=PUBLIC).json["start_url"] == "/"
    here = pair(tablet, enrol_code(a_centre, "Oslo"))
    page = tablet.get(here, base_url=PUBLIC)
    assert f'<link rel="manifest" href="{here}app.webmanifest" crossorigin="use-credentials">' in page.text
    assert "manifest-src 'self'" in page.headers["Content-Security-Policy"]
    told = tablet.get(f"{here}app.webmanifest", base_url=PUBLIC)
    assert told.mimetype == "application/manifest+json"
    assert (told.json["name"], told.json["start_url"], told.json["display"]) == ("Oslo", here, "fullscreen")
    for icon in told.json["icons"]:
        picture = tablet.get(icon["src"], base_url=PUBLIC).data
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">2I", picture[16:24])
        assert icon["sizes"] == f"{width}x{height}"
    assert {icon["purpose"] for icon in told.json["icons"]} == {"any", "maskable"}
    assert (
        tablet.get(re.findall(r'"apple-touch-icon" href="([^"]+)"', page.text)[0], base_url=PUBLIC).data[1:4] == b"PNG"
    )
    assert browser(gateway).get(f"{here}app.webmanifest", base_url=PUBLIC).status_code == 401


@SQLITE_ONLY
def test_an_app_of_a_screen_that_moved_opens_as_what_it_is_now(gateway: Terminal, a_centre: Centre) -> None:
    tablet = browser(gateway)
    old = pair(tablet, enrol_code(a_centre, "Oslo"))
    new = pair(tablet, enrol_code(a_centre, "Bergen"))
    gone = tablet.get(old, base_url=PUBLIC)
    assert (gone.status_code, gone.headers["Refresh"]) == (404, f"0; url={new}")
    assert "Refresh" not in browser(gateway).get(old, base_url=PUBLIC).headers


def test_a_terminal_in_a_shop_pays_nothing_for_tablets(tmp_path: Path) -> None:
    shop = Terminal(Settings(data=tmp_path / "shop"), Hands())
    try:
        page = create_app(shop).test_client().get("/")
        assert not [word for word in ("manifest", "apple", "theme-color", "sealing") if word in page.text]
        assert "manifest-src" not in page.headers["Content-Security-Policy"]
    finally:
        shop.stop()


@SQLITE_ONLY
def test_a_tablet_that_nobody_heard_of_for_a_day_is_told(gateway: Terminal, a_centre: Centre) -> None:
    """It may have taken answers since; only it knows."""
    tablet, other = browser(gateway), browser(gateway)
    here, there = pair(tablet, enrol_code(a_centre, "Oslo")), pair(other, enrol_code(a_centre, "Bergen"))
    for client, place in ((tablet, here), (other, there)):
        assert client.get(f"{place}clock?persisted=1&unsent=0", base_url=PUBLIC).status_code == 200
    assert gateway.health()["away"] == 0
    assert isinstance(gateway.clock, Hands)
    gateway.clock.ahead_ms += 25 * 3_600_000
    tablet.get(f"{here}clock?persisted=1&unsent=0", base_url=PUBLIC)
    assert gateway.health()["away"] == 1


@SQLITE_ONLY
def test_a_slow_head_office_holds_up_few(gateway: Terminal, a_centre: Centre, faulty: tuple[Wire, str]) -> None:
    """Whoever pairs a tablet may wait for half a minute; the tablets' own answers never wait with them."""
    code, answers, said = enrol_code(a_centre, "Oslo"), Event(), Queue[str]()

    head_office = faulty[0].app

    def slow(environ: Any, start: Any) -> Any:
        answers.wait(60)
        return head_office(environ, start)

    def try_it() -> None:
        data = {"code": code, "action": "pair"}
        said.put(browser(gateway).post("/pair", base_url=PUBLIC, data=data, headers=HERE).text)

    faulty[0].app = slow
    browser(gateway)  # the application is there
    people = [Thread(target=try_it) for _ in range(MOST_ASKING + 3)]
    for person in people:
        person.start()
    busy = [said.get(timeout=60) for _ in range(3)]  # while head office has answered nobody
    answers.set()
    for person in people:
        person.join()
    assert all("Another screen is being paired just now; try again in a moment." in page for page in busy)
    assert not any("just now" in said.get() for _ in range(MOST_ASKING))
