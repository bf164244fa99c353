"""The second factor: an administrator sets it up, shows it, loses the telephone."""

import re
from threading import Barrier, Thread

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync.app import create_app
from sync.centre import Centre, open_centre
from sync.config import Settings
from sync.intake.keys import Secrets
from sync.models import audit, recovery_codes, sessions, users
from sync.office import people, second, throttle, totp
from sync.office.people import User
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, PASSWORD, Chain

ASTRID, BJORN = "astrid@example.com", "bjorn@example.com"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def arrive(chain: Chain, email: str = ASTRID) -> FlaskClient:
    """A browser in which the password was typed, and nothing else."""
    client = chain.browser()
    client.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=OURS)
    return client


def offered(client: FlaskClient) -> bytes:
    """The key that the page shows, read as an app reads it."""
    page = client.get("/second/new").get_data(as_text=True)
    assert 'src="data:image/png;base64,' in page
    shown = re.search(r'class="key-text" dir="ltr">([A-Z2-7 ]+)<', page)
    assert shown
    from base64 import b32decode

    return b32decode(shown[1].replace(" ", ""))


def set_up(chain: Chain, client: FlaskClient, **more: str) -> tuple[bytes, list[str]]:
    """The key and the recovery codes of whoever is signed in there."""
    key = offered(client)
    data = {"code": totp.code(key, totp.step_of(chain.clock())), **more}
    answer = client.post("/second/new", data=data, headers=OURS)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    codes = re.findall(r"<code>([0-9A-Z-]{19})</code>", answer.get_data(as_text=True))
    return key, codes


def show(client: FlaskClient, code: str) -> int:
    return client.post("/second", data={"code": code}, headers=OURS).status_code


def is_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


def code_of(key: bytes, chain: Chain, steps: int = 0) -> str:
    return totp.code(key, totp.step_of(chain.clock()) + steps)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
     (2000000000, "69279037"), (20000000000, "65353130")],
)  # fmt: skip
def test_the_vectors_of_rfc_6238(seconds: int, expected: str) -> None:
    assert totp.code(b"12345678901234567890", totp.step_of(seconds * 1000), digits=8) == expected


def test_what_the_qr_code_says() -> None:
    address = totp.address(b"12345678901234567890", "astrid+hq@example.com", "Smilepost Nordic: Coffee & Co")
    assert address == (
        "otpauth://totp/Smilepost%20Nordic%20%20Coffee%20%26%20Co:astrid%2Bhq%40example.com"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Smilepost%20Nordic%20%20Coffee%20%26%20Co"
    )
    assert totp.shown(b"12345678901234567890").split(" ")[0] == "GEZD"


def test_an_administrator_comes_in_only_with_a_second_factor(chain: Chain, clock: Clock) -> None:
    client = arrive(chain)
    assert client.get("/devices").headers["Location"] == "/second?next=/devices"
    assert client.get("/second").headers["Location"] == "/second/new"
    before = client.get_cookie("smilepost")
    key, codes = set_up(chain, client)
    assert len(set(codes)) == second.CODES
    assert is_in(client)
    after = client.get_cookie("smilepost")
    assert before
    assert after
    assert before.value != after.value  # nobody who knew the half session has the whole one
    old = chain.browser()
    old.set_cookie("smilepost", before.value)
    assert old.get("/").headers["Location"] == "/sign-in"
    clock.ms += 60_000
    again = arrive(chain)
    assert not is_in(again)
    assert again.get("/second/new").headers["Location"] == "/second"  # not set up anew by the password alone
    assert again.post("/second/new", data={"code": "000000"}, headers=OURS).headers["Location"] == "/second"
    assert show(again, "000000") == 401
    answer = again.post("/second", data={"code": code_of(key, chain), "next": "/devices"}, headers=OURS)
    assert answer.headers["Location"] == "/devices"
    assert is_in(again)


def test_a_code_opens_once_and_a_little_early_or_late(chain: Chain, clock: Clock) -> None:
    key, _ = set_up(chain, arrive(chain))
    assert show(arrive(chain), code_of(key, chain)) == 401  # it was shown to set it up
    clock.ms += 5 * 30_000
    assert show(arrive(chain), code_of(key, chain, 2)) == 401
    assert show(arrive(chain), code_of(key, chain, -2)) == 401
    assert show(arrive(chain), code_of(key, chain, -1)) == 303
    assert show(arrive(chain), code_of(key, chain, 1)) == 303
    assert show(arrive(chain), code_of(key, chain)) == 401  # older than one that was used
    clock.ms += 2 * 30_000
    arabic = code_of(key, chain).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert show(arrive(chain), f"{arabic[:3]} {arabic[3:]}") == 303


def test_a_recovery_code_opens_once(chain: Chain) -> None:
    _, codes = set_up(chain, arrive(chain))
    with chain.centre.db.reading() as tx:
        kept = str(tx.execute(select(recovery_codes)).all())
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    client = arrive(chain)
    assert show(client, codes[0].lower().replace("-", " ")) == 303
    assert is_in(client)
    assert show(arrive(chain), codes[0]) == 401
    assert "9 recovery codes are left" in client.get("/account").get_data(as_text=True)
    fresh = client.post("/account/codes", data={"proof": PASSWORD}, headers=OURS).get_data(as_text=True)
    assert show(arrive(chain), codes[1]) == 401
    assert show(arrive(chain), re.findall(r"<code>([0-9A-Z-]{19})</code>", fresh)[0]) == 303


