"""What head office reads of its terminals: what each was given, what of it is here, who needs somebody. Over HTTP, on
both databases."""

import re
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text, update

from sync import models, wire
from sync.centre import Centre
from sync.office import device_words, devices, listing, watch
from sync.office.ledger import Counts, reckon
from sync.wire import StreamCounts
from tests.boxes import NOON, Box
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, FRAGMENT, MINUTE_MS, Chain
from tests.sync.test_pages import sentence, version, words

HOUR_MS = 60 * MINUTE_MS


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def report(chain: Chain, shop: int, *entries: Any, **health: Any) -> None:
    """The terminal there is heard of; `sealed`, `pending` and `parked` are of its only stream."""
    box = chain.boxes[shop]
    counts = {"sealed": box.seq, "acked": 0, "pending": len(entries), "parked": 0}
    counts |= {name: health.pop(name) for name in tuple(counts) if name in health}
    told = {"streams": {box.stream: counts}, "stream": box.stream, **health}
    anchor = {"boot": box.boot, "boottime_ms": 2 * 10**9, "server_ms": chain.clock(), "rtt_ms": 60}
    box.send(chain.app.test_client(), *entries, health=told, app=wire.APP, anchors=[anchor])


def row(page: str, box: Box) -> str:
    """What stands in a terminal's row, as words."""
    found = re.search(rf'<tr role="row" id="{box.device}".*?</tr>', page, re.DOTALL)
    assert found, f"no row for {box.device}"
    return words(re.sub(r'<span class="label".*?</span>', "", found[0]))


def all_heard(chain: Chain) -> None:
    for shop in chain.boxes:
        report(chain, shop)


def test_every_terminal_that_owes_nothing_is_one_sentence(chain: Chain) -> None:
    all_heard(chain)
    page = chain.page("/devices")
    assert sentence(page) == "All 3 terminals have delivered everything through 12:00."
    assert "Need somebody" not in page
    assert row(page, chain.boxes[chain.oslo]) == "Oslo Oslo 1 · clock within 0.1 s Complete to 12:00 0 0 0 0 0 12:00"


def test_what_was_given_is_received_or_accounted_for(chain: Chain) -> None:
    all_heard(chain)
    box = chain.boxes[chain.bergen]
    entries = [box.response() for _ in range(10)]
    report(chain, chain.bergen, *entries[:4], pending=8, parked=2, oldest_pending_ms=2 * DAY_MS)
    page = chain.page("/devices")
    assert row(page, box).startswith(
        "Bergen Bergen 1 · clock within 0.1 s 4 unsent since Sun 12:00 · 2 parked 10 4 4 2 0"
    )
    assert sentence(page) == (
        "1 terminal owes 6 answers, the oldest since Sun 12:00. 2 terminals have delivered everything through 12:00."
    )
    assert words(page).index("Needs somebody") < words(page).index("Bergen") < words(page).index("The others")


