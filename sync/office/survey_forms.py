"""A survey as a form and back. Pure.

The fields of question 2 are `q.2.id`, `q.2.texts.de`, `q.2.choices.0.texts.de`, `q.2.when` …; what isn't one is left
out. A button that changes what the form is made of (`do`: "q.2.up") changes nothing else of what was typed."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sync.i18n import NAMES, OTHER_NAMES
from sync.office import drafts, survey_words
from sync.survey import BUILTIN, Choice, Problem, Question, Survey, Texts, problems

Fields = Mapping[str, Sequence[str]]
"""A form: every field with the values it came with."""

MOST = 200
"""Questions and reasons of a form that are read: far more than a survey may have, so that it can be said."""
KINDS: tuple[str, ...] = ("scale", "reasons", "text", "contact")
LANGUAGES = NAMES | OTHER_NAMES
"""That a survey may be in, by their own names."""
FOLLOWS, FIRST, RATING = "follows", "first", "rating"
"""What a further question on a scale is: asked after the first; asked first, by turns; one of the ratings by turns."""
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_DO = re.compile(r"q\.(\d{1,3})(?:\.choices\.(\d{1,3}))?\.(up|down|remove|add)")
_PLACE = re.compile(r"lang\.([A-Za-z0-9-]{2,12})\.(first|remove)")


def read(fields: Fields, before: Survey) -> Survey:
    """What was typed, complete or not. `before` is the same survey as it was kept last."""
    languages = tuple(dict.fromkeys(code for code in fields.get("languages", ()) if code in _known(before)))
    questions = []
    for index in range(MOST):
        if f"q.{index}.id" not in fields:
            break
        question = _question(fields, f"q.{index}", languages)
        if question is not None:
            questions.append(question)
    return msgspec.structs.replace(before, languages=languages, questions=_pooled(fields, questions))


def _known(before: Survey) -> set[str]:
    return {*LANGUAGES, *before.languages}


def _question(fields: Fields, at: str, languages: Sequence[str]) -> Question | None:
    name, kind = _one(fields, f"{at}.id"), _one(fields, f"{at}.kind")
    if not _ID.fullmatch(name) or kind not in KINDS:
        return None
    pool, after = _one(fields, f"{at}.pool"), _one(fields, f"{at}.after")
    when = tuple(sorted({int(value) for value in fields.get(f"{at}.when", ()) if re.fullmatch(r"\d{1,2}", value)}))
    is_scale = kind == "scale"
    return Question(
        id=name,
        kind=kind,  # type: ignore[arg-type]
        texts=_texts(fields, f"{at}.texts", languages),
        scale=_one(fields, f"{at}.scale")[:40] if is_scale else None,
        choices=tuple(_choices(fields, f"{at}.choices", languages)) if kind == "reasons" else (),
        when=when or None,
        after=after if _ID.fullmatch(after) else None,
        pool=pool if is_scale and _ID.fullmatch(pool) else None,
        consent=_texts(fields, f"{at}.consent", languages) if kind == "contact" else None,
    )


def _choices(fields: Fields, at: str, languages: Sequence[str]) -> list[Choice]:
    found = []
    for index in range(MOST):
        name = _one(fields, f"{at}.{index}.id")
        if f"{at}.{index}.id" not in fields:
            break
        if _ID.fullmatch(name):
            found.append(Choice(name, _texts(fields, f"{at}.{index}.texts", languages)))
    return found


def _texts(fields: Fields, at: str, languages: Sequence[str]) -> Texts:
    """A text is one line: a screen has no room for more."""
    typed = {lang: " ".join(_one(fields, f"{at}.{lang}").splitlines()).strip() for lang in languages}
    return {lang: text for lang, text in typed.items() if text}


def _pooled(fields: Fields, questions: Sequence[Question]) -> tuple[Question, ...]:
    """The questions in the pools that their roles ask for; the first ones depend on nothing."""
    if not questions or questions[0].kind != "scale":
        return tuple(questions)
    roles = [_one(fields, f"q.{index}.role") for index in range(len(questions))]
    scales = [each.kind == "scale" for each in questions]
    by_turns = any(is_scale and role == FIRST for role, is_scale in zip(roles[1:], scales[1:], strict=True))
    first = questions[0].pool or (_pool("firsts") if by_turns else None)
    ratings = next((q.pool for q in questions[1:] if q.pool and q.pool != first), None) or _pool("ratings")
    found = [msgspec.structs.replace(questions[0], pool=first, when=None, after=None)]
    for question, role in zip(questions[1:], roles[1:], strict=True):
        pool = question.pool
        if question.kind == "scale" and role == FIRST:
            found.append(msgspec.structs.replace(question, pool=first, when=None, after=None))
            continue
        if role == RATING:
            pool = pool if pool and pool != first else ratings
        elif role == FOLLOWS:
            pool = None
        found.append(msgspec.structs.replace(question, pool=pool if question.kind == "scale" else None))
    return tuple(found)


def _pool(begins: str) -> str:
    return f"{begins}-{secrets.token_hex(3)}"


def role(asked: Survey, question: Question) -> str:
    """What a question on a scale is in its survey."""
    if question in asked.firsts:
        return FIRST
    return RATING if question.pool else FOLLOWS


def done(asked: Survey, do: str, fields: Fields) -> Survey | None:
    """The survey after that button; None when there is no such button."""
    kind = do.removeprefix("add.")
    if kind != do and kind in KINDS:
        return msgspec.structs.replace(asked, questions=(*asked.questions, _new(asked, kind)))
    if do == "lang.add":
        lang = _one(fields, "new-language")
        return _in(asked, (*asked.languages, lang)) if lang in LANGUAGES and lang not in asked.languages else asked
    if found := _PLACE.fullmatch(do):
        others = tuple(lang for lang in asked.languages if lang != found[1])
        return _in(asked, (found[1], *others) if found[2] == "first" and found[1] in asked.languages else others)
    return _moved(asked, do)


def _moved(asked: Survey, do: str) -> Survey | None:
    found = _DO.fullmatch(do)
    if found is None or int(found[1]) >= len(asked.questions):
        return None
    index, questions = int(found[1]), list(asked.questions)
    question = questions[index]
    if found[3] == "add":
        questions[index] = drafts.with_reason(question) if question.kind == "reasons" else question
    elif found[2] is not None:
        choices = _shifted(list(question.choices), int(found[2]), found[3])
        questions[index] = msgspec.structs.replace(question, choices=tuple(choices))
    else:
        questions = _shifted(questions, index, found[3])
        if found[3] == "remove":  # what came after it alone comes after any now
            questions = [_without(each, question.id) for each in questions]
    return msgspec.structs.replace(asked, questions=tuple(questions))


def _without(question: Question, gone: str) -> Question:
    return msgspec.structs.replace(question, after=None) if question.after == gone else question


def _shifted(items: list[Any], index: int, how: str) -> list[Any]:
    if index >= len(items):
        return items
    item = items.pop(index)
    if how != "remove":
        items.insert(max(index + (-1 if how == "up" else 1), 0), item)
    return items


def _in(asked: Survey, languages: tuple[str, ...]) -> Survey:
    """In these languages. Texts in others stay until the form is read again."""
    return msgspec.structs.replace(asked, languages=languages)


def _new(asked: Survey, kind: str) -> Question:
    """A question to fill in, with Smilepost's own words where those fit any survey."""
    fresh = drafts.new_id({"scale": "rating", "text": "comment"}.get(kind, kind))
    if kind == "scale":
        return Question(fresh, "scale", {}, scale="smiley4")
    if kind == "reasons":
        return drafts.with_reason(Question(fresh, "reasons", {}))
    if kind == "contact":
        return Question(fresh, "contact", {}, consent={})
    words = next(question for question in BUILTIN.questions if question.kind == "text").texts
    return Question(fresh, "text", {lang: words[lang] for lang in asked.languages if lang in words})


def wrong(asked: Survey) -> dict[str, str]:
    """A sentence by the name of each field that cannot stay as it is, "" for what is about the whole."""
    found: dict[str, str] = {}
    for problem in problems(asked):
        field = field_of(problem)
        said = survey_words.problem(problem, asked)
        found[field] = f"{found[field]} {said}" if field in found else said
    return found


def field_of(problem: Problem) -> str:
    """Of ("questions", 2, "texts", "de"): "q.2.texts.de"."""
    path = problem.path
    if path[:1] == ("questions",):
        return ".".join(map(str, ("q", *path[1:]))) if len(path) > 1 else ""
    return ".".join(map(str, path))


def _one(fields: Fields, name: str) -> str:
    values = fields.get(name, ())
    return values[0] if values else ""