def test_guessing_codes_is_slowed_down_for_the_account_alone(chain: Chain, clock: Clock) -> None:
    key, codes = set_up(chain, arrive(chain))
    client = arrive(chain)
    assert [show(client, "000000") for _ in range(throttle.PER_ACCOUNT)] == [401] * throttle.PER_ACCOUNT
    clock.ms += 60_000
    answer = client.post("/second", data={"code": code_of(key, chain)}, headers=OURS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "840")
    assert show(client, codes[0]) == 429
    clock.ms += throttle.WINDOW_MS
    assert show(client, code_of(key, chain)) == 303


def test_of_one_code_at_the_same_moment_in_two_processes_one_comes_in(chain: Chain, settings: Settings) -> None:
    key, _ = set_up(chain, arrive(chain))
    chain.clock.ms += 60_000
    other = open_centre(settings, chain.clock, migrate=False)
    with chain.centre.db.reading() as tx:
        rights = people.rights_of(tx, chain.astrid)
    user = User(chain.astrid, ASTRID, "Astrid", rights, has_second=True)
    start, shown, typed = Barrier(6), list[object](), code_of(key, chain)

    def try_it(centre: Centre, number: int) -> None:
        start.wait()
        shown.append(second.show(centre.db, centre.secrets, user, typed, f"192.0.2.{number}", chain.clock()))

    threads = [Thread(target=try_it, args=((chain.centre, other)[n % 2], n)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.db.close()
    assert (len(shown), shown.count("a code")) == (6, 1)


def test_no_page_and_no_table_holds_the_key(chain: Chain) -> None:
    client = arrive(chain)
    key, _ = set_up(chain, client)
    with chain.centre.db.reading() as tx:
        kept = str([tx.execute(select(table)).all() for table in (users, audit, sessions)])
    for text in (key.hex(), totp.shown(key), totp.shown(key).replace(" ", "")):
        assert text not in kept
        assert text not in client.get("/account").get_data(as_text=True)


def test_after_a_rotation_of_the_secret_the_telephone_still_fits(chain: Chain, clock: Clock) -> None:
    key, _ = set_up(chain, arrive(chain))
    clock.ms += 60_000
    rotated = Secrets((b"n" * 32, *chain.centre.secrets.masters))
    later = Chain.__new__(Chain)
    later.centre, later.clock = Centre(chain.centre.db, chain.centre.settings, rotated, clock), clock
    later.app = create_app(later.centre)
    assert show(arrive(later), code_of(key, chain)) == 303


def test_another_telephone_needs_the_password_and_ends_the_old_one(chain: Chain, clock: Clock) -> None:
    client, laptop = arrive(chain), arrive(chain)
    key, codes = set_up(chain, client)
    clock.ms += 60_000
    assert show(laptop, code_of(key, chain)) == 303
    new = offered(client)
    assert new != key
    data = {"code": code_of(new, chain), "proof": "not my password"}
    assert client.post("/second/new", data=data, headers=OURS).status_code == 400
    assert offered(client) == new  # a page that is loaded again shows the same
    set_up(chain, client, proof=codes[3])
    assert is_in(client)
    assert laptop.get("/").headers["Location"] == "/second"
    clock.ms += 60_000
    assert show(laptop, code_of(key, chain)) == 401
    assert show(laptop, codes[4]) == 401
    assert show(laptop, code_of(new, chain)) == 303


def test_an_administrator_cannot_do_without_and_bjorn_can(chain: Chain, clock: Clock) -> None:
    admin, bjorn = arrive(chain), arrive(chain, BJORN)
    set_up(chain, admin)
    refused = admin.post("/account/second/remove", data={"proof": PASSWORD}, headers=OURS)
    assert refused.status_code == 400
    assert "Administrators always have a second factor" in refused.get_data(as_text=True)
    assert bjorn.post("/second/new", data={"code": code_of(offered(bjorn), chain)}, headers=OURS).status_code == 400
    set_up(chain, bjorn, proof=PASSWORD)
    assert not is_in(arrive(chain, BJORN))
    assert bjorn.post("/account/second/remove", data={"proof": "guess"}, headers=OURS).status_code == 400
    assert bjorn.post("/account/second/remove", data={"proof": PASSWORD}, headers=OURS).status_code == 303
    assert is_in(arrive(chain, BJORN))
    assert bjorn.post("/account/codes", data={"proof": PASSWORD}, headers=OURS).status_code == 400


def test_what_was_done_to_the_second_factor_is_written_down_and_tries_are_not(chain: Chain, clock: Clock) -> None:
    client = arrive(chain)
    key, _ = set_up(chain, client)
    show(arrive(chain), "000000")
    clock.ms += 60_000
    assert show(arrive(chain), code_of(key, chain)) == 303
    with chain.centre.db.reading() as tx:
        rows = tx.execute(select(audit.c.action, audit.c.actor, audit.c.after, audit.c.address).order_by(audit.c.id))
        told = [(row.action, row.actor, row.after and msgspec.json.decode(row.after), row.address) for row in rows]
    astrid, here = "Astrid <astrid@example.com>", "127.0.0.1"
    assert told == [
        ("second factor set up", astrid, None, here),
        ("signed in", astrid, {"by": "a password and a code"}, here),
        ("signed in", astrid, {"by": "a password and a code"}, here),
    ]


def test_who_owes_nothing_is_led_on(chain: Chain) -> None:
    assert chain.browser(chain.bjorn).get("/second?next=/devices").headers["Location"] == "/devices"
    assert chain.browser(chain.bjorn).get("/second?next=//evil.example").headers["Location"] == "/"
    assert show(chain.browser(chain.bjorn), "123456") == 303
    assert chain.browser().get("/second").headers["Location"] == "/sign-in?next=/second"
