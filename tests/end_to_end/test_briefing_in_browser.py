"""The crew's morning as it is read: on a telephone at seven, and on one sheet of paper."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from sync.centre import open_centre
from sync.config import Settings
from sync.office import crew_links
from sync.office.audit import COMMAND
from tests.end_to_end.test_pages_in_browser import complaints, scrolls_sideways
from tests.sync.conftest import Clock
from tests.sync.test_crew_briefing import Morning

NewPage = Callable[..., Page]
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture(scope="module")
def link(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("centre")
    (data / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    centre = open_centre(Settings(data=data), Clock())
    van = Morning(centre, Clock())
    van.comment(van.van, "شكراً جزيلاً", lang="ar", days_ago=1)
    for number in range(12):
        van.comment(van.van, f"{LONG_WORD} {number} was here. " * 3, days_ago=1)
        van.comment(van.van, f"Came {number} minutes late but said sorry, and that was kind of them. " * 6, days_ago=2)
    with centre.db.writing() as tx:
        token = crew_links.make(tx, COMMAND, van.van, van.clock())
    server = make_server("127.0.0.1", 0, van.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/b/{token}"
    server.shutdown()
    thread.join()
    server.server_close()
    centre.db.close()


def test_a_telephone_becomes_the_crews_and_paper_is_one_sheet(new_page: NewPage, link: str) -> None:
    page = new_page(viewport={"width": 375, "height": 812}, color_scheme="dark")
    page.goto(link)
    assert "Van 12" not in page.content()
    said = complaints(page)
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="This is my phone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Van 12")
    expect(page.locator("blockquote").first).to_be_in_viewport()
    assert not scrolls_sideways(page)
    assert Axe().run(page).response["violations"] == []
    page.get_by_label("For whoever reads this after you").fill("The lift was broken")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Change")).to_be_visible()
    assert said == []
    sheet = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", sheet)) == 1
