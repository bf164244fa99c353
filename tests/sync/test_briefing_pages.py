"""The briefing on a telephone that nobody signed in to, and for whoever looks after the crew."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models
from sync.centre import Centre
from sync.office import head_briefing, local_time, people
from sync.office.people import User
from tests.sync.conftest import Clock
from tests.sync.norway import MINUTE_MS, OURS
from tests.sync.test_crew_briefing import HOUR_MS, Morning, block

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/124.0 Mobile Safari/537.36"


@pytest.fixture
def van(a_centre: Centre, clock: Clock) -> Morning:
    van = Morning(a_centre, clock)
    van.visits(van.van, [3] * 5, days_ago=1)
    van.comment(van.van, "Shoes off, <b>kind</b>", 3, days_ago=1)
    return van


def manager(van: Morning) -> FlaskClient:
    return van.browser(van.hired("mona@example.com", "Mona", ("manager", van.van)))


def link(van: Morning, by: FlaskClient) -> str:
    page = by.post(f"/briefing/{van.van}/link", headers=OURS).text
    found = re.search(r'value="http://localhost(/b/[^"]+)"', page)
    assert found is not None
    return found[1]


def press(van: Morning, address: str) -> tuple[FlaskClient, int]:
    phone = van.browser()
    return phone, phone.post(address, headers={**OURS, "User-Agent": ANDROID}).status_code


def test_a_link_shows_nothing_until_a_telephone_is_the_crews(van: Morning) -> None:
    by = manager(van)
    address = link(van, by)
    scanner = van.browser()
    for _ in range(2):
        opened = scanner.get(address)
        assert (opened.status_code, "This is my phone" in opened.text) == (200, True)
        assert not any(word in opened.text for word in ("Van 12", "Shoes", "customers", "smilepost-phone"))
        assert "Set-Cookie" not in opened.headers
    phone, status = press(van, address)
    assert status == 303
    told = phone.get(address)
    assert "Shoes off, &lt;b&gt;kind&lt;/b&gt;" in told.text
    assert (told.headers["Referrer-Policy"], told.headers["X-Robots-Tag"]) == ("no-referrer", "noindex")
    cookie = told.headers["Set-Cookie"]
    assert f"Path={address}" in cookie
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Max-Age=34560000"))
    assert "Shoes" not in van.browser().get(address).text
    with van.centre.db.reading() as tx:
        held = repr(tx.execute(select(models.crew_links)).all()) + repr(tx.execute(select(models.crew_phones)).all())
        noted = tx.execute(select(models.audit.c.action, models.audit.c.actor).order_by(models.audit.c.id)).all()
    assert (address.removeprefix("/b/") in held, "Android · Chrome" in held) == (False, True)
    assert noted[-2].action == "briefing link made"
    assert tuple(noted[-1]) == ("phone added", "a phone of Van 12")


def test_four_telephones_read_it_and_each_can_be_taken_out(van: Morning) -> None:
    by = manager(van)
    address = link(van, by)
    phones = [press(van, address) for _ in range(5)]
    assert [status for _, status in phones] == [303] * 4 + [409]
    page = by.get(f"/briefing/{van.van}/phones").text
    numbers = re.findall(r"/phones/(\d+)/remove", page)
    assert len(numbers) == 4
    assert by.post(f"/phones/{numbers[0]}/remove", headers=OURS).status_code == 303
    assert "Shoes" not in phones[0][0].get(address).text
    assert "Shoes" in phones[1][0].get(address).text
    assert press(van, address)[1] == 303
    renewed = link(van, by)
    assert phones[1][0].get(address).status_code == 404
    assert "Shoes" not in phones[1][0].get(renewed).text
    assert by.post(f"/briefing/{van.van}/link/revoke", headers=OURS).status_code == 303
    assert van.browser().get(renewed).status_code == 404


@ON_SQLITE
def test_who_guesses_links_waits(van: Morning) -> None:
    guesser = van.browser()
    answers = [guesser.get(f"/b/guess-{n}").status_code for n in range(32)]
    assert (answers[0], answers[-1]) == (404, 429)


def test_a_crew_adds_one_line_that_its_manager_reads_after_it(van: Morning) -> None:
    by = manager(van)
    address = link(van, by)
    phone, _ = press(van, address)

    def write(text: str, version: int) -> int:
        return phone.post(f"{address}/note", data={"text": text, "version": version}, headers=OURS).status_code

    assert write("The lift was broken", 0) == 303
    assert write("Somebody else", 0) == 409
    assert write("x" * 301, 1) == 400
    assert write("The lift was broken in the whole street", 1) == 303
    assert "The lift was broken in the whole street" in by.get(f"/briefing/{van.van}").text
    assert heard(van, ("manager", van.norway)) == ["Van 12: The lift was broken in the whole street"]
    assert heard(van, ("admin", None)) == []
    assert van.browser().post(f"{address}/note", data={"text": "A stranger"}, headers=OURS).status_code == 403
    assert by.post(f"/briefing/{van.van}/note", data={"text": "A manager"}, headers=OURS).status_code == 403
    van.night()
    assert 'version" value="0"' in phone.get(address).text
    with van.centre.db.reading() as tx:
        logged = repr(tx.execute(select(models.audit)).all())
    assert ("line of context written" in logged, "lift" in logged) == (True, False)


def heard(van: Morning, *roles: tuple[str, int | None]) -> list[str]:
    """What teams say in the briefing of whoever has these roles."""
    number = van.hired(f"{roles[0][0]}@example.com", "Somebody", *roles)
    with van.centre.db.reading() as tx:
        user = User(number, "", "", people.rights_of(tx, number, van.clock()))
        told = head_briefing.compose(tx, user, "daily", local_time.day_of(van.clock(), "Europe/Oslo"), van.clock())
    return [line.text for line in block(told, "notes").lines]


@ON_SQLITE
def test_the_crew_reads_before_its_manager(van: Morning) -> None:
    by, kari = manager(van), van.browser(van.hired("kari@example.com", "Kari", ("crew", van.van)))
    van.clock.ms -= 5 * HOUR_MS  # 07:00 in Oslo
    assert "Shoes off" in kari.get(f"/briefing/{van.van}").text
    early = by.get(f"/briefing/{van.van}").text
    assert "Shoes off" not in early
    assert re.search(r"briefing can be read here from 07:30 on", early)
    van.clock.ms += 30 * MINUTE_MS
    assert "Shoes off" in by.get(f"/briefing/{van.van}").text


@ON_SQLITE
def test_others_read_no_crews_briefing(van: Morning) -> None:
    assert van.browser(van.per).get(f"/briefing/{van.van}").status_code == 404
    viewer = van.browser(van.hired("vera@example.com", "Vera", ("viewer", van.norway)))
    assert viewer.get(f"/briefing/{van.van}").status_code in (403, 404)
    assert viewer.get(f"/briefing/{van.oslo}").status_code == 200
    assert viewer.get(f"/briefing/{van.norway}").status_code == 303
    assert viewer.get(f"/briefing/{van.oslo}/phones").status_code == 403
    chief = van.browser(van.astrid)
    assert chief.get(f"/briefing/{van.oslo}/phones").status_code == 200
    assert chief.post(f"/briefing/{van.van}/link", headers=OURS).status_code in (403, 404)


@ON_SQLITE
def test_earlier_mornings_stay_what_they_showed(van: Morning) -> None:
    number = van.hired("kari@example.com", "Kari", ("crew", van.van))
    van.browser(number).get(f"/briefing/{van.van}")
    van.night()
    kari = van.browser(number)
    van.visits(van.van, [3] * 5, days_ago=1)
    van.comment(van.van, "On the next day", 3, days_ago=1)
    page = kari.get(f"/briefing/{van.van}").text
    assert "On the next day" in page
    assert 'href="/briefing/' in page
    earlier = kari.get(f"/briefing/{van.van}?day=2026-03-03").text
    assert ("Shoes off" in earlier, "On the next day" in earlier) == (True, False)
    assert kari.get(f"/briefing/{van.van}?day=2026-03-02").status_code == 404
    assert kari.get(f"/briefing/{van.van}?day=yesterday").status_code == 404
