"""Head office's pages in a real browser: readable for all, alive by themselves, and usable without a script. The
fixture `new_page` sees to it that no page asks another machine for anything."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect
from sqlalchemy import insert
from werkzeug.serving import make_server

from sync import access
from sync.centre import open_centre
from sync.config import Settings
from sync.models import clone_signs
from sync.office import people
from sync.office.comments import A_PAGE
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, Chain

NewPage = Callable[..., Page]
SOON = 20_000
"""Milliseconds: an open page asks every three seconds, and a machine may be busy."""
WIDTHS = {"phone": (375, 812), "tablet": (1024, 768), "laptop": (1440, 900)}
LONG = "Straßenbahnbetriebshof Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik Nürnberg-Langwasser"


class Town(Chain):
    """The chain, answering at an address of its own."""

    address: str
    troubled: str
    """The terminal that has every trouble there is."""


def trouble(town: Chain, shop: int) -> str:
    box, at_ms = town.boxes[shop], town.clock()
    entries = [box.response(), box.response(survey="unknown"), box.response()]
    counts = {"sealed": 1_234_567, "acked": 1_200_000, "pending": 31_003, "parked": 12}
    health = {"streams": {box.stream: counts}, "stream": box.stream, "oldest_pending_ms": 9 * DAY_MS, "lost": 3}
    health |= {"storage": "failing", "aside": 1, "damaged": 2, "free_bytes": 123_456_789, "last_error": "no answer"}
    anchor = {"boot": box.boot, "boottime_ms": 10**9, "server_ms": at_ms - DAY_MS, "rtt_ms": 90}
    box.send(town.app.test_client(), *entries, health=health, anchors=[anchor])
    sign = {"device_id": box.device, "first_ms": at_ms - DAY_MS, "last_ms": at_ms, "times": 7}
    with town.centre.db.writing() as tx:
        tx.execute(insert(clone_signs), [{"sign": sign_, **sign} for sign_ in ("fingerprint", "slot", "boot")])
    return box.device


@pytest.fixture(scope="module")
def town(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("centre")
    (data / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    clock = Clock()
    centre = open_centre(Settings(data=data), clock)
    town = Town(centre, clock)
    server = make_server("127.0.0.1", 0, town.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    town.address = f"http://127.0.0.1:{server.server_port}"
    for days_ago in range(28):
        town.visits(town.oslo, [3] * 30 + [2] * 6 + [1] * 2 + [0] * 2, days_ago=days_ago)
    town.visits(town.oslo, [3] * 9, answers={"visit_happy": ["staff"]}, days_ago=1)
    town.visits(town.oslo, [0] * 9, answers={"visit_unhappy": ["waiting"]}, days_ago=1)
    town.visits(town.bergen, [3] * 7, days_ago=3)
    town.comment(town.oslo, "شكراً جزيلاً, the staff were lovely!", lang="ar")
    town.comment(town.oslo, "Supercalifragilisticexpialidocious" * 20, 0)
    town.comment(town.oslo, "<script>document.title = 'broken in'</script><img src=x onerror=\"document.title='in'\">")
    town.troubled = trouble(town, town.shop(LONG))
    yield town
    server.shutdown()
    thread.join()
    server.server_close()
    centre.db.close()


def sign_in(page: Page, town: Town, user: int | None = None) -> None:
    """As Astrid, if nobody is named, with her second factor."""
    with town.centre.db.writing() as tx:
        token = people.new_session(tx, user or town.astrid, town.clock(), second=True)
    page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": town.address}])
    page.goto(town.address)


def complaints(page: Page) -> list[str]:
    """What the browser says on its console: refused by the policy, not found, a mistake in a script."""
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize(("width", "scheme"), [("phone", "light"), ("tablet", "light"), ("laptop", "dark")])
def test_everybody_can_read_the_pages(new_page: NewPage, town: Town, width: str, scheme: str) -> None:
    """Every page, with a table open: no barrier that axe knows, one way to scroll, nothing refused."""
    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
    page = new_page(viewport=size, color_scheme=scheme)
    said = complaints(page)
    page.goto(f"{town.address}/sign-in")
    assert Axe().run(page).violations_count == 0
    sign_in(page, town)
    paths = ["/devices", f"/devices/{town.troubled}", f"/devices/{town.boxes[town.oslo].device}"]
    paths += ["/ranking", "/?days=7&lang=en&sort=score"]
    paths += ["/compare", f"/compare?place={town.oslo}&place={town.norway}"]
    paths += [f"/locations/{town.oslo}?days=91&map=volume"]
    paths += ["/", f"/locations/{town.norway}", f"/locations/{town.oslo}", f"/locations/{town.oslo}/comments"]
    for path in paths:
        page.goto(town.address + path)
        assert not scrolls_sideways(page), path
        for its_id in page.locator(".comment details").all()[:1]:
            its_id.locator("summary").click()
            expect(its_id.locator("code").first).to_be_visible()
        for numbers in page.locator("main details:has(table)").all()[:1]:
            numbers.locator("summary").click()
            expect(numbers.locator("table").first).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert not scrolls_sideways(page), path
    assert page.title().startswith("Comments, Oslo")
    assert said == []


@pytest.mark.parametrize(("width", "scheme"), [("phone", "dark"), ("laptop", "light")])
def test_arabic_reads_from_right_to_left_without_a_barrier(
    new_page: NewPage, town: Town, width: str, scheme: str
) -> None:
    page = new_page(viewport=dict(zip(("width", "height"), WIDTHS[width], strict=True)), color_scheme=scheme)
    sign_in(page, town)
    page.context.add_cookies([{"name": "smilepost-language", "value": "ar", "url": town.address}])
    for path in ("/", "/ranking", "/devices", f"/devices/{town.troubled}", f"/locations/{town.oslo}"):
        page.goto(town.address + path)
        assert page.evaluate("() => getComputedStyle(document.body).direction") == "rtl"
        assert not scrolls_sideways(page), path
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_the_rooms_are_one_touch_away_on_a_phone(new_page: NewPage, town: Town) -> None:
    page = new_page(viewport={"width": 375, "height": 812})
    sign_in(page, town)
    page.goto(f"{town.address}/devices/{town.troubled}")
    rooms = page.get_by_role("navigation", name="Pages", exact=True)
    expect(rooms).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(rooms.get_by_role("link", name="Terminals")).to_have_attribute("aria-current", "true")
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Escape")
    expect(rooms).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    rooms.get_by_role("link", name="Overview").click()
    page.wait_for_url(f"{town.address}/")


def test_a_page_on_paper_has_a_head_and_nothing_to_touch(new_page: NewPage, town: Town) -> None:
    page = new_page(viewport={"width": 680, "height": 960}, color_scheme="dark")
    sign_in(page, town)
    page.emulate_media(media="print", color_scheme="dark")
    for path, name in (("/", "Overview"), ("/devices", "Terminals"), (f"/locations/{town.oslo}", "Oslo")):
        page.goto(town.address + path)
        expect(page.locator(".printed b")).to_have_text(name)
        expect(page.locator(".printed")).to_contain_text("3 Mar 2026")
        to_touch = page.locator("header, nav:not(.eyebrow), button, summary .turn")
        assert to_touch.filter(visible=True).all_inner_texts() == []
        assert not scrolls_sideways(page), path
        assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(43, 35, 27)"


def test_an_open_overview_moves_with_the_next_answer(new_page: NewPage, town: Town) -> None:
    page = new_page()
    said = complaints(page)
    sign_in(page, town)
    malmo = page.locator(f"#place-{town.malmo}")
    expect(malmo.locator(".count")).to_contain_text("0 today")
    page.locator(f"#numbers-{town.oslo} summary").click()
    page.evaluate("() => { document.body.dataset.same = 'page'; }")
    town.clock.ms += 1_000
    town.visits(town.malmo, [3] * 5)
    expect(malmo.locator(".count")).to_contain_text("5 today", timeout=SOON)
    expect(malmo.locator(".score")).to_contain_text("100")
    # What was open stays open, and the page itself was never loaded anew.
    expect(page.locator(f"#numbers-{town.oslo} table").first).to_be_visible()
    assert page.evaluate("() => document.body.dataset.same") == "page"
    assert said == []


def test_a_line_of_days_says_that_there_are_numbers_and_covers_nothing(new_page: NewPage, town: Town) -> None:
    page = new_page()
    sign_in(page, town)
    last = page.locator(".places details").last
    expect(last.get_by_text("Numbers")).to_be_visible()
    for numbers in (page.locator(f"#numbers-{town.bergen}"), last):
        numbers.locator("summary").click()
        table, place = numbers.locator(".numbers").bounding_box(), page.locator(".places").bounding_box()
        assert table
        assert place
        assert table["y"] + table["height"] <= place["y"] + place["height"]
    below, above = page.locator(f"#place-{town.oslo}").bounding_box(), page.locator(f"#numbers-{town.bergen}")
    covered = above.bounding_box()
    assert below
    assert covered
    assert covered["y"] + covered["height"] <= below["y"]
    expect(above.locator("table").first).to_be_visible()  # touching another one closes none


def test_a_new_comment_joins_an_open_page(new_page: NewPage, town: Town) -> None:
    page = new_page()
    sign_in(page, town)
    page.goto(f"{town.address}/locations/{town.malmo}")
    expect(page.get_by_text("Nobody has written anything here yet.")).to_be_visible()
    town.clock.ms += 120_000
    town.comment(town.malmo, "Tack så mycket!", lang="sv")
    expect(page.locator("#comments blockquote")).to_have_text("Tack så mycket!", timeout=SOON)
    expect(page.get_by_text("Nobody has written anything here yet.")).to_be_hidden()


def test_older_comments_take_the_focus_from_the_link_to_them(new_page: NewPage, town: Town) -> None:
    voss = town.shop("Voss")
    for number in range(A_PAGE + 3):
        town.comment(voss, f"comment {number}", days_ago=1)
    page = new_page()
    sign_in(page, town)
    page.goto(f"{town.address}/locations/{voss}")
    link = page.get_by_role("link", name="Older comments")
    link.focus()
    page.keyboard.press("Enter")
    first = page.locator("#comments .comment").nth(A_PAGE)
    expect(first).to_be_focused()
    assert page.url == f"{town.address}/locations/{voss}"
    expect(page.locator("#comments .comment")).to_have_count(A_PAGE + 3)
    expect(link).to_have_count(0)


def test_a_server_that_does_not_answer_is_named(new_page: NewPage, town: Town) -> None:
    page = new_page()
    sign_in(page, town)
    page.context.set_offline(True)
    expect(page.get_by_role("status")).to_contain_text("the server does not answer", timeout=SOON)
    assert page.locator(f"#place-{town.oslo}").is_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("status")).to_be_empty(timeout=SOON)


def test_signing_out_elsewhere_takes_an_open_page_to_the_sign_in(new_page: NewPage, town: Town) -> None:
    page, phone = new_page(), new_page()
    for each in (page, phone):
        sign_in(each, town, town.bjorn)
    phone.locator("#account summary").click()
    phone.get_by_role("button", name="Sign out on every device").click()
    phone.wait_for_url("**/sign-in")
    town.clock.ms += 60_000
    page.wait_for_url("**/sign-in", timeout=SOON)


def test_everything_works_without_a_script(new_page: NewPage, town: Town) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, town)
    page.locator(f"#numbers-{town.oslo} summary").click()
    expect(page.locator(f"#numbers-{town.oslo} table").first).to_be_visible()
    page.get_by_role("link", name="Oslo", exact=True).click()
    expect(page.get_by_role("heading", name="Oslo")).to_be_visible()
    page.locator("#account summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_keyboard_reaches_everything(new_page: NewPage, town: Town) -> None:
    page = new_page()
    sign_in(page, town)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the page")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(30):  # the filters, what needs a look, the heads of the table
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id") == f"link-{town.norway}":
            break
    expect(page.locator(f"#link-{town.norway}")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f"#numbers-{town.norway} table").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(f"#numbers-{town.norway} table").first).to_be_hidden()
