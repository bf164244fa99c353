"""The editor of surveys in a real browser: what is typed is on the screen beside it a moment later, and nobody has to
have a script."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from sync import access
from sync.centre import open_centre
from sync.config import Settings
from sync.office import audit, drafts, people
from sync.survey import BUILTIN
from tests.sync.conftest import Clock
from tests.sync.norway import Chain

NewPage = Callable[..., Page]
SOON = 20_000


class Desk(Chain):
    address: str
    name: str


@pytest.fixture(scope="module")
def desk(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Head office with a survey in four languages that is being written."""
    data = tmp_path_factory.mktemp("centre")
    (data / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    centre = open_centre(Settings(data=data), Clock())
    desk = Desk(centre, Clock())
    written = msgspec.structs.replace(BUILTIN, id="mine", languages=("en", "de", "ar", "fr"))
    with centre.db.writing() as tx:
        desk.name = drafts.create(tx, audit.COMMAND, written, None, "/", 1)
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    desk.address = f"http://127.0.0.1:{server.server_port}"
    yield desk
    server.shutdown()
    thread.join()
    centre.db.close()


def opened(desk: Desk, new_page: NewPage, **options: object) -> Page:
    page = new_page(**options)
    with desk.centre.db.writing() as tx:
        token = people.new_session(tx, desk.astrid, desk.clock(), second=True)
    page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": desk.address}])
    page.goto(f"{desk.address}/surveys/{desk.name}?beside=ar")
    return page


def test_what_is_typed_is_on_the_screen_beside_it(desk: Desk, new_page: NewPage) -> None:
    page = opened(desk, new_page)
    inside = page.frame_locator("#preview")
    expect(inside.locator("h1")).to_have_text("How was your visit today?")
    page.locator("[id='q.0.texts.ar']").fill("كيف كان؟")
    expect(inside.locator("h1")).to_have_text("كيف كان؟", timeout=SOON)
    expect(inside.locator("html")).to_have_attribute("dir", "rtl")
    page.locator("[id='q.1.choices.0.texts.en']").fill("The queue")
    expect(inside.locator(".chip").first).to_have_text("The queue", timeout=SOON)
    inside.get_by_text("Finish").click()
    expect(inside.locator("h1")).to_have_text("Thank you for telling us")
    inside.get_by_text("Next visitor").click()
    expect(inside.locator("h1")).to_have_text("How was your visit today?")
    inside.get_by_role("link", name="العربية").click()
    expect(inside.locator("h1")).to_have_text("كيف كان؟", timeout=SOON)
    with desk.centre.db.reading() as tx:
        kept = drafts.find(tx, desk.name)
    assert kept is not None
    assert kept.definition.first.texts["ar"] != "كيف كان؟", "nothing is saved by it"


def test_without_a_script_a_button_shows_it(desk: Desk, new_page: NewPage) -> None:
    page = opened(desk, new_page, java_script_enabled=False, viewport={"width": 375, "height": 812})
    page.locator("[id='q.0.texts.en']").fill("Typed by hand?")
    page.get_by_role("button", name="Show", exact=True).last.click()
    expect(page.frame_locator("#preview").locator("h1")).to_have_text("Typed by hand?")
    page.get_by_role("button", name="Add a rating").click()
    expect(page.locator("[id='q.0.texts.en']")).to_have_value("Typed by hand?")
    page.get_by_role("button", name="Save").last.click()
    expect(page).to_have_url(re.compile("saved=1"))


def test_the_editor_is_readable_for_all(desk: Desk, new_page: NewPage) -> None:
    page = opened(desk, new_page, color_scheme="dark")
    for width in (375, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
