"""What rules keep out of the score, and a person's word on it: both numbers stand there; it is the response's."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from sync import models
from sync.centre import Centre
from sync.intake import tally
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain

SECOND = 1_000


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def astrid(chain: Chain) -> FlaskClient:
    return chain.browser(chain.astrid)


def mash(chain: Chain, n: int = 5, **changes: Any) -> list[dict[str, Any]]:
    """A child at the screen: answers a second apart, of which all but the first are a burst."""
    box, began = chain.boxes[chain.oslo], chain.clock() - 3_600_000
    entries = []
    for index in range(n):
        at_ms = began + index * SECOND
        stamp = {"boot": f"{box.boot}-mash", "boottime_ms": at_ms % 10**12, "wall_ms": at_ms, "synced": True}
        entries.append(box.response(0, at_ms=at_ms, stamp=stamp, **changes))
    box.send(chain.app.test_client(), *entries)
    return entries


def word(client: FlaskClient, answer: str, flag: str, do: str, reason: str = "It was the mayor.") -> TestResponse:
    form = {"flag": flag, "do": do, "reason": reason}
    return client.post(f"/answers/{answer}/flags", data=form, headers=OURS)


def flags_of(chain: Chain, answer: str) -> tuple[str, bool]:
    with chain.centre.db.reading() as tx:
        row = tx.execute(select(models.responses).where(models.responses.c.id == answer)).one()
        assert tally.verify(tx) is None
    return row.flags, row.aside


def caught(page: str, rule: str) -> int:
    found = re.search(rf"rule={rule}[^>]*>.*?<b>(\d+)</b>", page, re.DOTALL)
    return int(found[1]) if found else 0


def test_both_numbers_and_what_each_rule_caught(chain: Chain, astrid: FlaskClient) -> None:
    chain.visits(chain.oslo, [3] * 40)
    mash(chain)
    page = astrid.get("/flags").text
    assert caught(page, "burst") == 4
    both = re.findall(r"<b>([^<]*)</b> <span class=\"soft\">[^<]*?(\d+) answers", page)
    assert both == [("98", "41"), ("89", "45")]
    assert "Oslo" in page
    assert caught(astrid.get(f"/flags?place={chain.bergen}").text, "burst") == 0
    assert caught(astrid.get("/flags?days=7").text, "burst") == 4
    sample = astrid.get("/flags/caught?rule=burst").text
    assert sample.count('class="answer"') == 4


def test_a_lifted_flag_counts_again_and_stays_lifted(chain: Chain, astrid: FlaskClient, clock: Clock) -> None:
    entries = mash(chain)
    one = entries[2]["id"]
    assert flags_of(chain, one) == ("burst", True)
    assert word(astrid, one, "burst", "lift").status_code == 303
    assert flags_of(chain, one) == ("", False)
    page = astrid.get(f"/answers/{one}").text
    assert "It was the mayor." in page
    assert "Astrid" in page
    assert 'class="answer"' in astrid.get("/flags/caught?rule=burst&lifted=yes").text
    # A later revision, and a neighbour that comes late, change nothing of it.
    box = chain.boxes[chain.oslo]
    stamp = {**entries[2]["stamp"], "boottime_ms": entries[2]["stamp"]["boottime_ms"] + 500}
    box.send(chain.app.test_client(), box.response(1, id=one, rev=2, stamp=entries[2]["stamp"]))
    assert flags_of(chain, one) == ("", False)
    box.send(chain.app.test_client(), box.response(0, stamp=stamp))
    assert flags_of(chain, one) == ("", False)
    assert word(astrid, one, "burst", "set", "A child after all.").status_code == 303
    assert flags_of(chain, one) == ("burst", True)
    log = astrid.get("/audit").text
    assert "A child after all." in log


def test_an_answer_that_no_rule_caught_is_kept_out_by_hand(chain: Chain, astrid: FlaskClient) -> None:
    chain.visits(chain.oslo, [3] * 6)
    with chain.centre.db.reading() as tx:
        one = tx.execute(select(models.responses.c.id).limit(1)).scalar_one()
    assert word(astrid, one, "by_hand", "set", "The fitter tried it.").status_code == 303
    assert flags_of(chain, one) == ("by_hand", True)
    assert caught(astrid.get("/flags").text, "by_hand") == 1
    assert word(astrid, one, "by_hand", "lift", "No, he did not.").status_code == 303
    assert flags_of(chain, one) == ("", False)


@pytest.mark.parametrize(
    ("flag", "do", "reason", "sentence"),
    [
        ("burst", "lift", "", "Say why"),
        ("burst", "lift", "x" * 301, "at most 300"),
        ("ghost", "lift", "Why not", "does not stand on the answer"),
        ("ghost", "set", "Why not", "Only a rule sets this flag"),
        ("time_unknown", "lift", "Why not", "There is no such flag"),
        ("burst", "set", "Why not", "stands on the answer already"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_decided_is_refused(
    chain: Chain, astrid: FlaskClient, flag: str, do: str, reason: str, sentence: str
) -> None:
    one = mash(chain)[2]["id"]
    answer = word(astrid, one, flag, do, reason)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert flags_of(chain, one) == ("burst", True)


def test_an_answer_is_for_those_who_may_read_single_ones(chain: Chain) -> None:
    one = mash(chain)[2]["id"]
    bjorn = chain.browser(chain.bjorn)
    for address in ("/flags", "/flags/caught?rule=burst", f"/answers/{one}"):
        assert bjorn.get(address).status_code == 403, address
    manager = chain.hired("b@example.com", "Manager", ("manager", chain.bergen))
    elsewhere = chain.browser(manager)
    assert elsewhere.get(f"/answers/{one}").status_code == 404
    assert word(elsewhere, one, "burst", "lift").status_code == 404
    assert caught(elsewhere.get("/flags").text, "burst") == 0
    assert elsewhere.get(f"/flags?place={chain.oslo}").status_code == 404
