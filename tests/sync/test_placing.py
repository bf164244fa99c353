"""A screen is moved, renamed, retired; a box is retired, shut out, told apart from its copy. Over HTTP, on both
databases, with boxes that go on sending."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, wire
from sync.centre import Centre
from sync.intake import erasure_log, tally
from tests.boxes import Box, verdicts
from tests.sync.conftest import Clock
from tests.sync.norway import MINUTE_MS, OURS, Chain
from tests.sync.test_pages import words
from tests.sync.test_pairing import as_box, audited, come, paired, shown_code, touchpoint_of

HOUR_MS = 60 * MINUTE_MS


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def given_at(box: Box, at_ms: int, value: int = 3, **changes: Any) -> dict[str, Any]:
    """An answer whose time is certain."""
    return box.response(value, at_ms=at_ms, **changes)


def version(chain: Chain, screen: str | None) -> int:
    table = models.screens.c
    with chain.centre.db.reading() as tx:
        return int(tx.execute(select(table.version).where(table.id == screen)).scalar_one())


def counted(chain: Chain) -> dict[int, int]:
    """Answers by place, as the tallies have them; and they are what a recount finds."""
    table, found = models.tallies_day.c, dict[int, int]()
    with chain.centre.db.reading() as tx:
        for place, n in tx.execute(select(table.location_id, table.n).where(table.question == "visit")):
            found[place] = found.get(place, 0) + n
        assert tally.verify(tx) is None
    return {place: n for place, n in found.items() if n}


def move(browser: FlaskClient, chain: Chain, screen: str | None, to: int, **given: Any) -> int:
    form = {"touchpoint": touchpoint_of(chain, to), "version": version(chain, screen), "to": to, **given}
    return browser.post(f"/screens/{screen}/move", data=form, headers=OURS).status_code


def test_a_moved_screens_late_answers_count_where_they_were_given(chain: Chain, clock: Clock) -> None:
    box, browser, client = chain.boxes[chain.oslo], chain.browser(chain.astrid), chain.app.test_client()
    late = [given_at(box, clock() - HOUR_MS), given_at(box, clock() - 2 * HOUR_MS)]
    assert verdicts(box.send(client, given_at(box, clock() - 3 * HOUR_MS))) == ["stored"]
    assert move(browser, chain, box.screen, chain.bergen) == 303
    clock.ms += HOUR_MS
    offline_there = given_at(box, clock() - MINUTE_MS)  # it was carried over, and had not heard of it yet
    assert verdicts(box.send(client, *late, offline_there)) == ["stored"] * 3
    assert counted(chain) == {chain.oslo: 3, chain.bergen: 1}
    for path in (f"/screens/{box.screen}", f"/devices/{box.device}"):
        page = words(browser.get(path).get_data(as_text=True))
        assert "Oslo 1 Checkout , Bergen from 12:00 stands there now" in page
        assert "Oslo 1 Checkout , Oslo from 22 Jan 12:00 to 12:00" in page


def test_a_move_that_is_written_down_later_takes_the_answers_since_then_along(chain: Chain, clock: Clock) -> None:
    box, browser, client = chain.boxes[chain.oslo], chain.browser(chain.astrid), chain.app.test_client()
    box.send(client, *(given_at(box, clock() - hours * HOUR_MS) for hours in (1, 2, 3, 4)))
    assert counted(chain) == {chain.oslo: 4}
    assert move(browser, chain, box.screen, chain.bergen, at="2026-03-03T09:30") == 303
    assert counted(chain) == {chain.oslo: 2, chain.bergen: 2}
    box.send(client, given_at(box, clock() - 5 * HOUR_MS), given_at(box, clock() - HOUR_MS // 2))
    assert counted(chain) == {chain.oslo: 3, chain.bergen: 3}
    assert audited(chain)[-1] == ("Astrid <astrid@example.com>", "screen moved")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-03-03T12:01", "a time that is over"),
        ("2026-01-03T12:00", "up to 31 days later"),
        ("yesterday", "Give a day and a time"),
        ("9999-12-31T23:59", "a time that is over"),
        ("0001-01-01T00:00", "31 days"),
    ],
)
def test_a_move_at_no_possible_time_is_refused(chain: Chain, at: str, said: str) -> None:
    box, browser = chain.boxes[chain.oslo], chain.browser(chain.astrid)
    form = {"touchpoint": touchpoint_of(chain, chain.bergen), "version": 1, "to": chain.bergen, "at": at}
    answer = browser.post(f"/screens/{box.screen}/move", data=form, headers=OURS)
    assert answer.status_code == 400
    assert said in answer.get_data(as_text=True)


def test_two_people_move_one_screen(chain: Chain) -> None:
    box, browser = chain.boxes[chain.oslo], chain.browser(chain.astrid)
    seen = version(chain, box.screen)
    assert move(browser, chain, box.screen, chain.bergen, version=seen) == 303
    assert move(browser, chain, box.screen, chain.malmo, version=seen) == 409
    assert browser.post(f"/screens/{box.screen}/retire", data={"version": seen}, headers=OURS).status_code == 409
    answer = browser.post(f"/screens/{box.screen}", data={"version": seen, "name": "Mine"}, headers=OURS)
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.get_data(as_text=True)
    assert f'name="version" value="{seen + 1}"' in answer.get_data(as_text=True)


def test_a_code_for_where_a_screen_stood_is_worth_nothing_after_the_move(chain: Chain) -> None:
    box, browser = chain.boxes[chain.oslo], chain.browser(chain.astrid)
    code = shown_code(paired(browser, str(box.screen)))
    assert move(browser, chain, box.screen, chain.bergen) == 303
    assert come(chain, code)[1]["code"] == "code_unknown"


def test_a_screen_is_renamed(chain: Chain) -> None:
    box, browser = chain.boxes[chain.oslo], chain.browser(chain.astrid)
    form = {"version": version(chain, box.screen), "name": "By the window"}
    assert browser.post(f"/screens/{box.screen}", data=form, headers=OURS).status_code == 303
    assert "By the window" in chain.page("/devices")
    form = {"version": version(chain, box.screen), "name": " "}
    assert browser.post(f"/screens/{box.screen}", data=form, headers=OURS).status_code == 400


def test_a_retired_box_drives_nothing_and_what_it_held_counts(chain: Chain, clock: Clock) -> None:
    box, browser, client = chain.boxes[chain.malmo], chain.browser(chain.per), chain.app.test_client()
    held = given_at(box, clock() - HOUR_MS)
    asked = browser.get(f"/devices/{box.device}/retire").get_data(as_text=True)
    seen = f"{box.screen}:{version(chain, box.screen)}"
    assert f'value="{seen}"' in asked
    answer = browser.post(f"/devices/{box.device}/retire", data={"seen": seen}, headers=OURS)
    assert answer.status_code == 303
    assert verdicts(box.send(client, held)) == ["stored"]
    assert counted(chain) == {chain.malmo: 1}
    page = words(browser.get(f"/devices/{box.device}").get_data(as_text=True))  # Per still sees it
    assert "Malmö 1 Checkout , Malmö from 22 Jan 12:00 to 12:00" in page
    shown = client.get(wire.MANIFEST, headers=box.signed("GET", wire.MANIFEST, b"")).get_json()
    assert shown["screens"] == {}
    assert browser.post(f"/devices/{box.device}/retire", data={"seen": seen}, headers=OURS).status_code == 409
    # Put somewhere again, and paired with a new box.
    assert move(browser, chain, box.screen, chain.malmo) == 303
    new = as_box(come(chain, shown_code(paired(browser, str(box.screen))))[1])
    assert verdicts(new.send(client, given_at(new, clock()))) == ["stored"]


def test_a_revoked_box_is_refused_at_its_next_call_and_the_file_says_so(chain: Chain) -> None:
    box, browser, client = chain.boxes[chain.oslo], chain.browser(chain.astrid), chain.app.test_client()
    assert "It cannot be taken back" in browser.get(f"/devices/{box.device}/revoke").get_data(as_text=True)
    assert browser.post(f"/devices/{box.device}/revoke", headers=OURS).status_code == 303
    assert box.post(client, box.batch()).status_code == 401
    assert box.device in erasure_log.read(chain.centre.settings.erasures_file).revoked
    assert "Shut out since 12:00" in words(chain.page("/devices"))
    assert audited(chain) == [("Astrid <astrid@example.com>", "device revoked")]
    assert browser.post(f"/devices/{box.device}/revoke", headers=OURS).status_code == 303  # the same again does no harm


def test_a_copied_card_is_told_apart(chain: Chain, clock: Clock) -> None:
    """As the one who looks after it would: a code for the second box, and then this one is one again."""
    box, browser, client = chain.boxes[chain.oslo], chain.browser(chain.astrid), chain.app.test_client()
    copy = Box(box.device, box.key, box.screen, box.placement, box.generation, box.stream)
    box.send(client, given_at(box, clock()))
    copy.send(client, given_at(copy, clock()))  # another answer under the same number
    page = browser.get(f"/devices/{box.device}").get_data(as_text=True)
    assert "Is this one box or two?" in page
    assert 'href="/devices/pair"' in page
    form = {"touchpoint": touchpoint_of(chain, chain.bergen), "name": "The second box"}
    answer = browser.post(f"/devices/pair/{chain.bergen}", data=form, headers=OURS, follow_redirects=True)
    second = as_box(come(chain, shown_code(answer.get_data(as_text=True)), "install-of-the-copy")[1])
    assert second.device != box.device
    assert browser.post(f"/devices/{box.device}/settle", headers=OURS).status_code == 303
    assert "Is this one box or two?" not in browser.get(f"/devices/{box.device}").get_data(as_text=True)
    box.send(client, given_at(box, clock() + MINUTE_MS))
    assert "identity_conflict" not in newest_flags(chain, box.device)
    assert audited(chain)[-1] == ("Astrid <astrid@example.com>", "device settled")


def newest_flags(chain: Chain, device: str) -> str:
    table = models.responses.c
    query = select(table.flags).where(table.device_id == device).order_by(table.captured_ms.desc()).limit(1)
    with chain.centre.db.reading() as tx:
        return str(tx.execute(query).scalar_one())


def test_bjorn_sees_the_page_of_a_screen_and_no_button(chain: Chain) -> None:
    browser, box = chain.browser(chain.bjorn), chain.boxes[chain.oslo]
    for path in (f"/screens/{box.screen}", f"/devices/{box.device}"):
        page = browser.get(path).get_data(as_text=True)
        assert "Oslo 1" in page
        assert [word for word in ("Retire it", "Move it", "Shut it out", "Rename") if word in page] == []
    for deed in ("move", "retire", "pair"):
        assert browser.post(f"/screens/{box.screen}/{deed}", headers=OURS).status_code == 403
    assert browser.get(f"/screens/{chain.boxes[chain.bergen].screen}").status_code == 404


def test_per_moves_nothing_out_of_his_part(chain: Chain) -> None:
    browser, box = chain.browser(chain.per), chain.boxes[chain.malmo]
    assert move(browser, chain, box.screen, chain.oslo) == 404
    assert move(browser, chain, box.screen, chain.malmo) == 400  # it stands there already
    page = browser.get(f"/screens/{box.screen}/move?elsewhere=yes").get_data(as_text=True)
    assert "Oslo" not in page
