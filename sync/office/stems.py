"""Words as they are searched for: without capitals and accents, and cut to stems by the rules of a language. Pure.

A word is known by itself ("waiting") and by its stem ("~wait"), which begins with what no word has."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from threading import local
from unicodedata import combining, normalize

import snowballstemmer  # type: ignore[import-untyped]

ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""Whose rules cut a language's words; a language that isn't here is searched for by whole words."""
STEM = "~"
LONGEST = 60
"""Characters of a word that are looked at."""
MOST = 400
"""Different words of one comment that it can be found by."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Scripts that put no space between words: they are found by each two signs that follow each other.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_kept = local()


def words(text: str) -> list[str]:
    """The words of a text in their order, folded."""
    return [word for word, _start, _end in spots(normalize("NFKC", text))]


def spots(text: str) -> Iterable[tuple[str, int, int]]:
    """The words of a text (in its form NFKC), folded, and where each begins and ends in it."""
    for match in _WORD.finditer(text):
        yield from _parts(match[0], match.start())


def _parts(word: str, start: int) -> Iterable[tuple[str, int, int]]:
    end = 0
    for match in _UNSPACED.finditer(word):
        yield from _plain(word[end : match.start()], start + end)
        signs, first = match[0], start + match.start()
        for at in range(max(len(signs) - 1, 1)):
            pair = signs[at : at + 2]
            yield pair, first + at, first + at + len(pair)
        end = match.end()
    yield from _plain(word[end:], start + end)


def _plain(word: str, start: int) -> Iterable[tuple[str, int, int]]:
    folded = fold(word)
    if folded:
        yield folded[:LONGEST], start, start + len(word)


def fold(word: str) -> str:
    """Without capitals, accents and apostrophes: "Café" is "cafe"."""
    apart = normalize("NFD", word.casefold().replace("'", "").replace("’", ""))
    return normalize("NFC", "".join(sign for sign in apart if not combining(sign)))


def stem(word: str, lang: str) -> str | None:
    """The stem of a word of this language ("nl", "nl-BE"), marked as one; None where nobody knows its rules."""
    algorithm = ALGORITHMS.get(lang.split("-")[0].lower())
    return STEM + fold(_cut(algorithm, word)) if algorithm else None


@lru_cache(20_000)
def _cut(algorithm: str, word: str) -> str:
    # A stemmer keeps what it works on, so each thread has its own.
    known = _kept.__dict__.setdefault("stemmers", {})
    if algorithm not in known:
        known[algorithm] = snowballstemmer.stemmer(algorithm)
    return str(known[algorithm].stemWord(word))


def index(text: str, lang: str) -> set[str]:
    """All that a text in this language is found by, at most so many words."""
    plain = list(dict.fromkeys(words(text)))[:MOST]
    return {*plain, *(found for word in plain if (found := stem(word, lang)))}


def alike(word: str, langs: Iterable[str]) -> list[str]:
    """What a word may stand as in the index, whichever of these languages it is of."""
    return sorted({word, *(found for lang in langs if (found := stem(word, lang)))})


def asked(text: str) -> tuple[list[str], list[str]]:
    """What somebody typed to search for: its words, and what stood between quotation marks, to be found as it is."""
    phrases = [part.strip() for part in re.findall(r'["“„«]([^"”“»]+)["”“»]', text) if part.strip()]
    return words(text)[:20], phrases[:5]


def holds(text: str, phrase: str) -> bool:
    """Whether the words of a phrase follow each other in a text."""
    wanted, found = words(phrase), words(text)
    return _follows(found, wanted)


def _follows(found: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    return any(list(found[at : at + size]) == list(wanted) for at in range(len(found) - size + 1))
