"""What a survey is: data that both ends read alike, and refuse alike. No I/O."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec


class Scale(NamedTuple):
    """A scale of answers: whole values `low` … `high`, the worst first; `family` names its score."""

    low: int
    high: int
    family: str


SCALES = {
    "smiley4": Scale(0, 3, "index"),
    "smiley5": Scale(0, 4, "index"),
    "nps11": Scale(0, 10, "nps"),
    "csat5": Scale(1, 5, "csat"),
    "ces7": Scale(1, 7, "ces"),
    "yesno": Scale(0, 1, "yes"),
}

MAX_QUESTIONS = 24
MAX_LANGUAGES = 40
MAX_REASONS = 6
MAX_TEXT = {"question": 200, "reason": 60, "consent": 400}
"""Characters of a text, by what it is."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,1}$")]
Texts = dict[str, str]
"""A text in every language, by language code."""
_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of the text around it."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that nobody sees."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason that can be chosen."""

    id: Id
    texts: Texts


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One question. `scale` holds for kind "scale"; `choices` for "reasons"; `consent`, the sentence that a customer
    agrees to, for "contact".

    The first question of a survey is asked of everybody. Each other one follows it: `when` lists the first answers
    after which it is asked, all of them where it is missing, and `after` names the first question that it belongs to,
    any of them where it is missing. Of the questions with the same `pool`, all on one scale, each customer is asked
    one, picked at random."""

    id: Id
    kind: Literal["scale", "reasons", "text", "contact"]
    texts: Texts
    scale: str | None = None
    choices: tuple[Choice, ...] = ()
    when: tuple[int, ...] | None = None
    after: Id | None = None
    pool: Id | None = None
    consent: Texts | None = None


class FollowUps(NamedTuple):
    """What is asked after a first answer. Of `ratings`, questions on a scale, one is picked."""

    reasons: Question | None
    ratings: tuple[Question, ...]
    comment: Question | None
    contact: Question | None

    @property
    def offers(self) -> frozenset[str]:
        """Which screens beside those that every visit has: some of `rating`, `comment`, `contact`."""
        asked = {"rating": bool(self.ratings), "comment": bool(self.comment), "contact": bool(self.contact)}
        return frozenset(screen for screen, there in asked.items() if there)


