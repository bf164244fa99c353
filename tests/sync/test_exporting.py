"""What leaves: tables for spreadsheets, and answers for machines, page by page."""

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from sync import models
from sync.centre import Centre
from sync.office import answer_rows, exporting, keys, openapi
from sync.office.audit import COMMAND
from sync.pace import AT_ONCE
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, Chain

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def machine(chain: Chain) -> FlaskClient:
    return chain.app.test_client()


def table(chain: Chain, address: str, user: int | None = None) -> list[dict[str, str]]:
    answer = chain.browser(user or chain.astrid).get(address)
    assert answer.status_code == 200, answer.status
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def key(chain: Chain, may: str, at: int | None = None) -> dict[str, str]:
    with chain.centre.db.writing() as tx:
        _, token = keys.make(tx, COMMAND, "A warehouse", at, may, chain.clock())
    return {"Authorization": f"Bearer {token}"}


def settled(clock: Clock) -> None:
    """What came in is there for whoever reads on."""
    clock.ms += answer_rows.SETTLED_MS + 1


def test_every_answer_stands_in_the_table_once(chain: Chain, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 7)
    monkeypatch.setattr(answer_rows, "AT_ONCE", 7)
    for days_ago in range(3):
        chain.visits(chain.oslo, [3] * 9 + [0], days_ago=days_ago)
    chain.comment(chain.bergen, '=HYPERLINK("http://evil.example")', 1)
    settled(clock)
    rows = table(chain, "/export/responses.csv")
    assert len(rows) == 31
    assert len({row["id"] for row in rows}) == 31
    assert sorted({row["place"] for row in rows}) == ["Bergen", "Oslo"]
    assert [row["value"] for row in rows].count("0") == 3
    assert len(table(chain, f"/export/responses.csv?place={chain.bergen}")) == 1
    (comment,) = table(chain, "/export/comments.csv")
    assert comment["comment"] == '\'=HYPERLINK("http://evil.example")'
    days = table(chain, "/export/days.csv")
    assert sum(int(row["n"]) for row in days if row["question"] == "visit") == 31
    with chain.centre.db.reading() as tx:
        told = tx.execute(select(models.audit.c.after).where(models.audit.c.action == "answers exported")).scalars()
        assert len(told.all()) == 3


def test_who_may_not_see_single_answers_takes_away_what_everybody_may_see(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 4 + [0] * 4, days_ago=1)
    chain.visits(chain.oslo, [0] * 3)
    bjorn = chain.browser(chain.bjorn)
    for name in ("responses", "comments"):
        assert bjorn.get(f"/export/{name}.csv").status_code == 403
    assert "Answers" not in bjorn.get("/export").text.split("<main")[1]
    rows = table(chain, "/export/days.csv", chain.bjorn)
    assert [row["n"] for row in rows] == ["8"], "three of today are too few"
    assert "touchpoint" not in rows[0]


def test_a_hidden_comment_leaves_with_nobody(chain: Chain, clock: Clock) -> None:
    chain.comment(chain.oslo, "Rude")
    with chain.centre.db.writing() as tx:
        rude = tx.execute(select(models.responses.c.id)).scalar_one()
        tx.execute(models.moderation.insert().values(response_id=rude, hidden_ms=clock(), hidden_by="Astrid"))
    settled(clock)
    assert table(chain, "/export/comments.csv") == []
    reads = key(chain, "responses")
    assert chain.app.test_client().get("/api/v1/comments", headers=reads).get_json()["comments"] == []


def test_whoever_reads_on_has_every_answer_once(chain: Chain, machine: FlaskClient, clock: Clock) -> None:
    reads, seen, address = key(chain, "responses"), list[Any](), "/api/v1/responses?limit=4"
    for round_ in range(4):
        chain.visits(chain.oslo, [3, 2, 1, 0, 3])
        settled(clock)
        while address:
            found = machine.get(address, headers=reads).get_json()
            seen += found["responses"]
            last, address = address, found["next"]
        if seen:
            newest = seen[-1]
            moment = next(ms for ms, name in received(chain) if name == newest["id"])
            address = f"/api/v1/responses?limit=4&after={moment}.{newest['id']}"
        assert len(seen) == 5 * (round_ + 1), last
    assert len({each["id"] for each in seen}) == 20
    assert {each["place"]["name"] for each in seen} == {"Oslo"}


def received(chain: Chain) -> list[tuple[int, str]]:
    with chain.centre.db.reading() as tx:
        return [(row.received_ms, row.id) for row in tx.execute(select(models.responses))]


