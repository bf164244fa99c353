"""The jobs of crews: typed in, brought as a sheet, sent by a machine; and what came of them."""

import io
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync.centre import Centre
from sync.models import audit, jobs
from sync.office import keys, places
from sync.office.audit import COMMAND
from tests.boxes import enrol_box
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain
from tests.sync.test_handovers import handover

DAY = "2026-03-03"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    """Beside the shops, a depot in Oslo with two vans; Kari's manager is Siri."""
    made = Chain(a_centre, clock)
    made.depot = made.group("Depot Oslo", made.norway)
    with a_centre.db.writing() as tx:
        made.vans = [places.add_location(tx, name, kind="crew", parent=made.depot) for name in ("Van 12", "Van 14")]
        touchpoint = places.add_touchpoint(tx, made.vans[0], "After installation")
        _, placement = places.add_screen(tx, "Tablet", touchpoint, clock() - 10**9)
    made.tablet = enrol_box(a_centre, placement)
    made.siri = made.hired("siri@example.com", "Siri", ("manager", made.depot))
    return made


def rows(chain: Chain) -> list[tuple[Any, ...]]:
    with chain.centre.db.reading() as tx:
        query = select(jobs.c.location_id, jobs.c.ref, jobs.c.day, jobs.c.what, jobs.c.state, jobs.c.source)
        return [tuple(row) for row in tx.execute(query.order_by(jobs.c.id))]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def bring(browser: FlaskClient, at: int, content: str) -> Any:
    file = (io.BytesIO(content.encode()), "jobs.csv")
    return browser.post(f"/places/{at}/jobs/import", data={"file": file}, headers=OURS, follow_redirects=True)


def accept(browser: FlaskClient, at: int, page: str) -> int:
    told = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("upload", "plan")}
    return int(browser.post(f"/places/{at}/jobs/import/confirm", data=told, headers=OURS).status_code)


def test_a_manager_types_a_job_in_and_sees_what_came_of_it(chain: Chain) -> None:
    van, siri = chain.vans[0], chain.browser(chain.siri)
    here = f"/places/{van}/jobs"
    assert "No jobs are known for this day." in siri.get(here).text
    typed = {"ref": "  A  17 ", "day": DAY, "what": "washing machine, ring +47 912 34 567"}
    assert siri.post(here, data=typed, headers=OURS).status_code == 303
    ((_, ref, _, what, state, source),) = rows(chain)
    assert (ref, state, source) == ("A 17", "planned", "page")
    assert "912" not in what
    again = siri.post(here, data={**typed, "ref": "a 17"}, headers=OURS)
    assert again.status_code == 400
    assert "There is a job with this number already." in again.text
    now_ms = chain.clock()
    chain.tablet.send(
        chain.app.test_client(), handover(chain.tablet, "a 17", "declined", at_ms=now_ms),
        handover(chain.tablet, "77", "answered", at_ms=now_ms),
    )  # fmt: skip
    page = words(siri.get(here).text)
    assert "A 17" in page
    assert "Planned Declined" in page
    assert "77 typed on the tablet Done Answered" in page
    assert "Asked in 100% of 2 jobs." in page
    assert "Asked in 100% of 2 jobs." in words(siri.get(f"/locations/{van}").text)


def test_two_people_at_one_job_do_not_undo_each_other(chain: Chain) -> None:
    van, siri = chain.vans[0], chain.browser(chain.siri)
    siri.post(f"/places/{van}/jobs", data={"ref": "1", "day": DAY}, headers=OURS)
    change = {"version": "1", "day": DAY, "state": "done", "what": ""}
    assert siri.post("/jobs/1", data=change, headers=OURS).status_code == 303
    assert siri.post("/jobs/1", data={**change, "state": "cancelled"}, headers=OURS).status_code == 409
    wrong = siri.post("/jobs/1", data={**change, "version": "2", "day": "soon"}, headers=OURS)
    assert (wrong.status_code, "“soon” is no day" in wrong.text) == (400, True)
    with chain.centre.db.reading() as tx:
        told = list(tx.execute(select(audit.c.action).where(audit.c.kind == "job")).scalars())
    assert told == ["job added", "job changed"]


