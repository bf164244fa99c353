"""A figure that changed says so, and why: through the pages, as people see them."""

import re
from html import unescape

import pytest
from sqlalchemy import select, update

from sync import models
from sync.centre import Centre
from sync.intake import erasures
from sync.office import pairing, placing, standing_words
from sync.office.audit import COMMAND
from sync.office.counts import Figure
from sync.survey import SCALES
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, MINUTE_MS, OURS, Chain

DAY = "2026-03-02"


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    """It is Tuesday noon; on Monday ten people answered in Oslo, and everybody has looked."""
    clock.ms -= DAY_MS
    chain = Chain(a_centre, clock)
    chain.visits(chain.oslo, [3, 3, 3, 2, 2, 3, 3, 2, 3, 0])
    clock.ms += DAY_MS
    for box in chain.boxes.values():
        box.send(chain.app.test_client())
    chain.page("/")
    clock.ms += 10 * MINUTE_MS
    return chain


def read(chain: Chain, path: str, user: int | None = None) -> str:
    """The words of a page."""
    page = chain.page(path, user)
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def deliver_late(chain: Chain) -> None:
    chain.visits(chain.oslo, [0] * 4, days_ago=1)


def test_a_day_that_everybody_delivered_is_final(chain: Chain) -> None:
    said = read(chain, "/")
    assert "Final: every screen of a place that was open has delivered." in said
    assert "first shown" not in said


def test_a_late_delivery_is_told_with_both_numbers(chain: Chain) -> None:
    deliver_late(chain)
    said = read(chain, f"/locations/{chain.oslo}")
    assert "57, first shown as 80; restated after Oslo 1 delivered 4 answers at 12:10." in said
    why = read(chain, f"/locations/{chain.oslo}/why?day={DAY}")
    assert "57 from 14 answers, first shown as 80 from 10 answers." in why
    assert re.search(r"Came late Oslo 1 delivered 4 answers at 12:10. 80 → 57", why)
    assert why.count("Very unhappy Checkout Mon") == 4
    assert "12:10 Oslo 1" in why


def test_every_score_leads_there(chain: Chain) -> None:
    assert f'href="/why?day={DAY}"' in chain.page("/")
    assert f'href="/locations/{chain.oslo}/why?day={DAY}"' in chain.page(f"/locations/{chain.oslo}")
    assert f'href="/locations/{chain.oslo}/why?days=7"' in chain.page(f"/locations/{chain.oslo}?days=7")
    assert 'href="/why?days=7"' in chain.page("/?days=7")
    assert "Why did this change?" in read(chain, "/why?days=7")


def test_nps_has_its_sign(chain: Chain) -> None:
    before, after = (Figure(SCALES["nps11"], (*[0] * 6, low, 0, 0, 0, high)) for low, high in ((2, 10), (8, 6)))
    assert "+67 → −14" in standing_words.between(before, after)


def test_a_van_that_was_not_heard_of_is_waited_for_by_name(chain: Chain) -> None:
    table = models.devices
    fell_ms = chain.clock() - 20 * 60 * MINUTE_MS
    with chain.centre.db.writing() as tx:
        those = table.c.id == chain.boxes[chain.bergen].device
        tx.execute(update(table).where(those).values(complete_ms=fell_ms, contact_ms=fell_ms))
    assert "Provisional: Bergen 1 has not delivered since Mon 16:10." in read(chain, "/")
    assert "Final: every screen of a place that was open has delivered." in read(chain, f"/locations/{chain.oslo}")
    why = read(chain, f"/locations/{chain.norway}/why?day={DAY}")
    assert "Bergen 1 : delivered to Mon 16:10, and not heard of since" in why
    with chain.centre.db.writing() as tx:
        tx.execute(update(table).where(those).values(revoked_ms=chain.clock()))
    gone = read(chain, f"/locations/{chain.norway}/why?day={DAY}")
    assert "Final, without what Bergen 1 did not deliver since Mon 16:10: it is out of service." in gone


