"""Places from a file and the audit log in a real browser: readable for all, at any width, and without a script."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from sync import access
from sync.centre import open_centre
from sync.config import Settings
from sync.office import people
from tests.sync.conftest import Clock
from tests.sync.norway import Chain

NewPage = Callable[..., Page]
GOOD = "ref;name;kind;parent;opening hours\nDK-1;København;store;DK;22:00-04:00\nDK;Danmark;group;;\n"
BAD = "name;parent;time zone\n" + "x" * 300 + ";Oslo;Europe/Osol\n"


@pytest.fixture
def address(migrated_file: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where a chain's head office is, and the cookie of its administrator."""
    (tmp_path / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    clock = Clock()
    centre = open_centre(Settings(data=tmp_path), clock)
    chain = Chain(centre, clock)
    with centre.db.writing() as tx:
        token = people.new_session(tx, chain.astrid, clock(), second=True)
    server = make_server("127.0.0.1", 0, chain.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", token
    server.shutdown()
    thread.join()
    server.server_close()
    centre.db.close()


def test_places_come_in_from_a_file_without_a_script(new_page: NewPage, address: tuple[str, str]) -> None:
    base, token = address
    page = new_page(viewport={"width": 375, "height": 812}, java_script_enabled=False)
    page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": base}])
    page.goto(f"{base}/places")
    page.get_by_role("link", name="Import", exact=True).click()
    for content, heading in ((BAD, "1 line of the file needs a look"), (GOOD, "This would change")):
        page.goto(f"{base}/places/import")
        file = {"name": "places.csv", "mimeType": "text/csv", "buffer": content.encode("latin-1")}
        page.get_by_label("CSV file").set_input_files(files=[file])  # type: ignore[list-item]
        page.get_by_role("button", name="Look at what would change").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.locator(".sample")).to_have_text("København")
    page.get_by_role("button", name="Import it all").click()
    expect(page.get_by_role("status").first).to_contain_text("2 new places")
    page.goto(f"{base}/audit?kind=place")
    expect(page.locator(".log tbody tr")).to_have_count(2)
    page.get_by_label("Name of what was changed").fill("danm")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".log tbody tr")).to_have_count(1)


def test_everybody_can_read_files_and_log(new_page: NewPage, address: tuple[str, str]) -> None:
    base, token = address
    page = new_page(viewport={"width": 375, "height": 812}, locale="ar", color_scheme="dark")
    page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": base}])
    for content in (b"", BAD.encode(), GOOD.encode()):
        page.goto(f"{base}/places/import")
        if content:
            page.locator("#file").set_input_files(files=[{"name": "p.csv", "mimeType": "text/csv", "buffer": content}])
            page.locator("button.main").click()
        _is_readable(page)
    page.locator("form button.main").click()
    _is_readable(page)
    for path in ("/audit", "/audit?from=x", "/audit?search=nobody"):
        page.goto(base + path)
        _is_readable(page)


def _is_readable(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert not page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth"), page.url