def test_what_the_terminal_takes_for_delivered_and_is_not_here_is_a_gap(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    report(chain, chain.oslo, box.response())
    report(chain, chain.oslo, sealed=8, acked=8)
    page = chain.page("/devices")
    assert "7 missing here 8 1 0 0 7" in row(page, box)
    own = words(chain.page(f"/devices/{box.device}"))
    assert "It owes 7 answers: 7 missing here." in own
    assert "It compares every night and sends again what it still has" in own


@pytest.mark.parametrize(
    ("n", "top", "sealed", "told", "counts"),
    [
        (0, 0, 0, None, Counts()),
        (10, 10, 10, StreamCounts(10, 0, 10, 0), Counts(10, 10)),
        (4, 4, 10, StreamCounts(10, 0, 10, 0), Counts(10, 4, unsent=6)),
        (4, 10, 9, StreamCounts(10, 4, 4, 2), Counts(10, 4, unsent=4, parked=2)),
        (4, 4, 10, StreamCounts(10, 9, 1, 0), Counts(10, 4, unsent=1, gap=5)),
        (4, 4, 10, None, Counts(10, 4, gap=6)),
        (12, 10, 10, StreamCounts(10, 10, 0, 0), Counts(10, 12, surplus=2)),
        (10, 10, 10, StreamCounts(10, 9, 0, 1), Counts(10, 10, parked=1)),  # parked there though it arrived
    ],
)
def test_a_streams_ledger(n: int, top: int, sealed: int, told: StreamCounts | None, counts: Counts) -> None:
    assert reckon(n, top, sealed, told) == counts


def test_a_box_with_a_new_file_has_a_ledger_for_each(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    report(chain, chain.oslo, box.response(), box.response())
    before, box.stream, box.seq = box.stream, "a-new-stream", 0
    report(chain, chain.oslo, box.response(), aside=1, damaged=3)
    page = words(chain.page(f"/devices/{box.device}"))
    assert f"a-new-st, the one it writes now 1 1 0 0 0 {before[:8]} 2 2 0 0 0 All 3 3 0 0 0" in page
    assert "1 damaged file moved aside, 3 entries unreadable. They stay in its data folder" in page


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ({"lost": 3, "sealed": 3}, "3 lost"),
        ({"storage": "full"}, "Its disk is full"),
        ({"storage": "on_fire"}, "Its disk is in trouble"),
        ({"aside": 2}, "2 damaged files moved aside"),
        ({"damaged": 1}, "1 entry unreadable"),
    ],
)
def test_a_box_in_trouble_says_so_in_words(chain: Chain, health: dict[str, Any], said: str) -> None:
    report(chain, chain.oslo, **health)
    assert f"Oslo 1 · clock within 0.1 s {said}" in row(chain.page("/devices"), chain.boxes[chain.oslo])


