"""Every key: what is allowed, what holds without it, and how a person reads it. Pure.

What somebody gives, typed or as a file, becomes a plain value that is kept as JSON, or is refused with a sentence."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_args

import msgspec

from sync import wire
from sync.office import colours, papers, pictures
from sync.office.places import INTERVAL, INTERVAL_S
from sync.office.tongue import _
from sync.survey import text_problem

Given = str | bytes
"""What was typed, or the content of a file."""
MOST_LANGUAGES = 12
MOST_MESSAGES = 5
MOST_TEXT = 300
"""Characters of one half of a message in one language."""
MOST_NAME = 120
LOGO_BYTES = wire.MAX_LOGO // 4 * 3
LOGO_PIXELS = 1_600
"""Of a logo's longer side: what a screen of twice the usual density could show at most."""
BRIEFING_AT, BRIEFING_LEAD = "briefing_at", "briefing_lead"
EARLIEST, LATEST = "05:00", "22:00"
"""Of a briefing: crews' figures move at five, and whoever works at night reads in the evening."""
MOST_LEAD = 240
SECONDS = "seconds."
"""Begins the name of each key that says how long a screen waits."""
_WAIT = next(meta for meta in get_args(wire.Wait) if isinstance(meta, msgspec.Meta))


class BadSetting(ValueError):
    """What was given cannot be set; the message is a sentence for whoever gave it."""


class Known(NamedTuple):
    """What a value may name: `languages` by code, `surveys` by id."""

    languages: frozenset[str] = frozenset()
    surveys: frozenset[str] = frozenset()


class Key(NamedTuple):
    """`check` makes the value that is kept of what was given, or raises BadSetting; `shown` is how a person reads it.
    `is_file`: the content of a file is given. `default`: None where there is nothing, which reads as `absent`."""

    allowed: str
    default: Any
    check: Callable[[Given, Known], Any]
    shown: Callable[[Any], str]
    is_file: bool = False
    absent: str = "none"


class _Message(msgspec.Struct, forbid_unknown_fields=True):
    said: dict[str, str]
    did: dict[str, str]


def _typed(given: Given) -> str:
    return given.strip() if isinstance(given, str) else given.decode("utf-8", "replace").strip()


def _content(given: Given) -> bytes:
    return given if isinstance(given, bytes) else given.encode()


def _accent(given: Given, known: Known) -> str:
    try:
        return colours.accent(_typed(given)).light
    except colours.BadColour as problem:
        raise BadSetting(str(problem)) from None


def _logo(given: Given, known: Known) -> dict[str, Any]:
    content = _content(given)
    if len(content) > LOGO_BYTES:
        told = {"n": f"{len(content):,}", "most": f"{LOGO_BYTES:,}"}
        raise BadSetting(_("The logo has {n} bytes; at most {most} are allowed.").format(**told))
    try:
        found = pictures.read(content)
    except pictures.BadPicture as problem:
        raise BadSetting(_("The logo {problem}.").format(problem=_(str(problem)))) from None
    if max(found.width, found.height) > LOGO_PIXELS:
        size = f"{found.width} × {found.height} pixels"
        most = f"{LOGO_PIXELS} × {LOGO_PIXELS}"
        raise BadSetting(_("The logo has {size}; at most {most} are allowed.").format(size=size, most=most))
    return {**found._asdict(), "bytes": len(content), "data": b64encode(content).decode()}


def _shown_logo(value: Mapping[str, Any]) -> str:
    kind = value["kind"].partition("/")[2].upper()
    return f"{kind}, {value['width']} × {value['height']} pixels, {value['bytes']:,} bytes"


def _logo_name(given: Given, known: Known) -> str:
    name = _typed(given)
    problem = text_problem(name, MOST_NAME)
    if problem:
        raise BadSetting(f"The logo's name cannot be used: {problem.removesuffix(' in this language')}.")
    return name


def _languages(given: Given, known: Known) -> list[str]:
    codes = _typed(given).replace(",", " ").split()
    strange = next((code for code in codes if code not in known.languages), None)
    if strange is not None:
        raise BadSetting(f"languages names {strange!r}: {', '.join(sorted(known.languages))} are allowed.")
    if len(set(codes)) != len(codes):
        raise BadSetting("languages names one of them twice.")
    if not 1 <= len(codes) <= MOST_LANGUAGES:
        raise BadSetting(f"languages names {len(codes)}: 1 to {MOST_LANGUAGES} are allowed.")
    return codes


def _whole(name: str, low: int, high: int) -> Callable[[Given, Known], int]:
    def check(given: Given, known: Known) -> int:
        text = _typed(given)
        fits = text.isascii() and text.isdecimal() and len(text) <= 9 and low <= int(text) <= high
        if not fits:
            told = {"key": name, "given": repr(text[:40]), "low": low, "high": high}
            sentence = _("{key} is {given}: a whole number of seconds from {low} to {high} is allowed.")
            raise BadSetting(sentence.format(**told))
        return int(text)

    return check


def _briefing_at(given: Given, known: Known) -> str:
    text = _typed(given)
    hour, _sign, minute = text.partition(":")
    fits = len(text) == 5 and hour.isascii() and hour.isdecimal() and minute.isascii() and minute.isdecimal()
    if not fits or not EARLIEST <= text <= LATEST or int(minute) > 59:
        told = {"given": repr(text[:40]), "first": EARLIEST, "last": LATEST}
        raise BadSetting(_("briefing_at is {given}: a time such as 07:00, from {first} to {last}.").format(**told))
    return text