def test_a_shop_with_opening_hours_is_waited_for_alike(chain: Chain) -> None:
    table, hours = (
        models.locations,
        "[[[540,1260]],[[540,1260]],[[540,1260]],[[540,1260]],[[540,1260]],[[540,1260]],[]]",
    )
    with chain.centre.db.writing() as tx:
        tx.execute(update(table).where(table.c.id == chain.bergen).values(hours=hours))
        box = models.devices.c.id == chain.boxes[chain.bergen].device
        tx.execute(update(models.devices).where(box).values(complete_ms=chain.clock() - 20 * 60 * MINUTE_MS))
    assert "Provisional: Bergen 1 has not delivered since Mon 16:10." in read(chain, "/")


def test_a_day_that_goes_on_says_through_when(chain: Chain) -> None:
    assert "Provisional: the last of these days is not over." in read(chain, "/?days=7")
    assert "Complete to 12:00." in read(chain, f"/locations/{chain.oslo}/why?days=7")


def test_revisions_and_bursts_are_told_apart(chain: Chain) -> None:
    box, at_ms = chain.boxes[chain.oslo], chain.clock() - DAY_MS
    first = box.response(0, at_ms=at_ms)
    client = chain.app.test_client()
    box.send(client, first)
    box.send(client, box.response(3, at_ms=at_ms, id=first["id"], rev=2))
    taps = [box.response(3, at_ms=at_ms + 3_600_000 + n * 2_000, boot="one") for n in range(4)]
    box.send(client, *taps[:3])
    box.send(client, taps[3])
    why = read(chain, f"/locations/{chain.oslo}/why?day={DAY}")
    assert "Answered anew 1 customer changed an answer (Oslo 1 told us at 12:10)" in why
    assert "Set aside 2 answers were set aside at 12:10." in why


def test_a_persons_word_on_a_flag_is_told_with_their_name(chain: Chain) -> None:
    with chain.centre.db.reading() as tx:
        name = tx.execute(select(models.responses.c.id).limit(1)).scalar_one()
    form = {"flag": "by_hand", "do": "set", "reason": "The cleaners"}
    answer = chain.browser(chain.astrid).post(f"/answers/{name}/flags", data=form, headers=OURS)
    assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:3000]
    why = read(chain, f"/locations/{chain.oslo}/why?day={DAY}")
    assert "Set aside Astrid set 1 answer aside at 12:10. The cleaners 80 → 78" in why


def test_an_erasure_is_told_though_nothing_moved(chain: Chain) -> None:
    with chain.centre.db.reading() as tx:
        name = tx.execute(select(models.responses.c.id).limit(1)).scalar_one()
    erasures.erase(chain.centre.db, chain.centre.settings.erasures_file, name, chain.clock(), by="Astrid")
    why = read(chain, f"/locations/{chain.oslo}/why?day={DAY}")
    assert "Words erased The words of 1 answer were erased at 12:10. 80 → 80" in why
    assert "first shown" not in read(chain, f"/locations/{chain.oslo}")


