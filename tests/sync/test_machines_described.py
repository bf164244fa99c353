"""What stands in openapi.json is asked for, with what nobody expects, and what comes back has the shape it says."""

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sync.centre import Centre
from sync.office import answer_rows, keys
from sync.office.audit import COMMAND
from tests.sync.conftest import Clock
from tests.sync.norway import Chain

ASKED = 10
"""Questions to each address, of either kind: those that it says it answers, and others."""
SINGLES = ("/api/v1/responses", "/api/v1/comments")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    made = Chain(a_centre, clock)
    made.visits(made.oslo, [3, 2, 0] * 4, days_ago=1)
    made.visits(made.malmo, [3] * 3, lang="sv")
    made.comment(made.bergen, '=cmd|"/c calc"!A1 \u202e\0 😀', 0)
    clock.ms += answer_rows.SETTLED_MS + 1
    return made


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_has_the_shape_that_is_promised(mode: GenerationMode, chain: Chain, clock: Clock) -> None:
    with chain.centre.db.writing() as tx:
        held = {kind: keys.make(tx, COMMAND, kind, None, kind, clock())[1] for kind in ("read", "responses")}
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", chain.app)
    codes = {}
    for found in described.get_all_operations():
        operation = found.ok()
        token = held["responses" if operation.path in SINGLES else "read"]
        codes[operation.path] = asked(operation, mode, {"Authorization": f"Bearer {token}"}, clock)
    assert set(codes) == set(described.raw_schema["paths"])
    if mode is GenerationMode.POSITIVE:
        assert all(200 in seen or "{place}" in path for path, seen in codes.items()), codes
    else:
        assert all(seen & {400, 404} for seen in codes.values()), codes


def asked(
    operation: schemathesis.APIOperation, mode: GenerationMode, headers: dict[str, str], clock: Clock
) -> set[int]:
    """The statuses of what came back, each of which held what is promised."""
    seen: set[int] = set()

    @seed(20_260_303)
    @settings(
        max_examples=ASKED, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        clock.ms += 1_000  # no more often than a key may
        seen.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    ask()
    return seen


def test_without_a_key_every_address_refuses_as_it_says(chain: Chain) -> None:
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", chain.app)
    machine: FlaskClient = chain.app.test_client()
    for path in described.raw_schema["paths"]:
        answer = machine.get(path.replace("{place}", str(chain.oslo)))
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), path
        assert set(answer.get_json()) >= {"code", "status", "title"}
