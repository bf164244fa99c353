"""Two boxes with one identity: what gives them away, and that an honest box is never blamed."""

import random
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sync import models, wire
from sync.centre import Centre
from sync.intake import ledger, signs, tally
from sync.intake.signs import Known, Slot
from tests.boxes import NOON, Box, enrol_box, open_shop, verdicts
from tests.sync.conftest import Clock

MINUTE = 60_000


def health(box: Box, sealed: int | None = None, fingerprint: str = "f" * 32) -> dict[str, Any]:
    counts = {"sealed": box.seq if sealed is None else sealed, "acked": 0, "pending": 0, "parked": 0}
    return {"streams": {box.stream: counts}, "stream": box.stream, "fingerprint": fingerprint}


def heard(box: Box, client: FlaskClient, clock: Clock, *entries: Any, **changes: Any) -> wire.Answer:
    """A request and its answer, a minute after the one before; the box keeps when it was."""
    clock.ms += MINUTE
    anchor = {"boot": box.boot, "boottime_ms": clock.ms - NOON, "server_ms": clock.ms, "rtt_ms": 80}
    told = {"health": health(box), "boottime_ms": clock.ms - NOON, "anchors": [anchor] * (box.seen[0] > 0), **changes}
    answer = box.send(client, *entries, **told)
    box.seen = (answer.server_ms, 0)
    return answer


def open_signs(centre: Centre) -> dict[str, int]:
    """Sign -> how often, of those that nobody has looked at."""
    table = models.clone_signs
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return {row.sign: row.times for row in tx.execute(select(table).where(table.c.settled_ms.is_(None)))}


def marked(centre: Centre) -> list[bool]:
    """Of each response, oldest first, whether it is marked, though none is set aside."""
    table = models.responses
    with centre.db.reading() as tx:
        rows = tx.execute(select(table).order_by(table.c.received_ms)).all()
    assert not any(row.aside for row in rows)
    return ["identity_conflict" in row.flags for row in rows]


def test_a_day_in_the_life_of_an_honest_box(a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock) -> None:
    for start in range(1, 4):
        oslo.boot = f"start-{start}"
        boots = {f"start-{start}": start}
        assert heard(oslo, client, clock, boots=boots).do == []
        first, second = oslo.response(3), oslo.response(2)
        heard(oslo, client, clock, second, boots=boots)
        heard(oslo, client, clock, first, second, boots=boots)
        assert heard(oslo, client, clock, oslo.response(3, id=first["id"], rev=2), boots=boots).do == []
    assert open_signs(a_centre) == {}
    assert marked(a_centre) == [False] * 6


def test_other_hardware_under_the_same_name(a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock) -> None:
    heard(oslo, client, clock, oslo.response(3))
    answer = heard(oslo, client, clock, oslo.response(3), health=health(oslo, fingerprint="another board"))
    assert (verdicts(answer), answer.do) == (["stored"], ["reenrol"])
    heard(oslo, client, clock, oslo.response(3))
    assert open_signs(a_centre) == {"fingerprint": 1}
    assert marked(a_centre) == [False, True, True]


def test_a_place_in_a_stream_that_another_entry_holds(
    a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock
) -> None:
    heard(oslo, client, clock, oslo.response(3), oslo.response(3))
    oslo.seq = 1
    answer = heard(oslo, client, clock, oslo.response(0), health=health(oslo, 2))
    assert (verdicts(answer), answer.do) == (["stored"], ["rotate_stream"])
    assert open_signs(a_centre) == {"slot": 1}
    old, oslo.stream, oslo.seq = oslo.stream, "a new stream".replace(" ", "-"), 0
    assert heard(oslo, client, clock, oslo.response(3)).do == []
    late = oslo.response(1, stream=old, seq=1)
    assert heard(oslo, client, clock, late).do == [], "in a stream that is no longer written nothing is to be mended"
    assert open_signs(a_centre) == {"slot": 2}


def test_two_entries_in_one_place_of_one_batch(a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock) -> None:
    assert heard(oslo, client, clock, oslo.response(3, seq=1), oslo.response(3, seq=1)).do == ["rotate_stream"]
    assert open_signs(a_centre) == {"slot": 1}


def test_a_start_that_returns_after_another_one(a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock) -> None:
    twin = Box(oslo.device, oslo.key, oslo.screen, oslo.placement, stream=oslo.stream)
    for box in (oslo, oslo, twin, twin):
        heard(box, client, clock)
    assert open_signs(a_centre) == {}, "a new start is nothing remarkable"
    heard(oslo, client, clock, oslo.response(3))  # it was away for so long that this might be a late replay
    answer = heard(oslo, client, clock, oslo.response(3))
    assert (verdicts(answer), answer.do) == (["stored"], [])
    assert open_signs(a_centre) == {"boot": 1}
    assert marked(a_centre) == [False, True]


