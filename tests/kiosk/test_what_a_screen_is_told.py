"""From head office's settings to a screen, and what a terminal does with those that it cannot use."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.terminal import Terminal
from sync import models, wire
from sync.app import create_app
from sync.centre import Centre
from sync.office import people, places, settings
from sync.rows import put
from tests.bad_days import later, passes, sender_of, tap
from tests.sync.norway import hashed


@pytest.fixture
def shop(a_centre: Centre, oslo: Terminal) -> int:
    """The number of the place where the terminal stands."""
    with a_centre.db.reading() as tx:
        return next(place.id for place in places.locations(tx) if place.name == "Oslo")


def set_there(centre: Centre, shop: int, **given: settings.Given) -> None:
    with centre.db.writing() as tx:
        for key, value in given.items():
            settings.put(tx, shop, None, key, value, centre.now_ms())


def as_another_version_would(centre: Centre, shop: int, key: str, value: Any) -> None:
    """A value that this version never keeps."""
    with centre.db.writing() as tx:
        put(tx, models.settings, [(shop, 0, key, json.dumps(value), centre.now_ms())])


def told(terminal: Terminal) -> wire.ScreenSettings:
    """What its screen works from, once it has asked again."""
    later(terminal)
    sender_of(terminal).fetch_manifest()
    standing = terminal.standing()
    assert standing is not None
    return standing.settings


def terminals_page(centre: Centre) -> str:
    """What Astrid reads of the terminal."""
    row = {"email": "astrid@example.com", "name": "Astrid", "password_hash": hashed(), "created_ms": 1}
    client = create_app(centre).test_client()
    with centre.db.writing() as tx:
        astrid = tx.execute(select(models.users.c.id)).scalar()
        if astrid is None:
            astrid = tx.execute(models.users.insert().values(row).returning(models.users.c.id)).scalar_one()
            people.grant(tx, astrid, "admin", None)
        client.set_cookie("smilepost", people.new_session(tx, astrid, centre.now_ms(), second=True))
        device = tx.execute(select(models.devices.c.id)).scalar_one()
    return client.get(f"/devices/{device}").get_data(as_text=True)


def test_what_is_set_at_head_office_is_on_the_screen(oslo: Terminal, a_centre: Centre, shop: int) -> None:
    assert told(oslo) == wire.ScreenSettings()
    message = json.dumps([{"said": {"en": "Slow."}, "did": {"en": "A second till."}}]).encode()
    set_there(a_centre, shop, accent="#0a6b35", large="true", languages="nl,en", messages=message, staff_pin="830516")
    found, standing = told(oslo), oslo.standing()
    assert standing is not None
    assert found.accent is not None
    assert (found.accent.light, found.large) == ("#0a6b35", True)
    assert (standing.languages, [each.did for each in standing.messages]) == (("nl", "en"), [{"en": "A second till."}])
    assert wire.pin_fits("830516", found.staff_pin or "")


BAD = [
    ("staff_pin", "x" * 300, "length <= 200"),
    ("seconds.thanks", 10**9, "<= 600"),
    ("seconds.thanks", "ten", "Expected `int`"),
    ("large", "yes", "Expected `bool`"),
    ("logo", {"kind": "image/svg+xml", "data": "PHN2Zz4="}, "image/svg+xml"),
]


def test_settings_that_a_terminal_cannot_use_leave_the_last_good_ones(
    oslo: Terminal, a_centre: Centre, shop: int
) -> None:
    """The screen goes on, and the page Terminals says why it doesn't follow."""
    set_there(a_centre, shop, accent="#0a6b35", **{"seconds.thanks": "12"})
    good = told(oslo)
    for key, value, why in BAD:
        as_another_version_would(a_centre, shop, key, value)
        assert told(oslo) == good
        tap(oslo)
        passes(oslo)
        page = terminals_page(a_centre)
        assert "the manifest cannot be used (" in page
        assert why in page.replace("&lt;", "<")
        with a_centre.db.writing() as tx:
            settings.take_out(tx, shop, None, key)
    set_there(a_centre, shop, **{"seconds.thanks": "12"})
    assert told(oslo) == good
    tap(oslo)
    passes(oslo)
    assert "cannot be used" not in terminals_page(a_centre)


def test_a_setting_of_a_newer_head_office_means_nothing_to_this_terminal(
    oslo: Terminal, a_centre: Centre, shop: int
) -> None:
    set_there(a_centre, shop, large="true")
    as_another_version_would(a_centre, shop, "sound", {"volume": 11})
    assert told(oslo) == wire.ScreenSettings(large=True)
