"""What a customer can ask of the screen for their own visit: more time, and everything within a low reach. No I/O.

Without script the pages carry it on in their addresses and forms, as the names in `MODES` with a space between."""

from collections.abc import Set

from sync import wire

MORE, LOW = "more", "low"
MODES = (MORE, LOW)
MORE_TIME = 10
"""How many times longer each screen waits for somebody who asked for more time (WCAG 2.2.1)."""


def read(text: str) -> frozenset[str]:
    """The modes that `text` names; what is none is left out."""
    return frozenset(text.split()) & frozenset(MODES)


def write(modes: Set[str]) -> str:
    return " ".join(mode for mode in MODES if mode in modes)


def toggled(modes: Set[str], mode: str) -> str:
    """What the modes are once `mode` was touched."""
    return write(modes ^ {mode})


def always(settings: wire.ScreenSettings) -> str:
    """The classes of a screen that is set so for good."""
    return " ".join(name for name, is_set in (("large", settings.large), (LOW, settings.low_reach)) if is_set)


def classes(modes: Set[str], settings: wire.ScreenSettings) -> str:
    """The classes of a page: `more` is `large` as well."""
    large = settings.large or MORE in modes
    low = settings.low_reach or LOW in modes
    named = (("more", MORE in modes), ("large", large), ("low", low))
    return " ".join(name for name, is_set in named if is_set)
