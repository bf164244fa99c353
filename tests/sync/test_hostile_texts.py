"""Every text that a customer, a file or a colleague can set is hostile: it is shown as text on every page there is,
whatever page that will be."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, update

from sync import access, facts, models, survey
from sync.centre import Centre
from sync.office import audit, surveys
from sync.office.subjects import KINDS
from tests.sync.conftest import Clock
from tests.sync.each_kind import MAKERS
from tests.sync.norway import FRAGMENT, Chain

MARK = "x-planted"
SHORT = f"<{MARK} onblur=a()>\"'{{{{7*7}}}}"
EVIL = f"""\"'><{MARK} onfocus=a()></{MARK}><script>{MARK}</script>&lt;{{{{7*7}}}}"""
ADDRESS = f"javascript:{MARK}()"


class Reader(HTMLParser):
    """What a browser would make of a page: everything that a text has become and should not."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[str] = []
        self.is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_script = tag in ("script", "style")
        if tag == MARK:
            self.broken.append(f"<{tag}>")
        for name, value in attrs:
            led = name in ("href", "src", "action", "formaction", "hx-get", "hx-post")
            if (
                name.startswith("on")
                or MARK in name
                or (led and (value or "").strip().lower().startswith("javascript:"))
            ):
                self.broken.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        self.is_script = False

    def handle_data(self, data: str) -> None:
        if self.is_script and MARK in data:
            self.broken.append(f"script: {data[:60]!r}")
        if "49" in data and MARK in data:
            self.broken.append(f"a template in a template: {data[:80]!r}")


class Town:
    """A centre in which every text is evil."""

    def __init__(self, centre: Centre, clock: Clock) -> None:
        self.chain, self.clock = Chain(centre, clock), clock
        with centre.db.writing() as tx:
            at = self.chain.norway
            self.ids = {kind: MAKERS[kind](tx, at, EVIL, clock()) for kind in KINDS} | {"place": str(self.chain.oslo)}
            self._survey(tx)
            self._everything_else(tx)
        answers: dict[str, Any] = {"comment": EVIL, "visit_unhappy": [EVIL[:40]]}
        for value in range(4):
            self.chain.visits(self.chain.oslo, [value] * 6, answers=answers, days_ago=value)

    def _survey(self, tx: Any) -> None:
        content = survey.BUILTIN
        texts = dict.fromkeys(content.languages, EVIL)
        raw: dict[str, Any] = surveys.as_data(content) | {"id": "evil", "version": 1}
        for question in raw["questions"]:
            question["texts"] = texts
            for choice in question.get("choices", ()):
                choice["texts"] = dict.fromkeys(content.languages, SHORT)
        definition = survey.load(msgspec.json.encode(raw))
        surveys.publish(tx, definition, self.clock())
        row = {"touchpoint_id": 0, "key": "survey", "value": '"evil"', "set_ms": self.clock()}
        tx.execute(insert(models.settings).values(row | {"location_id": self.chain.norway}))

    def _everything_else(self, tx: Any) -> None:
        for table, values in (
            (models.locations, {"name": EVIL}),
            (models.touchpoints, {"name": models.touchpoints.c.id.concat(EVIL)}),
            (models.touchpoint_templates, {"name": EVIL}),
            (models.screens, {"name": EVIL}),
            (models.users, {"name": EVIL}),
            (models.api_keys, {"name": EVIL, "hint": EVIL}),
            (models.devices, {"app": EVIL, "install": EVIL, "fingerprint": EVIL}),
            (models.sessions, {"agent": EVIL, "address": EVIL}),
        ):
            tx.execute(update(table).values(**values))
        facts.keep(tx, "organisation", EVIL)
        by = audit.Actor(EVIL, self.chain.astrid, EVIL)
        subject = audit.Subject(EVIL, EVIL, EVIL, "/")
        changes = {EVIL: EVIL, "link": ADDRESS, "list": [EVIL, {EVIL: EVIL}]}
        audit.note(tx, by, EVIL, subject, self.clock(), before=changes, after={EVIL: ADDRESS})
        for kind, known in self.ids.items():
            audit.note(tx, by, EVIL, audit.Subject(kind, known, EVIL, "/"), self.clock(), after=changes)
        for key, value in (("logo_name", EVIL), ("messages", [{"said": {"en": EVIL}, "did": {"en": EVIL}}])):
            row = {"touchpoint_id": 0, "key": key, "set_ms": self.clock(), "location_id": self.chain.norway}
            tx.execute(insert(models.settings).values(**row, value=msgspec.json.encode(value).decode()))

    def pages(self) -> Iterator[str]:
        """The address of everything that can be looked at."""
        app = self.chain.app
        with app.test_request_context():
            adapter = app.url_map.bind("localhost")
            for rule in app.url_map.iter_rules():
                kinds = {name: access.kind_of(app, rule.endpoint, name) for name in rule.arguments}
                said = access.declared(app, rule.endpoint)
                if "GET" not in (rule.methods or ()) or None in kinds.values() or said is None or said.who == "device":
                    continue
                yield adapter.build(rule.endpoint, {name: self.ids[kind or ""] for name, kind in kinds.items()})


@pytest.fixture
def town(a_centre: Centre, clock: Clock) -> Town:
    return Town(a_centre, clock)


def broken(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    return reader.broken


def test_the_reader_sees_what_would_run() -> None:
    assert len(broken(f"<p>{EVIL}</p>")) >= 3
    assert broken(f'<a href="{ADDRESS}">x</a>') == [f"<a href={ADDRESS!r}>"]
    assert broken("<p>{{ 49 }} &lt;x-planted onfocus=a()&gt;</p>".replace("49", "7")) == []


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_a_text_stays_a_text_on_every_page(lang: str, town: Town) -> None:
    client = town.chain.browser(town.chain.astrid)
    queries = ({}, dict.fromkeys(("search", "page", "question", "before", "next", "version", EVIL), EVIL))
    wrong, seen = [], 0
    for address in town.pages():
        for headers in ({}, FRAGMENT):
            for query in queries:
                answer = client.get(address, query_string=query, headers={**headers, "Accept-Language": lang})
                if answer.mimetype != "text/html":
                    continue
                text = answer.get_data(as_text=True)
                seen += MARK in text
                found = broken(text)
                if found or answer.status_code >= 500:
                    wrong.append((address, query, answer.status_code, found[:3]))
    assert wrong == []
    assert seen > 5  # they are shown, after all
