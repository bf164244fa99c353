"""A tablet of a gateway in a real browser: what waits in it is read by nobody but its gateway, and outlives the
browser."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from kiosk import carried, worker
from kiosk import sealed as sealed_store
from kiosk.gateway import COOKIE, receiving
from kiosk.screen_keys import ScreenKeys
from kiosk.terminal import Terminal
from tests.end_to_end.test_page_outlives_its_terminal import anchored, kept, main_process, own_browser
from tests.end_to_end.test_screen_in_browser import NewPage, at, delivered, press, until
from tests.terminals import Served, sealed, served, terminal

LOCAL = "http://127.0.0.1:1"
SECRET = "The tall one let the machine fall"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    """A gateway with one screen."""
    (tmp_path / "gateway").mkdir()
    with terminal(tmp_path / "gateway", "van12", public_url=LOCAL) as opened:
        yield opened


@contextmanager
def tablet(browser: Browser, profile: Path, there: Served, key: str) -> Iterator[Page]:
    with own_browser(browser, profile) as page:
        page.context.add_cookies([{"name": COOKIE, "value": f"van12.{key}", "url": there.address}])
        yield page


RAW = """() => new Promise((resolve) => {
  const asked = indexedDB.open("smilepost", 1);
  asked.onsuccess = () => {
    const all = asked.result.transaction("responses").objectStore("responses").getAll();
    all.onsuccess = () => { asked.result.close(); resolve(JSON.stringify(all.result)); };
  };
})"""


def test_what_waits_in_a_tablet_is_sealed_and_outlives_the_browser(
    browser: Browser, box: Terminal, tmp_path: Path
) -> None:
    profile, key = tmp_path / "profile", ScreenKeys(box.outbox.disk).bind("van12")
    with served(box) as there:
        with tablet(browser, profile, there, key) as page:
            page.goto(f"{there.address}/s/van12/")
            anchored(page)
            kept(page, "/s/van12/")
            page.evaluate("() => Masks.load()")
            there.die()
            press(page, "value", 0)
            at(page, "thanks")
            page.get_by_role("button", name="Write a comment").click()
            page.get_by_label("Would you like to tell us more?").fill(SECRET)
            page.get_by_role("button", name="Send").click()
            at(page, "done")
            raw = page.evaluate(RAW)
            assert SECRET not in raw
            assert '"answers"' not in raw
            assert "visit" not in raw
            assert 16_000 < len(raw) < 17_000  # of one length, whatever was written
            page.goto(f"{there.address}/s/van12/")  # offline, from what the worker kept
            at(page, "ask")
            press(page, "value", 3)
            at(page, "thanks")
            os.kill(main_process(profile), signal.SIGKILL)
        time.sleep(1)
        for path in (tmp_path / "profile").rglob("*"):
            if path.is_file() and "IndexedDB" in str(path):
                assert SECRET.encode() not in path.read_bytes()
        there.revive()
        with tablet(browser, profile, there, key) as page:
            page.goto(f"{there.address}/s/van12/")
            first, second = delivered(box, 2)
            assert (first["answers"], first["ended"]) == ({"visit": 0, "comment": SECRET}, "done")
            assert (second["answers"], second["ended"]) == ({"visit": 3}, "left")
    assert len(sealed(box)) == 2


COUNT = "() => Store.waiting().then(({ records }) => records.length)"


def test_an_app_opens_offline_and_a_new_build_leaves_what_waits(
    new_page: NewPage, box: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app whose tablet was paired after it was installed opens `/`; it is updated before it can deliver."""
    page, key = new_page(), ScreenKeys(box.outbox.disk).bind("van12")
    with served(box) as there:
        page.context.add_cookies([{"name": COOKIE, "value": f"van12.{key}", "url": there.address}])
        page.goto(there.address)
        anchored(page)
        kept(page, "/s/van12/")
        there.die()
        press(page, "value", 3)
        at(page, "thanks")
        page.get_by_role("button", name="Finish").click()
        page.goto(there.address)
        assert page.url == f"{there.address}/s/van12/"
        at(page, "ask")
        assert page.evaluate(COUNT) == 1
        page.route("**/late", lambda route: route.abort())
        monkeypatch.setattr(worker, "build", lambda: "0123456789")
        worker.script.cache_clear()
        there.revive()
        page.reload()
        until(lambda: page.evaluate("() => caches.keys()") == ["smilepost-0123456789"])
        assert page.evaluate(COUNT) == 1
        page.unroute("**/late")
        page.reload()
        assert [entry["answers"] for entry in delivered(box)] == [{"visit": 3}]
    worker.script.cache_clear()


def test_staff_save_what_waits_and_a_browser_that_is_no_screen_says_it_too(
    new_page: NewPage, box: Terminal, tmp_path: Path
) -> None:
    """A day without a network; then its browser has lost its key, and the file is brought by hand."""
    page, key = new_page(), ScreenKeys(box.outbox.disk).bind("van12")
    with served(box) as there:
        page.context.add_cookies([{"name": COOKIE, "value": f"van12.{key}", "url": there.address}])
        page.goto(there.address)
        anchored(page)
        kept(page, "/s/van12/")
        there.die()
        press(page, "value", 3)
        at(page, "thanks")
        page.get_by_role("button", name="Finish").click()
        at(page, "done")
        for x in (5, 1275, 5, 1275):
            page.mouse.click(x, 5)
        page.get_by_text("1 record waits here, since ").wait_for()
        assert not page.locator(".overdue").is_visible()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save what waits as a file").click()
        file = tmp_path / "tablet.json"
        saved.value.save_as(file)
        assert '"answers"' not in file.read_text()
        page.get_by_role("button", name="Close").click()
        page.clock.install(time=time.time() + 2 * 86_400)
        page.reload()
        page.locator(".overdue").wait_for()
        page.context.clear_cookies()
        page.route("**/late", lambda route: route.abort())
        there.revive()
        page.goto(f"{there.address}/s/van12/")
        page.get_by_text("This browser is no screen any more").wait_for()
        page.get_by_text("1 record waits here, since ").wait_for()
        assert page.get_by_role("button", name="Save what waits as a file").is_visible()
        taken = carried.take(carried.deliveries(file.read_bytes()), receiving(box, safe_of(box)))
        assert taken == (1, 0)
        assert [entry["answers"] for entry in delivered(box)] == [{"visit": 3}]


def safe_of(box: Terminal) -> Callable[[bytes], bytes]:
    safe = sealed_store.safe(box.settings.data, box.outbox.disk)
    assert safe
    return safe.opened