class Survey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a survey; a published version never changes. The first language is the default."""

    id: Id
    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    languages: tuple[Language, ...]
    questions: tuple[Question, ...]

    @property
    def first(self) -> Question:
        """The first question; of a pool of them, the one that stands first."""
        return self.questions[0]

    @property
    def firsts(self) -> tuple[Question, ...]:
        """The first question alone, or the pool that it is in: one of them is asked of each customer."""
        pool = self.first.pool
        return tuple(q for q in self.questions if q.pool == pool) if pool else (self.first,)

    @property
    def scale(self) -> Scale:
        """Of the first question, and of every other in its pool."""
        return SCALES[self.first.scale or ""]

    def question(self, name: str) -> Question | None:
        return next((question for question in self.questions if question.id == name), None)

    def first_answer(self, answers: Mapping[str, Any]) -> tuple[Question, int] | None:
        """Which first question was answered, and how; None when none was, with a value that may be counted."""
        told = ((question, answers.get(question.id)) for question in self.firsts)
        return next(((question, value) for question, value in told if type(value) is int), None)

    def follow_ups(self, first: str, value: int) -> FollowUps:
        """What follows when `first` was answered with `value`."""
        asked = [q for q in self.questions if q not in self.firsts and _follows(q, first, value)]

        def only(kind: str) -> Question | None:
            return next((q for q in asked if q.kind == kind), None)

        ratings = tuple(q for q in asked if q.kind == "scale")
        return FollowUps(only("reasons"), ratings, only("text"), only("contact"))


class BadSurvey(ValueError):
    """A definition that cannot be used; the message names the path and the reason."""


def _follows(question: Question, first: str, value: int) -> bool:
    return question.after in (None, first) and (question.when is None or value in question.when)


def load(definition: bytes) -> Survey:
    """A survey from its JSON. Raises BadSurvey."""
    try:
        survey = msgspec.json.decode(definition, type=Survey)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadSurvey(_reason(problem)) from None
    check(survey)
    return survey


def _reason(problem: Exception) -> str:
    """The path first, as everywhere here: msgspec names it last."""
    text = str(problem) or type(problem).__name__
    what, at, path = text.rpartition(" - at `")
    return f"{path.rstrip('`')}: {what}" if at else f"$: {text}"


def check(survey: Survey) -> None:
    """Raises BadSurvey for the first thing that is wrong."""
    _check_languages(survey.languages)
    if not survey.questions or survey.first.kind != "scale":
        raise BadSurvey("$.questions[0]: the first question must be on a scale, so that one tap is an answer")
    if len(survey.questions) > MAX_QUESTIONS:
        raise BadSurvey(f"$.questions: at most {MAX_QUESTIONS} are allowed, not {len(survey.questions)}")
    _refuse_twice("$.questions", "questions", [question.id for question in survey.questions])
    for index, question in enumerate(survey.questions):
        path = f"$.questions[{index}]"
        _check_kind(question, path)
        _check_texts(survey.languages, question, path)
        _check_place(survey, question, path)
    _check_pools(survey)
    for first in survey.firsts:
        for value in range(survey.scale.low, survey.scale.high + 1):
            _check_follow_ups(survey, first.id, value)


def _check_languages(languages: Sequence[str]) -> None:
    if not 1 <= len(languages) <= MAX_LANGUAGES:
        raise BadSurvey(f"$.languages: 1 to {MAX_LANGUAGES} languages are allowed, not {len(languages)}")
    if len(set(languages)) != len(languages):
        raise BadSurvey("$.languages: a language stands there twice")


def _refuse_twice(path: str, what: str, names: Sequence[str]) -> None:
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise BadSurvey(f"{path}: two {what} have the id {twice!r}")


def _check_kind(question: Question, path: str) -> None:
    """Each kind has what it needs, and nothing that belongs to another."""
    if question.kind == "scale":
        if question.scale not in SCALES:
            raise BadSurvey(f"{path}.scale: {question.scale!r} is none of {', '.join(SCALES)}")
    elif question.scale is not None or question.pool is not None:
        name = "scale" if question.scale is not None else "pool"
        raise BadSurvey(f"{path}.{name}: only a question of the kind 'scale' has one")
    if question.kind == "reasons":
        if not 1 <= len(question.choices) <= MAX_REASONS:
            raise BadSurvey(f"{path}.choices: 1 to {MAX_REASONS} reasons are allowed, not {len(question.choices)}")
        _refuse_twice(f"{path}.choices", "reasons", [choice.id for choice in question.choices])
    elif question.choices:
        raise BadSurvey(f"{path}.choices: only a question of the kind 'reasons' has them")
    if (question.kind == "contact") != (question.consent is not None):
        raise BadSurvey(f"{path}.consent: a question of the kind 'contact' has the sentence agreed to, others don't")


def _check_texts(languages: Sequence[str], question: Question, path: str) -> None:
    for where, what, texts in _texts(question):
        for lang in languages:
            problem = text_problem(texts.get(lang, ""), MAX_TEXT[what])
            if problem:
                raise BadSurvey(f"{path}{where}.{lang}: {problem}")


def _texts(question: Question) -> Iterator[tuple[str, str, Texts]]:
    yield ".texts", "question", question.texts
    for index, choice in enumerate(question.choices):
        yield f".choices[{index}].texts", "reason", choice.texts
    if question.consent is not None:
        yield ".consent", "consent", question.consent


def text_problem(text: str, most: int) -> str | None:
    """Why a text of so many characters at most cannot stand on a screen; None when it can."""
    if not any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK for c in text):
        return "there is no text in this language"
    if len(text) > most:
        return f"at most {most} characters are allowed, not {len(text)}"
    if _HIDDEN.search(text) or any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        return "control characters, also those that turn the direction of text, are not allowed"
    return None


def _check_place(survey: Survey, question: Question, path: str) -> None:
    is_first = question in survey.firsts
    if is_first and (question.when is not None or question.after is not None):
        raise BadSurvey(f"{path}: the first question is asked of everybody, so it has neither 'when' nor 'after'")
    if question.after is not None and question.after not in {first.id for first in survey.firsts}:
        raise BadSurvey(f"{path}.after: {question.after!r} is no first question")
    scale = survey.scale
    off = [value for value in question.when or () if not scale.low <= value <= scale.high]
    if off or question.when == ():
        raise BadSurvey(f"{path}.when: first answers from {scale.low} to {scale.high} are allowed, not {off or 'none'}")


def _check_pools(survey: Survey) -> None:
    pools: dict[str, set[str | None]] = {}
    for question in survey.questions:
        if question.pool is not None:
            pools.setdefault(question.pool, set()).add(question.scale)
    for pool, scales in pools.items():
        if len(scales) > 1:
            raise BadSurvey(f"$.questions: those of the pool {pool!r} are on different scales")
        if survey.question(pool):
            raise BadSurvey(f"$.questions: {pool!r} is the id of a question and the name of a pool")


def _check_follow_ups(survey: Survey, first: str, value: int) -> None:
    """Nobody is asked two questions of one kind: which of them would be left to chance."""
    asked = [q for q in survey.questions if q not in survey.firsts and _follows(q, first, value)]
    for kind in ("reasons", "text", "contact", "scale"):
        found = [q for q in asked if q.kind == kind]
        if len(found) > 1 and (kind != "scale" or len({q.pool or q.id for q in found}) > 1):
            names = " and ".join(repr(q.id) for q in found[:2])
            raise BadSurvey(f"$.questions: {names}, both of the kind {kind!r}, follow the first answer {value}")
