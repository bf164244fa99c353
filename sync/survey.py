"""What is asked, and which screen comes after which. No I/O.

A survey is data: a first question on a scale (one tap is a complete answer), then optional follow-ups that
depend on it: reasons, and a comment. The terminal and the centre read the same definitions, and both refuse
the same answers.
"""

from collections.abc import Mapping
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

MAX_REASONS = 6
MAX_COMMENT = 2_000
"""Characters of a comment; the screen enforces it, so nothing that was thanked can be too long."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
Texts = dict[str, str]
"""A text in every language, by language code."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason that can be chosen."""

    id: Id
    texts: Texts


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. `scale` holds for kind "scale"; `choices` for "reasons". `when` lists the values of the
    first question after which this one is asked; without it, it is always asked."""

    id: Id
    kind: Literal["scale", "reasons", "text"]
    texts: Texts
    scale: str | None = None
    choices: tuple[Choice, ...] = ()
    when: tuple[int, ...] | None = None


class Survey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a survey; a published version never changes. The first language is the default."""

    id: Id
    version: Annotated[int, msgspec.Meta(ge=1)]
    languages: tuple[str, ...]
    questions: tuple[Question, ...]

    @property
    def first(self) -> Question:
        return self.questions[0]

    @property
    def scale(self) -> Scale:
        return SCALES[self.first.scale or ""]

    def question(self, name: str) -> Question | None:
        return next((question for question in self.questions if question.id == name), None)

    def reasons_after(self, value: int) -> Question | None:
        """The question of reasons that follows the first answer `value`, if there is one."""
        return next((q for q in self.questions if q.kind == "reasons" and _asked(q, value)), None)

    def comment_after(self, value: int) -> Question | None:
        """The free text that follows the first answer `value`, if there is one."""
        return next((q for q in self.questions if q.kind == "text" and _asked(q, value)), None)


class BadSurvey(ValueError):
    """A definition that cannot be used; the message names the path and the reason."""


def _asked(question: Question, value: int) -> bool:
    return question.when is None or value in question.when


def load(definition: bytes) -> Survey:
    """A survey from its JSON. Raises BadSurvey."""
    try:
        survey = msgspec.json.decode(definition, type=Survey)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadSurvey(str(problem)) from None
    _check(survey)
    return survey


def _check(survey: Survey) -> None:
    if not survey.languages:
        raise BadSurvey("$.languages: at least one language is needed")
    if not survey.questions or survey.first.kind != "scale":
        raise BadSurvey("$.questions[0]: the first question must be on a scale, so that one tap is an answer")
    names = [question.id for question in survey.questions]
    if len(set(names)) != len(names):
        raise BadSurvey("$.questions: two questions have the same id")
    for index, question in enumerate(survey.questions):
        _check_question(survey, question, f"$.questions[{index}]")


def _check_question(survey: Survey, question: Question, path: str) -> None:
    if question.kind == "scale" and question.scale not in SCALES:
        raise BadSurvey(f"{path}.scale: {question.scale!r} is none of {', '.join(SCALES)}")
    if question.kind == "reasons" and not 1 <= len(question.choices) <= MAX_REASONS:
        raise BadSurvey(f"{path}.choices: 1 to {MAX_REASONS} reasons are allowed, not {len(question.choices)}")
    choices = [choice.id for choice in question.choices]
    if len(set(choices)) != len(choices):
        raise BadSurvey(f"{path}.choices: two reasons have the same id")
    named = [(question.id, question.texts), *((choice.id, choice.texts) for choice in question.choices)]
    for name, texts in named:
        missing = [lang for lang in survey.languages if not texts.get(lang)]
        if missing:
            raise BadSurvey(f"{path}: {name} has no text in {', '.join(missing)}")


def problem_with(survey: Survey, answers: Mapping[str, Any]) -> str | None:
    """Why these answers can never be kept, as a code, or None when they can.

    Codes: `no_first_answer`, `unknown_question`, `off_scale`, `bad_reasons`, `bad_text`, `too_long`."""
    if survey.first.id not in answers:
        return "no_first_answer"
    for name, answer in answers.items():
        question = survey.question(name)
        code = "unknown_question" if question is None else _CHECKS[question.kind](question, answer)
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


