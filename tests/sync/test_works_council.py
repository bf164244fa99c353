"""The sheet for a works council says what is true of the running system; an agreement opens crews, and closes them."""

import re

import pytest

from sync import models
from sync.centre import Centre
from sync.intake import retention
from sync.office.works_council import KEPT
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, OURS
from tests.sync.test_crew_sight import WORDS, Fleet, fill

OF_A_PERSON = re.compile(
    r"user|person|people|employee|staff|driver|worker|member|mail|first_?name|last_?name|surname|sex|birth|wage|pay|"
    r"latitude|longitude|position"
)
OF_CREWS = re.compile(r"crew|job|hand(ed|over)|signal|^responses$")
SAID_ELSEWHERE = {"crew_agreements", "crew_parts", "crew_withdrawn", "crew_looks"}
"""Who may see crews, and the sums of several: nothing that is recorded of one."""


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Fleet:
    return Fleet(a_centre, clock)


def test_no_column_of_a_crew_is_a_persons() -> None:
    """Every table that is about crews stands on the sheet, with all of its columns; none of them names a person, or
    points at one."""
    told = {table.name for table, _ in KEPT}
    about = {name for name in models.metadata.tables if OF_CREWS.search(name)}
    assert about - SAID_ELSEWHERE <= told
    for table, _ in KEPT:
        for column in table.columns:
            assert not OF_A_PERSON.search(column.name), f"{table.name}.{column.name}"
            assert all(key.column.table.name != "users" for key in column.foreign_keys), f"{table.name}.{column.name}"


def test_the_sheet_tells_the_terms_that_hold(chain: Fleet) -> None:
    with chain.centre.db.writing() as tx:
        retention.keep(tx, retention.Terms(contacts=31, comments=123))
    kari = chain.hired("kari@example.com", "Kari", ("crew", chain.van))
    page = chain.page("/docs/works-council", kari)
    assert "after 123 days" in page
    assert "after 31." in page
    assert "07:00 the crew reads its briefing of the day before; its manager does 30 minutes later" in page
    assert "None is in force where you look" in page
    for table, _ in KEPT:
        assert f'<code dir="ltr">{table.name}</code>' in page
    assert chain.browser().get("/docs/works-council").status_code == 303


def test_an_agreement_opens_single_crews_and_closes_them_again(chain: Fleet) -> None:
    fill(chain)
    browser, van = chain.browser(chain.astrid), f"/locations/{chain.van}"
    assert browser.get(van).status_code == 403
    today = "2026-03-03"
    form = {"name": "Works agreement 2026-03, clause 4", "day": today, "at": chain.depot}
    assert browser.post("/agreements", data=form, headers=OURS).status_code == 303
    page = browser.get(van).text
    assert WORDS in page
    assert "Opened by Works agreement 2026-03, clause 4, in force since" in page
    assert WORDS in browser.get("/comments").text
    assert "Works agreement 2026-03, clause 4" in browser.get("/docs/works-council").text
    assert "Works agreement" not in chain.page("/docs/works-council", chain.per)  # another country’s
    assert "Works agreement 2026-03" in browser.get("/audit").text
    viewer = chain.hired("v@example.com", "Even", ("viewer", chain.norway))
    assert WORDS not in chain.page(van, viewer)
    number = re.findall(r"/agreements/(\d+)/end", browser.get("/agreements").text)[0]
    assert chain.browser(viewer).post(f"/agreements/{number}/end", headers=OURS).status_code == 403
    assert browser.post(f"/agreements/{number}/end", headers=OURS).status_code == 303
    assert browser.get(van).status_code == 403
    assert WORDS not in browser.get("/comments").text
    assert "taken back on" in browser.get("/agreements").text


def test_an_agreement_begins_on_its_day_and_is_for_a_group(chain: Fleet) -> None:
    fill(chain)
    browser, van = chain.browser(chain.astrid), f"/locations/{chain.van}"
    form = {"name": "Later", "day": "2026-03-05", "at": chain.depot}
    assert browser.post("/agreements", data=form, headers=OURS).status_code == 303
    assert browser.get(van).status_code == 403
    chain.clock.ms += 2 * DAY_MS
    assert chain.browser(chain.astrid).get(van).status_code == 200
    refused = chain.browser(chain.astrid).post("/agreements", data={**form, "at": chain.van, "name": ""}, headers=OURS)
    assert refused.status_code == 400
    assert "An agreement is for all crews of a group" in refused.text
    assert 'id="name-problem"' in refused.text
