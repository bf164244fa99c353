"""Where one question took another's place, a chart shows the day, and never both in one line."""

import re

import msgspec
import pytest

from sync import survey
from sync.centre import Centre
from sync.office import audit, schedules, surveys
from sync.survey import BUILTIN, Choice, Question
from tests.sync.conftest import Clock
from tests.sync.norway import Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    """Oslo was asked how easy it was, and for the last ten days something else instead."""
    found = Chain(a_centre, clock)
    for version, name, days in ((1, "easy", (19, 14)), (2, "quick", (9, 3))):
        rating = Question(name, "scale", {"en": f"Was it {name}?"}, scale="csat5")
        asked = msgspec.structs.replace(
            BUILTIN, id="shop", version=version, languages=("en",), questions=(BUILTIN.first, rating)
        )
        with a_centre.db.writing() as tx:
            surveys.publish(tx, asked, 1, replaces={"quick": "easy"} if version == 2 else None)
        for day in days:
            found.visits(found.oslo, [3] * 6, days_ago=day, survey="shop", version=version, answers={name: 4})
    return found


def test_both_questions_say_when_one_took_the_others_place(chain: Chain) -> None:
    for number in (chain.oslo, chain.norway):
        at = f"/locations/{number}"
        page = chain.page(f"{at}?question=quick")
        assert "Asked here since <bdi>22 Feb</bdi>; before it “<bdi>Was it easy?</bdi>”" in page
        assert f'href="{at}?question=easy"' in page
        assert re.findall(r'class="seam" d="M([\d.]+) ', page) == ["642.86"], "the nineteenth of twenty-eight days"
    page = chain.page(f"/locations/{chain.oslo}?question=easy")
    assert "Not asked here since <bdi>22 Feb</bdi>, when “<bdi>Was it quick?</bdi>” took its place" in page
    assert page.count('class="seam"') == 1
    page = chain.page(f"/locations/{chain.oslo}?question={survey.BUILTIN.first.id}")
    assert 'class="seam"' not in page, "it took nobody's place"


def test_reasons_stay_with_the_question_that_they_were_given_for(chain: Chain, a_centre: Centre, clock: Clock) -> None:
    """Planned, then replaced: both had their reasons."""
    for version, name in ((1, "old"), (2, "new")):
        first = Question(name, "scale", {"en": f"How {name}?"}, scale="smiley4")
        why = Question(f"why-{name}", "reasons", {"en": "Why?"}, choices=(Choice("queue", {"en": f"Queue {name}"}),))
        asked = msgspec.structs.replace(
            BUILTIN, id="planned", version=version, languages=("en",), questions=(first, why)
        )
        with a_centre.db.writing() as tx:
            surveys.publish(tx, asked, 1)
            if version == 1:
                schedules.add(tx, audit.COMMAND, "planned", chain.oslo, None, (0, None), 1)
            path = f"/{chain.norway}/{chain.oslo}/"
            found = {each.id: each.version for each in surveys.asked_at(tx, path, "old")}
            assert found["planned"] == 1
    with a_centre.db.reading() as tx:
        assert {each.id: each.version for each in surveys.asked_at(tx, path, "new")} == {"builtin": 1, "planned": 2}
