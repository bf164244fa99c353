"""When a letter is due: whatever the clocks do, each local day is decided on once."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync.office import local_time, mailing_days
from sync.office.mailing_days import Cadence, Clock

OSLO = Clock("Europe/Oslo", 420)
MINUTE_MS, DAY_MS = 60_000, 86_400_000
ZONES = (
    "Europe/Oslo",
    "America/New_York",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Havana",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
)


def ms(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


def day(year: int, month: int, of: int) -> int:
    return local_time.day_number(date(year, month, of))


def test_each_cadence_has_its_days() -> None:
    wednesday = day(2026, 3, 4)
    assert mailing_days.on_or_after("daily", wednesday) == wednesday
    assert mailing_days.on_or_after("weekly", wednesday) == day(2026, 3, 9)
    assert mailing_days.on_or_after("weekly", day(2026, 3, 9)) == day(2026, 3, 9)
    assert mailing_days.on_or_after("monthly", wednesday) == day(2026, 4, 1)
    assert mailing_days.on_or_after("monthly", day(2026, 12, 31)) == day(2027, 1, 1)
    assert mailing_days.on_or_after("monthly", day(2026, 4, 1)) == day(2026, 4, 1)


def test_who_subscribes_after_breakfast_hears_tomorrow() -> None:
    assert mailing_days.first("daily", OSLO, ms(2026, 3, 4, 5, 59)) == day(2026, 3, 4)
    assert mailing_days.first("daily", OSLO, ms(2026, 3, 4, 6, 0)) == day(2026, 3, 5)


def test_a_managers_letter_comes_before_the_day_is_over() -> None:
    late = Clock("Europe/Oslo", 22 * 60, 240)
    wednesday = day(2026, 3, 4)
    assert mailing_days.step("daily", late, wednesday, ms(2026, 3, 4, 22, 58)).due is None
    assert mailing_days.step("daily", late, wednesday, ms(2026, 3, 4, 22, 59)).due == wednesday


def test_in_spring_a_minute_that_is_left_out_comes_at_the_next_one() -> None:
    sunday = day(2026, 3, 29)
    before, after = ms(2026, 3, 29, 0, 59), ms(2026, 3, 29, 1, 0)
    assert mailing_days.step("daily", Clock("Europe/Oslo", 150), sunday, before).due is None
    assert mailing_days.step("daily", Clock("Europe/Oslo", 150), sunday, after) == ((), sunday, sunday + 1)


def test_in_autumn_the_first_of_two_counts() -> None:
    sunday = day(2026, 10, 25)
    assert mailing_days.step("daily", Clock("Europe/Oslo", 150), sunday, ms(2026, 10, 25, 0, 30)).due == sunday
    assert mailing_days.step("daily", Clock("Europe/Oslo", 150), sunday + 1, ms(2026, 10, 25, 1, 30)).due is None


def test_a_day_that_a_country_leaves_out_is_listed() -> None:
    """Samoa had no 30 December 2011."""
    last = day(2011, 12, 29)
    step = mailing_days.step("daily", Clock("Pacific/Apia", 420), last + 1, ms(2011, 12, 30, 17, 0))
    assert step == ((last + 1,), last + 2, last + 3)


def test_what_nobody_could_send_is_listed_for_two_weeks() -> None:
    today = day(2026, 3, 30)
    step = mailing_days.step("daily", Clock("UTC", 420), day(2026, 1, 1), ms(2026, 3, 30, 12))
    assert step.missed == tuple(range(today - 14, today))
    weekly = mailing_days.step("weekly", Clock("UTC", 420), day(2026, 1, 5), ms(2026, 3, 31, 12))
    assert weekly == ((day(2026, 3, 23), day(2026, 3, 30)), None, day(2026, 4, 6))


class Ledger:
    """What the table of letters is to the server: one row for a day, whatever asks for one."""

    def __init__(self, cadence: Cadence, zone: str, minute: int, now_ms: int) -> None:
        self.cadence, self.zone, self.minute = cadence, zone, minute
        self.next_day = mailing_days.first(cadence, Clock(zone, minute), now_ms)
        self.rows: dict[int, str] = {}

    def look(self, now_ms: int) -> None:
        if mailing_days.is_ahead(self.cadence, Clock(self.zone, self.minute), self.next_day, now_ms):
            today = local_time.day_of(now_ms, self.zone)
            self.next_day = max((each for each in self.rows if each <= today), default=today - 1) + 1
        step = mailing_days.step(self.cadence, Clock(self.zone, self.minute), self.next_day, now_ms)
        for each in step.missed:
            self.rows.setdefault(each, "missed")
        if step.due is not None and self.rows.setdefault(step.due, "sent") == "sent":
            assert local_time.day_of(now_ms, self.zone) == step.due
        self.next_day = step.next_day


@pytest.mark.parametrize("cadence", mailing_days.CADENCES)
@settings(max_examples=30, deadline=None)
@example(2011, [("Pacific/Apia", 30)] * 60, 420)
@given(
    st.integers(2011, 2030),
    st.lists(st.tuples(st.sampled_from(ZONES), st.integers(1, 40 * 60)), min_size=1, max_size=60),
    st.integers(0, 1439),
)
def test_no_day_is_skipped_and_none_is_sent_twice(
    cadence: Cadence, year: int, looks: list[tuple[str, int]], minute: int
) -> None:
    """`looks`: the zone that holds then, and how many minutes passed since some process looked last."""
    now_ms = ms(year, 3, 27)
    ledger = Ledger(cadence, looks[0][0], minute, now_ms)
    begun = ledger.next_day
    for zone, minutes in looks:
        now_ms += minutes * MINUTE_MS
        ledger.zone = zone
        ledger.look(now_ms)
        today = local_time.day_of(now_ms, zone)
        is_time = now_ms >= local_time.moment(today, minute, zone)
        wanted = {
            d for d in range(max(begun, today - 14), today + is_time) if mailing_days.on_or_after(cadence, d) == d
        }
        assert wanted <= ledger.rows.keys()
        assert all(mailing_days.on_or_after(cadence, each) == each for each in ledger.rows)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 1439)), max_size=20), st.sampled_from(ZONES))
def test_a_clock_that_was_wrong_for_a_while_stops_nothing(errors: list[tuple[int, int]], zone: str) -> None:
    """`errors`: how many days and minutes ahead a server's clock was when it looked."""
    true_ms = ms(2026, 5, 1, 12)
    ledger = Ledger("daily", zone, 420, true_ms)
    for days, minutes in errors:
        true_ms += DAY_MS // 3
        ledger.look(true_ms + days * DAY_MS + minutes * MINUTE_MS)
        ledger.look(true_ms)
    for _ in range(4):
        true_ms += DAY_MS
        ledger.look(true_ms)
    today = local_time.day_of(true_ms, zone)
    assert {today - 2, today - 1} <= ledger.rows.keys()
