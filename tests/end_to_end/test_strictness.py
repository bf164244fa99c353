"""That a page which does what none may is found out: what every browser test of ours rests on."""

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.test_screen_in_browser import until
from tests.strictness import Strictness

FOUND_OUT = {
    "another machine": ("<img src='http://shop.example/pixel.gif' alt=''>", "asked http://shop.example/pixel.gif"),
    "a style in the page": ("<p style='color: red'>Hello</p>", "said Applying inline style violates"),
    "a script in the page": ("<script>document.title = 'x'</script>", "said Executing inline script violates"),
    "a failing script": ("<script src='/x.js'></script>", "failed with"),
}


@pytest.mark.parametrize("what", FOUND_OUT)
def test_a_page_that_does_it_is_found_out(browser: Browser, what: str) -> None:
    body, complaint = FOUND_OUT[what]
    strictness = Strictness()
    context = strictness.watch(browser.new_context())
    policy = {"Content-Security-Policy": "default-src 'self'; img-src *"}
    context.route("**/page", lambda route: route.fulfill(body=body, content_type="text/html", headers=policy))
    context.route("**/x.js", lambda route: route.fulfill(body="nothing.here();", content_type="text/javascript"))
    page = context.new_page()
    page.goto("http://127.0.0.1/page")
    until(lambda: strictness.complaints)
    assert any(found.startswith(complaint) for found in strictness.complaints), strictness.complaints
    context.close()
