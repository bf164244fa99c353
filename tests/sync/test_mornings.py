"""What was first shown of a day is kept, and what was recorded since explains what is counted now."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, delete, event, insert, select, update

from sync import models, wire
from sync.centre import Centre
from sync.intake import erasures, ingest, tally
from sync.intake.entries import read
from sync.office import mornings, pairing, placing, tree
from sync.office.audit import COMMAND
from tests.sync.conftest import Clock, Verb
from tests.sync.norway import DAY_MS, MINUTE_MS, Chain

YESTERDAY = 20_514
ZONES = ("Europe/Oslo", "America/New_York", "Asia/Tokyo")


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def kept(chain: Chain, place: int, day: int = YESTERDAY) -> dict[str, Row[Any]]:
    table = models.mornings
    query = select(table).where(table.c.location_id == place, table.c.day == day, table.c.whole)
    with chain.centre.db.reading() as tx:
        return {row.question: row for row in tx.execute(query)}


def verified(chain: Chain) -> str | None:
    with chain.centre.db.reading() as tx:
        return tally.verify(tx)


def test_whoever_reads_first_keeps_what_they_saw(chain: Chain) -> None:
    chain.clock.ms -= DAY_MS
    chain.visits(chain.oslo, [3, 3, 0])
    chain.clock.ms += DAY_MS
    chain.page("/")
    found = kept(chain, chain.oslo)
    assert (found["visit"].n, found["visit"].s3, found["visit"].shown_ms) == (3, 2, chain.clock())
    assert (found[""].n, found[""].changes) == (0, "")
    chain.visits(chain.oslo, [1, 1], days_ago=1)
    chain.clock.ms += 60 * MINUTE_MS
    chain.page("/", chain.bjorn)
    assert kept(chain, chain.oslo) == found
    assert verified(chain) is None


def test_what_came_before_anybody_looked_was_in_it(chain: Chain) -> None:
    chain.visits(chain.oslo, [3, 3, 0], days_ago=1)
    chain.page("/")
    found = kept(chain, chain.oslo)
    assert found["visit"].n == 3
    assert found[""].changes.count(",") == 0
    assert int(found[""].changes) > 0
    assert verified(chain) is None


def test_a_day_without_answers_was_shown_as_that(chain: Chain) -> None:
    chain.page("/")
    assert list(kept(chain, chain.bergen)) == [""]
    chain.visits(chain.bergen, [3] * 5, days_ago=1)
    chain.clock.ms += 30 * MINUTE_MS
    chain.page("/")
    assert list(kept(chain, chain.bergen)) == [""]
    assert verified(chain) is None


def test_nobody_is_shown_what_lies_further_back(chain: Chain) -> None:
    chain.page("/")
    assert [bool(kept(chain, chain.oslo, YESTERDAY + 1 - back)) for back in range(4)] == [False, True, True, False]


def test_what_is_not_theirs_is_not_kept_by_whoever_looks(chain: Chain) -> None:
    chain.page("/", chain.bjorn)
    assert kept(chain, chain.oslo)
    assert not kept(chain, chain.malmo)


def test_a_day_is_over_for_five_minutes_before_it_is_kept(chain: Chain) -> None:
    chain.clock.ms += (13 * 60 - 57) * MINUTE_MS  # three minutes past midnight in Oslo
    chain.page("/")
    assert not kept(chain, chain.oslo, YESTERDAY + 1)
    chain.clock.ms += 4 * MINUTE_MS
    chain.page("/")
    assert kept(chain, chain.oslo, YESTERDAY + 1)


def test_the_second_look_of_a_day_reads_nothing(chain: Chain) -> None:
    said: list[str] = []
    chain.page("/")
    event.listen(chain.centre.db.engine, "before_cursor_execute", lambda *what: said.append(what[2]))
    mornings.keep(chain.centre.db, ("/",), chain.clock())
    assert said == []
    chain.clock.ms += 3 * 60 * MINUTE_MS
    mornings.keep(chain.centre.db, ("/",), chain.clock())
    assert not [each for each in said if "mornings" in each or "tallies" in each]


def test_a_transaction_under_way_holds_up_what_is_kept(chain: Chain) -> None:
    """One that began before midnight may still bring something that nobody will say came late."""
    db, now_ms = chain.centre.db, chain.clock()
    with db.reading() as tx:
        assert mornings._settled_ms(tx, now_ms) == now_ms - mornings.GRACE_MS
    if db.dialect == "sqlite":
        return  # nobody reads ahead of a writer there who then commits behind
    with db.writing() as busy:
        busy.execute(insert(models.erasures).values(id="x", erased_ms=1))
        busy.exec_driver_sql("SELECT pg_sleep(0.02)")
        with db.reading() as tx:
            assert mornings._settled_ms(tx, now_ms) <= now_ms - mornings.GRACE_MS - 20


def test_late_answers_that_are_being_stored_are_in_it_or_recorded_after_it(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    late = [box.response(3, at_ms=chain.clock() - DAY_MS) for _ in range(3)]
    batch = wire.read_batch(wire.encode(box.batch(late)))
    if chain.centre.db.dialect == "sqlite":
        box.send(chain.app.test_client(), *late)
    else:
        with chain.centre.db.writing() as tx:
            entries = [read(bytes(raw)) for raw in batch.entries]
            ingest._take(tx, box.device, 1, batch, entries, chain.clock(), carried=False)
            mornings.keep(chain.centre.db, ("/",), chain.clock())
        assert "visit" not in kept(chain, chain.oslo)
    chain.page("/")
    assert verified(chain) is None


@pytest.mark.parametrize("bug", ["forgotten", "doubled"])
def test_a_change_without_its_cause_turns_verify_red(bug: str, chain: Chain, verb: Verb) -> None:
    chain.page("/")
    chain.visits(chain.oslo, [3, 3, 0], days_ago=1)
    table = models.restatements
    assert verb("verify")[0] == 0
    with chain.centre.db.writing() as tx:
        tx.execute(delete(table) if bug == "forgotten" else update(table).values(n=table.c.n * 2, s3=table.c.s3 * 2))
    code, said = verb("verify")
    assert code == 1
    assert f"mornings ({chain.oslo}, 'visit', {YESTERDAY})" in said
    assert verb("rebuild-tallies")[0] == 0  # and from then on the record says that nobody knows why
    assert verb("verify")[0] == 0
    with chain.centre.db.reading() as tx:
        causes = list(tx.execute(select(table.c.cause).order_by(table.c.id)).scalars())
    assert causes == (["recounted"] if bug == "forgotten" else ["late", "recounted"])


CHECKED = [HealthCheck.function_scoped_fixture]


class Deed(NamedTuple):
    """Something that happens at one of two shops, about what was given so many days ago."""

    what: str
    shop: int
    days_ago: int
    pick: int


DEEDS = ("look", "late", "revised", "flagged", "erased", "moved", "clock", "zone", "rebuilt", "night")
deeds = st.builds(
    Deed,
    st.sampled_from(DEEDS),
    st.integers(0, 1),
    st.integers(0, 3),
    st.integers(0, 50),
)


class Month:
    """What may happen to the answers of two shops."""

    def __init__(self, chain: Chain) -> None:
        self.chain, self.shops, self.given = chain, (chain.oslo, chain.bergen), list[tuple[int, dict[str, Any]]]()

    def do(self, deed: Deed) -> None:
        self.chain.clock.ms += MINUTE_MS
        getattr(self, deed.what)(deed)
        assert verified(self.chain) is None, deed

    def look(self, deed: Deed) -> None:
        mornings.keep(self.chain.centre.db, ("/",), self.chain.clock())

    def night(self, deed: Deed) -> None:
        self.chain.clock.ms += (1 + deed.pick) * 47 * MINUTE_MS

    def _send(self, shop: int, *entries: dict[str, Any], **told: Any) -> None:
        self.chain.boxes[self.shops[shop]].send(self.chain.app.test_client(), *entries, **told)
        self.given += [(shop, entry) for entry in entries]

    def late(self, deed: Deed) -> None:
        box, at_ms = self.chain.boxes[self.shops[deed.shop]], self.chain.clock() - deed.days_ago * DAY_MS
        self._send(deed.shop, *(box.response((deed.pick + n) % 4, at_ms=at_ms - n * 3 * MINUTE_MS) for n in range(3)))

    def flagged(self, deed: Deed) -> None:
        """Three that count; the fourth shows that they were a burst."""
        box, at_ms = self.chain.boxes[self.shops[deed.shop]], self.chain.clock() - deed.days_ago * DAY_MS
        taps = [box.response(3, at_ms=at_ms + n * 1_500, boot=f"burst-{at_ms}") for n in range(4)]
        self._send(deed.shop, *taps[:3])
        self._send(deed.shop, taps[3])

    def clock(self, deed: Deed) -> None:
        """A terminal without the time, whose start is known a moment later."""
        box, now_ms = self.chain.boxes[self.shops[deed.shop]], self.chain.clock()
        boot = f"b{len(self.given)}"
        stamp = {"boot": boot, "boottime_ms": 10**9, "wall_ms": 0, "synced": False}
        self._send(deed.shop, box.response(deed.pick % 4, at_ms=now_ms, stamp=stamp))
        anchor = {"boot": boot, "boottime_ms": 10**9 + deed.days_ago * DAY_MS, "server_ms": now_ms, "rtt_ms": 50}
        self._send(deed.shop, anchors=[anchor], boot=boot)

    def revised(self, deed: Deed) -> None:
        if self.given:
            shop, entry = self.given[deed.pick % len(self.given)]
            box = self.chain.boxes[self.shops[shop]]
            again = {"id": entry["id"], "rev": entry["rev"] + 1, "stamp": entry["stamp"]}
            self._send(shop, box.response(deed.pick % 3, placement=entry["placement"], **again))

    def erased(self, deed: Deed) -> None:
        if self.given:
            name, path = self.given[deed.pick % len(self.given)][1]["id"], self.chain.centre.settings.erasures_file
            erasures.erase(self.chain.centre.db, path, name, self.chain.clock())

    def moved(self, deed: Deed) -> None:
        """Written down a day after it happened, if it stands here for as long."""
        with self.chain.centre.db.writing() as tx:
            spot = pairing.spot(tx, self.chain.boxes[self.shops[deed.shop]].screen or "")
            assert spot is not None
            assert spot.place is not None
            points, began = models.touchpoints, select(models.placements.c.from_ms)
            other = tx.execute(select(points.c.id).where(points.c.id != spot.touchpoint_id).order_by(points.c.id))
            since = tx.execute(began.where(models.placements.c.id == spot.placement)).scalar_one()
            version = tx.execute(select(models.screens.c.version).where(models.screens.c.id == spot.id)).scalar_one()
            at_ms = max(self.chain.clock() - DAY_MS, since + MINUTE_MS)
            if at_ms < self.chain.clock():
                typed = placing.now_there(spot.place.zone, at_ms + MINUTE_MS)
                target = other.scalars().all()[deed.pick % 2]
                placing.move(tx, COMMAND, spot, version, target, typed, self.chain.clock())

    def zone(self, deed: Deed) -> None:
        with self.chain.centre.db.writing() as tx:
            node = tree.get(tx, self.shops[deed.shop])
            there = replace(node.details, zone=ZONES[deed.pick % 3])
            tree.change(tx, COMMAND, node.id, node.version, there, self.chain.clock())

    def rebuilt(self, deed: Deed) -> None:
        with self.chain.centre.db.writing() as tx:
            tally.rebuild(tx, self.chain.clock())


@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=CHECKED)
@given(st.lists(deeds, min_size=12, max_size=24))
def test_a_random_month_adds_up(chain: Chain, drawn: list[Deed]) -> None:
    month = Month(chain)
    for deed in drawn:
        month.do(deed)
    with chain.centre.db.reading() as tx:
        assert not tx.execute(select(models.restatements).where(models.restatements.c.cause == "recounted")).first()