def _briefing_lead(given: Given, known: Known) -> int:
    text = _typed(given)
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) <= MOST_LEAD):
        told = {"given": repr(text[:40]), "most": MOST_LEAD}
        raise BadSetting(_("briefing_lead is {given}: whole minutes from 0 to {most} are allowed.").format(**told))
    return int(text)


def _yes_or_no(name: str) -> Callable[[Given, Known], bool]:
    def check(given: Given, known: Known) -> bool:
        text = _typed(given)
        if text not in ("true", "false"):
            raise BadSetting(f"{name} is {text[:40]!r}: true or false is allowed.")
        return text == "true"

    return check


def _staff_pin(given: Given, known: Known) -> str:
    pin = _typed(given)
    if not (4 <= len(pin) <= 12 and pin.isascii() and pin.isdecimal()):
        # Not repeated: it may be the right one with a slip in it.
        raise BadSetting(_("staff_pin has 4 to 12 digits and nothing else."))
    return wire.hash_pin(pin)


def _crew_pin(given: Given, known: Known) -> str:
    pin = _typed(given)
    if not (4 <= len(pin) <= 12 and pin.isascii() and pin.isdecimal()):
        raise BadSetting(_("crew_pin has 4 to 12 digits and nothing else."))
    if wire.is_trivial(pin):
        raise BadSetting(_("crew_pin is one of those that everybody tries first, such as 0000, 1234 or 1212."))
    return wire.hash_crew_pin(pin)


def _messages(given: Given, known: Known) -> list[dict[str, wire.Texts]]:
    try:
        read: list[_Message] = papers.json(_content(given), list[_Message])
    except papers.BadPaper as problem:
        raise BadSetting(f"The file of messages {problem}.") from None
    if len(read) > MOST_MESSAGES:
        raise BadSetting(f"The file holds {len(read)} messages; at most {MOST_MESSAGES} are allowed.")
    for index, message in enumerate(read):
        _check_message(message, f"$[{index}]", known)
    return [{"said": message.said, "did": message.did} for message in read]


def _check_message(message: _Message, path: str, known: Known) -> None:
    if not message.said or message.said.keys() != message.did.keys():
        raise BadSetting(f"{path}: 'said' and 'did' have a text in the same languages, at least in one.")
    for part, texts in (("said", message.said), ("did", message.did)):
        for lang, text in texts.items():
            problem = text_problem(text, MOST_TEXT)
            if lang not in known.languages:
                problem = f"there is no such language: {', '.join(sorted(known.languages))} are allowed"
            if problem:
                raise BadSetting(f"{path}.{part}.{lang}: {problem}.")


def _shown_messages(value: list[dict[str, wire.Texts]]) -> str:
    firsts = (next(iter(message["said"].values())) for message in value)
    return "; ".join(f"“{text}”" for text in firsts) or "none"


def _survey(given: Given, known: Known) -> str:
    name = _typed(given)
    if name not in known.surveys:
        raise BadSetting(f"There is no survey {name[:60]!r}: {', '.join(sorted(known.surveys))} are published.")
    return name


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds() -> dict[str, Key]:
    """One key for each screen that waits."""
    low, high = int(_WAIT.ge or 0), int(_WAIT.le or 0)
    allowed = f"a whole number of seconds from {low} to {high}"
    return {
        name: Key(allowed, field.default, _whole(name, low, high), lambda value: f"{value} s")
        for field in msgspec.structs.fields(wire.Seconds)
        for name in [f"{SECONDS}{field.name}"]
    }


KEYS: dict[str, Key] = {
    "survey": Key("the id of a published survey, or builtin", "builtin", _survey, _shown),
    "languages": Key(
        f"1 to {MOST_LANGUAGES} codes such as nl,en, the place's own first; of these a screen shows those that its "
        "survey has, up to four",
        None,
        _languages,
        ", ".join,
        absent="those of the survey",
    ),
    "accent": Key(
        "a colour such as #33468c that can be read on the screen's paper",
        None,
        _accent,
        _shown,
        absent="Smilepost's own",
    ),
    "logo": Key(
        f"a PNG, JPEG or WebP file of at most {LOGO_BYTES:,} bytes and {LOGO_PIXELS} × {LOGO_PIXELS} pixels",
        None,
        _logo,
        _shown_logo,
        is_file=True,
    ),
    "logo_name": Key(
        f"what a screen reader says of the logo, up to {MOST_NAME} characters; the place's name without it",
        None,
        _logo_name,
        _shown,
        absent="the place's name",
    ),
    "messages": Key(
        f'a JSON file [{{"said": {{"en": "…"}}, "did": {{"en": "…"}}}}] of up to {MOST_MESSAGES} messages',
        [],
        _messages,
        _shown_messages,
        is_file=True,
    ),
    **_seconds(),
    "large": Key("true or false", False, _yes_or_no("large"), _shown),
    "low_reach": Key("true or false", False, _yes_or_no("low_reach"), _shown),
    "staff_pin": Key("4 to 12 digits", None, _staff_pin, lambda value: "set", absent="the terminal's own"),
    "handover": Key("true or false", False, _yes_or_no("handover"), _shown),
    "crew_pin": Key("4 to 12 digits", None, _crew_pin, lambda value: "set", absent="none"),
    BRIEFING_AT: Key(f"a time from {EARLIEST} to {LATEST} such as 07:00", "07:00", _briefing_at, str),
    BRIEFING_LEAD: Key(f"whole minutes from 0 to {MOST_LEAD}", 30, _briefing_lead, lambda value: f"{value} min"),
    INTERVAL: Key("a whole number of seconds from 0 to 60", INTERVAL_S, _whole(INTERVAL, 0, 60), lambda v: f"{v} s"),
}
