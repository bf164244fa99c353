"""The terminal's screens for a survey that is being written: the same templates, given the same as a terminal gives
them (a test compares the two), and the same table of steps. Nothing is kept: every form carries the survey and the
visit as far as it goes, as those of a visit without script do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import msgspec
from markupsafe import Markup

from sync import wire
from sync.i18n import direction, forms, own_name, plural, words
from sync.office import faces
from sync.survey import MAX_COMMENT, SCALES, FollowUps, Question, Survey, Texts, step

STYLES = ("frame", "ask", "foot", "thanks", "words", "comfort", "testing")
"""What a screen's page is drawn with, after the tokens: static/kiosk/NAME.css."""
SCREENS = ("ask", "thanks", "comment", "rating", "contact", "done")
MAX_LANGUAGES = 4
"""That a screen offers; the first ones of its place."""
_MAX_NAME, _MAX_REACH = 80, 120
_MIDDLING, _LONG = 26, 38
_LABELS = {
    "smiley4": ("Very unhappy", "Unhappy", "Happy", "Very happy"),
    "smiley5": ("Very unhappy", "Unhappy", "Neutral", "Happy", "Very happy"),
    "yesno": ("No", "Yes"),
}
_ENDS = {
    "nps11": ("Not likely", "Very likely"),
    "csat5": ("Very dissatisfied", "Very satisfied"),
    "ces7": ("Very difficult", "Very easy"),
}
_NOTHING = FollowUps(None, (), None, None)
_BLANK = "…"
"""Stands where a text is not written yet."""
Fields = Mapping[str, Sequence[str]]


class Option(NamedTuple):
    """One answer that can be touched."""

    value: int
    label: str
    face: Markup


class End(NamedTuple):
    """What the lowest or the highest number of a scale means."""

    value: int
    text: str


class Typed(NamedTuple):
    """What stands in the form for a contact."""

    name: str = ""
    reach: str = ""
    agrees: bool = False


@dataclass(frozen=True)
class Walk:
    """A visit so far. `first`: the question that was asked first, `value` how it was answered (None: not yet)."""

    screen: str
    lang: str
    first: str
    value: int | None = None
    reasons: tuple[str, ...] = ()
    text: str = ""
    rated: str = ""
    rating: int | None = None
    typed: Typed = field(default_factory=Typed)
    missing: frozenset[str] = frozenset()
    modes: frozenset[str] = field(default_factory=frozenset)


def can_show(asked: Survey) -> bool:
    """Whether there is a first question to touch."""
    return bool(asked.questions and asked.languages) and asked.first.kind == "scale" and asked.first.scale in SCALES


def begin(asked: Survey, lang: str, screen: str = "ask", value: int | None = None, chosen: str = "") -> Walk:
    """At a screen, after the first question was answered with `value`; where the survey has no such screen then, at
    the thanks. `chosen`: the modes of the visit. Only for one that can be shown."""
    spoken = lang if lang in asked.languages else asked.languages[0]
    modes = frozenset(chosen.split()) & {"more", "low"}
    walk = Walk("ask", spoken, asked.first.id, modes=modes)
    if screen not in SCREENS or screen == "ask":
        return walk
    inside = value if value is not None and asked.scale.low <= value <= asked.scale.high else asked.scale.low
    after = asked.follow_ups(walk.first, inside)
    there = screen in ("thanks", "done") or screen in after.offers
    rated = after.ratings[0].id if after.ratings else ""
    return replace(walk, screen=screen if there else "thanks", value=inside, rated=rated)


def go(asked: Survey, fields: Fields, lang: str) -> Walk:
    """Where a touch leads, as the table of steps says."""
    walk = _read(asked, fields, lang)
    after = _after(asked, walk)
    act = next((does for name, does in _SAYS.items() if _one(fields, name)), _one(fields, "action"))
    if walk.screen == "contact":
        walk = _contacted(walk, fields, act)
        if walk.missing:
            return walk
    found = step(walk.screen, act, after.offers)
    if found is None:
        return walk
    if found.to == "ask" and act == "idle":
        return begin(asked, walk.lang)
    return replace(walk, screen=found.to, rated=walk.rated or (after.ratings[0].id if after.ratings else ""))


_SAYS = {"toggle": "reason", "rate": "rate"}


def _read(asked: Survey, fields: Fields, lang: str) -> Walk:
    on, said = _one(fields, "on"), _one(fields, "lang") or lang
    value = _whole((fields.get("value") or [""])[-1])
    walk = begin(asked, said, "ask", chosen=_one(fields, "modes"))
    if value is None or not asked.scale.low <= value <= asked.scale.high:
        return walk
    walk = replace(walk, screen=on if on in SCREENS else "ask", value=value)
    after = _after(asked, walk)
    rated, rating = _one(fields, "rated"), _whole(_one(fields, "rating"))
    if on == "rating" and _one(fields, "rate") and after.ratings:
        rated, rating = after.ratings[0].id, _whole(_one(fields, "rate"))
    text = _one(fields, "comment" if on == "comment" else "text")[:MAX_COMMENT]
    return replace(walk, reasons=_reasons(fields, after), text=text, rated=rated, rating=rating)


def _reasons(fields: Fields, after: FollowUps) -> tuple[str, ...]:
    known = {choice.id for choice in after.reasons.choices} if after.reasons else set()
    chosen = [name for name in dict.fromkeys(fields.get("reason", ())) if name in known]
    touched = _one(fields, "toggle")
    if touched in chosen:
        chosen.remove(touched)
    elif touched in known:
        chosen.append(touched)
    return tuple(chosen)


