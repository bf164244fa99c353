"""The chain that the demo plays: its places, and a past that a real terminal could have sent."""

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from sync import survey, wire
from sync.demo import history, remarks, world

# A Wednesday afternoon in winter; the last Tuesday was the day before.
NOW = int(datetime(2025, 1, 15, 14, 30, tzinfo=UTC).timestamp() * 1000)
STORY = history.begun("a seed", date(2025, 1, 15), 28)
SLOT = history.Slot("scr-1", "plc-1", "stream-1")
BOX = {box.key: box for box in world.BOXES}
SPOKEN = {"en", "nl", "de", "fr"}


def told(key: str, story: history.Story = STORY, until: int = NOW, skip: int = 0) -> list[history.Entry]:
    return list(history.history(BOX[key], SLOT, story, until, skip))


@pytest.fixture(scope="module")
def everything() -> dict[str, list[history.Entry]]:
    return {key: told(key) for key in BOX}


def test_there_are_two_groups_and_a_dozen_shops() -> None:
    assert [group.name for group in world.GROUPS] == ["Netherlands & Belgium", "Germany"]
    assert len(world.PLACES) == 12
    assert [place.name for place in world.LIVE] == ["Amsterdam Centraal", "Berlin Hauptbahnhof"]
    assert all(place.hours is None for place in world.LIVE), "a live screen can be tried at any hour"
    assert [place.name for place in world.PLACES if place.turned] == ["Cologne"]
    assert {lang for place in world.PLACES for lang in place.languages} == SPOKEN <= set(survey.BUILTIN.languages)
    for place in world.PLACES:
        ZoneInfo(place.zone)
        assert sum(place.mood) == 100


def test_every_entry_is_what_a_terminal_may_send(everything: dict[str, list[history.Entry]]) -> None:
    for entries in everything.values():
        for entry in entries:
            read = wire.read_response(wire.encode(entry))
            assert wire.is_intact(entry)
            assert survey.problem_with(survey.BUILTIN, read.answers) is None
            value = read.answers["visit"]
            assert isinstance(value, int)
            asked = survey.BUILTIN.follow_ups(survey.BUILTIN.first.id, value).reasons
            assert asked is not None
            assert set(read.answers) <= {"visit", asked.id, "comment"}
            assert sorted(read.shown[asked.id]) == sorted(choice.id for choice in asked.choices)
            assert read.lang in SPOKEN


def test_ids_are_of_the_moment_and_never_come_twice(everything: dict[str, list[history.Entry]]) -> None:
    ids = [entry["id"] for entries in everything.values() for entry in entries]
    assert len(set(ids)) == len(ids)
    for entry in everything["berlin-1"]:
        assert int(entry["id"].replace("-", "")[:12], 16) == entry["stamp"]["wall_ms"]


def test_every_stream_is_gapless_and_in_order(everything: dict[str, list[history.Entry]]) -> None:
    for entries in everything.values():
        assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
        times = [entry["stamp"]["wall_ms"] for entry in entries]
        assert times == sorted(times)
        for before, after in pairwise(entries):
            if after["since_prev_ms"] is not None:
                assert after["since_prev_ms"] == after["stamp"]["wall_ms"] - before["stamp"]["wall_ms"]


def test_nobody_answers_while_the_shop_is_closed(everything: dict[str, list[history.Entry]]) -> None:
    for key, entries in everything.items():
        place = BOX[key].place
        for entry in entries:
            at = entry["stamp"]["wall_ms"]
            day = datetime.fromtimestamp(at / 1000, ZoneInfo(place.zone)).date()
            spans = history.opening(place, day)
            assert any(start <= at and at + entry["total_ms"] < end for start, end in spans), (key, day)


def test_nothing_lies_in_the_future_and_today_is_told_up_to_now(everything: dict[str, list[history.Entry]]) -> None:
    ends = [entry["stamp"]["wall_ms"] + entry["total_ms"] for entries in everything.values() for entry in entries]
    assert NOW - 30 * 60_000 < max(ends) < NOW


def test_four_weeks_are_enough_to_look_at(everything: dict[str, list[history.Entry]]) -> None:
    assert 15_000 <= sum(map(len, everything.values())) <= 22_000
    assert 1 <= len(everything["ghent-1"]) < 30, "one place is nearly silent"
    days = {entry["id"] for entry in everything["cologne-1"] if entry["stamp"]["wall_ms"] < NOW - 27 * 86_400_000}
    assert days, "the first day is told as well"


