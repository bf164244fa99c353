"""The language that is spoken to whoever is being answered: one for each request, English where nobody is asked.

A message is `_("An English sentence")`, with places to fill by name, as `_("… {place} …").format(place=…)`; one about a
number is `ngettext("{n} place", "{n} places", n).format(n=n)`. The catalogues are `sync/locale/LANG/…/office.mo`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from markupsafe import Markup, escape

from sync import i18n

DOMAIN = "office"
LANGUAGES = ("en", "nl", "de", "ar")
"""Those that head office's pages speak."""

_speaking: ContextVar[str] = ContextVar("speaking", default=i18n.SOURCE)


def language() -> str:
    """The language of the one who is being answered, one of LANGUAGES."""
    return _speaking.get()


def direction() -> str:
    """`rtl` or `ltr`."""
    return i18n.direction(language())


def speak(lang: str) -> None:
    """From now on in this request."""
    _speaking.set(lang if lang in LANGUAGES else i18n.SOURCE)


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """For a while: a mail to somebody, a file in their language."""
    token = _speaking.set(lang if lang in LANGUAGES else i18n.SOURCE)
    try:
        yield
    finally:
        _speaking.reset(token)


def best(wanted: Iterable[str]) -> str:
    """The first of these languages ("nl-BE", "ar") that is spoken here."""
    codes = (code.lower().split("-")[0] for code in wanted)
    return next((code for code in codes if code in LANGUAGES), i18n.SOURCE)


def _(message: str) -> str:
    return i18n.words(language(), DOMAIN)(message)


def ngettext(one: str, many: str, n: int) -> str:
    return i18n.plural(language(), DOMAIN)(one, many, n)


def filled(message: str, **values: object) -> Markup:
    """A message for a page with its places filled. A name stands apart from the text around it, as it may be written in
    the other direction; numbers do not need that, and what is Markup already stands as it is."""
    return escape(message).format(**{name: _apart(value) for name, value in values.items()})


def _apart(value: object) -> Markup:
    if isinstance(value, Markup) or not any(letter.isalpha() for letter in str(value)):
        return escape(value)
    return Markup("<bdi>{}</bdi>").format(value)
