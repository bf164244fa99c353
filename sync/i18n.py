"""Our own words in the languages we speak, from committed catalogues: one for the terminal ("smilepost"), one for head
office ("office", in fewer languages). Reads only those files.

What a survey asks is not here: a survey brings its texts in every language itself. The catalogues are made with
`python tests/sync/catalogues.py`, and a test compiles them again and compares.

A message may hold places to fill by name, as `{n}`: `_("… {n} …").format(n=5)`. Every language has the same ones."""

from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

DOMAIN = "smilepost"
LOCALE = Path(__file__).parent / "locale"
SOURCE = "en"
"""The language of the messages in the code, and the one for a language without a catalogue."""

NAMES = {
    "en": "English",
    "nl": "Nederlands",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "pl": "Polski",
    "sv": "Svenska",
    "tr": "Türkçe",
    "ar": "العربية",
    "uk": "Українська",
}
"""Every language with a catalogue, by its name in itself."""

OTHER_NAMES = {
    "bg": "Български", "bs": "Bosanski", "ca": "Català", "cs": "Čeština", "cy": "Cymraeg", "da": "Dansk",
    "el": "Ελληνικά", "et": "Eesti", "eu": "Euskara", "fa": "فارسی", "fi": "Suomi", "ga": "Gaeilge", "gl": "Galego",
    "he": "עברית", "hi": "हिन्दी", "hr": "Hrvatski", "hu": "Magyar", "id": "Bahasa Indonesia", "is": "Íslenska",
    "ja": "日本語", "ko": "한국어", "lt": "Lietuvių", "lv": "Latviešu", "mk": "Македонски", "nb": "Norsk",
    "nn": "Nynorsk", "no": "Norsk", "ro": "Română", "ru": "Русский", "sk": "Slovenčina", "sl": "Slovenščina",
    "sq": "Shqip", "sr": "Српски", "th": "ไทย", "ur": "اردو", "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip
"""Languages that a survey may be asked in though the screen around it has no catalogue of them, by their own names."""

RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
"""Languages that are written from right to left, with or without a catalogue."""

_TWO = {"one": 1, "other": 2}
_SLAVIC = {"one": 1, "few": 2, "many": 5, "other": 5}
_COUNTS = {"pl": _SLAVIC, "uk": _SLAVIC, "ar": {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}}
"""A number of each category that a browser (Intl.PluralRules) knows for whole numbers below a million."""


def own_name(lang: str) -> str:
    """The language's name in itself; its code where nobody here knows it."""
    known = NAMES | OTHER_NAMES
    return known.get(lang) or known.get(lang.split("-")[0]) or lang


def direction(lang: str) -> str:
    """`rtl` or `ltr`, as HTML names it."""
    return "rtl" if lang.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def catalogue(lang: str, suffix: str = "mo", domain: str = DOMAIN) -> Path:
    """Where the catalogue of a language lies."""
    return LOCALE / lang / "LC_MESSAGES" / f"{domain}.{suffix}"


def words(lang: str, domain: str = DOMAIN) -> Callable[[str], str]:
    """What turns a message into `lang`; `de-AT` speaks `de`, and a language without a catalogue the source's."""
    return _read(_known(lang), domain).gettext


def plural(lang: str, domain: str = DOMAIN) -> Callable[[str, str, int], str]:
    """What turns a message about a number into `lang`, as `ngettext("{n} second", "{n} seconds", n)`; {n} is left to
    fill."""
    return _read(_known(lang), domain).ngettext


def forms(lang: str) -> Callable[[str, str], dict[str, str]]:
    """What turns a message about a number into all that `lang` may say, by the category of the number, as
    `forms("{n} second", "{n} seconds")`: for the page's script, which counts by itself (static/kiosk/counted.js)."""
    known = _known(lang)
    ngettext, counts = _read(known, DOMAIN).ngettext, _COUNTS.get(known, _TWO)
    return lambda one, many: {category: ngettext(one, many, n) for category, n in counts.items()}


def mark(message: str) -> str:
    """The message itself, marked for the catalogues where it stands as data and is turned later."""
    return message


def _known(lang: str) -> str:
    return next((name for name in (lang, lang.split("-")[0]) if name in NAMES), SOURCE)


@cache
def _read(known: str, domain: str) -> NullTranslations:
    with catalogue(known, domain=domain).open("rb") as file:
        return GNUTranslations(file)
