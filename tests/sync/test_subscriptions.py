"""Who gets which briefing by mail, and how they stop it."""

import re

import pytest
from sqlalchemy import insert, select

from sync.centre import Centre
from sync.models import audit, subscriptions
from sync.office import places, subscribing
from sync.office import subscriptions as subscribed
from sync.office.audit import COMMAND
from sync.office.subscribing import Asked
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain

DAY_MS = 86_400_000


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def ask(chain: Chain, user: int, **given: object) -> tuple[int, str]:
    told = {"what": "lead", "cadence": "daily", "language": "en", "at": chain.oslo, **given}
    answer = chain.browser(user).post("/subscriptions/new", data=told, headers=OURS)
    return answer.status_code, answer.get_data(as_text=True)


def kept(chain: Chain) -> list[tuple[str, str, int | None, str, bool]]:
    with chain.centre.db.reading() as tx:
        rows = tx.execute(subscribed.query().order_by(subscriptions.c.id)).all()
    every = [subscribed.read(row) for row in rows]
    return [(each.kind, each.cadence, each.place, each.address, each.stopped_ms is None) for each in every]


def a_link(chain: Chain) -> str:
    """The one that stands in each letter to the team of Oslo."""
    with chain.centre.db.writing() as tx:
        asked = Asked("team", "daily", chain.oslo, "team@example.com", "en")
        number = subscribing.subscribe(tx, COMMAND, asked, chain.centre.secrets, chain.clock())
        found = subscribed.one(tx, number)
        assert found is not None
        token = subscribed.leave_token(tx, found, chain.centre.secrets)
    return f"/leave/{token}"


def test_astrid_subscribes_bjorn_and_takes_it_back(chain: Chain) -> None:
    assert "Nobody gets a briefing of this place by mail yet" in chain.page(f"/subscriptions?place={chain.oslo}")
    assert ask(chain, chain.astrid, to="Bjorn@example.com", cadence="weekly")[0] == 303
    assert kept(chain) == [("manager", "weekly", chain.oslo, "bjorn@example.com", True)]
    page = chain.page(f"/subscriptions?place={chain.oslo}")
    assert "every Monday" in page
    (stop,) = re.findall(r'action="(/subscriptions/\d+/stop)"', page)
    assert chain.browser(chain.astrid).post(stop, headers=OURS).status_code == 303
    assert kept(chain)[0][4] is False
    assert ask(chain, chain.astrid, to="bjorn@example.com", cadence="weekly")[0] == 303
    assert kept(chain) == [("manager", "weekly", chain.oslo, "bjorn@example.com", True)]
    with chain.centre.db.reading() as tx:
        said = tx.execute(select(audit.c.action).where(audit.c.kind == "subscription").order_by(audit.c.id)).scalars()
        assert list(said) == ["briefing subscribed", "briefing stopped", "briefing taken up again"]
    page = chain.page("/audit")
    assert "briefing taken up again" in page
    assert "goes to" in page


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"to": "nobody"}, "An email address looks like"),
    ({"to": "a@example.com\nBcc: b@example.com"}, "An email address looks like"),
    ({"to": "team@example.com"}, "people who sign in"),
    ({"to": "per@example.com"}, "may not see this place"),
    ({"to": "astrid@example.com", "cadence": "hourly"}, "Choose how often it comes."),
    ({"to": "astrid@example.com", "language": "xx"}, "Choose the language"),
    ({"to": "astrid@example.com", "what": "gossip"}, "Choose one of the briefings."),
    ({"to": "team@example.com", "what": "team", "cadence": "weekly"}, "comes every day"),
    ({"to": "team@example.com", "what": "team", "at": "all"}, "Only a store or a crew"),
]


def test_what_cannot_be_subscribed_to_is_said_beside_its_field(chain: Chain) -> None:
    for given, why in REFUSED:
        status, page = ask(chain, chain.astrid, **given)
        assert (status, kept(chain)) == (400, [])
        assert why in page


def test_nobody_gets_the_same_twice(chain: Chain) -> None:
    for expected in (303, 400):
        assert ask(chain, chain.astrid, to="team@example.com", what="team")[0] == expected
    assert len(kept(chain)) == 1


