"""When it was: what the clocks of a box in a shop are worth, and what a later answer of the centre makes of them."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.event import listen, remove

from sync import models, wire
from sync.app import create_app
from sync.centre import Centre
from sync.intake import clocks, tally
from sync.intake.clocks import Captured, Ends, Span, Starts, merged
from sync.wire import Anchor, Stamp
from tests.boxes import NOON, Box, enrol_box, open_shop, verdicts
from tests.sync.conftest import Clock

MINUTE, HOUR, DAY_MS = 60_000, 3_600_000, 86_400_000
DAY = 20453
"""2025-12-31, the local day of NOON in Oslo."""


def starts(*anchors: Anchor, **order: int) -> Starts:
    return Starts(merged({}, anchors), order)


def stamp(boot: str, boottime_ms: int, wall_ms: int = 0, synced: bool = False) -> Stamp:
    return Stamp(boot, boottime_ms, wall_ms, synced)


# What a stamp is worth


def test_an_anchor_of_its_own_start_says_when_it_was() -> None:
    known = starts(Anchor("b", 5_000, NOON, 80), Anchor("b", 5_000 + HOUR, NOON + HOUR, 60))
    assert known.correct(stamp("b", 6_000), NOON + DAY_MS) == Captured(NOON + 1_000, "anchored", 40)
    assert known.correct(stamp("b", HOUR), NOON + DAY_MS) == Captured(NOON - 5_000 + HOUR, "anchored", 30)
    assert known.correct(stamp("b", 5_000 + 2 * HOUR), NOON + DAY_MS).error_ms == 30 + 360


def test_a_clock_that_jumps_an_hour_back_changes_nothing_for_who_has_an_anchor() -> None:
    known = starts(Anchor("b", 5_000, NOON, 80))
    back = [
        known.correct(stamp("b", 6_000, wall, synced), NOON) for wall in (0, NOON - HOUR) for synced in (True, False)
    ]
    assert set(back) == {Captured(NOON + 1_000, "anchored", 40)}


@pytest.mark.parametrize("wall_ms", [0, -5, NOON - 20 * 365 * DAY_MS, 4_291_747_200_000, NOON + 6 * MINUTE])
def test_a_clock_in_1970_or_2106_is_not_trusted_though_it_says_it_is_synced(wall_ms: int) -> None:
    assert starts().correct(stamp("b", 5, wall_ms, synced=True), NOON) == Captured(NOON, "unknown", 0)


@pytest.mark.parametrize("ahead_ms", [5 * MINUTE, 0, -HOUR])
def test_a_synced_clock_is_trusted_to_half_a_second(ahead_ms: int) -> None:
    found = starts().correct(stamp("b", 5, NOON + ahead_ms, synced=True), NOON)
    assert found == Captured(NOON + ahead_ms, "synced", 500)


def test_what_lies_more_than_five_minutes_ahead_is_never_trusted() -> None:
    ahead = starts(Anchor("b", 0, NOON, 0))
    assert ahead.correct(stamp("b", 5 * MINUTE), NOON).quality == "anchored"
    assert ahead.correct(stamp("b", 5 * MINUTE + 1), NOON).quality == "unknown"
    assert starts(Anchor("b", 0, 5, 0)).correct(stamp("b", 7), NOON).quality == "unknown"


def test_a_start_without_anchors_lies_between_those_around_it() -> None:
    """Online until ten, a power cut, two hours without a network, another one, and online again at three."""
    ten, three = NOON - 2 * HOUR, NOON + 3 * HOUR
    known = starts(
        Anchor("early", HOUR, ten - HOUR, 0), Anchor("early", 2 * HOUR, ten, 200), Anchor("later", 60_000, three, 100),
        early=1, offline=2, later=3,
    )  # fmt: skip
    found = known.correct(stamp("offline", 2 * HOUR), three + HOUR)
    assert found.quality == "bounded"
    earliest_ms, latest_ms = ten + 2 * HOUR, three - MINUTE
    assert abs(found.ms - (earliest_ms + latest_ms) / 2) < 2_000
    assert abs(found.error_ms - (latest_ms - earliest_ms) / 2) < 2_000
    assert found.ms - found.error_ms <= earliest_ms <= latest_ms <= found.ms + found.error_ms


@pytest.mark.parametrize(
    "order",
    [
        {},  # nobody said which start it was
        {"early": 1, "later": 3},
        {"early": 1, "offline": 2},  # nothing later
        {"offline": 2, "later": 3},  # nothing earlier
        {"early": 1, "offline": 3, "later": 2},
        {"early": 3, "offline": 2, "later": 1},  # two boxes count their starts beside each other
    ],
)
def test_without_both_neighbours_it_is_not_known(order: Mapping[str, int]) -> None:
    known = starts(Anchor("early", 0, NOON, 0), Anchor("later", 0, NOON + HOUR, 0), **order)
    assert known.correct(stamp("offline", 5), NOON + DAY_MS) == Captured(NOON + DAY_MS, "unknown", 0)


def test_a_page_s_own_clock_is_known_by_its_anchors_or_not_at_all() -> None:
    wall = stamp("page-1f", 5, NOON, synced=True)
    around = starts(Anchor("early", 0, NOON, 0), Anchor("later", 0, NOON + HOUR, 0), early=1, later=2)
    assert around.correct(wall, NOON + DAY_MS).quality == "unknown"
    assert starts(Anchor("page-1f", 0, NOON, 10)).correct(wall, NOON + DAY_MS) == Captured(NOON + 5, "anchored", 5)


def test_an_older_terminal_says_no_order_but_its_current_start_is_the_last() -> None:
    ends = merged(
        {}, [Anchor("now", 60_000, NOON, 0), Anchor("w", 5, NOON - 9 * HOUR, 0), Anchor("x", 5, NOON - HOUR, 0)]
    )
    assert clocks.guessed_order("now", [], ends, ["lost", "page-7", "now"]) == {"x": 0, "lost": 1, "now": 2}
    assert clocks.guessed_order("now", ["now", "w", "x"], ends, ["lost"]) == {"w": 0, "lost": 1, "now": 2}
    assert clocks.guessed_order("fresh", ["w"], ends, ["lost"]) == {}
    assert clocks.guessed_order("now", [], merged({}, [Anchor("now", 9, NOON, 0)]), ["lost"]) == {}


@given(st.data())
def test_the_truth_lies_where_a_correction_says_it_does(data: st.DataObject) -> None:
    """A box lives through some starts, its clock a little fast or slow; answers of the centre come or don't."""
    draw, rate = data.draw, data.draw(st.floats(-90e-6, 90e-6))
    now_ms, anchors, stamps = NOON, [], []
    for number in range(draw(st.integers(1, 6))):
        boot, started_ms = f"boot{number}", now_ms + draw(st.integers(0, 10 * HOUR))
        now_ms = started_ms
        for _ in range(draw(st.integers(1, 4))):
            now_ms += draw(st.integers(1, 20 * HOUR))
            here = round((now_ms - started_ms) * (1 + rate))
            if draw(st.booleans()):
                rtt_ms = draw(st.integers(0, 5_000))
                anchors.append(Anchor(boot, here, now_ms + draw(st.integers(-rtt_ms // 2, rtt_ms // 2)), rtt_ms))
            else:
                stamps.append((now_ms, stamp(boot, here)))
    known = starts(*anchors, **{f"boot{number}": number for number in range(6)})
    for truth_ms, each in stamps:
        found = known.correct(each, now_ms + DAY_MS)
        if found.quality != "unknown":
            assert abs(found.ms - truth_ms) <= found.error_ms + 2  # milliseconds are whole
        assert clocks.hour_of(found, clocks.local(found.ms, "Asia/Kathmandu")) is None or found.error_ms <= 30 * MINUTE


# What a later anchor is worth a look for


def test_only_what_an_anchor_may_help_is_looked_at_again() -> None:
    first, last = Anchor("b", 0, NOON, 80), Anchor("b", HOUR, NOON + HOUR, 80)
    known = Ends(first, last)

    def span(*seen: Anchor) -> Span | None:
        return clocks.better_known("b", known, merged({"b": known}, seen)["b"], 1_000)

    assert clocks.better_known("b", None, known, 1_000) == Span("b", -clocks.ALWAYS_MS, clocks.ALWAYS_MS)
    assert span(Anchor("b", HOUR + MINUTE, 0, 80)) is None, "a minute later: nothing was off by a second"
    assert span(Anchor("b", 9 * HOUR, 0, 80)) == Span("b", NOON + HOUR, clocks.ALWAYS_MS)
    assert span(Anchor("b", HOUR + MINUTE, 0, 3_000)) == Span("b", NOON + HOUR, clocks.ALWAYS_MS)
    assert span(Anchor("b", HOUR // 2, 0, 0)) is None
    early = clocks.better_known("b", Ends(last, last), known, 10)
    assert early == Span("b", -clocks.ALWAYS_MS, NOON + HOUR)


@pytest.mark.parametrize(
    ("new", "old", "better"),
    [
        (("anchored", 40), ("anchored", 41), True),
        (("anchored", 41), ("anchored", 41), False),
        (("anchored", 900), ("synced", 500), False),
        (("bounded", 10 * HOUR), ("unknown", 0), True),
        (("unknown", 0), ("unknown", 0), False),
        (("unknown", 0), ("bounded", 10 * HOUR), False),
    ],
)
def test_a_correction_is_never_worse_than_the_one_before(new: Any, old: Any, better: bool) -> None:
    assert clocks.is_better(Captured(0, *new), Captured(0, *old)) is better


def test_the_index_serves_what_a_later_anchor_may_move(a_centre: Centre) -> None:
    unsure = "(responses.quality <> 'anchored' OR responses.error_ms > 1000)"
    where = f"device_id = 'd' AND boot = 'b' AND captured_ms BETWEEN 1 AND 2 AND {unsure}"
    explain = "EXPLAIN QUERY PLAN" if a_centre.db.dialect == "sqlite" else "EXPLAIN"
    with a_centre.db.writing() as tx:
        if a_centre.db.dialect == "postgresql":
            tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = tx.execute(text(f"{explain} SELECT id FROM responses WHERE {where}")).all()
    assert "ix_responses_unsure" in str(plan)


# Through the centre


class Day:
    """A box whose clock nobody set, day by day: `at` moves the time of the centre."""

    def __init__(self, centre: Centre, clock: Clock, box: Box) -> None:
        self.centre, self.clock, self.box = centre, clock, box
        self.client = create_app(centre).test_client()
        self.order: dict[str, int] = {}
        self.anchors: list[Any] = []
        self.start("first")

    def start(self, boot: str) -> None:
        self.box.boot, self.started_ms = boot, self.clock.ms
        self.order[boot] = len(self.order) + 1

    def tap(self, value: int = 3, **changes: Any) -> dict[str, Any]:
        here = {"boot": self.box.boot, "boottime_ms": self.clock.ms - self.started_ms, "wall_ms": 0, "synced": False}
        return self.box.response(value, stamp=here, **changes)

    def anchor(self, rtt_ms: int = 80) -> dict[str, Any]:
        here = self.clock.ms - self.started_ms
        return {"boot": self.box.boot, "boottime_ms": here, "server_ms": self.clock.ms, "rtt_ms": rtt_ms}

    def send(self, *entries: Any, anchors: Any = (), **changes: Any) -> wire.Answer:
        """With every anchor that it has by now, as a terminal does."""
        self.anchors += anchors
        told = {"boots": self.order, "boottime_ms": self.clock.ms - self.started_ms, **changes}
        return self.box.send(self.client, *entries, anchors=self.anchors, **told)

    def row(self, entry: Mapping[str, Any]) -> Any:
        with self.centre.db.reading() as tx:
            assert tally.verify(tx) is None
            return tx.execute(select(models.responses).where(models.responses.c.id == entry["id"])).one()

    def buckets(self, table: Any) -> list[tuple[int, int]]:
        """(day or hour, n) of everything counted."""
        with self.centre.db.reading() as tx:
            return sorted((row[3], row.n) for row in tx.execute(select(table).where(table.c.n > 0)))


@pytest.fixture
def day(a_centre: Centre, clock: Clock, oslo: Box) -> Day:
    clock.ms = NOON
    return Day(a_centre, clock, oslo)


def test_a_later_anchor_moves_the_count_to_its_day_and_hour(day: Day, clock: Clock) -> None:
    """Sent by a stick from a box that never had a network; two days later it gets one."""
    entry = day.tap()
    clock.ms += 2 * DAY_MS
    day.send(entry)
    assert (day.row(entry).quality, day.row(entry).flags) == ("unknown", "time_unknown")
    assert (day.buckets(models.tallies_day), day.buckets(models.tallies_hour)) == ([(DAY + 2, 1)], [])
    clock.ms += MINUTE
    day.send(anchors=[day.anchor()])
    row = day.row(entry)
    assert (row.captured_ms, row.quality, row.flags) == (NOON, "anchored", "")
    assert day.buckets(models.tallies_day) == [(DAY, 1)]
    assert day.buckets(models.tallies_hour) == [(DAY * 24 + 13, 1)]


def test_a_day_offline_between_two_power_cuts_is_bounded(day: Day, clock: Clock) -> None:
    first_anchor = day.anchor()
    day.send(anchors=[first_anchor])
    clock.ms += 10 * MINUTE
    day.start("offline")
    clock.ms += 30 * MINUTE
    entry = day.tap()
    clock.ms += 10 * MINUTE
    day.start("online")
    clock.ms += MINUTE
    day.send(entry, anchors=[day.anchor()])
    row = day.row(entry)
    assert row.quality == "bounded"
    assert abs(row.captured_ms - (NOON + 40 * MINUTE)) <= row.error_ms <= 15 * MINUTE
    assert day.buckets(models.tallies_hour) == [(row.hour, 1)]


def test_what_is_bounded_too_loosely_has_a_day_but_no_hour(day: Day, clock: Clock) -> None:
    day.send(anchors=[day.anchor()])
    clock.ms += HOUR
    day.start("offline")
    entry = day.tap()
    clock.ms += 5 * HOUR
    day.start("online")
    clock.ms += MINUTE
    day.send(entry, anchors=[day.anchor()])
    row = day.row(entry)
    assert (row.quality, row.hour, row.day) == ("bounded", None, DAY)
    assert row.error_ms > 30 * MINUTE
    assert (day.buckets(models.tallies_day), day.buckets(models.tallies_hour)) == ([(DAY, 1)], [])


def test_what_another_card_of_the_same_device_lived_through_bounds_nothing(day: Day, clock: Clock) -> None:
    """Found by the simulation: a card was rolled back. It counts its starts anew, and what the centre remembers of the
    starts that it forgot lies before its own."""
    day.send(anchors=[day.anchor()])
    forgotten = (dict(day.order), list(day.anchors))
    for boot in ("second", "third"):
        clock.ms += MINUTE
        day.start(boot)
        day.send(anchors=[day.anchor()])
    clock.ms += MINUTE
    day.order, day.anchors = forgotten
    day.start("offline")
    entry, offline_ms = day.tap(), clock.ms
    for boot in ("offline-too", "online"):
        clock.ms += MINUTE
        day.start(boot)
    day.send(entry, anchors=[day.anchor()])
    row = day.row(entry)
    assert row.quality == "bounded"
    assert abs(row.captured_ms - offline_ms) <= row.error_ms


def test_an_anchor_that_comes_late_bounds_its_neighbour_anew(day: Day, clock: Clock) -> None:
    """The first start had an answer once more shortly before it ended; that came by a later audit only."""
    day.send(anchors=[day.anchor()])
    clock.ms += 5 * HOUR
    at_the_end = day.anchor()
    clock.ms += MINUTE
    day.start("offline")
    entry, offline_ms = day.tap(), clock.ms
    clock.ms += MINUTE
    day.start("online")
    clock.ms += MINUTE
    online = day.anchor()
    day.send(entry, anchors=[online])
    before = day.row(entry)
    assert (before.quality, before.hour) == ("bounded", None)
    day.send(anchors=[at_the_end, online], audit=[])
    row = day.row(entry)
    assert row.error_ms < 2 * MINUTE
    assert abs(row.captured_ms - offline_ms) <= row.error_ms
    assert day.buckets(models.tallies_hour) == [(row.hour, 1)]


def test_the_order_of_starts_may_be_told_later_than_the_answers(day: Day, clock: Clock) -> None:
    day.send(anchors=[day.anchor()])
    clock.ms += MINUTE
    day.start("offline")
    entry = day.tap()
    clock.ms += MINUTE
    day.start("online")
    clock.ms += MINUTE
    day.send(entry, anchors=[day.anchor()], boots={"online": 3, "first": 1})
    assert day.row(entry).quality == "unknown"
    day.send(anchors=[day.anchor()])
    assert day.row(entry).quality == "bounded"


def test_a_long_drift_is_mended_by_the_next_answer(day: Day, clock: Clock) -> None:
    day.send(anchors=[day.anchor()])
    clock.ms += 11 * HOUR - 60_000
    entry = day.tap()  # a little before midnight, an hour of Oslo's
    clock.ms += 60_000
    day.send(entry)
    assert day.row(entry).error_ms == 40 + 3954
    day.send(anchors=[day.anchor()])
    assert day.row(entry).error_ms == 40 + 6


def test_a_mark_stays_when_the_hour_moves(day: Day, clock: Clock) -> None:
    entry = day.tap()
    day.send(entry, health={"streams": {}, "fingerprint": "another board"})
    assert day.row(entry).flags == "identity_conflict,time_unknown"
    day.send(anchors=[day.anchor()])
    assert day.row(entry).flags == "identity_conflict"


def test_closing_time_is_judged_once_the_hour_is_known(a_centre: Centre, clock: Clock) -> None:
    nine_to_six: Any = [[(9 * 60, 18 * 60)]] * 7
    clock.ms = NOON + 9 * HOUR
    day = Day(a_centre, clock, enrol_box(a_centre, open_shop(a_centre, "Bergen", hours=nine_to_six)[1]))
    entry = day.tap()
    clock.ms = NOON + DAY_MS
    day.send(entry)
    assert not day.row(entry).aside
    day.send(anchors=[day.anchor()])
    assert (day.row(entry).aside, day.row(entry).flags) == (True, "closed")


def test_a_test_tap_and_an_erased_answer_are_corrected_too(day: Day, clock: Clock) -> None:
    test, erased = day.tap(test=True), wire.wipe(day.tap(answers={"comment": "Kari"}))
    day.send(test, erased)
    clock.ms += 3 * DAY_MS
    day.send(anchors=[day.anchor()])
    assert (day.row(test).quality, day.row(erased).quality) == ("anchored", "anchored")
    assert day.buckets(models.tallies_day) == [(DAY, 1)]


def test_a_higher_revision_beside_a_new_anchor_counts_once(day: Day, clock: Clock) -> None:
    entry = day.tap(0)
    clock.ms += 3 * DAY_MS
    day.send(entry)
    second = {**entry, "rev": 2, "seq": 2, "answers": {"visit": 3}}
    assert verdicts(day.send(wire.seal(second, "pepper"), anchors=[day.anchor()])) == ["stored"]
    assert (day.row(entry).rev, day.row(entry).captured_ms) == (2, NOON)
    assert day.buckets(models.tallies_day) == [(DAY, 1)]


def test_an_older_terminal_is_bounded_by_what_its_centre_remembers(day: Day, clock: Clock) -> None:
    day.send(anchors=[day.anchor()], boots={})
    clock.ms += MINUTE
    day.start("offline")
    entry = day.tap()
    page = day.box.response(3, stamp={"boot": "page-1", "boottime_ms": 5, "wall_ms": NOON, "synced": False})
    clock.ms += MINUTE
    day.start("online")
    clock.ms += MINUTE
    day.send(entry, page, anchors=[day.anchor()], boots={})
    assert (day.row(entry).quality, day.row(page).quality) == ("bounded", "unknown")


def test_an_ordinary_batch_looks_at_nothing_again(day: Day, clock: Clock) -> None:
    """A box that is online asks for no starts but its own, and for none of its earlier answers."""
    day.start("second")
    day.send(anchors=[day.anchor()])
    asked: list[str] = []

    def note(*event: Any) -> None:
        asked.append(event[2])

    listen(day.centre.db.engine, "before_cursor_execute", note)
    for _ in range(3):
        clock.ms += 5 * MINUTE
        day.send(day.tap(), anchors=[day.anchor()], boots={"second": 2})
    remove(day.centre.db.engine, "before_cursor_execute", note)
    assert not [statement for statement in asked if " boots" in statement or "error_ms >" in statement]
    assert len([statement for statement in asked if " anchors" in statement]) == 2 * 3
    assert len(asked) <= 20 * 3, "statements of three batches"
