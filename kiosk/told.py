"""The card "you said, we did" as a screen shows it. No I/O."""

from collections.abc import Sequence
from typing import NamedTuple

from sync import wire
from sync.i18n import direction

MOST = 6
"""Cards that a screen takes turns with; the first ones."""


class Told(NamedTuple):
    """One card; each half in the language it was found in, which may not be the visit's."""

    said: str
    said_in: tuple[str, str]
    did: str
    did_in: tuple[str, str]


def cards(messages: Sequence[wire.Message], lang: str) -> list[Told]:
    """In `lang`, else in the first language there is; one that says nothing is no card."""
    found = [Told(*_in(message.said, lang), *_in(message.did, lang)) for message in messages]
    return [card for card in found if card.said and card.did][:MOST]


def _in(texts: dict[str, str], lang: str) -> tuple[str, tuple[str, str]]:
    """A text, with its language and direction."""
    spoken = lang if texts.get(lang) else next((code for code, text in texts.items() if text), lang)
    return texts.get(spoken, ""), (spoken, direction(spoken))