def test_what_a_screens_own_page_still_holds_is_told(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    pages = {"scr-1": {"beat_ms": 1, "persisted": True, "unsent": 2}, "scr-2": {"unsent": "in words"}, "scr-3": {}}
    all_heard(chain)
    report(chain, chain.oslo, screens=pages)
    page = words(chain.page(f"/devices/{box.device}"))
    assert "In its pages 2 answers that its terminal did not take yet" in page
    assert "It has delivered what it was given; 2 answers are still in its pages." in page
    page = chain.page("/devices")
    assert sentence(page) == (
        "2 answers wait in the pages of 1 terminal, since 12:00. 2 terminals have delivered everything through 12:00."
    )
    assert "2 in its pages" in row(page, box)
    assert "Needs somebody" not in words(page)


def test_what_a_page_keeps_for_long_needs_somebody(chain: Chain) -> None:
    """Its terminal is beside it: what that did not take for minutes does not come by itself."""
    all_heard(chain)
    box = chain.boxes[chain.oslo]
    report(chain, chain.oslo, screens={box.screen: {"beat_ms": 1, "unsent": 1, "held_ms": 2 * HOUR_MS}})
    page = chain.page("/devices")
    assert sentence(page).startswith("1 answer waits in the pages of 1 terminal, since 10:00. 2 terminals have")
    assert "1 in its pages since 10:00" in row(page, box)
    assert "Needs somebody" in words(page)
    assert "1 answer is kept by the page of a screen" in words(chain.page(f"/devices/{box.device}"))
    with chain.centre.db.reading() as tx:
        complete_ms = tx.execute(select(models.devices.c.complete_ms).where(models.devices.c.id == box.device)).scalar()
    assert complete_ms == chain.clock() - 2 * HOUR_MS  # so the overview says it too


def test_a_gateway_says_which_of_its_tablets_should_be_fetched(chain: Chain) -> None:
    """What waits in one for a day comes first, then one that nobody heard of, then one that is well."""
    box = chain.boxes[chain.oslo]
    well, away, late = (each.screen for each in chain.boxes.values())
    with chain.centre.db.writing() as tx:
        tx.execute(update(models.screens).where(models.screens.c.id.in_((away, late))).values(device_id=box.device))
    told: dict[str, Any] = {
        well: {"beat_ms": 1, "persisted": True, "unsent": 0},
        away: {"beat_ms": 30 * HOUR_MS, "persisted": True, "unsent": 0},
        late: {"beat_ms": 1, "unsent": 3, "held_ms": 25 * HOUR_MS},
    }
    report(chain, chain.oslo, screens=told)
    page = words(chain.page(f"/devices/{box.device}"))
    assert "take it in on the staff page of its gateway." in page
    first, second = page.index("3 answers wait in it since"), page.index("not heard of since")
    assert first < second < page.index("heard of at", second + 5)
    assert page.count("its browser did not promise to keep what waits") == 1


@pytest.mark.parametrize("wild", [10**29, -(10**29), 1.5, 1e300, True, None, [1], {"n": 1}, "9" * 5000])
def test_wild_numbers_of_a_page_spoil_no_page(chain: Chain, wild: object) -> None:
    all_heard(chain)
    box = chain.boxes[chain.oslo]
    report(chain, chain.oslo, screens={box.screen: {"beat_ms": wild, "unsent": wild, "held_ms": wild}})
    report(chain, chain.bergen, screens={"s": {"unsent": 1, "held_ms": wild}})
    for path in ("/", "/devices", f"/devices/{box.device}"):
        assert sentence(chain.page(path))


def test_times_in_no_year_at_all_spoil_no_page(chain: Chain) -> None:
    all_heard(chain)
    box = chain.boxes[chain.oslo]
    wild = [{"boot": f"b{n}", "boottime_ms": 0, "server_ms": n, "rtt_ms": 2**53} for n in (2**53, -(2**53))]
    counts = {box.stream: {"sealed": 9, "acked": 0, "pending": 9, "parked": 0}}
    box.send(chain.app.test_client(), anchors=wild, health={"streams": counts, "oldest_pending_ms": 2**53})
    for path in ("/", "/devices", f"/devices/{box.device}"):
        assert sentence(chain.page(path))


def test_a_loss_is_said_at_the_top_as_an_exact_number(chain: Chain) -> None:
    all_heard(chain)
    report(chain, chain.oslo, lost=3, sealed=3)
    assert "3 answers are lost." in sentence(chain.page("/devices"))
    page = words(chain.page(f"/devices/{chain.boxes[chain.oslo].device}"))
    assert "3 answers were delivered once, are not here any more, and the terminal has no copy left." in page


def test_a_dead_terminal_needs_somebody(chain: Chain, clock: Clock) -> None:
    all_heard(chain)
    clock.ms += HOUR_MS
    report(chain, chain.oslo)
    page = chain.page("/devices")
    assert "Dead since 12:00" in row(page, chain.boxes[chain.bergen])
    assert sentence(page) == (
        "2 terminals are dead, the longest since 12:00. 1 terminal has delivered everything through 13:00."
    )


def test_a_closed_shop_may_be_switched_off(chain: Chain, clock: Clock) -> None:
    nights = chain.shop("Narvik", hours=[[(10 * 60, 18 * 60)]] * 7)
    all_heard(chain)
    clock.ms += 12 * HOUR_MS
    for shop in (chain.oslo, chain.bergen, chain.malmo):
        report(chain, shop)
    page = chain.page("/devices")
    assert sentence(page) == (
        "All 4 terminals have delivered everything: 3 through 00:00, the others through when they were last heard, "
        "Tue 12:00 at the earliest."
    )
    assert "Complete to Tue 12:00" in row(page, chain.boxes[nights])


def test_a_copied_card_asks_for_a_person(chain: Chain, clock: Clock) -> None:
    box, at_ms = chain.boxes[chain.oslo], clock()
    all_heard(chain)
    sign = {"device_id": box.device, "sign": "slot", "first_ms": at_ms - DAY_MS, "last_ms": at_ms, "times": 2}
    with chain.centre.db.writing() as tx:
        tx.execute(insert(models.clone_signs).values(sign))
    assert "One box or two?" in row(chain.page("/devices"), box)
    page = words(chain.page(f"/devices/{box.device}"))
    assert "Two different answers came under the same number: 2 times, first Mon 12:00, last 12:00." in page
    assert f"smilepost server settle-clone {box.device}" in page
    with chain.centre.db.writing() as tx:
        tx.execute(update(models.clone_signs).values(settled_ms=at_ms))
    assert "One box or two?" not in chain.page("/devices")


def test_what_is_kept_apart_is_told_with_its_reason(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    report(chain, chain.oslo, box.response(survey="lost-in-the-post"), box.response())
    assert "Some kept apart, not counted 2 2 0 0 0" in row(chain.page("/devices"), box)
    page = words(chain.page(f"/devices/{box.device}"))
    assert "1 answer kept apart, not counted: to a survey that is not known here; once that is mended," in page


def test_a_clock_is_told_in_words(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    stamp = {"boot": "another", "boottime_ms": 5, "wall_ms": 5, "synced": False}
    box.send(chain.app.test_client(), box.response(stamp=stamp))
    assert "Oslo 1 · clock not compared yet · version 0 Times of answers uncertain" in row(chain.page("/devices"), box)
    page = words(chain.page(f"/devices/{box.device}"))
    assert "Since it was started, its clock was not compared with ours yet." in page
    assert "1 not known: counted on the day they arrived, in no hour" in page
    assert f"Program 0; head office runs {wire.VERSION}" in page
    anchor = {"boot": box.boot, "boottime_ms": 10**9, "server_ms": chain.clock(), "rtt_ms": 420}
    box.send(chain.app.test_client(), anchors=[anchor])
    assert "Oslo 1 · clock within 0.2 s" in row(chain.page("/devices"), box)
    page = words(chain.page(f"/devices/{box.device}"))
    assert "Its clock and ours agree within 0.2 s." in page
    assert "12:00 12:00 210 ms" in page


def test_bjorn_sees_oslos_terminals_and_no_other(chain: Chain) -> None:
    all_heard(chain)
    page = chain.page("/devices", chain.bjorn)
    assert sentence(page) == "The terminal has delivered everything through 12:00."
    assert [name for name in ("Bergen", "Malmö", "Norway") if name in page] == []
    browser = chain.browser(chain.bjorn)
    assert browser.get(f"/devices/{chain.boxes[chain.oslo].device}").status_code == 200
    for path in ("", "/now"):
        assert browser.get(f"/devices/{chain.boxes[chain.bergen].device}{path}").status_code == 404
    assert browser.get("/devices/nothing").status_code == 404


def test_per_sees_nothing_of_norway_and_a_stranger_nothing_at_all(chain: Chain) -> None:
    all_heard(chain)
    page = chain.page("/devices", chain.per)
    assert [name for name in ("Oslo", "Bergen", "Molde", "Norway") if name in page] == []
    assert "Malmö" in page
    for path in ("/devices", "/devices/now", f"/devices/{chain.boxes[chain.malmo].device}"):
        assert chain.browser().get(path).status_code == 303


def test_a_box_with_screens_in_two_places_shows_each_viewer_theirs(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    with chain.centre.db.writing() as tx:
        mine = models.screens.c.id == chain.boxes[chain.bergen].screen
        tx.execute(update(models.screens).where(mine).values(device_id=box.device))
    assert "Bergen, Oslo Bergen 1, Oslo 1" in row(chain.page("/devices"), box)
    seen = chain.page("/devices", chain.bjorn)
    assert row(seen, box).startswith("Oslo Oslo 1 ")
    assert "Bergen" not in seen + chain.page(f"/devices/{box.device}", chain.bjorn)


def test_a_box_that_was_replaced_still_owes_what_it_holds(chain: Chain, clock: Clock) -> None:
    old, new = chain.boxes[chain.oslo], chain.boxes[chain.malmo]
    report(chain, chain.oslo, old.response(), sealed=32, pending=32, oldest_pending_ms=MINUTE_MS)
    with chain.centre.db.writing() as tx:
        tx.execute(update(models.screens).where(models.screens.c.id == old.screen).values(device_id=new.device))
    clock.ms += 10 * DAY_MS
    page = chain.page("/devices", chain.bjorn)
    assert "31 unsent since 3 Mar 11:59 · Drives no screen any more 32 1 31 0 0" in row(page, old)
    assert "Dead" not in row(page, old)  # nobody waits to hear of it
    own = words(chain.page(f"/devices/{old.device}"))
    assert "It stands nowhere any more: let it send them before it is wiped." in own


def test_health_from_another_version_hides_no_terminal(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        tx.execute(update(models.devices).values(health='{"streams": "in a new way"}'))
    assert chain.page("/devices").count('<tr role="row" id="dev-') == 3


def names(page: str) -> list[str]:
    """The places of the rows, from the top."""
    found = re.findall(r'<tr role="row" id="dev-[^"]*".*?<bdi>(.*?)</bdi>', page, re.DOTALL)
    return [str(name) for name in found]


def test_who_needs_somebody_stands_by_need_and_is_found_by_it(chain: Chain, clock: Clock) -> None:
    full, cloned, behind = (chain.shop(name) for name in ("Alta", "Bodø", "Drammen"))
    clock.ms += HOUR_MS
    for shop in (chain.oslo, chain.malmo, full, cloned, behind):
        report(chain, shop)
    report(chain, full, storage="full")
    report(chain, behind, sealed=3, pending=3, oldest_pending_ms=2 * HOUR_MS)
    chain.boxes[cloned].send(chain.app.test_client(), health={"streams": {}, "fingerprint": "other"})
    page = chain.page("/devices")
    assert names(page) == ["Bergen", "Drammen", "Bodø", "Alta", "Malmö", "Oslo"]
    assert sentence(page).startswith(
        "1 terminal is dead: not heard of yet. 1 terminal owes 3 answers, the oldest since"
    )
    assert "All 6 Dead 1 Behind 1 One box or two 1 Disk 1" in words(page)
    for state, name in (("dead", "Bergen"), ("behind", "Drammen"), ("clone", "Bodø"), ("storage", "Alta")):
        assert names(chain.page(f"/devices?state={state}")) == [name]
    assert names(chain.page("/devices?state=nonsense")) == names(page)
    assert names(chain.page("/devices?search=oslo+1")) == ["Oslo"]
    assert names(chain.page("/devices?search=Malmö")) == ["Malmö"]
    assert names(chain.page(f"/devices?search={chain.boxes[full].device}")) == ["Alta"]
    assert names(chain.page("/devices?search=alta&state=dead")) == []
    assert "No terminal that you see is like that." in chain.page("/devices?search=nowhere")


def test_a_heartbeat_that_stops_in_opening_hours_is_red_within_thirty_minutes(chain: Chain, clock: Clock) -> None:
    shop = chain.shop("Narvik", hours=[[(10 * 60, 18 * 60)]] * 7)
    report(chain, shop)
    device, seen, stopped_ms = chain.boxes[shop].device, [], clock()
    for minutes in (10, 14, 15, 20, 29, 30, 120, 6 * 60 - 1, 6 * 60, 12 * 60, 22 * 60 + 14, 22 * 60 + 15):
        clock.ms = stopped_ms + minutes * MINUTE_MS
        found = re.search(rf'id="{device}".*?class="state ([^"]*)"', chain.page("/devices?search=Narvik"), re.DOTALL)
        if found and "dead" in found[1]:
            seen.append(minutes)
    # From a quarter past twelve until it is closed at six, and a quarter of an hour after it opens again.
    assert seen == [15, 20, 29, 30, 120, 6 * 60 - 1, 22 * 60 + 15]


def test_nobody_answers_where_many_would(chain: Chain, clock: Clock) -> None:
    """Four weeks of mornings with seven answers an hour, and then none since eleven, though it is heard from."""
    oslo, client = chain.boxes[chain.oslo], chain.app.test_client()
    first = clock()
    for days in range(28, 0, -1):
        taps = [first - days * DAY_MS - 2 * HOUR_MS + n * 9 * MINUTE_MS for n in range(26)]
        oslo.send(client, *(oslo.response(3, at_ms=ms) for ms in taps))
    oslo.send(client, *(oslo.response(3, at_ms=first - 2 * HOUR_MS + n * 9 * MINUTE_MS) for n in range(7)))
    assert "Silent" not in words(chain.page("/devices"))
    clock.ms += 40 * MINUTE_MS
    all_heard(chain)
    page = chain.page("/devices")
    assert names(page)[0] == "Oslo"
    assert "No answers since 10:54, where about 12 are usual" in row(page, oslo)
    assert "1 terminal is silent." in sentence(page)
    own = words(chain.page(f"/devices/{oslo.device}"))
    assert "Nobody else answered at that place since: perhaps it is closed today." in own
    report(chain, chain.oslo, oslo.response(3, at_ms=clock()))
    assert "1 terminal is silent." not in sentence(chain.page("/devices"))


def test_before_the_first_terminal_the_page_says_how_to_get_one(a_centre: Centre, clock: Clock) -> None:
    empty = Chain(a_centre, clock, founded=False)
    astrid = empty.person("astrid@example.com", "Astrid")
    page = empty.page("/devices", astrid)
    assert sentence(page) == "No terminal stands here yet."
    assert "smilepost kiosk enrol CODE" in page


def test_an_open_page_asks_for_what_changed(chain: Chain) -> None:
    all_heard(chain)
    browser = chain.browser(chain.astrid)
    shown = version(chain.page("/devices"))
    assert browser.get(f"/devices/now?version={shown}", headers=FRAGMENT).status_code == 204
    device = chain.boxes[chain.oslo].device
    assert browser.get(f"/devices/{device}/now?version={shown}", headers=FRAGMENT).status_code == 204
    report(chain, chain.oslo, chain.boxes[chain.oslo].response())
    piece = browser.get(f"/devices/now?version={shown}", headers=FRAGMENT).get_data(as_text=True)
    assert piece.lstrip().startswith('<div id="now"')
    assert "1 1 0 0 0" in row(piece, chain.boxes[chain.oslo])


def test_ten_thousand_terminals_come_page_by_page_the_troubled_first(chain: Chain) -> None:
    health = '{"streams":{"s":{"sealed":9,"acked":9,"pending":0,"parked":0}},"stream":"s"}'
    about = {"generation": 1, "fingerprint": "", "app": "smilepost/0", "health": health}
    about |= {"enrolled_ms": NOON, "contact_ms": chain.clock(), "complete_ms": chain.clock()}
    numbers = range(9_997)
    with chain.centre.db.writing() as tx:
        tx.execute(insert(models.devices), [{"id": f"dev-{n:05}", "install": f"i{n}", **about} for n in numbers])
        row_ = {"n": 9, "max_seq": 9, "sealed": 9}
        tx.execute(insert(models.streams), [{"stream": f"s{n}", "device_id": f"dev-{n:05}", **row_} for n in numbers])
    report(chain, chain.bergen, storage="full")
    page = chain.page("/devices")
    assert "Page 1 of 400" in page
    assert "All 10,000" in words(page)
    first = re.search(r'<tr role="row" id="([^"]*)"', page)
    assert first
    assert first[1] == chain.boxes[chain.bergen].device
    assert page.count('<tr role="row" id="') == listing.A_PAGE
    assert chain.page("/devices?page=400").count('<tr role="row" id="') == listing.A_PAGE
    assert "Page 400 of 400" in chain.page("/devices?page=999")
    assert 'id="dev-00700"' in chain.page("/devices?search=dev-00700")


def test_bjorn_finds_his_among_very_many(chain: Chain) -> None:
    """More than are looked at in one go."""
    with chain.centre.db.writing() as tx:
        touchpoint = tx.execute(
            select(models.touchpoints.c.id).where(models.touchpoints.c.location_id == chain.oslo)
        ).scalar_one()
        numbers = range(1_000)
        about = {"generation": 1, "fingerprint": "", "app": "smilepost/0", "enrolled_ms": chain.clock()}
        tx.execute(insert(models.devices), [{"id": f"dev-{n:05}", "install": f"i{n}", **about} for n in numbers])
        tx.execute(
            insert(models.screens), [{"id": f"scr-{n}", "name": f"s{n}", "device_id": f"dev-{n:05}"} for n in numbers]
        )
        where = {"touchpoint_id": touchpoint, "from_ms": NOON}
        tx.execute(insert(models.placements), [{"id": f"p{n}", "screen_id": f"scr-{n}", **where} for n in numbers])
    page = chain.page("/devices", chain.bjorn)
    assert "Page 1 of 41" in page
    assert "Page 1 of 41" in chain.page("/devices")


def test_what_a_page_reads_of_answers_goes_by_an_index(chain: Chain) -> None:
    """Whatever there is of them: only those of one device whose time is in doubt are looked at, and at most so many."""
    asked: list[tuple[str, Any]] = []
    with chain.centre.db.reading() as tx:
        event.listen(tx, "before_cursor_execute", lambda _c, _cursor, query, values, *_: asked.append((query, values)))
        devices.details(tx, "dev-1")
        grow = [each for each in asked if re.search("FROM (responses|quarantine)", each[0])]
        explain = "EXPLAIN QUERY PLAN "
        if tx.dialect.name == "postgresql":
            tx.execute(text("SET LOCAL enable_seqscan = off"))  # with nothing in it, it would rather read it all
            explain = "EXPLAIN "
        plans = [str(tx.exec_driver_sql(explain + query, values).all()) for query, values in grow]
    assert ["ix_quarantine_device_id_code" in plans[0], "ix_responses_unsure" in plans[1]] == [True, True], plans


@pytest.mark.parametrize(
    ("screen", "touchpoint", "place", "said"),
    [
        ("Oslo 1", "Checkout", "", "Oslo 1 at Checkout"),
        ("Oslo 1", "Checkout", "Bergen", "Oslo 1 at Checkout, Bergen"),
        ("Leipzig, checkout", "Checkout", "", "Leipzig, checkout"),
        ("Leipzig, checkout", "Checkout", "Leipzig", "Leipzig, checkout"),
        ("Checkout left", "Checkout", "Leipzig", "Checkout left, Leipzig"),
    ],
)
def test_a_screen_called_after_its_spot_is_not_said_to_be_at_itself(
    screen: str, touchpoint: str, place: str, said: str
) -> None:
    assert words(device_words.spot(screen, touchpoint, place)).replace(" ,", ",") == said


def test_a_list_says_on_whose_clock_its_times_are(chain: Chain) -> None:
    for shop in (chain.oslo, chain.malmo):
        chain.visits(shop, [3])
    assert "Times are on the clock of the place where each terminal stands." in chain.page("/devices")
    assert "Times are on the clock of Europe/Stockholm." in chain.page("/devices", chain.per)


def test_the_server_keeps_the_states_up_to_date_by_itself(
    chain: Chain, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "EVERY_S", 0.01)
    all_heard(chain)
    clock.ms += HOUR_MS
    deadline, needs = monotonic() + 20, [0]
    with watch.kept(chain.centre.db, clock):
        while needs != [1, 1, 1] and monotonic() < deadline:
            sleep(0.02)
            with chain.centre.db.reading() as tx:
                needs = list(tx.execute(select(models.devices.c.needs)).scalars())
    assert needs == [1, 1, 1]  # dead, all of them


def test_a_gateway_of_many_places_is_called_after_the_first(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    for number in range(3):
        chain.shop(f"Depot {number}")
    with chain.centre.db.writing() as tx:
        tx.execute(update(models.screens).values(device_id=box.device))
    report(chain, chain.oslo)
    page = words(chain.page(f"/devices/{box.device}"))
    assert ", 3 more places" in page
    assert page.count("Pair anew") == 6
    assert page.count("not heard of since its terminal was started") == 6
