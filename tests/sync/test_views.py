"""What Metabase and Grafana read: views whose names and columns stay, and which say what the pages say."""

import pytest
from sqlalchemy import inspect, select, text

from sync import models, scores
from sync.centre import Centre
from sync.migrations import views_v1
from sync.office import counts, local_time
from sync.survey import BUILTIN, SCALES
from tests.sync.conftest import Clock
from tests.sync.norway import Chain

TALLY = ["n", *models.VALUES, "points", "score"]
ANSWER = [
    "id", "revision", "place_id", "place", "touchpoint_id", "touchpoint", "terminal", "survey", "version", "question",
    "value", "language", "given_utc", "given_error_s", "day", "hour", "flags", "counts", "received_utc",
]  # fmt: skip
PART = ["place_id", "place", "touchpoint_id", "touchpoint", "language", "question", "scale"]
COLUMNS = {
    "v1_places": [
        "place_id", "parent_id", "path", "kind", "place", "full_name", "ref", "zone", "opened", "closed",
    ],
    "v1_days": [*PART, "day", "flagged", *TALLY],
    "v1_hours": [*PART, "day", "hour", "flagged", *TALLY],
    "v1_days_shown": ["place_id", "place", "question", "scale", "day", *TALLY],
    "v1_responses": [*ANSWER, "scale"],
    "v1_comments": [*ANSWER, "comment", "scale"],
}  # fmt: skip


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def read(chain: Chain, query: str) -> list[tuple[object, ...]]:
    with chain.centre.db.reading() as tx:
        return [tuple(row) for row in tx.execute(text(query))]


def test_names_and_columns_stay(chain: Chain) -> None:
    with chain.centre.db.reading() as tx:
        seen = inspect(tx)
        assert set(seen.get_view_names()) == set(views_v1.NAMES) == set(COLUMNS)
        for name, wanted in COLUMNS.items():
            assert [column["name"] for column in seen.get_columns(name)] == wanted, name


def test_a_later_migration_takes_them_away_and_brings_them_back(chain: Chain) -> None:
    chain.visits(chain.oslo, [3])
    with chain.centre.db.writing() as tx:
        views_v1.drop(tx)
        assert inspect(tx).get_view_names() == []
        views_v1.create(tx)
    assert read(chain, "SELECT n FROM v1_days WHERE question = 'visit'") == [(1,)]


def test_the_survey_that_comes_along_is_the_one_that_views_know() -> None:
    assert (BUILTIN.id, BUILTIN.version) == ("builtin", 1)
    assert [(question.id, question.scale) for question in BUILTIN.firsts] == [("visit", "smiley4")]


def test_places_stand_in_their_tree_and_time(chain: Chain) -> None:
    rows = read(chain, "SELECT place_id, kind, full_name, zone FROM v1_places ORDER BY place_id")
    assert (chain.norway, "group", "Norway", "Europe/Oslo") in rows
    assert (chain.malmo, "store", "Sweden / Malmö", "Europe/Stockholm") in rows


def test_days_and_hours_say_what_the_pages_say(chain: Chain) -> None:
    given = [3] * 6 + [2] * 2 + [0]
    chain.visits(chain.oslo, given, days_ago=1)
    chain.visits(chain.oslo, [3, 0], lang="de")
    day = local_time.day_of(chain.clock(), "Europe/Oslo") - 1
    with chain.centre.db.reading() as tx:
        asked = counts.questions(tx, ["/"], day, day)[0]
        own = counts.days_of(tx, [chain.oslo], asked, day, day, singles=True)[chain.oslo]
        page = counts.total(asked.scale, own.counts, day, day).score
    assert page is not None
    of_oslo = f"FROM v1_days WHERE place_id = {chain.oslo} AND question = 'visit' AND day = "
    yesterday = f"'{local_time.date_of(day).isoformat()}'"
    ((n, score, flagged, scale),) = read(chain, f"SELECT n, score, flagged, scale {of_oslo}{yesterday}")
    assert (n, score, bool(flagged), scale) == (9, pytest.approx(float(page.value)), False, asked.scale_name)
    few = read(chain, "SELECT language, n, score, points FROM v1_days WHERE n < 5 AND question = 'visit'")
    assert few == [("de", 2, None, pytest.approx(100))]
    hours = read(chain, "SELECT CAST(day AS text), hour, n FROM v1_hours WHERE question = 'visit' AND n = 9")
    assert [(day_, hour) for day_, hour, _ in hours] == [(local_time.date_of(day).isoformat(), 1)]


