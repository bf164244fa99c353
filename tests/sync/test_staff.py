"""People and what they may: Astrid looks after everything, Nils after Norway, Per only after Malmö's terminals."""

import re
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace
from sqlalchemy import func, insert, select, update
from werkzeug.test import TestResponse

from sync.centre import Centre
from sync.models import audit, grants, recovery_codes, sessions, users
from sync.office import hiring, people
from sync.office.audit import Actor
from sync.office.edits import Changed
from sync.office.forms import Wrong
from sync.office.hiring import LastAdmin, NotYours
from tests.post_office import post_office
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain

HOUR_MS = 3_600_000


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


@pytest.fixture
def nils(chain: Chain) -> int:
    return chain.hired("nils@example.com", "Nils", ("admin", chain.norway))


def post(client: FlaskClient, path: str, **form: Any) -> TestResponse:
    return client.post(path, headers=OURS, data={name: value for name, value in form.items() if value is not None})


def version(chain: Chain, person: int) -> int:
    with chain.centre.db.reading() as tx:
        return int(tx.execute(select(users.c.version).where(users.c.id == person)).scalar_one())


def roles(chain: Chain, person: int) -> set[tuple[str, int | None]]:
    with chain.centre.db.reading() as tx:
        return {(each.role, each.location) for each in people.rights_of(tx, person).grants}


