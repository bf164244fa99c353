"""Bursts: who plays with the screen counts once, whatever the order in which the answers arrive."""

import random
from itertools import pairwise
from typing import Any

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from sync import models, wire
from sync.centre import Centre
from sync.intake import bursts, ingest, tally
from sync.intake.bursts import Tap
from tests.boxes import NOON, Box, verdicts


def tap(at_s: float, *, first_ms: int | None = 4_000, name: str = "", **changes: Any) -> Tap:
    stamp = wire.Stamp(changes.pop("boot", "b"), int(at_s * 1000), 0, synced=False)
    return Tap(
        name or str(at_s), changes.pop("screen", "s"), stamp, first_ms, changes.pop("since_prev_ms", 9), **changes
    )


def found(*taps: Tap) -> list[str]:
    return sorted(bursts.among(taps), key=float)


def test_four_within_fifteen_seconds_are_a_burst_and_the_first_counts() -> None:
    assert found(tap(0), tap(5), tap(10), tap(15)) == ["5", "10", "15"]
    assert found(tap(0), tap(5), tap(10), tap(15.001)) == []
    assert found(tap(0), tap(5), tap(10)) == []


def test_two_bursts_are_two() -> None:
    assert found(*map(tap, (0, 1, 2, 3, 100, 101, 102, 103))) == ["1", "2", "3", "101", "102", "103"]
    assert found(*map(tap, (0, 4, 8, 12, 16, 20))) == ["4", "8", "12", "16", "20"]


def test_another_screen_or_start_is_another_crowd() -> None:
    assert found(tap(0), tap(5), tap(10, screen="t"), tap(15)) == []
    assert found(tap(0), tap(5), tap(10, boot="c"), tap(15)) == []


def test_hurrying_four_times_in_a_row_is_a_burst() -> None:
    quick = {"first_ms": 1_499}
    assert found(tap(0), tap(20, **quick), tap(40, **quick), tap(60, **quick)) == ["20", "40", "60"]
    assert found(tap(0), tap(20, **quick), tap(40, **quick)) == []
    assert found(tap(0), tap(20, first_ms=1_500), tap(40, **quick), tap(60, **quick)) == []
    assert found(tap(0), tap(20, **quick), tap(51, **quick), tap(60, **quick)) == []
    assert found(tap(0), tap(20, first_ms=None), tap(40, **quick), tap(60, **quick)) == []


def test_who_never_lets_go_of_the_glass_is_one_visitor() -> None:
    assert found(tap(0), tap(20, pause_ms=1_499), tap(40, pause_ms=1_500)) == ["20"]
    assert found(tap(0, pause_ms=10, since_prev_ms=None)) == []


taps = st.builds(
    tap, st.integers(0, 200), first_ms=st.none() | st.integers(0, 3_000), boot=st.sampled_from("bc"),
    since_prev_ms=st.none() | st.just(9), pause_ms=st.none() | st.integers(0, 4_000),
)  # fmt: skip


@given(st.lists(taps, max_size=12), st.randoms())
def test_the_order_of_arrival_says_nothing(some: list[Tap], rng: random.Random) -> None:
    numbered = [Tap(str(n), t.screen, t.stamp, t.first_ms, t.since_prev_ms, t.pause_ms) for n, t in enumerate(some)]
    mixed = numbered.copy()
    rng.shuffle(mixed)
    assert bursts.among(mixed) == bursts.among(numbered)


def rows(centre: Centre) -> dict[str, Any]:
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return {row.id: row for row in tx.execute(select(models.responses))}


def counted(centre: Centre) -> tuple[int, int]:
    """How many answers of the day are in the score, and how many set aside."""
    with centre.db.reading() as tx:
        days = models.tallies_day
        told = list(tx.execute(select(days.c.aside, days.c.n).where(days.c.choice == "")))
    return sum(n for aside, n in told if not aside), sum(n for aside, n in told if aside)


def played(box: Box, count: int) -> list[dict[str, Any]]:
    """Every 5 s: too slow for the interval, but no four people do that."""
    given = [
        box.response(0, at_ms=NOON + n * 5_000, boot=box.boot, since_prev_ms=5_000 if n else None) for n in range(count)
    ]
    return given


