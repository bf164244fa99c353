"""What a survey is: data that both ends read alike, and refuse alike. No I/O."""

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

MAX_QUESTIONS = 24
MAX_LANGUAGES = 40
MAX_REASONS = 6
MAX_TEXT = {"question": 200, "reason": 60, "consent": 400}
"""Characters of a text, by what it is."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,1}$")]
Texts = dict[str, str]
"""A text in every language, by language code."""


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

    def follows(self, first: str, value: int) -> bool:
        """Whether it is asked when `first` was answered with `value`; of one that isn't a first question itself."""
        return self.after in (None, first) and (self.when is None or value in self.when)


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
        asked = [q for q in self.questions if q not in self.firsts and q.follows(first, value)]

        def only(kind: str) -> Question | None:
            return next((q for q in asked if q.kind == kind), None)

        ratings = tuple(q for q in asked if q.kind == "scale")
        return FollowUps(only("reasons"), ratings, only("text"), only("contact"))
