"""Coming in by invitation, a forgotten password, and one's own account."""

import logging
import re
from collections.abc import Iterator

import msgspec
import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import select, update

from sync.app import create_app
from sync.centre import Centre
from sync.models import audit, one_time_links, sessions, users
from sync.office import links, mail, organisation, people, throttle
from sync.office.sessions import device
from tests.post_office import PATIENCE_S, PostOffice, post_office
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, PASSWORD, Chain

NEW = "another horse battery"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


def with_mail(chain: Chain, office: PostOffice) -> None:
    """From now on the chain's head office has a mail server."""
    more = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none", "mail_from": "a@b.example",
            "public_url": "http://localhost"}  # fmt: skip
    configured = msgspec.structs.replace(chain.centre.settings, **more)
    chain.centre = Centre(chain.centre.db, configured, chain.centre.secrets, chain.clock)
    chain.app = create_app(chain.centre)


def link(chain: Chain, user: int, *, invited: bool = False) -> str:
    with chain.centre.db.writing() as tx:
        if invited:
            tx.execute(update(users).where(users.c.id == user).values(password_hash=None))
            return f"/welcome/{links.invite(tx, user, chain.clock())}"
        return f"/password/{links.reset(tx, user, chain.clock())}"


def post(client: FlaskClient, path: str, **data: str) -> int:
    return client.post(path, data=data, headers=OURS).status_code


def sign_in(chain: Chain, email: str, password: str, **headers: str) -> FlaskClient | None:
    client = chain.browser()
    data = {"email": email, "password": password}
    answer = client.post("/sign-in", data=data, headers={**OURS, **headers})
    return client if answer.status_code == 303 else None


def is_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def deeds(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        return list(tx.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


def test_an_invited_colleague_chooses_a_password_and_is_in(chain: Chain) -> None:
    invitation, client = link(chain, chain.bjorn, invited=True), chain.browser()
    for _ in range(3):  # what a mail scanner does
        assert client.get(invitation).status_code == 200
        assert chain.app.test_client().head(invitation).status_code == 200
    assert "bjorn@example.com" in client.get(invitation).get_data(as_text=True)
    assert post(client, invitation, password="bjorn@example.com") == 400
    assert post(client, invitation, password="1234567890") == 400
    assert post(client, invitation, password=NEW) == 303
    assert is_in(client)
    assert client.get(invitation).status_code == 410
    assert post(chain.browser(), invitation, password="mallory's own one") == 410
    assert sign_in(chain, "bjorn@example.com", NEW)
    assert deeds(chain) == ["password changed", "signed in", "signed in"]


def test_an_invited_administrator_still_owes_a_second_factor(chain: Chain) -> None:
    client = chain.browser()
    assert post(client, link(chain, chain.astrid, invited=True), password=NEW) == 303
    assert client.get("/").headers["Location"] == "/second"


def test_a_new_password_ends_every_session_and_keeps_the_second_factor(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.bjorn).values(totp_nonce="x", totp_ms=1))
    thief, client = chain.browser(chain.bjorn), chain.browser()
    assert is_in(thief)
    reset = link(chain, chain.bjorn)
    client.set_cookie("smilepost", "planted")
    assert post(client, reset, password=NEW) == 303
    assert not is_in(thief)
    assert client.get("/").headers["Location"] == "/second"
    cookie = client.get_cookie("smilepost")
    assert cookie
    assert cookie.value != "planted"
    assert sign_in(chain, "bjorn@example.com", PASSWORD) is None


def test_a_link_for_one_thing_does_no_other(chain: Chain) -> None:
    token = link(chain, chain.bjorn).rpartition("/")[2]
    for path in (f"/welcome/{token}", f"/start/{token}"):
        assert chain.browser().get(path).status_code == 410
        assert post(chain.browser(), path, password=NEW) == 410
    assert post(chain.browser(), f"/enter/{token}") == 405
    assert chain.browser().get(f"/enter/{token}").status_code == 403


def test_without_a_mail_server_the_page_says_who_can_help(chain: Chain) -> None:
    page = chain.browser().get("/forgotten").get_data(as_text=True)
    assert "An administrator of your organisation" in page
    assert "<form" not in page
    assert post(chain.browser(), "/forgotten", email="bjorn@example.com") == 200
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(one_time_links)).all() == []


