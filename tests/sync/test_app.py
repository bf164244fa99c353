"""The centre's application as a whole: health, headers, refusals, what the log may know."""

import gzip
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from sync import access, assets
from sync.app import MAX_BODY, create_app
from sync.centre import Centre, open_centre
from sync.config import Settings


@pytest.fixture
def sqlite_centre(migrated_file: Path, tmp_path: Path) -> Iterator[Centre]:
    (tmp_path / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    opened = open_centre(Settings(data=tmp_path))
    yield opened
    opened.db.close()


@pytest.fixture
def app(sqlite_centre: Centre) -> Flask:
    return create_app(sqlite_centre)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_health_is_about_the_process_and_readiness_about_the_database(a_centre: Centre) -> None:
    client = create_app(a_centre).test_client()
    assert client.get("/readyz").json == {
        "status": "ready",
        "database": a_centre.db.dialect,
        "journal": a_centre.db.journal,
    }
    with a_centre.db.writing() as tx:
        tx.exec_driver_sql("DROP TABLE smilepost_revision")
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").json == {"status": "ok"}


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    access.check(app)
    app.add_url_rule("/forgotten", view_func=lambda: "")
    with pytest.raises(access.Undeclared):
        access.check(app)


def test_every_answer_is_safe_to_show(client: FlaskClient) -> None:
    for path in ("/sign-in", "/healthz", "/nothing", "/api/v1/nothing", "/static/tokens.css", "/"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]


def test_pages_are_not_kept_and_static_files_are(client: FlaskClient) -> None:
    page = client.get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in page.headers["Vary"]
    stamped = client.get(f"/static/tokens.css?v={assets.stamp('tokens.css')}")
    assert stamped.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/tokens.css?v=old").headers["Cache-Control"] == "no-cache"


GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("name", ["tokens.css", "office/page.css", "vendor/htmx.org@2.0.11/htmx.min.js"])
def test_static_files_go_out_packed_to_a_browser_that_unpacks(client: FlaskClient, name: str) -> None:
    place = f"/static/{name}?v={assets.stamp(name)}"
    plain, packed = client.get(place), client.get(place, headers=GZIP)
    assert (plain.content_encoding, packed.content_encoding) == (None, "gzip")
    assert plain.data == gzip.decompress(packed.data) == (assets.STATIC / name).read_bytes()
    assert len(packed.data) < len(plain.data) / 2
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["Cache-Control"] == packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for answer, asked in ((plain, {}), (packed, GZIP)):
        again = client.get(place, headers={**asked, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    part = client.get(place, headers={**GZIP, "Range": "bytes=10-19"})
    assert (part.status_code, part.data, part.content_encoding) == (206, plain.data[10:20], None)


def test_pages_go_out_packed_and_what_terminals_are_told_does_not(client: FlaskClient) -> None:
    plain, packed = client.get("/sign-in"), client.get("/sign-in", headers=GZIP)
    assert (plain.content_encoding, packed.content_encoding) == (None, "gzip")
    assert plain.data == gzip.decompress(packed.data)
    assert {"HX-Request", "Accept-Encoding"} <= set(packed.vary)
    for path in ("/healthz", "/api/v1/nothing"):
        assert client.get(path, headers=GZIP).content_encoding is None


def test_a_person_who_strays_gets_a_page_and_a_machine_a_code(client: FlaskClient) -> None:
    page = client.get("/<script>alert(1)</script>")
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "<script>alert" not in page.text
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json is not None
    assert answer.json["code"] == "not_found"


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "x" * (MAX_BODY + 1)}, headers={"Origin": "http://localhost"})
    assert answer.status_code == 413


def test_a_mistake_of_ours_is_a_calm_page_and_a_log_without_the_address(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/links/<token>")
    @access.open_to("anyone")
    def broken(token: str) -> str:
        raise RuntimeError("a mistake")

    answer = app.test_client().get("/links/geheim?q=geheim")
    assert answer.status_code == 500
    assert "a mistake" not in answer.text
    assert "Something went wrong here" in answer.text
    assert "GET /links/<token> failed" in caplog.text
    assert "geheim" not in caplog.text


def test_a_refusal_is_logged_without_what_was_sent(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        client.post("/sign-in?next=/geheim", data={"password": "geheim"})
    assert "POST /sign-in refused: 403" in caplog.text
    assert "geheim" not in caplog.text


def test_a_proxy_is_believed_only_when_it_is_trusted(sqlite_centre: Centre) -> None:
    forwarded = {"X-Forwarded-Host": "hq.example", "X-Forwarded-Proto": "https", "Origin": "https://hq.example"}
    lonely = create_app(sqlite_centre).test_client()
    assert lonely.post("/sign-in", headers=forwarded).status_code == 403
    settings = msgspec.structs.replace(sqlite_centre.settings, trusted_proxies=1)
    behind = Centre(sqlite_centre.db, settings, sqlite_centre.secrets, sqlite_centre.now_ms)
    assert create_app(behind).test_client().post("/sign-in", headers=forwarded).status_code == 401
