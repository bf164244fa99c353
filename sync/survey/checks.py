"""What is wrong with a definition: everything at once, each with its path. No I/O."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from sync.survey.definition import (
    MAX_LANGUAGES,
    MAX_QUESTIONS,
    MAX_REASONS,
    MAX_TEXT,
    SCALES,
    Question,
    Survey,
    Texts,
)

Path = tuple[str | int, ...]
"""From the survey down: ("questions", 0, "texts", "de")."""

_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of the text around it."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that nobody sees."""

MESSAGES = {
    "no_text": "there is no text in this language",
    "long_text": "at most {most} characters are allowed, not {n}",
    "hidden_text": "control characters, also those that turn the direction of text, are not allowed",
    "languages": "1 to {most} languages are allowed, not {n}",
    "language_twice": "a language stands there twice",
    "first": "the first question must be on a scale, so that one tap is an answer",
    "questions": "at most {most} are allowed, not {n}",
    "question_twice": "two questions have the id {name!r}",
    "reason_twice": "two reasons have the id {name!r}",
    "scale": "{name!r} is none of {allowed}",
    "only_scale": "only a question of the kind 'scale' has one",
    "reasons": "1 to {most} reasons are allowed, not {n}",
    "only_reasons": "only a question of the kind 'reasons' has them",
    "consent": "a question of the kind 'contact' has the sentence agreed to, others don't",
    "first_depends": "the first question is asked of everybody, so it has neither 'when' nor 'after'",
    "after": "{name!r} is no first question",
    "when": "first answers from {low} to {high} are allowed, not {found}",
    "pool_scales": "those of the pool {name!r} are on different scales",
    "pool_name": "{name!r} is the id of a question and the name of a pool",
    "two": "{one!r} and {other!r}, both of the kind {kind!r}, follow the first answer {value}",
}
"""What can be wrong, by its code: a sentence's end, with places to fill from a problem's `about`."""


class Problem(NamedTuple):
    """What is wrong, by its code in MESSAGES, and where; `about` fills the message."""

    path: Path
    code: str
    about: dict[str, Any]

    def __str__(self) -> str:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return f"${where}: {MESSAGES[self.code].format(**self.about)}"


class BadSurvey(ValueError):
    """A definition that cannot be used; the message names the path and the reason."""


def load(definition: bytes) -> Survey:
    """A survey from its JSON. Raises BadSurvey."""
    survey = read(definition)
    check(survey)
    return survey


def read(definition: bytes) -> Survey:
    """The same, as far as it is written: texts may be missing, and whatever `problems` finds. Raises BadSurvey for what
    is no survey at all."""
    try:
        return msgspec.json.decode(definition, type=Survey)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadSurvey(reason(problem)) from None


def reason(problem: Exception) -> str:
    """The path first, as everywhere here: msgspec names it last."""
    text = str(problem) or type(problem).__name__
    what, at, path = text.rpartition(" - at `")
    return f"{path.rstrip('`')}: {what}" if at else f"$: {text}"


def check(survey: Survey) -> None:
    """Raises BadSurvey for the first thing that is wrong."""
    first = next(problems(survey), None)
    if first is not None:
        raise BadSurvey(str(first))


def problems(survey: Survey) -> Iterator[Problem]:
    """Everything that keeps this from being asked, in the order of reading."""
    yield from _languages(survey.languages)
    has_first = bool(survey.questions) and survey.first.kind == "scale"
    if not has_first:
        yield Problem(("questions", 0), "first", {})
    if len(survey.questions) > MAX_QUESTIONS:
        yield Problem(("questions",), "questions", {"most": MAX_QUESTIONS, "n": len(survey.questions)})
    yield from _twice(("questions",), "question_twice", [question.id for question in survey.questions])
    for index, question in enumerate(survey.questions):
        path: Path = ("questions", index)
        yield from _kind(question, path)
        yield from _texts(survey.languages, question, path)
        if has_first:
            yield from _place(survey, question, path)
    yield from _pools(survey)
    if has_first and survey.first.scale in SCALES:
        yield from _follow_ups(survey)


def _languages(languages: Sequence[str]) -> Iterator[Problem]:
    if not 1 <= len(languages) <= MAX_LANGUAGES:
        yield Problem(("languages",), "languages", {"most": MAX_LANGUAGES, "n": len(languages)})
    if len(set(languages)) != len(languages):
        yield Problem(("languages",), "language_twice", {})


