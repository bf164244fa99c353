"""A text as people meant it: the same characters whatever keyboard, script or copy and paste they came by. No I/O.

Full-width and Arabic-Indic digits become plain ones, the many dashes and blanks one each, and what nobody sees is left
out. Every character becomes one or none, so that a place here is a place in the text."""

from typing import Any, NamedTuple

Span = tuple[int, int]
"""Where something begins and ends in a folded text."""
END = r"(?![\s\S])"
"""The very end of a text, as Python and a browser both understand it."""
ZEROS = (
    *(0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66),
    *(0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6),
)
"""The zeros of the scripts that have digits of their own; the others follow."""
ALPHABETS = range(0x1D400, 0x1D6A4)
"""Letters dressed up as mathematics, A to Z and a to z over and over."""
SAME = {
    " ": "\t\x0b\x0c\r\x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u2028\u2029",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63",
    ".": "\xb7\u2022\u2219\u3002\u30fb",
    "+": "\u207a\ufe62",
    "@": "\ufe6b",
    "/": "\u2044\u2215",
    "": "\xad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069"
    "\u20e3\ufe0e\ufe0f\ufeff",
}
"""What is written in many ways; under "" what nobody sees."""
OTHER = "\ufffd"
"""Any other character that a browser counts as two."""


class _Folds(dict[int, str]):
    def __missing__(self, code: int) -> str:
        return chr(code) if code < 0xD800 or 0xE000 <= code <= 0xFFFF else OTHER


_FOLDS = _Folds({ord(way): one for one, ways in SAME.items() for way in ways})
_FOLDS.update({0xFF01 + place: chr(0x21 + place) for place in range(94)})
_FOLDS.update({zero + digit: str(digit) for zero in ZEROS for digit in range(10)})
_FOLDS.update({code: chr((65, 97)[(code - ALPHABETS[0]) // 26 % 2] + (code - ALPHABETS[0]) % 26) for code in ALPHABETS})
_LOW = {code: code + 32 for code in (*range(65, 91), *range(0xC0, 0xDF)) if code != 0xD7}


class Folded(NamedTuple):
    """`plain` as it was meant, and in small Latin letters. `places`: of each character in the text as it came, None
    where nothing was left out."""

    plain: str
    low: str
    places: tuple[int, ...] | None

    def at(self, place: int) -> int:
        return place if self.places is None else self.places[place]


def fold(text: str) -> Folded:
    plain = text.translate(_FOLDS)
    places = None
    if len(plain) != len(text):
        places = tuple(place for place, character in enumerate(text) if _FOLDS[ord(character)])
    return Folded(plain, plain.translate(_LOW), places)


def folds() -> dict[str, Any]:
    return {"same": SAME, "zeros": ZEROS, "alphabets": [ALPHABETS.start, ALPHABETS.stop], "other": OTHER}
