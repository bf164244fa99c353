"""What is set for screens, in words: what each key is about, what holds of it, and where that was set."""

from collections.abc import Mapping
from typing import Any

from sync.i18n import mark, own_name
from sync.office.settings import Holding
from sync.office.settings.keys import EARLIEST, LATEST, LOGO_BYTES, LOGO_PIXELS
from sync.office.tongue import _, ngettext
from sync.office.writing import listed, number

ABOUT: Mapping[str, tuple[str, str]] = {
    "survey": (mark("Survey"), mark("What is asked, unless a plan says otherwise.")),
    "languages": (
        mark("Languages"),
        mark("The place's own first. Of these a screen shows those that its survey has, up to four."),
    ),
    "accent": (
        mark("Colour"),
        mark("Your own colour for what can be touched, such as #33468c. It has to be readable on the screen."),
    ),
    "logo": (mark("Logo"), mark("A PNG, JPEG or WebP file of at most {bytes} bytes and {pixels} × {pixels} pixels.")),
    "logo_name": (mark("Name of the logo"), mark("What a screen reader says of it.")),
    "messages": (
        mark("You said, we did"),
        mark("What customers said, and what was done about it: shown with the thanks."),
    ),
    "seconds.ask": (mark("Wait at the question"), mark("While an answer is being changed.")),
    "seconds.thanks": (mark("Wait at the thanks"), mark("With the reasons to choose from.")),
    "seconds.rating": (mark("Wait at a further question"), mark("Such as how it was after a repair.")),
    "seconds.comment": (mark("Wait at the comment"), mark("While nobody types.")),
    "seconds.contact": (mark("Wait at the contact"), mark("While nobody types.")),
    "seconds.warning": (
        mark("Ask whether somebody is still there"),
        mark("After so many seconds without a touch where somebody writes."),
    ),
    "seconds.done": (mark("Wait at the end"), mark("Before the next customer's question.")),
    "large": (mark("Everything larger"), mark("Always; else each customer may choose it.")),
    "low_reach": (
        mark("Within low reach"),
        mark("Everything to touch in the lower part, always; else each customer may choose it."),
    ),
    "staff_pin": (mark("PIN of the staff"), mark("4 to 12 digits. It is kept so that nobody can read it back.")),
    "handover": (
        mark("Handed over to customers"),
        mark("The screen is a crew's tablet: the crew signs in, picks a job, and passes it on."),
    ),
    "crew_pin": (mark("PIN of the crew"), mark("4 to 12 digits, with which a crew signs in on its tablet.")),
    "briefing_at": (
        mark("Time of the briefing"),
        mark("Every morning on the place's own clock, from {first} to {last}."),
    ),
    "briefing_lead": (
        mark("Minutes before the manager"),
        mark("So long a crew has its briefing to itself before its manager reads it."),
    ),
    "response_interval": (
        mark("Least time between two answers"),
        mark("In seconds: what comes sooner on one screen is set aside as play."),
    ),
}
PARTS = (
    (mark("What is asked"), ("survey", "languages")),
    (mark("How it looks"), ("accent", "logo", "logo_name", "large", "low_reach")),
    (mark("You said, we did"), ("messages",)),
    (mark("How long screens wait"), tuple(key for key in ABOUT if key.startswith("seconds."))),
    (mark("The briefing"), ("briefing_at", "briefing_lead")),
    (mark("For the staff"), ("staff_pin", "response_interval")),
    (mark("For crews"), ("handover", "crew_pin")),
)


def label(key: str) -> str:
    return _(ABOUT[key][0])


def hint(key: str) -> str:
    told = {"bytes": number(LOGO_BYTES), "pixels": LOGO_PIXELS, "first": EARLIEST, "last": LATEST}
    return _(ABOUT[key][1]).format(**told)


def shown(holding: Holding) -> str:
    """What holds, as a person reads it."""
    key, value = holding.key, holding.value
    if key == "staff_pin":
        return _("set") if value is not None else _("the terminal's own")
    if key == "crew_pin":
        return _("set") if value is not None else _("none")
    if value is None or value == []:
        return _absent(key)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if key == "briefing_lead":
        return ngettext("{n} minute", "{n} minutes", value).format(n=number(value))
    if isinstance(value, int):
        return ngettext("{n} second", "{n} seconds", value).format(n=number(value))
    if key == "languages":
        return listed([own_name(code) for code in value])
    if key == "messages":
        return ngettext("{n} message", "{n} messages", len(value)).format(n=number(len(value)))
    return _("Smilepost's own survey") if (key, value) == ("survey", "builtin") else holding.shown


def _absent(key: str) -> str:
    absent = {
        "languages": _("those of the survey"),
        "accent": _("Smilepost's own"),
        "logo_name": _("the place's name"),
    }
    return absent.get(key, _("none"))


def texts_of(value: Any, index: int, part: str, lang: str) -> str:
    """One half of a message in one language, as it is kept; empty where there is none."""
    messages = value or []
    return str(messages[index][part].get(lang, "")) if index < len(messages) else ""
