"""What becomes of a comment, and of those who asked to be called."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from sync import models
from sync.centre import Centre
from sync.intake import tally
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain
from tests.sync.test_contacts import contact, publish

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REACH = "+47 22 33 44 55"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    publish(a_centre)
    return Chain(a_centre, clock)


@pytest.fixture
def astrid(chain: Chain) -> FlaskClient:
    return chain.browser(chain.astrid)


def said(chain: Chain, text: str, value: int = 3, shop: int | None = None) -> str:
    chain.comment(shop or chain.oslo, text, value)
    with chain.centre.db.reading() as tx:
        return str(tx.execute(select(models.responses.c.id).where(models.responses.c.body.contains(text))).scalar_one())


def do(client: FlaskClient, address: str, **form: Any) -> TestResponse:
    return client.post(address, data=form, headers=OURS)


def log(chain: Chain) -> str:
    with chain.centre.db.reading() as tx:
        return "\n".join(str(tuple(row)) for row in tx.execute(select(models.audit)))


def test_the_room_shows_and_finds_what_was_written(chain: Chain, astrid: FlaskClient) -> None:
    said(chain, "The queue was endless", 0)
    said(chain, "Quick and kind", 3, chain.bergen)
    page = astrid.get("/comments").text
    assert "The queue was endless" in page
    assert "2 comments." in page
    found = astrid.get("/comments?search=queues").text
    assert "The queue was endless" in found
    assert "Quick and kind" not in found
    assert "Quick and kind" not in astrid.get("/comments?mood=unhappy").text
    assert "endless" not in astrid.get(f"/comments?place={chain.bergen}").text
    assert "Nothing fits" in astrid.get("/comments?search=zebra").text
    refused = astrid.get("/comments?days=many")
    assert refused.status_code == 400
    assert "The number of days" in refused.text
    assert "answers read" in log(chain)


def test_a_page_of_the_room_goes_on_where_the_last_one_ended(chain: Chain, astrid: FlaskClient) -> None:
    for n in range(23):
        chain.comment(chain.oslo, f"Remark {n:02}.", days_ago=n // 8)
    page = astrid.get("/comments").text
    assert page.count("<blockquote") == 20
    older = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    rest = astrid.get(older, headers={"HX-Request": "true"}).text
    assert rest.count("<blockquote") == 3
    assert sum(f"Remark {n:02}." in page + rest for n in range(23)) == 23


def test_a_hidden_comment_is_nowhere_but_where_it_is_asked_for(chain: Chain, astrid: FlaskClient) -> None:
    rude = said(chain, "Rude words indeed", 0)
    assert do(astrid, f"/answers/{rude}/hide", do="hide").status_code == 303
    assert "Rude" not in astrid.get("/comments").text
    assert "Rude" not in astrid.get(f"/locations/{chain.oslo}").text
    assert "Rude" not in astrid.get(f"/locations/{chain.oslo}/comments").text
    assert "Rude" in astrid.get("/comments?state=hidden").text
    assert (
        do(astrid, f"/answers/{rude}/hide", do="show", next="/comments?state=hidden").location
        == "/comments?state=hidden"
    )
    assert "Rude" in astrid.get("/comments").text
    assert "comment hidden" in log(chain)
    assert "Rude" not in log(chain)


def test_praise_goes_to_the_place_that_it_speaks_of(chain: Chain, astrid: FlaskClient) -> None:
    kind = said(chain, "The people in Bergen are the best")
    assert "Oslo" in astrid.get(f"/answers/{kind}/praise").text
    assert do(astrid, f"/answers/{kind}/praise", at=str(chain.bergen)).status_code == 303
    page = astrid.get("/comments?state=praised").text
    assert "praise for" in page
    assert "Bergen" in page
    mine = chain.page(f"/locations/{chain.bergen}", chain.hired("c@example.com", "Crew", ("crew", chain.bergen)))
    assert "The people in Bergen are the best" in mine, "whom it is about reads it, whatever else they may"
    box = chain.boxes[chain.oslo]
    with chain.centre.db.reading() as tx:
        row = tx.execute(select(models.responses).where(models.responses.c.id == kind)).one()
    again = box.response(3, id=kind, rev=row.rev + 1, at_ms=row.captured_ms, answers={"comment": "Best of all"})
    box.send(chain.app.test_client(), again)
    assert "Best of all" in astrid.get("/comments?state=praised").text, "it belongs to the response"
    assert do(astrid, f"/answers/{kind}/praise", do="back").status_code == 303
    assert "Best of all" not in astrid.get("/comments?state=praised").text


def test_follow_up_is_marked_and_done(chain: Chain, astrid: FlaskClient) -> None:
    one = said(chain, "My parcel never came", 0)
    do(astrid, f"/answers/{one}/follow-up", do="mark")
    assert "My parcel" in astrid.get("/comments?state=follow").text
    do(astrid, f"/answers/{one}/follow-up", do="done")
    assert "My parcel" not in astrid.get("/comments?state=follow").text


def test_words_are_taken_out_by_whoever_types_the_id(chain: Chain, astrid: FlaskClient) -> None:
    one = said(chain, "I am Solveig Bakken")
    refused = do(astrid, f"/answers/{one}/erase", confirm="yes")
    assert refused.status_code == 400
    assert one[-6:] in refused.text
    assert do(astrid, f"/answers/{one}/erase", confirm=one[-6:].upper()).status_code == 303
    assert "Solveig" not in astrid.get("/comments").text
    assert "Solveig" not in astrid.get(f"/answers/{one}").text
    assert "answer erased" in log(chain)
    with chain.centre.db.reading() as tx:
        assert tally.verify(tx) is None
    manager = chain.hired("m@example.com", "Manager", ("manager", chain.oslo))
    assert do(chain.browser(manager), f"/answers/{one}/erase", confirm=one[-6:]).status_code == 403


def test_who_asked_to_be_called_waits_until_somebody_did(chain: Chain, astrid: FlaskClient, clock: Clock) -> None:
    box = chain.boxes[chain.oslo]
    for n, name in enumerate(("Solveig", "Ingrid")):
        answer = box.response(0, survey="shop", at_ms=clock() - 600_000 * n)
        box.send(chain.app.test_client(), answer, contact(box, answer, answers={"reach": REACH, "name": name}))
    page = astrid.get("/contacts").text
    assert page.index("Solveig") < page.index("Ingrid")
    with chain.centre.db.reading() as tx:
        first = tx.execute(select(models.contacts.c.id).where(models.contacts.c.body.contains("Solveig"))).scalar_one()
    assert do(astrid, f"/contacts/{first}/call", do="done").status_code == 303
    page = astrid.get("/contacts").text
    assert page.index("Ingrid") < page.index("Solveig")
    assert "called by" in page
    do(astrid, f"/contacts/{first}/call", do="undo")
    assert "called by" not in astrid.get("/contacts").text
    assert "customer called" in log(chain)
    assert REACH not in log(chain)


@ON_SQLITE
def test_nobody_decides_about_answers_of_other_places(chain: Chain) -> None:
    one = said(chain, "Something")
    manager = chain.browser(chain.hired("b@example.com", "Manager", ("manager", chain.bergen)))
    for address in ("hide", "follow-up", "praise", "erase"):
        assert do(manager, f"/answers/{one}/{address}").status_code in (403, 404)
    assert "Something" not in manager.get("/comments").text
    mine = said(chain, "Nice fish", shop=chain.bergen)
    answer = do(manager, f"/answers/{mine}/praise", at=str(chain.oslo))
    assert answer.status_code == 400, "praise for a place that they do not see"
    assert chain.browser(chain.bjorn).get("/comments").status_code == 403
