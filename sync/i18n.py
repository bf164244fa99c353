"""The terminal's own words in the languages it speaks, from committed catalogues. Reads only those files.

What a survey asks is not here: a survey brings its texts in every language itself. The catalogues are made with
`python tests/sync/catalogues.py`, and a test compiles them again and compares."""

from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

DOMAIN = "smilepost"
LOCALE = Path(__file__).parent / "locale"
SOURCE = "en"
"""The language of the messages in the code, and the one for a language without a catalogue."""

NAMES = {"en": "English", "nl": "Nederlands", "de": "Deutsch", "fr": "Français"}
"""Every language with a catalogue, by its name in itself."""

RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
"""Languages that are written from right to left, with or without a catalogue."""


def direction(lang: str) -> str:
    """`rtl` or `ltr`, as HTML names it."""
    return "rtl" if lang.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def catalogue(lang: str, suffix: str = "mo") -> Path:
    """Where the catalogue of a language lies."""
    return LOCALE / lang / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


@cache
def words(lang: str) -> Callable[[str], str]:
    """What turns a message into `lang`; `de-AT` speaks `de`, and a language without a catalogue the source's."""
    known = next((name for name in (lang, lang.split("-")[0]) if name in NAMES), SOURCE)
    with catalogue(known).open("rb") as file:
        return GNUTranslations(file).gettext


def mark(message: str) -> str:
    """The message itself, marked for the catalogues where it stands as data and is turned later."""
    return message
