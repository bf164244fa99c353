"""Terminals of before send comments as they were typed: what reaches or identifies somebody is masked on arrival, by
whatever road it comes, and everything that was proved of the entry before still is."""

import json
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, wire
from sync.centre import Centre
from sync.intake import tally
from tests.boxes import Box, new_id, verdicts
from tests.sync.conftest import Verb
from tests.sync.test_quarantine import publish

SECRETS = ("kari@example.com", "06-12345678", "4111 1111 1111 1111", "NL91 ABNA 0417 1643 00", "GZ-738-K")
SAID = "Kari was rude to {}, who can be called at {}. Paid with {} from {}, parked {} outside.".format(*SECRETS)
KEPT = "Kari was rude to [mail], who can be called at [tel]. Paid with [card] from [IBAN], parked [car] outside."
WORDS = {"comment": SAID}


def everything(centre: Centre) -> str:
    """Every row of every table as text."""
    with centre.db.reading() as tx:
        return "\n".join(
            str(tuple(row)) for table in models.metadata.sorted_tables for row in tx.execute(select(table))
        )


def rows(centre: Centre, table: Any) -> list[Any]:
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return list(tx.execute(select(table)).all())


def nothing_of_it(centre: Centre, folder: Path) -> None:
    held = everything(centre)
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".stick")
    for secret in SECRETS:
        assert secret not in held
        assert secret.encode() not in files


def test_a_comment_is_masked_before_it_is_stored(
    a_centre: Centre, oslo: Box, client: FlaskClient, tmp_path: Path
) -> None:
    """The terminal may send it again, and be audited; what says something else under its name is kept apart."""
    entry, other = oslo.response(1, answers=WORDS), oslo.response(3)
    assert verdicts(oslo.send(client, entry)) == ["stored"]
    (row,) = rows(a_centre, models.responses)
    body = json.loads(row.body)
    assert body["answers"] == {"visit": 1, "comment": KEPT}
    assert (body["salt"], body["sha"], wire.is_intact(body), row.commented) == (None, entry["sha"], True, True)
    changed = wire.seal({**entry, "total_ms": 1}, "pepper")
    assert verdicts(oslo.send(client, entry, other, changed)) == ["duplicate", "stored", "quarantined"]
    (receipt,) = (row for row in rows(a_centre, models.receipts) if row.id == entry["id"])
    assert receipt.sha == entry["sha"]
    assert len(oslo.send(client, audit=[[entry["id"], 1], [other["id"], 1], [new_id(), 1]]).missing or []) == 1
    (apart,) = rows(a_centre, models.quarantine)
    told = (apart.code, apart.sha, json.loads(apart.body)["answers"]["comment"])
    assert told == ("conflict", changed["sha"], KEPT)
    later = wire.seal({**entry, "rev": 2, "seq": 9, "answers": {"visit": 1, "comment": SAID + "!"}}, "salt")
    oslo.send(client, later)
    (row,) = (row for row in rows(a_centre, models.responses) if row.id == entry["id"])
    assert (row.rev, json.loads(row.body)["answers"]["comment"]) == (2, KEPT + "!")
    nothing_of_it(a_centre, tmp_path)


def test_what_is_kept_apart_is_masked(a_centre: Centre, oslo: Box, client: FlaskClient, tmp_path: Path) -> None:
    """Of a survey that isn't published, of a schema of tomorrow, and with answers of tomorrow."""
    nested = WORDS | {"visit": {"nested": 1}}
    entries = [
        oslo.response(2, survey="next-years", answers=WORDS),
        wire.seal({**oslo.response(2, answers=WORDS), "schema": 2}, "pepper"),
        wire.seal({**oslo.response(2), "schema": 2, "answers": nested}, "pepper"),
    ]
    assert verdicts(oslo.send(client, *entries)) == 3 * ["quarantined"]
    bodies = [json.loads(row.body) for row in rows(a_centre, models.quarantine)]
    assert [(body["answers"]["comment"], wire.is_intact(body)) for body in bodies] == 3 * [(KEPT, True)]
    nothing_of_it(a_centre, tmp_path)


def test_it_counts_masked_when_it_is_understood(a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb) -> None:
    # As large as an entry may be, and what holds its hash takes more room than the words did.
    full = {"kari": "x" * (wire.MAX_ENTRY - 1200)}
    entry = oslo.response(2, survey="next-years", answers={"comment": "kari@example.com"}, more=full)
    entry = wire.seal({**entry, "more": full["kari"] + "x" * (wire.MAX_ENTRY - len(wire.encode(entry)))}, "pepper")
    entry = wire.seal(
        {**entry, "more": "x" * (len(entry["more"]) + wire.MAX_ENTRY - len(wire.encode(entry)))}, "pepper"
    )
    assert len(wire.encode(entry)) == wire.MAX_ENTRY
    assert verdicts(oslo.send(client, entry)) == ["quarantined"]
    assert len(rows(a_centre, models.quarantine)[0].body) > wire.MAX_ENTRY
    before = oslo.response(2, survey="next-years", answers=WORDS)
    oslo.send(client, before)
    with a_centre.db.writing() as tx:  # as a centre of before kept it
        table = models.quarantine
        tx.execute(table.update().where(table.c.id == before["id"]).values(body=wire.encode(before).decode()))
    publish(a_centre, "next-years")
    assert "Counting now: 2 unknown_survey." in verb("replay-quarantine")[1]
    counted = {row.id: json.loads(row.body)["answers"]["comment"] for row in rows(a_centre, models.responses)}
    assert counted == {entry["id"]: "[mail]", before["id"]: KEPT}
    assert verdicts(oslo.send(client, entry)) == ["duplicate"]
    assert all(secret not in everything(a_centre) for secret in SECRETS)


def test_a_stick_brings_nothing_else(a_centre: Centre, oslo: Box, verb: Verb, tmp_path: Path) -> None:
    entries = [oslo.response(1, answers=WORDS), oslo.response(1, survey="next-years", answers=WORDS)]
    path = oslo.export(tmp_path / "month.stick", oslo.batch(entries))
    assert verb("import", path)[0] == 0
    (row,) = rows(a_centre, models.responses)
    assert json.loads(row.body)["answers"]["comment"] == KEPT
    nothing_of_it(a_centre, tmp_path)


def test_masked_words_are_erased_like_others(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb, tmp_path: Path
) -> None:
    entry = oslo.response(1, answers=WORDS)
    oslo.send(client, entry)
    assert verb("erase", entry["id"])[0] == 0
    (row,) = rows(a_centre, models.responses)
    body = json.loads(row.body)
    assert (body["answers"], wire.is_intact(body), row.commented) == ({"visit": 1}, True, False)
    later = wire.seal({**entry, "rev": 2, "seq": 9}, "salt")
    assert verdicts(oslo.send(client, later)) == ["erased"]
    assert verb("verify")[0] == 0
    assert "was rude" not in everything(a_centre)


def test_how_to_reach_somebody_who_asked_for_it_stays(a_centre: Centre, oslo: Box, client: FlaskClient) -> None:
    response = oslo.response(1, survey="next-years")
    contact = wire.seal(
        {**response, "kind": "contact", "id": new_id(), "response": response["id"], "consent": "call",
         "answers": {"name": "Kari", "reach": "kari@example.com"}}, "pepper",
    )  # fmt: skip
    oslo.send(client, contact)
    assert "kari@example.com" in everything(a_centre)
