"""The service worker that shows the question while the terminal is dead: what it keeps, and under which name.

It is served at /sw.js (static/kiosk/worker.js with two lines before it), so that it may answer for every screen."""

import json
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from kiosk.lean import lean
from sync import wire
from sync.assets import STATIC, TEMPLATES, pack, stamp
from sync.i18n import NAMES, catalogue

_STYLES = ("frame", "ask", "foot", "thanks", "words", "comfort", "testing")
STYLES = ("tokens.css", *(f"kiosk/{name}.css" for name in _STYLES))
_SCRIPTS = (
    *("testing", "traces", "visit", "store", "delivery", "counted", "masks", "holding", "frames", "modes", "patience"),
    *("idle", "screen", "keypad", "gesture", "glass"),
)
SCRIPTS = tuple(f"kiosk/{name}.js" for name in _SCRIPTS)
"""In the order in which they stand in what is joined of them."""
JOINED = {"screen.css": STYLES, "screen.js": SCRIPTS}
"""What a page asks for as one: twenty small files would take a terminal twenty answers, and pack worse."""
FILES = (*JOINED, "kiosk/mark.svg")
"""What a screen's page is made of, beside the screens of its visit."""
MASKING = "masking.js"
"""What masks a comment before a page stores it (static/kiosk/masking.js with two lines before it). A page loads it once
it is idle; the worker has it from the start, since it is wanted most when the terminal is dead."""
SEALING = "sealing.js"
"""What the pages of a gateway seal with what they store, and show their staff; no other page has it."""
HANDING = {
    "handover.css": ("kiosk/handover.css",),
    "handover.js": tuple(f"kiosk/{name}.js" for name in ("crew", "crew_jobs", "own", "scan", "handover")),
}
"""What a tablet that a crew hands over has beside that."""
TABLET = {SEALING: ("kiosk/seal.js", "kiosk/tablet.js"), "tablet.css": ("kiosk/tablet.css",)}
APART = (MASKING, *TABLET, *HANDING)
"""Joined, too, and no part of every page."""
KEYBOARD = ("kiosk/keyboard.css", "vendor/simple-keyboard@3.8.192/index.modern.js", "kiosk/keys.js")
"""What kiosk/keyboard.js loads in this order, in an idle moment, where the glass has no keyboard. The worker keeps it
when it passes: a first view waits for none of it, and a tablet never has it."""
LAYOUTS = "kiosk/layouts.json"
READER = "vendor/qr@0.7.0"
"""What reads a code where the browser cannot: a crew's tablet loads it with its camera, also without a network."""


def address(name: str) -> str:
    """The address of a static file or of what is joined, which changes with what is in it."""
    is_joined = name in (*JOINED, *APART)
    return f"/{name}?v={joined(name).stamp}" if is_joined else f"/static/{name}?v={stamp(name)}"


class Joined(NamedTuple):
    """Files one after the other, packed; `stamp` is that of what is in them."""

    stamp: str
    packed: bytes


@cache
def joined(name: str) -> Joined:
    """Lean; made when it is first asked for, then kept. Raises KeyError for what is neither JOINED
    nor APART."""
    own = {**JOINED, **HANDING, **TABLET, MASKING: (f"kiosk/{MASKING}",)}
    parts = [*([_masks()] if name == MASKING else []), *map(_lean, own[name])]
    content = "".join(parts).encode()
    return Joined(sha256(content).hexdigest()[:10], pack(content))


def _masks() -> str:
    """The tables and patterns of the terminal's own half."""
    return f'"use strict";\nconst MASKS = {wire.encode(wire.mask_rules()).decode()};\n'


@cache
def build() -> str:
    """Ten hex digits that change whenever a page of this build would be another one."""
    later = (*APART, *KEYBOARD, "kiosk/keyboard.js", LAYOUTS)
    digest = sha256("".join(address(name) for name in (*FILES, *later, "kiosk/worker.js")).encode())
    for path in sorted([*(TEMPLATES / "kiosk").iterdir(), *(STATIC / "faces").iterdir(), *map(catalogue, NAMES)]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


@cache
def script(*, of_gateway: bool = False) -> bytes:
    """What the browser runs, packed."""
    reader = [address(f"{READER}/decode.js"), f"/static/{READER}/index.js"] if of_gateway else []
    files = json.dumps([*(address(name) for name in (*FILES, *(APART if of_gateway else (MASKING,)))), *reader])
    told = f'"use strict";\nconst BUILD = "{build()}";\nconst FILES = {files};\n'
    return pack((told + _lean("kiosk/worker.js")).encode())


def _lean(name: str) -> str:
    return lean((STATIC / name).read_text(encoding="utf-8"))
