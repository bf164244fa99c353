"""The server's log: a line for each request, found again by its id, and never a secret in it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from sync import access, log_lines
from sync.app import create_app
from sync.centre import Centre
from sync.log_lines import Json, Text
from sync.models import users
from sync.office import keys, people
from sync.office.audit import COMMAND
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, PASSWORD, Chain


class Lines(logging.Handler):
    """The log as it is written, in both forms."""

    def __init__(self) -> None:
        super().__init__()
        self.json, self.text = io.StringIO(), io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.json.write(Json().format(record) + "\n")
        self.text.write(Text().format(record) + "\n")

    def every(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.json.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def app(a_centre: Centre) -> Flask:
    return create_app(a_centre)


def test_each_request_has_a_line_and_an_id(a_centre: Centre, clock: Clock, lines: Lines) -> None:
    chain = Chain(a_centre, clock)
    client = chain.browser(chain.bjorn)
    answer = client.get(f"/locations/{chain.oslo}?question=x")
    (line,) = [line for line in lines.every() if line["logger"] == "sync.observing"][-1:]
    assert line["request"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/locations/<place:number>", 200)
    assert line["user"] == chain.bjorn
    assert line["ms"] >= 0
    assert line["time"].endswith("+00:00")
    assert (line["level"], line["message"]) == ("INFO", "GET /locations/<place:number> 200")
    before = len(lines.every())
    for quiet in ("/healthz", "/readyz", "/static/tokens.css"):
        client.get(quiet)
    assert len(lines.every()) == before
    client.get("/no/such/secret")
    assert lines.every()[-1]["route"] == "unknown"
    log_lines.end()
    logging.getLogger("elsewhere").warning("not in a request")
    assert "request" not in lines.every()[-1]


@pytest.mark.parametrize("given", ["4711", "a-b_C.9", "f" * 64])
def test_an_id_from_the_web_server_in_front_is_kept(given: str, app: Flask) -> None:
    assert app.test_client().get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a b", "<x>", "f" * 65, "é", '"}{"', "a;b"])
def test_an_id_that_is_none_is_made_anew(given: str, app: Flask) -> None:
    answer = app.test_client().get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 16


def plant(app: Flask, centre: Centre) -> None:
    """A page that fails, with what it was given in the words of its mistake and of the database's."""

    def fails(token: str) -> str:
        row = {"email": f"{token}@example.com", "name": token, "created_ms": 1}
        try:
            with centre.db.writing() as tx:
                tx.execute(insert(users).values(row))
                tx.execute(insert(users).values(row))
        except IntegrityError as problem:
            raise ValueError(token) from problem
        return ""

    app.add_url_rule("/fails/<token>", view_func=access.open_to("anyone")(fails))


def test_a_failure_is_one_field_and_repeats_nothing(app: Flask, a_centre: Centre, lines: Lines) -> None:
    plant(app, a_centre)
    calm = app.test_client().get("/fails/geheim")
    assert calm.status_code == 500
    assert calm.headers["X-Request-Id"] in calm.text
    app.test_client().open("/sign-in", method="GEHEIM")
    (line,) = [line for line in lines.every() if "exception" in line]
    assert "IntegrityError" in line["exception"]
    assert line["exception"].endswith("builtins.ValueError")
    assert line["level"] == "ERROR"
    assert "test_log_lines.py" in line["exception"]
    assert "geheim" not in lines.json.getvalue() + lines.text.getvalue()


def test_a_line_stays_a_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "first\nsecond\u2028\ud800 %s", ("a\rb",), None)
    assert [line[:4] for line in Text().format(record).split("\n")[1:]] == ["    "]
    assert len(Json().format(record).splitlines()) == 1
    assert json.loads(Json().format(record))["message"].startswith("first\nsecond")


def test_a_terminal_reads_text_and_a_program_json() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(log_lines.formatter("auto", Terminal()), Text)
    assert isinstance(log_lines.formatter("auto", io.StringIO()), Json)
    assert isinstance(log_lines.formatter("text", io.StringIO()), Text)
    assert isinstance(log_lines.formatter("json", Terminal()), Json)


def test_the_web_servers_own_complaint_names_no_address() -> None:
    record = logging.LogRecord("waitress", logging.ERROR, "", 0, "Exception while serving %s", ("/password/x",), None)
    assert log_lines._without_address(record)
    assert record.getMessage() == "Exception while serving a request"


def test_the_log_of_a_whole_day_holds_no_secret(a_centre: Centre, clock: Clock, lines: Lines) -> None:
    """Wrong passwords, comments that arrive, mistakes, keys, links: whoever reads the log learns none of it."""
    chain = Chain(a_centre, clock)
    app = chain.app
    plant(app, a_centre)
    chain.comment(chain.oslo, "Words of a customer", value=0)
    chain.visits(chain.oslo, [3], answers={"comment": "Words \0 of a customer"})
    nobody, astrid = app.test_client(), chain.browser(chain.astrid)
    for password in ("wrong geheim password", PASSWORD):
        form = {"email": "bjorn@example.com", "password": password, "next": "/?geheim"}
        nobody.post("/sign-in", data=form, headers=OURS)
        nobody.post("/sign-in", data=form)  # of another site
    with a_centre.db.writing() as tx:
        _number, key = keys.make(tx, COMMAND, "Report", None, "read", clock())
        link = people.new_link(tx, chain.bjorn, clock() + 1000)
        cookie = people.new_session(tx, chain.per, clock())
    nobody.get(f"/enter/{link}")
    nobody.get("/enter/geheim-token")
    for path in ("/password/", "/welcome/", "/start/"):
        nobody.get(path + "geheim-token")
        nobody.post(path + "geheim-token", data={"password": "geheim"}, headers=OURS)
    for secret in (key, "sp_geheim"):
        nobody.get("/metrics", headers={"Authorization": f"Bearer {secret}"})
    nobody.get("/", headers={"Cookie": f"smilepost={cookie}", "Referer": "http://localhost/enter/geheim-token"})
    ask = {"name": "Kari geheim", "email": "kari@example.com", "role": "admin", "at": "all"}
    invited = astrid.post("/people/invite", data=ask, headers=OURS).text
    made = astrid.post("/keys/new", data={"name": "Geheim", "may": "read", "at": "all"}, headers=OURS).text
    assert nobody.get("/fails/geheim").status_code == 500
    astrid.get(f"/locations/{chain.oslo}/comments?before=geheim")
    nobody.post("/api/v1/batches", data=b'{"geheim": "Words of a customer"}', content_type="application/json")
    written = lines.json.getvalue() + lines.text.getvalue()
    shown = [part.split('"')[0] for page in (invited, made) for part in page.split('id="secret" readonly value="')[1:]]
    assert len(shown) == 2
    secret = [key, link, cookie, PASSWORD, *(each.rpartition("/")[2] for each in shown)]
    telling = [
        "geheim",
        "customer",
        "@example.com",
        "Bearer",
        "Kari",
        "Bjørn",
        *secret,
        *(each[:12] for each in secret),
    ]
    assert len(written.splitlines()) > 40
    assert [text for text in telling if text.lower() in written.lower()] == []
