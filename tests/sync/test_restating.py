"""What changes a day that is over is written down with its cause, in the transaction that changes it."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Row, select

from sync import models
from sync.centre import Centre
from sync.intake import erasures, ingest, tally
from sync.intake.days import calendar
from sync.intake.held import Row as Response
from sync.intake.record import By, Restated
from sync.intake.restating import Scope, move
from sync.intake.tally import Tallies
from sync.office import pairing, placing, tree
from sync.office.audit import COMMAND, Actor
from sync.rows import fetch, put
from tests.boxes import verdicts
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, MINUTE_MS, Chain

YESTERDAY = 20_514


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def record(chain: Chain) -> list[Row[Any]]:
    with chain.centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return list(tx.execute(select(models.restatements).order_by(models.restatements.c.id)))


def told(chain: Chain) -> list[tuple[Any, ...]]:
    """(place, day, cause, responses, n, unhappiest … happiest) of the question itself."""
    return [
        (row.location_id, row.day - YESTERDAY, row.cause, row.responses, row.n, [row.s0, row.s1, row.s2, row.s3])
        for row in record(chain)
    ]


def test_what_comes_today_is_nobodys_news(chain: Chain) -> None:
    chain.visits(chain.oslo, [3, 2, 0])
    assert record(chain) == []


def test_what_van_12_delivers_the_next_morning_came_late(chain: Chain) -> None:
    chain.visits(chain.oslo, [3, 3, 0], days_ago=1)
    (row,) = record(chain)
    assert (row.device_id, row.actor, row.at_ms) == (chain.boxes[chain.oslo].device, "", chain.clock())
    assert told(chain) == [(chain.oslo, 0, "late", 3, 3, [1, 0, 0, 2])]


def test_a_month_of_backlog_is_a_row_a_day(chain: Chain) -> None:
    box, day = chain.boxes[chain.oslo], chain.clock() - 10 * DAY_MS
    entries = [box.response(value % 4, at_ms=day + value * 3 * 3_600_000) for value in range(60)]
    box.send(chain.app.test_client(), *entries)
    rows = told(chain)
    assert [row[1] for row in rows] == [-9, -8, -7, -6, -5, -4, -3, -2]
    assert sum(row[3] for row in rows) == 60


def test_a_revision_moves_one_answer(chain: Chain) -> None:
    box, at_ms = chain.boxes[chain.oslo], chain.clock() - DAY_MS
    first = box.response(0, at_ms=at_ms)
    client = chain.app.test_client()
    box.send(client, first)
    box.send(client, box.response(3, at_ms=at_ms, id=first["id"], rev=2))
    assert told(chain)[1:] == [(chain.oslo, 0, "revised", 1, 0, [-1, 0, 0, 1])]


def test_two_revisions_in_one_batch_came_late_once(chain: Chain) -> None:
    box, at_ms = chain.boxes[chain.oslo], chain.clock() - DAY_MS
    first = box.response(0, at_ms=at_ms)
    box.send(chain.app.test_client(), first, box.response(3, at_ms=at_ms, id=first["id"], rev=2))
    assert told(chain) == [(chain.oslo, 0, "late", 1, 1, [0, 0, 0, 1])]


def test_a_burst_that_is_seen_later_takes_answers_out(chain: Chain) -> None:
    box, at_ms = chain.boxes[chain.oslo], chain.clock() - DAY_MS
    taps = [box.response(3, at_ms=at_ms + n * 2_000, boot="one") for n in range(4)]
    client = chain.app.test_client()
    box.send(client, *taps[:3])
    box.send(client, taps[3])
    late, fourth, burst = told(chain)
    assert late == (chain.oslo, 0, "late", 3, 3, [0, 0, 0, 3])
    assert {fourth[2]: fourth[3:], burst[2]: burst[3:]} == {
        "late": (1, 0, [0, 0, 0, 0]), "flagged": (2, -2, [0, 0, 0, -2]),
    }  # fmt: skip


def test_a_clock_that_is_known_better_moves_a_day(chain: Chain) -> None:
    """Of a terminal without a clock nobody knows when; the anchor of its start says that it was three days ago."""
    box, now_ms = chain.boxes[chain.oslo], chain.clock()
    stamp = {"boot": "b", "boottime_ms": 10**9, "wall_ms": 0, "synced": False}
    client = chain.app.test_client()
    box.send(client, box.response(2, at_ms=now_ms, stamp=stamp))
    assert record(chain) == []
    anchor = {"boot": "b", "boottime_ms": 10**9 + 3 * DAY_MS, "server_ms": now_ms, "rtt_ms": 50}
    box.send(client, anchors=[anchor], boot="b")
    assert told(chain) == [(chain.oslo, -2, "clock", 1, 1, [0, 0, 1, 0])]


def test_a_screen_that_was_moved_takes_its_answers_along(chain: Chain) -> None:
    chain.visits(chain.oslo, [3, 3], days_ago=1)
    with chain.centre.db.writing() as tx:
        spot = pairing.spot(tx, chain.boxes[chain.oslo].screen or "")
        assert spot is not None
        target = tx.execute(select(models.touchpoints.c.id).where(models.touchpoints.c.location_id == chain.bergen))
        version = tx.execute(select(models.screens.c.version).where(models.screens.c.id == spot.id)).scalar_one()
        typed = placing.now_there("Europe/Oslo", chain.clock() - 2 * DAY_MS)
        astrid = Actor("Astrid", chain.astrid)
        assert placing.move(tx, astrid, spot, version, target.scalar_one(), typed, chain.clock()) == 2
    left, came = sorted(record(chain)[1:], key=lambda row: int(row.n))
    assert (left.location_id, left.cause, left.actor, left.s3) == (chain.oslo, "moved", "Astrid", -2)
    assert (came.location_id, came.responses, came.actor, came.s3) == (chain.bergen, 2, "Astrid", 2)


def test_an_erasure_moves_nothing_but_is_told(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    said = box.response(0, at_ms=chain.clock() - DAY_MS, answers={"comment": "Cold soup"})
    box.send(chain.app.test_client(), said)
    for _ in range(2):
        erasures.erase(chain.centre.db, chain.centre.settings.erasures_file, said["id"], chain.clock(), by="Astrid")
    erased = record(chain)[1:]
    assert [(row.cause, row.question, row.actor, row.responses, row.n) for row in erased] == [
        ("erased", "", "Astrid", 1, 0)
    ]


def test_a_test_tap_and_a_duplicate_change_nothing(chain: Chain) -> None:
    box, at_ms = chain.boxes[chain.oslo], chain.clock() - DAY_MS
    tap, again = box.response(0, at_ms=at_ms, test=True), box.response(3, at_ms=at_ms)
    client = chain.app.test_client()
    box.send(client, tap, again)
    assert verdicts(box.send(client, tap, again)) == ["duplicate"] * 2
    assert told(chain) == [(chain.oslo, 0, "late", 1, 1, [0, 0, 0, 1])]


def test_what_somebody_decides_about_a_flag_goes_the_same_way(chain: Chain) -> None:
    box = chain.boxes[chain.oslo]
    entry = box.response(3, at_ms=chain.clock() - DAY_MS)
    box.send(chain.app.test_client(), entry)
    with chain.centre.db.writing() as tx:
        (raw,) = fetch(tx, models.responses, [entry["id"]], lock=True)
        before = Response(*raw)
        after = before._replace(flags="burst", aside=True)
        tallies, restated = Tallies(), Restated()
        scope = Scope(ingest.published(tx), calendar(tx, None, chain.clock()), By(actor="Astrid"))
        move(tallies, restated, before, after, scope)
        put(tx, models.responses, [after])
        restated.write(tx, chain.clock())
        tallies.write(tx)
    flagged = record(chain)[-1]
    assert (flagged.cause, flagged.actor, flagged.n, flagged.s3) == ("flagged", "Astrid", -1, -1)


def test_a_day_that_was_over_stays_over_in_a_zone_further_west(chain: Chain) -> None:
    """Half past midnight on Wednesday in Oslo is still Tuesday in New York; but Tuesday was over once."""
    chain.clock.ms += 750 * MINUTE_MS
    with chain.centre.db.writing() as tx:
        node = tree.get(tx, chain.oslo)
        there = replace(node.details, zone="America/New_York")
        tree.change(tx, COMMAND, chain.oslo, node.version, there, chain.clock())
    box = chain.boxes[chain.oslo]
    chain.clock.ms += MINUTE_MS
    box.send(chain.app.test_client(), box.response(3, at_ms=chain.clock() - 2 * MINUTE_MS))
    box.send(chain.app.test_client(), box.response(3, at_ms=chain.clock()))
    assert [(row.day, row.cause) for row in record(chain)] == [(YESTERDAY + 1, "late")]
