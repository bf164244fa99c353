"""Telephone numbers in a text. No I/O.

A number with a + or 00 before it, or with the 0 that most of Europe dials first, is masked from nine digits on (with a
+ eight), however it is grouped. Without either it has to look like one: in the groups that its country writes, or ten
to twelve digits in one (nine of a mobile), unless an order or an invoice is spoken of. Eight digits in one are an order
as often as a Danish number, and stay, but for a word before them that says what they are. Dates and hours are taken
out first.

Where two numbers follow each other nobody can say where the first one ends but who knows its country: COUNTRIES does
for most; else a digit too many is taken rather than one too few."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sync.wire.folding import END, OTHER, Folded, Span

COUNTRIES = {
    "1": 11, "7": 11, "20": 12, "27": 11, "30": 12, "31": 11, "32": 11, "33": 11, "34": 11, "36": 11, "39": 13,
    "40": 11, "41": 11, "43": 14, "44": 12, "45": 10, "46": 11, "47": 10, "48": 11, "49": 13, "52": 12, "55": 13,
    "61": 11, "81": 12, "86": 13, "90": 12, "91": 12, "212": 12, "213": 12, "216": 11, "351": 12, "352": 12,
    "353": 12, "354": 10, "356": 11, "357": 11, "358": 13, "359": 12, "370": 11, "371": 11, "372": 11, "380": 12,
    "381": 12, "385": 12, "386": 11, "420": 12, "421": 12, "966": 12, "971": 12, "972": 12,
}  # fmt: skip
"""The code of a country -> how many digits its longest numbers have, with it."""
MOST = 15
"""Of any other (ITU E.164)."""
GAP = r"[ \n./()-]{1,4}"
DATE = (
    r"(^|[^0-9])(?:[0-3]?[0-9]([./-])[0-3]?[0-9]\2(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}([./-])[01]?[0-9]\3[0-3]?[0-9])"
    r"(?![0-9])"
)
HOURS = r"(^|[^0-9.])[0-2]?[0-9][.:h][0-5][0-9] ?- ?[0-2]?[0-9][.:h][0-5][0-9](?![0-9]|[.][0-9])"
SHAPES = {
    "2-2-2-2": "[2-9]", "3-2-3": "[49]", "3-3-3": "[5-9]", "3-3-4": "[1-9]", "3-4-4": "[1-9]", "3-7": "[1-9]",
    "5-5": "[6-9]", "4-3-3": "[3-9]", "3-3-2-2": "[1-9]", "1-3-3-4": "[178]", "1-3-3-2-2": "[78]",
}  # fmt: skip
"""How numbers are grouped that begin with neither + nor 0 -> how they begin."""
EVEN = r" |-"
"""Between the groups of the shapes of which any list of numbers has some."""
BROAD = ("3-3-4", "3-4-4", "3-7", "5-5", "4-3-3", "3-3-2-2", "1-3-3-4", "1-3-3-2-2")
WHOLE = "[67][0-9]{8}|[1-9][0-9]{9,11}"
CUE = (
    r"(?:^|[^a-zà-ÿ[])(?:tele(?:ph|f)oo?n[a-z]*|tel|phone|mobile?|mobiel|handy|gsm|whats ?app|bel|belt|bellen|call|ring"
    r"|anruf[a-z]*|appele[a-z]*|(?:my|mijn|meine|mon|mi|mitt) (?:number|nummer|numéro|numero)|☎|هاتف|جوال|رقمي)"
    rf"[^0-9a-zà-ÿ\n][^0-9\n]{{0,10}}{END}"
)
OTHERS = (
    r"(?:order|bestel|bestell|auftrag|rechnung|commande|pedido|ordine|factu|faktur|invoice|ticket|track|serie|serial"
    r"|imei|artikel|article|sku|ean|isbn|klant|kunde|customer|طلب)"
    rf"[^0-9\n]{{0,14}}{END}"
)
BEFORE = 28
"""How many characters before a number may say what it is."""

_digits, _gap, _cue, _others = re.compile("[0-9]+"), re.compile(GAP), re.compile(CUE), re.compile(OTHERS)
_date, _hours, _even, _whole = re.compile(DATE), re.compile(HOURS), re.compile(EVEN), re.compile(WHOLE)


class Group(NamedTuple):
    """Digits without a gap, and what lies between them and the group before, None when that is no gap of a number."""

    start: int
    end: int
    digits: str
    gap: str | None

    @property
    def is_apart(self) -> bool:
        return self.gap is None or " " in self.gap or "\n" in self.gap


def told() -> dict[str, Any]:
    return {
        "countries": COUNTRIES, "most": MOST, "gap": GAP, "date": DATE, "hours": HOURS, "shapes": SHAPES, "even": EVEN,
        "broad": BROAD, "whole": WHOLE, "cue": CUE, "others": OTHERS, "before": BEFORE,
    }  # fmt: skip


def spans(text: Folded) -> Iterator[Span]:
    plain = text.plain
    for never in (_date, _hours):
        plain = never.sub(lambda found: found.group(1) + OTHER * (len(found.group()) - len(found.group(1))), plain)
    groups = list(_groups(plain))
    place = 0
    while place < len(groups):
        start, last = _at(plain, text.low, groups, place)
        if last < 0:
            place += 1
            continue
        yield start, groups[last].end
        place = last + 1


def _groups(plain: str) -> Iterator[Group]:
    before = -1
    for found in _digits.finditer(plain):
        between = plain[before : found.start()] if before >= 0 else ""
        joins = _gap.fullmatch(between) and between.count("\n") < 2
        yield Group(*found.span(), found.group(), between if joins else None)
        before = found.end()


def _at(plain: str, low: str, groups: list[Group], place: int) -> tuple[int, int]:
    """Where a number begins with this group, and its last group; -1 when none does."""
    group = groups[place]
    plus = _plus(plain, group.start)
    start = group.start - plus
    if plus or (group.digits.startswith("00") and group.is_apart):
        last = _abroad(groups, place, 0 if plus else 2)
        if last >= 0:
            return start, last
    before = low[max(group.start - BEFORE, 0) : group.start]
    in_brackets = start > 0 and plain[start - 1] == "("
    if not (group.is_apart or in_brackets or group.gap in ("/", "(")):
        return start, -1
    is_called = _cue.search(before) and not _others.search(before)
    start -= in_brackets
    if is_called and (last := _run(groups, place, 7)) >= 0:
        return start, last
    if group.digits[0] == "0":
        is_home = group.digits[1:2] not in ("0", "") or (in_brackets and group.digits == "0")
        return start, _run(groups, place, 9) if is_home else -1
    last = _shaped(groups, place)
    is_whole = _whole.fullmatch(group.digits) and (place + 1 == len(groups) or groups[place + 1].is_apart)
    return start, last if last >= 0 or not is_whole or _others.search(before) else place


def _plus(plain: str, start: int) -> int:
    """How many characters before a number are its +."""
    for sign in ("+(", "+ (", "(+", "+ ", "+"):
        if plain.endswith(sign, 0, start):
            return len(sign)
    return 0


def _abroad(groups: list[Group], place: int, skip: int) -> int:
    """The last group of a number with the code of a country; -1 when it is none."""
    known = "".join(group.digits for group in groups[place : place + 3])[skip : skip + 3]
    most = next((COUNTRIES[known[:size]] for size in (1, 2, 3) if known[:size] in COUNTRIES), MOST) + skip
    total, last = 0, -1
    for here in range(place, len(groups)):
        group = groups[here]
        size = len(group.digits)
        if here > place and (group.gap is None or _is_next(group, total - skip)):
            break
        if place < here < place + 3 and group.digits[0] == "0" and (group.gap or "").endswith("("):
            most += 1  # (0) is dialled at home alone
        if total + size > most and here > place:
            break
        total, last = total + size, here
    return last if 8 <= total - skip <= MOST + 1 else -1


def _is_next(group: Group, total: int) -> bool:
    """Whether one digit that stands apart from a whole number belongs to the sentence."""
    return total >= 9 and len(group.digits) == 1 and group.is_apart


def _run(groups: list[Group], place: int, least: int) -> int:
    """The last group of a number as it is dialled at home, of `least` to 12 digits; -1 when it is none."""
    total = len(groups[place].digits)
    last = place
    while last + 1 < len(groups) and _goes_on(groups, place, last, total):
        last += 1
        total += len(groups[last].digits)
    return last if least <= total <= 12 else -1


def _goes_on(groups: list[Group], first: int, last: int, total: int) -> bool:
    group = groups[last + 1]
    size, before = len(group.digits), len(groups[last].digits)
    if group.gap is None or total + size > 12 or _is_next(group, total):
        return False
    if total < 9 or not group.is_apart:
        return True
    if total == 9:
        return total + size == 10 or min(before, size) > 2 or (size == before and len(groups[first].digits) > 3)
    return total == 10 and size == before == 2 and len(groups[first].digits) > 2


def _shaped(groups: list[Group], place: int) -> int:
    """The last group of a number in the groups of some country; -1 when it is none."""
    sizes: list[str] = []
    found = -1
    gaps = set[str]()
    for here in range(place, min(place + 5, len(groups))):
        group = groups[here]
        if here > place and group.gap is None:
            break
        if here > place:
            gaps.add(group.gap or "")
        sizes.append(str(len(group.digits)))
        shape = "-".join(sizes)
        ends = here + 1 == len(groups) or groups[here + 1].is_apart
        begins = re.fullmatch(SHAPES.get(shape, OTHER), groups[place].digits[0])
        if ends and begins and (shape in BROAD or (len(gaps) == 1 and _even.fullmatch(min(gaps)))):
            found = here
    return found
