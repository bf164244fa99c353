"""What the template of a screen is given: the texts of the survey, and the response as far as it goes."""

from typing import Any

from kiosk import faces, picks, touches, visits
from kiosk.reach import MAX_NAME, MAX_REACH
from kiosk.standing import Standing
from kiosk.visits import Turn
from sync.i18n import own_name, words
from sync.survey import MAX_COMMENT, FollowUps, Question, Survey

MIDDLING, LONG = 26, 38
"""Characters of a question from which it is set smaller, to stay on one line."""


def context(turn: Turn, standing: Standing) -> dict[str, Any]:
    asked, lang = standing.survey, turn.lang
    shown = turn.draft.shown if turn.draft else turn.picked
    first = picks.first(asked, shown)
    title = first.texts.get(lang, "")
    if turn.screen == "done":
        return {"title": title, "visit": turn.visit}
    value = turn.draft.answers.get(first.id) if turn.draft else None
    after = asked.follow_ups(first.id, value) if isinstance(value, int) else touches.NOTHING
    question = _question(turn, first, after)
    return {
        **_state(asked, turn, value, after, shown),
        **_asked(question, lang),
        "title": title,
        "first": first.id if first.pool else "",
        "languages": [] if turn.draft else [(code, own_name(code)) for code in visits.languages(standing)],
        "choices": _choices(after.reasons, shown, lang) if after.reasons and turn.screen == "thanks" else [],
        "may_comment": after.comment is not None,
        "goes_on": bool(after.offers & {"rating", "contact"}),
        "max_comment": MAX_COMMENT,
        "max_name": MAX_NAME,
        "max_reach": MAX_REACH,
    }


def _question(turn: Turn, first: Question, after: FollowUps) -> Question | None:
    """What the screen asks."""
    if turn.screen == "rating":
        return picks.rating(after.ratings, turn.draft.shown if turn.draft else {})
    asks = {"ask": first, "thanks": after.reasons, "comment": after.comment, "contact": after.contact}
    return asks[turn.screen]


def _asked(question: Question | None, lang: str) -> dict[str, Any]:
    """A question in the language of the screen, with the answers that can be touched."""
    text = question.texts[lang] if question else ""
    scale = question.scale if question else None
    return {
        "question": text,
        "size": "short" if len(text) < MIDDLING else "middling" if len(text) < LONG else "long",
        "options": faces.options(scale, words(lang)) if scale else [],
        "ends": faces.ends(scale, words(lang)) if scale else (),
        "consent": question.consent[lang] if question and question.consent else "",
    }


def _state(asked: Survey, turn: Turn, value: object, after: FollowUps, shown: picks.Shown) -> dict[str, Any]:
    """What the hidden fields of a form say; `rev` is the next one."""
    draft = turn.draft
    answers = draft.answers if draft else {}
    rated = next((question.id for question in after.ratings if question.id in answers), "")
    return {
        "edition": touches.edition(asked),
        "id": turn.visit,
        "rev": draft.rev + 1 if draft else 1,
        "value": value,
        "about": after.reasons.id if after.reasons else "",
        "reasons": answers.get(after.reasons.id, []) if after.reasons else [],
        "told": after.comment.id if after.comment else "",
        "text": answers.get(after.comment.id, "") if after.comment else "",
        "rated": rated,
        "rating": answers.get(rated),
        "contact": draft.contact if draft else None,
        "typed": turn.typed,
        "missing": turn.missing,
        "shown": shown,
    }


def _choices(reasons: Question, shown: picks.Shown, lang: str) -> list[dict[str, str]]:
    texts = {choice.id: choice.texts[lang] for choice in reasons.choices}
    return [{"id": name, "text": texts[name]} for name in shown.get(reasons.id, texts) if name in texts]
