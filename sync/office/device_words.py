"""What there is to say about terminals, in the viewer's language (English for now, as in sync.office.words)."""

from collections.abc import Sequence

from sync import wire
from sync.office.delivery import MINUTE_MS, NEAR_MINUTES
from sync.office.devices import MANY, Details
from sync.office.ledger import Counts, Kind, Ledger, Sign, Terminal
from sync.office.words import counted, moment, number

MOST_NAMED = 3
_STORAGE = {
    "full": "Its disk is full",
    "read_only": "Its disk can only be read",
    "failing": "Its disk is failing",
    "pinned": "Something on it keeps its journal from being tidied up",
}
_SIGNS = {
    "fingerprint": "It was started on other hardware than it was enrolled on",
    "slot": "Two different answers came under the same number",
    "boot": "A start of it that was over came back, so that two boxes seem to take turns",
    "rolled_back": "It gives out numbers again that it gave out before, as from an older copy of its card",
}
_ADVICE: dict[Kind, str] = {
    "lost": "{n} {was} delivered once, {is} not here any more, and the terminal has no copy left. A backup of head "
    "office from that time may hold what is lost.",
    "gap": "{n} {is} not here, and not waiting there either. It compares every night and sends again what it still "
    "has; what it no longer has then counts as lost.",
    "parked": "{n} {is} kept at the terminal, as head office could not take them. Its staff page says why, and tries "
    "them again.",
    "pages": "{n} {is} kept by the page of a screen, whose terminal did not take {them} yet. Let "
    "the screen run, and look at its staff page.",
    "clone": " See below.",
    "storage": ". It goes on as long as it can; look after its card soon.",
    "damaged": ". They stay in its data folder; keep its card.",
    "silent": ". Look whether it has power and a network; what it holds is not known until it is heard.",
    "behind": ". Its staff page says what keeps it from sending.",
    "apart": ". See below.",
}
_APART = {
    "conflict": "came twice under one id, with different contents",
    "unknown_device": "from before this terminal was known here",
    "unknown_kind": "of a kind that this version does not know",
    "unknown_schema": "written by a newer version than this one",
    "unknown_screen": "from a screen that this terminal never drove",
    "unknown_survey": "to a survey that is not known here",
}
_MENDED = {
    "unknown_screen": "it is enrolled for that screen as well (smilepost server enrol-code PLACE --screen NAME)",
}


def ledger(view: Ledger) -> str:
    """The sentence at the top: what is owed, who is silent, who has delivered everything."""
    standing = [each for each in view.terminals if not each.is_retired]
    if not standing:
        return "No terminal stands here yet."
    said = [
        _owing(view.terminals),
        _in_pages(view.terminals),
        _silent(standing),
        _lost(view.terminals),
        _well(standing),
    ]
    return " ".join(each for each in said if each)


def _owing(terminals: Sequence[Terminal]) -> str:
    owing = [each for each in terminals if each.counts.owed]
    if not owing:
        return ""
    owed = sum(each.counts.owed for each in owing)
    oldest = min((each for each in owing if each.unsent_ms), key=lambda each: each.unsent_ms or 0, default=None)
    since = f", the oldest since {_moment(oldest, oldest.unsent_ms)}" if oldest else ""
    return f"{counted(len(owing), 'terminal')} {_s(len(owing), 'owes', 'owe')} {counted(owed, 'answer')}{since}."


def _in_pages(terminals: Sequence[Terminal]) -> str:
    holding = [each for each in terminals if each.in_pages]
    if not holding:
        return ""
    oldest = min(holding, key=lambda each: each.in_pages_ms)
    n, where = sum(each.in_pages for each in holding), f"in the pages of {counted(len(holding), 'terminal')}"
    since = _moment(oldest, oldest.in_pages_ms)
    return f"{counted(n, 'answer')} {_s(n, 'waits', 'wait')} {where}, since {since}."


def _silent(terminals: Sequence[Terminal]) -> str:
    silent = [each for each in terminals if each.is_silent]
    if not silent:
        return ""
    heard = min((each for each in silent if each.contact_ms), key=lambda each: each.contact_ms or 0, default=None)
    who = f"{counted(len(silent), 'terminal')} {_s(len(silent), 'is', 'are')} silent"
    if heard is None:
        return f"{who}: not heard of yet."
    return f"{who}, {'the longest ' if len(silent) > 1 else ''}since {_moment(heard, heard.contact_ms)}."