def deeds(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        return list(tx.execute(select(audit.c.action).order_by(audit.c.id)).scalars())


def link_in(page: str) -> str:
    found = re.search(r'value="(http[^"]+)"', page)
    assert found, page
    return found[1]


def test_astrid_invites_somebody_with_two_roles_and_no_script(chain: Chain) -> None:
    astrid = chain.browser(chain.astrid)
    asked: dict[str, Any] = {"name": "Kari", "email": " Kari@Example.com ", "language": "nl", "role": "manager"}
    found = post(astrid, "/people/invite", **asked, place="osl", do="find").text
    assert f'name="at" value="{chain.oslo}"' in found
    assert "Norway" in found
    assert 'value="Kari"' in found
    added = post(astrid, "/people/invite", **asked, place="osl", offered="osl", at=chain.oslo, do="add").text
    assert f'value="manager:{chain.oslo}"' in added
    asked |= {"role": "viewer", "grant": f"manager:{chain.oslo}", "place": "Sweden"}
    done = post(astrid, "/people/invite", **asked, do="invite")
    assert done.status_code == 200
    assert "no mail server" in done.text
    assert "/welcome/" in link_in(done.text)
    kari = chain.centre.db
    with kari.reading() as tx:
        row = tx.execute(select(users).where(users.c.email == "kari@example.com")).one()
    assert (row.name, row.language, row.password_hash) == ("Kari", "nl", None)
    assert roles(chain, row.id) == {("manager", chain.oslo), ("viewer", chain.sweden)}
    assert link_in(done.text).rpartition("/")[2] not in chain.page("/people") + chain.page(f"/people/{row.id}")
    assert "Invited, 48 hours left" in " ".join(chain.page("/people").split())
    assert deeds(chain) == ["person invited", "invitation made"]


def test_an_invitation_is_mailed_where_there_is_a_mail_server(a_centre: Centre, clock: Clock) -> None:
    with post_office() as office:
        settings = replace(
            a_centre.settings, smtp_host="127.0.0.1", smtp_port=office.port, smtp_security="none",
            mail_from="feedback@example.com", public_url="http://localhost",
        )  # fmt: skip
        chain = Chain(Centre(a_centre.db, settings, a_centre.secrets, clock), clock)
        ask = {"name": "Kari", "email": "kari@example.com", "role": "crew", "at": chain.oslo, "do": "invite"}
        page = post(chain.browser(chain.astrid), "/people/invite", **ask).text
        letter = office.letter()
    assert "on its way by mail" in page
    assert letter["To"] == "kari@example.com"
    assert link_in(page) in letter.get_content()


def test_a_role_that_was_chosen_can_be_dropped_again(chain: Chain) -> None:
    astrid = chain.browser(chain.astrid)
    page = post(astrid, "/people/invite", grant=f"viewer:{chain.oslo}", drop=f"viewer:{chain.oslo}", name="Kari").text
    assert 'name="grant"' not in page
    assert 'value="Kari"' in page


def test_everything_that_is_wrong_is_said_at_once(chain: Chain) -> None:
    astrid = chain.browser(chain.astrid)
    answer = post(astrid, "/people/invite", name="", email="nobody", place="Atlantis", do="invite")
    assert answer.status_code == 400
    for sentence in ("looks like astrid@", "Give 1 to 120 characters", "No place that you look after is called"):
        assert sentence in answer.text
    for name in ("x" * 10_000, "\u202egnitrevni", "a\x07b"):
        ask = {"name": name, "email": "k@example.com", "at": chain.oslo, "role": "viewer", "do": "invite"}
        assert post(astrid, "/people/invite", **ask).status_code == 400
    ask = {"name": "K", "email": "bjorn@example.com", "at": chain.oslo, "role": "viewer", "do": "invite"}
    taken = post(astrid, "/people/invite", **ask)
    assert (taken.status_code, "already an account" in taken.text) == (400, True)
    assert post(astrid, "/people/invite", **(ask | {"email": "k@x.org", "role": "king"})).status_code == 400
    assert post(astrid, "/people/invite", **(ask | {"email": "k@x.org", "language": "xx"})).status_code == 400
    assert deeds(chain) == []


def test_who_looks_after_norway_sees_norway(chain: Chain, nils: int) -> None:
    both = chain.hired("both@example.com", "Berit", ("viewer", chain.oslo), ("manager", chain.malmo))
    client = chain.browser(nils)
    page = client.get("/people").text
    assert "Bjørn" in page
    assert "Berit" in page
    assert "Also elsewhere" in page
    assert "Per<" not in page
    assert "Malmö" not in page + client.get(f"/people/{both}").text
    assert "Astrid" not in page
    assert client.get(f"/people/{chain.per}").status_code == 404
    for search in ("bjorn%40", "BJØRN", "bjørn", "bJø"):
        assert client.get(f"/people?search={search}").text.count('scope="row"') == 1, search


def test_somebody_with_roles_elsewhere_is_changed_only_from_above(chain: Chain, nils: int) -> None:
    both = chain.hired("both@example.com", "Berit", ("viewer", chain.oslo), ("manager", chain.malmo))
    client, page = chain.browser(nils), f"/people/{both}"
    for path, form in (
        ("", {"name": "X", "email": "x@example.com"}),
        ("/account", {"do": "disable"}),
        ("/account", {"do": "second"}),
        ("/account", {"do": "sessions"}),
        ("/account", {"do": "withdraw"}),
        ("/link", {}),
    ):
        assert post(client, page + path, version=1, **form).status_code == 403, path
    with chain.centre.db.reading() as tx:
        given = {row.role: row.id for row in tx.execute(select(grants).where(grants.c.user_id == both))}
    assert post(client, f"{page}/roles/remove", version=1, grant=given["manager"]).status_code == 403
    assert post(client, f"{page}/roles", version=1, role="crew", at=chain.bergen).status_code == 303
    assert post(client, f"{page}/roles/remove", version=2, grant=given["viewer"]).status_code == 303
    assert roles(chain, both) == {("crew", chain.bergen), ("manager", chain.malmo)}


def test_nobody_gives_more_than_they_have_or_anything_to_themselves(chain: Chain, nils: int) -> None:
    client = chain.browser(nils)
    for at in ("all", chain.malmo, chain.sweden, 999_999, "9" * 30, "x"):
        answer = post(client, f"/people/{chain.bjorn}/roles", version=1, role="admin", at=at)
        assert (answer.status_code, "not among the places" in answer.text) == (400, True)
    assert post(client, f"/people/{nils}/roles", version=1, role="manager", at=chain.oslo).status_code == 403
    for how in ("all", chain.malmo):
        ask = {"name": "K", "email": "k@example.com", "role": "admin", "grant": f"admin:{how}", "do": "invite"}
        assert post(client, "/people/invite", **ask).status_code == 400
    for manager in (chain.bjorn, chain.hired("m@example.com", "M", ("manager", chain.norway))):
        assert chain.browser(manager).get("/people").status_code == 403
    with chain.centre.db.writing() as tx, pytest.raises(NotYours):
        hiring.give(tx, Actor("Bjørn", chain.bjorn), nils, 1, "viewer", chain.oslo, chain.clock())
    assert deeds(chain) == []


def test_what_somebody_may_changes_with_their_very_next_click(chain: Chain) -> None:
    bjorn, astrid = chain.browser(chain.bjorn), chain.browser(chain.astrid)
    assert bjorn.get(f"/locations/{chain.malmo}").status_code == 404
    assert post(astrid, f"/people/{chain.bjorn}/roles", version=1, role="viewer", at=chain.malmo).status_code == 303
    assert bjorn.get(f"/locations/{chain.malmo}").status_code == 200
    with chain.centre.db.reading() as tx:
        oslo = tx.execute(select(grants.c.id).where(grants.c.location_id == chain.oslo)).scalar_one()
    assert post(astrid, f"/people/{chain.bjorn}/roles/remove", version=2, grant=oslo).status_code == 303
    assert bjorn.get(f"/locations/{chain.oslo}").status_code == 404
    assert post(astrid, f"/people/{chain.bjorn}/account", version=3, do="disable").status_code == 303
    assert bjorn.get("/").status_code == 303
    assert post(astrid, f"/people/{chain.bjorn}/account", version=4, do="enable").status_code == 303
    assert bjorn.get("/").status_code == 303  # the old session stays over
    assert chain.browser(chain.bjorn).get(f"/locations/{chain.malmo}").status_code == 200
    assert deeds(chain) == ["role given", "role taken", "person disabled", "person enabled"]


def test_the_only_role_and_the_same_role_twice_are_refused(chain: Chain) -> None:
    astrid = chain.browser(chain.astrid)
    again = post(astrid, f"/people/{chain.bjorn}/roles", version=1, role="viewer", at=chain.oslo)
    assert (again.status_code, "already" in again.text) == (400, True)
    with chain.centre.db.reading() as tx:
        only = tx.execute(select(grants.c.id).where(grants.c.user_id == chain.bjorn)).scalar_one()
    answer = post(astrid, f"/people/{chain.bjorn}/roles/remove", version=1, grant=only)
    assert (answer.status_code, "only role" in answer.text) == (400, True)


def test_two_at_one_account_hear_of_each_other(chain: Chain) -> None:
    astrid = chain.browser(chain.astrid)
    assert post(astrid, f"/people/{chain.bjorn}", version=1, name="Bjørn B", email="b@example.com").status_code == 303
    late = post(astrid, f"/people/{chain.bjorn}", version=1, name="Bjørn C", email="c@example.com")
    assert late.status_code == 409
    assert 'value="Bjørn C"' in late.text
    assert 'name="version" value="2"' in late.text
    for path, form in (("/roles", {"role": "crew", "at": chain.oslo}), ("/account", {"do": "disable"})):
        assert post(astrid, f"/people/{chain.bjorn}{path}", version=1, **form).status_code == 409
    taken = post(astrid, f"/people/{chain.bjorn}", version=2, name="Bjørn", email="per@example.com")
    assert (taken.status_code, "already an account" in taken.text) == (400, True)


def test_a_second_factor_sessions_and_links_of_somebody(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.id == chain.per).values(totp_ms=chain.clock(), totp_nonce="x"))
        tx.execute(insert(recovery_codes).values(user_id=chain.per, code_hash="x"))
    per, astrid = chain.browser(chain.per), chain.browser(chain.astrid)
    assert "Second factor on" in chain.page("/people")
    assert post(astrid, f"/people/{chain.per}/account", version=1, do="sessions").status_code == 303
    assert per.get("/").status_code == 303
    assert post(astrid, f"/people/{chain.per}/account", version=2, do="second").status_code == 303
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(users.c.totp_ms).where(users.c.id == chain.per)).scalar() is None
        assert tx.execute(select(func.count()).select_from(recovery_codes)).scalar() == 0
    link = link_in(post(astrid, f"/people/{chain.per}/link").text)
    assert "/password/" in link
    for own in ("second", "disable", "sessions", "withdraw"):
        assert post(astrid, f"/people/{chain.astrid}/account", version=1, do=own).status_code == 403
    assert post(astrid, f"/people/{chain.astrid}/link").status_code == 403
    assert post(astrid, f"/people/{chain.per}/account", version=3, do="delete").status_code == 400
    assert deeds(chain) == ["person signed out", "second factor removed", "password link made"]


