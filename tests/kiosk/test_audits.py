"""When an audit is due, how it goes through what is acked, and what it finds: the pure rules."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import audits
from kiosk.audits import DAY_MS, Acked, Audit, Heard, Revision
from kiosk.keeping import BODY_MS

OSLO = ZoneInfo("Europe/Oslo")
NOON = int(datetime(2026, 3, 3, 12, tzinfo=OSLO).timestamp() * 1000)


def heard(
    n: int = 10, acked: int = 10, *, epoch: str = "e1", server_ms: int = NOON, asked: bool = False, stream: str = "s"
) -> Heard:
    return Heard(epoch, server_ms, {stream: n}, {stream: acked}, asked)


def noted(audit: Audit, what: Heard) -> Audit:
    return audits.noted(audit, what, lambda: 0.5, OSLO)


def begun() -> Audit:
    """A terminal that met its centre when it had acked nothing."""
    audit = noted(Audit(), heard(0, 0))
    assert not audit.due
    return audit


def rows(*places: int, body: bool = True, acked_ms: int = NOON, gone: bool = False) -> list[Acked]:
    return [Acked(place, f"id-{place}", 1, acked_ms, body, gone) for place in places]


def finished(audit: Audit, what: Heard) -> Audit:
    return audits.advanced(audit, noted(audit, what), rows(1, 2), True, what)


def test_all_is_well_and_no_audit_is_due() -> None:
    assert not noted(begun(), heard(10, 10)).due
    assert not noted(begun(), heard(11, 10)).due  # an answer of the centre's was lost


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (heard(epoch="e2"), "epoch"),
        (heard(9, 10), "shortfall"),
        (heard(asked=True), "asked"),
        (heard(server_ms=NOON + DAY_MS), "night"),
    ],
)
def test_what_makes_an_audit_due(what: Heard, why: str) -> None:
    assert noted(begun(), what).why == why


def test_the_same_shortfall_starts_no_other_audit_until_it_grows() -> None:
    audit = finished(noted(begun(), heard(7, 10)), heard(7, 10))
    assert not audit.due
    assert audit.excused == {"s": 3}
    assert not noted(audit, heard(7, 10)).due
    assert not noted(audit, heard(8, 10)).due
    assert noted(audit, heard(7, 11)).why == "shortfall"


def test_what_was_lost_while_an_audit_was_under_way_starts_another() -> None:
    audit = finished(noted(begun(), heard(7, 10)), heard(5, 10))
    assert audit.excused == {"s": 3}
    assert noted(audit, heard(5, 10)).why == "shortfall"


def test_what_came_back_is_not_excused() -> None:
    audit = noted(begun(), heard(7, 10))
    assert audits.advanced(audit, audit, rows(1), True, heard(7, 7)).excused == {}


def test_a_restore_in_the_middle_begins_the_audit_anew() -> None:
    asked = noted(begun(), heard(asked=True))
    halfway = audits.advanced(asked, noted(asked, heard()), rows(1, 2), False, heard())
    assert (halfway.why, halfway.after) == ("asked", 2)
    restored = heard(epoch="e2")
    again = audits.advanced(halfway, noted(halfway, restored), rows(3, 4), True, restored)
    assert (again.why, again.after, again.epoch) == ("epoch", 0, "e2")


def test_only_the_audit_after_a_restore_says_since_when_the_restored_centre_holds() -> None:
    audit = finished(noted(begun(), heard(asked=True)), heard())
    assert audit.restored_ms is None
    after = finished(noted(audit, heard(epoch="e2")), heard(epoch="e2"))
    assert after.restored_ms == heard().server_ms
    assert finished(noted(after, heard(epoch="e2", asked=True)), heard(epoch="e2")).restored_ms == after.restored_ms


def test_a_centre_that_asks_with_every_answer_gets_one_audit_at_a_time() -> None:
    audit = noted(begun(), heard(asked=True))
    assert not finished(audit, heard(asked=True)).due


def test_a_new_epoch_of_nothing_needs_no_audit() -> None:
    audit = noted(begun(), heard(0, 0, epoch="e2"))
    assert (audit.due, audit.epoch) == (False, "e2")


@given(
    st.floats(0, 1, exclude_max=True), st.integers(0, 400), st.sampled_from(["Europe/Oslo", "Asia/Kathmandu", "UTC"])
)
def test_nights_are_nights_there(chance: float, days: int, zone: str) -> None:
    after_ms = NOON + days * DAY_MS + days * 997_000
    night_ms = audits.next_night(after_ms, lambda: chance, ZoneInfo(zone))
    there = datetime.fromtimestamp(night_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    assert 0 < night_ms - after_ms <= DAY_MS + 60 * 60_000
    assert 1 <= there.hour < 5


def test_a_centre_whose_clock_ran_ahead_does_not_put_the_nights_off() -> None:
    audit = msgspec.structs.replace(begun(), night_ms=NOON + 4000 * DAY_MS)
    assert (noted(audit, heard()).night_ms or 0) < NOON + DAY_MS


def test_what_an_audit_finds() -> None:
    old = NOON - BODY_MS - 1
    kept, young = rows(1, acked_ms=old), rows(2)
    again, gone = rows(3), rows(4, body=False)
    still, back = rows(5, body=False, gone=True), rows(6, body=False, gone=True)
    missing = [("id-3", 1), ("id-4", 1), ("id-5", 1), ("id-77", 1), ("id-1", 2)]
    told = audits.found(kept + young + again + gone + still + back, missing, NOON)
    assert told == (again, gone, back, kept)


@pytest.mark.parametrize(
    ("revisions", "lost"),
    [
        ([], False),
        ([(1, True)], True),
        ([(1, True), (2, False)], False),
        ([(2, True), (1, False)], True),
        ([(1, False)], False),
    ],
)
def test_what_is_lost(revisions: list[tuple[int, bool]], lost: bool) -> None:
    assert audits.is_lost(Revision(*revision) for revision in revisions) is lost


@given(
    st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)), st.integers(1, 9), st.data()
)
def test_an_audit_in_chunks_finds_exactly_what_is_missing(
    acked: set[int], held: set[int], bodies: set[int], size: int, data: st.DataObject
) -> None:
    """Whatever the chunks, with answers that get lost and starts in between; more is acked while it goes on."""
    audit, again, gone = noted(begun(), heard(asked=True)), set(), set()
    added = iter(range(61, 70))
    while audit.due:
        places = sorted(place for place in acked if place > audit.after)
        chunk = [Acked(n, f"id-{n}", 1, NOON, n in bodies) for n in places[:size]]
        if data.draw(st.booleans()):
            continue  # no answer; or a new start, which knows what was written down
        missing = {(entry.id, 1) for entry in chunk if entry.place not in held}
        told = audits.found(chunk, missing, NOON)
        again |= {entry.place for entry in told.again}
        gone |= {entry.place for entry in told.gone}
        acked -= again
        what = heard()
        audit = audits.advanced(audit, noted(audit, what), chunk, len(places) <= size, what)
        new = next(added, None)
        if new and audit.due:
            acked.add(new)
            held.add(new)
    everything = acked | again
    assert again == (everything - held) & bodies
    assert gone == everything - held - bodies
