"""The demo's chain in a real centre, and its past sent over HTTP."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from sync import models
from sync.app import create_app
from sync.centre import Centre, open_centre
from sync.config import Settings
from sync.demo import founding, history, sending, world
from sync.demo.folder import Account, Chain
from sync.demo.processes import DemoFailed
from sync.intake import tally
from sync.office import people, places, settings, templates
from sync.office.rights import Grant, Rights

NOW = int(datetime(2025, 1, 15, 14, 30, tzinfo=UTC).timestamp() * 1000)
BOX = {box.key: box for box in world.BOXES}


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    settings = Settings(data=tmp_path, database_url=database_url, secrets_file=tmp_path / "secrets")
    opened = open_centre(settings, lambda: NOW)
    yield opened
    opened.db.close()


@pytest.fixture
def chain(centre: Centre) -> Chain:
    with centre.db.writing() as tx:
        return founding.found(tx, 2, NOW)


@pytest.fixture
def address(centre: Centre) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(centre), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def enrolled(centre: Centre, address: str, chain: Chain, key: str) -> Account:
    with centre.db.writing() as tx:
        code = founding.codes(tx, chain, NOW)[key]
    account = chain.boxes[key]
    told = sending.enrol(address, code, account.install, "board 1")
    account.device, account.generation, account.key = told.device, told.generation, told.key
    return account


def past(chain: Chain, key: str) -> list[history.Entry]:
    account = chain.boxes[key]
    return list(history.history(BOX[key], account.slot, chain.story, NOW, account.sent))


def send_past(address: str, account: Account, entries: list[history.Entry], tell: Callable[[int], bool]) -> None:
    line = sending.Line(address, account)
    try:
        sending.send_past(line, entries, tell)
    finally:
        line.close()


def test_the_chain_stands_as_the_world_says(centre: Centre, chain: Chain) -> None:
    with centre.db.reading() as tx:
        found = {place.name: place for place in places.locations(tx)}
    for group in world.GROUPS:
        for place in group.places:
            stands = found[place.name]
            assert stands.parent_id == found[group.name].id
            assert (stands.kind, stands.zone, stands.hours) == ("store", place.zone, place.hours)
    assert set(chain.boxes) == set(BOX)
    assert set(chain.live) == {"amsterdam", "berlin"}


def test_there_are_people_to_look_at_and_templates(centre: Centre, chain: Chain) -> None:
    browser = create_app(centre).test_client()
    with centre.db.writing() as tx:
        session = people.follow_link(tx, founding.sign_in_link(tx, chain, NOW), NOW)
        used = {each.name: each.used for each in templates.page(tx, Rights((Grant("admin", None, "/"),)), "", 1).items}
    browser.set_cookie("smilepost", session or "")
    page = browser.get("/people").text
    for person in (world.ASTRID, *world.COLLEAGUES):
        assert person.email in page
        assert (person.at or "The whole organisation") in unescape(page)
    assert page.count("Invited") == 1
    assert used == {"Checkout": 12, "Entrance": 1, "Repairs": 6}


def test_the_live_screens_show_what_there_is_to_show(centre: Centre, chain: Chain) -> None:
    """One asks the built-in survey, the other one with everything, in its group's colour; both have done something."""
    with centre.db.reading() as tx:
        standing = [places.placed(tx, screen.placement) for screen in chain.live.values()]
        told = settings.resolved(tx, [each for each in standing if each])
    amsterdam, berlin = (told[chain.live[key].placement] for key in ("amsterdam", "berlin"))
    assert (amsterdam.survey, berlin.survey) == ("builtin", "entrance")
    assert amsterdam.settings.accent is None
    assert berlin.settings.accent is not None
    for screen in (amsterdam, berlin):
        (message,) = screen.messages
        assert (message.said["en"], message.did["en"]) == ("The queue was long.", "A second till from 16:00 to 19:00.")


def test_every_terminal_that_is_not_enrolled_gets_a_code(centre: Centre, chain: Chain) -> None:
    with centre.db.writing() as tx:
        assert len(founding.codes(tx, chain, NOW)) == len(world.BOXES) + len(world.LIVE)
        chain.boxes["ghent-1"].device = "dev-1"
        chain.live["berlin"].enrolled = True
        assert not {"ghent-1", "berlin"} & founding.codes(tx, chain, NOW).keys()


def test_the_link_signs_in_head_office_and_runs_out(centre: Centre, chain: Chain) -> None:
    with centre.db.writing() as tx:
        token = founding.sign_in_link(tx, chain, NOW)
        session = people.follow_link(tx, token, NOW)
        assert session
        user = people.session_user(tx, session, NOW)
        assert user
        assert (user.name, user.rights.roots("people"), user.owes_second) == ("Astrid", ("/",), False)
        assert people.follow_link(tx, token, NOW + founding.LINK_MS + 1) is None


def test_a_past_arrives_whole_and_is_counted(centre: Centre, address: str, chain: Chain) -> None:
    account = enrolled(centre, address, chain, "amsterdam-1")
    entries = past(chain, "amsterdam-1")
    told: list[int] = []
    send_past(address, account, entries, lambda count: not told.append(count))
    assert sum(told) == len(entries) == account.sent > 50
    with centre.db.reading() as tx:
        assert tx.execute(select(func.count()).select_from(models.responses)).scalar() == len(entries)
        assert tally.verify(tx) is None
        device = tx.execute(select(models.devices).where(models.devices.c.id == account.device)).one()
    assert device.complete_ms == NOW


def test_a_send_that_was_cut_off_counts_nothing_twice(centre: Centre, address: str, chain: Chain) -> None:
    account = enrolled(centre, address, chain, "berlin-1")
    entries = past(chain, "berlin-1")
    with pytest.raises(sending.Stopped):
        send_past(address, account, entries, lambda _: False)
    account.sent = 0  # the folder was not written down in time
    send_past(address, account, past(chain, "berlin-1"), lambda _: True)
    with centre.db.reading() as tx:
        assert tx.execute(select(func.count()).select_from(models.responses)).scalar() == len(entries)
        assert tally.verify(tx) is None


def test_an_entry_that_is_not_stored_is_a_sentence(centre: Centre, address: str, chain: Chain) -> None:
    account = enrolled(centre, address, chain, "ghent-1")
    stray = history.sealed(next(history.visits(BOX["berlin-1"], chain.story, NOW)), chain.boxes["berlin-1"].slot, 1)
    with pytest.raises(DemoFailed, match="quarantined"):
        send_past(address, account, [stray], lambda _: True)
    assert account.sent == 0


def test_head_office_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TRIES", 2)
    account = Account("scr", "plc", "stream", "install", "dev-1", 1, "a2V5")
    with pytest.raises(DemoFailed, match="did not take a batch"):
        send_past("http://127.0.0.1:1", account, [], lambda _: True)