def test_who_never_came_is_withdrawn_and_who_came_never(chain: Chain, clock: Clock) -> None:
    astrid = chain.browser(chain.astrid)
    ask = {"name": "Kari", "email": "kari@example.com", "role": "crew", "at": chain.oslo, "do": "invite"}
    first = link_in(post(astrid, "/people/invite", **ask).text)
    with chain.centre.db.reading() as tx:
        kari = tx.execute(select(users.c.id).where(users.c.email == "kari@example.com")).scalar_one()
    clock.ms += 49 * HOUR_MS
    astrid = chain.browser(chain.astrid)
    assert "link has expired" in astrid.get(f"/people/{kari}").text
    assert link_in(post(astrid, f"/people/{kari}/link").text) != first
    assert "Invited" in astrid.get(f"/people/{kari}").text
    assert post(astrid, f"/people/{chain.bjorn}/account", version=1, do="withdraw").status_code == 409
    gone = post(astrid, f"/people/{kari}/account", version=version(chain, kari), do="withdraw")
    assert (gone.status_code, gone.location) == (303, "/people")
    assert astrid.get(f"/people/{kari}").status_code == 404
    assert post(astrid, "/people/invite", **ask).status_code == 200


def test_the_last_administrator_stays(chain: Chain, nils: int) -> None:
    chain.hired("old@example.com", "Old", ("admin", None))
    with chain.centre.db.writing() as tx:
        tx.execute(update(users).where(users.c.name == "Old").values(disabled_ms=1))
        invited = tx.execute(insert(users).values(email="n@x.org", name="New", created_ms=1).returning(users.c.id))
        people.grant(tx, int(invited.scalar_one()), "admin", None)
        people.grant(tx, chain.astrid, "viewer", chain.oslo)
    astrid = chain.browser(chain.astrid)
    with chain.centre.db.reading() as tx:
        whole = select(grants.c.id).where(grants.c.user_id == chain.astrid, grants.c.location_id.is_(None))
        grant = tx.execute(whole).scalar_one()
    answer = post(astrid, f"/people/{chain.astrid}/roles/remove", version=1, grant=grant)
    assert (answer.status_code, "last administrator" in answer.text) == (409, True)
    with chain.centre.db.writing() as tx, pytest.raises(LastAdmin):
        hiring.disable(tx, Actor("the server's command line"), chain.astrid, 1, chain.clock())