def test_a_card_that_was_rolled_back(a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock) -> None:
    entries = [oslo.response(3) for _ in range(5)]
    heard(oslo, client, clock, *entries, health=health(oslo, 9), boots={oslo.boot: 4})
    oslo.boot, oslo.seen, oslo.seq = "after", (0, 0), 2
    answer = heard(oslo, client, clock, boots={"after": 5})
    assert answer.do == ["rotate_stream"]
    assert answer.have[oslo.stream] == wire.Held(5, 9)
    assert open_signs(a_centre) == {"rolled_back": 1}


def owners(centre: Centre) -> dict[str, str]:
    with centre.db.reading() as tx:
        return {row.stream: row.device_id for row in tx.execute(select(models.streams))}


def test_a_copy_of_a_card_takes_no_stream_from_the_box_it_was_copied_from(
    a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock
) -> None:
    heard(oslo, client, clock, oslo.response(3))
    bergen = enrol_box(a_centre, open_shop(a_centre, "Bergen")[1])
    left = {oslo.stream: {"sealed": 3, "acked": 1, "pending": 2, "parked": 0}}
    own = {bergen.stream: {"sealed": 0, "acked": 0, "pending": 0, "parked": 0}}
    copy = {"streams": left | own, "stream": bergen.stream}
    heard(oslo, client, clock, health=health(oslo, 3))
    heard(bergen, client, clock, health=copy)
    assert owners(a_centre) == {oslo.stream: oslo.device, bergen.stream: bergen.device}
    # Oslo is heard of no more: whoever has its entries now has to deliver them.
    with a_centre.db.writing() as tx:
        tx.execute(models.devices.update().where(models.devices.c.id == oslo.device).values(contact_ms=NOON))
    heard(bergen, client, clock, health=copy)
    assert owners(a_centre) == {oslo.stream: bergen.device, bergen.stream: bergen.device}
    # It was only away: what it writes into is its own.
    heard(oslo, client, clock, oslo.response(2), oslo.response(1))
    heard(bergen, client, clock, health=copy)
    assert owners(a_centre) == {oslo.stream: oslo.device, bergen.stream: bergen.device}


def test_a_late_replay_is_no_sign(a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock) -> None:
    for number in range(1, 4):
        heard(oslo, client, clock, oslo.response(3), boots={oslo.boot: 7}, batch=f"batch-{number}")
    before = {"boot": oslo.boot, "seen": oslo.seen, "boots": {oslo.boot: 7}, "boottime_ms": clock.ms - NOON}
    oslo.boot = "the-next"
    heard(oslo, client, clock, boots={"the-next": 8})
    slot, heard_ms = oslo.response(0, seq=1), clock.ms
    clock.ms += 360 * MINUTE
    for changes in (before, {**before, "seen": [1, 999]}):
        answer = oslo.send(client, slot, health=health(oslo, 1, "another board"), **changes)
        assert answer.do == []
    assert open_signs(a_centre) == {}
    with a_centre.db.reading() as tx:
        row = tx.execute(select(models.devices)).one()
    assert (row.boot, row.contact_ms, row.stored_ms) == ("the-next", heard_ms, clock.ms)


def test_a_person_who_looked_ends_it(a_centre: Centre, client: FlaskClient, oslo: Box, clock: Clock) -> None:
    heard(oslo, client, clock, oslo.response(3), health=health(oslo, fingerprint="another board"))
    with a_centre.db.writing() as tx:
        assert ledger.settle_signs(tx, oslo.device, clock.ms) == 1
        assert ledger.settle_signs(tx, oslo.device, clock.ms) == 0
        assert ledger.settle_signs(tx, "dev-unknown", clock.ms) == 0
    assert open_signs(a_centre) == {}
    assert heard(oslo, client, clock, oslo.response(3), health=health(oslo, fingerprint="another board")).do == []
    assert marked(a_centre) == [True, False]
    settled_ms = clock.ms
    heard(oslo, client, clock, oslo.response(3), health=health(oslo, fingerprint="a third board"))
    assert open_signs(a_centre) == {"fingerprint": 2}
    with a_centre.db.reading() as tx:
        assert tx.execute(select(models.clone_signs.c.first_ms)).scalar_one() > settled_ms


def request(**changes: Any) -> wire.Batch:
    box = Box("dev-1", b"", "scr-1", "plc-1", stream="s", boot="b")
    return wire.read_batch(wire.encode(box.batch(**changes)))


KNOWN = Known(1, "f", "b", 1000, NOON, 3, 10, 10, False)


