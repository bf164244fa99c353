"""Nonsense in every field of every form: a sentence or a page, never a failure. Forms are found by themselves, on every
page that somebody who runs all of it can open."""

from collections.abc import Iterator
from html.parser import HTMLParser
from random import Random
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient

from sync import access
from sync.centre import Centre
from sync.office.subjects import KINDS
from tests.sync.conftest import Clock
from tests.sync.each_kind import MAKERS
from tests.sync.norway import OURS, Chain

NONSENSE = [
    "", " ", "\0", "a\0b", "x" * 10_000, "\u202eevil", "\U0001f600" * 50, "-1", "0", "1.5", "9" * 30, "1e400", "NaN",
    "٣", "null", "[]", '{"a": 1}', "<b>", "' OR 1=1 --", "../../etc/passwd", "24:00", "25:61", "2026-02-30",
    "9999-12-31", "0000-00-00", "Europe/Nowhere", "en,xx", "#zzzzzz", "\r\nSet-Cookie: a=b", "％", "\ufffe", "\x1b[31m",
]  # fmt: skip
LEFT_OUT = ("/sign-out", "/account/sessions")
"""What ends the session that tries."""


class Form(NamedTuple):
    method: str
    action: str
    fields: tuple[tuple[str, str], ...]


class Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._page = page
        self._open: tuple[str, str] | None = None
        self._fields: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open, self._fields = (given.get("method", "get"), given.get("action") or self._page), []
        elif self._open and given.get("name") and tag in ("input", "select", "textarea", "button"):
            self._fields.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open:
            self.found.append(Form(*self._open, tuple(self._fields)))
            self._open = None


class Town(Chain):
    def pages(self) -> Iterator[str]:
        with self.centre.db.writing() as tx:
            ids = {kind: MAKERS[kind](tx, self.norway, f"{kind} of all", self.clock()) for kind in KINDS}
        with self.app.test_request_context():
            adapter = self.app.url_map.bind("localhost")
            for rule in self.app.url_map.iter_rules():
                kinds = {name: access.kind_of(self.app, rule.endpoint, name) for name in rule.arguments}
                said = access.declared(self.app, rule.endpoint)
                if "GET" in (rule.methods or ()) and None not in kinds.values() and said and said.who != "device":
                    yield adapter.build(rule.endpoint, {name: ids[kind or ""] for name, kind in kinds.items()})


def forms(town: Town, client: FlaskClient) -> list[Form]:
    found: dict[tuple[str, str, tuple[str, ...]], Form] = {}
    for address in town.pages():
        answer = client.get(address)
        if answer.mimetype == "text/html":
            reader = Forms(address)
            reader.feed(answer.get_data(as_text=True))
            for form in reader.found:
                found[form.method, form.action, tuple(name for name, _ in form.fields)] = form
    return [form for form in found.values() if not form.action.startswith(LEFT_OUT)]


def test_nonsense_in_any_field_breaks_nothing(a_centre: Centre, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    town, random = Town(a_centre, clock), Random(5)
    client, broken, tried = town.browser(town.astrid), [], 0
    for form in forms(town, client):
        names = list(dict.fromkeys(name for name, _ in form.fields))
        for name in names:
            given = {**dict(form.fields), name: random.choice(NONSENSE)}
            told = urlsplit(form.action)
            query = dict(parse_qsl(told.query))
            if form.method.lower() == "post":
                answer = client.post(told.path, query_string=query, data=given, headers=OURS)
            else:
                answer = client.get(told.path, query_string={**query, **given})
            tried += 1
            if answer.status_code >= 500:
                broken.append((form.method, form.action, name, given[name][:30], answer.status_code))
    assert broken == []
    assert tried > 100
    assert "Traceback" not in caplog.text
