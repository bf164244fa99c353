"""A page keeps answers itself when its terminal is gone: what somebody wrote is masked before, or it isn't kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Page

from kiosk import worker
from kiosk.terminal import Terminal
from sync import wire
from tests.end_to_end.conftest import Chain
from tests.end_to_end.test_page_outlives_its_terminal import anchored, came_back, kept, nudge, stored
from tests.end_to_end.test_screen_in_browser import at, delivered, press, until
from tests.end_to_end.test_the_whole_way import visit, wait_until_sent
from tests.kiosk.test_masked import KEPT, SAID, SECRETS
from tests.masked_words import ALL, texts
from tests.terminals import Served, sealed

NewPage = Callable[..., Page]
MANY = 600
WATCH = """() => {
  const put = Store.put;
  window.put = [];
  Store.put = record => { window.put.push(record); return put(record); };
}"""


@pytest.fixture(scope="module")
def made() -> list[str]:
    """Comments that nobody thought of."""
    found: list[str] = []

    @settings(max_examples=MANY, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(texts)
    def collect(text: str) -> None:
        found.append(text.encode("utf-8", "ignore").decode())

    collect()
    return found


def test_both_halves_mask_the_same(new_page: NewPage, there: Served, made: list[str]) -> None:
    page = new_page()
    page.goto(there.address)
    page.evaluate("() => Masks.load()")
    asked = [*ALL, *made, "@" * 2000, "06 " * 600, "a@b.de," * 280]
    masked = page.evaluate("texts => texts.map(Masking.mask)", asked)
    assert dict(zip(asked, masked, strict=True)) == {text: wire.mask(text) for text in asked}


def writes(page: Page) -> None:
    press(page, "action", "write")
    page.locator("textarea").fill(SAID)
    press(page, "action", "finish")


def of_the_page(page: Page) -> str:
    """Everything that the page has stored anywhere."""
    return str(
        page.evaluate("""async () => {
      const stores = await Promise.all((await indexedDB.databases()).map(({ name }) => new Promise(resolve => {
        indexedDB.open(name).onsuccess = ({ target: { result: db } }) => {
          const names = [...db.objectStoreNames];
          const all = names.map(one => new Promise(found => {
            db.transaction(one).objectStore(one).getAll().onsuccess = event => found(event.target.result);
          }));
          Promise.all(all).then(rows => { db.close(); resolve(rows); });
        };
      })));
      return JSON.stringify([stores, { ...localStorage }, { ...sessionStorage }]);
    }""")
    )


def test_a_comment_at_a_dead_terminal_is_kept_masked(
    new_page: NewPage, there: Served, box: Terminal, tmp_path: Path
) -> None:
    page = new_page()
    page.goto(there.address)
    anchored(page)
    kept(page)
    page.reload()  # from its worker, which has what masks
    there.die()
    press(page, "value", 0)
    at(page, "thanks")
    writes(page)
    at(page, "done")
    (record,) = stored(page)
    assert record["answers"]["comment"] == KEPT
    assert not any(secret in of_the_page(page) for secret in SECRETS)
    came_back(there, page)
    (entry,) = delivered(box)
    assert entry["answers"]["comment"] == KEPT
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(secret.encode() in files for secret in SECRETS)


def without_masks(new_page: NewPage, there: Served) -> Page:
    """A page that can't have them: it was loaded, and what masks was not."""
    page = new_page(service_workers="block")
    page.route(f"**/{worker.MASKING}*", lambda route: route.abort())
    page.goto(there.address)
    anchored(page)
    press(page, "value", 0)
    at(page, "thanks")
    return page


def test_a_page_that_cannot_mask_tells_its_terminal_alone(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = without_masks(new_page, there)
    page.evaluate(WATCH)
    writes(page)
    at(page, "done")
    (entry,) = delivered(box)
    assert entry["answers"]["comment"] == KEPT
    assert [record["answers"] for record in page.evaluate("() => window.put")] == [
        {"visit": 0}
    ]  # before it was written


def test_a_page_that_cannot_mask_keeps_the_answer_and_not_the_words(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = without_masks(new_page, there)
    there.die()
    writes(page)
    page.locator("[data-wait=moment]").wait_for()
    page.wait_for_timeout(1_500)
    assert not any(secret in of_the_page(page) for secret in SECRETS)
    there.revive()
    nudge(page)
    at(page, "done")
    until(lambda: sealed(box))
    (entry,) = delivered(box)
    assert entry["answers"] == {"visit": 0, "comment": KEPT}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL's files are its own
def test_no_file_of_either_end_has_what_a_comment_said_of_a_person(open_chain: Chain) -> None:
    """Of the terminal's folder, the centre's, and their logs."""
    visit(open_chain.screen, ("value", "0"), ("action", "write"), ("action", "finish"), typed=SAID)
    wait_until_sent(open_chain, 1)
    open_chain.command("server", "verify")
    for folder in (open_chain.folder, open_chain.folder / "terminal"):
        files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert KEPT.encode() in files
        assert not [secret for secret in SECRETS if secret.encode() in files]
