"""The keyboard that a page brings along for glass without one: which keys a language has, what they are called, and the
files that show them. Nothing of it is part of a page's first view: the page asks once it needs it, or is idle."""

import json
from functools import cache
from typing import Any

from kiosk.worker import KEYBOARD, LAYOUTS, address
from sync.assets import STATIC
from sync.i18n import SOURCE, words
from sync.i18n import mark as _

_NAMES = {
    "keyboard": _("Keyboard"),
    "shift": _("Capital letter"),
    "caps": _("Capital letters only"),
    "delete": _("Delete"),
    "space": _("Space"),
    "line": _("New line"),
    "next": _("Next field"),
    "signs": _("Digits and signs"),
    "letters": _("Letters"),
    "latin": _("Latin letters"),
    "hide": _("Hide the keyboard"),
}
"""How the keys without a sign of their own are called."""


@cache
def _layouts() -> dict[str, dict[str, Any]]:
    """language -> its keys, in rows with spaces between them."""
    found: dict[str, dict[str, Any]] = json.loads((STATIC / LAYOUTS).read_text("utf-8"))
    return found


def told(lang: str) -> dict[str, Any]:
    """What a page is told of the keyboard of a language; of one that has none, the source's. `de-AT` types as `de`."""
    known = next((name for name in (lang, lang.split("-")[0]) if name in _layouts()), SOURCE)
    say = words(known)
    names = {name: say(message) for name, message in _NAMES.items()}
    return {"lang": known, **_layouts()[known], "names": names, "files": [address(name) for name in KEYBOARD]}
