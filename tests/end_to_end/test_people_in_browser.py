"""Letting somebody in, and handing a machine its key, in a real browser: with a script and without."""

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


@pytest.fixture(scope="module")
def chain(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, str]]:
    data = tmp_path_factory.mktemp("centre")
    (data / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    clock = Clock()
    centre = open_centre(Settings(data=data), clock)
    chain = Chain(centre, clock)
    for number in range(15):
        chain.shop(f"Shop {number}", screen=False)
    server = make_server("127.0.0.1", 0, chain.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield chain, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    centre.db.close()


def sign_in(page: Page, chain: Chain, address: str) -> None:
    with chain.centre.db.writing() as tx:
        token = people.new_session(tx, chain.astrid, chain.clock(), second=True)
    page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": address}])


def barriers(page: Page) -> list[str]:
    return [found["id"] for found in Axe().run(page).response["violations"]]


def test_a_place_is_found_while_it_is_typed(new_page: NewPage, chain: tuple[Chain, str]) -> None:
    page = new_page()
    sign_in(page, *chain)
    page.goto(f"{chain[1]}/people/invite")
    page.get_by_label("Name", exact=True).fill("Kari")
    page.get_by_label("Email address").fill("kari@example.com")
    page.get_by_label("Part of the place's name").press_sequentially("shop 14")
    expect(page.locator(".offer")).to_have_count(1)
    page.get_by_label("Shop 14").check()
    page.get_by_role("button", name="Invite", exact=True).last.click()
    link = page.get_by_label("Link for kari@example.com").input_value()
    assert link.startswith(f"{chain[1]}/welcome/")
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="Kari")).to_be_visible()
    expect(page.locator("body")).to_contain_text("Shop 14")


def test_a_key_is_handed_over_without_a_script(new_page: NewPage, chain: tuple[Chain, str]) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, *chain)
    page.goto(f"{chain[1]}/keys/new")
    page.get_by_label("Name", exact=True).fill("Report")
    page.get_by_label("Part of the place's name").fill("shop 1")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Shop 12").check()
    page.get_by_label("Name", exact=True).press("Enter")
    key = page.get_by_label("Key", exact=True).input_value()
    assert key.startswith("sp_")
    expect(page.locator("pre")).to_contain_text(f"Bearer {key}")
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()
