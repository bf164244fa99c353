"""Personal data in a free text, replaced for good: mail addresses, telephone numbers, payment cards, IBANs, plates.

The same runs in a page that keeps answers itself (static/kiosk/masking.js) on what `mask_rules` says, so
those are written in what Python's and a browser's regular expressions have in common. Names of people stay: a comment
that praises somebody would be worth nothing without.

What can be checked (card, IBAN) is masked wherever it stands; what has a mark of its own (`@`, `+`) nearly so. For
the rest a comment has to stay readable, so a number is one to call by the shape that people write it in, and a plate
by its country's; prices, times, dates, sizes and models stay. Each module says where it draws the line, and why.

Every pass looks at each character a bounded number of times, whatever the text is."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sync.wire import mask_accounts, mask_mails, mask_phones, mask_plates
from sync.wire.folding import Folded, Span, fold, folds

_Finder = Callable[[Folded], Iterable[Span]]
_KINDS: tuple[tuple[str, _Finder], ...] = (
    ("[mail]", mask_mails.spans),
    ("[IBAN]", mask_accounts.ibans),
    ("[card]", mask_accounts.cards),
    ("[car]", mask_plates.spans),
    ("[tel]", mask_phones.spans),
)
"""What stands instead: words that every language here borrows, never longer than the shortest they replace, without a
digit or an @, so that nothing finds them again. What can be proved comes first."""
_WORTH = re.compile(rf"[0-9@]|{mask_mails.AT}")


def mask(text: str) -> str:
    """The text without what could reach or identify somebody; never longer, and masked again it stays the same."""
    while (masked := _once(text)) != text:
        # What was taken out may have been all that hid the next one. Each round takes a digit or an @ away.
        text = masked
    return text


def _once(text: str) -> str:
    for token, spans in _KINDS:
        folded = fold(text)
        if not _WORTH.search(folded.low):
            return text
        text = _replaced(text, folded, spans(folded), token)
    return text


def _replaced(text: str, folded: Folded, spans: Iterable[Span], token: str) -> str:
    done, parts = 0, []
    for start, end in spans:
        # With what nobody sees around it.
        first = folded.at(start - 1) + 1 if start else 0
        last = folded.at(end) if end < len(folded.plain) else len(text)
        parts += [text[done : max(done, first)], token]
        done = last
    return "".join([*parts, text[done:]])


def mask_rules() -> dict[str, Any]:
    """Everything that the other half has to know."""
    return {
        "folds": folds(), "mails": mask_mails.told(), "accounts": mask_accounts.told(),
        "phones": mask_phones.told(), "plates": mask_plates.told(), "tokens": [token for token, _ in _KINDS],
    }  # fmt: skip
