"""A place's weeks: what happened on them, what came of it, the filters, and what it costs to look."""

import re
from fractions import Fraction
from itertools import pairwise

import pytest
from msgspec.structs import replace
from sqlalchemy import event, insert, update

from sync import models, wire
from sync.centre import Centre
from sync.office import charts, location_words, outcomes, places
from sync.office.counts import Days, Figure
from sync.office.filters import Filters
from sync.office.history import History
from sync.office.improvements import Improvement
from sync.office.lines import Day
from sync.office.local_time import day_of
from sync.office.marks import Mark
from sync.survey import BUILTIN, SCALES
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, Chain
from tests.sync.test_improvements import add
from tests.sync.test_pages import words
from tests.sync.test_pages_location import section

SMILEY = SCALES["smiley4"]


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def days(*counts: int, first: int = 100, step: int = 1) -> list[Day]:
    return [Day(first + at * step, Figure(SMILEY, (0, 0, 0, n))) for at, n in enumerate(counts)]


def marks(page: str) -> list[str]:
    found = re.search(r'<ol class="marks">.*?</ol>', page, re.DOTALL)
    return [words(each) for each in re.findall(r"<li.*?</li>", found[0], re.DOTALL)] if found else []


# Pure


def test_marks_of_one_day_share_a_flag_and_near_ones_stand_in_two_rows() -> None:
    told = [Mark(101, "came", "A"), Mark(101, "left", "B"), Mark(102, "came", "C"), Mark(99, "came", "D")]
    flags = charts.flags(days(*[9] * 28), told)
    assert [(flag.number, flag.row, [mark.what for mark in flag.marks]) for flag in flags] == [
        (1, 0, ["A", "B"]),
        (2, 1, ["C"]),
    ]
    crowd = charts.flags(days(*[9] * 90), [Mark(101 + at, "came", str(at)) for at in range(4)])
    assert [flag.row for flag in crowd] == [0, 1, 2, 2]


def test_in_a_trend_of_weeks_a_mark_stands_at_its_week() -> None:
    weeks = days(9, 9, 9, 9, step=7)
    assert [flag.x for flag in charts.flags(weeks, [Mark(113, "came"), Mark(127, "came"), Mark(128, "came")])] == [
        25.0,
        75.0,
    ]
    assert charts.seam(weeks, 110, 400) == 100


@pytest.mark.parametrize(
    ("points", "step", "rows"), [(1, 1, 1), (14, 1, 14), (28, 1, 4), (56, 1, 8), (13, 7, 13), (57, 7, 15)]
)
def test_a_distribution_over_time_has_few_rows_and_loses_nobody(points: int, step: int, rows: int) -> None:
    every = days(*[3] * points, step=step)
    last = every[-1].day + step - 1
    spans = charts.spans(every, last)
    assert len(spans) == rows
    assert (spans[0].first, spans[-1].last) == (100, last)
    assert sum(span.figure.n for span in spans) == 3 * points
    assert all(one.last + 1 == other.first for one, other in pairwise(spans))


def history(before: tuple[int, ...], after: tuple[int, ...], *, day: int = 1000) -> History:
    counts = {day - 1 - at: before for at in range(28)} | {day + at: after for at in range(21)}
    return History(SMILEY, {"UTC": Days(counts)}, {"UTC": day + 21})


def improvement(day: int = 1000) -> Improvement:
    return Improvement(1, 2, "Oslo", "/1/2/", day, "Second till opened", "Astrid", 1)


def test_what_came_of_it_is_said_where_it_is_certain() -> None:
    found = outcomes.since(improvement(), history((1, 1, 4, 4), (0, 0, 3, 17)), 1021)
    assert (found.weeks, found.n, found.is_certain) == (3, 420, True)
    assert found.change is not None
    assert found.change.value == Fraction(95) - Fraction(70)
    assert re.fullmatch(
        r"\+25 \(\+2\d to \+2\d\) since then \(3 weeks, 420 answers\)\.", location_words.outcome(found, SMILEY)
    )


