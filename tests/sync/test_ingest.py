"""Days in the life of a batch: what is sent is counted once, on both databases."""

import re
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from sync import facts, models, wire
from sync.centre import Centre
from sync.intake import erasures, ingest, tally
from sync.intake.clocks import EPOCH_DAY
from sync.rows import append, put
from tests.boxes import NOON, Box, enrol_box, new_id, open_shop, verdicts

DAY = 20453
"""2025-12-31, the local day of NOON in Oslo."""
MINUTE = 60_000


@pytest.fixture
def centre(a_centre: Centre) -> Centre:
    return a_centre


@pytest.fixture(autouse=True)
def _tallies_are_a_recount(centre: Centre) -> Any:
    yield
    with centre.db.reading() as tx:
        assert tally.verify(tx) is None


def counts(centre: Centre, *, aside: bool = False, question: str = "visit", choice: str = "") -> list[int]:
    """How often each of the four faces was counted, over all places and days."""
    table = models.tallies_day
    query = select(*(func.coalesce(func.sum(table.c[f"s{value}"]), 0) for value in range(4))).where(
        table.c.aside == aside, table.c.question == question, table.c.choice == choice
    )
    with centre.db.reading() as tx:
        return [int(count) for count in tx.execute(query).one()]


def rows(centre: Centre, table: Any) -> int:
    with centre.db.reading() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def test_it_works(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    answer = oslo.send(client, oslo.response(3), oslo.response(0))
    assert verdicts(answer) == ["stored", "stored"]
    assert answer.have == {oslo.stream: wire.Held(2, 2)}
    with centre.db.reading() as tx:
        assert answer.epoch == facts.get(tx, facts.EPOCH)
    assert counts(centre) == [1, 0, 0, 1]


def test_a_lost_receipt_counts_nothing_twice(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(2)
    oslo.send(client, entry)
    answer = oslo.send(client, entry, oslo.response(1))
    assert verdicts(answer) == ["duplicate", "stored"]
    assert answer.have[oslo.stream].n == 2
    assert counts(centre) == [0, 1, 1, 0]


def test_the_same_entry_twice_in_one_batch(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(2)
    assert verdicts(oslo.send(client, entry, entry)) == ["stored", "duplicate"]
    assert counts(centre) == [0, 0, 1, 0]


def test_the_same_batch_twice_at_once(centre: Centre, oslo: Box) -> None:
    """From two devices too: a cloned card has the same entries and another row of its own to lock."""
    other = enrol_box(centre, open_shop(centre, "Oslo again")[1])
    for _ in range(10):
        entries = [wire.encode(oslo.response(value % 4)) for value in range(50)]
        calls = [
            partial(ingest.take, centre.db, box.device, 1, as_batch(box, entries), NOON) for box in (oslo, oslo, other)
        ]
        found = at_once(*calls)
        stored = [result for answer in found for result in answer.results if result.verdict == "stored"]
        assert len(stored) == 50
    assert sum(counts(centre)) == 500
    assert rows(centre, models.receipts) == 500


def as_batch(box: Box, entries: list[bytes]) -> wire.Batch:
    return wire.read_batch(msgspec.json.encode(box.batch([msgspec.Raw(entry) for entry in entries])))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    results: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(index: int) -> None:
        gate.wait()
        results[index] = calls[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_changed_mind_moves_the_count(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    first = oslo.response(0, answers={"visit_unhappy": ["staff"]})
    second = oslo.response(3, id=first["id"], rev=2, answers={"visit_happy": ["price", "clean"]})
    assert verdicts(oslo.send(client, first)) == ["stored"]
    assert counts(centre, question="visit_unhappy", choice="staff") == [1, 0, 0, 0]
    assert verdicts(oslo.send(client, second)) == ["stored"]
    assert counts(centre) == [0, 0, 0, 1]
    assert counts(centre, question="visit_unhappy", choice="staff") == [0, 0, 0, 0]
    assert counts(centre, question="visit_happy", choice="price") == [0, 0, 0, 1]
    assert rows(centre, models.receipts) == 2
    assert rows(centre, models.responses) == 1


def test_an_older_revision_that_comes_late_is_only_a_receipt(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    late = oslo.response(0)
    answer = oslo.send(client, oslo.response(3, id=late["id"], rev=2), late)
    assert verdicts(answer) == ["stored", "stored"]
    assert answer.have[oslo.stream].n == 2
    assert counts(centre) == [0, 0, 0, 1]


def test_the_same_name_for_other_bytes_is_kept_apart(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(3)
    oslo.send(client, entry)
    impostor = oslo.response(0, id=entry["id"])
    answer = oslo.send(client, impostor)
    assert [(result.verdict, result.code) for result in answer.results] == [("quarantined", "conflict")]
    assert verdicts(oslo.send(client, entry)) == ["duplicate"]
    assert verdicts(oslo.send(client, impostor)) == ["quarantined"]
    assert counts(centre) == [0, 0, 0, 1]
    assert rows(centre, models.quarantine) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "hologram"}, "unknown_kind"),
        ({"schema": 2}, "unknown_schema"),
        ({"survey": "unheard-of"}, "unknown_survey"),
        ({"version": 9}, "unknown_survey"),
        ({"screen": "scr-elsewhere"}, "unknown_screen"),
        ({"placement": "plc-elsewhere"}, "unknown_screen"),
    ],
)
def test_what_is_not_understood_is_kept_raw(
    centre: Centre, client: FlaskClient, oslo: Box, changes: dict[str, Any], code: str
) -> None:
    entry = oslo.response(3, **changes)
    answer = oslo.send(client, entry)
    assert [(result.verdict, result.code) for result in answer.results] == [("quarantined", code)]
    assert verdicts(oslo.send(client, entry)) == ["quarantined"]
    assert answer.have[oslo.stream].n == 1
    assert counts(centre) == [0, 0, 0, 0]
    with centre.db.reading() as tx:
        kept = tx.execute(select(models.quarantine.c.body)).scalar_one()
    assert msgspec.json.decode(kept) == entry


def test_unknown_fields_are_kept_with_the_entry(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(3, mood_ring="teal")
    assert verdicts(oslo.send(client, entry)) == ["stored"]
    with centre.db.reading() as tx:
        assert msgspec.json.decode(tx.execute(select(models.responses.c.body)).scalar_one()) == entry


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": 4}, "off_scale"),
        ({"value": -1}, "off_scale"),
        ({"value": "3"}, "off_scale"),
        ({"value": True}, "bad_shape"),
        ({"value": 2.5}, "bad_shape"),
        ({"answers": {"visit_happy": ["bribery"]}}, "bad_reasons"),
        ({"answers": {"visit_happy": ["staff", "staff"]}}, "bad_reasons"),
        ({"answers": {"shoe_size": 3}}, "unknown_question"),
        ({"answers": {"comment": "a" * 2001}}, "too_long"),
        ({"answers": {"comment": "a" * 40_000}}, "too_large"),
        ({"mode": "telepathy"}, "bad_shape"),
        ({"stamp": {}}, "bad_shape"),
        ({"id": "not-an-id"}, "bad_entry"),
        ({"stream": "a\0b"}, "bad_entry"),
        ({"rev": 0}, "bad_entry"),
        ({"rev": 2**63}, "bad_entry"),
        ({"seq": 2**70}, "bad_entry"),
    ],
)
def test_what_can_never_be_kept_is_refused_and_holds_nobody_up(
    centre: Centre, client: FlaskClient, oslo: Box, changes: dict[str, Any], code: str
) -> None:
    poisoned = oslo.response(**changes)
    answer = oslo.send(client, oslo.response(1), poisoned, oslo.response(2))
    assert verdicts(answer) == ["stored", "refused", "stored"]
    assert answer.results[1].code == code
    assert counts(centre) == [0, 1, 1, 0]
    assert rows(centre, models.receipts) == 2


def test_an_entry_that_was_changed_on_its_way_is_refused(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = {**oslo.response(0), "lang": "nl"}
    answer = oslo.send(client, entry)
    assert [(result.verdict, result.code) for result in answer.results] == [("refused", "bad_sha")]


@pytest.mark.parametrize("odd", [b'"x": 1e999', b'"x": "\xff\xfe"', b'"x": ' + b"[" * 2000])
def test_an_unknown_field_that_cannot_be_read_holds_nobody_up(centre: Centre, oslo: Box, odd: bytes) -> None:
    good, bad = wire.encode(oslo.response(3)), wire.encode(oslo.response(0))
    batch = as_batch(oslo, [])
    entries = [msgspec.Raw(good), msgspec.Raw(bad[:-1] + b", " + odd + b"}")]
    answer = ingest.take(centre.db, oslo.device, 1, msgspec.structs.replace(batch, entries=entries), NOON)
    assert [result.verdict for result in answer.results] == ["stored", "refused"]
    assert counts(centre) == [0, 0, 0, 1]


def test_things_that_are_no_entries_are_refused(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    answer = oslo.send(client, 7, None, [], {}, "x", oslo.response(3))
    assert verdicts(answer) == ["refused"] * 5 + ["stored"]


def test_a_wiped_text_leaves_a_valid_entry(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    wiped = wire.wipe(oslo.response(3, answers={"comment": "My name is Kari."}))
    assert verdicts(oslo.send(client, wiped)) == ["stored"]
    assert "Kari" not in wire.encode(wiped).decode()


def test_test_taps_never_count(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    assert verdicts(oslo.send(client, oslo.response(3, test=True))) == ["stored"]
    assert counts(centre) == [0, 0, 0, 0]
    assert rows(centre, models.responses) == 1


def test_mashing_and_ghosts_are_set_aside(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    oslo.send(
        client,
        oslo.response(3),
        oslo.response(0, since_prev_ms=1200),
        oslo.response(1, flags=["ghost"]),
        oslo.response(2, since_prev_ms=5000),
    )
    assert counts(centre) == [0, 0, 1, 1]
    assert counts(centre, aside=True) == [1, 1, 0, 0]


def test_answers_outside_opening_hours_are_set_aside(centre: Centre, client: FlaskClient) -> None:
    nine_to_six: Any = [[(9 * 60, 18 * 60)]] * 7
    bergen = enrol_box(centre, open_shop(centre, "Bergen", hours=nine_to_six)[1])
    noon = NOON - 60 * MINUTE  # 12:00 in Bergen
    bergen.send(client, bergen.response(3, at_ms=noon), bergen.response(0, at_ms=noon - 9 * 60 * MINUTE))
    assert counts(centre) == [0, 0, 0, 1]
    assert counts(centre, aside=True) == [1, 0, 0, 0]


def test_hours_over_midnight(centre: Centre, client: FlaskClient) -> None:
    noon_to_two: Any = [[(12 * 60, 26 * 60)]] * 7
    bar = enrol_box(centre, open_shop(centre, "Molde", hours=noon_to_two)[1])
    noon = NOON - 60 * MINUTE
    bar.send(client, bar.response(3, at_ms=noon - 11 * 60 * MINUTE), bar.response(0, at_ms=noon - 9 * 60 * MINUTE))
    assert counts(centre) == [0, 0, 0, 1]
    assert counts(centre, aside=True) == [1, 0, 0, 0]


def test_days_and_hours_are_the_location_s_own(centre: Centre, client: FlaskClient) -> None:
    kathmandu = enrol_box(centre, open_shop(centre, "Kathmandu", zone="Asia/Kathmandu")[1])
    kathmandu.send(client, kathmandu.response(3, at_ms=NOON + (6 * 60 + 20) * MINUTE - MINUTE * 5))
    with centre.db.reading() as tx:
        day, hour = tx.execute(select(models.responses.c.day, models.responses.c.hour)).one()
    assert (day, hour) == (DAY + 1, (DAY + 1) * 24)
    assert EPOCH_DAY + DAY == 739616


def test_a_box_without_a_clock_is_anchored_by_the_centre_s_answers(
    centre: Centre, client: FlaskClient, oslo: Box
) -> None:
    stamp = {"boot": oslo.boot, "boottime_ms": 60_000, "wall_ms": 0, "synced": False}
    anchor = {"boot": oslo.boot, "boottime_ms": 3_660_000, "server_ms": NOON, "rtt_ms": 80}
    oslo.send(client, oslo.response(3, stamp=stamp), anchors=[anchor])
    with centre.db.reading() as tx:
        row = tx.execute(select(models.responses)).one()
    assert (row.captured_ms, row.quality) == (NOON - 3_600_000, "anchored")
    assert row.error_ms == 40 + 360


@pytest.mark.parametrize(
    "stamp",
    [
        {"wall_ms": 0, "synced": False},
        {"wall_ms": NOON, "synced": False},
        {"wall_ms": 0, "synced": True},
        {"wall_ms": NOON + 10**12, "synced": True},
    ],
)
def test_a_clock_that_nobody_set_counts_on_the_day_of_arrival(
    centre: Centre, client: FlaskClient, oslo: Box, stamp: dict[str, Any]
) -> None:
    oslo.send(client, oslo.response(3, stamp={"boot": "b", "boottime_ms": 5, **stamp}))
    with centre.db.reading() as tx:
        row = tx.execute(select(models.responses)).one()
    assert (row.quality, row.captured_ms, row.hour) == ("unknown", centre.now_ms(), None)
    assert "time_unknown" in row.flags
    assert counts(centre) == [0, 0, 0, 1]
    assert rows(centre, models.tallies_hour) == 0


def test_what_was_tapped_before_enrolment_counts_at_the_first_place(
    centre: Centre, client: FlaskClient, oslo: Box
) -> None:
    oslo.send(client, oslo.response(3, screen=None, placement=None))
    assert counts(centre) == [0, 0, 0, 1]
    with centre.db.reading() as tx:
        assert tx.execute(select(models.responses.c.flags)).scalar_one() == "before_enrolment"


def test_a_device_that_the_centre_forgot_is_kept_apart(centre: Centre, client: FlaskClient) -> None:
    stranger = Box("dev-gone", centre.secrets.key("dev-gone", 1), "scr-gone", "plc-gone")
    answer = stranger.send(client, stranger.response(3))
    assert [(result.verdict, result.code) for result in answer.results] == [("quarantined", "unknown_device")]
    assert answer.do == ["reenrol"]
    assert counts(centre) == [0, 0, 0, 0]


def test_what_a_stranger_brought_first_still_counts_for_its_own_device(
    centre: Centre, client: FlaskClient, oslo: Box
) -> None:
    other = enrol_box(centre, open_shop(centre, "Bergen")[1])
    entry = oslo.response(3)
    assert verdicts(other.send(client, entry)) == ["quarantined"]
    answer = oslo.send(client, entry)
    assert verdicts(answer) == ["stored"]
    assert answer.have[oslo.stream].n == 1
    assert verdicts(other.send(client, entry)) == ["duplicate"]
    assert counts(centre) == [0, 0, 0, 1]
    assert rows(centre, models.quarantine) == 0


def test_an_audit_names_what_is_missing(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(3)
    oslo.send(client, entry)
    lost = new_id()
    answer = oslo.send(client, audit=[[entry["id"], 1], [entry["id"], 2], [lost, 1]])
    assert answer.missing == [(entry["id"], 2), (lost, 1)]


def test_a_late_replay_says_nothing_new_of_the_device(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    def told() -> tuple[str, int]:
        with centre.db.reading() as tx:
            return tuple(tx.execute(select(models.devices.c.app, models.devices.c.seen_tries)).one())  # type: ignore[return-value]

    oslo.send(client, seen=[1000, 3], app="new")
    oslo.send(client, seen=[1000, 2], app="old")
    assert told() == ("new", 3)
    answer = oslo.send(client, oslo.response(3), seen=[900, 9], app="older")
    assert verdicts(answer) == ["stored"]
    assert told() == ("new", 3)


def test_complete_through_follows_what_waits(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    def complete() -> int:
        with centre.db.reading() as tx:
            return int(tx.execute(select(models.devices.c.complete_ms)).scalar_one())

    waiting = {"streams": {oslo.stream: {"sealed": 3, "acked": 0, "pending": 3, "parked": 0}}}
    oslo.send(client, oslo.response(3), health={**waiting, "oldest_pending_ms": 7000})
    assert complete() == centre.now_ms() - 7000
    oslo.send(client, oslo.response(3), oslo.response(3), oslo.response(3), health={**waiting, "oldest_pending_ms": 9})
    assert complete() == centre.now_ms()


def test_a_response_that_was_changed_in_the_database_is_found(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    oslo.send(client, oslo.response(0))
    table = models.responses
    with centre.db.reading() as tx:
        before = tx.execute(select(table.c.body)).scalar_one()
    with centre.db.writing() as tx:
        tx.execute(table.update().values(body=before.replace('"visit":0', '"visit":3')))
    with centre.db.reading() as tx:
        assert "its hash differs" in str(tally.verify(tx))
    with pytest.raises(tally.Difference), centre.db.writing() as tx:
        tally.rebuild(tx, NOON)
    with centre.db.writing() as tx:
        tx.execute(table.update().values(body=before))


@pytest.mark.parametrize(
    ("table", "changes", "sentence"),
    [
        (models.responses, {"flags": "closed"}, "against what its flags say"),
        (models.responses, {"aside": True}, "against what its flags say"),
        (models.responses, {"commented": False}, "hides its comment"),
        (models.responses, {"body": "{"}, "can no longer be read"),
        (models.receipts, {"sha": "0" * 64}, "no receipt that fits"),
        (models.streams, {"n": 9}, "says 9 receipts"),
        (models.quarantine, None, "not there any more"),
        (models.responses, None, "not there any more|tallies"),
    ],
)
def test_verify_finds_what_was_changed(
    a_centre: Centre, client: FlaskClient, oslo: Box, table: Any, changes: dict[str, Any] | None, sentence: str
) -> None:
    oslo.send(client, oslo.response(3, answers={"comment": "Takk!"}), oslo.response(1, kind="hologram"))
    with a_centre.db.reading() as tx:
        before = [tuple(row) for row in tx.execute(select(table))]
        assert tally.verify(tx) is None
    with a_centre.db.writing() as tx:
        tx.execute(table.delete() if changes is None else table.update().values(**changes))
    with a_centre.db.reading() as tx:
        assert re.search(sentence, str(tally.verify(tx)))
    with a_centre.db.writing() as tx:
        tx.execute(table.delete())
        append(tx, table, before)


def test_tallies_can_be_rebuilt_while_answers_arrive(centre: Centre, oslo: Box) -> None:
    def arrive() -> None:
        for _ in range(15):
            entries = [wire.encode(oslo.response(value % 4)) for value in range(20)]
            ingest.take(centre.db, oslo.device, 1, as_batch(oslo, entries), NOON)

    def rebuild() -> None:
        for _ in range(8):
            with centre.db.writing() as tx:
                tally.rebuild(tx, NOON)

    at_once(arrive, rebuild)
    assert sum(counts(centre)) == 300


def test_tallies_can_be_rebuilt(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    oslo.send(client, *(oslo.response(value % 4, answers={"visit_happy": ["staff"]}) for value in range(9)))
    with centre.db.writing() as tx:
        tx.execute(models.tallies_day.update().values(n=models.tallies_day.c.n + 1))
    with centre.db.reading() as tx:
        assert "tallies_day" in str(tally.verify(tx))
    with centre.db.writing() as tx:
        tally.rebuild(tx, NOON)
    assert counts(centre) == [3, 2, 2, 2]


def set_fact(centre: Centre, name: str, value: str) -> None:
    with centre.db.writing() as tx:
        put(tx, models.centre, [(name, value)])


def test_every_answer_says_how_far_the_centre_remembers(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    assert oslo.send(client).backed_up_ms is None
    set_fact(centre, "backed_up_ms", str(NOON - 5))
    set_fact(centre, "epoch", "another memory")
    answer = oslo.send(client, oslo.response(3))
    assert (answer.backed_up_ms, answer.epoch) == (NOON - 5, "another memory")


def sealed(oslo: Box, number: int) -> dict[str, Any]:
    counts = {"sealed": number, "acked": 0, "pending": 0, "parked": 0}
    return {"streams": {oslo.stream: counts}, "stream": oslo.stream}


def test_the_highest_number_ever_told_is_remembered(client: FlaskClient, oslo: Box) -> None:
    answer = oslo.send(client, oslo.response(3), health=sealed(oslo, 9), seen=(5, 0))
    assert answer.have[oslo.stream] == wire.Held(1, 9)
    answer = oslo.send(client, health=sealed(oslo, 12), seen=(4, 0))
    assert answer.have[oslo.stream] == wire.Held(1, 9), "a late replay is not believed"


def erase(centre: Centre, name: str) -> None:
    erasures.erase(centre.db, centre.settings.data / "erased.log", name, NOON)


def test_what_was_erased_is_counted_without_its_words(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(3, answers={"comment": "My name is Kari."})
    erase(centre, entry["id"])
    assert verdicts(oslo.send(client, entry)) == ["erased"]
    assert verdicts(oslo.send(client, entry)) == ["erased"]
    higher = oslo.response(0, id=entry["id"], rev=2, answers={"comment": "Kari, again."})
    assert verdicts(oslo.send(client, higher)) == ["erased"]
    assert counts(centre) == [1, 0, 0, 0]
    with centre.db.reading() as tx:
        row = tx.execute(select(models.responses)).one()
        assert set(tx.execute(select(models.receipts.c.verdict)).scalars()) == {"erased"}
    assert not row.commented
    assert "Kari" not in row.body


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "hologram", "about": {"who": "Kari"}}, "unknown_kind"),
        ({"schema": 2, "about": {"who": "Kari"}}, "unknown_schema"),
        ({"survey": "unheard-of"}, "unknown_survey"),
    ],
)
def test_what_was_erased_leaves_no_words_where_it_is_kept_apart(
    centre: Centre, client: FlaskClient, oslo: Box, changes: dict[str, Any], code: str
) -> None:
    entry = oslo.response(3, answers={"comment": "My name is Kari."}, **changes)
    erase(centre, entry["id"])
    assert [(result.verdict, result.code) for result in oslo.send(client, entry).results] == [("erased", code)]
    with centre.db.reading() as tx:
        kept = tx.execute(select(models.quarantine.c.body)).scalar_one()
    assert entry["id"] in kept
    assert "Kari" not in kept


def test_other_words_under_an_erased_name_are_not_kept_either(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    entry = oslo.response(3)
    oslo.send(client, entry)
    erase(centre, entry["id"])
    answer = oslo.send(client, entry, oslo.response(3, id=entry["id"], answers={"comment": "Kari"}))
    assert [(r.verdict, r.code) for r in answer.results] == [("erased", None), ("erased", "conflict")]
    with centre.db.reading() as tx:
        assert "Kari" not in tx.execute(select(models.quarantine.c.body)).scalar_one()


def test_a_way_to_reach_somebody_who_was_erased_is_not_kept(centre: Centre, client: FlaskClient, oslo: Box) -> None:
    given = oslo.response(3)
    erase(centre, given["id"])
    contact = oslo.response(3, kind="letter", response=given["id"], phone="+47 555 123")
    other = oslo.response(3, kind="letter", response=new_id(), phone="+47 555 456")
    assert verdicts(oslo.send(client, contact, other)) == ["erased", "quarantined"]
    with centre.db.reading() as tx:
        kept = "".join(tx.execute(select(models.quarantine.c.body)).scalars())
    assert ("555 123" in kept, "555 456" in kept) == (False, True)


def test_erasing_misses_nothing_that_is_just_being_stored(centre: Centre, oslo: Box) -> None:
    for _ in range(5):
        entry = oslo.response(3, answers={"comment": "My name is Kari."})
        arrive = partial(ingest.take, centre.db, oslo.device, 1, as_batch(oslo, [wire.encode(entry)]), NOON)
        at_once(arrive, partial(erase, centre, entry["id"]))
    with centre.db.reading() as tx:
        bodies = tx.execute(select(models.responses.c.body)).scalars().all()
    assert len(bodies) == 5
    assert "Kari" not in "".join(bodies)
