"""A store's own colour on the terminal's paper: whether it can be read there, and its twin in the dark. Pure.

Contrast is the ratio of relative luminances as WCAG 2.2 defines both
(https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio, #dfn-relative-luminance); 4.5 : 1 is its level AA for text."""

import re
from math import floor
from typing import NamedTuple

from sync import wire
from sync.office.tongue import _

ENOUGH = 4.5
_STEPS = 100
Rgb = tuple[int, int, int]


class Scheme(NamedTuple):
    """What a colour stands on in one scheme, and what may be written on it; a test compares them with tokens.css."""

    paper: str
    card: str
    inks: tuple[str, str]


LIGHT = Scheme("#faf6ef", "#fffdf9", ("#ffffff", "#2b231b"))
DARK = Scheme("#1b1815", "#26221e", ("#171b2e", "#f3ece1"))


class BadColour(ValueError):
    """A colour that cannot be used; the message is a sentence that says why."""


def accent(text: str) -> wire.Accent:
    """The accent of a store whose colour is `text`, "#33468c". Raises BadColour for what is no colour, and for one on
    which or with which nobody could read."""
    light = f"#{text.strip().lower().removeprefix('#')}"  # a shell takes # for the beginning of a remark
    if not re.fullmatch("#[0-9a-f]{6}", light):
        sentence = _("{given} is no colour: one is # and six digits from 0 to f, such as #33468c.")
        raise BadColour(sentence.format(given=repr(text)))
    for ground, what in (
        (LIGHT.paper, _("{colour} on the screen's paper")),
        (LIGHT.card, _("{colour} on a card on the screen")),
    ):
        _refuse_faint(contrast(light, ground), what.format(colour=light))
    on_light, dark = _ink(light, LIGHT), _lightened(light)
    _refuse_faint(contrast(on_light, light), _("Text on {colour}").format(colour=light))
    return wire.Accent(light, on_light, dark, _ink(dark, DARK))


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    lower, higher = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))))
    return (higher + 0.05) / (lower + 0.05)


def _refuse_faint(ratio: float, what: str) -> None:
    if ratio < ENOUGH:
        # Never rounded up to what would have been enough.
        shown = floor(ratio * 10) / 10
        sentence = _("{what} has a contrast of {ratio} : 1; at least {least} : 1 is needed.")
        raise BadColour(sentence.format(what=what, ratio=shown, least=ENOUGH))


def _lightened(colour: str) -> str:
    """The least mixture with white that can be read on the dark scheme's paper and on its cards."""
    rgb = _rgb(colour)
    mixtures = (_hex([round(c + (255 - c) * step / _STEPS) for c in rgb]) for step in range(_STEPS + 1))
    return next(each for each in mixtures if min(contrast(each, DARK.paper), contrast(each, DARK.card)) >= ENOUGH)


def _ink(colour: str, scheme: Scheme) -> str:
    return max(scheme.inks, key=lambda ink: contrast(ink, colour))


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (_linear(channel / 255) for channel in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(channels: list[int]) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in channels)