@pytest.mark.parametrize(
    ("after", "today", "said"),
    [
        ((1, 1, 4, 4), 1021, "Too early to say (3 weeks, 210 answers)."),
        ((0, 0, 0, 9), 1006, "Too early to say: a whole week is needed."),
        ((0, 0, 0, 1), 1007, "Too few answers to say (1 week, 7 answers)."),
        ((1, 1, 4, 4), 1084, "No certain change (12 weeks, 210 answers)."),
    ],
)
def test_what_is_not_certain_is_not_said(after: tuple[int, ...], today: int, said: str) -> None:
    found = outcomes.since(improvement(), history((1, 1, 4, 4), after), today)
    assert location_words.outcome(found, SMILEY) == said


def test_places_in_two_zones_count_their_own_last_days() -> None:
    """Just after midnight in Auckland it is still yesterday in Oslo: each has its own seven days."""
    week = dict.fromkeys(range(90, 102), (0, 0, 0, 1))
    both = History(
        SMILEY,
        {"Europe/Oslo": Days(week), "Pacific/Auckland": Days(week)},
        {"Europe/Oslo": 100, "Pacific/Auckland": 101},
    )
    assert both.figure(Filters(span=7).days).n == 14
    assert both.figure(lambda today: (today, today)).n == 2
    assert both.between(101, 101).n == 2, "a day by its name is that of both"


# Pages


def test_an_improvement_stands_on_the_trend_of_its_place_and_above(chain: Chain) -> None:
    for days_ago in range(1, 20):
        chain.visits(chain.oslo, ([3] * 6) if days_ago <= 10 else [3, 3, 0, 0, 0, 0], days_ago=days_ago)
    add(chain, chain.oslo, "Second <till> opened", 10)
    for place in (chain.oslo, chain.norway):
        page = chain.page(f"/locations/{place}")
        assert marks(page) == ["21 Feb Second <till> opened" + (" Oslo" if place == chain.norway else "")]
        assert re.search(r"\+67 \(\+\d+ to \+\d+\) since then \(1 week, 42 answers\)", words(page))
    assert "Second" not in chain.page(f"/locations/{chain.bergen}")
    assert "Add what you changed" not in chain.page(f"/locations/{chain.oslo}", chain.bjorn)


def test_what_a_region_changed_is_seen_below_by_those_who_see_the_region(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 6)
    add(chain, chain.norway, "New uniforms", 3)
    assert marks(chain.page(f"/locations/{chain.oslo}")) == ["28 Feb New uniforms Norway"]
    assert "New uniforms" not in chain.page(f"/locations/{chain.oslo}", chain.bjorn)


def test_another_terminal_and_another_screen_are_marks(chain: Chain, clock: Clock) -> None:
    chain.visits(chain.oslo, [3] * 6, days_ago=1)
    with chain.centre.db.writing() as tx:
        screen = tx.execute(models.screens.select().where(models.screens.c.name == "Oslo 1")).one()
        old = screen.device_id
        row = {"id": "dev-new", "generation": 1, "install": "x", "fingerprint": "", "app": "1"}
        tx.execute(insert(models.devices).values(**row, enrolled_ms=clock() - 5 * DAY_MS))
        tx.execute(insert(models.driven).values(device_id="dev-new", screen_id=screen.id))
        tx.execute(update(models.devices).where(models.devices.c.id == old).values(enrolled_ms=clock() - 40 * DAY_MS))
    assert marks(chain.page(f"/locations/{chain.oslo}")) == ["26 Feb Oslo 1 got another terminal"]


def test_the_first_answers_under_a_new_version_are_a_mark(chain: Chain, clock: Clock) -> None:
    day = day_of(clock(), "Europe/Oslo") - 4
    for days_ago in range(8):
        chain.visits(chain.oslo, [3] * 6, days_ago=days_ago)
    second = wire.encode(replace(BUILTIN, version=2)).decode()
    with chain.centre.db.writing() as tx:
        tx.execute(insert(models.surveys).values(
            id="builtin", version=2, definition=second, published_ms=clock() - 5 * DAY_MS))  # fmt: skip
        table = models.responses.c
        tx.execute(update(models.responses).where(table.day >= day).values(version=2))
    assert marks(chain.page(f"/locations/{chain.oslo}")) == ["27 Feb First answers under version 2 of “builtin”"]


