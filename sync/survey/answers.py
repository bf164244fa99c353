"""Which answers to a survey can be kept. No I/O."""

from collections.abc import Mapping
from typing import Any

from sync.survey.definition import SCALES, Question, Survey

MAX_COMMENT = 2_000
"""Characters of a comment; the screen enforces it, so nothing that was thanked can be too long."""


def problem_with(survey: Survey, answers: Mapping[str, Any]) -> str | None:
    """Why these answers can never be kept, as a code, or None when they can.

    Codes: `no_first_answer`, `two_first_answers`, `unknown_question`, `off_scale`, `bad_reasons`, `bad_text`,
    `too_long`."""
    first = [question.id for question in survey.firsts if question.id in answers]
    if len(first) != 1:
        return "two_first_answers" if first else "no_first_answer"
    for name, answer in answers.items():
        question = survey.question(name)
        check = _CHECKS.get(question.kind) if question else None
        code = check(question, answer) if question and check else "unknown_question"
        if code:
            return code
    return None


def _bad_value(question: Question, answer: Any) -> str | None:
    scale = SCALES[question.scale or ""]
    fits = type(answer) is int and scale.low <= answer <= scale.high
    return None if fits else "off_scale"


def _bad_reasons(question: Question, answer: Any) -> str | None:
    known = {choice.id for choice in question.choices}
    fits = isinstance(answer, list) and all(isinstance(name, str) and name in known for name in answer)
    return None if fits and len(set(answer)) == len(answer) else "bad_reasons"


def _bad_text(question: Question, answer: Any) -> str | None:
    if not isinstance(answer, str):
        return "bad_text"
    return None if len(answer) <= MAX_COMMENT else "too_long"


# How to reach a customer is never an answer: it travels apart.
_CHECKS = {"scale": _bad_value, "reasons": _bad_reasons, "text": _bad_text}
