"""Every screen that a visit can come to, empty, for the page's script to fill: the page goes on by itself when its
terminal doesn't answer. Drawn by the same templates as the screens of a visit without script."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from kiosk import visits, worker
from kiosk.outbox import Draft
from kiosk.standing import Standing
from kiosk.visits import Turn
from sync import wire
from sync.survey import SCALES, STEPS, Survey


class Frame(NamedTuple):
    """An empty screen; `name` is that of its screen, but for `change`, the question when it was answered already.
    `values`: the first answers after which it is the one to show, none for all of them. `about` and `text`: the
    questions it asks after."""

    name: str
    turn: Turn
    values: tuple[int, ...] = ()
    about: str = ""
    text: str = ""


def frames(standing: Standing) -> Iterator[Frame]:
    """In every language that can be chosen here."""
    asked = standing.survey
    groups = _alike(asked)
    for lang in visits.languages(standing):
        yield Frame("ask", Turn("ask", lang))
        yield Frame("change", Turn("ask", lang, _answered(standing, lang, asked.scale.low)))
        yield Frame("done", Turn("done", lang))
        for (about, text), values in groups.items():
            draft = _answered(standing, lang, values[0])
            yield Frame("thanks", Turn("thanks", lang, draft), values, about, text)
            if text:
                yield Frame("comment", Turn("comment", lang, draft), values, about, text)


def walk(standing: Standing) -> dict[str, Any]:
    """What the page's script has to know beside the frames: the table of steps, what is asked and where."""
    asked = standing.survey
    return {
        "steps": [list(step) for step in STEPS],
        "screen": standing.screen,
        "placement": standing.placement,
        "survey": asked.id,
        "version": asked.version,
        "first": asked.first.id,
        "last": visits.CATCH_ALL,
        "lang": visits.languages(standing)[0],
        "shows": shows(standing),
    }


def shows(standing: Standing) -> str:
    """Changes whenever the page of a screen would be another one."""
    told = replace(standing, test_ms=int(standing.test))  # how long it goes on changes nothing
    return sha256(worker.build().encode() + wire.encode(told)).hexdigest()[:10]


def _alike(asked: Survey) -> dict[tuple[str, str], tuple[int, ...]]:
    """(question of reasons, question for a comment) -> the first answers that both follow."""
    groups: dict[tuple[str, str], tuple[int, ...]] = {}
    low, high, _family = SCALES[asked.first.scale or ""]
    for value in range(low, high + 1):
        after = asked.follow_ups(asked.first.id, value)
        key = (after.reasons.id if after.reasons else "", after.comment.id if after.comment else "")
        groups[key] = (*groups.get(key, ()), value)
    return groups


def _answered(standing: Standing, lang: str, value: int) -> Draft:
    asked = standing.survey
    orders = {q.id: [choice.id for choice in q.choices] for q in asked.questions if q.kind == "reasons"}
    return Draft(
        id="", rev=0, screen=standing.screen, placement=standing.placement, survey=asked.id, version=asked.version,
        lang=lang, answers={asked.first.id: value}, shown=orders, stamp=wire.Stamp("", 0, 0, synced=False),
        first_ms=None, total_ms=None, since_prev_ms=None, flags=[],
    )  # fmt: skip
