"""Kari's morning in van 12: what her customers said, and nothing that tells which door it came from."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from sync import models
from sync.centre import Centre
from sync.office import comments, crew_briefing, local_time, moderating, told_words
from sync.office.audit import COMMAND
from sync.office.briefing import Block, Briefing
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, Chain

HOUR_MS = 3_600_000
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Morning(Chain):
    """Noon in Oslo, on the Tuesday after; van 12 drives in Norway."""

    def __init__(self, centre: Centre, clock: Clock) -> None:
        super().__init__(centre, clock)
        self.van = self.shop("Van 12", kind="crew")

    def read(self, place: int | None = None, *, singles: bool = False) -> Briefing:
        at, now_ms = place or self.van, self.clock()
        crew_briefing.prepare(self.centre.db, at, now_ms)
        with self.centre.db.reading() as tx:
            day = crew_briefing.newest(tx, at, now_ms)
            return crew_briefing.compose(tx, at, day, now_ms, singles=singles)

    def night(self, days: int = 1) -> None:
        self.clock.ms += days * DAY_MS

    def ids(self, text: str) -> str:
        with self.centre.db.reading() as tx:
            found = tx.exec_driver_sql("SELECT id, body FROM responses").all()
        return next(row[0] for row in found if text in row[1])

    def praise(self, text: str, place: int | None = None) -> None:
        with self.centre.db.writing() as tx:
            moderating.praise(tx, COMMAND, self.ids(text), place or self.van, self.clock())


@pytest.fixture
def van(a_centre: Centre, clock: Clock) -> Morning:
    return Morning(a_centre, clock)


def block(briefing: Briefing, key: str) -> Block:
    return next((each for each in briefing.blocks if each.key == key), Block(key, "", ()))


def said(briefing: Briefing, key: str) -> list[str]:
    return [line.text.replace("\N{WORD JOINER}", "") for line in block(briefing, key).lines]


def test_words_come_first_where_enough_answered(van: Morning) -> None:
    van.visits(van.van, [3, 3, 2], days_ago=1)
    van.comment(van.van, "They took their shoes off", 3, days_ago=1)
    van.comment(van.van, "سريع ولطيف", 3, days_ago=1, lang="ar")
    van.comment(van.van, "Left a scratch", 0, days_ago=1)
    told = van.read()
    assert (told.kind, told.place, told.name, told.title) == ("crew", van.van, "Van 12", "Van 12, Tue 3 Mar")
    assert told.sentence == "6 customers answered yesterday."
    assert told.blocks[0].key == "words"
    assert sorted(said(told, "words")) == sorted(["They took their shoes off", "سريع ولطيف", "Left a scratch"])
    assert {(line.is_quote, line.note) for line in told.blocks[0].lines} == {(True, "")}
    assert van.read() == told


def test_fewer_than_five_are_mixed_into_the_week(van: Morning) -> None:
    van.visits(van.van, [3, 3], days_ago=1)
    van.comment(van.van, "Nobody may know this door", 0, days_ago=1)
    first = van.read()
    assert first.sentence == "3 customers answered yesterday. What they wrote stands here once 5 answers are together."
    assert "this door" not in repr(first)
    van.visits(van.van, [3], days_ago=0)
    van.comment(van.van, "Another door", 3)
    assert "door" not in repr(van.read())
    van.night()
    second = van.read()
    assert said(second, "words") == []
    assert sorted(said(second, "week")) == ["Another door", "Nobody may know this door"]
    assert "drawn by lot" in block(second, "week").rule


def test_what_comes_in_during_the_day_waits_for_the_next_morning(van: Morning) -> None:
    van.visits(van.van, [3] * 6, days_ago=1)
    van.read()
    for _ in range(6):
        van.comment(van.van, "Came in at noon", 3, days_ago=2)
    assert "Came in" not in repr(van.read())
    van.night()
    told = van.read()
    assert said(told, "week") == ["Came in at noon"] * 6
    assert "6 answers from Sunday came in late." in said(told, "complete")


def test_two_servers_choose_a_mornings_words_once(van: Morning) -> None:
    for number in range(6):
        van.comment(van.van, f"Words {number}", 3, days_ago=1)
    crew_briefing.prepare(van.centre.db, van.oslo, van.clock())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: told_words.prepare(van.centre.db, van.van, van.clock()), range(8)))
    first = van.read()
    assert len(said(first, "words")) == 6
    with van.centre.db.reading() as tx:
        assert len(tx.execute(select(models.told).where(models.told.c.location_id == van.van)).all()) == 1
    assert said(van.read(), "words") == said(first, "words")


@ON_SQLITE
def test_hidden_and_flagged_words_are_not_shown(van: Morning) -> None:
    van.visits(van.van, [3] * 6, days_ago=1)
    van.comment(van.van, "Rude words", 0, days_ago=1)
    van.comment(van.van, "Kind words", 3, days_ago=1)
    with van.centre.db.writing() as tx:
        moderating.hide(tx, COMMAND, van.ids("Rude"), True, van.clock())
    assert said(van.read(), "words") == ["Kind words"]
    with van.centre.db.writing() as tx:
        moderating.hide(tx, COMMAND, van.ids("Kind"), True, van.clock())
    assert said(van.read(), "words") == []


@ON_SQLITE
def test_praise_stands_first_on_the_morning_after_and_never_on_the_day_of_the_answer(van: Morning) -> None:
    van.visits(van.van, [3] * 6)
    van.comment(van.van, "Best crew ever", 3)
    van.praise("Best crew")
    assert "Best crew" not in repr(van.read())
    van.night()
    told = van.read()
    assert told.blocks[0].key == "praise"
    assert said(told, "praise") == ["Best crew ever"]
    assert said(told, "words") == []
    van.night()
    assert (said(van.read(), "praise"), said(van.read(), "week")) == ([], ["Best crew ever"])


@ON_SQLITE
def test_praise_of_few_waits_for_the_others_of_its_day(van: Morning) -> None:
    van.comment(van.van, "Best crew ever", 3)
    van.praise("Best crew")
    van.night()
    assert "Best crew" not in repr(van.read())
    van.visits(van.van, [3] * 4)
    van.night()
    assert said(van.read(), "praise") == ["Best crew ever"]


@ON_SQLITE
def test_the_score_is_pulled_and_its_certainty_is_in_words(van: Morning) -> None:
    van.visits(van.van, [3, 3, 2, 3, 1, 3, 3], days_ago=3)
    van.visits(van.van, [3] * 3, days_ago=1)
    (first,) = said(van.read(), "score")
    assert first == "Score 86 from 7 answers. It is too early to say what is usual."
    for days_ago in range(40, 60):
        van.visits(van.van, [3, 3, 2, 3, 1, 3], days_ago=days_ago)
    van.night()
    (second,) = said(van.read(), "score")
    assert second.endswith("About as usual; too few to say more.")


@ON_SQLITE
def test_one_to_celebrate_and_one_to_learn(van: Morning) -> None:
    asked = {"visit_happy": ["staff"]}
    van.visits(van.van, [3] * 8, days_ago=2, answers=asked)
    van.visits(van.van, [0] * 6, days_ago=2, answers={"visit_unhappy": ["price"]})
    told = van.read()
    (best,), (worst,) = said(told, "celebrate"), said(told, "learn")
    assert "8 of 8 happy customers named it in four weeks (100%)" in best
    assert "6 of 6 customers who were not happy named it" in worst
    assert "furthest above its usual share" in block(told, "learn").rule


@ON_SQLITE
def test_an_empty_morning_says_so(van: Morning) -> None:
    told = van.read()
    assert told.sentence == "Nobody answered yesterday."
    assert {each.key for each in told.blocks} == {"celebrate", "learn", "score", "complete"}
    assert said(told, "learn") == ["Too few gave a reason to choose one: it takes 5 who name the same."]
    assert said(told, "score") == ["No answers to be shown in four weeks yet."]
    van.night()
    assert van.read().sentence == "No answers from yesterday have come in yet."


@ON_SQLITE
def test_a_store_has_no_jobs_and_those_who_may_read_few_words(van: Morning) -> None:
    van.comment(van.oslo, "One word in Oslo", 3, days_ago=1)
    assert "One word" not in repr(van.read(van.oslo))
    told = van.read(van.oslo, singles=True)
    assert (told.kind, said(told, "words")) == ("store", ["One word in Oslo"])
    assert block(told, "words").rule == "The newest first."
    van.comment(van.van, "One word in a van", 3, days_ago=1)
    assert "One word" not in repr(van.read(singles=True))


@ON_SQLITE
def test_the_night_before_the_briefing_is_still_yesterdays(van: Morning) -> None:
    van.visits(van.van, [3] * 6, days_ago=1)
    van.clock.ms -= 6 * HOUR_MS  # 06:00 in Oslo
    assert van.read().day == local_time.day_of(van.clock(), "Europe/Oslo") - 1
    van.clock.ms += HOUR_MS
    assert van.read().day == local_time.day_of(van.clock(), "Europe/Oslo")


@ON_SQLITE
def test_a_crews_tablet_has_it_once_it_is_due(van: Morning) -> None:
    van.visits(van.van, [3] * 4, days_ago=1)
    van.comment(van.van, "Shoes off", 3, days_ago=1)
    van.clock.ms -= 6 * HOUR_MS  # 06:00 in Oslo
    early = tablet(van, van.van).get_json()
    assert (early["briefing"], early["at"]) == (None, "07:00")
    assert early["due_ms"] == van.clock() + HOUR_MS
    van.clock.ms += HOUR_MS
    told = tablet(van, van.van).get_json()["briefing"]
    assert (told["name"], told["kind"], told["lang"]) == ("Van 12", "crew", "nl")
    assert [line["text"] for line in told["blocks"][0]["lines"]] == ["Shoes off"]


@ON_SQLITE
def test_no_other_device_reads_it(van: Morning) -> None:
    assert tablet(van, van.oslo).status_code == 404
    stranger = tablet(van, van.oslo, screen=van.boxes[van.van].screen)
    assert (stranger.status_code, stranger.get_json()["code"]) == (404, "no_briefing")
    assert van.app.test_client().get("/api/v1/briefing?screen=1").status_code == 401


def tablet(van: Morning, at: int, screen: str | None = None) -> TestResponse:
    box = van.boxes[at]
    path = "/api/v1/briefing"
    asked = {"screen": screen or box.screen, "lang": "nl"}
    return van.app.test_client().get(path, query_string=asked, headers=box.signed("GET", path, b""))


@ON_SQLITE
def test_praise_is_on_no_page_of_the_crew_before_its_briefing(van: Morning) -> None:
    van.visits(van.van, [3] * 5)
    van.comment(van.van, "Best crew ever", 3)
    van.praise("Best crew")
    number = van.hired("kari@example.com", "Kari", ("crew", van.van))
    assert "Best crew" not in van.page(f"/locations/{van.van}", number)
    van.night()
    van.read()
    assert "Best crew" in van.page(f"/locations/{van.van}", number)


def job(van: Morning, number: int, days_ago: int, outcome: str | None) -> None:
    """Planned for a day, and handed over for with this outcome, if at all."""
    day = local_time.day_of(van.clock(), "Europe/Oslo") - days_ago
    with van.centre.db.writing() as tx:
        row = {"location_id": van.van, "ref": f"J-{number}", "key": f"j-{number}", "day": day, "source": "csv"}
        tx.execute(insert(models.jobs).values(**row, changed_ms=0))
        if outcome is not None:
            told = {"id": f"h-{number}", "rev": 1, "device_id": "d", "location_id": van.van, "touchpoint_id": 1}
            told |= {"job": f"j-{number}", "outcome": outcome, "test": False, "quality": "synced", "body": "{}"}
            tx.execute(insert(models.handovers).values(**told, captured_ms=0, received_ms=0, day=day))


def test_who_was_asked_and_who_was_not(van: Morning) -> None:
    for number, outcome in enumerate(("answered", "declined", "skipped", None)):
        job(van, number, 1, outcome)
    job(van, 9, 8, "phone")
    assert said(van.read(), "asked") == [
        "Yesterday asked in 2 of 4 jobs (50%).",
        "In four weeks asked in 60% of jobs (3 of 5).",
        "Not asked yesterday: jobs J-2, J-3.",
    ]


@ON_SQLITE
def test_a_streak_is_told_and_its_end_is_not(van: Morning) -> None:
    for week in range(1, 4):
        job(van, week, 7 * week, "answered")
    assert said(van.read(), "proud") == ["3 weeks in a row with every job asked."]
    job(van, 90, 7, "skipped")
    assert "proud" not in {each.key for each in van.read().blocks}
    assert "row" not in repr(van.read().blocks)


@ON_SQLITE
def test_the_best_four_weeks_are_a_record_and_worse_ones_are_not_spoken_of(van: Morning) -> None:
    for months in range(1, 4):
        for days_ago in range(28 * months + 1, 28 * months + 8):
            van.visits(van.van, [3, 3, 2, 2, 1], days_ago=days_ago)
    for days_ago in range(1, 8):
        van.visits(van.van, [3, 3, 3, 3, 2], days_ago=days_ago)
    assert said(van.read(), "proud") == ["The best four weeks so far."]
    for days_ago in range(9, 20):
        van.visits(van.van, [0] * 8, days_ago=days_ago)
    van.night()
    told = van.read()
    assert said(told, "proud") == []
    assert "Below the usual" in said(told, "score")[0]


@ON_SQLITE
def test_whatever_happens_what_is_new_is_from_five_answers_told_together(van: Morning) -> None:
    """Days of any size, words that come late, that are hidden and shown again, flags that come and go."""
    random, before = Random(12), set[str]()
    for _ in range(8):
        for days_ago in {0, random.choice((0, 1, 2, 3))}:
            for _ in range(random.randrange(5)):
                van.comment(van.van, f"Words {random.random()}", 3, days_ago=days_ago)
        with van.centre.db.writing() as tx:
            for name in tx.execute(select(models.responses.c.id)).scalars().all():
                if random.random() < 0.1:
                    moderating.hide(tx, COMMAND, name, random.random() < 0.5, van.clock())
        van.night()
        van.read()
        with van.centre.db.reading() as tx:
            told = tx.execute(select(models.told_answers)).all()
            day = local_time.day_of(van.clock(), "Europe/Oslo")
            fresh = {row.response_id for row in told} - before
            shown = {line.text for key in ("words", "week") for line in block(van.read(), key).lines}
            known = {each.cursor.id: each.text for each in comments.those(tx, sorted(before | fresh))}
        assert shown <= set(known.values())
        assert {row.told_day for row in told if row.response_id in fresh} <= {day}
        groups = Counter(row.label for row in told if row.response_id in fresh)
        assert all(n >= 5 for n in groups.values())
        before |= fresh
    assert before
