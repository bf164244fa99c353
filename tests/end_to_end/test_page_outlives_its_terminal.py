"""A screen whose terminal is dead, hung or full, in a real browser: the customer is thanked, and when the terminal is
back each response arrives once, under its first id, at the hour it was given."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from playwright.sync_api import Error as BrowserError

from kiosk import worker
from kiosk.identity import KeptManifest
from kiosk.terminal import Terminal
from sync import wire
from sync.survey import BUILTIN, STEPS, Step
from tests.asking import WAYS, asking, offered
from tests.conftest import BROWSER_ARGS
from tests.end_to_end.test_screen_in_browser import at, delivered, press, until, without_store
from tests.strictness import Strictness
from tests.terminals import Served, full_disk, sealed, served, terminal

NewPage = Callable[..., Page]
WAITED_S = 2.0
NEAR_MS = 700
"""How exactly a capture's time must be known: half a round trip of a busy machine, and the test's own steps."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path / "terminal") as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    with served(box) as opened:
        yield opened


def stored(page: Page) -> list[dict[str, Any]]:
    """What waits in the page's own store."""
    return list(page.evaluate("async () => (await Store.waiting()).records"))


def anchored(page: Page) -> None:
    """The page has heard the terminal's clock, and its worker keeps what it needs."""
    until(lambda: page.evaluate("async () => Object.keys((await Store.waiting()).anchors).length"))


def kept(page: Page, path: str = "/") -> None:
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    until(lambda: page.evaluate("async path => Boolean(await caches.match(path, { ignoreVary: true }))", path))


def nudge(page: Page) -> None:
    """As if the network had come back; by itself the page tries every 15 to 30 s."""
    page.evaluate("() => { dispatchEvent(new Event('online')); }")


def came_back(there: Served, page: Page) -> None:
    there.revive()
    nudge(page)


def tap(page: Page, box: Terminal, value: int) -> tuple[int, int]:
    """Touch a face; between which two times of the terminal's clock that was. A busy machine takes its time."""
    before_ms = box.clock.boottime_ms()
    press(page, "value", value)
    return before_ms, box.clock.boottime_ms()


def is_near(entry: dict[str, Any], tapped: tuple[int, int]) -> bool:
    return tapped[0] - NEAR_MS < int(entry["stamp"]["boottime_ms"]) < tapped[1] + NEAR_MS


def test_a_customer_at_a_dead_terminal(new_page: NewPage, there: Served, box: Terminal) -> None:
    """Taps, is thanked, says why, writes, finishes; the page is loaded anew; the next one chooses a language."""
    page = new_page()
    page.goto(there.address)
    anchored(page)
    kept(page)
    there.die()
    first_at = tap(page, box, 0)
    at(page, "thanks")
    assert page.get_by_role("status").inner_text() == "Thank you. Your answer is saved."
    first = stored(page)[0]["id"]
    press(page, "toggle", "staff")
    press(page, "action", "write")
    page.wait_for_timeout(1_000)
    page.get_by_label("Would you like to tell us more?").fill("Nobody there.")
    press(page, "action", "finish")
    at(page, "done")
    page.wait_for_timeout(WAITED_S * 1000)
    page.reload()
    at(page, "ask")
    assert "Nobody there" not in page.content()
    page.get_by_role("link", name="Français").click()
    page.get_by_role("heading", name="Comment s’est passée votre visite").wait_for()
    second_at = tap(page, box, 3)
    page.get_by_role("heading", name="Merci").wait_for()
    press(page, "action", "finish")
    at(page, "done")
    assert [record["rev"] for record in stored(page)] == [4, 2]
    page.wait_for_timeout(WAITED_S * 1000)
    came_back(there, page)
    one, two = delivered(box, 2)
    assert (one["id"], one["rev"], one["ended"], one["lang"]) == (first, 4, "done", "en")
    assert one["answers"] == {"visit": 0, "visit_unhappy": ["staff"], "comment": "Nobody there."}
    assert (two["answers"], two["rev"], two["ended"], two["lang"]) == ({"visit": 3}, 2, "done", "fr")
    assert {one["stamp"]["boot"], two["stamp"]["boot"]} == {box.clock.boot}
    assert is_near(one, first_at)
    assert is_near(two, second_at)
    until(lambda: stored(page) == [])
    nudge(page)
    page.wait_for_timeout(300)
    assert len(sealed(box)) == 2


