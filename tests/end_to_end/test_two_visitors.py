"""Two visitors in a row: after the screen was reset, nothing of the first can be reached by the second, who may look
wherever the browser looks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from kiosk.terminal import Terminal
from tests.asking import asking
from tests.end_to_end.test_screen_in_browser import NewPage, at, press, until
from tests.terminals import Served, sealed, served, terminal

ALL = frozenset({"comment", "rating", "contact"})
SECRETS = ("between us", "Kari N", "kari@example.org")
SEEN = """() => {
  const typed = Array.from(document.querySelectorAll("input, textarea, select"), (one) => one.value);
  const stored = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), name, document.cookie];
  return [document.documentElement.outerHTML, document.title, location.href, JSON.stringify(history.state), ...typed,
          ...stored, ...performance.getEntries().map((one) => one.name)].join("\\n");
}"""
CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) found.push(request.url, await (await cache.match(request)).text());
  }
  return found.join("\\n");
}"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, "s-oslo", asked=asking(ALL)) as opened:
        yield opened


@pytest.fixture
def there(box: Terminal) -> Iterator[Served]:
    with served(box) as opened:
        yield opened


def tell_everything(page: Page) -> None:
    """The first visitor: touches, types and agrees wherever one can."""
    press(page, "value", 0)
    at(page, "thanks")
    press(page, "toggle", "staff")
    press(page, "action", "write")
    at(page, "comment")
    page.locator("textarea").fill(SECRETS[0])
    press(page, "action", "finish")
    at(page, "rating")
    press(page, "rate", 7)
    at(page, "contact")
    page.locator("#name").fill(SECRETS[1])
    page.locator("#reach").fill(SECRETS[2])
    press(page, "action", "agree")
    page.locator("[data-missing=consent]").wait_for()
    page.locator("[name=agree]").check()
    page.locator(".steps [value=agree]").click()
    at(page, "done")


def is_somebody_new(page: Page) -> None:
    at(page, "ask")
    assert page.locator("main [aria-pressed=true], main [autofocus], main [aria-invalid]").count() == 0
    assert page.locator("main input:not([type=hidden]), main textarea").count() == 0


def finds_nothing(page: Page) -> None:
    seen = page.evaluate(SEEN) + page.evaluate(CACHED)
    assert [secret for secret in SECRETS if secret in seen] == []
    assert page.evaluate("() => [document.activeElement.tagName, String(getSelection())]") in (
        ["MAIN", ""],
        ["BODY", ""],
    )
    assert page.get_by_role("status").inner_text() == ""


def walks_in_alone(page: Page) -> None:
    """The second visitor goes where the first was, and finds every screen as if nobody had been there."""
    press(page, "value", 0)
    at(page, "thanks")
    assert page.locator("main [aria-pressed=true]").count() == 0
    press(page, "action", "write")
    at(page, "comment")
    assert page.locator("textarea").input_value() == ""
    press(page, "action", "finish")
    at(page, "rating")
    assert page.locator("main [aria-pressed=true]").count() == 0
    press(page, "action", "finish")
    at(page, "contact")
    assert page.locator("#name, #reach").evaluate_all("all => all.map(one => one.value)") == ["", ""]
    assert not page.locator("[name=agree]").is_checked()
    assert page.locator(".missing:visible").count() == 0
    press(page, "action", "finish")
    at(page, "done")


@pytest.mark.parametrize("is_dead", [False, True], ids=["online", "offline"])
def test_with_script_the_next_visitor_finds_nothing_of_the_last(
    new_page: NewPage, there: Served, box: Terminal, is_dead: bool
) -> None:
    page = new_page()
    page.goto(there.address)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    until(lambda: page.evaluate("async () => Boolean(await caches.match('/', { ignoreVary: true }))"))
    until(lambda: page.evaluate("async () => Object.keys((await Store.waiting()).anchors).length"))
    if is_dead:
        there.die()
    before = page.evaluate("() => [history.length, document.title, location.href]")
    tell_everything(page)
    page.locator(".done a").click()
    is_somebody_new(page)
    finds_nothing(page)
    assert page.evaluate("() => [history.length, document.title, location.href]") == before
    page.go_back()
    page.go_forward()
    is_somebody_new(page)
    finds_nothing(page)
    page.reload()
    is_somebody_new(page)
    walks_in_alone(page)
    if is_dead:
        there.revive()
        page.evaluate("() => { dispatchEvent(new Event('online')); }")
    until(lambda: page.evaluate("async () => (await Store.waiting()).records.length") == 0)
    assert [entry["kind"] for entry in sealed(box)] == ["response", "contact", "response"]


def test_without_script_the_next_visitor_finds_nothing_of_the_last(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(there.address)
    tell_everything(page)
    over = page.url
    page.locator(".done a").click()
    is_somebody_new(page)
    for _ in range(12):
        page.go_back()
        if page.url == "about:blank":
            break
        is_somebody_new(page)
        assert [secret for secret in SECRETS if secret in page.content()] == []
    for place in ("done", "contact", "comment", "thanks"):
        page.goto(re.sub("[a-z]+$", place, over))
        is_somebody_new(page)
    walks_in_alone(page)
    assert [entry["kind"] for entry in sealed(box)] == ["response", "contact", "response"]


def test_a_page_that_the_browser_kept_comes_back_for_somebody_new(
    new_page: NewPage, there: Served, box: Terminal
) -> None:
    page = new_page()
    page.goto(there.address)
    press(page, "value", 0)
    at(page, "thanks")
    press(page, "action", "write")
    at(page, "comment")
    page.locator("textarea").fill(SECRETS[0])
    page.evaluate("() => { dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })); }")
    is_somebody_new(page)
    finds_nothing(page)
    until(lambda: sealed(box))
    assert [(entry["answers"], entry["ended"]) for entry in sealed(box)] == [({"first0": 0}, "idle")]


def test_nothing_on_any_screen_is_filled_in_by_the_browser(new_page: NewPage, there: Served) -> None:
    page = new_page()
    page.goto(there.address)
    asks = """() => Object.values(FRAMES).flatMap((drawn) => {
      const read = document.createElement("template");
      read.innerHTML = drawn;
      return Array.from(read.content.querySelectorAll("template"), ({ content }) => content)
        .flatMap((one) => Array.from(one.querySelectorAll("form, textarea, input:not([type=hidden])")));
    }).map((one) => one.getAttribute("autocomplete"))"""
    assert set(page.evaluate(asks)) == {"off"}