def test_one_place_got_worse_on_the_last_tuesday(everything: dict[str, list[history.Entry]]) -> None:
    tuesday = history.opening(BOX["cologne-1"].place, date(2025, 1, 14))[0][0]
    before = [entry for entry in everything["cologne-1"] if entry["stamp"]["wall_ms"] < tuesday]
    after = [entry for entry in everything["cologne-1"] if entry["stamp"]["wall_ms"] >= tuesday]

    def unhappy(entries: list[history.Entry]) -> list[history.Entry]:
        return [entry for entry in entries if entry["answers"]["visit"] <= 1]

    assert len(unhappy(before)) / len(before) < 0.2
    assert len(unhappy(after)) / len(after) > 0.25
    reasons = Counter(reason for entry in unhappy(after) for reason in entry["answers"].get("visit_unhappy", []))
    assert reasons.most_common(1)[0][0] == "waiting"


@pytest.mark.parametrize(
    ("today", "tuesday"),
    [
        (date(2025, 1, 14), date(2025, 1, 7)),
        (date(2025, 1, 15), date(2025, 1, 14)),
        (date(2025, 1, 13), date(2025, 1, 7)),
    ],
)
def test_the_last_tuesday_is_never_today(today: date, tuesday: date) -> None:
    assert history.begun("s", today, 28).turned == tuesday


def test_some_of_it_is_mashing_and_most_of_it_is_not(everything: dict[str, list[history.Entry]]) -> None:
    seen = [e for es in everything.values() for e in es if e["since_prev_ms"] is not None]
    quick = [entry for entry in seen if entry["since_prev_ms"] < 5000]
    assert 0.002 < len(quick) / len(seen) < 0.06
    assert any(entry["flags"] == ["ghost"] for entry in seen)
    natural = [entry for entry in seen if entry not in quick and not entry["flags"]]
    assert min(entry["since_prev_ms"] for entry in natural) >= history.APART_MS


def test_the_same_story_is_the_same_to_the_byte() -> None:
    assert list(map(wire.encode, told("utrecht-1"))) == list(map(wire.encode, told("utrecht-1")))
    other = history.begun("another seed", STORY.first, 28)
    assert told("utrecht-1", story=other) != told("utrecht-1")


def test_a_later_run_goes_on_where_the_first_one_stopped() -> None:
    first = told("rotterdam-2")
    later = NOW + 3 * 86_400_000
    assert told("rotterdam-2", until=later)[: len(first)] == first
    rest = told("rotterdam-2", until=later, skip=len(first))
    assert rest
    assert rest[0]["seq"] == len(first) + 1
    assert first + rest == told("rotterdam-2", until=later)


def test_the_days_when_clocks_change_are_told_in_order() -> None:
    for changing in (date(2025, 3, 30), date(2025, 10, 26)):
        story = history.begun("summer", changing, 2)
        until = int(datetime(changing.year, changing.month, changing.day, 22, tzinfo=UTC).timestamp() * 1000)
        times = [entry["stamp"]["wall_ms"] for entry in told("berlin-1", story=story, until=until)]
        assert len(times) > 50
        assert times == sorted(set(times))


def test_remarks_come_in_four_languages_and_fit() -> None:
    for mood, question in ((remarks.UNHAPPY, "visit_unhappy"), (remarks.HAPPY, "visit_happy")):
        asked = survey.BUILTIN.question(question)
        assert asked is not None
        known = {choice.id for choice in asked.choices}
        assert set(mood) == SPOKEN
        assert {remark.reason for said in mood.values() for remark in said} <= known
    for lang in SPOKEN:
        said = [remark.text for remark in (*remarks.UNHAPPY[lang], *remarks.HAPPY[lang])]
        assert len(said) == len(set(said)) >= 25
        assert max(map(len, said)) > 250, "a few are long"
    english = " ".join(remark.text for remark in remarks.HAPPY["en"])
    assert "<script>" in english
    assert "😊" in english


def test_what_is_written_goes_with_what_was_chosen(everything: dict[str, list[history.Entry]]) -> None:
    written = [e for es in everything.values() for e in es if "comment" in e["answers"]]
    assert len(written) > 150
    assert {entry["lang"] for entry in written} == SPOKEN
    for entry in written:
        happy = entry["answers"]["visit"] >= 2
        said = [*(remarks.HAPPY if happy else remarks.UNHAPPY)[entry["lang"]], *remarks.WORSE.get(entry["lang"], ())]
        fitting = next(remark for remark in said if remark.text == entry["answers"]["comment"])
        assert fitting.reason in entry["answers"]["visit_happy" if happy else "visit_unhappy"]
