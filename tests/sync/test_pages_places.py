"""The tree of places in the browser: looking, searching, setting up, moving, and two people at one place."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove
from werkzeug.test import TestResponse

from sync import models
from sync.centre import Centre
from sync.intake import tally
from sync.office import places, templates, tree
from sync.office.audit import COMMAND
from sync.office.places import BadPlace
from sync.rows import append
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is about words and forms alone: the database makes no difference."""


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def astrid(chain: Chain) -> FlaskClient:
    return chain.browser(chain.astrid)


def send(client: FlaskClient, address: str, **fields: Any) -> TestResponse:
    return client.post(address, data=fields, headers=OURS)


def details(chain: Chain, place: int) -> tree.Details:
    return node(chain, place).details


def node(chain: Chain, place: int) -> tree.Node:
    with chain.centre.db.reading() as tx:
        return tree.get(tx, place)


def deeds(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        return list(tx.execute(select(models.audit.c.action).order_by(models.audit.c.id)).scalars())


def problem(page: str, field: str) -> str:
    """The sentence beside a field, which takes the reader to it."""
    assert f'aria-describedby="{field}-problem' in page
    found = re.search(f'id="{field}-problem">([^<]*)<', page)
    assert found is not None
    return found[1]


def test_a_place_is_set_up_in_the_browser(chain: Chain, astrid: FlaskClient) -> None:
    hours = {
        "hours": "own",
        "mon.from.1": "9",
        "mon.to.1": "12:30",
        "mon.from.2": "13.30",
        "mon.to.2": "18:00",
        "sat.from.1": "22:00",
        "sat.to.1": "02:00",
    }
    answer = send(
        astrid,
        "/places/new",
        parent=chain.norway,
        name="Alta",
        kind="store",
        ref="0421",
        opened_day="2024-05-01",
        **hours,
    )
    assert answer.status_code == 303
    page = astrid.get(answer.location).text
    for text in (
        "Alta",
        "0421",
        "Europe/Oslo",
        "from <bdi>Norway</bdi>",
        "09:00–12:30, 13:30–18:00",
        "22:00–02:00",
        "1 May 2024",
    ):
        assert text in page
    place = int(answer.location.rpartition("/")[2])
    assert details(chain, place).hours == [[(540, 750), (810, 1080)], [], [], [], [], [(1320, 1560)], []]
    form = astrid.get(f"{answer.location}/edit").text
    assert 'name="mon.from.2" value="13:30"' in form
    assert 'name="sat.to.1" value="02:00"' in form
    assert deeds(chain) == ["place added"]


BAD_HOURS = [
    ({"mon.from.1": "09:00", "mon.to.1": "24:30"}, "mon", "“24:30” is no time of the day"),
    ({"mon.from.1": "24:00", "mon.to.1": "02:00"}, "mon", "“24:00” is no time of the day"),
    ({"tue.from.1": "09:00", "tue.to.1": "09:00"}, "tue", "It opens and closes at 09:00"),
    ({"wed.from.1": "09:00"}, "wed", "Give both times"),
    (
        {"thu.from.1": "09:00", "thu.to.1": "13:00", "thu.from.2": "12:00", "thu.to.2": "18:00"},
        "thu",
        "09:00–13:00 is not over yet when it opens again at 12:00",
    ),
    (
        {"fri.from.1": "20:00", "fri.to.1": "10:00", "sat.from.1": "09:00", "sat.to.1": "12:00"},
        "sat",
        "Friday goes on until 10:00",
    ),
    (
        {"sun.from.1": "20:00", "sun.to.1": "02:00", "mon.from.1": "01:00", "mon.to.1": "12:00"},
        "mon",
        "Sunday goes on until 02:00",
    ),
]


@ON_SQLITE
def test_hours_that_cannot_be(chain: Chain, astrid: FlaskClient) -> None:
    """Each gets a sentence beside its day, what was typed stays, and nothing is done; other fields are looked at."""
    for typed, day, sentence in BAD_HOURS:
        answer = send(
            astrid,
            f"/places/{chain.oslo}/edit",
            name="x" * 121,
            kind="store",
            zone="Europe/Olso",
            version=1,
            hours="own",
            **typed,
        )
        assert answer.status_code == 400
        assert sentence in problem(answer.text, day)
        assert "Do you mean Europe/Oslo?" in problem(answer.text, "zone")
        assert "not 121" in problem(answer.text, "name")
        for name, value in typed.items():
            assert f'name="{name}" value="{value}"' in answer.text
    assert details(chain, chain.oslo) == tree.Details("Oslo")


@ON_SQLITE
def test_monday_is_copied_to_all_days_before_anything_is_saved(chain: Chain, astrid: FlaskClient) -> None:
    answer = send(
        astrid,
        f"/places/{chain.oslo}/edit",
        name="Oslo S",
        kind="store",
        version=1,
        do="copy",
        **{"mon.from.1": "09:00", "mon.to.1": "17:00", "tue.from.1": "10:00"},
    )
    assert answer.status_code == 200
    assert answer.text.count('value="09:00"') == 7
    assert 'value="Oslo S"' in answer.text
    assert details(chain, chain.oslo).name == "Oslo"


def test_what_a_place_cannot_be_stands_beside_its_field(chain: Chain, astrid: FlaskClient) -> None:
    assert (
        send(astrid, f"/places/{chain.malmo}/edit", name="Malmö", kind="store", ref="7", version=1).status_code == 303
    )
    answer = send(
        astrid, "/places/new", parent=chain.norway, name="a\u202eb", kind="store", ref="7", closed_day="31.12.2026"
    )
    assert answer.status_code == 400
    assert "turns the direction" in problem(answer.text, "name")
    assert "Malmö has this number already" in problem(answer.text, "ref")
    assert "is no day" in problem(answer.text, "closed_day")
    assert "\u202e" in answer.text  # what was typed is still there to be mended
    olav = chain.browser(chain.hired("olav@example.com", "Olav", ("admin", chain.norway)))
    answer = send(olav, "/places/new", parent=chain.norway, name="Alta", kind="store", ref="7")
    assert problem(answer.text, "ref") == "Another place of the organisation has this number already."


def test_two_people_change_one_place(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, f"/places/{chain.oslo}/edit", name="Oslo S", kind="store", version=1)
    late = send(astrid, f"/places/{chain.oslo}/edit", name="Oslo City", kind="store", version=1)
    assert late.status_code == 409
    assert "Somebody else changed this" in late.text
    assert 'value="Oslo City"' in late.text
    assert details(chain, chain.oslo).name == "Oslo S"
    version = re.search(r'name="version" value="(\d+)"', late.text)
    assert version is not None
    assert (
        send(astrid, f"/places/{chain.oslo}/edit", name="Oslo City", kind="store", version=version[1]).status_code
        == 303
    )
    assert send(astrid, f"/places/{chain.oslo}/move", parent=chain.sweden, version=1).status_code == 409
    assert send(astrid, f"/places/{chain.oslo}/remove", version=1).status_code == 409
    assert node(chain, chain.oslo).parent_id == chain.norway


def test_numbers_that_nothing_has(chain: Chain, astrid: FlaskClient) -> None:
    """However large: an answer, never an error of ours."""
    huge = "9" * 30
    template = send(astrid, "/templates/new", name="Repairs", place=chain.norway).location
    for address in (f"/places/{chain.oslo}/edit", f"/places/{chain.oslo}/remove", template):
        for do in ("", "retire", "remove"):
            assert send(astrid, address, name="Oslo", kind="store", version=huge, do=do).status_code == 409
    assert send(astrid, f"/places/{chain.oslo}/move", parent=huge, version=1).status_code == 404
    assert astrid.get(f"/places/{huge}").status_code == 404
    assert astrid.get(f"/places?page={huge}&search=%00o").status_code == 200
    assert send(astrid, "/places/new", name="a\0b", ref="\0", zone="\0", kind="\0").status_code == 400


def test_a_new_zone_is_from_now_on(chain: Chain, astrid: FlaskClient) -> None:
    chain.visits(chain.oslo, [3, 1])
    send(astrid, f"/places/{chain.norway}/edit", name="Norway", kind="group", zone="Asia/Tokyo", version=1)
    chain.visits(chain.oslo, [2])
    with chain.centre.db.reading() as tx:
        assert tally.verify(tx) is None
    assert "counted stay where they are" in astrid.get(f"/places/{chain.norway}/edit").text


def test_a_group_is_moved_by_search_and_choice(chain: Chain, astrid: FlaskClient) -> None:
    chain.visits(chain.oslo, [3])
    nordics = chain.group("The Nordics")
    form = astrid.get(f"/places/{chain.norway}/move?search=nord").text
    assert f'value="{nordics}"' in form
    assert f'name="parent" type="radio" value="{chain.norway}"' not in form
    assert send(astrid, f"/places/{chain.norway}/move", parent=nordics, version=1).status_code == 303
    page = astrid.get(f"/places/{chain.oslo}").text
    assert page.index("The Nordics") < page.index("<bdi>Norway</bdi>")
    assert "Moved here" in astrid.get(f"/places/{chain.norway}").text
    circle = send(astrid, f"/places/{nordics}/move", parent=chain.norway, version=1)
    assert (circle.status_code, "put into itself" in circle.text) == (400, True)
    nowhere = send(astrid, f"/places/{nordics}/move", version=1)
    assert (nowhere.status_code, "Choose the group" in nowhere.text) == (400, True)
    assert send(astrid, f"/places/{chain.norway}/move", parent="", version=2).status_code == 303
    assert node(chain, chain.norway).path == f"/{chain.norway}/"
    with chain.centre.db.reading() as tx:
        assert tally.verify(tx) is None


def test_nobody_moves_what_they_may_not_change(chain: Chain) -> None:
    olav = chain.browser(chain.hired("olav@example.com", "Olav", ("admin", chain.norway), ("viewer", chain.sweden)))
    assert send(olav, f"/places/{chain.oslo}/move", parent=chain.sweden, version=1).status_code == 403
    assert send(olav, f"/places/{chain.malmo}/move", parent=chain.norway, version=1).status_code == 403
    assert send(olav, f"/places/{chain.oslo}/move", parent="", version=1).status_code == 400
    assert send(olav, "/places/new", name="Alta", kind="store").status_code == 400
    assert "Sweden" not in olav.get(f"/places/{chain.oslo}/move").text
    bjorn = chain.browser(chain.bjorn)
    assert bjorn.get(f"/places/{chain.norway}").status_code == 404
    assert bjorn.get(f"/places/{chain.oslo}").status_code == 200
    page = bjorn.get("/places").text
    assert ("Oslo" in page, "Norway" in page, "Bergen" in page) == (True, False, False)
    assert "Bergen" not in bjorn.get("/places?search=e").text


def test_a_place_is_closed_with_a_date_and_not_deleted(chain: Chain, astrid: FlaskClient) -> None:
    chain.visits(chain.oslo, [3])
    refused = send(astrid, f"/places/{chain.oslo}/remove", version=1)
    assert refused.status_code == 400
    assert "there are touchpoints, what people may do there, answers" in refused.text
    send(astrid, f"/places/{chain.oslo}/edit", name="Oslo", kind="store", closed_day="2026-01-31", version=1)
    assert "1 screen still stands there: take it away under Terminals." in astrid.get(f"/places/{chain.oslo}").text
    assert "Closed since 31 Jan 2026" in astrid.get(f"/places/{chain.norway}").text
    assert "Closed since" not in astrid.get(f"/places/{chain.norway}?state=open").text
    closed = astrid.get(f"/places/{chain.norway}?state=closed").text
    assert (">Oslo<" in closed, ">Bergen<" in closed) == (True, False)
    with chain.centre.db.writing() as tx:
        slip = tree.add(tx, COMMAND, chain.norway, tree.Details("Slip"), chain.clock())
    gone = send(astrid, f"/places/{slip}/remove", version=1)
    assert (gone.status_code, gone.location) == (303, f"/places/{chain.norway}")
    assert astrid.get(f"/places/{slip}").status_code == 404


def test_a_search_finds_names_and_numbers_and_the_way_there(chain: Chain, astrid: FlaskClient) -> None:
    send(astrid, f"/places/{chain.oslo}/edit", name="Oslo", kind="store", ref="0421", version=1)
    for search in ("0421", "osl", "OSL"):
        page = astrid.get("/places", query_string={"search": search}).text
        assert f'href="/places/{chain.oslo}"' in page
        assert "<bdi>Norway</bdi>" in page
    for search in ("malmö", "MALMÖ", "mö"):
        assert "Malmö" in astrid.get("/places", query_string={"search": search}).text
    chain.shop("Ørsta", screen=False)
    assert "Ørsta" in astrid.get("/places?search=ørs").text
    assert "no such place" in astrid.get("/places?search=%25%5F").text


def test_templates_and_touchpoints(chain: Chain, astrid: FlaskClient) -> None:
    repairs = send(astrid, "/templates/new", name="Repairs", place=chain.norway).location
    number = int(repairs.rpartition("/")[2])
    assert "already" in problem(send(astrid, "/templates/new", name="REPAIRS", place=chain.norway).text, "name")
    would = astrid.get(f"/places/{chain.norway}/spread?template={number}").text
    assert "3 stores get a new touchpoint" in would
    assert send(astrid, f"/places/{chain.norway}/spread", template=number).status_code == 303
    assert "0 stores get" in astrid.get(f"/places/{chain.norway}/spread?template={number}").text
    elsewhere = send(astrid, f"/places/{chain.sweden}/spread", template=number)
    assert (elsewhere.status_code, "cannot be used here" in elsewhere.text) == (400, True)
    page = astrid.get(f"/places/{chain.oslo}").text
    assert ("Checkout" in page, "Repairs" in page) == (True, True)
    assert send(astrid, repairs, name="Repair desk", version=1, do="rename").status_code == 303
    assert send(astrid, repairs, name="Late", version=1, do="rename").status_code == 409
    assert "Repair desk" in astrid.get(f"/places/{chain.molde}").text
    assert send(astrid, repairs, version=2, do="retire").status_code == 303
    late = send(astrid, "/touchpoints/new", place=chain.oslo, template=number, name="More repairs")
    assert "is retired" in problem(late.text, "template") if 'id="template"' in late.text else late.status_code == 400
    assert send(astrid, repairs, version=3, do="remove").status_code == 400
    assert deeds(chain) == ["template added", "touchpoints added below", "template renamed", "template retired"]


def test_a_touchpoint_is_retired_and_its_answers_stay(chain: Chain, astrid: FlaskClient) -> None:
    chain.visits(chain.oslo, [3, 3])
    with chain.centre.db.reading() as tx:
        point = tx.execute(
            select(models.touchpoints.c.id).where(models.touchpoints.c.location_id == chain.oslo)
        ).scalar_one()
    here = f"/touchpoints/{point}"
    standing = send(astrid, here, name="Checkout", retired_day="2026-01-31", version=1)
    assert "1 screen still stands here" in problem(standing.text, "retired_day")
    assert "screens that stand or stood there" in send(astrid, f"{here}/remove", version=1).text
    with chain.centre.db.writing() as tx:
        tx.execute(models.placements.update().values(to_ms=chain.clock()))
    assert send(astrid, here, name="Till", retired_day="2026-01-31", version=1).status_code == 303
    assert send(astrid, here, name="Checkout", version=1).status_code == 409
    chain.visits(chain.oslo, [3])  # captured there, and told late
    with chain.centre.db.reading() as tx:
        counted = select(func.sum(models.tallies_day.c.n)).where(models.tallies_day.c.touchpoint_id == point)
        assert tx.execute(counted.where(models.tallies_day.c.choice == "")).scalar_one() == 3
        assert tally.verify(tx) is None
    with chain.centre.db.writing() as tx, pytest.raises(BadPlace, match="is retired"):
        places.add_screen(tx, "Another", point, chain.clock())
    assert "Retired since" in astrid.get(f"/places/{chain.oslo}").text
    assert "at stores and crews" in send(astrid, "/touchpoints/new", place=chain.norway, name="Door").text
    assert "already" in problem(send(astrid, "/touchpoints/new", place=chain.oslo, name="TILL").text, "name")
    door = send(astrid, "/touchpoints/new", place=chain.oslo, name="Door", opened_day="2026-04-01")
    assert door.status_code == 303
    with chain.centre.db.reading() as tx:
        door_id = tx.execute(select(models.touchpoints.c.id).where(models.touchpoints.c.name == "Door")).scalar_one()
    assert send(astrid, f"/touchpoints/{door_id}/remove", version=1).status_code == 303


def ten_thousand(chain: Chain) -> None:
    """Ten groups of a thousand stores, each with a touchpoint and a screen."""
    rest = [None] * 5
    with chain.centre.db.writing() as tx:
        groups = [
            (100 + n, chain.sweden, f"/{chain.sweden}/{100 + n}/", "group", f"Region {n}", *rest, 1) for n in range(10)
        ]
        shops = [
            (
                1_000 + n,
                100 + n % 10,
                f"/{chain.sweden}/{100 + n % 10}/{1_000 + n}/",
                "store",
                f"Shop {n:05}",
                None,
                None,
                f"r{n}",
                None,
                None,
                1,
            )
            for n in range(10_000)
        ]
        append(tx, models.locations, groups + shops)
        append(tx, models.touchpoints, [(100_000 + n, 1_000 + n, "Till", None, None, None, 1) for n in range(10_000)])
        append(tx, models.screens, [(f"s{n}", "Till", None, 1) for n in range(10_000)])
        append(tx, models.placements, [(f"p{n}", f"s{n}", 100_000 + n, 0, None) for n in range(10_000)])


def test_ten_thousand_places_ask_for_no_more(chain: Chain, astrid: FlaskClient) -> None:
    """A page reads as often and shows as much as with a few of them; `python -m tests.bench pages` measures it."""
    addresses = (
        f"/places/{chain.sweden}",
        "/places",
        "/places?search=oslo",
        f"/places/{chain.oslo}",
        f"/places/{chain.oslo}/move",
    )
    few = {address: statements(chain, astrid, address) for address in addresses}
    ten_thousand(chain)
    many = {address: statements(chain, astrid, address) for address in addresses}
    assert {address: n for address, n in many.items() if n > few[address] + 2} == {}
    assert all(len(astrid.get(address).data) < 100_000 for address in addresses)
    assert "10,001" in astrid.get("/places").text
    with chain.centre.db.writing() as tx:
        made = templates.get(tx, templates.add(tx, COMMAND, "Repairs", None, chain.clock()))
    spread = statements(chain, astrid, f"/places/{chain.sweden}/spread", template=made.id)
    assert spread < 100, "for ten thousand places at once"


def statements(chain: Chain, client: FlaskClient, address: str, **fields: Any) -> int:
    """How often a page asks the database something."""
    asked: list[str] = []

    def note(*event: Any) -> None:
        asked.append(event[2])

    listen(chain.centre.db.engine, "before_cursor_execute", note)
    answer = send(client, address, **fields) if fields else client.get(address)
    remove(chain.centre.db.engine, "before_cursor_execute", note)
    assert answer.status_code == (303 if fields else 200)
    return len(asked)
