"""The sentence over all terminals: what is owed, who is dead or silent, who has delivered everything."""

from sync.office.fleet import Summary
from sync.office.ledger import Terminal
from sync.office.tongue import _, ngettext
from sync.office.writing import moment, number


def ledger(told: Summary) -> str:
    """The sentence at the top: what is owed, who is dead or silent, who has delivered everything."""
    if not told.standing:
        return _("No terminal stands here yet.")
    said = [_dead(told), _silent(told), _owing(told), _in_pages(told), _lost(told), _well(told)]
    return " ".join(each for each in said if each)


def clocked(terminal: Terminal, ms: int | None) -> str:
    """A moment on the clock of the place where it stands."""
    return moment(ms or 0, terminal.zone, terminal.now_ms)


def answers(n: int) -> str:
    """ "812 answers"."""
    return ngettext("{n} answer", "{n} answers", n).format(n=number(n))


def _owing(told: Summary) -> str:
    n, owed, oldest = told.owing.n, answers(told.owed), told.owing.first
    if not n:
        return ""
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


def _in_pages(told: Summary) -> str:
    n, boxes, oldest = told.held, told.holding.n, told.holding.first
    if not boxes or oldest is None:
        return ""
    where = ngettext("in the pages of {n} terminal", "in the pages of {n} terminals", boxes).format(n=number(boxes))
    said = ngettext("{n} answer waits {where}, since {moment}.", "{n} answers wait {where}, since {moment}.", n)
    return said.format(n=number(n), where=where, moment=clocked(oldest, oldest.in_pages_ms))


def _dead(told: Summary) -> str:
    n, heard = told.dead.n, told.dead.first
    if not n:
        return ""
    if heard is None:
        said = ngettext("{n} terminal is dead: not heard of yet.", "{n} terminals are dead: not heard of yet.", n)
        return said.format(n=number(n))
    said = ngettext("{n} terminal is dead, since {moment}.", "{n} terminals are dead, the longest since {moment}.", n)
    return said.format(n=number(n), moment=clocked(heard, heard.contact_ms))


def _silent(told: Summary) -> str:
    n = told.silent.n
    return ngettext("{n} terminal is silent.", "{n} terminals are silent.", n).format(n=number(n)) if n else ""


def _lost(told: Summary) -> str:
    n = told.lost
    return ngettext("{n} answer is lost.", "{n} answers are lost.", n).format(n=number(n)) if n else ""


def _well(told: Summary) -> str:
    """Through when those have delivered that owe nothing: said once where they agree."""
    n, first, near = told.well.n, told.well.first, told.near.first
    if not n or first is None or near is None:
        return ""
    said = _delivered(n, n == told.standing, told.near.n == n)
    return said.format(
        n=number(n),
        near=number(told.near.n),
        moment=clocked(near, near.complete_ms),
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