Removal = Callable[[Any, Actor, int], None]


def _disables(tx: Any, by: Actor, whom: int) -> None:
    hiring.disable(tx, by, whom, 1, 1)


def _demotes(tx: Any, by: Actor, whom: int) -> None:
    whole = select(grants.c.id).where(grants.c.user_id == whom, grants.c.location_id.is_(None))
    hiring.take(tx, by, whom, 1, tx.execute(whole).scalar_one(), 1)


@pytest.mark.parametrize("removes", [_disables, _demotes])
@pytest.mark.parametrize("others", [0, 1])
def test_two_administrators_remove_each_other_at_the_same_moment(removes: Removal, others: int, chain: Chain) -> None:
    """Exactly one of them succeeds, also where a third one would have stayed."""
    turid = chain.hired("turid@example.com", "Turid", ("admin", None), ("viewer", chain.oslo))
    with chain.centre.db.writing() as tx:
        people.grant(tx, chain.astrid, "viewer", chain.oslo)
    for number in range(others):
        chain.hired(f"other{number}@example.com", "Other", ("admin", None))
    start, ends = Barrier(2), []

    def remove(by: int, whom: int) -> None:
        start.wait(5)
        try:
            with chain.centre.db.writing() as tx:
                removes(tx, Actor("somebody", by), whom)
            ends.append("done")
        except (Wrong, Changed) as problem:
            ends.append(str(problem))

    pair = [(chain.astrid, turid), (turid, chain.astrid)]
    threads = [Thread(target=remove, args=each) for each in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(ends) == 2
    assert ends.count("done") == 1
    (refusal,) = [each for each in ends if each != "done"]
    assert "nothing was done" in refusal
    with chain.centre.db.reading() as tx:
        acting = select(func.count()).select_from(users).join(grants).where(users.c.disabled_ms.is_(None))
        left = tx.execute(acting.where(grants.c.role == "admin", grants.c.location_id.is_(None))).scalar_one()
    assert left == 1 + others


def test_ten_thousand_people_page_and_are_searched(chain: Chain) -> None:
    rows = [{"email": f"p{n}@example.com", "name": f"Person {n:05}", "created_ms": 1} for n in range(10_000)]
    with chain.centre.db.writing() as tx:
        tx.execute(insert(users), rows)
        every = tx.execute(select(users.c.id).where(users.c.email.like("p%@example.com"), users.c.name != "Per"))
        tx.execute(insert(grants), [{"user_id": n, "role": "viewer", "location_id": chain.oslo} for (n,) in every])
    nils = chain.hired("nils@example.com", "Nils", ("admin", chain.norway))
    client = chain.browser(nils)
    first, last = client.get("/people").text, client.get("/people?page=401").text
    assert "10,002 people" in first
    assert first.count('scope="row"') == 25
    assert "Page 401 of 401" in last
    assert client.get("/people?search=p7777%40").text.count('scope="row"') == 1
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(func.count()).select_from(sessions)).scalar_one() == 1