def test_a_hung_terminal_delays_no_thanks(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    page.goto(there.address)
    anchored(page)
    given_up: list[str] = []
    page.on("requestfailed", lambda request: given_up.append(request.url))
    with there.hung():
        press(page, "value", 2)
        at(page, "thanks")
        press(page, "action", "finish")
        at(page, "done")
        assert given_up == [], "it thanked only after it had given up waiting"
    (entry,) = delivered(box)
    assert (entry["answers"], entry["ended"], entry["rev"]) == ({"visit": 2}, "done", 2)
    nudge(page)
    until(lambda: stored(page) == [])
    assert len(sealed(box)) == 1


def test_a_page_that_is_loaded_anew_shows_the_question_and_tells_who_left(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page()
    page.goto(there.address)
    kept(page)
    press(page, "value", 1)
    at(page, "thanks")
    until(lambda: stored(page) == [])
    there.die()
    press(page, "toggle", "price")
    press(page, "action", "write")
    page.locator("textarea").fill("never sent")
    page.reload()
    at(page, "ask")
    assert page.locator("main [aria-pressed=true]").count() == 0
    assert "never sent" not in page.content()
    came_back(there, page)
    (entry,) = delivered(box)
    assert (entry["answers"], entry["ended"]) == ({"visit": 1, "visit_unhappy": ["price"]}, "left")
    assert (entry["rev"], box.outbox.drafts_of(None)) == (3, [])


def test_two_screens_of_a_dead_box_keep_their_own(new_page: NewPage, tmp_path: Path) -> None:
    with terminal(tmp_path, "s-front", "s-back") as box, served(box) as there:
        front = new_page()
        front.goto(there.address)
        back = front.context.new_page()
        back.goto(f"{there.address}/s/s-back/")
        kept(front)
        kept(back, "/s/s-back/")
        there.die()
        press(front, "value", 0)
        at(front, "thanks")
        back.reload()  # ends no visit of its neighbour
        press(back, "value", 3)
        press(back, "action", "finish")
        at(back, "done")
        press(front, "action", "finish")
        at(front, "done")
        there.revive()
        nudge(front)
        nudge(back)  # both deliver everything that waits
        until(lambda: stored(front) == [])
        found = {(e["screen"], e["placement"], e["answers"]["visit"], e["ended"]) for e in sealed(box)}
        assert found == {("s-front", "p-s-front", 0, "done"), ("s-back", "p-s-back", 3, "done")}
        assert len(sealed(box)) == 2


def test_two_tabs_of_one_screen_deliver_twice_and_it_counts_once(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    one = new_page()
    one.goto(there.address)
    other = one.context.new_page()
    other.goto(there.address)
    anchored(one)
    there.die()
    for page, value in ((one, 0), (other, 3), (one, 1)):
        page.bring_to_front()
        press(page, "value", value)
        press(page, "action", "finish")
        at(page, "done")
        page.get_by_role("link", name="Next visitor").evaluate("link => link.click()")
    there.revive()
    nudge(one)
    nudge(other)
    until(lambda: stored(one) == [])
    assert sorted(entry["answers"]["visit"] for entry in sealed(box)) == [0, 1, 3]


def test_what_the_terminals_disk_does_not_take_the_page_keeps(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    page.goto(there.address)
    anchored(page)
    # Somebody empties the browser's storage under the open page: it makes itself another one.
    page.evaluate("() => new Promise(done => { indexedDB.deleteDatabase('smilepost').onsuccess = done; })")
    with full_disk():
        press(page, "value", 3)
        at(page, "thanks")
        press(page, "action", "finish")
        at(page, "done")
        assert [record["rev"] for record in stored(page)] == [2]

    def is_delivered() -> bool:  # the terminal looks at its disk again after a second
        nudge(page)
        return stored(page) == []

    until(is_delivered)
    assert [entry["answers"] for entry in sealed(box)] == [{"visit": 3}]


NO_STORE = {
    "refused": "Object.defineProperty(window, 'indexedDB', { value: undefined })",
    "forbidden": "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }",
    "hung": "IDBFactory.prototype.open = () => ({})",
    "full": "IDBObjectStore.prototype.put = () => { throw new DOMException('planted', 'QuotaExceededError'); }",
}


def test_a_screen_that_can_keep_nothing_and_has_no_terminal_invites_nobody(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.add_init_script(NO_STORE["full"])
    page.clock.install()
    page.goto(there.address)
    there.die()
    page.clock.fast_forward(61_000)
    page.locator("main [data-wait=break]").wait_for()
    there.revive()
    page.clock.fast_forward(4_000)
    until(lambda: not page.locator(".wait").is_visible())


def test_a_screen_that_can_keep_answers_invites_without_its_terminal(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.clock.install()
    page.goto(there.address)
    anchored(page)
    there.die()
    for _ in range(4):
        page.clock.fast_forward(31_000)
    page.wait_for_timeout(300)
    assert not page.locator(".wait").is_visible()
    press(page, "value", 3)
    at(page, "thanks")


@pytest.mark.parametrize("how", NO_STORE)
def test_without_a_store_the_terminal_alone_says_thanks(
    new_page: NewPage, there: Served, box: Terminal, how: str
) -> None:
    page = new_page()
    page.add_init_script(NO_STORE[how])
    page.goto(there.address)
    press(page, "value", 2)
    at(page, "thanks")
    press(page, "action", "finish")
    at(page, "done")
    assert [entry["answers"] for entry in delivered(box)] == [{"visit": 2}]


def test_without_store_and_terminal_nobody_is_thanked(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page()
    without_store(page)
    page.goto(there.address)
    there.die()
    press(page, "value", 2)
    page.locator("main [data-wait=moment]").wait_for()
    page.locator("main [data-wait=break]").wait_for()
    assert "Thank" not in page.locator("main").inner_text()
    there.revive()
    at(page, "ask")
    assert [(entry["answers"], entry["ended"]) for entry in delivered(box)] == [({"visit": 2}, "left")]


PORTALS: tuple[dict[str, Any], ...] = (
    {"body": "<p>Welcome!</p>"},
    {"json": {"ok": True}},
    {"status": 400, "json": {}},
    {"status": 204},
    {"json": {"smilepost": 1, "clock": {"boot": "x", "boottime_ms": 1, "wall_ms": 1, "synced": False}, "held": []}},
)
"""What is no acknowledgement; the last one is the terminal's own."""


def instead(said: dict[str, Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(**said)


def test_only_the_terminals_own_words_empty_the_store(new_page: NewPage, there: Served, box: Terminal) -> None:
    page = new_page(service_workers="block")
    page.goto(there.address)
    anchored(page)
    record = {"id": "not one of ours", "rev": 1, "load": "page-00000000000000000000000000000000", "ended": "done"}
    page.evaluate("record => Store.put(record)", record)
    for portal in PORTALS:
        page.route("**/late", instead(portal))
        with page.expect_response("**/late"):
            press(page, "value", 1)
        at(page, "thanks")
        with page.expect_response("**/late"):
            press(page, "action", "finish")
        at(page, "done")
        page.get_by_role("link", name="Next visitor").evaluate("link => link.click()")
        page.unroute("**/late")
    assert len(stored(page)) == 6
    nudge(page)
    assert len(delivered(box, 5)) == 5
    until(lambda: stored(page) == [])
    # What the terminal will never take is set aside, and stops nothing.
    aside = "() => new Promise(done => { const asked = indexedDB.open('smilepost', 1); asked.onsuccess = () => {" \
            " asked.result.transaction('responses').objectStore('responses').getAll().onsuccess =" \
            " event => done(event.target.result); }; })"  # fmt: skip
    assert [(found["id"], found["aside"]) for found in page.evaluate(aside)] == [("not one of ours", True)]


OFFERS = sorted({offered(step) for step in STEPS}, key=sorted)


@pytest.mark.parametrize("offers", OFFERS, ids=lambda offers: "-".join(sorted(offers)) or "nothing")
def test_every_step_of_the_table_is_the_scripts_too(new_page: NewPage, tmp_path: Path, offers: frozenset[str]) -> None:
    with terminal(tmp_path, "s-oslo", asked=asking(offers)) as box, served(box) as there:
        page = new_page()
        page.clock.install()
        page.goto(there.address)
        anchored(page)
        there.die()
        for step in STEPS:
            if offered(step) == offers:
                take_step(page, step)


def take_step(page: Page, step: Step) -> None:
    press(page, "value", 3)
    at(page, "thanks")
    if WAYS[step.screen]:
        press(page, "action", WAYS[step.screen])
    at(page, step.screen)
    visit = stored(page)[-1]["id"]
    do(page, step)
    at(page, step.to)
    is_over = step.screen == "done" and step.action == "idle"
    until(lambda: ended(page, visit) == (step.ends or ("done" if is_over else None)))
    page.clock.fast_forward(46_000)
    until(lambda: page.locator("main nav").count())


def do(page: Page, step: Step) -> None:
    if step.action == "idle":
        page.clock.fast_forward(46_000)
    elif step.action == "reason":
        press(page, "toggle", "staff")
    elif step.action == "answer":
        press(page, "value", 2)
    elif step.action == "rate":
        press(page, "rate", 10)
    else:
        if step.action == "agree":
            page.locator("#reach").fill("kari@example.org")
            page.locator("[name=agree]").check()
        press(page, "action", step.action)


def ended(page: Page, visit: str) -> str | None:
    found = next(record for record in stored(page) if record["id"] == visit)
    return None if found["ended"] is None else str(found["ended"])


def test_the_worker_leaves_nothing_of_an_older_build(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.goto(f"{there.address}/healthz")
    page.evaluate("() => caches.open('smilepost-older')")
    page.goto(there.address)
    until(lambda: page.evaluate("() => caches.keys()") == [f"smilepost-{worker.build()}"])
    kept(page)
    inside = page.evaluate("async name => (await (await caches.open(name)).keys()).map(one => one.url)",
                           f"smilepost-{worker.build()}")  # fmt: skip
    frames = page.locator("script[src^='/frames.js']").get_attribute("src")
    ours = {"/", frames, *(worker.address(name) for name in (*worker.FILES, worker.MASKING))}
    assert set(inside) == {f"{there.address}{place}" for place in ours}


def test_another_question_from_head_office_comes_by_itself(new_page: NewPage, tmp_path: Path) -> None:
    with terminal(tmp_path, "s-front") as box, served(box) as there:
        page = new_page()
        page.clock.install()
        page.goto(there.address)
        kept(page)
        told = wire.read_entry(wire.encode(BUILTIN))
        told["version"], told["questions"][0]["texts"]["en"] = 2, "Did we help you?"
        screen = wire.ScreenManifest("p-s-front", [told], ["en"], "Oslo", "Europe/Oslo")
        box.standings.take(KeptManifest("", wire.Manifest({"s-front": screen})))
        press(page, "value", 3)  # of the survey that was asked
        at(page, "thanks")
        page.clock.fast_forward(11_000)
        at(page, "ask")
        page.clock.fast_forward(31_000)
        page.clock.fast_forward(31_000)
        page.get_by_role("heading", name="Did we help you?").wait_for()
        press(page, "value", 0)
        press(page, "action", "finish")
        assert [(e["version"], e["answers"]) for e in delivered(box, 2)] == [(1, {"visit": 3}), (2, {"visit": 0})]
        held = "async () => (await (await caches.open((await caches.keys())[0])).keys()).map(one => one.url)"
        until(lambda: sum("/frames.js?" in url and "/static" not in url for url in page.evaluate(held)) == 1)
        there.die()
        page.reload()
        page.get_by_role("heading", name="Did we help you?").wait_for()
        press(page, "value", 1)
        at(page, "thanks")


def test_a_question_whose_other_screens_are_lost_works_without_them(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page(service_workers="block")
    page.route("**/frames.js*", lambda route: route.abort())
    page.goto(there.address)
    press(page, "value", 1)
    at(page, "thanks")
    press(page, "toggle", "price")
    assert page.locator(".chip[aria-pressed=true]").count() == 1
    press(page, "action", "finish")
    at(page, "done")
    assert [entry["answers"] for entry in delivered(box)] == [{"visit": 1, "visit_unhappy": ["price"]}]


def test_the_kept_question_stays_until_the_new_one_is_whole(new_page: NewPage, tmp_path: Path) -> None:
    with terminal(tmp_path, "s-front") as box, served(box) as there:
        page = new_page()
        page.goto(there.address)
        kept(page)
        page.reload()  # the worker answers from now on
        told = wire.read_entry(wire.encode(BUILTIN))
        told["version"], told["questions"][0]["texts"]["en"] = 2, "Did we help you?"
        screen = wire.ScreenManifest("p-s-front", [told], ["en"], "Oslo", "Europe/Oslo")
        box.standings.take(KeptManifest("", wire.Manifest({"s-front": screen})))
        there.refuses = "/frames.js"
        page.reload()
        page.get_by_role("heading", name="How was your visit today?").wait_for()
        press(page, "value", 3)
        at(page, "thanks")
        there.refuses = None
        page.reload()
        page.get_by_role("heading", name="Did we help you?").wait_for()


def test_a_screen_that_moved_to_another_box_invites_nobody_here(new_page: NewPage, tmp_path: Path) -> None:
    with terminal(tmp_path, "s-front", "s-back") as box, served(box) as there:
        page = new_page()
        page.clock.install()
        page.goto(f"{there.address}/s/s-back/")
        kept(page, "/s/s-back/")
        told = wire.read_entry(wire.encode(BUILTIN))
        screen = wire.ScreenManifest("p-s-front", [told], ["en"], "Oslo", "Europe/Oslo")
        box.standings.take(KeptManifest("", wire.Manifest({"s-front": screen})))
        press(page, "value", 3)  # somebody was faster than the page
        at(page, "thanks")
        press(page, "action", "finish")
        (entry,) = delivered(box, 1)
        assert (entry["screen"], entry["placement"], entry["answers"]) == ("s-back", "p-s-back", {"visit": 3})
        page.clock.fast_forward(11_000)

        def rests_at_last() -> int:
            page.clock.fast_forward(31_000)  # a question that is on its way meanwhile has taken too long
            time.sleep(0.3)
            return page.locator("main > [data-screen=break]").count()

        until(rests_at_last)


# -- browsers of their own


@contextmanager
def own_browser(browser: Browser, profile: Path, *more: str) -> Iterator[Page]:
    """A browser with a profile that outlives it, as strict as any."""
    strictness = Strictness()
    args = [*(arg for arg in BROWSER_ARGS if "resolver" not in arg), *more]
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=os.environ.get("SMILEPOST_CHROMIUM", "/usr/bin/chromium"), headless=True, args=args
    )
    yield strictness.watch(context).new_page()
    with suppress(BrowserError):  # of one that was killed there may be nothing left to close
        context.close()
    assert strictness.complaints == []


def main_process(profile: Path) -> int:
    """The browser of this profile, not one of its children."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if f"--user-data-dir={profile}" in command and not any(part.startswith("--type=") for part in command):
                return int(entry.name)
    raise AssertionError("no browser has this profile")


def test_what_was_thanked_survives_a_killed_browser(
    browser: Browser, there: Served, box: Terminal, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    with own_browser(browser, profile) as page:
        page.goto(there.address)
        anchored(page)
        there.die()
        tapped_at = tap(page, box, 1)
        at(page, "thanks")
        os.kill(main_process(profile), signal.SIGKILL)
    time.sleep(WAITED_S)
    there.revive()
    with own_browser(browser, profile) as page:
        page.goto(there.address)
        (entry,) = delivered(box)
        assert (entry["answers"], entry["ended"], entry["rev"]) == ({"visit": 1}, "left", 1)
        assert is_near(entry, tapped_at)


def test_over_plain_http_the_store_alone_carries_a_tap(browser: Browser, tmp_path: Path) -> None:
    plain = "--host-resolver-rules=MAP shop.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with (
        terminal(tmp_path / "terminal", host="shop.test") as box,
        served(box) as there,
        own_browser(browser, tmp_path / "profile", plain) as page,
    ):
        page.goto(there.address.replace("127.0.0.1", "shop.test"))
        assert page.evaluate("() => [isSecureContext, 'serviceWorker' in navigator]") == [False, False]
        anchored(page)
        there.die()
        tapped_at = tap(page, box, 3)
        at(page, "thanks")
        press(page, "toggle", "staff")
        press(page, "action", "finish")
        at(page, "done")
        page.wait_for_timeout(WAITED_S * 1000)
        came_back(there, page)
        (entry,) = delivered(box)
        assert (entry["answers"], entry["ended"]) == ({"visit": 3, "visit_happy": ["staff"]}, "done")
        assert is_near(entry, tapped_at)