def test_a_key_reads_what_it_is_for(chain: Chain, machine: FlaskClient, clock: Clock) -> None:
    chain.visits(chain.oslo, [3] * 6)
    chain.visits(chain.malmo, [0] * 6)
    settled(clock)
    scores, answers = key(chain, "read"), key(chain, "responses", chain.norway)
    assert machine.get("/api/v1/responses", headers=scores).status_code == 403
    assert machine.get("/api/v1/comments", headers=scores).status_code == 403
    assert machine.get("/api/v1/responses").status_code == 401
    found = machine.get("/api/v1/responses", headers=answers).get_json()["responses"]
    assert {each["place"]["name"] for each in found} == {"Oslo"}
    assert machine.get(f"/api/v1/responses?place={chain.malmo}", headers=answers).status_code == 404
    listed = machine.get("/api/v1/scores", headers=scores).get_json()["scores"]
    assert {each["place"]["name"]: each["score"] for each in listed}["Oslo"] == 100.0
    assert {each["place"]["name"]: each["n"] for each in listed}["Malmö"] == 6
    for wrong in ("after=x", "limit=0", "from=soon", "flagged=perhaps", "from=2026-02-02&to=2026-02-01"):
        refused = machine.get(f"/api/v1/responses?{wrong}", headers=answers)
        assert refused.status_code == 400, wrong
        assert refused.get_json()["title"]


def test_a_key_without_single_answers_hears_no_few(chain: Chain, machine: FlaskClient) -> None:
    chain.visits(chain.oslo, [3] * 4)
    address = f"/api/v1/scores?place={chain.oslo}"
    (oslo,) = machine.get(address, headers=key(chain, "read")).get_json()["scores"]
    assert (oslo["score"], oslo["n"]) == (None, None)
    assert machine.get("/api/v1/scores", headers=key(chain, "responses")).get_json()["scores"][0]["early"] is False


@ON_SQLITE
def test_nobody_gives_a_machine_what_they_may_not_read(chain: Chain) -> None:
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(func.count()).select_from(models.api_keys)).scalar_one() == 0
    form = {"name": "A report", "may": "responses", "at": "all"}
    answer = chain.browser(chain.astrid).post("/keys/new", data=form, headers={"Origin": "http://localhost"})
    assert answer.status_code == 200
    assert "/api/v1/places" in answer.text


@ON_SQLITE
def test_what_is_known_already_is_not_sent_again(chain: Chain, machine: FlaskClient, clock: Clock) -> None:
    chain.visits(chain.oslo, [3] * 6)
    settled(clock)
    reads = key(chain, "responses")
    for address in (
        "/api/v1/places",
        "/api/v1/scores",
        "/api/v1/responses",
        "/api/v1/comments",
        "/api/v1/openapi.json",
    ):
        first = machine.get(address, headers=reads)
        again = machine.get(address, headers={**reads, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), address


@ON_SQLITE
def test_a_key_that_asks_too_often_waits(chain: Chain, machine: FlaskClient, clock: Clock) -> None:
    reads = key(chain, "read")
    codes = [machine.get("/api/v1/places", headers=reads).status_code for _ in range(AT_ONCE + 1)]
    assert codes == [200] * AT_ONCE + [429]
    refused = machine.get("/api/v1/places", headers=reads)
    assert int(refused.headers["Retry-After"]) >= 1
    clock.ms += 1_000
    assert machine.get("/api/v1/places", headers=reads).status_code == 200


@ON_SQLITE
def test_the_description_names_every_address_that_machines_read(chain: Chain) -> None:
    ours = {
        rule.rule.replace("<place:number>", "{place}")
        for rule in chain.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        and "GET" in (rule.methods or ())
        and rule.endpoint.startswith("office.machines")
    }
    assert ours - {"/api/v1/openapi.json"} == set(openapi.DESCRIPTION["paths"])


@ON_SQLITE
def test_days_that_were_asked_for_are_in_the_name_and_no_others_in_the_file(chain: Chain, clock: Clock) -> None:
    chain.visits(chain.oslo, [3] * 6, days_ago=9)
    chain.visits(chain.oslo, [3] * 2)
    settled(clock)
    answer = chain.browser(chain.astrid).get(f"/export/responses.csv?days=7&place={chain.oslo}")
    assert len(answer.data.decode().strip().splitlines()) == 3
    assert f"responses-place-{chain.oslo}-2026-02-25-2026-03-03.csv" in answer.headers["Content-Disposition"]
    page = chain.browser(chain.astrid).get("/export?days=none")
    assert page.status_code == 400
    assert "The number of days" in page.text
    assert clock.ms % DAY_MS
