"""Accounts, sessions, and how often a password may be guessed. Astrid runs head office, Per must see nothing."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import insert, select, update

from sync.db import Database, open_database
from sync.models import sessions, sign_in_failures, sign_in_links, users
from sync.office import passwords, people, throttle
from sync.office.passwords import Verify
from sync.office.people import BadPerson, User
from sync.office.places import add_location
from sync.office.rights import Grant, Rights
from sync.office.throttle import Wait

NOW = 1_770_000_000_000
MINUTE = 60_000
SECRET = "correct horse battery"
HERE = "192.0.2.7"


def add(db: Database, email: str = "astrid@example.com", password: str = SECRET) -> int:
    with db.writing() as tx:
        return people.add_user(tx, email, "Astrid", password, roles=[("admin", None)], now_ms=NOW)


def sign_in(
    db: Database, password: str = SECRET, now_ms: int = NOW, address: str = HERE, verify: Verify = passwords.verify
) -> str | Wait | None:
    return people.sign_in(db, "astrid@example.com", password, address, now_ms, verify)


def at_once(stored: str, password: str) -> bool:
    """Fits like the real one and takes no time: for tests that try often."""
    return bool(stored) and password == SECRET


def who(db: Database, token: object, now_ms: int = NOW) -> User | None:
    assert isinstance(token, str)
    with db.reading() as tx:
        return people.session_user(tx, token, now_ms)


class CountingVerify:
    """Verifies as the real one does, and counts how often."""

    def __init__(self) -> None:
        self.stored: list[str] = []

    def __call__(self, stored: str, password: str) -> bool:
        self.stored.append(stored)
        return passwords.verify(stored, password)


EVERYTHING = Rights((Grant("admin", None, "/"),))


def test_astrid_signs_in(database: Database) -> None:
    number = add(database)
    user = who(database, sign_in(database))
    assert user == User(number, "astrid@example.com", "Astrid", EVERYTHING, seen_ms=NOW)


def test_case_and_spaces_of_an_address_do_not_matter(database: Database) -> None:
    add(database, " Astrid@Example.COM ")
    assert isinstance(people.sign_in(database, "ASTRID@example.com ", SECRET, HERE, NOW), str)


def test_every_sign_in_is_a_session_of_its_own(database: Database) -> None:
    add(database)
    assert sign_in(database) != sign_in(database)


@pytest.mark.parametrize(
    "case", ["unknown", "wrong", "disabled", "without a password", "endless password", "odd bytes"]
)
def test_every_failure_is_answered_alike_and_costs_the_same(database: Database, case: str) -> None:
    add(database)
    changes = {"disabled": {"disabled_ms": NOW}, "without a password": {"password_hash": None}}
    if case in changes:
        with database.writing() as tx:
            tx.execute(update(users).values(**changes[case]))
    email = {"unknown": "per@example.com", "odd bytes": "per\0@example.com"}.get(case, "astrid@example.com")
    password = {"wrong": "incorrect horse", "endless password": SECRET * 9_999}.get(case, SECRET)
    verify = CountingVerify()
    assert people.sign_in(database, email, password, HERE, NOW, verify) is None
    assert len(verify.stored) == 1
    assert verify.stored[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_stolen_database_opens_no_door(database: Database) -> None:
    number = add(database)
    token = sign_in(database)
    with database.writing() as tx:
        link = people.new_link(tx, number, NOW + MINUTE)
    with database.reading() as tx:
        kept = " ".join(
            map(str, [*tx.execute(select(sessions)), *tx.execute(select(sign_in_links)), *tx.execute(select(users))])
        )
    for secret in (str(token), link, SECRET):
        assert secret not in kept


@pytest.mark.parametrize(
    ("idle", "used_every", "lasts"),
    [(people.IDLE_MS - 1, None, True), (people.IDLE_MS, None, False), (people.LONGEST_MS, people.HOUR_MS, False)],
)
def test_a_session_ends_when_idle_and_after_thirty_days(
    database: Database, idle: int, used_every: int | None, lasts: bool
) -> None:
    add(database)
    token = str(sign_in(database))
    if used_every:
        with database.writing() as tx:
            for now in range(NOW, NOW + idle, used_every):
                people.note_seen(tx, token, now)
        assert who(database, token, NOW + idle - 1) is not None
    assert (who(database, token, NOW + idle) is not None) is lasts


def test_use_never_moves_a_session_back(database: Database) -> None:
    add(database)
    token = str(sign_in(database))
    with database.writing() as tx:
        people.note_seen(tx, token, NOW + MINUTE)
        people.note_seen(tx, token, NOW)
    user = who(database, token)
    assert user is not None
    assert user.seen_ms == NOW + MINUTE


def test_signing_out_ends_this_session_only(database: Database) -> None:
    add(database)
    phone, laptop = str(sign_in(database)), str(sign_in(database))
    with database.writing() as tx:
        people.sign_out(tx, phone, NOW)
    assert who(database, phone) is None
    assert who(database, laptop) is not None


def test_signing_out_everywhere_ends_all_sessions_and_links_of_one_person(database: Database) -> None:
    astrid, bjorn = add(database), add(database, "bjorn@example.com")
    mine = [str(sign_in(database)), str(sign_in(database))]
    with database.writing() as tx:
        his = people.new_session(tx, bjorn, NOW)
        link = people.new_link(tx, astrid, NOW + MINUTE)
        people.sign_out_everywhere(tx, astrid, NOW)
        assert people.follow_link(tx, link, NOW) is None
    assert [who(database, token) for token in mine] == [None, None]
    assert who(database, his) is not None


def test_a_disabled_account_is_signed_out_at_once(database: Database) -> None:
    add(database)
    token = sign_in(database)
    with database.writing() as tx:
        tx.execute(update(users).values(disabled_ms=NOW))
    assert who(database, token) is None


@pytest.mark.parametrize("token", ["", "guess", "\udcff", "x" * 10_000])
def test_a_made_up_token_is_nobody(database: Database, token: str) -> None:
    add(database)
    assert who(database, token) is None
    with database.writing() as tx:
        assert people.follow_link(tx, token, NOW) is None


def test_a_link_signs_in_until_it_expires(database: Database) -> None:
    number = add(database)
    with database.writing() as tx:
        link = people.new_link(tx, number, NOW + MINUTE)
        first, second = people.follow_link(tx, link, NOW), people.follow_link(tx, link, NOW + MINUTE - 1)
        assert people.follow_link(tx, link, NOW + MINUTE) is None
        tx.execute(update(users).values(disabled_ms=NOW))
        assert people.follow_link(tx, link, NOW) is None
        tx.execute(update(users).values(disabled_ms=None))
    assert first != second
    assert [user and user.id for user in (who(database, first), who(database, second))] == [number, number]


def test_the_eleventh_wrong_password_has_to_wait_and_costs_nothing(database: Database) -> None:
    add(database)
    for _ in range(throttle.PER_ACCOUNT):
        assert sign_in(database, "wrong", verify=at_once) is None
    verify = CountingVerify()
    answer = people.sign_in(database, "astrid@example.com", SECRET, "198.51.100.1", NOW + MINUTE, verify)
    assert answer == Wait(14 * MINUTE)
    assert verify.stored == []


def test_an_account_that_does_not_exist_has_to_wait_alike(database: Database) -> None:
    answers = [
        people.sign_in(database, "per@example.com", "wrong", HERE, NOW, at_once)
        for _ in range(throttle.PER_ACCOUNT + 1)
    ]
    assert answers == [None] * throttle.PER_ACCOUNT + [Wait(15 * MINUTE)]


def test_nobody_is_locked_out_for_good(database: Database) -> None:
    """Somebody goes on guessing every minute; Astrid gets in again all the same."""
    add(database)
    answers = [sign_in(database, "wrong", NOW + minute * MINUTE, verify=at_once) for minute in range(15)]
    assert isinstance(answers[-1], Wait)
    assert isinstance(sign_in(database, now_ms=NOW + 15 * MINUTE, address="198.51.100.1"), str)


def test_one_address_cannot_try_every_account(database: Database) -> None:
    answers = [
        people.sign_in(database, f"user{number}@example.com", "wrong", HERE, NOW, at_once)
        for number in range(throttle.PER_ADDRESS + 5)
    ]
    assert answers == [None] * throttle.PER_ADDRESS + [Wait(15 * MINUTE)] * 5


def test_a_neighbour_on_ipv6_is_the_same_address_but_another_network_is_not(database: Database) -> None:
    for number in range(throttle.PER_ADDRESS):
        with database.writing() as tx:
            assert throttle.count_try(tx, f"user{number}", f"2001:db8:1:2::{number:x}", NOW) == 0
    with database.writing() as tx:
        assert throttle.count_try(tx, "another", "2001:db8:1:2:ffff::1", NOW) > 0
        assert throttle.count_try(tx, "another", "2001:db8:1:3::1", NOW) == 0


def test_the_right_password_starts_the_account_afresh(database: Database) -> None:
    add(database)
    for _ in range(throttle.PER_ACCOUNT - 1):
        sign_in(database, "wrong", verify=at_once)
    assert isinstance(sign_in(database), str)
    assert sign_in(database, "wrong") is None


def test_ones_own_account_buys_no_guesses_at_others(database: Database) -> None:
    add(database)
    for number in range(throttle.PER_ADDRESS):
        people.sign_in(database, f"user{number}@example.com", "wrong", HERE, NOW - 1, at_once)
        sign_in(database, verify=at_once)
    assert isinstance(people.sign_in(database, "bjorn@example.com", "wrong", HERE, NOW), Wait)


def test_old_failures_are_swept_out(database: Database) -> None:
    sign_in(database, "wrong")
    sign_in(database, "wrong", NOW + throttle.WINDOW_MS)
    with database.reading() as tx:
        assert len(tx.execute(select(sign_in_failures)).all()) == 2  # the second try's account and address


def test_guesses_at_the_same_moment_in_two_processes_all_count(database_url: str) -> None:
    processes = [open_database(database_url, migrate=False) for _ in range(2)]
    start, tried = Barrier(24), list[bool]()

    def guess(db: Database) -> None:
        start.wait()
        with db.writing() as tx:
            tried.append(throttle.count_try(tx, "astrid@example.com", HERE, NOW) == 0)

    threads = [Thread(target=guess, args=(processes[number % 2],)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for db in processes:
        db.close()
    assert (len(tried), sum(tried)) == (24, throttle.PER_ACCOUNT)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"email": "astrid"}, "An email address looks like"),
        ({"email": "@example.com"}, "An email address looks like"),
        ({"email": "astrid@exam ple.com"}, "An email address looks like"),
        ({"email": "astrid@example.com\nbcc: per"}, "An email address looks like"),
        ({"name": " "}, "A name has 1 to 200 characters"),
        ({"name": "Astrid\x07"}, "A name has 1 to 200 characters on one line"),
        ({"password": "too short"}, "A password has 10 to 200 characters, not 9"),
        ({"password": "x" * 201}, "A password has 10 to 200 characters, not 201"),
        ({"password": "0123456789\n"}, "A password has no line breaks"),
        ({"roles": [("boss", None)]}, "A role is one of admin, analyst, manager, crew, viewer, not 'boss'"),
        ({"roles": [("viewer", 99)]}, "There is no place with the number 99"),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_a_sentence(
    database: Database, changed: dict[str, str | int], sentence: str
) -> None:
    given = {"email": "astrid@example.com", "name": "Astrid", "password": SECRET, "roles": [], **changed}
    with database.writing() as tx, pytest.raises(BadPerson, match=sentence):
        people.add_user(tx, now_ms=NOW, **given)  # type: ignore[arg-type]


def test_an_account_exists_once_and_the_transaction_goes_on(database: Database) -> None:
    add(database)
    with database.writing() as tx:
        with pytest.raises(BadPerson, match=r"There is already an account for astrid@example\.com"):
            people.add_user(tx, "ASTRID@example.com", "Astrid", SECRET, roles=[("viewer", None)], now_ms=NOW)
        oslo = add_location(tx, "Oslo")
        assert people.add_user(tx, "bjorn@example.com", "Bjørn", SECRET, roles=[("viewer", oslo)], now_ms=NOW)


def test_sessions_that_are_over_are_forgotten(database: Database) -> None:
    number = add(database)
    with database.writing() as tx:
        tx.execute(insert(sessions).values(token_hash="old", user_id=number, created_ms=0, seen_ms=0, expires_ms=NOW))
    sign_in(database)
    with database.reading() as tx:
        assert "old" not in tx.scalars(select(sessions.c.token_hash)).all()
