"""Payment cards and IBANs in a text: numbers that prove themselves. No I/O.

A card is 13 to 19 digits whose last is right by Luhn (ISO/IEC 7812-1). One in ten of any such numbers is, so a barcode
may be taken for one; it is worth less than a card. It begins as cards do, and its groups are of three digits or more:
lists of small numbers stay.

An IBAN has the structure of its country (SWIFT's registry) and leaves 1 when divided by 97 (ISO 7064)."""

import re
from collections.abc import Iterator
from typing import Any

from sync.wire.folding import Folded, Span

STRUCTURES = (
    "AD8n12c AE19n AL8n16c AT16n AZ4a20c BA16n BE12n BG4a6n8c BH4a14c BI23n BR23n1a1c BY4c4n16c CH5n12c CR18n CY8n16c"
    " CZ20n DE18n DJ23n DK14n DO4c20n EE16n EG25n ES20n FI14n FK2a12n FO14n FR10n11c2n GB4a14n GE2a16n GI4a15c GL14n"
    " GR7n16c GT24c HN4a20n HR17n HU24n IE4a14n IL19n IQ4a15n IS22n IT1a10n12c JO4a4n18c KW4a22c KZ3n13c LB4n20c"
    " LC4a24c LI5n12c LT16n LU3n13c LV4a13c LY21n MC10n11c2n MD20c ME18n MK3n10c2n MN16n MR23n MT4a5n18c MU4a19n3a"
    " NI4a20n NL4a10n NO11n OM3n16c PK4a16c PL24n PS4a21c PT21n QA4a21c RO4a16c RS18n RU14n15c SA2n18c SC4a20n3a SD14n"
    " SE20n SI15n SK20n SM1a10n12c SO19n ST21n SV4a20n TL19n TN20n TR6n16c UA6n19c VA18n VG4a16n XK16n YE4a4n18c"
)
"""After a country's two letters and two digits: how many digits (n), letters (a) or either (c) follow."""
HEAD = "[A-Za-z]{2}[ -]?[0-9][ ]?[0-9]"
GAP = r"[ \n.:/-]"
GAPS = 3
CLASSES = {"n": "[0-9]", "a": "[A-Za-z]", "c": "[0-9A-Za-z]"}
CARD_GAP = r"[ \n.-]{1,3}"
CARDS = "(?:[2-6][0-9]{12,18}|[1789][0-9]{15})"
"""How cards begin: those of one digit more are of 16 digits."""

_head, _gap, _card_gap, _cards = re.compile(HEAD), re.compile(GAP), re.compile(CARD_GAP), re.compile(CARDS)
_classes = {name: re.compile(one) for name, one in CLASSES.items()}
_digits = re.compile("[0-9]+")
_STRUCTURES = {
    one[:2]: "".join(kind * int(count) for count, kind in re.findall("([0-9]+)([nac])", one[2:]))
    for one in STRUCTURES.split()
}


def told() -> dict[str, Any]:
    return {
        "structures": STRUCTURES, "head": HEAD, "gap": GAP, "gaps": GAPS, "classes": CLASSES,
        "cardGap": CARD_GAP, "cards": CARDS,
    }  # fmt: skip


def ibans(text: Folded) -> Iterator[Span]:
    done = 0
    for head in _head.finditer(text.plain):
        start = head.start()
        glued = start and _classes["c"].match(text.plain[start - 1]) and text.low[max(start - 4, 0) : start] != "iban"
        end = 0 if glued or start < done else _iban_end(text.plain, head.group(), head.end())
        if end:
            yield start, end
            done = end


def _iban_end(plain: str, head: str, place: int) -> int:
    """Where the IBAN ends that begins so; 0 when there is none."""
    country, check = head[:2].upper(), "".join(one for one in head if one.isdigit())
    account = ""
    for kind in _STRUCTURES.get(country, ""):
        for _ in range(GAPS):
            if place < len(plain) and _gap.match(plain[place]):
                place += 1
        if place == len(plain) or not _classes[kind].match(plain[place]):
            return 0
        account += plain[place].upper()
        place += 1
    if not account or (place < len(plain) and _classes["c"].match(plain[place])):
        return 0
    return place if int("".join(str(int(one, 36)) for one in account + country + check)) % 97 == 1 else 0


def cards(text: Folded) -> Iterator[Span]:
    groups = [group.span() for group in _digits.finditer(text.plain)]
    done = 0
    for first, (start, _) in enumerate(groups):
        is_called = start > 0 and text.plain[start - 1] == "+"
        if start >= done and not is_called and (end := _card_end(text.plain, groups, first)):
            yield start, end
            done = end


def _card_end(plain: str, groups: list[Span], first: int) -> int:
    """The end of the longest card that begins with this group of digits; 0 when none does."""
    digits, found = "", 0
    for place in range(first, min(first + 7, len(groups))):
        start, end = groups[place]
        if end - start > 19 or (place > first and not _card_gap.fullmatch(plain[groups[place - 1][1] : start])):
            break
        digits += plain[start:end]
        if len(digits) > 19:
            break
        if _cards.fullmatch(digits) and _luhn(digits):
            found = end
        if end - start < 3:  # only the last may be so short
            break
    return found


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