def test_who_forgot_their_password_gets_a_letter_and_nobody_learns_who_is_there(
    chain: Chain, office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with_mail(chain, office)
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.bjorn).values(language="nl"))
    asked = ("bjorn@example.com", "nobody@example.com", "bad\0@example.com", "")
    answers = [chain.browser().post("/forgotten", data={"email": email}, headers=OURS) for email in asked]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    letter = office.letter()
    assert letter["To"] == "bjorn@example.com"
    reset = re.search(r"http://localhost(/password/\S+)", letter.get_content())
    assert reset
    assert post(chain.browser(), reset[1], password=NEW) == 303
    assert sign_in(chain, "bjorn@example.com", NEW)
    mail.finish(PATIENCE_S)
    assert office.letters.empty()
    assert reset[1].rpartition("/")[2] not in caplog.text


def test_a_visitor_cannot_choose_where_a_letter_leads(chain: Chain, office: PostOffice) -> None:
    with_mail(chain, office)
    theirs = {"Host": "evil.example", "Origin": "http://evil.example"}
    chain.browser().post("/forgotten", data={"email": "bjorn@example.com"}, headers=theirs)
    text = office.letter().get_content()
    assert "http://localhost/password/" in text
    assert "evil.example" not in text


def test_an_invitation_is_mailed_in_the_language_of_who_is_invited(chain: Chain, office: PostOffice) -> None:
    with_mail(chain, office)
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.bjorn).values(password_hash=None, language="de"))
        organisation.call(tx, "Nordic Coffee")
    answer = chain.browser(chain.astrid).post(f"/people/{chain.bjorn}/link", headers=OURS)
    assert answer.status_code == 200
    letter = office.letter()
    text = letter.get_content()
    assert "Astrid" in text
    assert "Nordic Coffee" in text
    assert len(re.split(r"(?:\r?\n){2}", text.strip())) == 5  # each thought on its own
    invitation = re.search(r"http://localhost(/welcome/\S+)", text)
    assert invitation
    assert invitation[1] in answer.get_data(as_text=True)
    assert post(chain.browser(), invitation[1], password=NEW) == 303


def test_a_letter_that_did_not_leave_is_told_to_who_looks_after_people(chain: Chain, office: PostOffice) -> None:
    with_mail(chain, office)
    office.refuses = "550 not here"
    assert post(chain.browser(), "/forgotten", email="bjorn@example.com") == 200
    mail.finish(PATIENCE_S)
    for path in ("/people", "/account"):
        page = chain.page(path)
        assert "The newest letter could not be sent" in page
        assert "bjorn@example.com" not in page.partition("The newest letter")[2].partition("</p>")[0]
    assert "The newest letter" not in chain.page("/account", chain.bjorn)
    office.refuses = ""
    assert post(chain.browser(), "/forgotten", email="per@example.com") == 200
    assert office.letter()["To"] == "per@example.com"
    mail.finish(PATIENCE_S)
    assert "The newest letter" not in chain.page("/people")


