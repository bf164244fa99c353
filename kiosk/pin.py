"""The staff's PIN: which ones are good enough, and the one that this terminal keeps, as its hash alone.

One that head office has set for its terminals comes with the manifest and goes before it."""

import re
from pathlib import Path

from kiosk.identity import write_whole
from sync import wire

FILE = "staff-pin"
LEAST, MOST = 4, 12
"""Digits."""
_KEPT = re.compile(r"scrypt\$[0-9$]{1,30}\$[A-Za-z0-9+/=$]{1,160}")


class PinRefused(Exception):
    """A PIN that is not taken; the message is one sentence, and never repeats it."""


def check(pin: str) -> None:
    """Raises PinRefused for what is no PIN, or one that everybody tries first."""
    if not (LEAST <= len(pin) <= MOST and pin.isascii() and pin.isdecimal()):
        raise PinRefused(f"This is no PIN: {LEAST} to {MOST} digits are allowed, and nothing else.")
    if wire.is_trivial(pin):
        raise PinRefused("This PIN is one of those that everybody tries first, as 0000, 1234 or 1212: take another.")


def keep(folder: Path, kept: str) -> None:
    """Write down the hash of a new one. Raises PinRefused for what is no hash of one, OSError."""
    if not _KEPT.fullmatch(kept):
        raise PinRefused("This is no hash of a PIN.")
    write_whole(folder / FILE, kept.encode())


def kept(folder: Path) -> str | None:
    """The hash of this terminal's own, or None when there is none that can be read."""
    try:
        found = (folder / FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return found if _KEPT.fullmatch(found) else None


def fits(pin: str, known: str | None) -> bool:
    """Whether it is the one that `known` is the hash of. Takes a tenth of a second and more, and 16 MiB."""
    return known is not None and wire.pin_fits(pin, known)
