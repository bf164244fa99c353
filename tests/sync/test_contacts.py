"""How to reach a customer: stored apart from the answer, shown to those who may read answers, erased with them."""

from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, survey, wire
from sync.centre import Centre
from sync.intake import tally
from sync.office import surveys
from sync.survey import BUILTIN
from tests.boxes import Box, new_id, verdicts
from tests.sync.conftest import Clock, Verb
from tests.sync.norway import Chain
from tests.sync.test_pages import words

CALL = survey.Question(
    "call", "contact", dict.fromkeys(BUILTIN.languages, "May we call you?"),
    consent=dict.fromkeys(BUILTIN.languages, "You may contact me."),
)  # fmt: skip
ASKED = msgspec.structs.replace(BUILTIN, id="shop", questions=(*BUILTIN.questions, CALL))
KARI = {"name": "Kari <b>", "reach": "+47 555 01 23"}


def publish(centre: Centre) -> None:
    with centre.db.writing() as tx:
        surveys.publish(tx, ASKED, 0)


def rows(centre: Centre, table: Any) -> list[Any]:
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return list(tx.execute(select(table)).all())


def contact(box: Box, given: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The entry that a terminal seals after the response."""
    box.seq += 1
    shared = ("rev", "stream", "schema", "test", "screen", "placement", "survey", "version", "lang", "stamp")
    entry = {
        **{name: given[name] for name in shared}, "kind": "contact", "id": new_id(), "seq": box.seq,
        "response": given["id"], "consent": "call", "answers": KARI,
    }  # fmt: skip
    return wire.seal({**entry, **changes}, "pepper")


def test_it_is_stored_apart_and_counted_nowhere(a_centre: Centre, oslo: Box, client: FlaskClient) -> None:
    publish(a_centre)
    given = oslo.response(0, survey="shop")
    coming = contact(oslo, given)
    for expected in ("stored", "duplicate"):
        assert verdicts(oslo.send(client, given, coming)) == [expected, expected]
    (row,) = rows(a_centre, models.contacts)
    assert (row.id, row.response_id, row.rev) == (coming["id"], given["id"], 1)
    assert wire.read_entry(row.body.encode())["answers"] == KARI
    (response,) = rows(a_centre, models.responses)
    assert "Kari" not in response.body
    assert sum(row.n for row in rows(a_centre, models.tallies_day)) == 1


def test_it_may_come_before_its_response_and_the_highest_revision_stays(
    a_centre: Centre, oslo: Box, client: FlaskClient
) -> None:
    publish(a_centre)
    given = oslo.response(0, survey="shop")
    first = contact(oslo, given)
    second = contact(oslo, given, id=first["id"], rev=3, answers={"reach": "kari@example.org"})
    assert verdicts(oslo.send(client, second)) == ["stored"]
    assert verdicts(oslo.send(client, first, given)) == ["stored", "stored"]
    (row,) = rows(a_centre, models.contacts)
    assert (row.rev, "kari@example.org" in row.body) == (3, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"consent": "comment"}, ("refused", "no_consent")),
        ({"consent": "nothing"}, ("refused", "no_consent")),
        ({"answers": {"reach": "1", "street": "x"}}, ("refused", "bad_shape")),
        ({"answers": {"reach": 5}}, ("refused", "bad_shape")),
        ({"response": 7}, ("refused", "bad_shape")),
        ({"schema": 2}, ("quarantined", "unknown_schema")),
        ({"survey": "unheard-of"}, ("quarantined", "unknown_survey")),
        ({"placement": "p-elsewhere"}, ("quarantined", "unknown_screen")),
        ({"answers": {"reach": "x" * 40_000}}, ("refused", "too_large")),
    ],
)
def test_what_cannot_be_used(
    a_centre: Centre, oslo: Box, client: FlaskClient, changes: dict[str, Any], said: tuple[str, str]
) -> None:
    publish(a_centre)
    given = oslo.response(0, survey="shop")
    answer = oslo.send(client, given, contact(oslo, given, **changes))
    assert (answer.results[1].verdict, answer.results[1].code) == said
    assert rows(a_centre, models.contacts) == []
    assert answer.results[0].verdict == "stored"


def test_it_goes_with_the_words_of_its_response(a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb) -> None:
    publish(a_centre)
    given, later = oslo.response(0, survey="shop"), oslo.response(1, survey="shop")
    oslo.send(client, given, contact(oslo, given), contact(oslo, later))
    assert verb("erase", given["id"])[0] == 0
    assert verb("erase", later["id"])[0] == 0
    assert verdicts(oslo.send(client, later, contact(oslo, later))) == ["erased", "erased"]
    bodies = [wire.read_entry(row.body.encode()) for row in rows(a_centre, models.contacts)]
    assert [body["answers"] for body in bodies] == [{}, {}, {}]
    assert all(wire.is_intact(body) for body in bodies)
    assert "+47 555" not in str(bodies)


def test_its_own_id_can_be_erased_too(a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb) -> None:
    publish(a_centre)
    given = oslo.response(0, survey="shop", answers={"comment": "Rude."})
    coming = contact(oslo, given)
    oslo.send(client, given, coming)
    assert verb("erase", coming["id"])[0] == 0
    (row,) = rows(a_centre, models.contacts)
    assert "+47 555" not in row.body
    (response,) = rows(a_centre, models.responses)
    assert "Rude." in response.body


def test_what_was_kept_apart_by_an_older_centre_is_stored_when_it_is_understood(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    given = oslo.response(0, survey="shop")
    assert verdicts(oslo.send(client, given, contact(oslo, given))) == ["quarantined", "quarantined"]
    publish(a_centre)
    assert verb("replay-quarantine") == (0, "Counting now: 2 unknown_survey. Still kept apart: none.\n")
    assert len(rows(a_centre, models.contacts)) == 1


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def test_a_place_shows_who_asked_to_be_called(chain: Chain, a_centre: Centre) -> None:
    publish(a_centre)
    box = chain.boxes[chain.oslo]
    given = box.response(0, at_ms=chain.clock() - 60_000, survey="shop")
    tried = box.response(0, at_ms=chain.clock() - 60_000, survey="shop", test=True)
    entries = given, contact(box, given), tried, contact(box, tried, answers={"reach": "nobody@example.org"})
    assert verdicts(box.send(chain.app.test_client(), *entries)) == ["stored"] * 4
    page = chain.page(f"/locations/{chain.oslo}")
    assert "Kari &lt;b&gt;" in page
    assert "Asked to be called Kari <b> +47 555 01 23 Very unhappy" in words(page)
    assert "nobody@example.org" not in page
    assert "+47 555" not in chain.page(f"/locations/{chain.bergen}")
    assert "+47 555" not in chain.page(f"/locations/{chain.oslo}", chain.bjorn), "he may not read single answers"
