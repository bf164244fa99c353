"""What the screens of a place are told, set in the browser."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from sync import models
from sync.centre import Centre
from sync.office import settings
from sync.office.settings import KEYS
from tests.sync.conftest import Clock
from tests.sync.drawings import png
from tests.sync.norway import OURS, Chain

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is about words and forms alone: the database makes no difference."""


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def astrid(chain: Chain) -> FlaskClient:
    return chain.browser(chain.astrid)


def here(chain: Chain) -> str:
    return f"/places/{chain.oslo}/settings"


def give(client: FlaskClient, address: str, key: str, **fields: Any) -> TestResponse:
    return client.post(address, data={"key": key, "seen": 0, "do": "set", **fields}, headers=OURS)


def holds(chain: Chain, key: str, place: int | None = None) -> Any:
    with chain.centre.db.reading() as tx:
        return next(each.value for each in settings.known(tx, place or chain.oslo) if each.key == key)


def beside(page: str, field: str) -> str:
    found = re.search(f'id="{re.escape(field)}-problem">([^<]*)<', page)
    assert found is not None, page
    assert f"{field}-problem" in page.split('aria-describedby="', 1)[1]
    return found[1]


GOOD = {
    "accent": ({"value": "#1F5C3A"}, "#1f5c3a"),
    "languages": ({"first": "nl", "more": ["en", "de", "nl"]}, ["nl", "en", "de"]),
    "logo_name": ({"value": "Fjord & Co"}, "Fjord & Co"),
    "large": ({"value": "true"}, True),
    "low_reach": ({"value": "true"}, True),
    "seconds.thanks": ({"value": "12"}, 12),
    "response_interval": ({"value": "0"}, 0),
    "survey": ({"value": "builtin"}, "builtin"),
    "briefing_at": ({"value": "06:30"}, "06:30"),
    "briefing_lead": ({"value": "45"}, 45),
}


def test_every_key_is_set_in_the_browser_and_written_down(chain: Chain, astrid: FlaskClient) -> None:
    for key, (fields, value) in GOOD.items():
        assert give(astrid, here(chain), key, **fields).status_code == 303
        assert holds(chain, key) == value
    page = astrid.get(here(chain)).text
    assert all(f'id="{key}"' in page for key in KEYS)
    assert page.count("set here") == len(GOOD)
    with chain.centre.db.reading() as tx:
        noted = tx.execute(select(models.audit.c.action, models.audit.c.name, models.audit.c.after)).all()
    assert {row.action for row in noted} == {"setting changed"}
    assert ("setting changed", "Oslo", '{"accent":"#1f5c3a"}') in [tuple(row) for row in noted]


def test_what_is_set_above_holds_until_it_is_set_here(chain: Chain, astrid: FlaskClient) -> None:
    give(astrid, f"/places/{chain.norway}/settings", "accent", value="#33468c")
    assert "from <bdi>Norway</bdi>" in astrid.get(here(chain)).text
    give(astrid, here(chain), "accent", value="#1f5c3a")
    seen = stamp(astrid.get(here(chain)).text, "accent")
    assert give(astrid, here(chain), "accent", do="inherit", seen=seen).status_code == 303
    assert holds(chain, "accent") == "#33468c"
    olav = chain.browser(chain.hired("olav@example.com", "Olav", ("admin", chain.oslo)))
    page = olav.get(here(chain)).text
    assert ("from above" in page, "Norway" in page) == (True, False)


def stamp(page: str, key: str) -> str:
    found = re.search(f'name="key" value="{re.escape(key)}">\\s*<input type="hidden" name="seen" value="(\\d+)"', page)
    assert found is not None
    return found[1]


def test_two_people_set_the_same(chain: Chain, astrid: FlaskClient) -> None:
    give(astrid, here(chain), "accent", value="#33468c")
    late = give(astrid, here(chain), "accent", value="#1f5c3a")
    assert late.status_code == 409
    assert "Somebody else changed this" in late.text
    assert 'value="#1f5c3a"' in late.text
    assert holds(chain, "accent") == "#33468c"
    assert give(astrid, here(chain), "accent", value="#1f5c3a", seen=stamp(late.text, "accent")).status_code == 303


@ON_SQLITE
def test_one_touchpoint_alone(chain: Chain, astrid: FlaskClient) -> None:
    with chain.centre.db.reading() as tx:
        mine = models.touchpoints.c.location_id == chain.oslo
        point = tx.execute(select(models.touchpoints.c.id).where(mine)).scalar_one()
    assert give(astrid, f"/touchpoints/{point}/settings", "large", value="true").status_code == 303
    assert "set at this touchpoint" in astrid.get(f"/touchpoints/{point}/settings").text
    assert holds(chain, "large") is False