def test_a_key_is_made_shown_once_and_revoked(chain: Chain, nils: int) -> None:
    client = chain.browser(nils)
    assert "No machine has a key yet" in client.get("/keys").text
    assert post(client, "/keys/new", name="", may="all", place="Atlantis").status_code == 400
    assert post(client, "/keys/new", name="Report", may="read", at="all").status_code == 400
    assert post(client, "/keys/new", name="Report", may="all", at=chain.oslo).status_code == 400
    assert f'value="{chain.oslo}"' in post(client, "/keys/new", name="Report", place="oslo", do="find").text
    made = post(client, "/keys/new", name="Report", may="read", place="Oslo").text
    found = re.search(r'value="(sp_[^"]+)"', made)
    assert found
    assert f"curl -H &#39;Authorization: Bearer {found[1]}&#39;" in made or f"Bearer {found[1]}'" in made
    listed = client.get("/keys").text
    assert found[1] not in listed
    assert found[1][:8] in listed
    assert "Never used" in listed
    assert "Report" not in chain.browser(chain.hired("s@x.org", "S", ("admin", chain.sweden))).get("/keys").text
    assert post(client, "/keys/1/revoke").status_code == 303
    assert "Revoked" in client.get("/keys").text
    assert deeds(chain) == ["key made", "key revoked"]
