"""What chance decides for one customer, once for the whole visit: the order of reasons, so that none is favoured, and
which question of a pool is asked. It goes with the response as `shown`: a question of reasons with the order of its
choices, a pool with the one question picked. No I/O."""

import random
from collections.abc import Mapping, Sequence

from sync.survey import Question, Survey

CATCH_ALL = "other"
"""The reason that only makes sense once the others are read; it stays last."""

Shown = Mapping[str, Sequence[str]]


def anew(asked: Survey, wanted: str = "") -> dict[str, list[str]]:
    """Which first question somebody new is asked: the one `wanted`, if it is one."""
    if asked.first.pool is None:
        return {}
    names = [question.id for question in asked.firsts]
    return {asked.first.pool: [wanted if wanted in names else random.choice(names)]}  # noqa: S311 - no secret


def first(asked: Survey, shown: Shown) -> Question:
    """The first question that was asked."""
    return _picked(asked.firsts, shown) or asked.first


def rating(ratings: Sequence[Question], shown: Shown) -> Question | None:
    """The one of these ratings that is asked; None when none was picked yet."""
    return _picked(ratings, shown)


def with_reasons(reasons: Question | None, shown: Shown) -> dict[str, list[str]]:
    """`shown`, and the order of these reasons."""
    known = {name: list(told) for name, told in shown.items()}
    return known if reasons is None or reasons.id in known else {**known, reasons.id: _shuffled(reasons)}


def with_rating(ratings: Sequence[Question], shown: Shown) -> dict[str, list[str]]:
    """`shown`, and which of these ratings was picked."""
    known = {name: list(told) for name, told in shown.items()}
    if not ratings or ratings[0].pool is None or _picked(ratings, shown):
        return known
    return {**known, ratings[0].pool: [random.choice(ratings).id]}  # noqa: S311 - no secret


def can_be(asked: Survey, name: str, told: Sequence[str]) -> bool:
    """Whether `told` may have been shown for `name`."""
    question = asked.question(name)
    if question is not None:
        return bool(question.choices) and sorted(told) == sorted(choice.id for choice in question.choices)
    return [question.pool for question in asked.questions if question.id in told] == [name] and len(told) == 1


def _picked(questions: Sequence[Question], shown: Shown) -> Question | None:
    """Of questions that are alone or all in one pool."""
    if not questions or questions[0].pool is None:
        return questions[0] if questions else None
    told = shown.get(questions[0].pool, ())
    return next((question for question in questions if question.id in told), None)


def _shuffled(question: Question) -> list[str]:
    names = [choice.id for choice in question.choices if choice.id != CATCH_ALL]
    random.shuffle(names)
    return [*names, CATCH_ALL] if len(names) < len(question.choices) else names