def test_a_screen_that_was_moved_changed_two_places(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        spot = pairing.spot(tx, chain.boxes[chain.oslo].screen or "")
        assert spot is not None
        point = select(models.touchpoints.c.id).where(models.touchpoints.c.location_id == chain.bergen)
        version = tx.execute(select(models.screens.c.version).where(models.screens.c.id == spot.id)).scalar_one()
        typed = placing.now_there("Europe/Oslo", chain.clock() - 2 * DAY_MS)
        target = tx.execute(point).scalar_one()
        assert placing.move(tx, COMMAND, spot, version, target, typed, chain.clock()) == 10
    oslo, bergen = (read(chain, f"/locations/{place}/why?day={DAY}") for place in (chain.oslo, chain.bergen))
    assert "no answers, first shown as 80 from 10 answers." in oslo
    assert "80 from 10 answers, first shown as no answers." in bergen
    assert "Moved with their screen 10 answers moved with their screen, as was written down at 12:10" in bergen
    together = read(chain, f"/locations/{chain.norway}/why?day={DAY}")
    assert "first shown as" not in together  # nothing came or went for both together


def test_who_may_not_see_single_answers_hears_no_more_than_how_many(chain: Chain) -> None:
    deliver_late(chain)
    why = read(chain, f"/locations/{chain.oslo}/why?day={DAY}", chain.bjorn)
    assert "Oslo 1 delivered 4 answers at 12:10" in why
    assert "→" not in why
    assert "Very unhappy" not in why
    assert chain.browser(chain.per).get(f"/locations/{chain.oslo}/why").status_code == 404


def test_reading_what_arrived_is_noted_once_a_day(chain: Chain) -> None:
    deliver_late(chain)
    kari = chain.hired("kari@example.com", "Kari", ("manager", chain.oslo))
    for _ in range(2):
        chain.page(f"/locations/{chain.oslo}/why?day={DAY}", kari)
    table = models.audit
    with chain.centre.db.reading() as tx:
        noted = tx.execute(select(table.c.id).where(table.c.action == "answers read", table.c.user_id == kari)).all()
    assert len(noted) == 1


def test_what_arrived_goes_page_by_page(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 60, days_ago=1)
    last = read(chain, f"/locations/{chain.oslo}/why?day={DAY}&page=3")
    assert "Page 3 of 3" in last
    assert last.count("Very happy Checkout") == 10


def test_a_part_of_the_answers_is_answered_for_by_all_of_them(chain: Chain) -> None:
    said = read(chain, f"/locations/{chain.oslo}/why?day={DAY}&lang=en")
    assert "The record is kept for all answers together" in said
    assert chain.browser(chain.astrid).get("/why?day=yesterday").status_code == 400


def test_where_was_answered_is_told_apart_from_how(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30, days_ago=8)
    chain.visits(chain.bergen, [0] * 30, days_ago=8)
    chain.visits(chain.oslo, [3] * 50, days_ago=1)
    chain.visits(chain.bergen, [0] * 12, days_ago=1)
    why = read(chain, f"/locations/{chain.norway}/why?day={DAY}")
    assert "Against the same weekdays before: 50 → 81. Of the +31 points, +33 come from which places" in why
    assert "Oslo : 50% of the answers before, 83% now; 100 → 97" in why
    assert "Molde : " not in why


def test_who_may_not_see_single_answers_is_told_what_was_shown_to_them(chain: Chain) -> None:
    """Four more are too few to be shown; with six more the figure moves, and says so."""
    deliver_late(chain)
    assert "first shown" not in read(chain, f"/locations/{chain.oslo}", chain.bjorn)
    chain.visits(chain.oslo, [0] * 6, days_ago=1)
    chain.clock.ms += 16 * MINUTE_MS
    chain.page("/", chain.bjorn)
    said = read(chain, f"/locations/{chain.oslo}", chain.bjorn)
    assert "40, first shown as 80; restated after Oslo 1 delivered 10 answers at 12:10." in said


def test_a_crews_day_is_first_shown_at_its_briefing(a_centre: Centre, clock: Clock) -> None:
    chain = Chain(a_centre, clock)
    van = chain.shop("Van 12", kind="crew")
    driver = chain.hired("kari@example.com", "Kari", ("viewer", van))
    chain.visits(van, [3] * 8)
    clock.ms += 13 * 60 * MINUTE_MS  # one o'clock at night
    chain.page("/")
    chain.page("/", driver)
    clock.ms += 11 * 60 * MINUTE_MS
    chain.page("/", driver)
    chain.visits(van, [0] * 8, days_ago=1)
    clock.ms += DAY_MS
    chain.page("/", driver)
    said = read(chain, f"/locations/{van}/why?day=2026-03-03", driver)
    assert "50 from 16 answers, first shown as 100 from 8 answers." in said