@pytest.mark.parametrize(
    ("changes", "late"),
    [
        ({"boottime_ms": 1001, "seen": [NOON, 0]}, False),  # its process was started anew
        ({"boottime_ms": 999, "seen": [NOON, 9]}, True),
        ({"boottime_ms": 1000, "seen": [NOON, 3]}, False),  # the very same again
        ({"boottime_ms": 1000, "seen": [NOON, 2]}, True),
        ({"boottime_ms": 1001, "seen": [0, 0]}, False),  # its file was damaged and moved aside
        ({"boot": "next", "boots": {"next": 9}, "seen": [0, 0]}, False),
        ({"boot": "previous", "boots": {"previous": 7}, "seen": [NOON, 99]}, True),
        ({"boot": "twin", "boots": {"twin": 8}, "seen": [NOON, 99]}, True),
        ({"boot": "twin", "boots": {"twin": 8}, "seen": [NOON + 1, 0]}, False),
        ({"boot": "unheard-of", "seen": [NOON, 2]}, True),  # an older terminal counts no starts
        ({"boot": "unheard-of", "seen": [NOON, 4]}, False),
    ],
)
def test_which_request_is_a_late_replay(changes: dict[str, Any], late: bool) -> None:
    batch = request(**changes)
    assert signs.is_late(KNOWN, batch, {"b": 8, **batch.boots} if batch.boots else {}) == late


def test_an_honest_box_is_never_blamed_whatever_the_network_does() -> None:
    """Requests of a box that is switched off now and then arrive late, twice, in another order or not at all."""
    for seed in range(300):
        rng = random.Random(seed)
        known = Known(1, "f", None, 0, 0, 0, 0, 0, False)
        order: dict[str, int] = {}
        anchored: set[str] = set()
        on_the_way: list[wire.Batch] = []
        now_ms, seen, boot, started_ms, sealed, tries = NOON, NOON, 1, NOON, 0, 0
        for _ in range(40):
            now_ms += rng.randint(1, 100_000)
            step = rng.random()
            if step < 0.15:
                boot, started_ms, tries = boot + 1, now_ms, 0
            elif step < 0.25:
                tries = 0  # its process was started anew
            elif step < 0.6 or not on_the_way:
                sealed += rng.randint(0, 2)
                counts = {"s": {"sealed": sealed, "acked": 0, "pending": 0, "parked": 0}}
                on_the_way.append(
                    request(
                        boot=f"boot-{boot}", boots={f"boot-{boot}": boot}, boottime_ms=now_ms - started_ms,
                        seen=[seen, tries], health={"streams": counts, "stream": "s", "fingerprint": "f"},
                    )
                )  # fmt: skip
                tries += 1
            else:
                index = rng.randrange(len(on_the_way))
                batch = on_the_way[index] if rng.random() < 0.4 else on_the_way.pop(index)
                elsewhere = batch.boot != known.boot
                told = {**order, **batch.boots}
                if not signs.is_late(known, batch, told):
                    found = signs.found(known, batch, told, elsewhere and batch.boot in anchored, slot=False)
                    assert found == frozenset(), f"seed {seed}"
                    top = batch.health.streams["s"].sealed
                    seen_ms = max(batch.seen[0], known.seen_ms)
                    known = Known(
                        1, "f", batch.boot, batch.boottime_ms, seen_ms, batch.seen[1], max(top, known.top), 0, False
                    )
                order.update(batch.boots)
                anchored.add(batch.boot)
                if batch.boot == f"boot-{boot}" and rng.random() < 0.5:
                    seen, tries = now_ms, 0


def test_a_later_start_never_returns() -> None:
    """A stick told of the second start, and a restore made the centre forget that it was heard since."""
    order = {"first": 1, "second": 2}
    for before, after, expected in (("first", "second", set()), ("second", "first", {signs.BOOT})):
        known = Known(1, "f", before, 9_000, 100, 0, 0, 0, False)
        batch = request(boot=after, boots=order, boottime_ms=5_000, seen=[200, 0])
        assert not signs.is_late(known, batch, order)
        assert signs.found(known, batch, order, was_heard=True, slot=False) == expected


def test_a_place_is_taken_by_another_only() -> None:
    here = [Slot("s", 1, "a", 1), Slot("s", 2, "a", 2)]
    assert signs.in_taken_slots([Slot("s", 1, "a", 1), Slot("s", 3, "b", 1), Slot("t", 1, "c", 1)], here) == set()
    assert signs.in_taken_slots([Slot("s", 2, "a", 3)], here) == {"s"}
    assert signs.in_taken_slots([Slot("t", 1, "a", 1), Slot("t", 1, "b", 1)], []) == {"t"}
