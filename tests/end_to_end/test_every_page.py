"""Every page of head office that there is, in a browser: no barrier that axe knows, one way to scroll, nothing refused,
in Dutch on a laptop as in Arabic on a telephone. A page that is added tomorrow is in here by itself."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from werkzeug.serving import make_server

from sync import access
from sync.centre import open_centre
from sync.config import Settings
from sync.office import people
from sync.office.subjects import KINDS
from tests.end_to_end.test_pages_in_browser import LONG, WIDTHS, complaints, scrolls_sideways
from tests.sync.conftest import Clock
from tests.sync.each_kind import MAKERS
from tests.sync.norway import Chain

NewPage = Callable[..., Page]
NOT_PAGES = ("static", "healthz", "readyz")


class Town(Chain):
    """The chain, with one of everything that has a page, under a long name."""

    address: str

    def pages(self) -> Iterator[str]:
        with self.centre.db.writing() as tx:
            ids = {kind: MAKERS[kind](tx, self.norway, LONG[:100], self.clock()) for kind in KINDS}
        ids |= {"place": str(self.oslo), "device": self.boxes[self.oslo].device}
        with self.app.test_request_context():
            adapter = self.app.url_map.bind("localhost")
            for rule in self.app.url_map.iter_rules():
                kinds = {name: access.kind_of(self.app, rule.endpoint, name) for name in rule.arguments}
                said = access.declared(self.app, rule.endpoint)
                if said is None or said.who == "device" or "GET" not in (rule.methods or ()) or None in kinds.values():
                    continue
                if rule.endpoint not in NOT_PAGES:
                    yield adapter.build(rule.endpoint, {name: ids[kind or ""] for name, kind in kinds.items()})


@pytest.fixture(scope="module")
def town(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("centre")
    (data / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    centre = open_centre(Settings(data=data), Clock())
    town = Town(centre, Clock())
    town.visits(town.oslo, [3] * 30 + [2] * 6 + [1] * 2 + [0] * 2)
    town.comment(town.oslo, "شكراً جزيلاً, the staff were lovely!", lang="ar")
    server = make_server("127.0.0.1", 0, town.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    town.address = f"http://127.0.0.1:{server.server_port}"
    yield town
    server.shutdown()
    thread.join()
    server.server_close()
    centre.db.close()


def test_every_page_is_for_everybody_on_a_dark_laptop(new_page: NewPage, town: Town) -> None:
    assert barriers(new_page, town, "nl", "laptop", "dark") == []


def barriers(new_page: NewPage, town: Town, lang: str, width: str, scheme: str) -> list[object]:
    """What is wrong with any page; it takes a while, so the other half is a file of its own."""
    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
    page = new_page(viewport=size, color_scheme=scheme, locale=lang)
    with town.centre.db.writing() as tx:
        token = people.new_session(tx, town.astrid, town.clock(), second=True)
    page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": town.address}])
    said, wrong = complaints(page), []
    for address in town.pages():
        head = page.request.get(town.address + address, headers={"Accept-Language": lang})
        if "text/html" not in head.headers.get("content-type", "") or "<html" not in head.text():
            continue  # a file, or a piece of another page
        if "sandbox" in head.headers.get("content-security-policy", ""):
            continue  # a survey's preview runs no script, not even the one that would look
        page.goto(town.address + address)
        found = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]})  # no script runs in one
        wrong += [(address, found.generate_report())] if found.violations_count else []
        wrong += [(address, "scrolls sideways")] if scrolls_sideways(page) else []
        heads = page.locator("h1").count()
        wrong += [(address, f"{heads} h1")] if heads != 1 else []
    return [*wrong, *said]
