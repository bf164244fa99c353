"""One tap, from the screen to head office: real processes, real HTTP, a real browser."""

import time
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page as BrowserPage

from tests.end_to_end.conftest import PASSWORD, Chain
from tests.processes import PATIENCE_S
from tests.terminals import Page

COMMENT = "Snøggare enn eg trudde <b>mogleg</b> & venleg"


def visit(screen: str, *presses: tuple[str, str], typed: str = "") -> None:
    """A visit in a browser without script: each press posts the form of the page it finds."""
    with requests.Session() as session:
        session.trust_env = False  # loopback never goes through a proxy
        page = Page(session.get(screen + "/", timeout=10).text)
        for press in presses:
            fields = [(name, typed if name == "comment" else value) for name, value in page.fields]
            reply = session.post(screen + page.action, data=[*fields, press], timeout=10)
            assert reply.status_code == 200
            page = Page(reply.text)


def health(chain: Chain) -> dict[str, int]:
    reply: dict[str, int] = requests.get(chain.screen + "/healthz", timeout=10).json()
    return reply


def wait_until_sent(chain: Chain, acked: int) -> dict[str, int]:
    for _ in range(PATIENCE_S * 20):
        told = health(chain)
        if told["acked"] >= acked and told["pending"] == 0:
            return told
        time.sleep(0.05)
    raise AssertionError(f"not sent: {told}, {chain.log('kiosk')}, {chain.log('server')}")


def test_a_customer_s_words_are_read_at_head_office(open_chain: Chain, browser_page: BrowserPage) -> None:
    screen = browser_page
    screen.goto(open_chain.screen)
    screen.get_by_role("button", name="Happy", exact=True).click()
    screen.get_by_role("button", name="Friendly staff").click()
    screen.get_by_role("button", name="Write a comment").click()
    screen.get_by_role("textbox").fill(COMMENT)
    screen.get_by_role("button", name="Send").click()
    screen.get_by_role("heading", name="Thank you for telling us").wait_for()
    wait_until_sent(open_chain, 1)

    office = screen.context.new_page()
    office.goto(open_chain.office)
    office.get_by_label("Email address").fill("astrid@example.org")
    office.get_by_label("Password").fill(PASSWORD)
    office.get_by_role("button", name="Sign in").click()
    office.get_by_role("link", name="Oslo").click()
    words = office.get_by_text(COMMENT)
    words.wait_for()
    assert words.inner_text() == COMMENT  # its HTML is text
    assert office.get_by_text("Friendly staff").count() == 1
    open_chain.command("server", "verify")
    for log in ("server", "kiosk"):
        assert "Snøggare" not in open_chain.log(log)
        assert PASSWORD not in open_chain.log(log)


def test_a_day_without_head_office_arrives_when_it_is_back(chain: Chain) -> None:
    chain.start()
    chain.enrol()
    visit(chain.screen, ("value", "3"), ("action", "finish"))
    wait_until_sent(chain, 1)
    chain.stop("server")
    for value in range(4):
        visit(chain.screen, ("value", str(value)), ("action", "finish"))
    assert health(chain)["pending"] == 4
    chain.stop("kiosk")
    chain.start("kiosk")  # and the terminal was switched off, too
    chain.start("server")
    chain.stop("kiosk")  # a start looks at once; a running one waits its time out
    chain.start("kiosk")
    wait_until_sent(chain, 5)
    chain.command("server", "verify")
    chain.stop()


def test_what_is_tapped_before_enrolment_is_kept_for_it(chain: Chain) -> None:
    chain.start()
    with requests.Session() as session:  # whoever unpacked it has no code yet
        session.trust_env = False
        assert "/staff/pairing" in session.get(chain.screen, timeout=10).text
        later = session.post(f"{chain.screen}/staff/pairing", data={"action": "later"}, timeout=10)
        assert 'data-screen="ask"' in later.text
    visit(chain.screen, ("value", "2"), ("action", "finish"))
    assert health(chain)["pending"] == 1
    chain.enrol()
    wait_until_sent(chain, 1)
    chain.command("server", "verify")


def test_what_is_secret_is_its_owner_s_only(open_chain: Chain) -> None:
    assert oct((open_chain.folder / "terminal").stat().st_mode & 0o777) == "0o700"
    for path in secret_files(open_chain.folder):
        assert oct(path.stat().st_mode & 0o077) == "0o0", path


def secret_files(folder: Path) -> list[Path]:
    found = [*folder.glob("**/identity.json"), *folder.glob("**/control.token"), *folder.glob("**/smilepost-secrets")]
    assert len(found) == 3
    return found


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_office_says_how_it_is(open_chain: Chain, path: str) -> None:
    assert requests.get(open_chain.office + path, timeout=10).status_code == 200
