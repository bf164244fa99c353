"""What stands around a visit on each of its screens: the store's own look, the card "you said, we did", and what the
customer asked of the screen. What the templates are given beside kiosk.views. No I/O."""

from collections.abc import Set
from typing import Any

from kiosk import look, modes, told
from kiosk.standing import Standing

MINUTE_MS = 60_000


def context(standing: Standing, lang: str, chosen: Set[str] = frozenset(), now_ms: int = 0) -> dict[str, Any]:
    """`chosen`: the modes of this visit. `now_ms`: any running clock; the cards take turns by the minute."""
    settings = standing.settings
    cards = told.cards(standing.messages, lang)
    return {
        "look": look.of(settings),
        "cards": cards,
        "card_shown": now_ms // MINUTE_MS % len(cards) if cards else 0,
        "chosen": chosen,
        "carried": modes.write(chosen),
        "toggles": {mode: modes.toggled(chosen, mode) for mode in _offered(standing)},
        "classes": modes.classes(chosen, settings),
        "always": modes.always(settings),
        "times": modes.MORE_TIME if modes.MORE in chosen else 1,
        "more_time": modes.MORE_TIME,
        "warning": settings.seconds.warning,
    }


def _offered(standing: Standing) -> tuple[str, ...]:
    return (modes.MORE,) if standing.settings.low_reach else modes.MODES
