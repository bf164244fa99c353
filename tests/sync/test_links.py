"""Links that do one thing once."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from sync.db import Database, open_database
from sync.models import one_time_links, users
from sync.office import links, people
from sync.office.links import Guest

NOW = 1_770_000_000_000


def astrid(db: Database) -> int:
    with db.writing() as tx:
        return people.add_user(tx, "astrid@example.com", "Astrid", None, roles=[("admin", None)], now_ms=NOW)


def test_an_invitation_works_once_and_looking_uses_nothing_up(database: Database) -> None:
    user = astrid(database)
    with database.writing() as tx:
        token = links.invite(tx, user, NOW)
        for _ in range(3):
            assert links.look(tx, "invite", token, NOW) == Guest(user, "astrid@example.com", "Astrid")
        assert links.look(tx, "password", token, NOW) is None
        assert not links.use(tx, "password", token, NOW)
        assert links.use(tx, "invite", token, NOW)
        assert not links.use(tx, "invite", token, NOW)
        assert links.look(tx, "invite", token, NOW) is None


@pytest.mark.parametrize(("later_ms", "works"), [(links.PERSON_MS - 1, True), (links.PERSON_MS, False)])
def test_an_invitation_lasts_for_48_hours(later_ms: int, works: bool, database: Database) -> None:
    user = astrid(database)
    with database.writing() as tx:
        token = links.invite(tx, user, NOW)
        assert (links.look(tx, "invite", token, NOW + later_ms) is not None) is works
        assert links.use(tx, "invite", token, NOW + later_ms) is works
    assert links.PERSON_MS == 48 * 3_600_000


def test_a_new_link_takes_the_place_of_the_older_ones_of_that_person(database: Database) -> None:
    user = astrid(database)
    with database.writing() as tx:
        bjorn = people.add_user(tx, "bjorn@example.com", "Bjørn", None, roles=[], now_ms=NOW)
        his, first, old = links.invite(tx, bjorn, NOW), links.first(tx, NOW), links.invite(tx, user, NOW)
        new = links.reset(tx, user, NOW)
        assert links.look(tx, "invite", old, NOW) is None
        assert links.look(tx, "password", new, NOW)
        assert links.look(tx, "invite", his, NOW)
        assert links.look(tx, "first", first, NOW)
        again = links.first(tx, NOW + 1)
        assert links.look(tx, "first", first, NOW + 1) is None
        assert links.look(tx, "first", again, NOW + 1) == Guest(None)
        links.withdraw(tx, user, NOW)
        assert links.look(tx, "password", new, NOW) is None


def test_a_link_of_somebody_who_was_disabled_leads_nowhere(database: Database) -> None:
    user = astrid(database)
    with database.writing() as tx:
        token = links.invite(tx, user, NOW)
        tx.execute(update(users).values(disabled_ms=NOW))
        assert links.look(tx, "invite", token, NOW) is None


def test_who_forgot_their_password_is_found_and_who_was_only_invited_keeps_that_link(database: Database) -> None:
    user = astrid(database)
    with database.writing() as tx:
        token = links.invite(tx, user, NOW)
        assert links.forgotten(tx, "astrid@example.com", NOW) is None
        assert links.look(tx, "invite", token, NOW)
        assert links.forgotten(tx, "nobody\0@example.com", NOW) is None
        tx.execute(update(users).values(password_hash="x"))
        found = links.forgotten(tx, " ASTRID@example.com", NOW)
        assert found
        assert links.look(tx, "password", found[1], NOW) == found[0]


@pytest.mark.parametrize("token", ["", "guess", "\udcff", "x" * 10_000])
def test_a_made_up_link_leads_nowhere_and_the_database_holds_none(token: str, database: Database) -> None:
    user = astrid(database)
    with database.writing() as tx:
        real = links.invite(tx, user, NOW)
        assert links.look(tx, "invite", token, NOW) is None
        assert not links.use(tx, "invite", token, NOW)
        assert real not in str(tx.execute(select(one_time_links)).all())


def test_of_two_who_follow_the_first_link_at_once_one_comes_in(database_url: str) -> None:
    processes = [open_database(database_url, migrate=False) for _ in range(2)]
    with processes[0].writing() as tx:
        token = links.first(tx, NOW)
    start, used = Barrier(8), list[bool]()

    def follow(db: Database) -> None:
        start.wait()
        with db.writing() as tx:
            used.append(links.use(tx, "first", token, NOW))

    threads = [Thread(target=follow, args=(processes[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for db in processes:
        db.close()
    assert (len(used), sum(used)) == (8, 1)