def test_nobodys_letter_box_is_filled(chain: Chain, office: PostOffice) -> None:
    with_mail(chain, office)
    answers = [post(chain.browser(), "/forgotten", email=" Bjorn@example.com") for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert post(chain.browser(), "/forgotten", email="per@example.com") == 200


def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(chain: Chain) -> None:
    phone, laptop, reset = chain.browser(chain.bjorn), chain.browser(chain.bjorn), link(chain, chain.bjorn)
    with chain.centre.db.writing() as tx:
        old = people.new_link(tx, chain.bjorn, chain.clock() + 1_000)
    assert post(laptop, "/account/password", old="not the old one", **{"new-password": NEW}) == 400
    refused = laptop.post("/account/password", data={"old": PASSWORD, "new-password": "short"}, headers=OURS)
    assert refused.status_code == 400
    assert PASSWORD not in refused.get_data(as_text=True)
    before = laptop.get_cookie("smilepost")
    assert post(laptop, "/account/password", old=PASSWORD, **{"new-password": NEW}) == 303
    after = laptop.get_cookie("smilepost")
    assert before
    assert after
    assert before.value != after.value
    assert [is_in(each) for each in (phone, laptop)] == [False, True]
    assert chain.browser().get(f"/enter/{old}").status_code == 403
    assert chain.browser().get(reset).status_code == 410
    assert sign_in(chain, "bjorn@example.com", NEW)


def test_the_old_password_is_not_guessed_by_who_found_an_open_page(chain: Chain) -> None:
    client = chain.browser(chain.bjorn)
    wrong = [post(client, "/account/password", old="guess", **{"new-password": NEW}) for _ in range(11)]
    assert wrong == [400] * throttle.PER_ACCOUNT + [429]


def test_a_stranger_who_guesses_locks_nobody_out_of_where_they_were(chain: Chain, clock: Clock) -> None:
    people.sign_in(chain.centre.db, "bjorn@example.com", PASSWORD, "192.0.2.7", clock())
    for number in range(throttle.PER_ACCOUNT + 1):
        people.sign_in(chain.centre.db, "bjorn@example.com", "guess", f"198.51.100.{number}", clock(), lambda *_: False)
    elsewhere = people.sign_in(chain.centre.db, "bjorn@example.com", PASSWORD, "203.0.113.1", clock())
    assert isinstance(elsewhere, throttle.Wait)
    assert isinstance(people.sign_in(chain.centre.db, "bjorn@example.com", PASSWORD, "192.0.2.7", clock()), str)


def test_a_cheaper_hash_is_renewed_when_its_owner_comes(chain: Chain) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.bjorn).values(password_hash=cheap))
    for _ in range(2):
        assert sign_in(chain, "bjorn@example.com", PASSWORD)
    with chain.centre.db.reading() as tx:
        kept = tx.execute(select(users.c.password_hash).where(users.c.id == chain.bjorn)).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_sessions_are_listed_in_words_and_ended_one_by_one(chain: Chain) -> None:
    laptop, per = chain.browser(chain.bjorn), chain.browser(chain.per)
    phone = sign_in(chain, "bjorn@example.com", PASSWORD, **{"User-Agent": PHONE})
    assert phone
    page = laptop.get("/account").get_data(as_text=True)
    assert "Safari on iPhone" in page
    assert "127.0.0.1" in page
    assert page.count("(this one)") == 1
    (handle,) = re.findall(r'name="session" value="(\w+)"', page)
    assert post(per, "/account/sessions", session=handle) == 303
    assert is_in(phone)  # it is none of Per's
    assert post(laptop, "/account/sessions", session=handle) == 303
    assert [is_in(each) for each in (phone, laptop)] == [False, True]
    with chain.centre.db.reading() as tx:
        told = tx.execute(select(audit.c.before).where(audit.c.action == "session ended")).scalar_one()
        hashes = list(tx.execute(select(sessions.c.token_hash)).scalars())
    assert msgspec.json.decode(told) == {"device": "Safari on iPhone", "address": "127.0.0.1"}
    assert not any(each in page for each in hashes)


def test_all_other_sessions_end_at_once(chain: Chain) -> None:
    here, others = chain.browser(chain.bjorn), [chain.browser(chain.bjorn) for _ in range(2)]
    assert post(here, "/account/sessions/others") == 303
    assert [is_in(each) for each in (here, *others)] == [True, False, False]
    assert post(here, "/sign-out-everywhere") == 303
    assert not is_in(here)
    assert deeds(chain) == ["signed out everywhere"] * 2


def test_who_knows_the_password_alone_is_told_of(chain: Chain) -> None:
    astrid = chain.browser(chain.astrid)
    assert sign_in(chain, "astrid@example.com", PASSWORD)
    assert "The second factor was not shown" in astrid.get("/account").get_data(as_text=True)
    assert "The second factor was not shown" not in chain.browser(chain.bjorn).get("/account").get_data(as_text=True)


def test_bjorn_is_called_otherwise_and_reads_dutch(chain: Chain) -> None:
    client = chain.browser(chain.bjorn)
    assert post(client, "/account", version="1", name="Bjørn Dahl", language="nl") == 303
    assert '<html lang="nl"' in client.get("/account").get_data(as_text=True)
    late = client.post("/account", data={"version": "1", "name": "Mine", "language": ""}, headers=OURS)
    assert late.status_code == 409
    assert 'value="Mine"' in late.get_data(as_text=True)
    assert post(client, "/account", version="2", name="\u202eevil", language="") == 400
    assert post(client, "/account", version="2", name="Bjørn", language="xx") == 400
    assert deeds(chain) == ["account changed"]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", "Safari on Mac"),
        ("curl/8.9", "An unknown browser"),
        ("", "An unknown browser"),
    ],
)  # fmt: skip
def test_a_browser_is_called_by_its_name(agent: str, words: str) -> None:
    assert device(agent) == words
