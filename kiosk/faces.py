"""How an answer looks: a face with its label, or a number. The drawings are in static/faces."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from markupsafe import Markup

from sync.assets import STATIC
from sync.i18n import mark as _
from sync.survey import SCALES

_FACES = {
    "smiley4": (
        ("awful", _("Very unhappy")),
        ("poor", _("Unhappy")),
        ("good", _("Happy")),
        ("great", _("Very happy")),
    ),
    "smiley5": (
        ("awful", _("Very unhappy")),
        ("poor", _("Unhappy")),
        ("fair", _("Neutral")),
        ("good", _("Happy")),
        ("great", _("Very happy")),
    ),
}
_WORDS = {"yesno": (_("No"), _("Yes"))}
_ENDS = {
    "nps11": (_("Not likely"), _("Very likely")),
    "csat5": (_("Very dissatisfied"), _("Very satisfied")),
    "ces7": (_("Very difficult"), _("Very easy")),
}


class End(NamedTuple):
    """What the lowest or the highest number of a scale means."""

    value: int
    text: str


class Option(NamedTuple):
    """One answer that can be touched; `face` is empty on the scales of numbers and words."""

    value: int
    label: str
    face: Markup


def options(scale: str, words: Callable[[str], str]) -> list[Option]:
    """The answers of a scale, the worst first, in the order of reading: on the left, and on the right in Arabic, where
    the whole screen is mirrored. So the same answer is met first in every language, and the digit 1 is the worst."""
    low, high, _family = SCALES[scale]
    if scale in _FACES:
        return [
            Option(value, words(label), drawing(f"faces/{name}.svg"))
            for value, (name, label) in enumerate(_FACES[scale], low)
        ]
    named = _WORDS.get(scale)
    return [
        Option(value, words(named[value - low]) if named else str(value), Markup("")) for value in range(low, high + 1)
    ]


def ends(scale: str, words: Callable[[str], str]) -> tuple[End, ...]:
    """What both ends of a scale of numbers mean; nothing where each answer says so itself."""
    low, high, _family = SCALES[scale]
    return tuple(End(value, words(text)) for value, text in zip((low, high), _ENDS.get(scale, ()), strict=False))


@cache
def drawing(name: str) -> Markup:
    """A drawing of ours from static/, to stand in a page so that it takes the page's colours."""
    return Markup((STATIC / name).read_text(encoding="utf-8"))  # noqa: S704 - a file of our own