def _lost(terminals: Sequence[Terminal]) -> str:
    lost = sum(each.health.lost for each in terminals)
    return f"{counted(lost, 'answer')} {_s(lost, 'is', 'are')} lost." if lost else ""


def _well(terminals: Sequence[Terminal]) -> str:
    """Through when those have delivered that owe nothing: said once where they agree."""
    well = sorted((each for each in terminals if each.is_well and each.complete_ms), key=lambda e: e.complete_ms or 0)
    if not well:
        return ""
    first, last = well[0], well[-1]
    near = [each for each in well if (last.complete_ms or 0) - (each.complete_ms or 0) <= NEAR_MINUTES * MINUTE_MS]
    everyone = len(well) == len(terminals)
    who = f"All {number(len(well))} terminals have" if everyone else f"{counted(len(well), 'terminal')} have"
    if len(well) == 1:
        who = "The terminal has" if everyone else "1 terminal has"
    if len(near) == len(well):
        return f"{who} delivered everything through {_moment(first, first.complete_ms)}."
    return (
        f"{who} delivered everything: {number(len(near))} through {_moment(near[0], near[0].complete_ms)}, the others "
        f"through when they were last heard, {_moment(first, first.complete_ms)} at the earliest."
    )


def name(terminal: Terminal) -> str:
    """The places where it stands."""
    named = list(dict.fromkeys(spot.place.name for spot in terminal.spots))
    return ", ".join(named) or "Stands nowhere now"


def screens(terminal: Terminal) -> str:
    """Its screens by name; how many, where they are many."""
    named = [spot.screen for spot in terminal.spots]
    return ", ".join(named) if len(named) <= MOST_NAMED else counted(len(named), "screen")


def notes(terminal: Terminal) -> list[str]:
    """How well its clock is known, and another version than ours."""
    said = []
    if terminal.contact_ms is not None:
        said.append("clock not compared yet" if terminal.rtt_ms is None else f"clock within {_within(terminal.rtt_ms)}")
    if _version(terminal.app) != wire.VERSION:
        said.append(f"version {_version(terminal.app)}")
    return said


def state(terminal: Terminal) -> list[str]:
    """What its row says: a few words for each thing that needs somebody, else how far it has delivered."""
    said = [_brief(terminal, kind) for kind in terminal.needs]
    if terminal.is_retired:
        said.append("Drives no screen any more")
    if terminal.revoked_ms is not None:
        said.append(f"Shut out since {_moment(terminal, terminal.revoked_ms)}")
    if not terminal.needs and terminal.counts.unsent:
        said.append(f"Sending since {_moment(terminal, terminal.unsent_ms)}")
    if terminal.in_pages and "pages" not in terminal.needs:
        said.append(f"{number(terminal.in_pages)} in its pages")
    if said:
        return said
    if terminal.complete_ms is None:
        return ["Not heard of yet"]
    return [f"Complete to {_moment(terminal, terminal.complete_ms)}"]


def _brief(terminal: Terminal, kind: Kind) -> str:
    counts, health = terminal.counts, terminal.health
    match kind:
        case "lost":
            return f"{number(health.lost)} lost"
        case "clone":
            return "One box or two?"
        case "storage":
            return _STORAGE.get(health.storage or "", "Its disk is in trouble")
        case "damaged":
            return _damaged(health)
        case "gap":
            return f"{number(counts.gap)} missing here"
        case "parked":
            return f"{number(counts.parked)} parked"
        case "pages":
            return f"{number(terminal.in_pages)} in its pages since {_moment(terminal, terminal.in_pages_ms)}"
        case "silent":
            heard_ms = terminal.contact_ms
            return "Not heard of yet" if heard_ms is None else f"Silent since {_moment(terminal, heard_ms)}"
        case "behind":
            return f"{number(counts.unsent)} unsent since {_moment(terminal, terminal.unsent_ms)}"
        case "apart":
            return "Some kept apart, not counted"


def _damaged(health: wire.Health) -> str:
    parts = [f"{counted(health.aside, 'damaged file')} moved aside"] if health.aside else []
    if health.damaged:
        parts.append(f"{counted(health.damaged, 'entry', 'entries')} unreadable")
    return ", ".join(parts)


