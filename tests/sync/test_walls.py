"""A screen on a wall: opened by its address alone, for everybody who walks by, and so with as little as that."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models
from sync.centre import Centre
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def hang(chain: Chain, user: int, place: int, name: str = "Canteen", language: str = "en") -> str:
    """Its address."""
    form = {"name": name, "language": language, "at": str(place), "do": "make"}
    answer = chain.browser(user).post("/walls/new", data=form, headers=OURS)
    assert answer.status_code == 200, answer.text
    found = re.search(r'value="http://[^/]+(/wall/[^"]+)"', answer.text)
    assert found is not None
    return found[1]


def stranger(chain: Chain) -> FlaskClient:
    return chain.app.test_client()


def number(page: str) -> str:
    found = re.search(r'class="number">([^<]*)<', page)
    assert found is not None
    return found[1]


def test_a_wall_shows_its_place_to_whoever_has_the_address(chain: Chain, clock: Clock) -> None:
    address = hang(chain, chain.astrid, chain.oslo)
    for days_ago in range(6):
        chain.visits(chain.oslo, [3] * 8 + [0] * 2, days_ago=days_ago)
    chain.visits(chain.bergen, [0] * 7)
    page = stranger(chain).get(address).text
    assert "Oslo" in page
    assert number(page) == "10"
    assert "As of" in page
    assert page.count("80") >= 5, "each day's score"
    assert "Bergen" not in page
    assert "astrid" not in page.lower()
    chain.visits(chain.oslo, [3] * 2)
    assert number(stranger(chain).get(address + "/now?build=x").text) == "12"
    clock.ms += 24 * 3_600_000
    assert number(stranger(chain).get(address + "/now").text) == "0", "a new day"


def test_a_group_s_wall_adds_up_what_is_below(chain: Chain) -> None:
    address = hang(chain, chain.astrid, chain.norway, language="nl")
    chain.visits(chain.oslo, [3] * 8)
    chain.visits(chain.bergen, [0] * 7)
    page = stranger(chain).get(address).text
    assert number(page) == "15"
    assert 'lang="nl"' in page


def test_a_wall_says_no_score_of_a_few(chain: Chain) -> None:
    address = hang(chain, chain.astrid, chain.oslo)
    chain.visits(chain.oslo, [0] * 4)
    page = stranger(chain).get(address).text
    assert number(page) == "4"
    assert "There is a score from 5 answers on." in page


def test_only_a_comment_that_was_passed_on_stands_there(chain: Chain, clock: Clock) -> None:
    address = hang(chain, chain.astrid, chain.oslo)
    chain.comment(chain.oslo, "Kari helped me carry it to the car")
    chain.comment(chain.oslo, "<b>Never</b> again", 0)
    assert "helped me" not in stranger(chain).get(address).text
    with chain.centre.db.writing() as tx:
        kind = tx.execute(select(models.responses.c.id).where(models.responses.c.body.contains("helped me"))).scalar()
        row = {"response_id": kind, "praise_id": chain.oslo, "praised_ms": clock(), "praised_by": "Astrid"}
        tx.execute(models.moderation.insert().values(row))
    page = stranger(chain).get(address).text
    assert "Kari helped me carry it to the car" in page
    assert "again" not in page
    with chain.centre.db.writing() as tx:
        tx.execute(models.moderation.update().values(hidden_ms=clock(), hidden_by="Astrid"))
    assert "helped me" not in stranger(chain).get(address).text


def test_a_wall_that_was_taken_down_shows_nothing(chain: Chain) -> None:
    address = hang(chain, chain.astrid, chain.oslo)
    browser = chain.browser(chain.astrid)
    assert "Canteen" in browser.get("/walls").text
    with chain.centre.db.reading() as tx:
        wall = tx.execute(select(models.walls.c.id)).scalar_one()
    assert browser.post(f"/walls/{wall}/revoke", headers=OURS).status_code == 303
    assert stranger(chain).get(address).status_code == 404
    assert "Taken down" in browser.get("/walls").text
    assert address.rsplit("/", 1)[1] not in browser.get("/audit").text


def test_who_guesses_addresses_is_told_to_wait(chain: Chain) -> None:
    client = stranger(chain)
    codes = {client.get(f"/wall/{n:043}").status_code for n in range(130)}
    assert codes == {404, 429}


def test_nobody_hangs_up_what_they_do_not_see_to(chain: Chain) -> None:
    form = {"name": "Mine", "language": "en", "at": str(chain.oslo)}
    assert chain.browser(chain.bjorn).post("/walls/new", data=form, headers=OURS).status_code == 403
    elsewhere = chain.hired("m@example.com", "Admin", ("admin", chain.bergen))
    assert chain.browser(elsewhere).post("/walls/new", data=form, headers=OURS).status_code == 400
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(models.walls.c.id)).first() is None


def test_what_is_wrong_is_said_beside_its_field(chain: Chain) -> None:
    van, browser = chain.shop("Van 12", kind="crew"), chain.browser(chain.astrid)
    answer = browser.post("/walls/new", data={"name": "", "language": "xx", "at": str(van)}, headers=OURS)
    assert answer.status_code == 400
    assert "Choose the language of the wall." in answer.text
    assert "A crew has no wall" in answer.text


def test_a_wall_is_fetched_anew_after_an_upgrade(chain: Chain) -> None:
    address = hang(chain, chain.astrid, chain.oslo)
    page = stranger(chain).get(address).text
    build = re.search(r"now\?build=(\w+)", page)
    assert build is not None
    assert "HX-Refresh" not in stranger(chain).get(f"{address}/now?build={build[1]}").headers
    assert stranger(chain).get(f"{address}/now?build=older").headers["HX-Refresh"] == "true"