def _twice(path: Path, code: str, names: Sequence[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield Problem(path, code, {"name": name})


def _kind(question: Question, path: Path) -> Iterator[Problem]:
    """Each kind has what it needs, and nothing that belongs to another."""
    if question.kind == "scale":
        if question.scale not in SCALES:
            yield Problem((*path, "scale"), "scale", {"name": question.scale, "allowed": ", ".join(SCALES)})
    elif question.scale is not None or question.pool is not None:
        yield Problem((*path, "scale" if question.scale is not None else "pool"), "only_scale", {})
    if question.kind == "reasons":
        if not 1 <= len(question.choices) <= MAX_REASONS:
            yield Problem((*path, "choices"), "reasons", {"most": MAX_REASONS, "n": len(question.choices)})
        yield from _twice((*path, "choices"), "reason_twice", [choice.id for choice in question.choices])
    elif question.choices:
        yield Problem((*path, "choices"), "only_reasons", {})
    if (question.kind == "contact") != (question.consent is not None):
        yield Problem((*path, "consent"), "consent", {})


def _texts(languages: Sequence[str], question: Question, path: Path) -> Iterator[Problem]:
    for where, what, texts in every_text(question):
        for lang in languages:
            found = _text(texts.get(lang, ""), MAX_TEXT[what])
            if found:
                yield Problem((*path, *where, lang), *found)


def every_text(question: Question) -> Iterator[tuple[Path, str, Texts]]:
    """Where each of its texts is, what it is (a key of MAX_TEXT), and the text."""
    yield ("texts",), "question", question.texts
    for index, choice in enumerate(question.choices):
        yield ("choices", index, "texts"), "reason", choice.texts
    if question.consent is not None:
        yield ("consent",), "consent", question.consent


def text_problem(text: str, most: int) -> str | None:
    """Why a text of so many characters at most cannot stand on a screen; None when it can."""
    found = _text(text, most)
    return MESSAGES[found[0]].format(**found[1]) if found else None


def _text(text: str, most: int) -> tuple[str, dict[str, Any]] | None:
    if not any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK for c in text):
        return "no_text", {}
    if len(text) > most:
        return "long_text", {"most": most, "n": len(text)}
    if _HIDDEN.search(text) or any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        return "hidden_text", {}
    return None


def _place(survey: Survey, question: Question, path: Path) -> Iterator[Problem]:
    is_first = question in survey.firsts
    if is_first and (question.when is not None or question.after is not None):
        yield Problem(path, "first_depends", {})
    if question.after is not None and question.after not in {first.id for first in survey.firsts}:
        yield Problem((*path, "after"), "after", {"name": question.after})
    scale = SCALES.get(survey.first.scale or "")
    if scale is None:
        return
    off = [value for value in question.when or () if not scale.low <= value <= scale.high]
    if off or question.when == ():
        yield Problem((*path, "when"), "when", {"low": scale.low, "high": scale.high, "found": off or "none"})


def _pools(survey: Survey) -> Iterator[Problem]:
    pools: dict[str, set[str | None]] = {}
    for question in survey.questions:
        if question.pool is not None:
            pools.setdefault(question.pool, set()).add(question.scale)
    for pool, scales in pools.items():
        if len(scales) > 1:
            yield Problem(("questions",), "pool_scales", {"name": pool})
        if survey.question(pool):
            yield Problem(("questions",), "pool_name", {"name": pool})


def _follow_ups(survey: Survey) -> Iterator[Problem]:
    """Nobody is asked two questions of one kind: which of them would be left to chance. Each two are named once."""
    told = set[tuple[str, str]]()
    for first in survey.firsts:
        for value in range(survey.scale.low, survey.scale.high + 1):
            asked = [q for q in survey.questions if q not in survey.firsts and q.follows(first.id, value)]
            for kind in ("reasons", "text", "contact", "scale"):
                found = [q for q in asked if q.kind == kind]
                if len(found) < 2 or (kind == "scale" and len({q.pool or q.id for q in found}) < 2):
                    continue
                one, other = (found[0].id, found[1].id)
                if (one, other) not in told:
                    told.add((one, other))
                    about = {"one": one, "other": other, "kind": kind, "value": value}
                    yield Problem(("questions",), "two", about)