def advice(terminal: Terminal, kind: Kind) -> str:
    """The same on its own page: what it means, and what to do."""
    counts = terminal.counts
    n = {"lost": terminal.health.lost, "gap": counts.gap, "parked": counts.parked, "pages": terminal.in_pages}.get(kind)
    if n is not None:
        verbs = {"is": _s(n, "is", "are"), "was": _s(n, "was", "were"), "them": _s(n, "it", "them")}
        return _ADVICE[kind].format(n=counted(n, "answer"), **verbs)
    if kind == "behind" and terminal.is_retired:
        return f"{_brief(terminal, kind)}. It stands nowhere any more: let it send them before it is wiped."
    return f"{_brief(terminal, kind)}{_ADVICE[kind]}"


def sign(terminal: Terminal, found: Sign) -> str:
    """What speaks for two boxes, how often and since when."""
    what = _SIGNS.get(found.sign, f"Something spoke for it ({found.sign})")
    if found.times == 1:
        return f"{what}: {_moment(terminal, found.first_ms)}."
    first, last = _moment(terminal, found.first_ms), _moment(terminal, found.last_ms)
    return f"{what}: {number(found.times)} times, first {first}, last {last}."


def apart(code: str) -> str:
    """Why entries are in quarantine, and what may bring them out."""
    once = _MENDED.get(code, "that is mended")
    again = "" if code == "conflict" else f"; once {once}, smilepost server replay-quarantine judges them again"
    return f"{_APART.get(code, f'for another reason ({code})')}{again}"


def version(app: str) -> str:
    """Its program's version, and whether it is not ours."""
    own = _version(app)
    return own if own == wire.VERSION else f"{own}; head office runs {wire.VERSION}"


def _version(app: str) -> str:
    return app.partition("/")[2] or app


def clock(terminal: Terminal) -> str:
    """How well the time of what it sends now is known."""
    if terminal.rtt_ms is None:
        return "Since it was started, its clock was not compared with ours yet"
    return f"Its clock and ours agree within {_within(terminal.rtt_ms)}"


def _within(rtt_ms: int) -> str:
    return f"{max(rtt_ms / 2000, 0.1):.1f} s"


def doubts(details: Details) -> str:
    """Of the answers whose hour was not taken from our own clock."""
    if not details.doubts:
        return "The time of each of its answers is known to the second."
    said = {
        "anchored": "{} known to a few seconds",
        "synced": "{} by its own clock, which the network kept right",
        "bounded": "{} known between two moments only",
        "unknown": "{} not known: counted on the day they arrived, in no hour",
    }
    parts = [said.get(quality, "{} " + quality).format(number(n)) for quality, n in sorted(details.doubts.items())]
    many = " At least so many were found; counting ends there." if sum(details.doubts.values()) >= MANY else ""
    return f"Of the times that are not known to the second: {'; '.join(parts)}.{many}"


def in_pages(health: wire.Health) -> str:
    """What its screens' pages hold that the terminal has not got yet; empty when that is nothing."""
    n = health.in_pages[0]
    return f"{counted(n, 'answer')} that its terminal did not take yet" if n else ""


def heard(terminal: Terminal) -> str:
    return "never" if terminal.contact_ms is None else _moment(terminal, terminal.contact_ms)


def moment_of(terminal: Terminal, ms: int) -> str:
    return _moment(terminal, ms)


def room(free_bytes: int) -> str:
    return f"{free_bytes / 10**9:.1f} GB" if free_bytes >= 10**9 else f"{free_bytes // 10**6} MB"


def sentence(terminal: Terminal) -> str:
    """The one at the top of its own page."""
    counts = terminal.counts
    if terminal.contact_ms is None:
        return "It is enrolled, and was not heard of yet."
    if not counts.owed:
        through = f" through {_moment(terminal, terminal.complete_ms)}" if terminal.complete_ms else ""
        if terminal.in_pages:
            held = terminal.in_pages
            are = f"{counted(held, 'answer')} {_s(held, 'is', 'are')}"
            return f"It has delivered what it was given; {are} still in its pages."
        return f"It has delivered everything{through}, as far as it told."
    return f"It owes {counted(counts.owed, 'answer')}: {_owed(counts)}."


def _owed(counts: Counts) -> str:
    parts = (("unsent", counts.unsent), ("parked", counts.parked), ("missing here", counts.gap))
    return ", ".join(f"{number(n)} {what}" for what, n in parts if n)


def _moment(terminal: Terminal, ms: int | None) -> str:
    return moment(ms or 0, terminal.zone, terminal.now_ms)


def _s(n: int, one: str, many: str) -> str:
    return one if n == 1 else many
