"""How a terminal is, in sentences for whoever stands beside it. Pure: from what `control.status` returns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kiosk.storage import SENTENCES

LITTLE_ROOM = 200 * 10**6
"""Bytes. A month offline at a busy place needs less; below this somebody should look."""


def sentences(status: Mapping[str, Any], now: datetime) -> list[str]:
    """A line or more each for: whether it runs, where it stands, what waits, head office, its disk, its clock. `now`
    is the local time here, with its zone."""
    where, waits = _standing(status), _waiting(status, now)
    return [_running(status), where, *waits, *_office(status, now), *_disk(status), _clock(status)]


def _running(status: Mapping[str, Any]) -> str:
    if status["running"]:
        return f"The terminal is running; its screen is at {status['address']}."
    return "The terminal is not running: `smilepost kiosk run` starts it."


def _standing(status: Mapping[str, Any]) -> str:
    if not status["enrolled"]:
        return "It is not enrolled yet: `smilepost kiosk enrol CODE` brings it to its place."
    places = list(dict.fromkeys(status["places"].values()))
    if status.get("moved"):
        return (
            "Its card was put into another box, or copied: `smilepost kiosk enrol CODE` brings this box to its own "
            "place. Until then it goes on as the old one."
        )
    if not places:
        return "It is enrolled; head office has not told it yet where it stands."
    many = f" with {len(status['places'])} screens" if len(status["places"]) > 1 else ""
    return f"It stands at {', '.join(places)}{many}."


def _waiting(status: Mapping[str, Any], now: datetime) -> list[str]:
    pending, parked = status["pending"], status["parked"]
    said = ["Nothing waits to be sent."]
    if pending:
        since = _time(now.timestamp() - (status["oldest_pending_ms"] or 0) / 1000, now)
        said = [f"{_answers(pending)} {'waits' if pending == 1 else 'wait'} to be sent, since {since}."]
    if parked:
        said.append(f"{_answers(parked)} {'is' if parked == 1 else 'are'} kept here that head office could not take.")
        codes = sorted(status.get("parked_codes", {}).items(), key=lambda item: (-item[1], item[0]))
        said += [f"  {_answers(count)}: {reason(code)}." for code, count in codes]
    in_pages = status.get("in_pages", (0, 0))
    if in_pages is None:
        said.append("What the pages of its screens still keep is known only while it runs.")
    elif in_pages[0]:
        kept, held_ms = in_pages
        since = _time(now.timestamp() - held_ms / 1000, now)
        wait = "waits" if kept == 1 else "wait"
        said.append(f"{_answers(kept)} {wait} in the page of a screen, since {since}: not taken by this terminal yet.")
    lost = status.get("lost", 0)
    if lost:
        said.append(f"{_answers(lost)} {'is' if lost == 1 else 'are'} lost: no longer here, and not at head office.")
    return said


def _office(status: Mapping[str, Any], now: datetime) -> list[str]:
    said = [_line(status, now)]
    if status.get("manifest_error"):
        said.append(
            f"What head office says of its screens cannot be used ({status['manifest_error']}); it goes on with what "
            "it was told before."
        )
    if status.get("audit"):
        said.append(f"Head office is being asked which answers it misses, {_WHY[status['audit']]}.")
    return said


_WHY = {
    "night": "as every night",
    "epoch": "because it was put back to an earlier state",
    "shortfall": "because it counts fewer than were sent",
    "asked": "because it wants that",
}


def _line(status: Mapping[str, Any], now: datetime) -> str:
    if not status["centre"]:
        return 'No head office is named yet: the key "centre" in [kiosk] is its address.'
    if not status["running"]:
        return f"Head office is {status['centre']}; whether it answers is known when the terminal runs."
    answered_ms, problem = status["last_success_ms"], status["last_error"]
    if problem and not (status.get("manifest_error") and str(status["manifest_error"]) in problem):
        return f"{problem[0].upper()}{problem[1:]} ({status['centre']}). {_last(answered_ms, now)}"
    if answered_ms is None:
        return f"Head office is {status['centre']}; it was not asked yet since the terminal was started."
    return f"Head office at {status['centre']} answers, last at {_time(answered_ms / 1000, now)}."


def _last(answered_ms: int | None, now: datetime) -> str:
    if answered_ms is None:
        return "It has not answered since the terminal was started."
    return f"It answered last at {_time(answered_ms / 1000, now)}."


def _disk(status: Mapping[str, Any]) -> list[str]:
    said = [SENTENCES[status["storage"]]] if status["storage"] else []
    if status["free_bytes"] is not None:
        free = int(status["free_bytes"])
        amount = f"{free / 10**9:.1f} GB" if free >= 10**9 else f"{free // 10**6} MB"
        said.append(f"Only {amount} of its disk are free." if free < LITTLE_ROOM else f"{amount} of its disk are free.")
    if status["aside"]:
        files = "A damaged file was" if status["aside"] == 1 else f"{status['aside']:,} damaged files were"
        said.append(f"{files} moved aside (outbox-aside-… in the data folder); what could be read of it is back.")
    if status["damaged"]:
        said.append(f"{_answers(status['damaged'])} cannot be read any more.")
    return said


def _clock(status: Mapping[str, Any]) -> str:
    if status["clock_synced"]:
        return "Its clock is kept right by the network."
    return "Its clock is not kept right by the network; head office corrects the times when answers arrive."


_REASONS = {
    "damaged": "not readable on this terminal any more; keep its card",
    "server_error": "head office stumbled over it; tried again by itself when its version changes",
    "bad_request": "not readable at head office",
    "too_large": "larger than head office takes",
    "bad_sha": "changed on the way or on this card, so that it cannot be believed",
    "bad_shape": "a shape that head office does not know",
    "bad_entry": "a shape that head office does not know",
    "no_first_answer": "no answer to the first question",
    "unknown_question": "a question that is not in the survey",
    "off_scale": "an answer outside of its question's scale",
    "bad_reasons": "a reason that is not in the survey",
    "bad_text": "something else than text in a comment",
    "too_long": "a comment longer than head office takes",
}


def reason(code: str) -> str:
    """Why entries were parked, to follow "3 answers: "; never what a customer wrote."""
    return _REASONS.get(code, f"another reason ({code or 'none was given'})")


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count:,} answers"


def _time(seconds: float, now: datetime) -> str:
    """The time of day here, with the date unless it is today's."""
    then = datetime.fromtimestamp(seconds, now.tzinfo)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%H:%M} on {then.day} {then:%B}"
