"""What was kept apart counts when it is understood: once, on the day it came, without its erased words."""

import threading
from typing import Any

import msgspec
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from sync import models, wire
from sync.centre import Centre
from sync.intake import quarantine, tally
from sync.office import surveys
from sync.survey import BUILTIN
from tests.boxes import Box, enrol_box, new_id, open_shop, verdicts
from tests.sync.conftest import Clock, Verb

DAY_MS = 86_400_000


def rows(centre: Centre, table: Any) -> list[Any]:
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None
        return list(tx.execute(select(table)).all())


def publish(centre: Centre, name: str) -> None:
    """A survey like the built-in one."""
    with centre.db.writing() as tx:
        surveys.publish(tx, msgspec.structs.replace(BUILTIN, id=name), 0)


def test_a_survey_that_was_published_late_counts_on_the_day_it_was_answered(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb, clock: Clock
) -> None:
    arrived = clock.ms
    asked = [oslo.response(value, survey="next-years") for value in (0, 1, 3)]
    stranger = {"boot": "page-1", "boottime_ms": 5, "wall_ms": 0, "synced": False}
    asked.append(oslo.response(2, survey="next-years", stamp=stranger))
    coming = wire.seal({**oslo.response(2), "kind": "letter", "id": new_id()}, "pepper")
    stored = oslo.response(3)
    other = wire.seal({**stored, "total_ms": 1}, "pepper")
    assert verdicts(oslo.send(client, *asked, coming, stored, other)) == 5 * ["quarantined"] + ["stored", "quarantined"]
    streams = rows(a_centre, models.streams)
    assert verb("replay-quarantine") == (
        0,
        "Counting now: none. Still kept apart: 1 conflict, 1 unknown_kind, 4 unknown_survey.\n",
    )
    clock.ms += 3 * DAY_MS
    publish(a_centre, "next-years")
    assert verb("replay-quarantine") == (
        0,
        "Counting now: 4 unknown_survey. Still kept apart: 1 conflict, 1 unknown_kind.\n",
    )
    counted = {row.id: row for row in rows(a_centre, models.responses)}
    assert [counted[entry["id"]].received_ms for entry in asked] == [arrived] * 4
    unknown = counted[asked[3]["id"]]
    assert (unknown.quality, unknown.captured_ms, unknown.day) == ("unknown", arrived, arrived // DAY_MS)
    assert [row.verdict for row in rows(a_centre, models.receipts)].count("stored") == 5
    assert rows(a_centre, models.streams) == streams
    assert verb("replay-quarantine")[1].startswith("Counting now: none.")
    assert len(rows(a_centre, models.responses)) == 5


def test_a_screen_that_became_ones_own_counts(a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb) -> None:
    bergen = enrol_box(a_centre, open_shop(a_centre, "Bergen")[1])
    entry = oslo.response(3, screen=bergen.screen, placement=bergen.placement)
    assert verdicts(oslo.send(client, entry)) == ["quarantined"]
    with a_centre.db.writing() as tx:
        tx.execute(insert(models.driven).values(device_id=oslo.device, screen_id=bergen.screen))
    assert "Counting now: 1 unknown_screen." in verb("replay-quarantine")[1]
    assert len(rows(a_centre, models.responses)) == 1


def test_a_lower_revision_leaves_no_more_than_its_receipt(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    first = oslo.response(0, survey="next-years", answers={"comment": "Only the first half"})
    third = {**oslo.response(3), "id": first["id"], "rev": 3}
    second = {**oslo.response(1, survey="next-years"), "id": first["id"], "rev": 2}
    oslo.send(client, first, wire.seal(third, "pepper"), wire.seal(second, "pepper"))
    publish(a_centre, "next-years")
    assert "Counting now: 2 unknown_survey. Still kept apart: none." in verb("replay-quarantine")[1]
    (row,) = rows(a_centre, models.responses)
    assert (row.rev, "first half" in row.body) == (3, False)
    assert rows(a_centre, models.quarantine) == []


def test_erased_words_do_not_come_back_by_this_door(
    a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb
) -> None:
    entry = oslo.response(1, survey="next-years", answers={"comment": "ask Kari Hansen who it was"})
    coming = wire.seal({**oslo.response(2), "kind": "letter", "id": new_id(), "response": entry["id"]}, "pepper")
    oslo.send(client, entry, coming)
    verb("erase", entry["id"])
    publish(a_centre, "next-years")
    assert verb("replay-quarantine")[1] == "Counting now: 1 unknown_survey. Still kept apart: 1 erased.\n"
    (row,) = rows(a_centre, models.responses)
    assert (row.commented, "Kari Hansen" in row.body) == (False, False)


def test_what_is_understood_now_but_wrong_stays(a_centre: Centre, oslo: Box, client: FlaskClient, verb: Verb) -> None:
    oslo.send(client, oslo.response(9, survey="next-years"))
    publish(a_centre, "next-years")
    assert verb("replay-quarantine")[1] == "Counting now: none. Still kept apart: 1 off_scale.\n"
    assert len(rows(a_centre, models.quarantine)) == 1


def test_two_replays_at_once_and_the_terminal_itself_count_once(
    a_centre: Centre, oslo: Box, client: FlaskClient
) -> None:
    entries = [oslo.response(n % 4, survey="next-years") for n in range(300)]
    for start in range(0, 300, 100):
        oslo.send(client, *entries[start : start + 100])
    publish(a_centre, "next-years")
    gate, done = threading.Barrier(3), []

    def replay() -> None:
        gate.wait()
        done.append(sum(quarantine.replay(a_centre.db, a_centre.now_ms()).count.values()))

    def send_again() -> None:
        gate.wait()
        answer = oslo.send(client, *entries[:50])
        done.append(verdicts(answer).count("stored"))

    threads = [threading.Thread(target=work) for work in (replay, replay, send_again)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 300
    assert len(rows(a_centre, models.responses)) == 300
    assert rows(a_centre, models.quarantine) == []
