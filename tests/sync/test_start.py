"""An empty centre: the first link, the first person, and the guided set-up to the first screen."""

import re
from threading import Barrier, Thread

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, wire
from sync.app import create_app
from sync.centre import Centre, open_centre
from sync.config import Settings
from sync.intake import enrol
from sync.office import organisation, places, settings, start
from tests.sync.conftest import Clock
from tests.sync.norway import FRAGMENT, OURS, PASSWORD, Chain

ASTRID = {"organisation": "Nordic Coffee", "name": "Astrid", "email": "astrid@example.com", "password": PASSWORD}


def first_link(centre: Centre) -> str:
    with centre.db.writing() as tx:
        token = start.invite_first(tx, centre.now_ms())
    assert token
    return f"/start/{token}"


def begin(client: FlaskClient, link: str, **changes: str) -> int:
    return client.post(link, data=ASTRID | changes, headers=OURS).status_code


def everybody(centre: Centre) -> list[str]:
    with centre.db.reading() as tx:
        return list(tx.execute(select(models.users.c.email)).scalars())


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    """Astrid alone, whose second factor was shown, in an organisation without a place."""
    chain = Chain(a_centre, clock, founded=False)
    chain.astrid = chain.person("astrid@example.com", "Astrid", responses=True)
    return chain


def test_who_follows_the_first_link_looks_after_everything(a_centre: Centre, client: FlaskClient) -> None:
    link = first_link(a_centre)
    for _ in range(3):  # a mail scanner, a preview, a second look
        assert client.get(link).status_code == 200
    answer = client.post(link, data=ASTRID, headers=OURS)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/set-up")
    assert client.get("/set-up").headers["Location"] == "/second?next=/set-up"
    assert client.get(link).status_code == 410
    assert begin(client, link, email="mallory@example.com") == 410
    assert everybody(a_centre) == ["astrid@example.com"]
    with a_centre.db.writing() as tx:
        assert organisation.name(tx) == "Nordic Coffee"
        assert start.invite_first(tx, a_centre.now_ms()) is None
        noted = tx.execute(select(models.audit)).one()
    assert (noted.action, noted.actor, noted.kind) == ("centre begun", "Astrid <astrid@example.com>", "person")
    assert PASSWORD not in str(noted)


def test_a_first_link_dies_with_the_next_start_and_after_a_day(
    a_centre: Centre, client: FlaskClient, clock: Clock
) -> None:
    old, new = first_link(a_centre), first_link(a_centre)
    assert client.get(old).status_code == 410
    assert client.get(new).status_code == 200
    clock.ms += 24 * 3_600_000
    assert client.get(new).status_code == 410
    assert begin(client, new) == 410
    assert everybody(a_centre) == []


def test_what_cannot_be_stands_beside_its_field_and_the_link_goes_on(a_centre: Centre, client: FlaskClient) -> None:
    link = first_link(a_centre)
    wrong = {"organisation": "", "name": "A\u202eB", "email": "astrid", "password": "too short"}
    page = client.post(link, data=wrong, headers=OURS)
    assert page.status_code == 400
    assert re.findall(r'id="(\w+)-problem"', page.get_data(as_text=True)) == list(ASTRID)
    assert "too short" not in page.get_data(as_text=True)
    assert begin(client, link, password="Nordic Coffee 1") == 400
    assert begin(client, link) == 303