def _contacted(walk: Walk, fields: Fields, act: str) -> Walk:
    typed = Typed(_one(fields, "name")[:_MAX_NAME], _one(fields, "reach")[:_MAX_REACH], _one(fields, "agree") == "1")
    lacks = {"reach": not typed.reach.strip(), "consent": not typed.agrees}
    missing = frozenset(name for name, is_missing in lacks.items() if is_missing and act == "agree")
    return replace(walk, typed=typed, missing=missing)


def _after(asked: Survey, walk: Walk) -> FollowUps:
    return _NOTHING if walk.value is None else asked.follow_ups(walk.first, walk.value)


def context(asked: Survey, walk: Walk, base: str) -> dict[str, Any]:
    """What the template of the walk's screen is given; `base` begins the addresses of its forms."""
    lang, after = walk.lang, _after(asked, walk)
    question = _question(asked, walk, after)
    first = asked.question(walk.first) or asked.first
    carried = wire.encode(asked).decode()  # so that a form says by itself what it is about
    return {
        **_around(asked, walk, base),
        **_asked(question, lang),
        "title": _text(first.texts, lang),
        "edition": carried,
        "visit": carried,
        "value": walk.value,
        "first": first.id if first.pool else "",
        "about": after.reasons.id if after.reasons else "",
        "reasons": list(walk.reasons),
        "told": after.comment.id if after.comment else "",
        "text": walk.text,
        "rated": walk.rated if walk.rating is not None else "",
        "rating": walk.rating,
        "typed": walk.typed,
        "missing": walk.missing,
        "choices": _choices(after.reasons, lang) if after.reasons and walk.screen == "thanks" else [],
        "may_comment": after.comment is not None,
        "goes_on": bool(after.offers & {"rating", "contact"}),
    }


def _around(asked: Survey, walk: Walk, base: str) -> dict[str, Any]:
    """What is the same on every screen."""
    lang, more, low = walk.lang, "more" in walk.modes, "low" in walk.modes
    spoken = asked.languages[:MAX_LANGUAGES]
    seconds = wire.Seconds()
    classes = [name for name, is_set in (("more", more), ("large", more), ("low", low)) if is_set]
    return {
        "_": words(lang),
        "ngettext": plural(lang),
        "forms": forms(lang),
        "dir": direction(lang),
        "mark": faces.mark(),
        "screen": walk.screen,
        "lang": lang,
        "base": base,
        "frame": None,
        "id": "",
        "rev": 1,
        "test": False,
        "contact": None,
        "shown": {},
        "after": getattr(seconds, walk.screen),
        "warning": seconds.warning,
        "languages": [] if walk.value is not None else [(code, own_name(code)) for code in spoken],
        "look": None,
        "cards": [],
        "chosen": walk.modes,
        "carried": " ".join(name for name in ("more", "low") if name in walk.modes),
        "classes": " ".join(classes),
        "toggles": {name: " ".join(sorted(walk.modes ^ {name}, reverse=True)) for name in ("more", "low")},
        "max_comment": MAX_COMMENT,
        "max_name": _MAX_NAME,
        "max_reach": _MAX_REACH,
    }


def _question(asked: Survey, walk: Walk, after: FollowUps) -> Question | None:
    """What the screen asks."""
    if walk.screen == "rating":
        return next((each for each in after.ratings if each.id == walk.rated), None)
    asks = {
        "ask": asked.question(walk.first),
        "thanks": after.reasons,
        "comment": after.comment,
        "contact": after.contact,
    }
    return asks.get(walk.screen)


def _asked(question: Question | None, lang: str) -> dict[str, Any]:
    text = _text(question.texts, lang) if question else ""
    scale = question.scale if question and question.scale in SCALES else None
    return {
        "question": text,
        "size": "short" if len(text) < _MIDDLING else "middling" if len(text) < _LONG else "long",
        "options": options(scale, lang) if scale else [],
        "ends": _ends(scale, lang) if scale else (),
        "consent": _text(question.consent, lang) if question and question.consent is not None else "",
    }


def options(scale: str, lang: str) -> list[Option]:
    """The answers of a scale, the worst first."""
    low, high, _family = SCALES[scale]
    labels = _LABELS.get(scale)
    said = words(lang)
    return [
        Option(value, said(labels[value - low]) if labels else str(value), faces.face(scale, value))
        for value in range(low, high + 1)
    ]


def _ends(scale: str, lang: str) -> tuple[End, ...]:
    low, high, _family = SCALES[scale]
    texts = _ENDS.get(scale, ())
    return tuple(End(value, words(lang)(text)) for value, text in zip((low, high), texts, strict=False))


def _choices(reasons: Question, lang: str) -> list[dict[str, str]]:
    """As they were written; a terminal mixes them anew for each customer, all but the last way out."""
    ordered = sorted(reasons.choices, key=lambda choice: choice.id == "other")
    return [{"id": choice.id, "text": _text(choice.texts, lang)} for choice in ordered]


def _text(texts: Texts, lang: str) -> str:
    return texts.get(lang, "") or _BLANK


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name, ())
    return values[0] if values else ""


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else None


def carried(fields: Fields) -> Survey | None:
    """The survey that a form of these screens carries; None when it carries none."""
    on = _one(fields, "id" if _one(fields, "on") == "done" else "survey")
    try:
        return msgspec.json.decode(on.encode(), type=Survey)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
