"""The sentence over all terminals: what is owed, who is dead, who has delivered everything."""

from collections.abc import Sequence

from sync.office.delivery import MINUTE_MS, NEAR_MINUTES
from sync.office.ledger import Ledger, Terminal
from sync.office.tongue import _, ngettext
from sync.office.writing import moment, number


def ledger(view: Ledger) -> str:
    """The sentence at the top: what is owed, who is dead, who has delivered everything."""
    standing = [each for each in view.terminals if not each.is_retired]
    if not standing:
        return _("No terminal stands here yet.")
    said = [
        _owing(view.terminals),
        _in_pages(view.terminals),
        _dead(standing),
        _lost(view.terminals),
        _well(standing),
    ]
    return " ".join(each for each in said if each)


def clocked(terminal: Terminal, ms: int | None) -> str:
    """A moment on the clock of the place where it stands."""
    return moment(ms or 0, terminal.zone, terminal.now_ms)


def answers(n: int) -> str:
    """ "812 answers"."""
    return ngettext("{n} answer", "{n} answers", n).format(n=number(n))


def _owing(terminals: Sequence[Terminal]) -> str:
    owing = [each for each in terminals if each.counts.owed]
    if not owing:
        return ""
    n, owed = len(owing), answers(sum(each.counts.owed for each in owing))
    oldest = min((each for each in owing if each.unsent_ms), key=lambda each: each.unsent_ms or 0, default=None)
    if oldest is None:
        return ngettext("{n} terminal owes {answers}.", "{n} terminals owe {answers}.", n).format(
            n=number(n), answers=owed
        )
    said = ngettext(
        "{n} terminal owes {answers}, the oldest since {moment}.",
        "{n} terminals owe {answers}, the oldest since {moment}.",
        n,
    )
    return said.format(n=number(n), answers=owed, moment=clocked(oldest, oldest.unsent_ms))


def _in_pages(terminals: Sequence[Terminal]) -> str:
    holding = [each for each in terminals if each.in_pages]
    if not holding:
        return ""
    oldest = min(holding, key=lambda each: each.in_pages_ms)
    n, boxes = sum(each.in_pages for each in holding), len(holding)
    where = ngettext("in the pages of {n} terminal", "in the pages of {n} terminals", boxes).format(n=number(boxes))
    said = ngettext("{n} answer waits {where}, since {moment}.", "{n} answers wait {where}, since {moment}.", n)
    return said.format(n=number(n), where=where, moment=clocked(oldest, oldest.in_pages_ms))


def _dead(terminals: Sequence[Terminal]) -> str:
    dead = [each for each in terminals if each.is_dead]
    n = len(dead)
    if not dead:
        return ""
    heard = min((each for each in dead if each.contact_ms), key=lambda each: each.contact_ms or 0, default=None)
    if heard is None:
        said = ngettext("{n} terminal is dead: not heard of yet.", "{n} terminals are dead: not heard of yet.", n)
        return said.format(n=number(n))
    said = ngettext("{n} terminal is dead, since {moment}.", "{n} terminals are dead, the longest since {moment}.", n)
    return said.format(n=number(n), moment=clocked(heard, heard.contact_ms))


def _lost(terminals: Sequence[Terminal]) -> str:
    n = sum(each.health.lost for each in terminals)
    return ngettext("{n} answer is lost.", "{n} answers are lost.", n).format(n=number(n)) if n else ""


def _well(terminals: Sequence[Terminal]) -> str:
    """Through when those have delivered that owe nothing: said once where they agree."""
    well = sorted((each for each in terminals if each.is_well and each.complete_ms), key=lambda e: e.complete_ms or 0)
    if not well:
        return ""
    first, last = well[0], well[-1]
    near = [each for each in well if (last.complete_ms or 0) - (each.complete_ms or 0) <= NEAR_MINUTES * MINUTE_MS]
    said = _delivered(len(well), len(well) == len(terminals), len(near) == len(well))
    return said.format(
        n=number(len(well)),
        near=number(len(near)),
        moment=clocked(near[0], near[0].complete_ms),
        first=clocked(first, first.complete_ms),
    )


def _delivered(n: int, everyone: bool, alike: bool) -> str:
    """Of `n` terminals, with the moments left to fill."""
    if everyone and alike:
        return ngettext(
            "The terminal has delivered everything through {moment}.",
            "All {n} terminals have delivered everything through {moment}.",
            n,
        )
    if alike:
        return ngettext(
            "{n} terminal has delivered everything through {moment}.",
            "{n} terminals have delivered everything through {moment}.",
            n,
        )
    if everyone:
        return _(
            "All {n} terminals have delivered everything: {near} through {moment}, the others through when they were "
            "last heard, {first} at the earliest."
        )
    return _(
        "{n} terminals have delivered everything: {near} through {moment}, the others through when they were last "
        "heard, {first} at the earliest."
    )
