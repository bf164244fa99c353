"""What is said of a survey's definition: its problems, its kinds and scales, what a new version changes."""

from collections.abc import Callable

from sync.i18n import own_name
from sync.office import drafts
from sync.office.survey_list import Line
from sync.office.tongue import _, language, ngettext
from sync.survey import SCALES, Problem, Question, Survey, Texts

Sentence = Callable[[], str]
LONGEST = 160
"""Characters of a text that a list or a sentence names."""
FEW = 3
"""Languages that a row of a list names."""

_PROBLEMS: dict[str, Sentence] = {
    "no_text": lambda: _("There is no text in this language yet."),
    "long_text": lambda: _("At most {most} characters fit on a screen, not {n}."),
    "hidden_text": lambda: _("Control characters, also those that turn the direction of text, cannot be used."),
    "languages": lambda: _("A survey is in 1 to {most} languages, not {n}."),
    "language_twice": lambda: _("A language stands there twice."),
    "first": lambda: _("The first question has to be on a scale, so that one tap is an answer."),
    "questions": lambda: _("A survey has at most {most} questions, not {n}."),
    "question_twice": lambda: _("Two questions have the id “{name}”."),
    "reason_twice": lambda: _("Two reasons have the id “{name}”."),
    "scale": lambda: _("“{name}” is no scale: {allowed} can be used."),
    "only_scale": lambda: _("Only a question that is answered on a scale has one."),
    "reasons": lambda: _("1 to {most} reasons fit on a screen, not {n}."),
    "only_reasons": lambda: _("Only a question for reasons has them."),
    "consent": lambda: _("The sentence that a customer agrees to belongs to a question for contacts, and only there."),
    "first_depends": lambda: _("The first question is asked of everybody: it depends on no answer."),
    "after": lambda: _("“{name}” is not one of the first questions."),
    "when": lambda: _("The first question has answers from {low} to {high}, not {found}."),
    "pool_scales": lambda: _("The questions that are asked by turns have to be on one scale."),
    "pool_name": lambda: _("“{name}” is the id of a question and of a group of questions."),
    "two": lambda: _(
        "“{one}” and “{other}” would both follow the first answer {value}: nobody is asked two of a kind."
    ),
}
_SCALES: dict[str, Sentence] = {
    "smiley4": lambda: _("4 faces"),
    "smiley5": lambda: _("5 faces"),
    "nps11": lambda: _("0 to 10: how likely to recommend"),
    "csat5": lambda: _("1 to 5: how satisfied"),
    "ces7": lambda: _("1 to 7: how easy"),
    "yesno": lambda: _("Yes or no"),
}
_KINDS: dict[str, Sentence] = {
    "scale": lambda: _("On a scale"),
    "reasons": lambda: _("Reasons to choose from"),
    "text": lambda: _("A comment"),
    "contact": lambda: _("A way to be reached"),
}


def problem(found: Problem, asked: Survey) -> str:
    """One sentence, to stand beside what it is about."""
    about = dict(found.about)
    if found.code == "two":
        about |= {part: name_of(asked, str(about[part])) for part in ("one", "other")}
    return _PROBLEMS[found.code]().format(**about)


def name_of(asked: Survey, question: str) -> str:
    """A question as people know it."""
    found = asked.question(question)
    return (said(asked, found.texts) if found else "") or question


def said(asked: Survey, texts: Texts) -> str:
    """A text in the viewer's language if the survey has it, else in its own."""
    return short(drafts.words(asked, texts, language()))


def short(text: str) -> str:
    """A text among others, where nobody needs all of it."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def title(asked: Survey) -> str:
    """What people call a survey: its first question, in their language if it can be."""
    return short(drafts.name(asked, language()))


def scale(name: str | None) -> str:
    return _SCALES[name]() if name in _SCALES else str(name)


def kind(name: str) -> str:
    return _KINDS[name]()


def scales() -> list[str]:
    return list(SCALES)


def languages(codes: tuple[str, ...]) -> str:
    """By their own names, one after the other."""
    return ", ".join(own_name(code) for code in codes)


def version(number: int) -> str:
    return _("Version {n}").format(n=number) if number else _("Not published yet")


def questions(n: int) -> str:
    return ngettext("{n} question", "{n} questions", n).format(n=n)


def missing(n: int) -> str:
    return ngettext("{n} text is missing", "{n} texts are missing", n).format(n=n)


def question(asked: Survey, found: Question) -> str:
    """A question among others, by its words or by what it is."""
    return said(asked, found.texts) or kind(found.kind)


def few(codes: tuple[str, ...]) -> str:
    """The first languages by name, and how many more there are."""
    if len(codes) <= FEW:
        return languages(codes)
    more = len(codes) - FEW + 1
    rest = ngettext("{languages} and {n} more", "{languages} and {n} more", more)
    return rest.format(languages=languages(codes[: FEW - 1]), n=more)


def where(line: Line) -> str:
    """Where a survey in the list is asked."""
    said = []
    if line.set_at:
        said.append(ngettext("Chosen at {n} place", "Chosen at {n} places", line.set_at).format(n=line.set_at))
    if line.planned:
        said.append(ngettext("{n} schedule", "{n} schedules", line.planned).format(n=line.planned))
    if line.is_builtin:
        said.append(_("wherever nothing else is chosen"))
    return "; ".join(said) or _("Nowhere yet")


def lacks(asked: Survey, number: int, of: Question, part: str, n: int) -> str:
    """Where a text is missing (of `n` reasons), in a list of such places."""
    name = question(asked, of)
    if part == "choices":
        said = ngettext(
            "Question {number}, “{question}”: {n} reason", "Question {number}, “{question}”: {n} reasons", n
        )
        return said.format(number=number, question=name, n=n)
    if part == "consent":
        return _("Question {n}, “{question}”: what somebody agrees to").format(n=number, question=name)
    return _("Question {n}, “{question}”").format(n=number, question=name)


def problem_there(found: Problem, asked: Survey) -> str:
    """A problem with the question that it is about, where it stands alone."""
    said_of, path = problem(found, asked), found.path
    if len(path) < 2 or not isinstance(path[1], int) or path[1] >= len(asked.questions):
        return said_of
    return _("Question {n}, “{question}”: {problem}").format(
        n=path[1] + 1, question=question(asked, asked.questions[path[1]]), problem=said_of
    )


def changed_name(asked: Survey, question_id: str, choice_id: str) -> str:
    """A question, or a reason of one, that is worded otherwise."""
    found = asked.question(question_id)
    reason = next((each for each in found.choices if each.id == choice_id), None) if found else None
    if reason is not None:
        return _("The reason “{reason}”").format(reason=said(asked, reason.texts))
    return _("The question “{question}”").format(question=name_of(asked, question_id))