def test_what_came_before_a_burst_was_known_moves_in_the_tallies(
    a_centre: Centre, oslo: Box, client: FlaskClient
) -> None:
    first, *rest, last = played(oslo, 4)
    oslo.send(client, first, *rest)
    assert counted(a_centre) == (3, 0)
    oslo.send(client, last)
    assert counted(a_centre) == (1, 3)
    flagged = rows(a_centre)
    assert flagged[first["id"]].flags == ""
    assert {flagged[entry["id"]].flags for entry in (*rest, last)} == {"burst"}


def test_batches_in_any_order_come_to_the_same(a_centre: Centre, oslo: Box, client: FlaskClient) -> None:
    """Six answers of somebody who plays and one much later, an hour after those before, cut into batches anyhow."""
    rng = random.Random(3)
    for hour in range(10):
        oslo.boot = f"boot-{hour}"
        first_ms = NOON + (hour - 10) * 3_600_000
        entries = [
            oslo.response(0, at_ms=first_ms + at * 1000, boot=oslo.boot, since_prev_ms=5_000)
            for at in (0, 5, 10, 15, 20, 600)
        ]
        order = rng.sample(entries, len(entries))
        cuts = sorted([0, *rng.sample(range(1, 6), rng.randrange(6)), 6])
        for start, end in pairwise(cuts):
            oslo.send(client, *order[start:end])
        flagged = rows(a_centre)
        assert [flagged[entry["id"]].flags for entry in entries] == ["", *["burst"] * 4, ""]
    assert counted(a_centre) == (20, 40)


def test_a_later_revision_stays_in_its_burst(a_centre: Centre, oslo: Box, client: FlaskClient) -> None:
    entries = played(oslo, 4)
    oslo.send(client, *entries)
    stamp = entries[2]["stamp"]
    again = oslo.response(3, id=entries[2]["id"], rev=2, stamp=stamp, since_prev_ms=5_000)
    assert verdicts(oslo.send(client, again)) == ["stored"]
    assert rows(a_centre)[again["id"]].flags == "burst"
    assert counted(a_centre) == (1, 3)


def test_a_test_tap_makes_nobody_a_player(a_centre: Centre, oslo: Box, client: FlaskClient) -> None:
    one, two, three, _ = played(oslo, 4)
    tried = oslo.response(0, at_ms=NOON + 15_000, boot=oslo.boot, since_prev_ms=5_000, test=True)
    oslo.send(client, one, two, three, tried)
    assert counted(a_centre) == (3, 0)


def test_a_child_that_mashes_counts_once(a_centre: Centre, oslo: Box, client: FlaskClient) -> None:
    """Four minutes: taps without a rest, a visit now and then longer than the interval."""
    rng, at, entries = random.Random(7), 0, []
    while at < 240_000:
        told = {"first_ms": rng.randrange(700, 3_000), "pause_ms": rng.randrange(100, 900)} if entries else {}
        step = rng.randrange(2_200, 20_000)
        entries.append(
            oslo.response(
                rng.randrange(4), at_ms=NOON + at, boot=oslo.boot, since_prev_ms=step if entries else None, **told
            )
        )
        at += step
    for entry in rng.sample(entries, len(entries)):
        oslo.send(client, entry)
    assert counted(a_centre) == (1, len(entries) - 1)


def test_a_backlog_of_quiet_days_goes_by_its_index(a_centre: Centre, oslo: Box, client: FlaskClient) -> None:
    """Answers hours apart: few questions, none of which reads everything of the device."""
    hour = 3_600_000
    entries = [oslo.response(2, at_ms=NOON - n * hour) for n in range(120)]
    oslo.send(client, *entries)
    asked: list[tuple[str, object]] = []
    with a_centre.db.reading() as tx:
        listen = lambda _c, _cursor, statement, given, *_: asked.append((statement, given))  # noqa: E731
        event.listen(tx, "before_cursor_execute", listen)
        moments = [NOON - n * hour + 1_000 for n in range(120)]
        assert ingest.near(tx, oslo.device, moments) == {entry["id"] for entry in entries}
        event.remove(tx, "before_cursor_execute", listen)
        assert len(asked) == 3
        if tx.dialect.name == "sqlite":
            statement, given = asked[0]
            plan = str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all())
            assert plan.count("ix_responses_device (device_id=? AND captured_ms>? AND captured_ms<?)") == 50
