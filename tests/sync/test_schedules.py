"""A survey for some days: what goes before what, and what a terminal is told of days to come."""

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from sync import models, survey, wire
from sync.centre import Centre
from sync.office import audit, local_time, schedules, settings, surveys
from sync.office.schedules import Plan, Schedule, planned_from
from tests.boxes import Box
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, OURS, Chain

TODAY = local_time.day_of(Clock().ms, "Europe/Oslo")


def planned(
    number: int, name: str, days: tuple[int, int | None], path: str = "/", template: int | None = None
) -> Schedule:
    return Schedule(number, name, None, path, "", template, "", *days, 1)


ORDER = [
    ("deeper", planned(1, "a", (0, None), "/1/2/"), planned(2, "b", (5, None), "/1/", 7)),
    ("one kind of touchpoint", planned(1, "a", (0, None), "/1/", 7), planned(2, "b", (5, None), "/1/")),
    ("the later beginning", planned(1, "a", (4, None)), planned(2, "b", (3, None))),
    ("the newer", planned(2, "a", (3, None)), planned(1, "b", (3, None))),
]


@pytest.mark.parametrize(("why", "first", "second"), ORDER, ids=[row[0] for row in ORDER])
def test_which_of_two_goes_first(why: str, first: Schedule, second: Schedule) -> None:
    assert planned_from([first, second], "plain", 10) == Plan("a")
    assert planned_from([second, first], "plain", 10) == Plan("a")


def test_days_begin_and_end() -> None:
    summer, sale = planned(1, "summer", (10, 20)), planned(2, "sale", (15, 16))
    assert planned_from([summer, sale], "plain", 9) == Plan(
        "plain", ((10, "summer"), (15, "sale"), (17, "summer"), (21, "plain"))
    )
    assert planned_from([summer, sale], "plain", 16) == Plan("sale", ((17, "summer"), (21, "plain")))
    assert planned_from([summer, sale], "plain", 30) == Plan("plain")
    assert summer.meets(sale)
    assert not summer.meets(planned(3, "x", (21, None)))
    assert not planned(1, "a", (0, None), "/1/").meets(planned(2, "b", (0, None), "/2/"))
    assert not planned(1, "a", (0, None), "/", 1).meets(planned(2, "b", (0, None), "/", 2))


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    found = Chain(a_centre, clock)
    with a_centre.db.writing() as tx:
        for name in ("summer", "sale"):
            surveys.publish(tx, msgspec.structs.replace(survey.BUILTIN, id=name), 1)
    return found


@pytest.fixture
def astrid(chain: Chain) -> FlaskClient:
    return chain.browser(chain.astrid)


def plan(
    client: FlaskClient, name: str, place: str, first: int, last: int | None = None, **more: str
) -> tuple[int, str]:
    days = {"from": _iso(first), "to": "" if last is None else _iso(last)}
    answer = client.post("/schedules", data={"survey": name, "place": place, **days, **more}, headers=OURS)
    return answer.status_code, answer.get_data(as_text=True)


def _iso(day: int) -> str:
    return local_time.date_of(day).isoformat()


def told(chain: Chain, box: Box, tag: str = "") -> tuple[str, wire.ScreenManifest | None]:
    """The ETag and what the box's only screen is told; None when that hasn't changed."""
    headers = box.signed("GET", wire.MANIFEST, b"") | ({"If-None-Match": tag} if tag else {})
    reply = chain.app.test_client().get(wire.MANIFEST, headers=headers)
    if reply.status_code == 304:
        return tag, None
    (screen,) = msgspec.json.decode(reply.get_data(), type=wire.Manifest).screens.values()
    return reply.headers["ETag"], screen


def test_a_terminal_hears_of_it_ahead_and_again_on_the_day(chain: Chain, astrid: FlaskClient, clock: Clock) -> None:
    box = chain.boxes[chain.oslo]
    tag, screen = told(chain, box)
    assert screen is not None
    assert screen.scheduled == []
    assert plan(astrid, "summer", "Norway", TODAY + 2, TODAY + 4)[0] == 303
    tag, screen = told(chain, box, tag)
    assert screen is not None
    assert [each["id"] for each in screen.surveys] == ["builtin", "summer"]
    assert [(each.from_day, each.survey) for each in screen.scheduled] == [(TODAY + 2, 1), (TODAY + 5, 0)]
    clock.ms += DAY_MS
    assert told(chain, box, tag)[1] is None, "nothing to tell while nothing changes"
    clock.ms += DAY_MS
    tag, screen = told(chain, box, tag)
    assert screen is not None, "a terminal older than schedules hears of it on the day"
    assert [each["id"] for each in screen.surveys] == ["summer", "builtin"]
    assert [(each.from_day, each.survey) for each in screen.scheduled] == [(TODAY + 5, 1)]
    clock.ms += 3 * DAY_MS
    screen = told(chain, box, tag)[1]
    assert screen is not None
    assert ([each["id"] for each in screen.surveys], screen.scheduled) == (["builtin"], [])


