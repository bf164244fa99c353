"""A tablet on the road: https by Debian's nginx in front of a gateway, as `smilepost kiosk proxy` configures it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from playwright.sync_api import Browser

from tests import nginx
from tests.end_to_end.conftest import Chain
from tests.end_to_end.test_page_outlives_its_terminal import own_browser
from tests.end_to_end.test_screen_in_browser import at, press
from tests.processes import free_ports, running, smilepost

GATEWAY = """
[kiosk]
data = "gateway"
port = {port}
centre = "{office}"
public_url = "{public}"
trusted_proxies = 1
sync_at_once = true
input_guard_ms = 0
"""


class Road(NamedTuple):
    """`public`: what tablets see; `here`: the gateway itself, for this machine alone; `believed`: what makes Chromium
    believe the certificate."""

    public: str
    here: str
    certificate: Path
    believed: str


@contextmanager
def road(chain: Chain) -> Iterator[Road]:
    nginx.nginx_or_skip()
    port, public_port = free_ports(2)
    public, here = f"https://localhost:{public_port}", f"http://127.0.0.1:{port}"
    config, site = chain.folder / "gateway.toml", chain.folder / "site.conf"
    config.write_text(GATEWAY.format(port=port, office=chain.office, public=public))
    certificate, key, believed = nginx.certificate(chain.folder)
    printed = smilepost(
        *("kiosk", "proxy", "--config", config, "--certificate", certificate, "--key", key), cwd=chain.folder
    )
    assert printed.returncode == 0, printed.stderr
    site.write_text(printed.stdout.replace("/var/log/nginx/", f"{chain.folder}/"))
    with (
        running("kiosk", "run", "--config", config, cwd=chain.folder, health=f"{here}/healthz"),
        nginx.running(site, public_port),
    ):
        yield Road(public, here, certificate, f"--ignore-certificate-errors-spki-list={believed}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_tablet_is_paired_over_https_and_its_answer_counts(chain: Chain, browser: Browser) -> None:
    chain.start("server")
    code = chain.code()
    with road(chain) as there, own_browser(browser, chain.folder / "profile", there.believed) as page:
        page.goto(there.public)
        assert page.url == f"{there.public}/pair"
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Pair", exact=True).click()
        at(page, "ask")
        (cookie,) = page.context.cookies()
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        press(page, "value", 3)
        at(page, "thanks")
        page.get_by_role("button", name="Finish").click()
        for _ in range(600):
            health = requests.get(f"{there.here}/healthz", timeout=10).json()
            if health["acked"]:
                break
            page.wait_for_timeout(100)
        assert (health["acked"], health["pending"], health["parked"]) == (1, 0, 0)
        strangers_learn_nothing(there)
    chain.command("server", "verify")
    with closing(sqlite3.connect(chain.folder / "centre.sqlite3")) as centre:
        assert centre.execute("SELECT count(*) FROM responses").fetchone() == (1,)


def strangers_learn_nothing(there: Road) -> None:
    with requests.Session() as stranger:
        stranger.trust_env, stranger.verify = False, str(there.certificate)
        for path in ("/healthz", "/control/status", "/staff"):
            for told in ({}, {"Host": "127.0.0.1"}, {"X-Forwarded-Host": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"}):
                answer = stranger.get(there.public + path, headers=told, allow_redirects=False, timeout=10)
                assert answer.status_code in (303, 404), (path, told)
        secure = stranger.get(f"{there.public}/pair", timeout=10).headers
        assert secure["Strict-Transport-Security"] == "max-age=31536000"
        tried = {"code": "ABCD2345", "action": "pair"}
        for number in range(6):  # whoever says each time that they are somebody else waits all the same
            said = {"Origin": there.public, "X-Forwarded-For": f"192.0.2.{number}"}
            page = stranger.post(f"{there.public}/pair", tried, headers=said, timeout=60).text
        assert "The next try counts in 30 s." in page