def test_of_two_browsers_with_the_first_link_one_becomes_administrator(
    a_centre: Centre, settings: Settings, clock: Clock
) -> None:
    link = first_link(a_centre)
    other = open_centre(settings, clock, migrate=False)
    apps, waiting, answers = [create_app(a_centre), create_app(other)], Barrier(2), list[int]()

    def follow(number: int) -> None:
        client = apps[number].test_client()
        client.get(link)
        waiting.wait()
        answers.append(begin(client, link, email=f"admin{number}@example.com"))

    threads = [Thread(target=follow, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.db.close()
    assert sorted(answers) == [303, 410]
    assert len(everybody(a_centre)) == 1


def test_a_first_link_is_worth_nothing_once_somebody_is_there(a_centre: Centre, clock: Clock) -> None:
    link = first_link(a_centre)
    chain = Chain(a_centre, clock, founded=False)
    chain.person("astrid@example.com", "Astrid", responses=True)
    assert begin(chain.browser(), link, email="mallory@example.com") == 410
    assert everybody(a_centre) == ["astrid@example.com"]


def test_guessing_links_is_slowed_down_by_address(client: FlaskClient) -> None:
    answers = [client.get(f"/start/guess{number}").status_code for number in range(31)]
    assert answers == [410] * 30 + [429]
    assert client.get("/welcome/guess").status_code == 429


def step(client: FlaskClient) -> str:
    """The set-up's step that is next, by what its form does."""
    found = re.search(r'action="/set-up/(\w+)"', client.get("/set-up").get_data(as_text=True))
    return found[1] if found else "done"


def do(client: FlaskClient, what: str, /, **given: str) -> int:
    return client.post(f"/set-up/{what}", data=given, headers=OURS).status_code


def test_the_set_up_leads_from_nothing_to_a_screen(chain: Chain) -> None:
    client = chain.browser(chain.astrid)
    assert "Set-up: 1 of 5 done" in client.get("/").get_data(as_text=True)
    days = {"open": "some", "opens": "9", "closes": "18:00", "mon": "yes", "sat": "yes"}
    assert do(client, "place", name="Oslo", zone="Europe/Olso", **days) == 400
    assert do(client, "place", name="Oslo", zone="Europe/Oslo", **days) == 303
    assert do(client, "place", name="Oslo", zone="Europe/Oslo", **days) == 303  # twice touched, once done
    assert step(client) == "touchpoint"
    assert do(client, "touchpoint", name=" ") == 400
    assert do(client, "touchpoint", name="Checkout") == 303
    assert do(client, "survey", survey="no such survey") == 400
    assert do(client, "survey", survey="builtin") == 303
    assert step(client) == "screen"
    assert do(client, "screen") == 303
    page = client.get("/set-up").get_data(as_text=True)
    code = re.search(r'class="big" dir="ltr">([0-9A-Z-]{9})<', page)
    assert code
    assert "data:image/png;base64," in page
    assert code[1] not in chain.browser(chain.astrid).get("/set-up").get_data(as_text=True)  # another browser's
    assert client.get("/set-up/now", headers=FRAGMENT).status_code == 200
    with chain.centre.db.writing() as tx:
        (place,) = places.locations(tx)
        assert (place.zone, place.hours and place.hours[0], place.hours and place.hours[6]) == (
            "Europe/Oslo", [(540, 1080)], []
        )  # fmt: skip
        asked = wire.EnrolmentRequest(code=code[1], install="a" * 16, fingerprint="b" * 16, app="1")
        assert isinstance(enrol.enrol(tx, asked, None, chain.centre.secrets, chain.clock()), wire.Enrolment)
        kept = {each.key: each.value for each in settings.known(tx, place.id, 1)}
    assert kept["survey"] == "builtin"
    assert client.get("/set-up/now", headers=FRAGMENT).headers["HX-Redirect"] == "/set-up"
    assert "The screen has come" in client.get("/set-up").get_data(as_text=True)
    assert "Set-up:" not in client.get("/").get_data(as_text=True)


def test_the_set_up_goes_on_where_it_was_left_also_by_another_way(chain: Chain) -> None:
    client = chain.browser(chain.astrid)
    assert step(client) == "place"
    chain.norway = chain.group("Norway", zone="Europe/Oslo")
    assert step(client) == "place"  # a group holds places
    shop = chain.shop("Oslo", screen=False)
    assert step(client) == "touchpoint"
    with chain.centre.db.writing() as tx:
        places.add_touchpoint(tx, shop, "Exit")
    assert step(client) == "survey"
    assert "What is asked at <bdi>Exit</bdi>?" in client.get("/set-up").get_data(as_text=True)


def test_a_second_code_is_for_the_same_screen_and_ends_the_first(chain: Chain) -> None:
    chain.norway = chain.group("Norway", zone="Europe/Oslo")
    shop = chain.shop("Oslo", screen=False)
    with chain.centre.db.writing() as tx:
        places.add_touchpoint(tx, shop, "Exit")
    client = chain.browser(chain.astrid)
    for _ in range(2):
        assert do(client, "screen") == 303
    with chain.centre.db.reading() as tx:
        assert [len(tx.execute(select(table)).all()) for table in (models.screens, models.enrol_codes)] == [1, 1]


def test_the_reminder_is_for_who_may_do_it_and_can_be_dismissed(chain: Chain) -> None:
    chain.norway = chain.group("Norway", zone="Europe/Oslo")
    kari = chain.browser(chain.hired("kari@example.com", "Kari", ("admin", chain.norway)))
    assert "Set-up:" not in kari.get("/").get_data(as_text=True)
    assert kari.get("/set-up").headers["Location"] == "/"
    assert do(kari, "place", name="Oslo", zone="Europe/Oslo", open="always") == 303
    assert do(kari, "dismiss") == 303
    client = chain.browser(chain.astrid)
    assert "Set-up: 1 of 5 done" in client.get("/").get_data(as_text=True)
    assert do(client, "dismiss") == 303
    assert "Set-up:" not in client.get("/").get_data(as_text=True)
    assert step(client) == "place"  # it can still be taken up
