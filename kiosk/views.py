"""What the template of a screen is given: the texts of the survey, and the response as far as it goes."""

from typing import Any

from kiosk import faces, touches, visits
from kiosk.standing import Standing
from kiosk.visits import Turn
from sync.i18n import NAMES, words
from sync.survey import MAX_COMMENT, Question, Survey

MIDDLING, LONG = 26, 38
"""Characters of a question from which it is set smaller, to stay on one line."""


def context(turn: Turn, standing: Standing) -> dict[str, Any]:
    asked, lang = standing.survey, turn.lang
    title = asked.first.texts.get(lang, "")
    if turn.screen == "done":
        return {"title": title}
    state = _state(asked, turn)
    reasons, text = _follow_ups(asked, state["value"])
    shown = {"ask": asked.first, "thanks": reasons, "comment": text}[turn.screen]
    question = shown.texts[lang] if shown else ""
    return state | {
        "title": title,
        "question": question,
        "size": "short" if len(question) < MIDDLING else "middling" if len(question) < LONG else "long",
        "options": faces.options(asked.first.scale or "", words(lang)) if turn.screen == "ask" else [],
        "languages": [] if turn.draft else [(code, NAMES.get(code, code)) for code in visits.languages(standing)],
        "choices": _choices(reasons, state["shown"], lang) if reasons and turn.screen == "thanks" else [],
        "may_comment": text is not None,
        "max_comment": MAX_COMMENT,
    }


def _state(asked: Survey, turn: Turn) -> dict[str, Any]:
    """What the hidden fields of a form say; `rev` is the next one."""
    draft = turn.draft
    answers = draft.answers if draft else {}
    value = answers.get(asked.first.id)
    reasons, text = _follow_ups(asked, value)
    return {
        "edition": touches.edition(asked),
        "id": turn.visit,
        "rev": draft.rev + 1 if draft else 1,
        "value": value,
        "about": reasons.id if reasons else "",
        "reasons": answers.get(reasons.id, []) if reasons else [],
        "text": answers.get(text.id, "") if text else "",
        "shown": visits.orders(asked, draft.shown if draft else {}),
    }


def _follow_ups(asked: Survey, value: object) -> tuple[Question | None, Question | None]:
    """The question of reasons and the one for a comment that follow the first answer."""
    if not isinstance(value, int):
        return None, None
    after = asked.follow_ups(asked.first.id, value)
    return after.reasons, after.comment


def _choices(reasons: Question, shown: dict[str, list[str]], lang: str) -> list[dict[str, str]]:
    texts = {choice.id: choice.texts[lang] for choice in reasons.choices}
    return [{"id": name, "text": texts[name]} for name in shown[reasons.id] if name in texts]
