"""What is wrong with a terminal, in a few words and in full, and what to do about it."""

from sync import wire
from sync.i18n import mark
from sync.office import screens_heard
from sync.office.ledger import Kind, Sign, Terminal
from sync.office.ledger_words import clocked
from sync.office.tongue import _, ngettext
from sync.office.writing import listed, number

_STORAGE = {
    "full": mark("Its disk is full"),
    "read_only": mark("Its disk can only be read"),
    "failing": mark("Its disk is failing"),
    "pinned": mark("Something on it keeps its journal from being tidied up"),
}
_SIGNS = {
    "fingerprint": mark("It was started on other hardware than it was enrolled on"),
    "slot": mark("Two different answers came under the same number"),
    "boot": mark("A start of it that was over came back, so that two boxes seem to take turns"),
    "rolled_back": mark("It gives out numbers again that it gave out before, as from an older copy of its card"),
}
_ADVICE: dict[Kind, str] = {
    "clone": mark("See below."),
    "storage": mark("It goes on as long as it can; look after its card soon."),
    "damaged": mark("They stay in its data folder; keep its card."),
    "dead": mark("Look whether it has power and a network; what it holds is not known until it is heard."),
    "clock": mark("They are counted on a day, perhaps in no hour. Below stands how far its clock is off."),
    "behind": mark("Its staff page says what keeps it from sending."),
    "apart": mark("See below."),
}
_APART = {
    "conflict": mark("came twice under one id, with different contents"),
    "unknown_device": mark("from before this terminal was known here"),
    "unknown_kind": mark("of a kind that this version does not know"),
    "unknown_schema": mark("written by a newer version than this one"),
    "unknown_screen": mark("from a screen that this terminal never drove"),
    "unknown_survey": mark("to a survey that is not known here"),
}

_KINDS: dict[Kind, str] = {
    "dead": mark("Dead"),
    "silent": mark("Silent"),
    "behind": mark("Behind"),
    "clock": mark("Clock"),
    "clone": mark("One box or two"),
    "storage": mark("Disk"),
    "damaged": mark("Damaged"),
    "lost": mark("Lost"),
    "gap": mark("Missing here"),
    "parked": mark("Parked"),
    "pages": mark("In its pages"),
    "apart": mark("Kept apart"),
}


def kind(of: Kind) -> str:
    """The name of a need."""
    return _(_KINDS[of])


def brief(terminal: Terminal, kind: Kind) -> str:
    """A few words for its row."""
    counts, health = terminal.counts, terminal.health
    match kind:
        case "silent":
            return _silent(terminal)
        case "clock":
            return _("Times of answers uncertain")
        case "lost":
            return _("{n} lost").format(n=number(health.lost))
        case "clone":
            return _("One box or two?")
        case "storage":
            return _(_STORAGE.get(health.storage or "", mark("Its disk is in trouble")))
        case "damaged":
            return _damaged(health)
        case "gap":
            return _("{n} missing here").format(n=number(counts.gap))
        case "parked":
            return _("{n} parked").format(n=number(counts.parked))
        case "pages":
            since = clocked(terminal, terminal.in_pages_ms)
            return _("{n} in its pages since {moment}").format(n=number(terminal.in_pages), moment=since)
        case "dead":
            if terminal.contact_ms is None:
                return _("Not heard of yet")
            return _("Dead since {moment}").format(moment=clocked(terminal, terminal.contact_ms))
        case "behind":
            since = clocked(terminal, terminal.unsent_ms)
            return _("{n} unsent since {moment}").format(n=number(counts.unsent), moment=since)
        case "apart":
            return _("Some kept apart, not counted")


def _silent(terminal: Terminal) -> str:
    if terminal.silence is None:
        return ""
    usual = round(terminal.silence.usual)
    said = ngettext(
        "No answers since {moment}, where about {n} is usual",
        "No answers since {moment}, where about {n} are usual",
        usual,
    )
    return said.format(moment=clocked(terminal, terminal.silence.since_ms), n=number(usual))


def _damaged(health: wire.Health) -> str:
    aside, damaged = health.aside, health.damaged
    parts = []
    if aside:
        files = ngettext("{n} damaged file moved aside", "{n} damaged files moved aside", aside)
        parts.append(files.format(n=number(aside)))
    if damaged:
        entries = ngettext("{n} entry unreadable", "{n} entries unreadable", damaged)
        parts.append(entries.format(n=number(damaged)))
    return listed(parts)


