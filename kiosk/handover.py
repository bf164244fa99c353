"""The tablet that a crew hands to its customer and takes back: the screens around a visit, and what the page needs to
know of the crew. The page's own script walks them (static/kiosk/handover.js), with the gateway dead, too.

Nothing of an answer ever stands on the crew's screens; what came of a handover travels as an entry of its own."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, jsonify
from msgspec import to_builtins

from kiosk import around, visits
from kiosk.standing import Standing
from kiosk.terminal import Terminal
from sync.i18n import own_name

HOURS = 24
"""After so long that something is unsent, the crew is told to bring the tablet to a network."""
SCREENS = ("locked", "scan", "jobs", "pass", "confirm", "phone", "over")
FIRST = "locked"
ALLOWED = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"
"""What the page may ask its browser for: a crew scans codes."""
_SECONDS = {"locked": 60, "scan": 60, "jobs": 180, "pass": 180, "confirm": 120, "phone": 180, "over": 60}
"""How long each waits for a touch: then the crew's are locked, the customer's are over."""


def routes(terminal: Terminal) -> Blueprint:
    """What the page asks for beside its question; `/s/<screen>/crew.json`, or without the first part for a box with one
    screen."""
    handover = Blueprint("handover", __name__)

    @handover.get("/crew.json")
    @handover.get("/s/<screen>/crew.json")
    def crew(screen: str | None = None) -> Response:
        found = terminal.standings.handing(screen) or abort(404)
        handing, zone = found
        own = bool(terminal.settings.public_url)
        return jsonify(smilepost=1, zone=zone, own=own, **to_builtins(handing))

    return handover


Render = Callable[[str, str, dict[str, Any]], str]
"""Of a template, a language, and what it is given."""


def frames(standing: Standing, render: Render, lang: str) -> str:
    """The screens around a visit in one language, as the script finds them."""
    return "".join(
        render(f"kiosk/handover_{name}.html", lang, _context(standing, lang, name) | {"framed": True})
        for name in SCREENS
    )


def first(standing: Standing, lang: str) -> dict[str, Any]:
    """What a page begins with instead of the question: it is nobody's yet."""
    return {"handing": f"kiosk/handover_{FIRST}.html", **_context(standing, lang, FIRST)}


def _context(standing: Standing, lang: str, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "seconds": _SECONDS[name],
        "team": standing.team,
        "place": standing.place,
        "hours": HOURS,
        "languages": [(code, own_name(code)) for code in visits.languages(standing)],
        **around.context(standing, lang),
    }
