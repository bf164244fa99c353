"""What a page without script sent, read with suspicion. No I/O. (What its script sends: kiosk.late.)

Every touch brings the whole response as far as it goes, so nothing has to be remembered between two touches. What
does not fit is left out rather than refused: a customer never sees an error."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kiosk import picks
from kiosk.reach import BLANK, MAX_NAME, MAX_REACH, Reach, Typed, can_be_reached
from sync import wire
from sync.survey import MAX_COMMENT, SCALES, FollowUps, Question, Survey

Fields = Mapping[str, Sequence[str]]
"""A form: every field with the values it came with."""

MAX_REV = 1_000_000
NOTHING = FollowUps(None, (), None, None)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Touch:
    """One touch on the screen `on`. `id` is None when the page's was none; `answers` is empty when the first
    question has no answer that its scale knows. `contact`: how to reach them, once they agreed; its id is empty until
    it has one. `typed`: what stands in the form for it. `after`: what the survey asks after the first answer. `test`:
    the page said that nothing counts."""

    on: str
    action: str
    edition: str
    id: str | None
    rev: int
    lang: str
    answers: dict[str, int | list[str] | str]
    shown: dict[str, list[str]]
    contact: Reach | None = None
    typed: Typed = BLANK
    after: FollowUps = field(default=NOTHING)
    test: bool = False


def edition(survey: Survey) -> str:
    """Which survey, in which version: a page that was shown another one is not asked to guess."""
    return f"{survey.id}.{survey.version}"


def read(fields: Fields, survey: Survey, languages: Sequence[str]) -> Touch:
    """The touch that a form tells of."""
    name, lang = _one(fields, "id"), _one(fields, "lang")
    shown = _shown(fields, survey)
    first = picks.first(survey, shown)
    # The face that was touched stands after the answer that is being changed.
    value = _number((fields.get("value") or [""])[-1], first)
    after = NOTHING if value is None else survey.follow_ups(first.id, value)
    return Touch(
        on=_one(fields, "on"),
        action=_action(fields),
        edition=_one(fields, "survey"),
        id=name if _ID.fullmatch(name) else None,
        rev=_whole(_one(fields, "rev"), 1, MAX_REV) or 1,
        lang=lang if lang in languages else languages[0],
        answers={} if value is None else {first.id: value, **_answers(fields, after, shown)},
        shown={} if value is None else shown,
        contact=_contact(fields, after),
        typed=_typed(fields),
        after=after,
        test=_one(fields, "test") == "1",
    )


def _action(fields: Fields) -> str:
    """Some buttons say more than what they do."""
    said = {"toggle": "reason", "rate": "rate"}
    return next((action for name, action in said.items() if _one(fields, name)), _one(fields, "action"))


def comment(text: str) -> str:
    """A comment as it is kept: line ends as one character, without control characters or blank ends, and at most
    MAX_COMMENT code points."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", lines).strip()[:MAX_COMMENT].rstrip()


def words(text: str) -> str:
    """A comment as it may be stored: without what could reach or identify somebody, see sync.wire.mask."""
    return wire.mask(comment(text))


def _answers(fields: Fields, after: FollowUps, shown: picks.Shown) -> dict[str, int | list[str] | str]:
    answers: dict[str, int | list[str] | str] = {}
    if after.reasons and (reasons := _reasons(fields, after.reasons)):
        answers[after.reasons.id] = reasons
    if after.comment and (words := _words(fields, after.comment)):
        answers[after.comment.id] = words
    return answers | _rating(fields, after, shown)


def _rating(fields: Fields, after: FollowUps, shown: picks.Shown) -> dict[str, int]:
    """How the question on the screen was rated, or the one that was rated before."""
    asked = picks.rating(after.ratings, shown)
    if asked and _one(fields, "on") == "rating" and (value := _number(_one(fields, "rate"), asked)) is not None:
        return {asked.id: value}
    before = next((question for question in after.ratings if question.id == _one(fields, "rated")), None)
    value = _number(_one(fields, "rating"), before) if before else None
    return {before.id: value} if before and value is not None else {}


def _reasons(fields: Fields, asked: Question) -> list[str]:
    """The reasons chosen so far, and the one that was touched now put in or taken out. Those of another question,
    from before the answer was changed, are gone."""
    sent = fields.get("reason", ()) if _one(fields, "about") == asked.id else ()
    known = {choice.id for choice in asked.choices}
    chosen = [name for name in dict.fromkeys(sent) if name in known]
    toggled = _one(fields, "toggle")
    if toggled in chosen:
        return [name for name in chosen if name != toggled]
    return [*chosen, toggled] if toggled in known else chosen


def _words(fields: Fields, asked: Question) -> str:
    """What stands in the field, once it was sent on; before that (walked away while writing) what was sent before."""
    written = _one(fields, "on") == "comment" and _one(fields, "action") != "idle"
    if written and "comment" in fields:
        return words(_one(fields, "comment"))
    return words(_one(fields, "text")) if _one(fields, "told") in ("", asked.id) else ""


def _typed(fields: Fields) -> Typed:
    if _one(fields, "on") != "contact":
        return BLANK
    name, reach = _line(_one(fields, "name"), MAX_NAME), _line(_one(fields, "reach"), MAX_REACH)
    return Typed(name, reach, agrees=_one(fields, "agree") == "1")


def _contact(fields: Fields, after: FollowUps) -> Reach | None:
    """What is agreed to now, or was before and is not taken back."""
    name = _one(fields, "contact") if _ID.fullmatch(_one(fields, "contact")) else ""
    does = _one(fields, "action") if _one(fields, "on") == "contact" else ""
    if after.contact is None or does == "finish":
        return None
    if does == "agree" and not (typed := _typed(fields)).missing:
        return Reach(name, after.contact.id, typed.name, typed.reach)
    who, reach = _line(_one(fields, "agreed.name"), MAX_NAME), _line(_one(fields, "agreed.reach"), MAX_REACH)
    is_kept = bool(name) and _one(fields, "consent") == after.contact.id and can_be_reached(reach)
    return Reach(name, after.contact.id, who, reach) if is_kept else None


def _line(text: str, most: int) -> str:
    return comment(text).replace("\n", " ")[:most].rstrip()


def _shown(fields: Fields, survey: Survey) -> dict[str, list[str]]:
    """What the page says that chance decided before, as far as it can be true."""
    told = {name.removeprefix("shown."): _one(fields, name).split() for name in fields if name.startswith("shown.")}
    return {name: order for name, order in told.items() if picks.can_be(survey, name, order)}


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name, ())
    return values[0] if values else ""


def _number(text: str, asked: Question) -> int | None:
    """An answer on the scale of `asked`, or None when it is none."""
    scale = SCALES[asked.scale or ""]
    return _whole(text, scale.low, scale.high)


def _whole(text: str, low: int, high: int) -> int | None:
    """The whole number `text`, or None when it is none between `low` and `high`."""
    if not re.fullmatch(r"[0-9]{1,12}", text):
        return None
    return int(text) if low <= int(text) <= high else None