def test_every_scale_has_its_own_score(chain: Chain) -> None:
    row = {"location_id": chain.oslo, "choice": "", "touchpoint_id": 1, "aside": False}
    wanted = {}
    with chain.centre.db.writing() as tx:
        for name, scale in SCALES.items():
            histogram = [value * value % 7 + 5 for value in range(scale.low, scale.high + 1)]
            values = dict.fromkeys(models.VALUES, 0)
            values |= {f"s{scale.low + at}": many for at, many in enumerate(histogram)}
            tx.execute(models.questions.insert().values(id=name, scale=name))
            for day in (20_000, 20_001):
                tx.execute(
                    models.tallies_day.insert().values(**row, question=name, day=day, n=sum(histogram), **values)
                )
            wanted[name] = pytest.approx(float(scores.value(scale, histogram) or 0))
    assert dict(read(chain, "SELECT question, score FROM v1_days WHERE day > '2024-10-04'")) == wanted
    assert dict(read(chain, "SELECT question, sum(points) / sum(n) FROM v1_days GROUP BY question")) == wanted


def test_what_everybody_may_see_holds_no_few(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 4 + [0] * 4, days_ago=1)
    chain.visits(chain.oslo, [0] * 3)
    chain.page("/")
    assert read(chain, "SELECT n, score FROM v1_days_shown WHERE question = 'visit'") == [(8, pytest.approx(50))]


def test_answers_stand_there_without_words(chain: Chain) -> None:
    chain.visits(chain.oslo, [2], lang="de")
    chain.comment(chain.bergen, "Tell nobody", 0)
    chain.visits(chain.malmo, [3], test=True)
    rows = read(chain, "SELECT place, question, scale, value, language, hour, counts FROM v1_responses ORDER BY value")
    assert [(*row[:6], bool(row[6])) for row in rows] == [
        ("Bergen", "visit", "smiley4", 0, "en", 1, True),
        ("Oslo", "visit", "smiley4", 2, "de", 1, True),
    ]
    assert "nobody" not in str(read(chain, "SELECT * FROM v1_responses"))


def test_comments_that_were_hidden_or_erased_do_not_stand_there(chain: Chain) -> None:
    for words in ("  Kind\n", "Rude", "Mine"):
        chain.comment(chain.oslo, words)
    with chain.centre.db.writing() as tx:
        ids = dict(read(chain, "SELECT comment, id FROM v1_comments"))
        assert set(ids) == {"Kind", "Rude", "Mine"}
        tx.execute(models.moderation.insert().values(response_id=ids["Rude"], hidden_ms=1, hidden_by="Astrid"))
        table = models.responses.c
        tx.execute(models.responses.update().where(table.id == ids["Mine"]).values(body="", commented=False))
    assert read(chain, "SELECT comment, value FROM v1_comments") == [("Kind", 3)]
    assert (None, None) in read(chain, "SELECT question, value FROM v1_responses"), "a wiped body is no error"


def test_one_customers_strange_letters_do_not_close_the_view(chain: Chain) -> None:
    strange = ["a\0\0b", "a\\u0000b", 'c"\\\0', "% :x {0} '; DROP TABLE", "😀\u202e"]
    for words in strange:
        chain.comment(chain.oslo, words)
    found = {str(words).replace("\0", "") for (words,) in read(chain, "SELECT comment FROM v1_comments")}
    with chain.centre.db.reading() as tx:
        kept = tx.execute(select(models.responses.c.id)).all()
    assert len(kept) == len(strange)
    assert found == {words.replace("\0", "") for words in strange}
