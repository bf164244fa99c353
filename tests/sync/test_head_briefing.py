"""What a manager and head office read in the morning: as much as the pages would show them, on one sheet."""

import pytest

from sync.centre import Centre
from sync.office import head_briefing, local_time, people
from sync.office.briefing import Block, Briefing
from sync.office.head_briefing import Cadence
from sync.office.people import User
from sync.office.rights import Rights
from tests.sync.conftest import Clock
from tests.sync.norway import Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def read(chain: Chain, number: int, cadence: Cadence = "daily") -> Briefing:
    """What this person reads now."""
    now_ms, db = chain.clock(), chain.centre.db
    with db.reading() as tx:
        user = User(number, "", "", people.rights_of(tx, number))
    head_briefing.prepare(db, user, now_ms)
    with db.reading() as tx:
        return head_briefing.compose(tx, user, cadence, local_time.day_of(now_ms, "Europe/Oslo"), now_ms)


def block(briefing: Briefing, key: str) -> Block:
    return next((each for each in briefing.blocks if each.key == key), Block(key, "", ()))


def said(briefing: Briefing, key: str) -> list[str]:
    return [line.text.replace("\N{WORD JOINER}", "") for line in block(briefing, key).lines]


def test_head_office_reads_the_sentence_what_moved_and_both_kinds_of_words(chain: Chain) -> None:
    for week in range(1, 4):
        chain.visits(chain.oslo, [3] * 40 + [0] * 2, days_ago=7 * week + 1)
    chain.visits(chain.oslo, [3] * 10 + [0] * 30, days_ago=1)
    chain.comment(chain.oslo, "Nobody at the counter for twenty minutes", 0, days_ago=1)
    chain.comment(chain.bergen, "They carried it up four stairs, wonderful", 3, days_ago=1)
    chain.comment(chain.bergen, "ok", 3, days_ago=1)
    told = read(chain, chain.astrid)
    assert (told.kind, told.place, told.name) == ("office", None, "")
    assert told.title == "Mon 2 Mar: what customers said"
    assert told.sentence.startswith("Yesterday 43 answers, score")
    assert said(told, "movers")[0].startswith("Oslo: 7")
    assert " below the three weeks before (" in said(told, "movers")[0]
    assert said(told, "worst") == ["Nobody at the counter for twenty minutes"]
    assert said(told, "best") == ["They carried it up four stairs, wonderful", "ok"]
    assert block(told, "worst").lines[0].note == "Oslo, Mon 2 Mar, Very unhappy"
    assert any(text.startswith("Oslo: ") and "lower" in text for text in said(told, "needs"))


def test_a_manager_reads_of_the_own_places_alone(chain: Chain) -> None:
    chain.comment(chain.oslo, "A word from Norway that is none of Per's business", 0, days_ago=1)
    chain.visits(chain.malmo, [3] * 6, days_ago=1)
    told = read(chain, chain.per)
    assert (told.kind, told.name) == ("manager", "Malmö")
    assert told.sentence.startswith("Yesterday 6 answers")
    assert "Norway" not in repr(told)


def test_who_may_see_no_single_answers_reads_no_words(chain: Chain) -> None:
    chain.comment(chain.oslo, "These words are for those who may see them", 0, days_ago=1)
    told = read(chain, chain.bjorn)
    assert {each.key for each in told.blocks} <= {"movers", "needs", "standing"}
    assert "These words" not in repr(told)


@pytest.mark.parametrize(
    ("cadence", "day", "period"),
    [
        ("daily", "2026-03-03", ("2026-03-02", "2026-03-02")),
        ("weekly", "2026-03-02", ("2026-02-23", "2026-03-01")),
        ("weekly", "2026-03-08", ("2026-02-23", "2026-03-01")),
        ("monthly", "2026-03-01", ("2026-02-01", "2026-02-28")),
        ("monthly", "2026-01-31", ("2025-12-01", "2025-12-31")),
    ],
)
def test_each_cadence_has_its_own_whole_days(cadence: Cadence, day: str, period: tuple[str, str]) -> None:
    number = local_time.day_number(local_time.date.fromisoformat(day))
    found = head_briefing.period(cadence, number)
    assert tuple(local_time.date_of(each).isoformat() for each in found) == period


def test_a_week_and_a_month_have_their_own_sentence(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30, days_ago=5)
    weekly, monthly = read(chain, chain.astrid, "weekly"), read(chain, chain.astrid, "monthly")
    assert weekly.sentence.startswith("23 Feb–1 Mar: 30 answers, score 100")
    assert monthly.sentence.startswith("1 Feb–28 Feb: 30 answers")
    assert weekly.title == "The week of 23 Feb–1 Mar 2026"
    assert not block(weekly, "needs").lines


def test_an_empty_centre_says_so(chain: Chain) -> None:
    told = read(chain, chain.astrid)
    assert told.sentence == "Nobody answered yesterday."
    with chain.centre.db.reading() as tx:
        nobody = User(0, "", "", Rights(()))
        empty = head_briefing.compose(tx, nobody, "daily", 20_515, chain.clock())
    assert empty.sentence == "There is no place yet."
