"""What the screens of a place are told: who sets it, where it holds, what is refused, what a terminal reads."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from sync import models, survey, wire
from sync.centre import Centre
from sync.cli import REFUSED
from sync.intake import enrol
from sync.office import places, settings, surveys
from sync.office.settings import BadSetting
from sync.survey import BUILTIN
from tests.boxes import Box, enrol_box, verdicts
from tests.sync import drawings
from tests.sync.conftest import Clock, Verb


@pytest.fixture
def norway(a_centre: Centre, clock: Clock) -> dict[str, Box]:
    """Oslo with a screen at its checkout and one at repairs, Bergen with one, all in Norway."""
    boxes = {}
    with a_centre.db.writing() as tx:
        group = places.add_location(tx, "Norway", kind="group", zone="Europe/Oslo")
        spots = [("Oslo", "Checkout"), ("Oslo", "Repairs"), ("Bergen", "Checkout")]
        shops = {name: places.add_location(tx, name, parent=group) for name in ("Oslo", "Bergen")}
        placed = {
            f"{shop} {name}": places.add_screen(tx, name, places.add_touchpoint(tx, shops[shop], name), clock.ms)[1]
            for shop, name in spots
        }
    for name, placement in placed.items():
        boxes[name] = enrol_box(a_centre, placement)
    return boxes


Told = Callable[[str], wire.ScreenManifest]


@pytest.fixture
def told(client: FlaskClient, norway: dict[str, Box]) -> Told:
    """What the screen of that name is told over HTTP, as a terminal reads it."""

    def read(name: str) -> wire.ScreenManifest:
        box = norway[name]
        reply = client.get(wire.MANIFEST, headers=box.signed("GET", wire.MANIFEST, b""))
        assert reply.status_code == 200
        screen = msgspec.json.decode(reply.get_data(), type=wire.Manifest).screens[str(box.screen)]
        msgspec.convert(screen.settings, wire.ScreenSettings)
        msgspec.convert(screen.messages, tuple[wire.Message, ...])
        return screen

    return read


def lines(said: str) -> dict[str, tuple[str, str]]:
    """What `server settings` lists: key -> (value, where it was set)."""
    rows = [re.split(r" {2,}", line.strip()) for line in said.splitlines()[1:]]
    return {key: (value, source) for key, value, source in rows}


def refused(done: tuple[int, str]) -> str:
    """The one sentence of a refusal."""
    code, said = done
    assert code == REFUSED, said
    assert len(said.strip().splitlines()) == 1, said
    return said.strip()


def test_nobody_set_anything(told: Told, verb: Verb) -> None:
    screen = told("Oslo Checkout")
    assert (screen.settings, screen.messages, screen.languages) == ({}, [], list(BUILTIN.languages))
    code, said = verb("settings", "Oslo")
    assert (code, said.splitlines()[0]) == (0, "What screens at Oslo are told:")
    assert lines(said)["seconds.comment"] == ("45 s", "as everywhere by default")
    assert lines(said)["accent"] == ("Smilepost's own", "as everywhere by default")
    assert set(lines(said)) == set(settings.KEYS)


def test_what_is_nearest_to_a_screen_holds(told: Told, verb: Verb) -> None:
    def thanks() -> list[int]:
        names = ("Oslo Checkout", "Oslo Repairs", "Bergen Checkout")
        return [told(name).settings.get("seconds", {}).get("thanks", 10) for name in names]

    assert verb("set", "Norway", "seconds.thanks", "12")[1] == (
        "seconds.thanks is 12 s at Norway now. Its screens follow within a quarter of an hour.\n"
    )
    assert thanks() == [12, 12, 12]
    assert verb("set", "oslo", "seconds.thanks", "13")[0] == 0
    assert verb("set", "Oslo", "seconds.thanks", "14", "--touchpoint", "repairs")[0] == 0
    assert thanks() == [13, 14, 12]
    of_repairs = lines(verb("settings", "Oslo", "--touchpoint", "Repairs")[1])
    assert of_repairs["seconds.thanks"] == ("14 s", "set at Oslo, Repairs")
    assert lines(verb("settings", "Bergen")[1])["seconds.thanks"] == ("12 s", "set at Norway")
    assert verb("set", "Oslo", "seconds.thanks", "--inherit") == (
        0,
        "seconds.thanks is 12 s at Oslo now, set at Norway.\n",
    )
    assert thanks() == [12, 14, 12]
    assert verb("set", "Bergen", "seconds.thanks", "--inherit")[1] == (
        "Nothing was set at Bergen itself. seconds.thanks is 12 s there, set at Norway.\n"
    )


def test_a_store_in_its_own_colour_with_its_own_mark(told: Told, verb: Verb, tmp_path: Path) -> None:
    mark, news = tmp_path / "mark.png", tmp_path / "news.json"
    mark.write_bytes(drawings.png(120, 40))
    said, did = {"en": "The queue was long.", "nl": "De rij was lang."}, {"en": "A second till.", "nl": "Een kassa."}
    news.write_text(json.dumps([{"said": said, "did": did}]), "utf-8-sig")
    pairs = [("accent", "#0a6b35"), ("logo", mark), ("messages", news), ("large", "true"), ("low_reach", "true")]
    for key, value in [*pairs, ("staff_pin", "830516"), ("languages", "nl, en")]:
        assert verb("set", "Oslo", key, value)[0] == 0
    screen = told("Oslo Repairs")
    found = msgspec.convert(screen.settings, wire.ScreenSettings)
    assert found.accent is not None
    assert found.logo is not None
    assert found.staff_pin is not None
    assert (found.accent.light, found.large, found.low_reach) == ("#0a6b35", True, True)
    assert (found.logo.kind, found.logo.name) == ("image/png", "Oslo")
    assert (screen.messages, screen.languages) == ([{"said": said, "did": did}], ["nl", "en"])
    assert wire.pin_fits("830516", found.staff_pin)
    assert told("Bergen Checkout").settings == {}
    shown = lines(verb("settings", "Oslo")[1])
    assert shown["staff_pin"] == ("set", "set at Oslo")
    assert shown["logo"][0] == f"PNG, 120 × 40 pixels, {mark.stat().st_size} bytes"
    assert shown["messages"][0] == "“The queue was long.”"
    assert verb("set", "Oslo", "logo_name", "Nordic Phones")[0] == 0
    assert told("Oslo Checkout").settings["logo"]["name"] == "Nordic Phones"


def test_a_pin_is_nowhere_to_be_read(verb: Verb, norway: dict[str, Box], a_centre: Centre) -> None:
    code, said = verb("set", "Oslo", "staff_pin", "830516")
    assert (code, said) == (
        0,
        "staff_pin is set at Oslo now. Its screens follow within a quarter of an hour.\n".replace("is", "is set", 0),
    )
    assert "830516" not in refused(verb("set", "Oslo", "staff_pin", "830516x"))
    with a_centre.db.reading() as tx:
        oslo = next(place.id for place in places.locations(tx) if place.name == "Oslo")
        kept = {holding.key: holding for holding in settings.known(tx, oslo)}["staff_pin"]
    assert "830516" not in str(kept)


def test_a_terminal_learns_of_it_by_another_etag(client: FlaskClient, norway: dict[str, Box], verb: Verb) -> None:
    box = norway["Oslo Checkout"]

    def ask(etag: str = "") -> Any:
        headers = box.signed("GET", wire.MANIFEST, b"")
        return client.get(wire.MANIFEST, headers={**headers, "If-None-Match": etag})

    before = ask().headers["ETag"]
    assert ask(before).status_code == 304
    verb("set", "Norway", "large", "true")
    assert ask(before).status_code == 200
    verb("set", "Norway", "large", "--inherit")
    assert ask(before).status_code == 304


def test_only_languages_that_the_survey_has_are_shown(told: Told, verb: Verb, a_centre: Centre) -> None:
    verb("set", "Norway", "languages", "de,en")
    assert told("Bergen Checkout").languages == ["de", "en"]
    swedish = survey.Survey(
        "spring", 1, ("sv", "de"), (survey.Question("spring", "scale", {"sv": "Hur?", "de": "Wie?"}, "smiley5"),)
    )
    with a_centre.db.writing() as tx:
        surveys.publish(tx, swedish, 1)
    verb("set", "Norway", "languages", "sv,de,en")
    assert told("Bergen Checkout").languages == [lang for lang in ("sv", "de", "en") if lang in BUILTIN.languages]
    verb("survey", "ask", "spring", "Oslo")
    assert told("Oslo Checkout").languages == ["sv", "de"]
    verb("set", "Oslo", "languages", "en")
    assert told("Oslo Checkout").languages == ["sv", "de"]  # none of the place's: all of the survey's


COLOURS = {
    "red": "'red' is no colour",
    "#12": "'#12' is no colour",
    "#ffffff": "#ffffff on the screen's paper has a contrast of 1.0 : 1; at least 4.5 : 1 is needed.",
    "": "is no colour",
}
TYPED = [
    *(("accent", value, sentence) for value, sentence in COLOURS.items()),
    ("seconds.thanks", "-1", "seconds.thanks is '-1': a whole number of seconds from 2 to 600 is allowed."),
    ("seconds.thanks", "1e9", "a whole number of seconds from 2 to 600"),
    ("seconds.thanks", "ten", "a whole number of seconds from 2 to 600"),
    ("seconds.thanks", "99999999999", "from 2 to 600"),
    ("seconds.thanks", "٣", "from 2 to 600"),
    ("seconds.comment", "25", "the warning after 25 s has to come before the screen on which somebody writes goes"),
    ("seconds.warning", "45", "the warning after 45 s has to come before"),
    ("seconds.nap", "5", "There is no setting 'seconds.nap': survey, languages, accent, "),
    ("briefing_at", "04:59", "briefing_at is '04:59': a time such as 07:00, from 05:00 to 22:00."),
    ("briefing_at", "7:00", "a time such as 07:00"),
    ("briefing_at", "07:60", "a time such as 07:00"),
    ("briefing_lead", "241", "briefing_lead is '241': whole minutes from 0 to 240 are allowed."),
    ("response_interval", "61", "response_interval is '61': a whole number of seconds from 0 to 60 is allowed."),
    ("large", "yes", "large is 'yes': true or false is allowed."),
    ("languages", "nl,nl", "languages names one of them twice."),
    ("languages", "nl,tlh", "languages names 'tlh': "),
    ("languages", ",", "languages names 0: 1 to 12 are allowed."),
    ("staff_pin", "123", "staff_pin has 4 to 12 digits and nothing else."),
    ("logo_name", "Nordic\u202ePhones", "The logo's name cannot be used: control characters"),
    ("survey", "spring", "There is no survey 'spring': builtin are published."),
]


def test_what_cannot_be_set_is_a_sentence(a_centre: Centre, clock: Clock) -> None:
    with a_centre.db.writing() as tx:
        oslo = places.add_location(tx, "Oslo", zone="Europe/Oslo")
        before = settings.known(tx, oslo)
        for key, value, sentence in TYPED:
            with pytest.raises(BadSetting) as told:
                settings.put(tx, oslo, None, key, value, clock.ms)
            assert sentence in str(told.value)
            assert "\n" not in str(told.value)
        assert settings.known(tx, oslo) == before


MESSAGE = '[{"said": {"en": "%s"}, "did": {"en": "Yes."}}]'
FILES = [
    ("logo", b"\x89PNG\r\n\x1a\n" + bytes(5_000_000), "bytes; at most 36,864 are allowed."),
    (
        "logo",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "The logo is an SVG, which may hold scripts: save it as PNG",
    ),
    ("logo", drawings.png(120, 40)[:-20], "The logo is cut off or damaged: save it once more."),
    ("logo", drawings.png(20_000, 20_000), "The logo has 20000 × 20000 pixels; at most 1600 × 1600 are allowed."),
    ("logo", b"", "The logo is not a PNG, JPEG or WebP picture."),
    ("messages", b"[", "The file of messages is not JSON"),
    ("messages", b'{"said": {}}', "messages is not what it should be, $: Expected `array`, got `object`."),
    ("messages", b'[{"said": {"en": "x"}}]', "missing required field `did`."),
    ("messages", b'[{"said": {"en": "x"}, "did": {"nl": "y"}}]', "$[0]: 'said' and 'did' have a text in the same"),
    ("messages", b'[{"said": {}, "did": {}}]', "at least in one."),
    ("messages", (MESSAGE % "Slow\\u0007").encode(), "$[0].said.en: control characters, also those that turn"),
    ("messages", (MESSAGE % "Slow\\u202e").encode(), "$[0].said.en: control characters, also those that turn"),
    ("messages", (MESSAGE % ("x" * 301)).encode(), "$[0].said.en: at most 300 characters are allowed, not 301."),
    ("messages", (MESSAGE % "").encode(), "$[0].said.en: there is no text in this language."),
    (
        "messages",
        (MESSAGE % "Trøndelag").encode("latin-1"),
        "is not text in UTF-8 (the first other character is in",
    ),
    ("messages", (MESSAGE % "Slow").encode("utf-16"), "is text in UTF-16 or UTF-32: save it as UTF-8."),
    (
        "messages",
        (MESSAGE % "Slow").replace('"en"', '"tlh"').encode(),
        "$[0].said.tlh: there is no such language: ",
    ),
    (
        "messages",
        b"[" + b",".join([(MESSAGE % "Slow")[1:-1].encode()] * 6) + b"]",
        "6 messages; at most 5",
    ),
    ("messages", b"[" * 100_000, "is not what it should be, $[0]: Expected `object`, got `array`."),
]


def test_a_file_that_cannot_be_used_changes_nothing(a_centre: Centre, verb: Verb, tmp_path: Path) -> None:
    with a_centre.db.writing() as tx:
        places.add_location(tx, "Oslo", zone="Europe/Oslo")
    file = tmp_path / "given"
    for key, content, sentence in FILES:
        file.write_bytes(content)
        assert sentence in refused(verb("set", "Oslo", key, file))
    shown = lines(verb("settings", "Oslo")[1])
    assert (shown["logo"], shown["messages"]) == 2 * (("none", "as everywhere by default"),)


def test_a_place_nobody_knows_is_a_sentence(
    norway: dict[str, Box], verb: Verb, a_centre: Centre, tmp_path: Path
) -> None:
    assert "There is no place 'Molde' (there is Bergen, Norway, Oslo)." in refused(
        verb("set", "Molde", "large", "true")
    )
    at = ("--touchpoint", "Door")
    assert "Oslo has no touchpoint 'Door' (there is Checkout, Repairs)." in refused(verb("settings", "Oslo", *at))
    assert "'Norway' is a group of places; touchpoints are in one" in refused(verb("settings", "Norway", *at))
    assert "cannot be read: No such file" in refused(verb("set", "Oslo", "logo", tmp_path / "nowhere.png"))
    assert "cannot be read: Is a directory" in refused(verb("set", "Oslo", "logo", tmp_path))
    assert "Give either a VALUE, or --inherit" in refused(verb("set", "Oslo", "large"))
    assert "Give either a VALUE, or --inherit" in refused(verb("set", "Oslo", "large", "true", "--inherit"))
    with a_centre.db.writing() as tx:
        places.add_location(tx, "Bergen")
    assert "2 places are called 'Bergen'" in refused(verb("set", "Bergen", "large", "true"))


def test_a_browser_that_names_another_shops_touchpoint_sets_nothing(
    norway: dict[str, Box], a_centre: Centre, clock: Clock
) -> None:
    with a_centre.db.writing() as tx:
        standing = {each.place: each for box in norway.values() for each in places.stands(tx, box.device).values()}
        oslo, bergen = standing["Oslo"], standing["Bergen"]
        for location, touchpoint in ((bergen.location_id, oslo.touchpoint_id), (9_999, None)):
            with pytest.raises(places.BadPlace):
                settings.put(tx, location, touchpoint, "large", "true", clock.ms)


def test_the_response_interval_of_a_busy_counter(
    norway: dict[str, Box], client: FlaskClient, a_centre: Centre, verb: Verb
) -> None:
    """At repairs people come with time, at a checkout the next one stands behind."""
    verb("set", "Norway", "response_interval", "20")
    verb("set", "Oslo", "response_interval", "2", "--touchpoint", "Checkout")

    def flags_after(name: str, since_prev_ms: int) -> str:
        entry = norway[name].response(since_prev_ms=since_prev_ms)
        assert verdicts(norway[name].send(client, entry)) == ["stored"]
        with a_centre.db.reading() as tx:
            found: str = tx.exec_driver_sql(f"SELECT flags FROM responses WHERE id = '{entry['id']}'").scalar_one()
        return found

    assert flags_after("Oslo Checkout", 3_000) == ""
    assert flags_after("Oslo Checkout", 1_999) == "interval"
    assert flags_after("Oslo Repairs", 19_999) == "interval"
    assert flags_after("Bergen Checkout", 20_000) == ""
    verb("set", "Norway", "response_interval", "0")
    assert flags_after("Bergen Checkout", 1) == ""
    verb("set", "Norway", "response_interval", "--inherit")
    assert [flags_after("Bergen Checkout", ms) for ms in (4_999, 5_000)] == ["interval", ""]


@pytest.fixture
def hall(a_centre: Centre, clock: Clock) -> tuple[int, list[int], list[str], str]:
    """One box that drives 90 screens: its place, their touchpoints, their names, the box."""
    with a_centre.db.writing() as tx:
        hall = places.add_location(tx, "Hall", zone="Europe/Oslo")
        spots = [places.add_touchpoint(tx, hall, f"Gate {number}") for number in range(90)]
        placed = [places.add_screen(tx, f"Gate {number}", spot, clock.ms) for number, spot in enumerate(spots)]
    box = enrol_box(a_centre, placed[0][1])
    with a_centre.db.writing() as tx:
        tx.execute(models.screens.update().values(device_id=box.device))
    return hall, spots, [screen for screen, _ in placed], box.device


def test_a_box_with_very_many_screens_is_told_in_few_queries(
    a_centre: Centre, clock: Clock, hall: tuple[int, list[int], list[str], str]
) -> None:
    place, spots, names, device = hall
    asked: list[str] = []
    with a_centre.db.writing() as tx:
        settings.put(tx, place, spots[7], "large", "true", clock.ms)
        event.listen(tx, "before_cursor_execute", lambda *told: asked.append(told[2]))
        screens = enrol.manifest(tx, device, 0, a_centre.secrets).screens
    assert len(screens) == len(names)
    assert [name for name, screen in screens.items() if screen.settings] == [names[7]]
    assert len(asked) <= 8


def test_a_box_with_very_many_screens_reads_what_it_is_told(
    a_centre: Centre, clock: Clock, hall: tuple[int, list[int], list[str], str]
) -> None:
    """Rather without a logo than never told anything again."""
    place, spots, names, device = hall
    heavy = drawings.png(100, 100, (b"tEXt", b"x" * 36_000))
    with a_centre.db.writing() as tx:
        settings.put(tx, place, spots[7], "logo", heavy, clock.ms)
        assert "logo" in enrol.manifest(tx, device, 0, a_centre.secrets).screens[names[7]].settings
        settings.put(tx, place, None, "logo", heavy, clock.ms)
        settings.put(tx, place, None, "large", "true", clock.ms)
        told = enrol.manifest(tx, device, 0, a_centre.secrets)
    assert all(screen.settings == {"large": True} for screen in told.screens.values())
    assert len(wire.encode(told)) < wire.MAX_REPLY