_CHECKS = {"scale": _bad_value, "reasons": _bad_reasons, "text": _bad_text}


class Step(NamedTuple):
    """On `screen`, `action` leads to the screen `to`; `ends` says how the visit ended, if it did."""

    screen: str
    action: str
    to: str
    ends: str | None = None


STEPS = (
    Step("ask", "answer", "thanks"),
    Step("ask", "idle", "ask", "idle"),
    Step("thanks", "reason", "thanks"),
    Step("thanks", "write", "comment"),
    Step("thanks", "change", "ask"),
    Step("thanks", "finish", "done", "done"),
    Step("thanks", "idle", "ask", "idle"),
    Step("comment", "back", "thanks"),
    Step("comment", "finish", "done", "done"),
    Step("comment", "idle", "ask", "idle"),
    Step("done", "idle", "ask"),
)
IDLE_SECONDS = {"ask": 10, "thanks": 10, "comment": 45, "done": 3}
"""How long a screen waits for a touch before the action `idle`; `ask` only while an answer is being changed."""


def step(screen: str, action: str) -> Step | None:
    """What `action` does on `screen`, or None when it means nothing there."""
    return next((s for s in STEPS if s.screen == screen and s.action == action), None)


def _texts(en: str, nl: str, de: str, fr: str) -> Texts:
    return {"en": en, "nl": nl, "de": de, "fr": fr}


def _choice(name: str, en: str, nl: str, de: str, fr: str) -> Choice:
    return Choice(name, _texts(en, nl, de, fr))


BUILTIN = Survey(
    id="builtin",
    version=1,
    languages=("en", "nl", "de", "fr"),
    questions=(
        Question(
            id="visit",
            kind="scale",
            scale="smiley4",
            texts=_texts(
                "How was your visit today?",
                "Hoe was uw bezoek vandaag?",
                "Wie war Ihr Besuch heute?",
                "Comment s’est passée votre visite aujourd’hui ?",
            ),
        ),
        Question(
            id="visit_unhappy",
            kind="reasons",
            when=(0, 1),
            texts=_texts("What went wrong?", "Wat ging er mis?", "Was lief nicht gut?", "Qu’est-ce qui n’a pas été ?"),
            choices=(
                _choice("waiting", "Waiting time", "Wachttijd", "Wartezeit", "Temps d’attente"),
                _choice("staff", "Staff", "Personeel", "Personal", "Personnel"),
                _choice("choice", "Not in stock", "Niet op voorraad", "Nicht vorrätig", "Pas en stock"),
                _choice("price", "Price", "Prijs", "Preis", "Prix"),
                _choice("clean", "Cleanliness", "Netheid", "Sauberkeit", "Propreté"),
                _choice("other", "Something else", "Iets anders", "Etwas anderes", "Autre chose"),
            ),
        ),
        Question(
            id="visit_happy",
            kind="reasons",
            when=(2, 3),
            texts=_texts(
                "What did you like?",
                "Wat vond u goed?",
                "Was hat Ihnen gefallen?",
                "Qu’est-ce qui vous a plu ?",
            ),
            choices=(
                _choice("waiting", "No waiting", "Geen wachttijd", "Kein Warten", "Pas d’attente"),
                _choice("staff", "Friendly staff", "Aardig personeel", "Nettes Personal", "Personnel aimable"),
                _choice("choice", "The choice", "De keuze", "Die Auswahl", "Le choix"),
                _choice("price", "Price", "Prijs", "Preis", "Prix"),
                _choice("clean", "Cleanliness", "Netheid", "Sauberkeit", "Propreté"),
                _choice("other", "Something else", "Iets anders", "Etwas anderes", "Autre chose"),
            ),
        ),
        Question(
            id="comment",
            kind="text",
            texts=_texts(
                "Would you like to tell us more?",
                "Wilt u er iets over kwijt?",
                "Möchten Sie uns mehr erzählen?",
                "Souhaitez-vous nous en dire plus ?",
            ),
        ),
    ),
)
_check(BUILTIN)
