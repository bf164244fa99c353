"""Words have their time: afterwards they are nowhere, and every count stands as it stood."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from sync import models
from sync.centre import Centre
from sync.intake import retention, tally
from sync.intake.retention import Terms
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, OURS, Chain
from tests.sync.test_contacts import contact, publish

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SAID = "The chandelier fell onto the escalator"
REACH = "+47 22 33 44 55"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    publish(a_centre)
    return Chain(a_centre, clock)


def say(chain: Chain, text: str = SAID, **changes: Any) -> str:
    """Somebody wrote this at Oslo and asked to be called; the id of the answer."""
    box = chain.boxes[chain.oslo]
    answer = box.response(0, at_ms=chain.clock(), answers={"comment": text}, **{"survey": "shop", **changes})
    reach = contact(box, answer, answers={"reach": REACH, "name": "Solveig Bakken"})
    box.send(chain.app.test_client(), answer, reach)
    return str(answer["id"])


def everything(chain: Chain) -> str:
    """All that the database holds, as text."""
    with chain.centre.db.reading() as tx:
        tables = [table for table in models.metadata.sorted_tables if table.name != "surveys"]
        return "\n".join(str(tuple(row)) for table in tables for row in tx.execute(select(table)))


def counts(chain: Chain) -> list[Any]:
    with chain.centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return [tx.execute(select(table)).all() for table in (models.tallies_day, models.tallies_hour, models.receipts)]


def test_words_go_when_their_time_is_up_and_counts_stay(chain: Chain, clock: Clock) -> None:
    say(chain)
    before = counts(chain)
    clock.ms += 64 * DAY_MS
    assert retention.wipe(chain.centre.db, clock()) == (0, 0)
    assert REACH in chain.page(f"/locations/{chain.oslo}")
    clock.ms += 2 * DAY_MS
    assert retention.wipe(chain.centre.db, clock()) == (1, 0)
    assert "Solveig" not in everything(chain)
    assert "chandelier" in everything(chain)
    clock.ms += 335 * DAY_MS
    assert retention.wipe(chain.centre.db, clock()) == (0, 1)
    assert retention.wipe(chain.centre.db, clock()) == (0, 0)
    assert "chandelier" not in everything(chain)
    assert counts(chain) == before


def test_what_comes_late_goes_at_once(chain: Chain, clock: Clock) -> None:
    """From a terminal that lay in a drawer: it counts, its words are older than they may be."""
    box, at_ms = chain.boxes[chain.oslo], clock()
    clock.ms += 401 * DAY_MS
    stamp = {"boot": "drawer", "boottime_ms": 1_000, "wall_ms": at_ms, "synced": True}
    box.send(chain.app.test_client(), box.response(3, at_ms=at_ms, stamp=stamp, answers={"comment": SAID}))
    assert retention.wipe(chain.centre.db, clock()) == (0, 1)
    assert "chandelier" not in everything(chain)
    counts(chain)


def test_what_lies_apart_loses_its_words_too(chain: Chain, clock: Clock) -> None:
    say(chain, survey="unknown")
    assert "chandelier" in everything(chain)
    clock.ms += 401 * DAY_MS
    retention.wipe(chain.centre.db, clock())
    assert "chandelier" not in everything(chain)
    assert "Solveig" not in everything(chain)


@ON_SQLITE
def test_no_file_of_the_database_holds_a_word_that_was_wiped(chain: Chain, clock: Clock, tmp_path: Path) -> None:
    say(chain)
    say(chain, "The chandelier fell, and was mended")
    assert any(b"chandelier" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    clock.ms += 401 * DAY_MS
    assert retention.wipe(chain.centre.db, clock()) == (2, 2)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"chandelier" not in content, file
            assert b"Solveig" not in content, file
            assert REACH.encode() not in content, file


def test_the_terms_are_set_by_whoever_runs_all_of_it(chain: Chain, clock: Clock) -> None:
    say(chain)
    astrid = chain.browser(chain.astrid)
    assert 'value="65"' in astrid.get("/retention").text
    form = {"contacts": "7", "comments": "30", "seen": "65 400"}
    assert astrid.post("/retention", data=form, headers=OURS).status_code == 303
    with chain.centre.db.reading() as tx:
        assert retention.terms(tx) == Terms(7, 30)
    assert astrid.post("/retention", data=form, headers=OURS).status_code == 409
    assert "retention changed" in everything(chain)
    clock.ms += 31 * DAY_MS
    assert retention.wipe(chain.centre.db, clock()) == (1, 1)
    part = chain.hired("n@example.com", "Nora", ("admin", chain.norway))
    nora = chain.browser(part)
    assert "30" in nora.get("/retention").text
    refused = nora.post("/retention", data={**form, "contacts": "9", "seen": "7 30"}, headers=OURS)
    assert refused.status_code == 400
    assert "whoever runs all of it changes it" in refused.text
    with chain.centre.db.reading() as tx:
        assert retention.terms(tx) == Terms(7, 30)


@ON_SQLITE
@pytest.mark.parametrize("days", ["0", "-1", "99999", "731", "many", "٣", ""])
def test_terms_that_cannot_be_are_refused(chain: Chain, days: str) -> None:
    form = {"contacts": days, "comments": "400", "seen": "65 400"}
    answer = chain.browser(chain.astrid).post("/retention", data=form, headers=OURS)
    assert answer.status_code == 400
    assert "from 1 to 730" in answer.text