def advice(terminal: Terminal, kind: Kind) -> str:
    """The same on its own page: what it means, and what to do."""
    counts = terminal.counts
    n = {"lost": terminal.health.lost, "gap": counts.gap, "parked": counts.parked, "pages": terminal.in_pages}.get(kind)
    if n is not None:
        late = f" {screens_heard.advice()}" if kind == "pages" and screens_heard.is_a_day_late(terminal) else ""
        return _missing(kind, n).format(n=number(n)) + late
    if kind == "silent":
        return f"{brief(terminal, kind)}. {_why_silent(terminal)}"
    said = brief(terminal, kind)
    ended = said if said.endswith(("?", "؟")) else f"{said}."
    if kind == "behind" and terminal.is_retired:
        return f"{ended} " + _("It stands nowhere any more: let it send them before it is wiped.")
    return f"{ended} {_(_ADVICE[kind])}"


def _why_silent(terminal: Terminal) -> str:
    if terminal.silence is not None and terminal.silence.alone:
        return _("Others at the same place are used. Look whether its screen is on, clean, and where people pass.")
    return _(
        "Nobody else answered at that place since: perhaps it is closed today. If not, look whether the screen is on, "
        "clean, and where people pass."
    )


def _missing(kind: Kind, n: int) -> str:
    """Of `n` answers that are not here."""
    match kind:
        case "lost":
            return ngettext(
                "{n} answer was delivered once, is not here any more, and the terminal has no copy left. A backup of "
                "head office from that time may hold what is lost.",
                "{n} answers were delivered once, are not here any more, and the terminal has no copy left. A backup "
                "of head office from that time may hold what is lost.",
                n,
            )
        case "gap":
            return ngettext(
                "{n} answer is not here, and not waiting there either. It compares every night and sends again what "
                "it still has; what it no longer has then counts as lost.",
                "{n} answers are not here, and not waiting there either. It compares every night and sends again what "
                "it still has; what it no longer has then counts as lost.",
                n,
            )
        case "parked":
            return ngettext(
                "{n} answer is kept at the terminal, as head office could not take them. Its staff page says why, and "
                "tries them again.",
                "{n} answers are kept at the terminal, as head office could not take them. Its staff page says why, "
                "and tries them again.",
                n,
            )
    return ngettext(
        "{n} answer is kept by the page of a screen, whose terminal did not take it yet. Let the screen run, and look "
        "at its staff page.",
        "{n} answers are kept by the page of a screen, whose terminal did not take them yet. Let the screen run, and "
        "look at its staff page.",
        n,
    )


def sign(terminal: Terminal, found: Sign) -> str:
    """What speaks for two boxes, how often and since when."""
    known = _SIGNS.get(found.sign)
    what = _(known) if known else _("Something spoke for it ({sign})").format(sign=found.sign)
    first, last = clocked(terminal, found.first_ms), clocked(terminal, found.last_ms)
    if found.times == 1:
        return _("{what}: {moment}.").format(what=what, moment=first)
    said = ngettext(
        "{what}: {n} time, first {first}, last {last}.", "{what}: {n} times, first {first}, last {last}.", found.times
    )
    return said.format(what=what, n=number(found.times), first=first, last=last)


def apart(code: str, n: int) -> str:
    """Why `n` answers are in quarantine, and what may bring them out."""
    known = _APART.get(code)
    why = _(known) if known else _("for another reason ({code})").format(code=code)
    return _kept_apart(code, n).format(
        n=number(n),
        why=why,
        replay="smilepost server replay-quarantine",
        enrol="smilepost server enrol-code PLACE --screen NAME",
    )


def _kept_apart(code: str, n: int) -> str:
    if code == "conflict":
        return ngettext("{n} answer kept apart, not counted: {why}.", "{n} answers kept apart, not counted: {why}.", n)
    if code == "unknown_screen":
        return ngettext(
            "{n} answer kept apart, not counted: {why}; once it is enrolled for that screen as well ({enrol}), "
            "{replay} judges them again.",
            "{n} answers kept apart, not counted: {why}; once it is enrolled for that screen as well ({enrol}), "
            "{replay} judges them again.",
            n,
        )
    return ngettext(
        "{n} answer kept apart, not counted: {why}; once that is mended, {replay} judges them again.",
        "{n} answers kept apart, not counted: {why}; once that is mended, {replay} judges them again.",
        n,
    )
