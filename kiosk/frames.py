"""Every screen that a visit can come to, empty, for the page's script to fill: the page goes on by itself when its
terminal doesn't answer. Drawn by the same templates as the screens of a visit without script."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from kiosk import picks, visits, worker
from kiosk.outbox import Draft
from kiosk.standing import Standing
from kiosk.visits import Turn
from sync import wire
from sync.survey import STEPS, FollowUps, Question, Survey


class Frame(NamedTuple):
    """An empty screen; `name` is that of its screen, but for `change`, the question when it was answered already.
    `key`: the question that it asks, or for `thanks` the place in `follows`, after whose answers it is the one to
    show."""

    name: str
    turn: Turn
    key: str = ""


class Follows(NamedTuple):
    """What is asked `after` some first answers: each a first question with its value."""

    after: FollowUps
    answers: tuple[tuple[Question, int], ...]


def frames(standing: Standing) -> Iterator[Frame]:
    """In every language that can be chosen here."""
    for lang in visits.languages(standing):
        for first in standing.survey.firsts:
            picked = picks.anew(standing.survey, first.id)
            yield Frame("ask", Turn("ask", lang, picked=picked), first.id)
            yield Frame(
                "change", Turn("ask", lang, _answered(standing, lang, first, standing.survey.scale.low)), first.id
            )
        yield Frame("done", Turn("done", lang))
        yield from _after(standing, lang)


def _after(standing: Standing, lang: str) -> Iterator[Frame]:
    drawn: set[str] = set()
    for place, (after, answers) in enumerate(follows(standing.survey)):
        draft = _answered(standing, lang, *answers[0])
        yield Frame("thanks", Turn("thanks", lang, draft), str(place))
        asks = (("comment", after.comment), *(("rating", one) for one in after.ratings), ("contact", after.contact))
        for screen, question in asks:
            if question and question.id not in drawn:
                drawn.add(question.id)
                yield Frame(screen, Turn(screen, lang, _picking(draft, question)), question.id)


def follows(asked: Survey) -> list[Follows]:
    """Which first answers are followed by the same."""
    found: dict[tuple[str, ...], Follows] = {}
    for first in asked.firsts:
        for value in range(asked.scale.low, asked.scale.high + 1):
            after = asked.follow_ups(first.id, value)
            same = found.setdefault(_names(after), Follows(after, ()))
            found[_names(after)] = same._replace(answers=(*same.answers, (first, value)))
    return list(found.values())


def _names(after: FollowUps) -> tuple[str, ...]:
    """Questions can be told apart by them alone: each has one kind."""
    return tuple(q.id for q in (after.reasons, *after.ratings, after.comment, after.contact) if q)


def walk(standing: Standing) -> dict[str, Any]:
    """What the page's script has to know beside the frames: the table of steps, what is asked and where."""
    asked = standing.survey
    return {
        "steps": [list(step) for step in STEPS],
        "screen": standing.screen,
        "placement": standing.placement,
        "survey": asked.id,
        "version": asked.version,
        "firsts": [question.id for question in asked.firsts],
        "pool": asked.first.pool,
        "follows": [_told(one) for one in follows(asked)],
        "last": picks.CATCH_ALL,
        "lang": visits.languages(standing)[0],
        "shows": shows(standing),
        "masks": worker.address(worker.MASKING),
    }


def _told(one: Follows) -> dict[str, Any]:
    after = one.after
    return {
        "answers": [f"{first.id} {value}" for first, value in one.answers],
        "about": after.reasons.id if after.reasons else "",
        "text": after.comment.id if after.comment else "",
        "ratings": [question.id for question in after.ratings],
        "pool": after.ratings[0].pool if after.ratings else None,
        "contact": after.contact.id if after.contact else "",
        "offers": sorted(after.offers),
    }


def shows(standing: Standing) -> str:
    """Changes whenever the page of a screen would be another one."""
    told = replace(standing, test_ms=int(standing.test))  # how long it goes on changes nothing
    return sha256(worker.build().encode() + wire.encode(told)).hexdigest()[:10]


def _answered(standing: Standing, lang: str, first: Question, value: int) -> Draft:
    asked = standing.survey
    orders = {q.id: [choice.id for choice in q.choices] for q in asked.questions if q.kind == "reasons"}
    return Draft(
        id="", rev=0, screen=standing.screen, placement=standing.placement, survey=asked.id, version=asked.version,
        lang=lang, answers={first.id: value}, shown=orders | picks.anew(asked, first.id),
        stamp=wire.Stamp("", 0, 0, synced=False), first_ms=None, total_ms=None, since_prev_ms=None, flags=[],
    )  # fmt: skip


def _picking(draft: Draft, question: Question) -> Draft:
    """The same, `question` being the one picked from its pool."""
    picked = {question.pool: [question.id]} if question.pool else {}
    return msgspec.structs.replace(draft, shown=draft.shown | picked)
