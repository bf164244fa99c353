"""How a terminal is, in sentences for whoever stands beside it. Pure: from what `control.status` returns.

The command line says them in English, the staff's page in the language of the staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kiosk.speech import Speech
from kiosk.storage import SENTENCES
from sync.i18n import mark as _

Status = Mapping[str, Any]

LITTLE_ROOM = 200 * 10**6
"""Bytes. A month offline at a busy place needs less; below this somebody should look."""
DAY_MS = 86_400_000
ENROL = "`smilepost kiosk enrol CODE`"


def sentences(status: Status, now: datetime) -> list[str]:
    """A line or more each for: whether it runs, where it stands, what waits, head office, its disk, its clock. `now`
    is the local time here, with its zone."""
    say = Speech()
    waits = [*waiting(status, now, say), *(f"  {why}" for why in parked(status, say)), *held(status, now, say)]
    place, line, clock = standing(status, say, ENROL), office(status, now, say), synced(status, say)
    return [_running(status), place, *waits, *line, *disk(status, say), clock]


def _running(status: Status) -> str:
    if status["running"]:
        return f"The terminal is running; its screen is at {status['address']}."
    return "The terminal is not running: `smilepost kiosk run` starts it."


def standing(status: Status, say: Speech, how: str) -> str:
    """Where it stands. `how`: what brings it to its place."""
    if not status["enrolled"]:
        return say._("It is not enrolled yet: {how} brings it to its place.").format(how=how)
    places = list(dict.fromkeys(status["places"].values()))
    if status.get("moved"):
        return say._(
            "Its card was put into another box, or copied: {how} brings this box to its own place. Until then it goes "
            "on as the old one."
        ).format(how=how)
    if not places:
        return say._("It is enrolled; head office has not told it yet where it stands.")
    n, named = len(status["places"]), ", ".join(places)
    if n == 1:
        return say._("It stands at {places}.").format(places=named)
    many = say.ngettext("It stands at {places} with {n} screen.", "It stands at {places} with {n} screens.", n)
    return many.format(places=named, n=say.number(n))


def waiting(status: Status, now: datetime, say: Speech) -> list[str]:
    """What is to be sent, and how much is kept that head office did not take."""
    pending, count = status["pending"], status["parked"]
    said = [say._("Nothing waits to be sent.")]
    if pending:
        since = say.time(now.timestamp() - (status["oldest_pending_ms"] or 0) / 1000, now)
        waits = say.ngettext(
            "{n} answer waits to be sent, since {time}.", "{n} answers wait to be sent, since {time}.", pending
        )
        said = [waits.format(n=say.number(pending), time=since)]
    if count:
        kept = say.ngettext(
            "{n} answer is kept here that head office could not take.",
            "{n} answers are kept here that head office could not take.",
            count,
        )
        said.append(kept.format(n=say.number(count)))
    return said


def parked(status: Status, say: Speech) -> list[str]:
    """Why head office did not take what it did not take."""
    codes = sorted(status.get("parked_codes", {}).items(), key=lambda item: (-item[1], item[0]))
    return [
        say.ngettext("{n} answer: {why}.", "{n} answers: {why}.", count).format(
            n=say.number(count), why=reason(code, say)
        )
        for code, count in codes
    ]


def held(status: Status, now: datetime, say: Speech) -> list[str]:
    """What is in the pages of its screens, and what is lost."""
    said, in_pages, lost = [], status.get("in_pages", (0, 0)), status.get("lost", 0)
    if in_pages is None:
        said.append("What the pages of its screens still keep is known only while it runs.")
    elif in_pages[0]:
        kept, held_ms = in_pages
        waits = say.ngettext(
            "{n} answer waits in the page of a screen, since {time}: not taken by this terminal yet.",
            "{n} answers wait in the page of a screen, since {time}: not taken by this terminal yet.",
            kept,
        )
        since = say.time(now.timestamp() - held_ms / 1000, now)
        said.append(waits.format(n=say.number(kept), time=since))
        if held_ms >= DAY_MS:
            said.append(
                say._(
                    "It has been waiting for more than a day: bring that screen to its network, or save what waits in "
                    "it as a file."
                )
            )
    if away := status.get("away"):
        gone = say.ngettext(
            "{n} screen was not heard of for more than a day: what it took since then waits in it.",
            "{n} screens were not heard of for more than a day: what they took since then waits in them.",
            away,
        )
        said.append(gone.format(n=say.number(away)))
    if lost:
        gone = say.ngettext(
            "{n} answer is lost: no longer here, and not at head office.",
            "{n} answers are lost: no longer here, and not at head office.",
            lost,
        )
        said.append(gone.format(n=say.number(lost)))
    return said


def office(status: Status, now: datetime, say: Speech) -> list[str]:
    """Whether head office answers, and since when."""
    said = [_line(status, now, say)]
    if status.get("manifest_error"):
        said.append(
            say._(
                "What head office says of its screens cannot be used ({why}); it goes on with what it was told before."
            ).format(why=status["manifest_error"])
        )
    if status.get("audit"):
        why = _WHY[status["audit"]]
        said.append(say._("Head office is being asked which answers it misses, {why}.").format(why=say._(why)))
    return said


_WHY = {
    "night": _("as every night"),
    "epoch": _("because it was put back to an earlier state"),
    "shortfall": _("because it counts fewer than were sent"),
    "asked": _("because it wants that"),
}


def _line(status: Status, now: datetime, say: Speech) -> str:
    centre = status["centre"]
    if not centre:
        return say._("No head office is named yet: the key {key} in [kiosk] is its address.").format(key='"centre"')
    if not status["running"]:
        return f"Head office is {centre}; whether it answers is known when the terminal runs."
    answered_ms, problem = status["last_success_ms"], status["last_error"]
    if problem and not (status.get("manifest_error") and str(status["manifest_error"]) in problem):
        problem = say._(problem)
        return f"{problem[0].upper()}{problem[1:]} ({centre}). {_last(answered_ms, now, say)}"
    if answered_ms is None:
        never = say._("Head office is {centre}; it was not asked yet since the terminal was started.")
        return never.format(centre=centre)
    answers = say._("Head office at {centre} answers, last at {time}.")
    return answers.format(centre=centre, time=say.time(answered_ms / 1000, now))


def _last(answered_ms: int | None, now: datetime, say: Speech) -> str:
    if answered_ms is None:
        return say._("It has not answered since the terminal was started.")
    return say._("It answered last at {time}.").format(time=say.time(answered_ms / 1000, now))


def disk(status: Status, say: Speech) -> list[str]:
    """How much room there is, and what is wrong with it."""
    trouble = SENTENCES.get(status["storage"])
    said = [say._(trouble)] if trouble else []
    if status["free_bytes"] is not None:
        free = int(status["free_bytes"])
        room = _("Only {amount} of its disk are free.") if free < LITTLE_ROOM else _("{amount} of its disk are free.")
        said.append(say._(room).format(amount=say.amount(free)))
    if status["aside"]:
        moved = say.ngettext(
            "A damaged file was moved aside (outbox-aside-… in the data folder); what could be read of it is back.",
            "{n} damaged files were moved aside (outbox-aside-… in the data folder); what could be read of it is back.",
            status["aside"],
        )
        said.append(moved.format(n=say.number(status["aside"])))
    if status["damaged"]:
        unread = say.ngettext(
            "{n} answer cannot be read any more.", "{n} answers cannot be read any more.", status["damaged"]
        )
        said.append(unread.format(n=say.number(status["damaged"])))
    return said


def synced(status: Status, say: Speech) -> str:
    """Whether somebody keeps its clock right."""
    if status["clock_synced"]:
        return say._("Its clock is kept right by the network.")
    return say._("Its clock is not kept right by the network; head office corrects the times when answers arrive.")


_REASONS = {
    "damaged": _("not readable on this terminal any more; keep its card"),
    "server_error": _("head office stumbled over it; tried again by itself when its version changes"),
    "bad_request": _("not readable at head office"),
    "too_large": _("larger than head office takes"),
    "bad_sha": _("changed on the way or on this card, so that it cannot be believed"),
    "bad_shape": _("a shape that head office does not know"),
    "bad_entry": _("a shape that head office does not know"),
    "no_first_answer": _("no answer to the first question"),
    "unknown_question": _("a question that is not in the survey"),
    "off_scale": _("an answer outside of its question’s scale"),
    "bad_reasons": _("a reason that is not in the survey"),
    "bad_text": _("something else than text in a comment"),
    "too_long": _("a comment longer than head office takes"),
}


def reason(code: str, say: Speech) -> str:
    """Why entries were parked, to follow "3 answers: "; never what a customer wrote."""
    if code in _REASONS:
        known = _REASONS[code]
        return say._(known)
    return say._("another reason ({code})").format(code=code or say._("none was given"))
