"""A screen is paired in the browser: a place, a screen, a code, and the terminal that comes with it. Over HTTP, on both
databases."""

import json
import re
from base64 import b64decode
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, wire
from sync.centre import Centre
from sync.office import places
from tests.boxes import Box, verdicts
from tests.sync.conftest import Clock
from tests.sync.norway import FRAGMENT, MINUTE_MS, OURS, Chain
from tests.sync.test_pages import words


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def touchpoint_of(chain: Chain, shop: int) -> int:
    table = models.touchpoints.c
    with chain.centre.db.reading() as tx:
        return int(tx.execute(select(table.id).where(table.location_id == shop)).scalar_one())


def shown_code(page: str) -> str:
    found = re.search(r'<p class="big" dir="ltr">([0-9A-Z]{4}-[0-9A-Z]{4})</p>', page)
    assert found, page
    return found[1]


def come(chain: Chain, code: str, install: str = "a-new-box") -> tuple[int, dict[str, Any]]:
    """A terminal in which somebody typed this code."""
    body = json.dumps({"code": code, "install": install, "fingerprint": "f", "app": wire.APP}).encode()
    reply = chain.app.test_client().post(wire.ENROLMENTS, data=body, headers={"Content-Type": "application/json"})
    return reply.status_code, json.loads(reply.get_data())


def as_box(given: dict[str, Any]) -> Box:
    return Box(given["device"], b64decode(given["key"]), given["screen"], given["placement"], given["generation"])


def paired(browser: FlaskClient, screen: str) -> str:
    """The page with a new code for this screen."""
    answer = browser.post(f"/screens/{screen}/pair", headers=OURS, follow_redirects=True)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def audited(chain: Chain) -> list[tuple[str, str]]:
    table = models.audit.c
    with chain.centre.db.reading() as tx:
        return [(row.actor, row.action) for row in tx.execute(select(table.actor, table.action).order_by(table.id))]


def test_astrid_pairs_a_new_screen_and_its_first_tap_counts(chain: Chain) -> None:
    browser = chain.browser(chain.astrid)
    found = browser.get("/devices/pair?search=berg").get_data(as_text=True)
    assert f'href="/devices/pair/{chain.bergen}"' in found
    assert "Oslo" not in words(found)
    form = {"touchpoint": touchpoint_of(chain, chain.bergen), "name": "By the door"}
    answer = browser.post(f"/devices/pair/{chain.bergen}", data=form, headers=OURS)
    assert answer.status_code == 303
    page = browser.get(answer.location).get_data(as_text=True)
    code = shown_code(page)
    assert '<img src="data:image/png;base64,' in page
    assert "valid until 12:15" in words(page)
    assert "15 minutes" in words(page)
    status, given = come(chain, code)
    assert status == 200
    now = browser.get(f"{answer.location}/now", headers=FRAGMENT)
    assert now.headers["HX-Redirect"] == f"/devices/{given['device']}"
    assert f'href="/devices/{given["device"]}"' in browser.get(answer.location).get_data(as_text=True)
    box = as_box(given)
    assert verdicts(box.send(chain.app.test_client(), box.response(3))) == ["stored"]
    assert "By the door" in chain.page(f"/devices/{box.device}")
    assert audited(chain) == [
        ("Astrid <astrid@example.com>", "screen added"),
        ("Astrid <astrid@example.com>", "pairing code made"),
    ]


def test_a_box_is_replaced_and_what_the_old_one_holds_counts(chain: Chain) -> None:
    old = chain.boxes[chain.oslo]
    held = old.response(2)
    assert old.screen
    page = paired(chain.browser(chain.astrid), old.screen)
    assert "When the new one comes, it takes its place" in words(page)
    new = as_box(come(chain, shown_code(page))[1])
    assert (new.screen, new.placement) == (old.screen, old.placement)
    client = chain.app.test_client()
    assert verdicts(new.send(client, new.response(3))) == ["stored"]
    assert verdicts(old.send(client, held)) == ["stored"]
    assert "Drives no screen any more" in words(chain.page("/devices"))


def test_a_code_is_over_after_a_quarter_of_an_hour(chain: Chain, clock: Clock) -> None:
    browser, screen = chain.browser(chain.astrid), chain.boxes[chain.oslo].screen
    code = shown_code(paired(browser, str(screen)))
    clock.ms += 14 * MINUTE_MS + 1
    assert "That is 1 minute." in words(browser.get(f"/screens/{screen}/pair").get_data(as_text=True))
    clock.ms += MINUTE_MS
    assert "The code is over" in browser.get(f"/screens/{screen}/pair").get_data(as_text=True)
    assert come(chain, code)[0] == 410


