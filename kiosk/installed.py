"""A gateway's screen as an installed app: what a tablet or telephone asks for to put it on its home screen. No I/O."""

import re
from functools import cache
from typing import Any

from kiosk import worker
from sync.assets import STATIC

KIND = "application/manifest+json"
_ICONS = (("app-192", 192, "any"), ("app-512", 512, "any"), ("app-maskable", 512, "maskable"))
_SHORT = 12
"""Characters that fit below an icon."""


def manifest(name: str, start: str, lang: str, way: str) -> dict[str, Any]:
    """`name`: the place; `start`: the address that the app opens; `way`: "ltr" or "rtl". Every screen has one `id`: a
    tablet that is paired anew is still the same app."""
    return {
        "id": "/",
        "name": name,
        "short_name": name if len(name) <= _SHORT else f"{name[: _SHORT - 1].rstrip()}…",
        "start_url": start,
        "scope": "/",
        "display": "fullscreen",
        "display_override": ["fullscreen", "standalone"],
        "lang": lang,
        "dir": way,
        "background_color": paper()[0],
        "theme_color": paper()[0],
        "icons": [
            {"src": worker.address(f"kiosk/{icon}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": of}
            for icon, size, of in _ICONS
        ],
    }


@cache
def paper() -> tuple[str, str]:
    """The colour behind everything, by day and by night, as static/tokens.css has it."""
    light, dark = re.findall(r"--paper: (#[0-9a-f]{6});", (STATIC / "tokens.css").read_text("utf-8"))[:2]
    return light, dark
