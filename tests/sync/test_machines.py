"""What machines read: places and scores of their part of the tree, and how the server does."""

import re
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update
from werkzeug.test import TestResponse

from sync import access, metrics
from sync.centre import Centre
from sync.metrics import Metric, Requests, Sample
from sync.models import devices, locations, quarantine
from sync.office import gauges, keys
from sync.office.audit import COMMAND
from sync.scores import score
from sync.survey import SCALES
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain

TODAY = "2026-03-03"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


class Machine:
    """A program with a key."""

    def __init__(self, chain: Chain, at: int | None = None, may: str = "read") -> None:
        with chain.centre.db.writing() as tx:
            self.key = keys.make(tx, COMMAND, "Report", at, may, chain.clock())[1]
        self.client: FlaskClient = chain.app.test_client()

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(path, query_string=query or None, headers={"Authorization": f"Bearer {self.key}"})

    def places(self, **query: Any) -> Iterator[dict[str, Any]]:
        answer = self.get("/api/v1/places", **query).get_json()
        while True:
            yield from answer["places"]
            if answer["next"] is None:
                return
            answer = self.get(answer["next"]).get_json()


def test_a_report_reads_every_place_once_page_by_page(chain: Chain) -> None:
    for number in range(7):
        chain.shop(f"Shop {number}", screen=False)
    with chain.centre.db.writing() as tx:
        tx.execute(update(locations).where(locations.c.id == chain.oslo).values(ref="NO-1", opened_day=20000))
    every = list(Machine(chain).places(limit=3))
    assert len(every) == len({each["id"] for each in every}) == 13
    oslo = next(each for each in every if each["name"] == "Oslo")
    expected = {"id": chain.oslo, "parent": chain.norway, "kind": "store", "name": "Oslo", "ref": "NO-1",
                "zone": "Europe/Oslo", "opened": "2024-10-04", "closed": None}  # fmt: skip
    assert oslo == expected
    norwegian = list(Machine(chain, chain.norway).places())
    assert {"Sweden", "Malmö"} & {each["name"] for each in norwegian} == set()
    assert len(norwegian) == 11
    (alone,) = Machine(chain, chain.oslo).places()
    assert (alone["id"], alone["parent"]) == (chain.oslo, None)  # what is above it is none of its business
    for wrong in ({"limit": "0"}, {"limit": "501"}, {"after": "-1"}, {"after": "x"}, {"after": "9" * 30}):
        refused = Machine(chain).get("/api/v1/places", **wrong)
        assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")


def test_a_report_reads_a_score_with_its_certainty(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 20 + [0] * 10)
    answer = Machine(chain, chain.norway).get(f"/api/v1/places/{chain.oslo}/scores").get_json()
    expected = score(SCALES["smiley4"], (10, 0, 0, 20))
    assert expected
    assert answer["n"] == 30
    assert answer["score"] == round(float(expected.value), 4)
    assert answer["interval"] == {"low": round(expected.low, 4), "high": round(expected.high, 4)}
    assert answer["early"] is False
    assert (answer["from"], answer["to"]) == ("2026-02-04", TODAY)
    assert answer["place"] == {"id": chain.oslo, "name": "Oslo", "zone": "Europe/Oslo"}
    assert answer["question"]["scale"] == "smiley4"
    assert re.fullmatch(r"2026-03-03T\d\d:\d\d:\d\dZ", answer["complete_through"])
    assert Machine(chain).get(f"/api/v1/places/{chain.norway}/scores").get_json()["complete_through"] is None
    for outside in (chain.malmo, 999_999):
        assert Machine(chain, chain.norway).get(f"/api/v1/places/{outside}/scores").status_code == 404


def test_few_answers_are_told_by_no_sum_and_no_difference(chain: Chain) -> None:
    machine, address = Machine(chain), f"/api/v1/places/{chain.oslo}/scores"
    nothing = {"score": None, "interval": None, "n": None, "early": False}
    assert nothing.items() <= machine.get(address).get_json().items()
    chain.visits(chain.oslo, [3] * 4)
    assert nothing.items() <= machine.get(address).get_json().items()
    chain.visits(chain.oslo, [3] * 6, days_ago=1)
    chain.visits(chain.bergen, [0] * 4, days_ago=1)
    for place in (chain.oslo, chain.norway):
        answer = machine.get(f"/api/v1/places/{place}/scores").get_json()
        assert (answer["n"], answer["score"], answer["early"]) == (6, 100.0, True)
    yesterday = {"from": "2026-03-02", "to": "2026-03-02"}
    assert machine.get(address, **yesterday).get_json()["n"] == 6
    assert machine.get(address, **{"from": TODAY, "to": TODAY}).get_json()["n"] is None


def test_a_question_that_cannot_be_answered_hears_why(chain: Chain) -> None:
    machine, address = Machine(chain), f"/api/v1/places/{chain.oslo}/scores"
    for query, code in (
        ({"from": "yesterday"}, "bad_date"),
        ({"to": "2026-02-30"}, "bad_date"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "bad_range"),
        ({"from": "2020-01-01"}, "bad_range"),
        ({"question": "nothing"}, "unknown_question"),
    ):
        answer = machine.get(address, **query)
        assert (answer.status_code, answer.get_json(force=True)["code"]) == (400, code)


