"""Several questions at one place: each has its own score, and nobody reads an id."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from sync import wire
from sync.centre import Centre
from sync.demo import founding
from sync.intake import tally
from tests.sync.conftest import Clock, Verb
from tests.sync.norway import DAY_MS, Chain
from tests.sync.test_pages import row, sentence, words
from tests.sync.test_pages_location import section

EVERYTHING = Path(founding.__file__).with_name("entrance.json")


@pytest.fixture
def chain(a_centre: Centre, clock: Clock, verb: Verb) -> Chain:
    """Oslo asks everything that can be asked; all others the built-in survey."""
    chain = Chain(a_centre, clock)
    assert verb("survey", "publish", EVERYTHING, "--at", "Oslo")[0] == 0
    return chain


def answers(chain: Chain, *given: dict[str, Any], survey: str = "entrance") -> None:
    """Customers in Oslo yesterday, a minute apart."""
    box = chain.boxes[chain.oslo]
    entries = []
    for index, told in enumerate(given):
        at_ms = chain.clock() - DAY_MS - index * 60_000
        stamp = {"boot": box.boot, "boottime_ms": at_ms % 10**12, "wall_ms": at_ms, "synced": True}
        entry = box.response(survey=survey, at_ms=at_ms, stamp=stamp)
        entries.append(wire.seal({**entry, "answers": told}, "pepper"))
    answer = box.send(chain.app.test_client(), *entries)
    assert {result.verdict for result in answer.results} == {"stored"}
    with chain.centre.db.reading() as tx:
        assert tally.verify(tx) is None


def switcher(page: str) -> list[str]:
    """The questions that a page offers, as they are asked."""
    found = re.search(r'<select id="filter-question".*?</select>', page, re.DOTALL)
    return [unescape(text) for text in re.findall(r">([^<]+)</option>", found[0])] if found else []


def test_every_question_of_a_place_has_its_own_score(chain: Chain) -> None:
    answers(
        chain,
        *[{"visit5": 4, "recommend": 10, "entrance_happy": ["staff"]}] * 31,
        *[{"visit5": 0, "recommend": 3, "entrance_unhappy": ["waiting"], "comment": "Slow."}] * 10,
        *[{"advice5": 1, "easy_find": 7, "entrance_unhappy": ["price"]}] * 12,
        *[{"advice5": 3, "easy_pay": 2}] * 7,
    )
    place = f"/locations/{chain.oslo}"
    page = chain.page(place)
    visit, easy = "How was your visit today?", "It was easy to find what I came for"
    assert switcher(page) == [
        visit,
        "How well did we advise you?",
        "How likely are you to recommend us to friends?",
        easy,
        "It was easy to pay",
    ]
    assert sentence(page).startswith("Yesterday 41 answers, score 76 (")
    why = "Of 22 people who answered very unhappy or unhappy to one of 2 questions asked in turn."
    reasons = section(page, "What went wrong?")
    assert reasons.startswith(why)
    assert re.findall(r"(Price|Waiting time) (\d+)%", reasons) == [("Price", "55"), ("Waiting time", "45")]
    advice = chain.page(f"{place}?question=advice5")
    assert sentence(advice).startswith("Yesterday 19 answers, score 43 (")
    assert section(advice, "What went wrong?") == reasons
    ease = chain.page(f"{place}?question=easy_find")
    assert sentence(ease).startswith("Yesterday 12 answers, ease 7.0 (")
    assert "What went wrong?" not in ease
    nps = chain.page(f"{place}?question=recommend")
    assert sentence(nps).startswith("Yesterday 41 answers, NPS 51 (")
    assert "Neutral" not in nps
    assert "51 22–73 41" in row(chain.page("/?question=recommend"), chain.oslo)


def test_what_is_asked_alike_is_told_apart_by_its_answers(chain: Chain) -> None:
    answers(chain, *[{"visit5": 4}] * 6)
    answers(chain, *[{"visit": 3}] * 5, survey="builtin")
    assert switcher(chain.page("/")) == ["How was your visit today? (5 faces)", "How was your visit today? (4 faces)"]
    assert "100 58–100 early 6" in row(chain.page("/"), chain.oslo)
    assert "5 0 today" in row(chain.page("/?question=visit"), chain.oslo)


def test_a_remark_after_a_number_says_of_how_many(chain: Chain, verb: Verb, tmp_path: Path) -> None:
    """Without a face beside it a bare 9 says nothing."""
    definition: dict[str, Any] = json.loads(EVERYTHING.read_bytes())
    recommend, comment = (
        next(q for q in definition["questions"] if q["id"] == name) for name in ("recommend", "comment")
    )
    sad = next(q for q in definition["questions"] if q["id"] == "entrance_unhappy")
    del recommend["after"]
    why = sad | {"id": "why_not", "when": list(range(7))}
    (tmp_path / "nps.json").write_text(json.dumps(definition | {"id": "nps", "questions": [recommend, why, comment]}))
    assert verb("survey", "publish", tmp_path / "nps.json", "--at", "Oslo")[0] == 0
    answers(
        chain, *[{"recommend": 9, "comment": "Gladly."}, *[{"recommend": 2, "why_not": ["price"]}] * 6], survey="nps"
    )
    page = chain.page(f"/locations/{chain.oslo}")
    assert "9 of 10" in words(page[page.index('id="comments"') :])
    assert section(page, "What went wrong?").startswith("Of 6 people who answered 0 to 6.")
    assert switcher(page) == []


def test_a_way_to_be_reached_is_counted_nowhere(chain: Chain) -> None:
    answers(chain, *[{"visit5": 0}] * 5)
    page = chain.page(f"/locations/{chain.oslo}")
    assert switcher(page) == []
    assert "call_back" not in page
    assert "get in touch" not in page
