"""Who may call what, for every route there is: each role, with ids of its own part of the tree and of a foreign one,
in the address, the query and the body. A route that is added tomorrow is in here by itself."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from werkzeug.routing import Rule

from sync import access, models
from sync.access import Declared
from sync.centre import Centre
from sync.office import people
from sync.office.rights import ROLES
from sync.office.subjects import KINDS
from tests.sync.conftest import Clock
from tests.sync.each_kind import MAKERS
from tests.sync.norway import OURS, Chain

READS = ("GET",)
NOBODYS = {
    "place": "999999",
    "touchpoint": "999999",
    "template": "999999",
    "schedule": "999999",
    "person": "999999",
    "key": "999999",
    "wall": "999999",
    "improvement": "999999",
    "theme": "999999",
    "agreement": "999999",
    "job": "999999",
    "phone": "999999",
    "subscription": "999999",
}
NOT_KEPT_STILL = {"sessions", "sign_in_failures"}
"""Tables in which looking alone leaves a trace."""


@dataclass(frozen=True)
class Call:
    """One way to call a route: its ids by argument, and by field in the query or the body."""

    rule: Rule
    method: str
    said: Declared
    kinds: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule} {self.ids} ?{self.query} {self.body}"


class World:
    """Everything there is twice: in Norway, whose people are asked, and in Sweden, which is none of theirs."""

    def __init__(self, centre: Centre, clock: Clock) -> None:
        self.chain = Chain(centre, clock)
        self.centre, self.clock = centre, clock
        self.people = {role: self.chain.hired(f"{role}@example.com", role, (role, self.chain.norway)) for role in ROLES}
        self.foreign = {kind: self.make(kind, self.chain.sweden) for kind in KINDS}
        self.missing = {kind: NOBODYS.get(kind, "nothing") for kind in KINDS}

    def make(self, kind: str, at: int) -> str:
        with self.centre.db.writing() as tx:
            return MAKERS[kind](tx, at, f"{kind} {secrets.token_hex(3)}", self.clock())

    def own(self, kind: str) -> str:
        """A new one each time, so that no call is in the way of the next."""
        return self.make(kind, self.chain.norway)

    def ask(self, client: FlaskClient, call: Call, **headers: str) -> int:
        with client.application.test_request_context():
            address = client.application.url_map.bind("localhost").build(call.rule.endpoint, call.ids, call.method)
        given: dict[str, Any] = {} if call.method in READS else {"data": call.body}
        return client.open(
            address, method=call.method, query_string=call.query, headers={**OURS, **headers}, **given
        ).status_code

    def contents(self) -> dict[str, Any]:
        """All rows of all tables."""
        with self.centre.db.reading() as tx:
            return {
                table.name: sorted(map(repr, tx.execute(select(table))))
                for table in models.metadata.sorted_tables
                if table.name not in NOT_KEPT_STILL
            }


@pytest.fixture
def world(a_centre: Centre, clock: Clock) -> World:
    return World(a_centre, clock)


def calls(world: World) -> Iterator[Call]:
    app = world.chain.app
    for rule in app.url_map.iter_rules():
        said = access.declared(app, rule.endpoint)
        assert said is not None
        kinds = {name: access.kind_of(app, rule.endpoint, name) for name in rule.arguments}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Call(rule, method, said, {name: kind for name, kind in kinds.items() if kind})


def permitted(world: World) -> list[Call]:
    return [call for call in calls(world) if call.said.who == "permitted"]


def filled(call: Call, ids: dict[str, str]) -> Call:
    """With these ids; what is no id of anything (in the address of a route that needs no permission) is any word."""
    named = {name: ids[call.kinds[name]] if name in call.kinds else "any" for name in call.rule.arguments}
    return Call(call.rule, call.method, call.said, call.kinds, named)


def with_strays(call: Call, own: dict[str, str], strays: dict[str, str]) -> Iterator[Call]:
    """The call with all its ids its own but one, which strays: in the address, in the query, in the body."""
    base = filled(call, own)
    for name, kind in call.kinds.items():
        yield Call(call.rule, call.method, call.said, call.kinds, {**base.ids, name: strays[kind]})
    for name, kind in call.said.fields.items():
        yield Call(call.rule, call.method, call.said, call.kinds, base.ids, {name: strays[kind]})
        if call.method not in READS:
            yield Call(call.rule, call.method, call.said, call.kinds, base.ids, {}, {name: strays[kind]})


def test_every_kind_can_be_made() -> None:
    assert MAKERS.keys() == KINDS.keys()


def test_nobody_and_a_half_signed_in_come_nowhere(world: World) -> None:
    chain = world.chain
    nobody, half = chain.browser(), chain.app.test_client()
    with world.centre.db.writing() as tx:
        half.set_cookie(access.COOKIE, people.new_session(tx, chain.astrid, world.clock()))
    before, wrong = world.contents(), []
    for call in calls(world):
        if call.said.who in ("signed_in", "permitted"):
            for who, client in (("nobody", nobody), ("half signed in", half)):
                status = world.ask(client, filled(call, world.foreign))
                if status not in (303, 401):
                    wrong.append((who, str(call), status))
    assert wrong == []
    assert world.contents() == before


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_what_it_may_not_do_and_changes_nothing(role: str, world: World) -> None:
    client = world.chain.browser(world.people[role])
    asked: list[tuple[Call, int]] = []
    own = {kind: world.own(kind) for kind in KINDS}  # the same each time: no call does anything to them
    for call in permitted(world):
        if call.said.permission not in ROLES[role]:
            asked += [(filled(call, own), 403), (filled(call, world.foreign), 403)]
        else:
            asked += [(stray, 404) for stray in with_strays(call, own, world.foreign)]
            asked += [(stray, 404) for stray in with_strays(call, own, world.missing)]
    before = world.contents()
    answers = [(str(call), world.ask(client, call), expected) for call, expected in asked]
    assert [answer for answer in answers if answer[1] != answer[2]] == []
    assert world.contents() == before


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_let_in_where_it_may(role: str, world: World) -> None:
    client = world.chain.browser(world.people[role])
    wrong = []
    for call in permitted(world):
        if call.said.permission in ROLES[role]:
            mine = filled(call, {kind: world.own(kind) for kind in {*call.kinds.values()}})
            status = world.ask(client, mine)
            if status in (401, 403, 404) or status >= 500:
                wrong.append((str(mine), status))
    assert wrong == []


def test_what_somebody_only_sees_they_do_not_change(world: World) -> None:
    """A manager of Oslo who is a viewer of Norway: what stands elsewhere in Norway is shown, and refused."""
    chain = world.chain
    kari = chain.hired("kari@example.com", "Kari", ("viewer", chain.norway), ("admin", chain.oslo))
    client, asked = chain.browser(kari), []
    for call in permitted(world):
        if call.method not in READS and call.kinds:
            asked.append(filled(call, {kind: world.make(kind, chain.norway) for kind in {*call.kinds.values()}}))
    before = world.contents()
    wrong = [(str(call), status) for call in asked if (status := world.ask(client, call)) != 403]
    assert wrong == []
    assert world.contents() == before


def test_another_site_makes_nobody_do_anything(world: World) -> None:
    client = world.chain.browser(world.chain.astrid)
    before, wrong = world.contents(), []
    for call in calls(world):
        if call.method not in READS and call.said.who not in ("device", "machine"):
            plain = Call(call.rule, call.method, call.said, call.kinds, dict.fromkeys(call.rule.arguments, "1"))
            for origin in ("https://evil.example", "null"):
                if (status := world.ask(client, plain, Origin=origin)) != 403:
                    wrong.append((str(call), origin, status))
    assert wrong == []
    assert world.contents() == before


def test_an_id_that_is_no_id_is_nothing_here(world: World) -> None:
    client = world.chain.browser(world.chain.astrid)
    strange = ["' OR 1=1 --", "%00", "a\0b", "١٢", "9" * 40, "-1", "x" * 300]
    ids, wrong = {kind: world.own(kind) for kind in KINDS}, []
    for call in permitted(world):
        for name, kind in call.said.fields.items():
            for text in strange:
                own = filled(call, ids)
                stray = Call(call.rule, call.method, call.said, call.kinds, own.ids, {name: text})
                if (status := world.ask(client, stray)) != 404:
                    wrong.append((str(stray), kind, status))
    assert wrong == []


def test_every_answer_has_its_headers(world: World) -> None:
    client = world.chain.browser(world.chain.astrid)
    missing = []
    for call in calls(world):
        if call.method in READS and not (set(call.rule.arguments) - set(call.kinds)):
            own = filled(call, {kind: world.own(kind) for kind in {*call.kinds.values()}})
            with client.application.test_request_context():
                address = client.application.url_map.bind("localhost").build(own.rule.endpoint, own.ids)
            headers = client.get(address).headers
            policy = headers.get("Content-Security-Policy", "")
            fits = "default-src 'none'" in policy and "'unsafe" not in policy
            if not (fits and headers.get("X-Content-Type-Options") == "nosniff" and headers.get("Cache-Control")):
                missing.append((address, dict(headers)))
    assert missing == []


def test_a_planted_route_is_caught(world: World) -> None:
    """A route whose view trusts its address: the guard stands in front of it all the same."""
    app = world.chain.app
    app._got_first_request = False

    def rename(number: int) -> str:
        with world.centre.db.writing() as tx:
            tx.execute(insert(models.centre).values(name=f"planted {secrets.token_hex(4)}", value="x"))
        return "done"

    app.add_url_rule(
        "/planted/<place:number>", view_func=access.may("places", parent="place")(rename), methods=["POST"]
    )
    viewer, admin = world.chain.browser(world.people["viewer"]), world.chain.browser(world.people["admin"])
    address = f"/planted/{world.chain.oslo}"
    assert viewer.post(address, headers=OURS).status_code == 403
    assert admin.post(f"/planted/{world.chain.malmo}", headers=OURS).status_code == 404
    assert admin.post(address, headers=OURS, data={"parent": world.chain.malmo}).status_code == 404
    assert admin.post(address, headers=OURS, data={"parent": world.chain.bergen}).status_code == 200
