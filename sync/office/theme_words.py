"""What a theme's words find in what people wrote: by stems, by beginnings ("clean*"), and as words that follow each
other. The words of a language are looked for in the comments that were written in it. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from unicodedata import normalize

from sync.office import stems
from sync.office.tongue import _

Words = Mapping[str, Sequence[str]]
"""What somebody typed, entry by entry, by language ("nl")."""
MOST, LONGEST = 200, 60
"""Entries of one language, and characters of one."""
SHORTEST = 2
"""Signs before a star: with fewer nearly everything would begin so."""
_BETWEEN = re.compile(r"[,;\n\r،؛、]+")
_QUOTES = "\"“”„«»'‘’ \t"


class Term(NamedTuple):
    """An entry as it is looked for: words that follow each other, the last by its beginning if it `begins`."""

    entry: str
    words: tuple[str, ...]
    begins: bool


class Hit(NamedTuple):
    """Where an entry was found in a text (in its form NFKC)."""

    start: int
    end: int
    entry: str


def is_language(code: str) -> bool:
    """Whether it can be the code of a language, without a country."""
    return len(code) in (2, 3) and code.isascii() and code.isalpha() and code.islower()


def entries(text: str) -> list[str]:
    """What stands in a field, with commas or line ends between; the same twice counts once."""
    found = (" ".join(part.split()).strip(_QUOTES) for part in _BETWEEN.split(text))
    return list({each.casefold(): each for each in found if each}.values())


def problem(every: Sequence[str]) -> str | None:
    """Why these can't be the words of a language; None when they can."""
    if len(every) > MOST:
        return _("A language has at most {most} entries, not {n}.").format(most=MOST, n=len(every))
    for entry in every:
        if len(entry) > LONGEST:
            return _("An entry has at most {most} characters: “{entry}…” is longer.").format(
                most=LONGEST, entry=entry[:20]
            )
        bare = entry.removesuffix("*")
        if "*" in bare:
            return _("A star stands at the end of an entry, as in clean*, not as in “{entry}”.").format(entry=entry)
        known = stems.words(bare)
        if not known:
            return _("There is no word in “{entry}”.").format(entry=entry)
        if entry.endswith("*") and (len(known[-1]) < SHORTEST or not bare[-1].isalnum()):
            return _("At least {n} letters stand before the star of “{entry}”.").format(n=SHORTEST, entry=entry)
    return None


class Finder:
    """The entries of one language, ready to look through many texts."""

    def __init__(self, lang: str, every: Iterable[str]) -> None:
        self.lang = lang
        self.terms = [term for entry in every if (term := _term(entry)).words]
        self._known: dict[str, list[Term]] = {}
        self._beginnings: list[Term] = []
        for term in self.terms:
            if term.begins and len(term.words) == 1:
                self._beginnings.append(term)
            else:
                for key in stems.alike(term.words[0], [lang]):
                    self._known.setdefault(key, []).append(term)
        alone = [term for term in self.terms if len(term.words) == 1]
        self._followed = [term for term in self.terms if len(term.words) > 1]
        self._begun = tuple(term.words[0] for term in alone if term.begins)
        self._alone = frozenset(key for term in alone if not term.begins for key in stems.alike(term.words[0], [lang]))

    @property
    def keys(self) -> frozenset[str]:
        """What of the index has to be looked at: whole words and stems."""
        whole = (word for term in self.terms for word in (term.words[:-1] if term.begins else term.words))
        return frozenset(key for word in whole for key in stems.alike(word, [self.lang]))

    @property
    def beginnings(self) -> frozenset[str]:
        return frozenset(term.words[-1] for term in self.terms if term.begins)

    def may_stand(self, held: frozenset[str] | set[str]) -> bool | None:
        """By what a text is indexed by: whether an entry stands in it; None where only the text can tell."""
        if not held.isdisjoint(self._alone) or any(word.startswith(self._begun) for word in held):
            return True
        return None if any(self._may_follow(held, term) for term in self._followed) else False

    def _may_follow(self, held: frozenset[str] | set[str], term: Term) -> bool:
        last = len(term.words) - 1
        return all(
            any(each.startswith(word) for each in held)
            if term.begins and at == last
            else not held.isdisjoint(stems.alike(word, [self.lang]))
            for at, word in enumerate(term.words)
        )

    def hits(self, text: str) -> list[Hit]:
        """Where entries stand in a text, in its order."""
        spots = list(stems.spots(normalize("NFKC", text)))
        found = []
        for at, (word, start, _end) in enumerate(spots):
            for term in dict.fromkeys(self._beginning_with(word)):
                last = at + len(term.words) - 1
                if last < len(spots) and self._follow(spots[at : last + 1], term):
                    found.append(Hit(start, spots[last][2], term.entry))
        return found

    def _beginning_with(self, word: str) -> Iterable[Term]:
        for key in stems.alike(word, [self.lang]):
            yield from self._known.get(key, ())
        yield from (term for term in self._beginnings if word.startswith(term.words[0]))

    def _follow(self, spots: Sequence[tuple[str, int, int]], term: Term) -> bool:
        for at, (word, _start, _end) in enumerate(spots):
            wanted = term.words[at]
            if term.begins and at == len(spots) - 1:
                if not word.startswith(wanted):
                    return False
            elif word != wanted and set(stems.alike(word, [self.lang])).isdisjoint(stems.alike(wanted, [self.lang])):
                return False
        return True


class Finders:
    """A theme's entries in all its languages."""

    def __init__(self, words: Words) -> None:
        self.every = {lang: Finder(lang, listed) for lang, listed in words.items() if listed}

    def of(self, lang: str) -> Finder | None:
        """For what was written in this language ("nl-BE" is "nl")."""
        return self.every.get(lang.split("-")[0].lower())

    def hold(self, text: str, lang: str) -> bool:
        """Whether an entry stands in a text of this language."""
        finder = self.of(lang)
        return finder is not None and bool(finder.hits(text))

    def hits(self, text: str, lang: str) -> list[Hit]:
        finder = self.of(lang)
        return finder.hits(text) if finder else []


def _term(entry: str) -> Term:
    begins = entry.endswith("*")
    return Term(entry, tuple(stems.words(entry.removesuffix("*"))), begins)


def pieces(text: str, hits: Sequence[Hit], around: int = 160) -> list[tuple[str, bool]]:
    """A text in pieces of which each is marked or not; of a long one what stands around the first hit."""
    whole = normalize("NFKC", text)
    first, end = 0, len(whole)
    if hits and len(whole) > 2 * around:
        first, end = max(hits[0].start - around, 0), min(hits[0].start + around, len(whole))
    found: list[tuple[str, bool]] = [("…", False)] if first else []
    at = first
    for hit in sorted(hits):
        start, stop = max(hit.start, at), min(hit.end, end)
        if start < stop:
            found += [(whole[at:start], False), (whole[start:stop], True)]
            at = stop
    found.append((whole[at:end], False))
    return [piece for piece in found if piece[0]] + ([("…", False)] if end < len(whole) else [])