def test_who_watches_the_server_reads_its_numbers_and_nobodys_name(chain: Chain, clock: Clock) -> None:
    chain.visits(chain.oslo, [3] * 6)
    with chain.centre.db.writing() as tx:
        row = {"id": "devx", "generation": 1, "install": "x", "fingerprint": "", "app": "x", "enrolled_ms": 1}
        tx.execute(insert(devices).values(row))
        kept = {"id": "q", "rev": 1, "sha": "x", "device_id": "d", "code": "conflict", "received_ms": 1, "body": "{}"}
        tx.execute(insert(quarantine).values(kept))
    chain.browser().post("/sign-in", data={"email": "x@example.com", "password": "wrong"}, headers=OURS)
    machine = Machine(chain)
    machine.client.get("/locations/1?x=geheim")
    machine.client.open("/healthz", method="BREW")
    chain.browser().get("/metrics", headers={"Authorization": "Bearer sp_x"})
    answer = machine.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    read = parsed(answer.text)
    assert read["smilepost_up"] == {"": 1}
    assert read["smilepost_ready"] == {"": 1}
    assert read["smilepost_database_info"] == {f'kind="{chain.centre.db.dialect}"': 1}
    states = {'state="heard"': 1, 'state="quiet"': 0, 'state="never_heard"': 3, 'state="revoked"': 0}
    assert read["smilepost_terminals"] == states
    assert read["smilepost_responses_total"] == {"": 6}
    assert read["smilepost_receipts_total"][""] >= 6
    assert read["smilepost_quarantine"] == {"": 1}
    assert read["smilepost_outbox_waiting"][""] >= 0
    assert read["smilepost_places"] == {"": 6}
    assert read["smilepost_sign_in_failures"] == {'with="password"': 1, 'with="key"': 1}
    assert read["smilepost_complete_through_age_seconds"][""] >= 0
    assert read["process_resident_memory_bytes"][""] > 1_000_000
    requests = read["smilepost_http_requests_total"]
    assert requests['route="/locations/<place:number>",method="GET",status="303"'] == 1
    assert requests['route="unknown",method="other",status="405"'] == 1
    clock.ms += 3_600_000
    assert parsed(machine.get("/metrics").text)["smilepost_terminals"]['state="quiet"'] == 1
    for word in ("Oslo", "geheim", "example.com", "Astrid", "dev-", "Report"):
        assert word not in answer.text
    assert Machine(chain, chain.norway).get("/metrics").status_code == 403
    assert Machine(chain, None, "import").get("/metrics").status_code == 403
    assert chain.browser(chain.astrid).get("/metrics").status_code == 401


def parsed(text: str) -> dict[str, dict[str, float]]:
    """The text as Prometheus reads it; each metric has said before what it is."""
    found: dict[str, dict[str, float]] = {}
    known: set[str] = set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            known.add(line.split()[2])
        if line.startswith("#"):
            continue
        match = re.fullmatch(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)', line)
        assert match, line
        assert re.sub("_(bucket|sum|count)$", "", match[1]) in known or match[1] in known
        assert (match[2] or "") not in found.setdefault(match[1], {}), line
        found[match[1]][match[2] or ""] = float(match[3])
    return found


def test_the_text_is_exact() -> None:
    odd = Metric("a_b", "gauge", "One\\two\nthree", (Sample(0.25, {"x": 'a"b\\c\nd'}), Sample(3.0)))
    assert metrics.written([odd, Metric("none", "gauge", "Nothing.", ())]) == (
        '# HELP a_b One\\\\two\\nthree\n# TYPE a_b gauge\na_b{x="a\\"b\\\\c\\nd"} 0.25\na_b 3\n'
    )


def test_durations_fall_into_buckets_that_add_up() -> None:
    requests = Requests()
    for seconds in (0.001, 0.005, 0.006, 0.3, 99.0):
        requests.note("/x", "GET", 200, seconds)
    read = parsed(metrics.written(requests.metrics()))
    buckets = read["smilepost_http_request_duration_seconds_bucket"]
    one = 'route="/x",method="GET"'
    assert [buckets[f'{one},le="{end}"'] for end in ("0.005", "0.01", "0.25", "0.5", "10", "+Inf")] == [
        2,
        3,
        3,
        4,
        4,
        5,
    ]
    assert read["smilepost_http_request_duration_seconds_count"] == {one: 5}
    assert read["smilepost_http_request_duration_seconds_sum"][one] == pytest.approx(99.312)


def test_many_threads_lose_no_request() -> None:
    requests = Requests()

    def many() -> None:
        for _ in range(2000):
            requests.note("/x", "GET", 200, 0.01)

    threads = [Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests.metrics()[0].samples[0].value == 8000


def test_counting_every_response_is_done_seldom_where_it_takes_long(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 5)
    total = gauges.Total()
    with chain.centre.db.reading() as tx:
        assert total.of(tx) == 5
    total._again_s += 3600
    chain.visits(chain.bergen, [3])
    with chain.centre.db.reading() as tx:
        assert total.of(tx) == 5
        total._again_s = 0
        assert total.of(tx) == 6


def test_every_route_of_machines_refuses_what_is_not_its_keys(chain: Chain) -> None:
    """A route that is added tomorrow is in here by itself."""
    app, wrong = chain.app, []
    callers = {
        "nobody": None,
        "unknown": "sp_x",
        "read": Machine(chain, chain.norway).key,
        "import": Machine(chain, chain.norway, "import").key,
    }
    asked = 0
    for rule in app.url_map.iter_rules():
        said = access.declared(app, rule.endpoint)
        if said is None or said.key is None:
            continue
        kinds = {name: access.kind_of(app, rule.endpoint, name) for name in rule.arguments}
        with app.test_request_context():
            address = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(kinds, chain.malmo))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for who, key in callers.items():
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                status = app.test_client().open(address, method=method, headers=headers).status_code
                expected = {401} if who in ("nobody", "unknown") else {403} if who != said.key or said.whole else None
                expected = expected or ({404} if kinds else {200, 400, 413, 415, 422})
                asked += 1
                if status not in expected:
                    wrong.append((who, method, address, status))
    assert asked >= 12
    assert wrong == []
