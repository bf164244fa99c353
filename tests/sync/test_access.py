"""Who may call what, and from where."""

import msgspec
import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from sync import access
from sync.centre import EXTENSION, Centre
from sync.office import people
from tests.sync.conftest import Clock

OURS = {"Origin": "http://localhost"}
HOUR_MS = 3_600_000


def an_app(centre: Centre) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = centre

    @app.route("/open", methods=["GET", "POST"])
    @access.open_to("anyone")
    def for_anyone() -> str:
        return "open"

    @app.post("/api/v1/batches")
    @access.open_to("device")
    def for_devices() -> str:
        return "device"

    @app.route("/places/1", methods=["GET", "POST"])
    @access.open_to("signed_in")
    def for_people() -> str:
        return str(g.user.name)

    access.check(app)
    access.guard(app)
    return app


@pytest.fixture
def client(a_centre: Centre) -> FlaskClient:
    return an_app(a_centre).test_client()


@pytest.fixture
def token(a_centre: Centre) -> str:
    now_ms = a_centre.now_ms()
    with a_centre.db.writing() as tx:
        astrid = people.add_user(
            tx, "astrid@example.com", "Astrid", "a long password", roles=[("admin", None)], now_ms=now_ms
        )
        return people.new_session(tx, astrid, now_ms, second=True)


def test_a_route_that_declares_nothing_stops_the_start() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/secret", view_func=lambda: "everything")
    with pytest.raises(access.Undeclared, match="/secret"):
        access.check(app)


def test_anyone_may_call_an_open_route(client: FlaskClient) -> None:
    assert client.get("/open").text == "open"


def test_a_person_needs_a_session(client: FlaskClient, token: str) -> None:
    stranger = client.get("/places/1?days=7")
    assert (stranger.status_code, stranger.location) == (303, "/sign-in?next=/places/1%3Fdays%3D7")
    client.set_cookie(access.COOKIE, "guessed")
    assert client.get("/places/1").status_code == 303
    client.set_cookie(access.COOKIE, token)
    assert client.get("/places/1").text == "Astrid"


def test_a_session_that_ended_ends_here_too(client: FlaskClient, token: str, a_centre: Centre) -> None:
    client.set_cookie(access.COOKIE, token)
    with a_centre.db.writing() as tx:
        people.sign_out(tx, token, a_centre.now_ms())
    assert client.get("/places/1").status_code == 303


def test_a_session_in_use_stays(client: FlaskClient, token: str, clock: Clock) -> None:
    client.set_cookie(access.COOKIE, token)
    for _ in range(20):
        clock.ms += HOUR_MS
        assert client.get("/places/1").status_code == 200
    clock.ms += 13 * HOUR_MS
    assert client.get("/places/1").status_code == 303


def test_a_refresh_without_a_session_takes_the_whole_page_away(client: FlaskClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/places/1?x=1"}
    answer = client.get("/places/1", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in?next=/places/1")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_another_site_cannot_post_for_somebody(headers: dict[str, str], client: FlaskClient, token: str) -> None:
    client.set_cookie(access.COOKIE, token)
    assert client.post("/places/1", headers=headers).status_code == 403
    assert client.post("/open", headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [OURS, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_pages_can(headers: dict[str, str], client: FlaskClient, token: str) -> None:
    client.set_cookie(access.COOKIE, token)
    assert client.post("/places/1", headers=headers).text == "Astrid"


def test_a_post_without_a_session_comes_back_to_the_overview(client: FlaskClient) -> None:
    answer = client.post("/places/1", headers=OURS)
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_the_public_address_is_ours_as_well(a_centre: Centre) -> None:
    settings = msgspec.structs.replace(a_centre.settings, public_url="https://hq.example")
    behind = Centre(a_centre.db, settings, a_centre.secrets, a_centre.now_ms)
    client = an_app(behind).test_client()
    assert client.post("/open", headers={"Origin": "https://hq.example"}).status_code == 200


def test_a_device_sends_no_origin(client: FlaskClient) -> None:
    assert client.post("/api/v1/batches").text == "device"


def test_the_cookie_is_for_our_pages_alone(a_centre: Centre) -> None:
    app = an_app(a_centre)
    for base, secure in (("http://localhost", False), ("https://localhost", True)):
        with app.test_request_context(base_url=base):
            response = app.make_response("")
            access.give_session(response, "token")
        cookie = response.headers["Set-Cookie"]
        assert ("Secure" in cookie) is secure
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
