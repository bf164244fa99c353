"""Every word of the terminal stands in every language, and nothing else does."""

from gettext import GNUTranslations
from io import BytesIO

import pytest

from sync import i18n
from sync.survey import BUILTIN
from tests.sync import catalogues

LANGUAGES = list(i18n.NAMES)


def test_the_languages_are_those_of_the_built_in_survey() -> None:
    assert set(BUILTIN.languages) <= set(i18n.NAMES)
    assert {path.name for path in i18n.LOCALE.iterdir() if path.is_dir()} == set(i18n.NAMES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_message_is_missing_and_none_is_unused(lang: str) -> None:
    written = {str(message.id) for message in catalogues.read(lang) if message.id}
    assert written == set(catalogues.messages())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_message_is_translated(lang: str) -> None:
    messages = [message for message in catalogues.read(lang) if message.id]
    assert [message.id for message in messages if not message.string or message.fuzzy] == []
    assert list(catalogues.read(lang).obsolete) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_text(lang: str) -> None:
    with i18n.catalogue(lang).open("rb") as file:
        committed = _messages(file.read())
    assert committed == _messages(catalogues.compiled(lang))


def _messages(compiled: bytes) -> dict[str, str]:
    """The messages of a catalogue; its header but for the line that names Babel's version."""
    found: dict[str, str] = dict(GNUTranslations(BytesIO(compiled))._catalog)  # type: ignore[attr-defined]
    found[""] = "\n".join(line for line in found[""].splitlines() if not line.startswith("Generated-By"))
    return found


def test_a_language_is_spoken_also_by_its_regions_and_english_else() -> None:
    assert i18n.words("de-AT")("Thank you") == "Vielen Dank"
    assert i18n.words("xx")("Thank you") == "Thank you"
    assert i18n.words("../../etc")("Thank you") == "Thank you"
    assert i18n.words("fr")("Not in any catalogue") == "Not in any catalogue"