@ON_SQLITE
def test_what_cannot_be_is_said_beside_the_field(chain: Chain, astrid: FlaskClient) -> None:
    for key, value, sentence in (
        ("accent", "#ffff00", "has a contrast of 1.0 : 1; at least 4.5 : 1 is needed"),
        ("accent", "red", "is no colour"),
        ("seconds.thanks", "never", "a whole number of seconds"),
        ("seconds.comment", "12", "has to come before the screen"),
        ("survey", "nothing", "There is no survey"),
        ("logo_name", "a\u202eb", "cannot be used"),
    ):
        answer = give(astrid, here(chain), key, value=value)
        assert answer.status_code == 400
        assert sentence in beside(answer.text, key)
        assert f'<details class="setting" id="{key}" open>' in answer.text
    assert give(astrid, here(chain), "colour", value="#33468c").status_code == 400
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(models.settings)).all() == []
        assert tx.execute(select(models.audit)).all() == []


@ON_SQLITE
def test_a_colour_is_told_while_it_is_typed(astrid: FlaskClient) -> None:
    assert "Readable: its contrast is" in astrid.get("/accent?value=%2333468c").text
    assert 'fill="#33468c"' in astrid.get("/accent?value=%2333468c").text
    faint = astrid.get("/accent?value=%23ffff00").text
    assert ("is needed" in faint, "<svg" in faint) == (True, False)
    assert "<script" not in astrid.get("/accent?value=%3Cscript%3E").text


@ON_SQLITE
def test_a_logo_is_uploaded_or_refused_whole(chain: Chain, astrid: FlaskClient) -> None:
    for content, status, sentence in (
        (b"<svg onload=alert(1)>", 400, "is an SVG"),
        (b"", 400, "Choose a file"),
        (b"x" * 40_000, 400, "at most 36,864 are allowed"),
        (b"x" * 4_000_000, 413, "far too large"),
    ):
        answer = give(astrid, here(chain), "logo", logo=(BytesIO(content), "a<b>.png"))
        assert answer.status_code == status
        assert sentence in beside(answer.text, "logo")
    assert holds(chain, "logo") is None
    assert give(astrid, here(chain), "logo", logo=(BytesIO(png()), "logo.png")).status_code == 303
    assert '<img src="data:image/png;base64,' in astrid.get(here(chain)).text


@ON_SQLITE
def test_you_said_we_did_is_written_without_json(chain: Chain, astrid: FlaskClient) -> None:
    give(astrid, here(chain), "languages", first="nl", more=["en"])
    form = astrid.get(here(chain)).text
    assert ('name="said.0.nl"' in form, 'name="did.0.en"' in form) == (True, True)
    half = give(astrid, here(chain), "messages", **{"said.0.nl": "De rij was lang", "did.0.en": "x" * 301})
    assert half.status_code == 400
    assert beside(half.text, "did.0.nl") == "Write both halves, or neither."
    assert "At most 300" in beside(half.text, "did.0.en")
    assert ">De rij was lang</textarea>" in half.text
    assert holds(chain, "messages") == []
    texts = {"said.0.nl": "De rij was lang", "did.0.nl": "Een kassa erbij", "said.1.en": "Cold", "did.1.en": "Warm"}
    assert give(astrid, here(chain), "messages", **texts).status_code == 303
    assert holds(chain, "messages") == [
        {"said": {"nl": "De rij was lang"}, "did": {"nl": "Een kassa erbij"}},
        {"said": {"en": "Cold"}, "did": {"en": "Warm"}},
    ]
    assert ">Een kassa erbij</textarea>" in astrid.get(here(chain)).text


def test_a_pin_is_never_shown_nor_written_down(chain: Chain, astrid: FlaskClient) -> None:
    wrong = give(astrid, here(chain), "staff_pin", value="12x4")
    assert (wrong.status_code, "12x4" in wrong.text) == (400, False)
    assert give(astrid, here(chain), "staff_pin", value="480213").status_code == 303
    with chain.centre.db.reading() as tx:
        noted = tx.execute(select(models.audit)).all()
    assert [(row.action, row.before, row.after) for row in noted] == [("setting changed", None, '{"staff_pin":"set"}')]
    assert "480213" not in astrid.get(here(chain)).text
    assert str(holds(chain, "staff_pin")) not in astrid.get(here(chain)).text


@ON_SQLITE
def test_who_may_not_change_places_sets_nothing(chain: Chain) -> None:
    per = chain.browser(chain.per)
    assert give(per, f"/places/{chain.malmo}/settings", "large", value="true").status_code == 403
    olav = chain.browser(chain.hired("olav@example.com", "Olav", ("admin", chain.sweden)))
    assert give(olav, here(chain), "large", value="true").status_code == 404