def test_ten_wrong_tries_and_the_page_says_so(chain: Chain) -> None:
    browser, screen = chain.browser(chain.astrid), chain.boxes[chain.oslo].screen
    code = shown_code(paired(browser, str(screen)))
    wrong = code[:5] + ("0000" if code[5:] != "0000" else "1111")
    for _ in range(3):
        come(chain, wrong)
    assert "7 wrong tries are left" in words(browser.get(f"/screens/{screen}/pair").get_data(as_text=True))
    for _ in range(7):
        come(chain, wrong)
    assert "Ten wrong tries" in browser.get(f"/screens/{screen}/pair").get_data(as_text=True)
    assert come(chain, code)[0] == 410


def test_a_new_code_ends_the_one_before_and_a_withdrawn_one_is_worth_nothing(chain: Chain) -> None:
    browser, screen = chain.browser(chain.astrid), str(chain.boxes[chain.oslo].screen)
    first, second = shown_code(paired(browser, screen)), shown_code(paired(browser, screen))
    assert come(chain, first)[1]["code"] == "code_unknown"
    page = browser.post(f"/screens/{screen}/pair/withdraw", headers=OURS, follow_redirects=True).get_data(as_text=True)
    assert second not in page
    assert "There is no code to show" in page
    assert come(chain, second)[1]["code"] == "code_unknown"
    assert [action for _, action in audited(chain)][-1] == "pairing code withdrawn"


def test_a_code_is_shown_only_where_it_was_made(chain: Chain) -> None:
    screen = str(chain.boxes[chain.oslo].screen)
    code = shown_code(paired(chain.browser(chain.astrid), screen))
    assert code not in chain.page(f"/screens/{screen}/pair")


def test_per_pairs_in_malmo_only_and_bjorn_nowhere(chain: Chain) -> None:
    per, bjorn = chain.browser(chain.per), chain.browser(chain.bjorn)
    seen = words(per.get("/devices/pair").get_data(as_text=True))
    assert "Malmö" in seen
    assert [name for name in ("Oslo", "Bergen", "Norway") if name in seen] == []
    assert per.get(f"/devices/pair/{chain.oslo}").status_code == 404
    assert per.get("/devices/pair").status_code == 200
    assert bjorn.get("/devices/pair").status_code == 403
    assert "/devices/pair" not in bjorn.get("/devices").get_data(as_text=True)
    theirs = {"touchpoint": touchpoint_of(chain, chain.oslo), "name": "Mine now"}
    assert per.post(f"/devices/pair/{chain.malmo}", data=theirs, headers=OURS).status_code == 404
    screen = chain.boxes[chain.oslo].screen
    assert per.post(f"/screens/{screen}/pair", headers=OURS).status_code == 404
    assert bjorn.post(f"/screens/{screen}/pair", headers=OURS).status_code == 403


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Give 1 to 120 characters"),
        ("x" * 10_000, "Give 1 to 120 characters, not 10000"),
        ("up\u202eside", "nothing that cannot be seen"),
        ("bergen 1", "A screen there is called that already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_beside_its_field(chain: Chain, name: str, said: str) -> None:
    form = {"touchpoint": touchpoint_of(chain, chain.bergen), "name": name}
    answer = chain.browser(chain.astrid).post(f"/devices/pair/{chain.bergen}", data=form, headers=OURS)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, said in page, 'id="name-problem"' in page) == (400, True, True)


def test_a_screen_goes_only_to_a_touchpoint_of_the_place(chain: Chain) -> None:
    form = {"touchpoint": touchpoint_of(chain, chain.oslo), "name": "Lost"}
    answer = chain.browser(chain.astrid).post(f"/devices/pair/{chain.bergen}", data=form, headers=OURS)
    assert answer.status_code == 400
    assert "Choose one of the touchpoints of this place." in answer.get_data(as_text=True)
    of_a_group = words(chain.page(f"/devices/pair/{chain.norway}"))
    assert ["Bergen" in of_a_group, "Malmö" in of_a_group] == [True, False]
    form = {"touchpoint": touchpoint_of(chain, chain.oslo), "name": "Lost"}
    answer = chain.browser(chain.astrid).post(f"/devices/pair/{chain.norway}", data=form, headers=OURS)
    assert answer.status_code == 404


def test_ten_thousand_places_are_searched_and_paged(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        first = places.add_location(tx, "Shop 0", parent=chain.norway)
        many = [{"id": first + n, "parent_id": chain.norway, "path": f"/{chain.norway}/{first + n}/",
                 "kind": "store", "name": f"Shop {n}"} for n in range(1, 10_000)]  # fmt: skip
        tx.execute(models.locations.insert(), many)
    page = words(chain.page("/devices/pair"))
    assert "Page 1 of 401" in page
    found = words(chain.page("/devices/pair?search=shop+9999"))
    assert "Shop 9999 Norway" in found
    assert "Shop 9998" not in found
