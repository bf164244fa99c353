"""The keys that a language has, and what a page is told of them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk import keyboard
from kiosk.app import create_app
from kiosk.worker import KEYBOARD, address
from sync.i18n import NAMES
from sync.survey import BUILTIN
from tests.sync import catalogues
from tests.terminals import terminal

LATIN = set("abcdefghijklmnopqrstuvwxyz")
ALPHABETS = {
    "en": LATIN,
    "nl": LATIN | set("áéèêëïóöü"),
    "fr": LATIN | set("àâçéèêëîïôœùû"),
    "de": LATIN | set("äöüß"),
    "es": LATIN | set("áéíñóúü"),
    "it": LATIN | set("àèéìòù"),
    "pt": LATIN | set("áâãàçéêíóôõú"),
    "pl": LATIN | set("ąćęłńóśźż"),
    "sv": LATIN | set("åäöé"),
    "tr": LATIN - set("qwx") | set("çğıöşü"),
    "ar": set("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي\u064b"),
    "uk": set("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
}
WIDEST = 13
"""Keys beside each other: on the smallest glass each is then still 10 mm wide."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    with terminal(tmp_path) as box:
        yield create_app(box).test_client()


@cache
def rows(lang: str, layer: str) -> list[list[str]]:
    return [row.split(" ") for row in keyboard.told(lang).get(layer, [])]


def keys(lang: str, *layers: str) -> list[str]:
    return [key for layer in layers for row in rows(lang, layer) for key in row]


def test_every_language_has_a_keyboard_of_its_own() -> None:
    assert [lang for lang in NAMES if keyboard.told(lang)["lang"] != lang] == []


@pytest.mark.parametrize("lang", ALPHABETS)
def test_every_letter_of_a_language_can_be_typed(lang: str) -> None:
    assert ALPHABETS[lang] - set(keys(lang, "letters", "signs")) == set()


@pytest.mark.parametrize("lang", NAMES)
def test_what_the_screens_say_can_be_typed_as_well(lang: str) -> None:
    said = "".join(str(message.string) for message in catalogues.read(lang) if message.id)
    said += "".join(question.texts.get(lang, "") for question in BUILTIN.questions)
    typed = set(keys(lang, "letters", "signs", "latin"))
    assert {letter for letter in said.lower() if letter.isalpha()} - typed == set()


@pytest.mark.parametrize("lang", ALPHABETS)
def test_mail_addresses_and_numbers_can_be_typed(lang: str) -> None:
    assert set("0123456789-_+") - set(keys(lang, "signs", "latin")) == set()
    assert LATIN - set(keys(lang, "letters", "latin")) == set()


@pytest.mark.parametrize("lang", ALPHABETS)
@pytest.mark.parametrize("layer", ["letters", "signs", "latin"])
def test_three_rows_of_single_keys_fit_beside_each_other(lang: str, layer: str) -> None:
    found = rows(lang, layer)
    assert [key for row in found for key in row if len(key) != 1] == []
    assert len(set(keys(lang, layer))) == len(keys(lang, layer))
    if found:
        longest = max(len(found[0]), len(found[1]), len(found[2]) + 1.5 * (1 + (layer != "signs" and lang != "ar")))
        assert (len(found), longest <= WIDEST) == (3, True)


def test_a_region_types_as_its_language_and_a_stranger_in_english() -> None:
    assert keyboard.told("de-AT")["lang"] == "de"
    assert keyboard.told("xx")["lang"] == "en"
    assert keyboard.told("../../etc")["names"]["space"] == "Space"


def test_a_page_is_told_the_keys_and_where_the_files_are(client: FlaskClient) -> None:
    answer = client.get("/keyboard/de.json")
    assert answer.headers["Smilepost-Screen"] == "keyboard"
    assert answer.json is not None
    assert answer.json["letters"][0].startswith("q w e r t z")
    assert answer.json["names"]["space"] == "Leerzeichen"
    assert answer.json["files"] == [address(name) for name in KEYBOARD]
    assert [client.get(name).status_code for name in answer.json["files"]] == [200, 200, 200]


def test_no_first_view_carries_the_keyboard(client: FlaskClient) -> None:
    page, worker = client.get("/").text, client.get("/sw.js").text
    assert f'data-keyboard="auto" data-keys="{address("kiosk/keyboard.js")}"' in page
    assert [name for name in KEYBOARD if name in page or name in worker] == []
