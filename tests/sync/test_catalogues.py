"""Every word of terminal and head office stands in every language they speak, and nothing else does."""

import re
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Message

from sync import i18n
from sync.assets import TEMPLATES
from sync.office import tongue
from sync.survey import BUILTIN
from tests.sync import catalogues

LANGUAGES = list(i18n.NAMES)
CATALOGUES = [(domain, lang) for domain, speaker in catalogues.SPEAKERS.items() for lang in speaker.languages]
HOLES = re.compile(r"{(.*?)}")
NUMBERS = range(201)
SENTENCE = re.compile(r"[.?!…:؟]?$")


def test_the_languages_are_those_of_the_built_in_survey() -> None:
    assert list(BUILTIN.languages) == LANGUAGES
    assert {path.name for path in i18n.LOCALE.iterdir() if path.is_dir()} == set(i18n.NAMES)


def test_each_language_has_its_name_in_itself() -> None:
    for lang, name in i18n.NAMES.items():
        own = Locale.parse(lang).get_display_name(lang)
        assert own is not None
        assert name == own[0].upper() + own[1:]


@pytest.mark.parametrize(("domain", "lang"), CATALOGUES)
def test_no_message_is_missing_and_none_is_unused(domain: str, lang: str) -> None:
    written = {message.id for message in catalogues.read(lang, domain) if message.id}
    assert written == set(catalogues.messages(domain))


@pytest.mark.parametrize("domain", catalogues.SPEAKERS)
def test_a_message_is_about_a_number_everywhere_or_nowhere(domain: str) -> None:
    first = [message if isinstance(message, str) else message[0] for message in catalogues.messages(domain)]
    assert len(first) == len(set(first)), "a catalogue has room for one of the two"


@pytest.mark.parametrize(("domain", "lang"), CATALOGUES)
def test_every_message_is_translated(domain: str, lang: str) -> None:
    messages = [message for message in catalogues.read(lang, domain) if message.id]
    assert [message.id for message in messages if not all(_texts(message)) or message.fuzzy] == []
    assert list(catalogues.read(lang, domain).obsolete) == []
    forms = _number_of_forms(domain, lang)
    assert [message.id for message in messages if message.pluralizable and len(_texts(message)) != forms] == []


@pytest.mark.parametrize(("domain", "lang"), CATALOGUES)
def test_the_compiled_catalogue_is_that_of_the_text(domain: str, lang: str) -> None:
    with i18n.catalogue(lang, domain=domain).open("rb") as file:
        committed = _messages(file.read())
    assert committed == _messages(catalogues.compiled(lang, domain))


def _messages(compiled: bytes) -> dict[str, str]:
    """The messages of a catalogue; its header but for the line that names Babel's version."""
    found: dict[str, str] = dict(GNUTranslations(BytesIO(compiled))._catalog)  # type: ignore[attr-defined]
    found[""] = "\n".join(line for line in found[""].splitlines() if not line.startswith("Generated-By"))
    return found


@pytest.mark.parametrize(("domain", "lang"), CATALOGUES)
def test_a_message_has_the_same_holes_in_every_language(domain: str, lang: str) -> None:
    for message in catalogues.read(lang, domain):
        if message.id:
            for text, told in _forms(domain, lang, message):
                holes = set(HOLES.findall("".join(_ids(message))))
                assert all(re.fullmatch("[a-z_]+", hole) for hole in holes), message.id
                # What is said of one number alone may leave it out: "in a second".
                free = {"n"} if message.pluralizable and told < 2 else set()
                assert holes - free <= set(HOLES.findall(text)) <= holes, (message.id, text)


def _forms(domain: str, lang: str, message: Message) -> Iterator[tuple[str, int]]:
    """Each text of a message, and of how many numbers it is said."""
    indexes = [_index(domain, lang, n) for n in NUMBERS] if message.pluralizable else []
    for index, text in enumerate(_texts(message)):
        if text:
            yield text, indexes.count(index)


