"""What the screens of one terminal say of themselves, the one that somebody should look at first. Pure.

A gateway drives tablets, each of which keeps what it took in a store of its own until its gateway has it."""

from collections.abc import Sequence
from typing import NamedTuple

from sync.office.ledger import Spot, Terminal
from sync.office.ledger_words import clocked
from sync.office.tongue import _, ngettext
from sync.office.writing import listed, number

DAY_MS = 86_400_000
MOST_MS = 10**12
FEW = 2
"""Screens of a box in a shop; a gateway has more."""
MOST_SHOWN = 50


class Heard(NamedTuple):
    """A screen, and in a few words how it is. `rank`: lower ones first."""

    spot: Spot
    said: str
    rank: int


def heard(terminal: Terminal) -> Sequence[Heard]:
    """Of every screen that it drives."""
    return sorted((_heard(terminal, spot) for spot in terminal.spots), key=lambda each: each.rank)


def _heard(terminal: Terminal, spot: Spot) -> Heard:
    page = terminal.health.screens.get(spot.screen_id)
    if page is None:
        return Heard(spot, _("not heard of since its terminal was started"), 2)
    at_ms = terminal.contact_ms or terminal.now_ms
    beat_ms, held_ms, n = (_number(page.get(name)) for name in ("beat_ms", "held_ms", "unsent"))
    said = []
    if n:
        since = clocked(terminal, at_ms - held_ms)
        said.append(
            ngettext("{n} answer waits in it since {moment}", "{n} answers wait in it since {moment}", n).format(
                n=number(n), moment=since
            )
        )
    last = clocked(terminal, at_ms - beat_ms)
    is_away = beat_ms >= DAY_MS
    away = _("not heard of since {moment}: what it took since then waits in it")
    said.append((away if is_away else _("heard of at {moment}")).format(moment=last))
    if page.get("persisted") is not True:
        said.append(_("its browser did not promise to keep what waits"))
    rank = 0 if n and held_ms >= DAY_MS else 1 if is_away else 3 if n else 4
    return Heard(spot, listed(said), rank)


def _number(told: object) -> int:
    """Whatever stands there: what is no such number is none."""
    return min(max(told, 0), MOST_MS) if type(told) is int else 0


def is_a_day_late(terminal: Terminal) -> bool:
    """Whether something has been waiting in one of its pages for a day."""
    return terminal.health.in_pages[1] >= DAY_MS


def advice() -> str:
    """What to do then."""
    return _(
        "It has been waiting for more than a day: bring that screen to its network. Its staff can also save what waits "
        "as a file, and take it in on the staff page of its gateway."
    )
