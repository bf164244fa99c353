"""Questions and their answers in the viewer's language (English for now)."""

from collections.abc import Sequence

from sync.office.counts import Question
from sync.survey import SCALES

LANGUAGE = "en"

_SMILEYS = {
    "smiley4": ("Very unhappy", "Unhappy", "Happy", "Very happy"),
    "smiley5": ("Very unhappy", "Unhappy", "Neutral", "Happy", "Very happy"),
    "yesno": ("No", "Yes"),
}
_ANSWERS = {
    "smiley4": "4 faces",
    "smiley5": "5 faces",
    "nps11": "0 to 10",
    "csat5": "1 to 5",
    "ces7": "1 to 7",
    "yesno": "yes or no",
}


def answer_name(scale_name: str, value: int) -> str:
    names = _SMILEYS.get(scale_name)
    return names[value] if names else str(value)


def answer_of(scale_name: str, value: int) -> str:
    """The same where no other answer stands beside it: "9 of 10"."""
    return answer_name(scale_name, value) if scale_name in _SMILEYS else f"{value} of {SCALES[scale_name].high}"


def asked(question: Question, beside: Sequence[Question] = ()) -> str:
    """How a question is asked; its id where nobody knows that any more. What is asked alike `beside` it is told apart
    by its answers."""
    name = text(question.texts) or question.id
    alike = [other for other in beside if other != question and text(other.texts) == name]
    if not alike:
        return name
    scales = {other.scale_name for other in alike}
    return f"{name} ({question.id if question.scale_name in scales else _ANSWERS[question.scale_name]})"


def text(texts: dict[str, str]) -> str:
    """A survey's text in the viewer's language, or in whichever it has."""
    return texts.get(LANGUAGE) or next(iter(texts.values()), "")


def answers(scale_name: str, values: tuple[int, ...]) -> str:
    """ "unhappy or very unhappy"; "0 to 6" on a scale of numbers, where nothing between is left out."""
    ends = min(values), max(values)
    if scale_name not in _SMILEYS and len(values) > 2 and len(values) == ends[1] - ends[0] + 1:
        return f"{ends[0]} to {ends[1]}"
    return " or ".join(answer_name(scale_name, value).lower() for value in values)
