"""A store's own look: its accent colour and its logo, as files whose addresses say what is in them. No I/O.

What comes from outside is looked at once more before a browser gets it: a colour is a colour, a logo is the picture it
says it is. What is none is left out; a screen without it is a screen of ours."""

import re
from base64 import b64decode
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from sync import wire

_COLOUR = re.compile("#[0-9a-f]{6}")
_PICTURES = {
    "image/png": ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    "image/jpeg": ("jpg", re.compile(rb"\xff\xd8\xff")),
    "image/webp": ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
}
"""The kinds of a logo, none of which can carry a script: what its file ends in, and how it begins."""


class File(NamedTuple):
    """`name` begins with the hash of `content`."""

    name: str
    kind: str
    content: bytes


class Look(NamedTuple):
    """What a screen has of its store's own; `title` is what a screen reader says of the logo."""

    style: File | None = None
    logo: File | None = None
    title: str = ""

    def files(self) -> list[File]:
        return [file for file in (self.style, self.logo) if file]


@lru_cache(maxsize=16)
def of(settings: wire.ScreenSettings) -> Look:
    """The look that `settings` ask for, as far as it can be had."""
    picture = _picture(settings.logo) if settings.logo else None
    return Look(_style(settings.accent) if settings.accent else None, picture, settings.logo.name if picture else "")  # type: ignore[union-attr]


def _style(accent: wire.Accent) -> File | None:
    """The tokens that everything else is mixed from (static/tokens.css)."""
    if not all(_COLOUR.fullmatch(colour) for colour in (accent.light, accent.on_light, accent.dark, accent.on_dark)):
        return None
    light = f":root{{--accent:{accent.light};--on-accent:{accent.on_light}}}"
    dark = f":root{{--accent:{accent.dark};--on-accent:{accent.on_dark}}}"
    return _file(f"{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}\n".encode(), "css", "text/css")


def _picture(logo: wire.Logo) -> File | None:
    ending, begins = _PICTURES[logo.kind]
    try:
        content = b64decode(logo.data, validate=True)
    except ValueError:
        return None
    return _file(content, ending, logo.kind) if begins.match(content) else None


def _file(content: bytes, ending: str, kind: str) -> File:
    return File(f"{sha256(content).hexdigest()[:16]}.{ending}", kind, content)
