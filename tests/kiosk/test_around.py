"""What stands around a visit: a store's own look, "you said, we did", more time and a low reach, without a script."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk import around, frames, look, modes, told
from kiosk.app import create_app
from kiosk.standing import Standing
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import BUILTIN
from tests.terminals import Visitor, terminal

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
ACCENT = {"light": "#7a1f5c", "on_light": "#ffffff", "dark": "#f0a6d6", "on_dark": "#2a0a1f"}
LOGO = {"kind": "image/png", "data": b64encode(PNG).decode(), "name": "Fjord & Sons"}
QUEUE = {"said": {"en": "The queue is long.", "de": "Die Schlange ist lang."}, "did": {"en": "A third till is open."}}
LIGHT = {"said": {"nl": "Het is donker."}, "did": {"nl": "Er is meer licht."}}


def settings(**given: Any) -> wire.ScreenSettings:
    return wire.ScreenSettings(accent=wire.Accent(**ACCENT), logo=wire.Logo(**LOGO), **given)  # type: ignore[arg-type]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    by_office = {"accent": ACCENT, "logo": LOGO}
    with terminal(tmp_path, "till", "door", by_office=by_office, messages=[QUEUE, LIGHT]) as opened:
        yield opened


@pytest.fixture
def client(box: Terminal) -> FlaskClient:
    return create_app(box).test_client()


def test_a_store_has_its_own_colour_and_mark(client: FlaskClient) -> None:
    page = client.get("/")
    style, logo = page.headers["Smilepost-Look"].split(" ")
    assert f'<link rel="stylesheet" href="{style}">' in page.text
    assert f'<img class="logo" src="{logo}" alt="Fjord &amp; Sons">' in page.text
    sheet = client.get(style)
    assert sheet.mimetype == "text/css"
    assert "--accent:#7a1f5c;--on-accent:#ffffff" in sheet.text
    picture = client.get(logo)
    assert (picture.mimetype, picture.data) == ("image/png", PNG)
    for answer in (sheet, picture):
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/look/0000000000000000.css").status_code == 404
    assert client.get("/s/door/" + logo.removeprefix("/")).data == PNG


def test_a_screen_without_settings_is_one_of_ours(tmp_path: Path) -> None:
    with terminal(tmp_path) as plain:
        page = create_app(plain).test_client().get("/")
    assert page.headers["Smilepost-Look"] == ""
    assert "/look/" not in page.text
    assert "class=" not in page.text.split("<head>")[0]


@pytest.mark.parametrize(
    "colour", ["#7a1f5c\n", "#7A1F5C", "red;}body{display:none", "url(//evil)"], ids=["line", "case", "rule", "address"]
)
def test_what_is_no_colour_never_stands_in_a_style(colour: str) -> None:
    hostile = wire.ScreenSettings(accent=wire.Accent(**{**ACCENT, "dark": colour}))
    assert look.of(hostile).style is None


@pytest.mark.parametrize(
    "data", ["", "not base64", b64encode(b"<svg onload='alert(1)'/>").decode(), b64encode(b"GIF89a" + PNG).decode()]
)
def test_what_is_no_such_picture_is_no_logo(data: str) -> None:
    for kind in ("image/png", "image/jpeg", "image/webp"):
        shown = look.of(wire.ScreenSettings(logo=wire.Logo(kind, data, "Fjord")))  # type: ignore[arg-type]
        assert (shown.logo, shown.title) == (None, "")


def test_another_look_has_another_address_and_makes_another_page() -> None:
    first = Standing("till", "p", BUILTIN, ("en",), "Oslo", settings())
    other = Standing("till", "p", BUILTIN, ("en",), "Oslo", settings(large=True))
    told_more = Standing("till", "p", BUILTIN, ("en",), "Oslo", settings(), (wire.Message({"en": "a"}, {"en": "b"}),))
    assert len({frames.shows(standing) for standing in (first, other, told_more)}) == 3
    recoloured = wire.ScreenSettings(accent=wire.Accent(**{**ACCENT, "light": "#123456"}))
    names = {file.name for given in (settings(), recoloured) for file in look.of(given).files()}
    assert len(names) == 3


def test_what_was_done_is_told_in_the_visits_language_or_one_there_is(client: FlaskClient) -> None:
    page = client.get("/?lang=de").text
    assert '<dd lang="de" dir="ltr">Die Schlange ist lang.</dd>' in page
    assert '<dd lang="en" dir="ltr">A third till is open.</dd>' in page
    assert '<dd lang="nl" dir="ltr">Het is donker.</dd>' in page
    assert page.count('<dl class="shown">') == 1
    assert page.count("<dl>") == 1


def test_cards_take_turns_by_the_minute_and_an_empty_one_is_none(box: Terminal) -> None:
    standing = box.standing()
    assert standing is not None
    shown = [around.context(standing, "en", now_ms=minute * 60_000)["card_shown"] for minute in range(4)]
    assert shown == [0, 1, 0, 1]
    assert told.cards([wire.Message({}, {"en": "We did."}), wire.Message({"en": ""}, {"en": ""})], "en") == []
    many = [wire.Message({"en": str(n)}, {"en": str(n)}) for n in range(9)]
    assert [card.said for card in told.cards(many, "en")] == ["0", "1", "2", "3", "4", "5"]


def test_a_card_of_hostile_words_is_words(tmp_path: Path) -> None:
    words = {"en": '"><script>alert(1)</script>'}
    with terminal(tmp_path, "till", messages=[{"said": words, "did": words}]) as box:
        client = create_app(box).test_client()
        pages = [client.get("/"), client.get(client.get("/").headers["Smilepost-Frames"])]
    assert "<script>alert" not in pages[0].text
    assert "<script>alert" not in pages[1].text


def test_more_time_goes_with_the_visit_and_no_further_without_script(client: FlaskClient) -> None:
    visitor = Visitor(client)
    assert visitor.page.toggles == {"low": ("low", False), "more": ("more", False)}
    asked = dict(visitor.page.modes)
    visitor.go("/?" + "&".join(f"{name}={value}" for name, value in [*asked.items(), ("modes", "more")]))
    assert visitor.page.toggles == {"low": ("more low", False), "more": ("", True)}
    assert 'class="more large"' in visitor.answer.text
    visitor.press("value", 1)
    assert ("modes", "more") in visitor.page.fields
    assert 'http-equiv="refresh" content="100;' in visitor.answer.text
    visitor.press("action", "write")
    assert 'http-equiv="refresh" content="450;' in visitor.answer.text
    visitor.press("action", "finish", typed="Slow.")
    assert 'http-equiv="refresh" content="30;' in visitor.answer.text
    visitor.wait()
    assert visitor.page.toggles["more"] == ("more", False)
    assert 'class="more large"' not in visitor.answer.text


def test_a_language_keeps_what_was_asked_of_the_screen(client: FlaskClient) -> None:
    page = client.get("/?modes=low+more+nonsense").text
    assert '<html lang="en" dir="ltr" class="more large low">' in page
    links = re.findall(r'href="(/\?lang=[^"]*)"', page)
    assert links
    assert all(link.endswith("&amp;modes=more%20low") for link in links)


def test_a_screen_that_is_set_large_and_low_for_good() -> None:
    always = wire.ScreenSettings(large=True, low_reach=True)
    assert modes.always(always) == "large low"
    assert modes.classes(frozenset(), always) == "large low"
    standing = Standing("till", "p", BUILTIN, ("en",), "Oslo", always)
    assert set(around.context(standing, "en")["toggles"]) == {"more"}  # it is low already
    assert around.context(standing, "en")["times"] == 1  # larger is not slower


def test_where_somebody_types_the_seconds_are_counted_in_every_form(tmp_path: Path) -> None:
    with terminal(tmp_path, "till", languages=["pl"]) as box:
        visitor = Visitor(create_app(box).test_client())
        visitor.press("value", 0)
        visitor.press("action", "write")
        (after, forms) = re.findall(r'data-after="([^"]*)" data-forms="([^"]*)"', visitor.answer.text)[0]
    assert after == "25"
    assert {name: text.split()[-1] for name, text in json.loads(unescape(forms)).items()} == {
        "one": "sekundę.", "few": "sekundy.", "many": "sekund.", "other": "sekund.",
    }  # fmt: skip
