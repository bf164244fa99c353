"""How often head office is asked, what outlives the process, and who has to wait for whom: the pure rules."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.pace import CAP_S, MOST_RESTING, Entry, Kept, Kind, Outcome, Pace, judge, resume
from sync import wire

APP = "smilepost/0"
NOW_MS = 500_000


def kept_after(failures: int, kind: Kind = Kind.NO_ANSWER, boot: str = "b1") -> Kept:
    pace, wait = Pace(), 0.0
    for _ in range(failures):
        wait = pace.after(Outcome(kind), [], True, lambda: 1.0)
    return pace.keep(boot, NOW_MS, wait, APP)


def begin(
    kept: Kept | None, boot: str = "b1", now_ms: int = NOW_MS, app: str = APP, chance: float = 0.5
) -> tuple[Pace, float]:
    return resume(kept, boot, now_ms, app, False, lambda: chance)


def test_the_first_sync_after_a_start_is_within_a_minute() -> None:
    assert begin(None) == (Pace(), 30.0)
    assert begin(kept_after(0)) == (Pace(), 30.0)
    assert resume(None, "b1", 0, APP, True, lambda: 0.5)[1] == 0.0


def test_a_restart_does_not_reset_the_backing_off() -> None:
    pace, wait = begin(kept_after(6), now_ms=NOW_MS + 10_000)
    assert wait == 54.0
    assert not pace.online
    assert pace.after(Outcome(Kind.NO_ANSWER), [], True, lambda: 1.0) == 128.0


def test_nor_does_it_freeze_it() -> None:
    assert begin(kept_after(6), now_ms=NOW_MS + 10**9)[1] == 0.0
    assert begin(Kept("b1", 10**15, 3, "BUSY", APP))[1] == 3600.0


def test_another_boot_s_clock_knows_nothing_of_the_last_one_s() -> None:
    pace, wait = begin(kept_after(9), boot="b2", now_ms=0)
    assert wait == 30.0
    assert pace.failures == 9


def test_an_update_asks_whether_it_is_welcome_now() -> None:
    kept = kept_after(1, Kind.UPGRADE)
    assert begin(kept)[0].holding
    assert begin(kept)[1] == 900.0
    assert begin(kept, app="smilepost/1") == (Pace(), 30.0)


def test_what_another_version_wrote_is_no_reason_to_stop() -> None:
    assert begin(Kept("b1", 0, 3, "SOMETHING_ELSE", APP)) == (Pace(), 30.0)


@given(st.integers(0, 40), st.floats(0, 1, exclude_max=True), st.integers(0, 10**7), st.booleans())
def test_no_start_waits_longer_than_the_backing_off_would(
    failures: int, chance: float, gone_ms: int, same: bool
) -> None:
    kept = kept_after(failures)
    pace, wait = begin(kept, "b1" if same else "b2", NOW_MS + gone_ms, chance=chance)
    assert pace.failures == failures
    assert 0.0 <= wait <= CAP_S
    if same and failures:
        assert wait == pytest.approx(max(0.0, min(CAP_S, 2.0**failures) - gone_ms / 1000))


@pytest.mark.parametrize("header", ["nan", "-nan"])
def test_no_number_is_no_time_to_wait(header: str) -> None:
    assert judge(503, True, header).retry_after_s is None


def test_an_audit_that_fails_lets_the_entries_go_first() -> None:
    pace = Pace()
    assert pace.audits_now(0.0, waiting=True)
    pace.audited(Outcome(Kind.ERROR), 0.0)
    assert not pace.audits_now(100.0, waiting=True)
    assert pace.audits_now(100.0, waiting=False)
    assert not pace.audits_now(3.9, waiting=False)
    pace.after(Outcome(Kind.ERROR), [("a", 1)], True, lambda: 1.0)
    assert pace.audits_now(100.0, waiting=True)
    pace.audited(Outcome(Kind.ACCEPTED), 100.0)
    assert pace.audits_now(100.0, waiting=True)


def test_an_audit_that_is_too_large_is_halved() -> None:
    pace = Pace()
    for _ in range(30):
        pace.audited(Outcome(Kind.TOO_LARGE), 0.0)
    assert pace.audit_limit == 1


def test_a_centre_that_puts_everything_off_is_left_alone() -> None:
    pace = Pace()
    pace.later([wire.Result(str(n), 1, "later", retry_ms=9_000) for n in range(MOST_RESTING)], 0.0)
    assert pace.is_turned_away(8.9)
    assert not pace.is_turned_away(9.1)


def test_an_outage_is_no_fault_of_the_answers() -> None:
    """However long nobody answers, nothing is halved; and each fourth request is only a question."""
    pace, sent, empty = Pace(), [(str(n), 1) for n in range(200)], 0
    for _ in range(100):
        empty += pace.holding
        pace.after(Outcome(Kind.NO_ANSWER), [] if pace.holding else sent, True, lambda: 0.0)
        assert pace.limit == 200
    assert empty == 25


def test_what_something_on_the_way_swallows_holds_nobody_up() -> None:
    """A filter between shop and head office dislikes two of the answers: the others pass, and those are tried again
    now and then, for ever."""
    pace, waiting, disliked, now = Pace(), [(f"{n:03}", 1) for n in range(60)], {("007", 1), ("031", 1)}, 0.0
    passed, tried = set(), 0
    for _ in range(400):
        asleep = set(pace.resting(now))
        offered = [] if pace.holding else [entry for entry in waiting if entry not in asleep][: pace.limit]
        sent = pace.together(offered) if offered else []
        swallowed = bool(disliked & set(sent))
        tried += swallowed
        if swallowed and len(sent) == 1 and pace.blames(sent[0]):
            assert pace.alone(Outcome(Kind.BUSY), sent[0], now) == "rest"
        if not swallowed:
            passed |= set(sent)
            waiting = [entry for entry in waiting if entry not in passed]
        kind = Kind.BUSY if swallowed else Kind.ACCEPTED
        now += pace.after(Outcome(kind), sent, True, lambda: 1.0) + 0.1
        if len(waiting) == 2 and not passed >= {("new", 1)}:
            waiting.append(("new", 1))
    assert {entry for entry in waiting if entry not in passed} == disliked
    assert ("new", 1) in passed
    assert tried < 100
    disliked.clear()
    for _ in range(40):
        now += 300
        sent = pace.together(waiting) if waiting and not pace.holding else []
        waiting = [entry for entry in waiting if entry not in sent]
        pace.after(Outcome(Kind.ACCEPTED), sent, True, lambda: 1.0)
    assert waiting == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.ACCEPTED, Kind.BAD, Kind.ERROR)])
def test_nothing_is_parked_for_what_the_line_does(kind: Kind) -> None:
    """However often it hits the same one while others pass; a stumble of head office after it is the first one."""
    pace, entry, other = Pace(), ("a", 1), ("b", 1)
    for number in range(20):
        pace.after(Outcome(Kind.ACCEPTED), [other], True, lambda: 0.5)
        assert pace.alone(Outcome(kind), entry, number * 1_000.0) == "rest"
    pace.after(Outcome(Kind.ACCEPTED), [other], True, lambda: 0.5)
    assert pace.alone(Outcome(Kind.ERROR), entry, 10**6) == "rest"


def test_a_busy_head_office_is_not_a_filter() -> None:
    pace = Pace()
    for _ in range(12):
        pace.after(Outcome(Kind.BUSY, signed=True), [("a", 1), ("b", 1)], True, lambda: 0.0)
        assert not pace.holding


def days_of_bad_requests(
    minutes: float, waiting: list[Entry], unreadable: Callable[[list[Entry]], bool]
) -> list[Entry]:
    """A centre that cannot read some requests (asked with what they carry), for so long; what was parked of `waiting`,
    out of which it takes what it can read."""
    pace, now, parked, requests = Pace(), 0.0, [], 0
    while now < minutes * 60:
        asleep = pace.resting(now)
        offered = [entry for entry in waiting if entry not in asleep][: pace.limit]
        sent = pace.together(offered) if offered and not pace.holding else []
        bad, requests = unreadable(sent), requests + 1
        outcome = Outcome(Kind.BAD if bad else Kind.ACCEPTED, signed=True)
        if bad and len(sent) == 1 and pace.alone(outcome, sent[0], now) == "park":
            parked.append(sent[0])
        waiting[:] = [entry for entry in waiting if entry not in (parked if bad else sent)]
        asleep = pace.resting(now)
        now += max(pace.after(outcome, sent, any(entry not in asleep for entry in waiting), lambda: 0.5), 0.1)
    assert requests < 100 + minutes * 3
    return parked


def test_what_is_wrong_with_every_request_is_no_fault_of_the_answers() -> None:
    """Head office can read nothing that this terminal says, the empty requests neither; then it can again."""
    for number in (1, 2, 60):
        waiting = [(f"{n:03}", 1) for n in range(number)]
        assert days_of_bad_requests(60 * 24 * 3, waiting, lambda sent: True) == []
        assert len(waiting) == number
        assert days_of_bad_requests(5, waiting, lambda sent: False) == []
        assert waiting == []


@pytest.mark.parametrize(("others", "minutes"), [(0, 4), (1, 4), (60, 40)])
def test_an_answer_that_cannot_be_read_is_parked_within_minutes(others: int, minutes: int) -> None:
    """Also one that is alone: the empty requests in between are read. Among many it has to be found first."""
    poison, waiting = ("007", 1), [(f"{n:03}", 1) for n in range(7, 8 + others)]
    assert days_of_bad_requests(minutes, waiting, lambda sent: poison in sent) == [poison]
    assert waiting == []