def test_per_runs_malmo_alone(chain: Chain) -> None:
    assert ask(chain, chain.per, to="team@example.com", what="team", at=chain.malmo)[0] == 303
    assert ask(chain, chain.per, to="team@example.com", what="team", at=chain.oslo)[0] == 400
    assert ask(chain, chain.bjorn, to="team@example.com", what="team")[0] == 403
    a_link(chain)
    page = chain.page("/subscriptions", chain.per)
    assert "Malmö" in page
    assert "Oslo" not in page


def test_bjorn_subscribes_himself(chain: Chain) -> None:
    client = chain.browser(chain.bjorn)
    told = {"what": "lead", "cadence": "monthly", "at": chain.oslo}
    assert client.post("/account/briefings", data=told, headers=OURS).status_code == 303
    assert kept(chain) == [("manager", "monthly", chain.oslo, "bjorn@example.com", True)]
    assert client.post("/account/briefings", data=told, headers=OURS).status_code == 400
    page = chain.page("/account/briefings", chain.bjorn)
    assert "on the first of each month" in page
    (number,) = re.findall(r'name="subscription" value="(\d+)"', page)
    stop = ("/account/briefings/stop", {"subscription": number})
    assert chain.browser(chain.per).post(stop[0], data=stop[1], headers=OURS).status_code == 404
    assert client.post(stop[0], data=stop[1], headers=OURS).status_code == 303
    assert kept(chain)[0][4] is False
    resume = client.post("/account/briefings/resume", data=stop[1], headers=OURS)
    assert (resume.status_code, kept(chain)[0][4]) == (303, True)


def test_a_scanner_that_opens_the_link_stops_nothing(chain: Chain) -> None:
    link, nobody = a_link(chain), chain.app.test_client()
    for _ in range(3):
        answer = nobody.get(link)
        assert (answer.status_code, answer.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "team@example.com" not in answer.get_data(as_text=True)
    assert nobody.head(link).status_code == 200
    assert kept(chain)[0][4] is True


def test_the_button_on_the_page_stops_it_and_takes_it_back(chain: Chain) -> None:
    link, nobody = a_link(chain), chain.app.test_client()
    assert nobody.post(link, data={"do": "stop"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert nobody.post(link).status_code == 403
    page = nobody.post(link, data={"do": "stop"}, headers=OURS).get_data(as_text=True)
    assert "These letters are stopped" in page
    assert kept(chain)[0][4] is False
    assert "Stopped by the link in a letter" in chain.page("/subscriptions")
    nobody.post(link, data={"do": "again"}, headers=OURS)
    assert kept(chain)[0][4] is True


def test_a_mail_programs_own_button_needs_no_page(chain: Chain) -> None:
    """RFC 8058: from the servers of a mail provider, without a cookie, an origin or a redirect."""
    link = a_link(chain)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):  # and they may repeat it
        answer = chain.app.test_client().post(link, data={"List-Unsubscribe": "One-Click"}, content_type=kind)
        assert answer.status_code == 200
    assert kept(chain)[0][4] is False
    assert "Stopped with the button of a mail program" in chain.page("/subscriptions")
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(audit.c.action)).scalars().all().count("briefing stopped") == 1


def test_whoever_guesses_links_finds_nothing_and_has_to_wait(chain: Chain) -> None:
    a_link(chain)
    nobody = chain.app.test_client()
    heard = {nobody.get(f"/leave/guess{n}").status_code for n in range(60)}
    assert heard == {404, 429}


def test_the_database_holds_no_link(chain: Chain) -> None:
    token = a_link(chain).rpartition("/")[2]
    with chain.centre.db.reading() as tx:
        for table in (subscriptions, audit):
            assert all(token not in map(str, row) for row in tx.execute(select(table)))


def test_a_long_list_is_paged_and_searched(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        shop = places.add_location(tx, "Ørsta", parent=chain.norway)
        row = {"kind": "store", "cadence": "daily", "location_id": shop, "language": "en", "made_ms": 0, "next_day": 0}
        rows = [{**row, "address": f"team{n}@example.com", "leave_hash": f"{n}"} for n in range(60)]
        tx.execute(insert(subscriptions), rows)
    assert "Page 1 of 3" in chain.page("/subscriptions")
    page = chain.page("/subscriptions?search=team59")
    assert "team59@example.com" in page
    assert "team5@example.com" not in page
    assert "Page 1 of 3" in chain.page("/subscriptions?search=ørsta")
