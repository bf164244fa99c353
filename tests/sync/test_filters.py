"""What a page is asked to look at stands in its address; what cannot be meant is refused in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from sync import models
from sync.centre import Centre
from sync.office import counts
from sync.office.counts import Question
from sync.office.filters import Filters, Hours, Narrowed
from sync.office.forms import Wrong
from sync.rows import append
from tests.sync.conftest import Clock
from tests.sync.norway import Chain

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
NARROWED = st.builds(
    Narrowed,
    touchpoint=st.none() | NAMES,
    lang=st.none() | NAMES,
    hours=st.none() | st.builds(lambda a, b: Hours(min(a, b), max(a, b) + 1), st.integers(0, 23), st.integers(0, 23)),
    flagged=st.sampled_from(["without", "with", "only"]),
)
SPAN = st.builds(lambda days: {"span": days}, st.integers(1, 400))
DAYS = st.builds(lambda first, n: {"first": first, "last": first + n}, st.integers(0, 30_000), st.integers(0, 399))


@given(SPAN | DAYS, st.none() | NAMES, NARROWED)
def test_an_address_says_what_was_asked(days: dict[str, int], question: str | None, narrowed: Narrowed) -> None:
    asked = Filters(**days, question=question, narrowed=narrowed)
    assert Filters.read(MultiDict(asked.query)) == asked


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": "0"}, {"days": "401"}, {"days": "two"}, {"days": "٣"}, {"from": "2026-11-01"}, {"to": "2026-11-01"},
        {"from": "2026-11-02", "to": "2026-11-01"}, {"from": "2020-01-01", "to": "2026-11-01"},
        {"from": "yesterday", "to": "2026-11-01"}, {"hours": "9"}, {"hours": "12-9"}, {"hours": "9-25"},
        {"hours": "-1-3"}, {"flagged": "perhaps"},
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Wrong):
        Filters.read(wrong)


def test_nothing_asked_is_the_usual() -> None:
    assert Filters.read({}) == Filters()
    assert Filters().days(20_000) == (19_973, 20_000)
    assert Filters.read({"days": "7", "hours": "9-12"}).address("/", hours=None, page=2) == "/?days=7&page=2"


def test_a_narrowed_count_is_that_of_its_answers(a_centre: Centre, clock: Clock) -> None:
    chain = Chain(a_centre, clock)
    till = a_day(chain)
    asked = Question("visit", "smiley4")
    with a_centre.db.reading() as tx:

        def counted(**narrowed: object) -> tuple[int, ...]:
            asking = Narrowed(**narrowed)  # type: ignore[arg-type]
            found = counts.by_day(tx, ["/"], asked, 100, 101, singles=True, narrowed=asking)
            return tuple(found[chain.oslo].counts.get(day, (0,) * 4) for day in (100, 101)) if found else ()  # type: ignore[return-value]

        assert counted() == ((1, 0, 0, 3), (0, 0, 0, 2))
        assert counted(lang="nb") == ((1, 0, 0, 0), (0, 0, 0, 0))
        assert counted(hours=Hours(9, 10)) == ((0, 0, 0, 3), (0, 0, 0, 0))
        assert counted(hours=Hours(0, 24), flagged="with") == ((6, 0, 0, 3), (0, 0, 0, 2))
        assert counted(flagged="only") == ((5, 0, 0, 0), (0, 0, 0, 0))
        assert counted(touchpoint=till) == counted()
        assert counted(touchpoint="Nowhere") == ()
        with pytest.raises(ValueError, match="single"):
            counts.by_day(tx, ["/"], asked, 100, 101, singles=False, narrowed=Narrowed(lang="nb"))


def a_day(chain: Chain) -> str:
    """Two days at Oslo, by hour and language; the name of the touchpoint."""
    with chain.centre.db.writing() as tx:
        points = models.touchpoints
        spot = tx.execute(points.select().where(points.c.location_id == chain.oslo)).first()
        assert spot is not None
        rows = [
            (100, 9, "en", False, 0, 3), (100, 15, "nb", False, 1, 0), (100, 23, "en", True, 5, 0),
            (101, 0, "en", False, 0, 2),
        ]  # fmt: skip
        for day, hour, lang, aside, bad, good in rows:
            values = (bad + good, bad, 0, 0, good, *[0] * 7)
            for table, bucket in ((models.tallies_day, day), (models.tallies_hour, day * 24 + hour)):
                append(tx, table, [(chain.oslo, "visit", "", bucket, spot.id, lang, aside, *values)])
    return str(spot.name)
