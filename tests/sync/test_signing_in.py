"""Signing in and out in a browser: what it answers, where it leads, what it leaves behind."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from sync.centre import Centre
from sync.leading import own_path
from sync.models import users
from sync.office import people, throttle
from tests.sync.conftest import Clock
from tests.sync.norway import FRAGMENT, OURS, PASSWORD, Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


BJORN = "bjorn@example.com"
"""He sees Oslo; a password is all he owes."""


def sign_in(
    client: FlaskClient, email: str = "astrid@example.com", password: str = PASSWORD, **more: str
) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password, **more}, headers=OURS)


def cookie(response: TestResponse) -> str:
    found = re.search(r"smilepost=([^;]*)", response.headers["Set-Cookie"])
    assert found
    return found[1]


def is_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def test_bjorn_signs_in_and_reads_the_overview(chain: Chain) -> None:
    client = chain.browser()
    assert client.get("/").headers["Location"] == "/sign-in"
    answer = sign_in(client, BJORN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Bjørn" in client.get("/").get_data(as_text=True)


def test_astrid_is_an_administrator_and_owes_a_second_factor(chain: Chain) -> None:
    client = chain.browser()
    sign_in(client)
    for page in ("/", "/devices", f"/locations/{chain.oslo}"):
        assert client.get(page).headers["Location"].partition("?")[0] == "/second"
    assert client.post("/sign-out", headers=OURS).headers["Location"] == "/sign-in"


def test_the_cookie_is_for_our_pages_alone(chain: Chain) -> None:
    given = sign_in(chain.browser()).headers["Set-Cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert "Domain" not in given


def test_every_failure_looks_the_same(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.bjorn).values(disabled_ms=1))
    tries = [
        ("astrid@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("bjorn@example.com", PASSWORD),
        ("", ""),
    ]
    answers = [sign_in(chain.browser(), email, password) for email, password in tries]
    assert {answer.status_code for answer in answers} == {401}
    pages = {
        answer.get_data(as_text=True).replace(email, "") for answer, (email, _) in zip(answers, tries, strict=True)
    }
    assert len(pages) == 1
    assert "do not fit together" in pages.pop()
    assert not any("Set-Cookie" in answer.headers for answer in answers)


def test_the_page_never_gives_a_password_back(chain: Chain) -> None:
    page = sign_in(chain.browser(), password="my other secret").get_data(as_text=True)
    assert "my other secret" not in page


def test_what_was_typed_shows_as_text(chain: Chain) -> None:
    page = sign_in(chain.browser(), '"><script>alert(1)</script>').get_data(as_text=True)
    assert "<script>alert" not in page


def test_guessing_is_slowed_down_and_says_for_how_long(chain: Chain, clock: Clock) -> None:
    client = chain.browser()
    for _ in range(throttle.PER_ACCOUNT):
        assert sign_in(client, password="wrong").status_code == 401
    answer = sign_in(client)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "Please wait 15 minutes" in answer.get_data(as_text=True)
    clock.ms += throttle.WINDOW_MS
    assert sign_in(client).status_code == 303


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("/locations/2?question=visit", "/locations/2?question=visit"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/a\\b", "/"),
        ("https://evil.example/", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        (" //evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/\0/evil.example", "/"),
        ("/\N{FULLWIDTH SOLIDUS}evil.example", "/"),
        ("/" + "a" * 3_000, "/"),
    ],
)
def test_signing_in_leads_only_to_our_own_pages(target: str, leads: str) -> None:
    assert own_path(target) == leads


def test_a_form_made_elsewhere_leads_nowhere_else(chain: Chain) -> None:
    answer = sign_in(chain.browser(), next="//evil.example")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "evil.example" not in chain.browser().get("/sign-in?next=//evil.example").get_data(as_text=True)


def test_the_page_one_wanted_comes_after_signing_in(chain: Chain) -> None:
    client = chain.browser()
    form = client.get(client.get(f"/locations/{chain.oslo}").headers["Location"])
    wanted = re.search(r'name="next" value="([^"]*)"', form.get_data(as_text=True))
    assert wanted
    assert sign_in(client, next=wanted[1]).headers["Location"] == f"/locations/{chain.oslo}"


def test_a_session_put_there_by_somebody_else_is_not_taken_over(chain: Chain) -> None:
    client = chain.browser()
    client.set_cookie("smilepost", "planted")
    token = cookie(sign_in(client, BJORN))
    assert token != "planted"
    assert is_in(client)
    planted = chain.browser()
    planted.set_cookie("smilepost", "planted")
    assert not is_in(planted)


def test_signing_in_again_ends_the_session_before(chain: Chain) -> None:
    client, old = chain.browser(), chain.browser()
    old.set_cookie("smilepost", cookie(sign_in(client, BJORN)))
    assert is_in(old)
    sign_in(client, BJORN)
    assert is_in(client)
    assert not is_in(old)


def test_signing_out_ends_the_session_not_only_the_cookie(chain: Chain) -> None:
    client, copy = chain.browser(), chain.browser()
    copy.set_cookie("smilepost", cookie(sign_in(client, BJORN)))
    assert is_in(copy)
    answer = client.post("/sign-out", headers=OURS)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert not is_in(client)
    assert not is_in(copy)


def test_signing_out_everywhere_ends_every_session(chain: Chain) -> None:
    phone, laptop, bjorn = chain.browser(chain.astrid), chain.browser(chain.astrid), chain.browser(chain.bjorn)
    assert phone.post("/sign-out-everywhere", headers=OURS).status_code == 303
    assert [is_in(each) for each in (phone, laptop, bjorn)] == [False, False, True]


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/sign-out-everywhere"])
def test_another_site_signs_nobody_in_or_out(chain: Chain, path: str) -> None:
    client = chain.browser(chain.astrid)
    data = {"email": "per@example.com", "password": PASSWORD}
    assert client.post(path, data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert "Astrid" in client.get("/").get_data(as_text=True)


def test_a_link_signs_in_with_one_click_until_it_expires(chain: Chain, clock: Clock) -> None:
    with chain.centre.db.writing() as tx:
        link = people.new_link(tx, chain.astrid, clock() + 1_000)
    client = chain.browser()
    answer = client.get(f"/enter/{link}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert is_in(client)
    clock.ms += 1_000
    late = chain.browser()
    answer = late.get(f"/enter/{link}")
    assert answer.status_code == 403
    assert "This link has expired" in answer.get_data(as_text=True)
    assert link not in answer.get_data(as_text=True)
    assert not is_in(late)


def test_a_session_that_ended_takes_the_open_page_to_the_sign_in(chain: Chain, clock: Clock) -> None:
    client = chain.browser(chain.astrid)
    clock.ms += people.IDLE_MS
    answer = client.get("/now", headers=FRAGMENT)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"