def test_what_was_chosen_for_one_touchpoint_goes_before_every_plan(chain: Chain, astrid: FlaskClient) -> None:
    with chain.centre.db.writing() as tx:
        template = tx.execute(
            insert(models.touchpoint_templates)
            .values(location_id=chain.norway, name="Checkout")
            .returning(models.touchpoint_templates.c.id)
        ).scalar_one()
        point = tx.execute(
            update(models.touchpoints)
            .where(models.touchpoints.c.location_id == chain.oslo)
            .values(template_id=template)
            .returning(models.touchpoints.c.id)
        ).scalar_one()
    assert plan(astrid, "sale", "Norway", TODAY, template=str(template))[0] == 303
    assert plan(astrid, "summer", "", TODAY + 0)[0] == 303
    oslo, bergen = chain.boxes[chain.oslo], chain.boxes[chain.bergen]
    first, second = told(chain, oslo)[1], told(chain, bergen)[1]
    assert first is not None
    assert second is not None
    assert (first.surveys[0]["id"], second.surveys[0]["id"]) == ("sale", "summer")
    with chain.centre.db.writing() as tx:
        settings.put(tx, chain.oslo, None, "survey", "summer", 1)
        assert schedules.at(tx, chain.oslo, point)
    first = told(chain, oslo)[1]
    assert first is not None
    assert first.surveys[0]["id"] == "sale"
    with chain.centre.db.writing() as tx:
        settings.put(tx, chain.oslo, point, "survey", "summer", 1)
    first = told(chain, oslo)[1]
    assert first is not None
    assert (first.surveys[0]["id"], first.scheduled) == ("summer", [])


def test_the_page_says_where_it_was_chosen(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        settings.put(tx, chain.oslo, None, "survey", "summer", 1)
        settings.put(tx, chain.malmo, None, "survey", "summer", 1)
    assert f'href="/locations/{chain.malmo}"' in chain.page("/surveys/summer/schedules")
    theirs = chain.page("/surveys/summer/schedules", chain.bjorn)
    assert f'href="/locations/{chain.oslo}"' in theirs
    assert "Malmö" not in theirs
    assert "Chosen at 1 place" in chain.page("/surveys", chain.bjorn)


def test_overlaps_are_shown_on_both_sides(chain: Chain, astrid: FlaskClient) -> None:
    plan(astrid, "summer", "Norway", TODAY, TODAY + 20)
    plan(astrid, "sale", "Oslo", TODAY + 5, TODAY + 6)
    assert "Some of these days another survey goes first:" in chain.page("/surveys/summer/schedules")
    assert "Goes before:" in chain.page("/surveys/sale/schedules")
    assert "1 schedule" in chain.page("/surveys")


def test_a_plan_is_changed_and_taken_back_and_all_of_it_is_in_the_log(chain: Chain, astrid: FlaskClient) -> None:
    plan(astrid, "summer", "Oslo", TODAY)
    with chain.centre.db.reading() as tx:
        (kept,) = schedules.of(tx, "summer")
    address, day = f"/schedules/{kept.id}", _iso(TODAY + 3)
    for version in ("9", "-1", "9" * 30, "soon"):
        assert astrid.post(address, data={"version": version, "from": day}, headers=OURS).status_code == 409
        assert astrid.post(address, data={"version": version, "do": "remove"}, headers=OURS).status_code == 409
    wrong = astrid.post(address, data={"version": "1", "from": day, "to": _iso(TODAY)}, headers=OURS)
    assert wrong.status_code == 400
    assert "The last day cannot be before the first." in wrong.get_data(as_text=True)
    assert astrid.post(address, data={"version": "1", "from": day, "to": ""}, headers=OURS).status_code == 303
    assert astrid.post(address, data={"version": "2", "do": "remove"}, headers=OURS).status_code == 303
    with chain.centre.db.reading() as tx:
        assert schedules.of(tx, "summer") == []
        deeds = list(tx.execute(select(models.audit.c.action).order_by(models.audit.c.id)).scalars())
    assert deeds == ["survey scheduled", "schedule changed", "schedule taken back"]


def test_what_cannot_be_planned_is_a_sentence(chain: Chain, astrid: FlaskClient) -> None:
    assert "There is no place of that name" in plan(astrid, "summer", "Atlantis\0", TODAY)[1]
    assert (
        "Give the first day" in astrid.post("/schedules", data={"survey": "summer", "from": "soon"}, headers=OURS).text
    )
    assert "The last day cannot be before" in plan(astrid, "summer", "Oslo", TODAY, TODAY - 1)[1]
    chain.shop("Oslo", chain.sweden, screen=False)
    status, said = plan(astrid, "summer", "oslo", TODAY)
    assert status == 400
    assert "2 places have that name" in said
    kari = chain.browser(chain.hired("kari@example.com", "Kari", ("admin", chain.bergen)))
    assert "Name the place" in plan(kari, "summer", "", TODAY)[1]
    assert "There is no place of that name" in plan(kari, "summer", "Molde", TODAY)[1]
    assert plan(kari, "summer", "Bergen", TODAY)[0] == 303
    assert plan(chain.browser(chain.bjorn), "summer", "Oslo", TODAY)[0] == 403


def test_a_box_that_would_not_read_all_of_it_hears_of_fewer_days(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    box, by = chain.boxes[chain.oslo], audit.COMMAND
    with chain.centre.db.writing() as tx:
        schedules.add(tx, by, "summer", chain.oslo, None, (TODAY + 1, TODAY + 2), 1)
        schedules.add(tx, by, "sale", chain.oslo, None, (TODAY + 4, TODAY + 5), 1)
    one = len(wire.encode(surveys.as_data(survey.BUILTIN)))
    for room, known in ((3.5, 3), (2.5, 2), (1.5, 1)):
        monkeypatch.setattr(wire, "MAX_REPLY", 1024 + int(room * one))
        screen = told(chain, box)[1]
        assert screen is not None
        assert len(screen.surveys) == known
