"""What there is to say about terminals, in full sentences of the viewer's language."""

from collections.abc import Sequence

from markupsafe import Markup

from sync import wire
from sync.office.devices import MANY, Details
from sync.office.ledger import Counts, Terminal
from sync.office.ledger_words import answers as answers
from sync.office.ledger_words import clocked as clocked
from sync.office.ledger_words import ledger as ledger
from sync.office.needs_words import advice as advice
from sync.office.needs_words import apart as apart
from sync.office.needs_words import brief
from sync.office.needs_words import kind as kind
from sync.office.needs_words import sign as sign
from sync.office.tongue import _, filled, ngettext
from sync.office.writing import listed, number

MOST_NAMED = 3


def name(terminal: Terminal) -> str:
    """The places where it stands; of many the first, and how many more."""
    named = list(dict.fromkeys(spot.place.name for spot in terminal.spots))
    n = len(named) - MOST_NAMED
    if n > 0:
        more = ngettext("{n} more place", "{n} more places", n).format(n=number(n))
        return listed([*named[:MOST_NAMED], more])
    return listed(named) or _("Stands nowhere now")


def screens(terminal: Terminal) -> str:
    """Its screens by name; how many, where they are many."""
    named = [spot.screen for spot in terminal.spots]
    n = len(named)
    return listed(named) if n <= MOST_NAMED else ngettext("{n} screen", "{n} screens", n).format(n=number(n))


def spot(screen: str, touchpoint: str, place: str = "") -> Markup:
    """Where a screen stands. Often it is called after its touchpoint or its place: then that is not said twice."""
    said = screen.casefold()
    at, there = touchpoint.casefold() not in said, place and place.casefold() not in said
    if at and there:
        return filled(_("{screen} at {touchpoint}, {place}"), screen=screen, touchpoint=touchpoint, place=place)
    if at:
        return filled(_("{screen} at {touchpoint}"), screen=screen, touchpoint=touchpoint)
    return filled(_("{list}, {more}"), list=screen, more=place) if there else filled("{screen}", screen=screen)


def clocks(terminals: Sequence[Terminal]) -> str:
    """Whose clock the times of a list are on."""
    zones = {terminal.zone for terminal in terminals}
    if len(zones) > 1:
        return _("Times are on the clock of the place where each terminal stands.")
    return _("Times are on the clock of {zone}.").format(zone=zones.pop()) if zones else ""


def notes(terminal: Terminal) -> list[str]:
    """How well its clock is known, and another version than ours."""
    said = []
    if terminal.contact_ms is not None and terminal.rtt_ms is None:
        said.append(_("clock not compared yet"))
    elif terminal.contact_ms is not None and terminal.rtt_ms is not None:
        said.append(_("clock within {n} s").format(n=_within(terminal.rtt_ms)))
    if _version(terminal.app) != wire.VERSION:
        said.append(_("version {version}").format(version=_version(terminal.app)))
    return said


def state(terminal: Terminal) -> list[str]:
    """What its row says: a few words for each thing that needs somebody, else how far it has delivered."""
    said = [brief(terminal, kind) for kind in terminal.needs]
    if terminal.is_retired:
        said.append(_("Drives no screen any more"))
    if terminal.revoked_ms is not None:
        said.append(_("Shut out since {moment}").format(moment=clocked(terminal, terminal.revoked_ms)))
    if not terminal.needs and terminal.counts.unsent:
        said.append(_("Sending since {moment}").format(moment=clocked(terminal, terminal.unsent_ms)))
    if terminal.in_pages and "pages" not in terminal.needs:
        said.append(_("{n} in its pages").format(n=number(terminal.in_pages)))
    if said:
        return said
    if terminal.complete_ms is None:
        return [_("Not heard of yet")]
    return [_("Complete to {moment}").format(moment=clocked(terminal, terminal.complete_ms))]


def version(app: str) -> str:
    """Its program's version, and whether it is not ours."""
    own = _version(app)
    return (
        own if own == wire.VERSION else _("{version}; head office runs {ours}").format(version=own, ours=wire.VERSION)
    )


def _version(app: str) -> str:
    return app.partition("/")[2] or app


def clock(terminal: Terminal) -> str:
    """How well the time of what it sends now is known."""
    if terminal.rtt_ms is None:
        return _("Since it was started, its clock was not compared with ours yet.")
    return _("Its clock and ours agree within {n} s.").format(n=_within(terminal.rtt_ms))


def _within(rtt_ms: int) -> str:
    return number(max(rtt_ms / 2000, 0.1), 1)


def doubts(details: Details) -> str:
    """Of the answers whose hour was not taken from our own clock."""
    if not details.doubts:
        return _("The time of each of its answers is known to the second.")
    said = {
        "anchored": _("{n} known to a few seconds"),
        "synced": _("{n} by its own clock, which the network kept right"),
        "bounded": _("{n} known between two moments only"),
        "unknown": _("{n} not known: counted on the day they arrived, in no hour"),
    }
    parts = [said.get(quality, "{n} " + quality).format(n=number(n)) for quality, n in sorted(details.doubts.items())]
    whole = parts[0]
    for more in parts[1:]:
        whole = _("{list}; {more}").format(list=whole, more=more)
    told = _("Of the times that are not known to the second: {list}.").format(list=whole)
    many = sum(details.doubts.values()) >= MANY
    return told + (" " + _("At least so many were found; counting ends there.") if many else "")


def in_pages(health: wire.Health) -> str:
    """What its screens' pages hold that the terminal has not got yet; empty when that is nothing."""
    n = health.in_pages[0]
    if not n:
        return ""
    said = ngettext(
        "{n} answer that its terminal did not take yet", "{n} answers that its terminal did not take yet", n
    )
    return said.format(n=number(n))


def heard(terminal: Terminal) -> str:
    return _("never") if terminal.contact_ms is None else clocked(terminal, terminal.contact_ms)


def moment_of(terminal: Terminal, ms: int) -> str:
    return clocked(terminal, ms)


def room(free_bytes: int) -> str:
    if free_bytes >= 10**9:
        return _("{n} GB").format(n=number(free_bytes / 10**9, 1))
    return _("{n} MB").format(n=number(free_bytes // 10**6))


def sentence(terminal: Terminal) -> str:
    """The one at the top of its own page."""
    counts, held = terminal.counts, terminal.in_pages
    if terminal.contact_ms is None:
        return _("It is enrolled, and was not heard of yet.")
    if counts.owed:
        return _("It owes {answers}: {list}.").format(answers=answers(counts.owed), list=_owed(counts))
    if held:
        said = ngettext(
            "It has delivered what it was given; {n} answer is still in its pages.",
            "It has delivered what it was given; {n} answers are still in its pages.",
            held,
        )
        return said.format(n=number(held))
    if not terminal.complete_ms:
        return _("It has delivered everything, as far as it told.")
    through = clocked(terminal, terminal.complete_ms)
    return _("It has delivered everything through {moment}, as far as it told.").format(moment=through)


def _owed(counts: Counts) -> str:
    parts = (
        (_("{n} unsent"), counts.unsent),
        (_("{n} parked"), counts.parked),
        (_("{n} missing here"), counts.gap),
    )
    return listed([said.format(n=number(n)) for said, n in parts if n])
