"""Machines and their keys: what each opens, and what none of them does."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from sync import access
from sync.centre import Centre
from sync.models import api_keys, audit
from sync.office import keys, throttle
from sync.office.audit import COMMAND
from tests.sync.conftest import Clock
from tests.sync.norway import Chain

MINUTE_MS = 60_000


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    chain = Chain(a_centre, clock)
    _plant(chain.app)
    return chain


def _plant(app: Flask) -> None:
    """Routes of each kind, as a room would have them."""

    def read(number: int) -> dict[str, Any]:
        return {"place": number, "key": access.holder().name}

    def bring() -> dict[str, Any]:
        return {"by": access.actor().name}

    app.add_url_rule("/api/v1/planted/<place:number>", view_func=access.key("read")(read))
    app.add_url_rule("/api/v1/brought", view_func=access.key("import", below="place")(bring), methods=["PUT"])
    app.add_url_rule("/planted/whole", "whole", access.key("read", whole=True)(lambda: "all of it"))


def make(chain: Chain, may: str = "read", at: int | None = None) -> str:
    with chain.centre.db.writing() as tx:
        return keys.make(tx, COMMAND, "The till's report", at, may, chain.clock())[1]


Ask = Callable[..., TestResponse]


def ask(client: FlaskClient, path: str, key: str | None, method: str = "GET", **given: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    return client.open(path, method=method, headers=headers, **given)


def told(answer: TestResponse) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json", answer.text
    return answer.status_code, json.loads(answer.text)["code"]


def test_a_key_reads_its_part_of_the_tree_and_nothing_else(chain: Chain) -> None:
    client, norwegian = chain.app.test_client(), make(chain, at=chain.norway)
    answer = ask(client, f"/api/v1/planted/{chain.oslo}", norwegian)
    assert answer.get_json() == {"place": chain.oslo, "key": "The till's report"}
    for stranger in (chain.malmo, chain.sweden, 999_999):
        assert told(ask(client, f"/api/v1/planted/{stranger}", norwegian)) == (404, "not_there")
    assert told(ask(client, "/planted/whole", norwegian)) == (403, "key_part")
    everything = make(chain)
    assert ask(client, f"/api/v1/planted/{chain.malmo}", everything).status_code == 200
    assert ask(client, "/planted/whole", everything).text == "all of it"


def test_each_kind_of_key_opens_its_own_door(chain: Chain) -> None:
    client, reads, imports = chain.app.test_client(), make(chain), make(chain, "import", chain.norway)
    assert ask(client, "/api/v1/brought", imports, "PUT").get_json() == {"by": "key The till's report"}
    assert ask(client, "/api/v1/brought", imports, "PUT", query_string={"below": chain.oslo}).status_code == 200
    for stranger in (str(chain.malmo), "nothing", "9" * 40):
        answer = ask(client, "/api/v1/brought", imports, "PUT", query_string={"below": stranger})
        assert told(answer) == (404, "not_there")
    wrong = ask(client, "/api/v1/brought", reads, "PUT")
    assert told(wrong) == (403, "key_kind")
    assert 'error="insufficient_scope"' in wrong.headers["WWW-Authenticate"]
    assert told(ask(client, f"/api/v1/planted/{chain.oslo}", imports)) == (403, "key_kind")


def test_without_a_key_in_use_nobody_comes_in(chain: Chain) -> None:
    client, key = chain.app.test_client(), make(chain)
    path = f"/api/v1/planted/{chain.oslo}"
    nobody = ask(client, path, None)
    assert told(nobody) == (401, "no_key")
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="Smilepost"'
    for headers in ({"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}, {"Authorization": key}):
        assert client.get(path, headers=headers).status_code == 401
    for wrong in (key[:-1], key + "A", key.swapcase(), "x" * 5000, "é\u20ac"[:1]):
        assert told(ask(client, path, wrong)) == (401, "key_unknown")
    with chain.centre.db.writing() as tx:
        keys.revoke(tx, COMMAND, 1, chain.clock())
        keys.revoke(tx, COMMAND, 1, chain.clock() + 1)
        assert tx.execute(select(audit.c.action)).scalars().all() == ["key made", "key revoked"]
    refused = ask(client, path, key)
    assert told(refused) == (401, "key_unknown")
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_a_key_opens_no_page_and_a_session_opens_nothing_of_the_machines(chain: Chain) -> None:
    key, astrid = make(chain), chain.browser(chain.astrid)
    page = ask(chain.app.test_client(), "/", key)
    assert (page.status_code, page.location) == (303, "/sign-in")
    assert told(astrid.get(f"/api/v1/planted/{chain.oslo}")) == (401, "no_key")


def test_wrong_keys_have_to_wait_and_right_ones_never_do(chain: Chain, clock: Clock) -> None:
    client, key, path = chain.app.test_client(), make(chain), f"/api/v1/planted/{chain.oslo}"
    for _ in range(throttle.PER_ADDRESS):
        assert ask(client, path, "sp_guessed").status_code == 401
    waits = ask(client, path, "sp_guessed")
    assert told(waits) == (429, "key_throttled")
    assert 0 < int(waits.headers["Retry-After"]) <= 900
    assert ask(client, path, key).status_code == 200
    with chain.centre.db.reading() as tx:  # and nobody is kept from signing in by it
        assert not [row for row in tx.execute(select(throttle.sign_in_failures)) if row.subject.startswith("address")]
    clock.ms += 16 * MINUTE_MS
    assert ask(client, path, "sp_guessed").status_code == 401


def test_a_key_is_kept_as_a_hash_and_says_when_it_was_used(chain: Chain, clock: Clock) -> None:
    client, key = chain.app.test_client(), make(chain)
    with chain.centre.db.reading() as tx:
        row = tx.execute(select(api_keys)).one()
    assert key not in repr(row)
    assert (row.hint, len(row.key_hash), row.used_ms) == (key[:8], 64, None)
    assert len(key) == 46
    for _ in range(2):
        assert ask(client, f"/api/v1/planted/{chain.oslo}", key).status_code == 200
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(api_keys.c.used_ms)).scalar() == clock()