def test_every_number_follows_the_filters(chain: Chain) -> None:
    for days_ago in range(1, 70):
        chain.visits(chain.oslo, [3, 3, 0] if days_ago % 2 else [3], days_ago=days_ago)
    here = f"/locations/{chain.oslo}"
    week = chain.page(f"{here}?days=7")
    assert "12 answers, 25 Feb–3 Mar." in words(week)
    long = chain.page(f"{here}?days=91")
    assert "The numbers, week by week" in words(long)
    assert 'hx-get="/locations/' in long
    assert "days=91" in long
    nobody = chain.page(f"{here}?hours=20-24")
    assert "Nobody answered here" in words(nobody)
    german = chain.page(f"{here}?days=7&lang=de")
    assert "Nobody answered here" in words(german)
    assert chain.browser(chain.astrid).get(f"{here}?hours=25-2").status_code == 400
    assert chain.browser(chain.astrid).get(f"{here}?days=7&hours=").status_code == 303


def test_both_numbers_stand_there_with_a_way_to_the_flags(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 30)
    chain.visits(chain.oslo, [0] * 10, flags=["ghost"])
    page = chain.page(f"/locations/{chain.oslo}")
    assert "With flagged answers: 75 (" in words(page)
    assert f"/flags?place={chain.oslo}" in page
    assert "With flagged answers" not in chain.page(f"/locations/{chain.oslo}", chain.bjorn)


def test_the_map_is_switched_in_the_address(chain: Chain) -> None:
    for days_ago in (1, 8):
        chain.visits(chain.oslo, [3] * 40, days_ago=days_ago)
    here = f"/locations/{chain.oslo}"
    assert "No hours of the week are certainly worse" in section(chain.page(here), "Hours of the week")
    shown = section(chain.page(f"{here}?map=volume"), "Hours of the week")
    assert "Most answer on Monday, 1–2 h: 58 answers of 80." in shown or "Most answer on Monday" in shown
    mine = section(chain.page(here, chain.bjorn), "Hours of the week")
    assert "Most answer on Monday" in mine
    assert "Scores by hour are for people who may read single answers." in mine


def test_a_group_of_very_many_places_has_no_map_and_says_so(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 20 + [0] * 10, answers={"visit_unhappy": ["price"]}, days_ago=1)
    with chain.centre.db.writing() as tx:
        for number in range(100):
            places.add_location(tx, f"Shop {number}", parent=chain.norway)
    page = chain.page(f"/locations/{chain.norway}")
    assert "For a place, or a group of up to 100 places" in section(page, "Hours of the week")
    assert "Price" in section(page, "What went wrong?")
    part = words(chain.page(f"/locations/{chain.norway}?touchpoint=Checkout"))
    assert "Of so many places reasons are told apart by day and question alone" in part
    beside = words(chain.page(f"/compare?place={chain.norway}&place={chain.sweden}"))
    assert "not asked here in these days" in beside


def test_the_terminals_of_a_place_say_how_they_are(chain: Chain) -> None:
    chain.visits(chain.oslo, [3] * 6)
    assert "/devices/" in chain.page(f"/locations/{chain.oslo}")
    assert "No terminal stands here." in words(chain.page(f"/locations/{chain.molde}"))


def test_a_page_asks_no_more_of_the_database_for_more_answers(chain: Chain) -> None:
    """What it reads are tallies: the same statements, however many people answered."""
    for days_ago in range(1, 12):
        for shop in (chain.oslo, chain.bergen):
            chain.visits(shop, [3] * 6 + [0], days_ago=days_ago)
    add(chain, chain.oslo, "Second till opened", 10)
    statements(chain)
    chain.visits(chain.oslo, [3] * 20 + [0] * 5, days_ago=1)
    few = statements(chain)  # yesterday was restated, and its terminal is named
    for days_ago in range(1, 12):
        chain.visits(chain.oslo, [3] * 20 + [0] * 5, days_ago=days_ago)
    assert statements(chain) == few
    assert few["place"] <= 80
    assert few["compare"] <= 60


def statements(chain: Chain) -> dict[str, int]:
    pages = {
        "place": f"/locations/{chain.oslo}",
        "group": f"/locations/{chain.norway}",
        "compare": f"/compare?place={chain.oslo}&place={chain.bergen}",
    }
    found, client = {}, chain.browser(chain.astrid)
    for name, path in pages.items():
        client.get(path)
        seen: list[str] = []

        def note(_c: object, _k: object, statement: str, *_more: object, into: list[str] = seen) -> None:
            into.append(statement)

        event.listen(chain.centre.db.engine, "before_cursor_execute", note)
        client.get(path)
        event.remove(chain.centre.db.engine, "before_cursor_execute", note)
        found[name] = len(seen)
    return found
