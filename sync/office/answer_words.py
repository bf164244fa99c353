"""Questions and their answers in the viewer's language."""

from collections.abc import Sequence

from sync.i18n import SOURCE, mark
from sync.office import tongue
from sync.office.counts import Question
from sync.office.tongue import _
from sync.survey import SCALES

_SMILEYS = {
    "smiley4": (mark("Very unhappy"), mark("Unhappy"), mark("Happy"), mark("Very happy")),
    "smiley5": (mark("Very unhappy"), mark("Unhappy"), mark("Neutral"), mark("Happy"), mark("Very happy")),
    "yesno": (mark("No"), mark("Yes")),
}
_ANSWERS = {
    "smiley4": mark("4 faces"),
    "smiley5": mark("5 faces"),
    "nps11": mark("0 to 10"),
    "csat5": mark("1 to 5"),
    "ces7": mark("1 to 7"),
    "yesno": mark("yes or no"),
}


def answer_name(scale_name: str, value: int) -> str:
    names = _SMILEYS.get(scale_name)
    return _(names[value]) if names else str(value)


def answer_of(scale_name: str, value: int) -> str:
    """The same where no other answer stands beside it: "9 of 10"."""
    if scale_name in _SMILEYS:
        return answer_name(scale_name, value)
    return _("{n} of {all}").format(n=value, all=SCALES[scale_name].high)


def asked(question: Question, beside: Sequence[Question] = ()) -> str:
    """How a question is asked; its id where nobody knows that any more. What is asked alike `beside` it is told apart
    by its answers."""
    name = text(question.texts) or question.id
    alike = [other for other in beside if other != question and text(other.texts) == name]
    if not alike:
        return name
    scales = {other.scale_name for other in alike}
    return f"{name} ({question.id if question.scale_name in scales else _(_ANSWERS[question.scale_name])})"


def text(texts: dict[str, str]) -> str:
    """A survey's text in the viewer's language, else in English, else in whichever it has."""
    for wanted in (tongue.language(), SOURCE):
        found = texts.get(wanted) or next((said for code, said in texts.items() if code.split("-")[0] == wanted), "")
        if found:
            return found
    return next(iter(texts.values()), "")


def answers(scale_name: str, values: tuple[int, ...]) -> str:
    """ "unhappy or very unhappy"; "0 to 6" on a scale of numbers, where nothing between is left out."""
    ends = min(values), max(values)
    if scale_name not in _SMILEYS and len(values) > 2 and len(values) == ends[1] - ends[0] + 1:
        return _("{low} to {high}").format(low=ends[0], high=ends[1])
    said, *others = (answer_name(scale_name, value).lower() for value in values)
    for more in others:
        said = _("{list} or {more}").format(list=said, more=more)
    return said
