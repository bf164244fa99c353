"""Addresses of mail in a text, also those that somebody spelled out for people alone. No I/O.

With an @ between a name and a domain nothing else is meant, whatever letters they are of. "at" is a word, and so is
"dot": without brackets both have to be there, and a known ending. A domain without an ending is one of the large
providers', which people leave it out of; `work@home` stays."""

import re
from collections.abc import Iterator
from typing import Any

from sync.wire.folding import END, Folded, Span

AT_WORDS = (
    *("at", "ät", "apenstaartje", "apenstaart", "aapje", "klammeraffe", "arobase", "arobas", "arroba", "chiocciola"),
    *("chiocciolina", "snabel-a", "snabela", "krøllalfa", "kukac", "małpa", "zavináč", "zavinac", "ett"),
)
DOT_WORDS = (
    *("dot", "punt", "punkt", "point", "punto", "ponto", "prikk", "piste", "kropka", "tecka", "tečka", "nokta"),
    "نقطة",
)
_AT, _DOT = "|".join((*AT_WORDS, "@")), "|".join((*DOT_WORDS, r"\."))
AT = rf" {{0,2}}@ {{0,2}}| {{0,2}}[(\[{{<] {{0,2}}(?:{_AT}|a) {{0,2}}[)\]}}>] {{0,2}}| {{1,2}}(?:{_AT}) {{1,2}}"
_WORD = "|".join(DOT_WORDS)
DOT = rf" {{0,2}}[(\[{{<] {{0,2}}(?:{_DOT}) {{0,2}}[)\]}}>] {{0,2}}| {{1,2}}(?:{_WORD}) {{1,2}}| {{1,2}}\. {{0,2}}"
DOT_BEFORE = f"(?:{DOT}){END}"
_NEVER = r' \n"(),:;<>@\[\]\\{}|\ufffd!?*…“”„«»‹›‚‘`€،؛؟、「」'
LOCAL = rf"[^{_NEVER}]"
LABEL = rf"[^{_NEVER}.'’/=&#$%^~+]"
SPACELESS = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30fa\u30fc-\u9fff\uac00-\ud7af]"
"""Scripts without blanks between words: beside a Latin address they are the sentence around it."""
LITERAL = r"\[[0-9A-Fa-f.:]{3,45}\]"
EDGES = "'’.-/="
LONGEST = 64
ENDINGS = (
    "com net org info biz eu edu gov int nl be de fr uk co lu at ch it es pt ie dk se no fi is pl cz sk si hr rs hu ro"
    " bg gr tr ru ua by lt lv ee mt cy us ca au nz in cn jp kr br mx ar cl za il ae sa eg ma tn dz io me tv cc app dev"
    " shop store online email mail cloud name pro amsterdam vlaanderen brussels berlin hamburg koeln london paris swiss"
)
PROVIDERS = (
    "gmail googlemail hotmail outlook yahoo icloud msn aol gmx t-online freenet posteo proton protonmail"
    " ziggo kpnmail xs4all hetnet upcmail casema telfort quicknet solcon telenet skynet proximus scarlet"
    " wanadoo laposte sfr bluewin btinternet virginmedia libero telia yandex mailbox"
)

_at, _dot, _literal = re.compile(AT), re.compile(DOT), re.compile(LITERAL)
_dot_before = re.compile(DOT_BEFORE)
_local, _label, _spaceless = re.compile(LOCAL), re.compile(LABEL), re.compile(SPACELESS)
_ENDINGS = frozenset(ENDINGS.split())
_PROVIDERS = frozenset(PROVIDERS.split())


def told() -> dict[str, Any]:
    return {
        "at": AT, "words": "|".join(AT_WORDS), "dot": DOT, "dotBefore": DOT_BEFORE,
        "local": LOCAL, "label": LABEL, "spaceless": SPACELESS, "literal": LITERAL,
        "edges": EDGES, "longest": LONGEST, "endings": ENDINGS, "providers": PROVIDERS,
    }  # fmt: skip


def spans(text: Folded) -> Iterator[Span]:
    done = 0
    for mark in _at.finditer(text.low):
        said = mark.group()
        end, spelled = _domain(text, mark.end(), is_sure=said == "@", is_word=said.strip() in AT_WORDS)
        start = _name(text, mark.start(), spelled or "@" not in said) if end else 0
        if end and done <= start < mark.start():
            yield start, end
            done = end


def _name(text: Folded, end: int, spelled: bool) -> int:
    """Where the name begins that ends there; `end` when there is none."""
    start = _word(text.plain, end)
    for _ in range(3 if spelled and start < end else 0):
        dot = _dot_before.search(text.low[max(start - 24, 0) : start])
        before = _word(text.plain, start - len(dot.group())) if dot else start
        if dot is None or before == start - len(dot.group()):
            break
        start = before
    return start


def _word(plain: str, end: int) -> int:
    if end and plain[end - 1] == '"':
        opened = plain.rfind('"', max(end - LONGEST - 2, 0), end - 1)
        return opened if opened >= 0 and "\n" not in plain[opened:end] else end
    start = end
    mixed = bool(end and _spaceless.match(plain[end - 1]))
    while start and _local.match(plain[start - 1]) and (mixed or not _spaceless.match(plain[start - 1])):
        start -= 1
    while start < end and plain[start] in EDGES:
        start += 1
    return start


def _domain(text: Folded, start: int, *, is_sure: bool, is_word: bool) -> tuple[int, bool]:
    """Where the domain ends that begins there, 0 when there is none, and whether its dots were spelled out. `is_word`:
    what stood for the @ is a word of the language."""
    if is_sure and (literal := _literal.match(text.plain, start)):
        return literal.end(), False
    labels: list[str] = []
    end, spelled = 0, False
    mixed = bool(_spaceless.match(text.plain, start))
    while (last := _label_end(text.plain, start, mixed)) > start:
        label = text.low[start:last]
        if labels and text.plain[start] != text.low[start] and labels[-1] in _ENDINGS and label not in _ENDINGS:
            break  # the next sentence
        labels.append(label)
        if _is_domain(labels, is_sure and not spelled) and (spelled or not is_word):
            end = last
        start, dot = last, _dot.match(text.low, last)
        if text.plain.startswith(".", last):
            start += 1
        elif dot:
            start, spelled = dot.end(), True
        else:
            break
    return end, spelled


def _label_end(plain: str, start: int, mixed: bool) -> int:
    end = start
    while end < min(len(plain), start + LONGEST) and _label.match(plain[end]):
        if not mixed and _spaceless.match(plain[end]):
            break
        end += 1
    while end > start and plain[end - 1] == "-":
        end -= 1
    return end


def _is_domain(labels: list[str], is_sure: bool) -> bool:
    last = labels[-1]
    if len(labels) == 1:
        return last in _PROVIDERS
    if last in _ENDINGS or not is_sure:
        return last in _ENDINGS
    has_digit = any("0" <= character <= "9" for character in last)
    return last.startswith("xn--") or (len(last) > 1 and not has_digit) or (len(labels) == 4 and last.isdigit())
