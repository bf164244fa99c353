"""What a page without script sent, read with suspicion. No I/O. (What its script sends: kiosk.late.)

Every touch brings the whole response as far as it goes, so nothing has to be remembered between two touches. What
does not fit is left out rather than refused: a customer never sees an error."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.survey import MAX_COMMENT, Question, Survey

Fields = Mapping[str, Sequence[str]]
"""A form: every field with the values it came with."""

MAX_REV = 1_000_000
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Touch:
    """One touch on the screen `on`. `id` is None when the page's was none; `answers` is empty when the first
    question has no answer that its scale knows. `test`: the page said that nothing counts."""

    on: str
    action: str
    edition: str
    id: str | None
    rev: int
    lang: str
    answers: dict[str, int | list[str] | str]
    shown: dict[str, list[str]]
    test: bool = False


def edition(survey: Survey) -> str:
    """Which survey, in which version: a page that was shown another one is not asked to guess."""
    return f"{survey.id}.{survey.version}"


def read(fields: Fields, survey: Survey, languages: Sequence[str]) -> Touch:
    """The touch that a form tells of."""
    name, lang = _one(fields, "id"), _one(fields, "lang")
    action = "reason" if _one(fields, "toggle") else _one(fields, "action")
    # The face that was touched stands after the answer that is being changed.
    value = _number((fields.get("value") or [""])[-1], survey.scale.low, survey.scale.high)
    return Touch(
        on=_one(fields, "on"),
        action=action,
        edition=_one(fields, "survey"),
        id=name if _ID.fullmatch(name) else None,
        rev=_number(_one(fields, "rev"), 1, MAX_REV) or 1,
        lang=lang if lang in languages else languages[0],
        answers={} if value is None else _answers(fields, survey, value),
        shown={} if value is None else _shown(fields, survey, value),
        test=_one(fields, "test") == "1",
    )


def comment(text: str) -> str:
    """A comment as it is kept: line ends as one character, without control characters or blank ends, and at most
    MAX_COMMENT code points."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", lines).strip()[:MAX_COMMENT].rstrip()


def _answers(fields: Fields, survey: Survey, value: int) -> dict[str, int | list[str] | str]:
    answers: dict[str, int | list[str] | str] = {survey.first.id: value}
    after = survey.follow_ups(survey.first.id, value)
    if after.reasons and (reasons := _reasons(fields, after.reasons)):
        answers[after.reasons.id] = reasons
    if after.comment and (words := _words(fields)):
        answers[after.comment.id] = words
    return answers


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


def _words(fields: Fields) -> str:
    """What stands in the field, once it was sent on; before that (walked away while writing) what was sent before."""
    written = _one(fields, "on") == "comment" and _one(fields, "action") != "idle"
    return comment(_one(fields, "comment" if written and "comment" in fields else "text"))


def _shown(fields: Fields, survey: Survey, value: int) -> dict[str, list[str]]:
    """The order in which the page shows the reasons that follow `value`, if it is an order of exactly those."""
    asked = survey.follow_ups(survey.first.id, value).reasons
    if asked is None:
        return {}
    order = _one(fields, f"shown.{asked.id}").split()
    return {asked.id: order} if sorted(order) == sorted(choice.id for choice in asked.choices) else {}


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name, ())
    return values[0] if values else ""


def _number(text: str, low: int, high: int) -> int | None:
    """The whole number `text`, or None when it is none between `low` and `high`."""
    if not re.fullmatch(r"[0-9]{1,12}", text):
        return None
    return int(text) if low <= int(text) <= high else None