def test_a_sheet_is_shown_before_it_does_anything(chain: Chain) -> None:
    van, siri = chain.vans[0], chain.browser(chain.siri)
    sheet = f"Job;Crew;Day;What\n1;Van 12;{DAY};Dishwasher\n2;van 14;{DAY};Dryer\n3;;{DAY};Oven\n"
    page = bring(siri, van, sheet)
    assert "3 new jobs" in page.text
    assert rows(chain) == []
    assert accept(siri, van, page.text) == 303
    assert [(at, ref) for at, ref, *_ in rows(chain)] == [(chain.vans[0], "1"), (chain.vans[1], "2"), (van, "3")]
    same = bring(siri, van, sheet)
    assert "3 jobs stay as they are" in same.text
    moved = bring(siri, van, f"job,crew,day\n1,Van 14,{DAY}\n")
    assert "1 job moved to another crew" in moved.text
    assert accept(siri, van, moved.text) == 303
    assert rows(chain)[0][0] == chain.vans[1]


def test_everything_wrong_with_a_sheet_is_said_by_line_and_nothing_is_done(chain: Chain) -> None:
    siri = chain.browser(chain.siri)
    sheet = (
        f"job,crew,day,state\n1,Van 12,{DAY},\n,Van 12,{DAY},\n3,Oslo,{DAY},\n4,Van 12,tomorrow,\n"
        f"5,Van 12,{DAY},lost\n1,van 12,{DAY},\n=1+1,Van 12,1999-01-01,\n"
    )
    page = bring(siri, chain.vans[0], sheet)
    assert page.status_code == 400
    said = words(page.text)
    for sentence in (
        "Line 3 A job has a number.", "Line 4 There is no crew or store “Oslo” that you may give jobs to.",
        "Line 5 “tomorrow” is no day", "Line 6 A job is planned, done or cancelled.",
        "Line 7 Line 2 names the same job.", "Line 8 A job’s day lies within a year".replace("’", "'"),
    ):  # fmt: skip
        assert sentence in said, sentence
    assert rows(chain) == []


def test_a_machine_sends_jobs_within_what_its_key_is_for(chain: Chain, clock: Clock) -> None:
    with chain.centre.db.writing() as tx:
        key = keys.make(tx, COMMAND, "planning", chain.depot, "import", clock())[1]
    machine, who = chain.app.test_client(), {"Authorization": f"Bearer {key}"}
    told = [{"job": "1", "crew": "Van 12", "day": DAY}, {"job": "2", "crew": "Van 14", "day": DAY, "state": "done"}]
    done = machine.put("/api/v1/jobs", json=told, headers=who)
    assert (done.status_code, done.json["counts"]["new"]) == (200, 2)
    assert machine.put("/api/v1/jobs", json=told, headers=who).json["counts"]["unchanged"] == 2
    clock.ms += 2_000
    abroad = machine.put("/api/v1/jobs", json=[*told, {"job": "3", "crew": "Malmö", "day": DAY}], headers=who)
    assert (abroad.status_code, abroad.json["done"]) == (422, False)
    assert abroad.json["problems"] == [
        {"line": 3, "problem": "There is no crew or store “Malmö” that you may give jobs to."}
    ]
    for body in (b"{}", b"[1]", b"\xff", b'[{"job": "1"}]'):
        clock.ms += 2_000
        assert machine.put("/api/v1/jobs", data=body, headers=who).status_code == 422
    clock.ms += 2_000
    sheet = machine.put("/api/v1/jobs.csv", data=f"job,crew,day\n9,Van 14,{DAY}\n".encode(), headers=who)
    assert sheet.json["counts"]["new"] == 1
    assert [row[1:2] + row[4:] for row in rows(chain)] == [
        ("1", "planned", "api"), ("2", "done", "api"), ("9", "planned", "api"),
    ]  # fmt: skip


def test_ten_thousand_jobs_take_few_questions(chain: Chain) -> None:
    siri = chain.browser(chain.siri)
    lines = "".join(f"{n},Van {12 + 2 * (n % 2)},{DAY}\n" for n in range(10_000))
    page = bring(siri, chain.vans[0], f"job,crew,day\n{lines}")
    assert "10,000 new jobs" in page.text


def test_who_manages_other_crews_has_no_business_here(chain: Chain) -> None:
    for who, status in ((chain.per, 404), (chain.bjorn, 403)):
        answer = chain.browser(who).get(f"/places/{chain.vans[0]}/jobs")
        assert answer.status_code in (403, 404), status