@pytest.mark.parametrize(("domain", "lang"), CATALOGUES)
def test_a_message_is_plain_text_in_the_manner_of_its_language(domain: str, lang: str) -> None:
    for message in catalogues.read(lang, domain):
        for text in filter(None, _texts(message) if message.id else ()):
            # What head office says in English stands in the code, as it is typed.
            typed = text.replace("'", "’") if (domain, lang) == (tongue.DOMAIN, i18n.SOURCE) else text
            assert re.search(r"""[<>'"]|&\w+;|\.\.\.|^\s|\s$|\s\s""", typed) is None, text
            assert _ending(text) == _ending(_ids(message)[0]), (message.id, text)
            if lang == "fr":
                assert re.search(r"[^\u00a0\u202f][?!:;»]|«[^\u00a0\u202f]", text) is None, f"{text}: a hard space"
            if i18n.direction(lang) == "rtl":
                assert re.search(r"[?,;]", text) is None, f"{text}: ؟ ، ؛"


def _ending(text: str) -> str:
    return SENTENCE.findall(text)[0].replace("؟", "?")


@pytest.mark.parametrize(("domain", "lang"), CATALOGUES)
def test_numbers_are_told_by_the_rules_of_the_language(domain: str, lang: str) -> None:
    """The catalogue's rule and Unicode's make the same difference between any two numbers."""
    with i18n.catalogue(lang, domain=domain).open("rb") as file:
        forms = GNUTranslations(file).info()["plural-forms"]
    assert forms == catalogues.PLURALS.get(lang, catalogues.ONE_AND_MORE)
    pairs = {(Locale.parse(lang).plural_form(n), _index(domain, lang, n)) for n in range(2_000)}
    indexes = {index for _category, index in pairs}
    assert len(pairs) == len(dict(pairs)) == len(indexes) == _number_of_forms(domain, lang)


def _index(domain: str, lang: str, n: int) -> int:
    """Which of the forms of a message is said of `n`."""
    rule = i18n._read(lang, domain).plural  # type: ignore[attr-defined]
    return int(rule(n))


def _number_of_forms(domain: str, lang: str) -> int:
    return catalogues.read(lang, domain).num_plurals


def _texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_a_language_is_spoken_also_by_its_regions_and_english_else() -> None:
    assert i18n.words("de-AT")("Thank you") == "Vielen Dank"
    assert i18n.words("xx")("Thank you") == "Thank you"
    assert i18n.words("../../etc")("Thank you") == "Thank you"
    assert i18n.words("fr")("Not in any catalogue") == "Not in any catalogue"
    assert i18n.plural("xx")("{n} hat", "{n} hats", 2) == "{n} hats"
    assert i18n.forms("xx")("{n} hat", "{n} hats") == {"one": "{n} hat", "other": "{n} hats"}


def test_a_language_without_a_catalogue_is_called_by_its_own_name() -> None:
    assert [i18n.own_name(lang) for lang in ("de", "de-AT", "fi", "xx")] == ["Deutsch", "Deutsch", "Suomi", "xx"]
    assert i18n.NAMES.keys().isdisjoint(i18n.OTHER_NAMES)


JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
NO_WORDS = re.compile(r"<code.*?</code>|<!--.*?-->", re.DOTALL)
TOLD_BY_ATTRIBUTE = re.compile(r'(?:aria-label|placeholder|title|alt)="([^"]*)"')
NAMES_OF_OURS = ("Smilepost", "SQLite", "TOML", "CSV", "UTC")


@pytest.mark.parametrize("path", sorted((TEMPLATES / "office").glob("*.html")), ids=lambda path: str(path.name))
def test_every_word_of_a_page_of_head_office_comes_from_the_catalogue(path: Path) -> None:
    plain = NO_WORDS.sub("", JINJA.sub("\0", path.read_text("utf-8")))
    shown = [re.sub(r"""<[^>]*>|[\w-]+="[^"]*\"""", "\0", plain), *TOLD_BY_ATTRIBUTE.findall(plain)]
    told = [word for text in shown for word in re.findall(r"[^\W\d_]{2,}", re.sub(r"&\w+;", "", text))]
    assert [word for word in told if word not in NAMES_OF_OURS] == []
