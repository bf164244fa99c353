"""Finding comments: by words, by what was touched, by when and where. Only for viewers with the permission `responses`:
the routes ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, exists, false, func, or_, select, tuple_

from sync.models import comment_words, locations, moderation, touchpoints
from sync.models import comments as found
from sync.office import comments, counts, crew_sight, latest, stems
from sync.office.comments import A_PAGE, Comment, Comments, Cursor
from sync.office.filters import Filters
from sync.office.theme_words import Finders
from sync.survey import Scale

Mood = Literal["unhappy", "happy"]
MOODS: tuple[Mood, ...] = get_args(Mood)
State = Literal["shown", "hidden", "praised", "follow"]
STATES: tuple[State, ...] = get_args(State)
RARE = 2_000
"""A word in at most so many comments is looked up; a more frequent one is come upon on the way through the newest."""
LOOKED_THROUGH = 400
"""Comments whose text is looked through at once for what was put between quotation marks."""


@dataclass(frozen=True)
class Wanted:
    """Which comments: at and below `paths`, those that hold all the words of `text` (the last by its beginning) and
    what stands in it between quotation marks, of the days `first` to `last` (local days of their places). `any_of`:
    beside that, one of these words of the index at least. `about`: what a theme's entries find."""

    paths: tuple[str, ...]
    filters: Filters
    first: int
    last: int
    text: str = ""
    mood: Mood | None = None
    state: State = "shown"
    any_of: tuple[str, ...] = field(default=())
    about: Finders | None = None


def page(tx: Connection, wanted: Wanted, before: Cursor | None) -> Comments:
    """The newest of them older than `before`. The marks have to be folded (comment_index.fold)."""
    words, phrases = stems.asked(wanted.text)
    those = [*_those(tx, wanted), *_worded(tx, words)]
    if not phrases and wanted.about is None:
        return _cut(tx, _ids(tx, wanted.paths, those, before, A_PAGE + 1))
    kept: list[Comment] = []
    while len(kept) <= A_PAGE:
        some = comments.those(tx, _ids(tx, wanted.paths, those, before, LOOKED_THROUGH))
        kept += [each for each in some if _is_meant(each, phrases, wanted.about)]
        if len(some) < LOOKED_THROUGH:
            break
        before = some[-1].cursor
    older = kept[A_PAGE - 1].cursor if len(kept) > A_PAGE else None
    return Comments(tuple(kept[:A_PAGE]), older)


def _is_meant(comment: Comment, phrases: Sequence[str], about: Finders | None) -> bool:
    if about is not None and not about.hold(comment.text, comment.lang):
        return False
    return all(stems.holds(comment.text, phrase) for phrase in phrases)


def count(tx: Connection, wanted: Wanted, most: int = 1_000) -> int:
    """How many there are, counted up to `most`; phrases are not looked at."""
    return len(ids(tx, wanted, most))


def ids(tx: Connection, wanted: Wanted, most: int) -> list[str]:
    """The newest of them, as far as the index tells: phrases are not looked at."""
    words, _ = stems.asked(wanted.text)
    return _ids(tx, wanted.paths, [*_those(tx, wanted), *_worded(tx, words)], None, most)


def languages(tx: Connection, paths: Sequence[str]) -> list[str]:
    """In which languages anything was written there, the most frequent first."""
    query = (
        select(found.c.lang, func.count())
        .join(locations, locations.c.id == found.c.location_id)
        .where(crew_sight.answered(paths))
        .group_by(found.c.lang)
        .order_by(func.count().desc(), found.c.lang)
    )
    return [str(lang) for lang, _ in tx.execute(query)]


def _ids(
    tx: Connection, paths: Sequence[str], those: Sequence[ColumnElement[bool]], before: Cursor | None, most: int
) -> list[str]:
    older = [tuple_(found.c.captured_ms, found.c.id) < before] if before is not None else []
    every = [name for path in paths for name in latest.ids(tx, found, path, [*those, *older], most)]
    if len(paths) == 1:
        return every
    order = select(found.c.id).where(found.c.id.in_(every)).order_by(found.c.captured_ms.desc(), found.c.id.desc())
    return list(tx.execute(order.limit(most)).scalars()) if every else []


def _cut(tx: Connection, ids: Sequence[str]) -> Comments:
    shown = comments.those(tx, ids[:A_PAGE])
    return Comments(tuple(shown), shown[-1].cursor if len(ids) > A_PAGE and shown else None)


def _those(tx: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    asked, narrowed = wanted.filters, wanted.filters.narrowed
    those: list[ColumnElement[bool]] = [found.c.day.between(wanted.first, wanted.last), _state(wanted.state)]
    if asked.question is not None:
        those.append(found.c.question == asked.question)
    if narrowed.touchpoint is not None:
        named = select(touchpoints.c.id).where(touchpoints.c.name == narrowed.touchpoint)
        those.append(found.c.touchpoint_id.in_(named))
    if narrowed.lang is not None:
        those.append(found.c.lang == narrowed.lang)
    if narrowed.flagged != "with":
        those.append(found.c.aside if narrowed.flagged == "only" else ~found.c.aside)
    if wanted.mood is not None:
        those.append(_mood(tx, wanted.mood))
    if wanted.any_of:
        those.append(_has(found.c.id, wanted.any_of))
    if wanted.about is not None:
        those.append(_may_be_about(tx, wanted.about))
    return those


def _may_be_about(tx: Connection, about: Finders) -> ColumnElement[bool]:
    """Comments that hold words of a theme: by a list of them while they are rare, else come upon on the way."""
    entries = [
        word for finder in about.every.values() for word in (*finder.keys, *(f"{b}*" for b in finder.beginnings))
    ]
    stands = _is_one_of(sorted(set(entries)))
    few = tx.execute(select(comment_words.c.response_id).where(stands).distinct().limit(RARE + 1)).scalars().all()
    if len(few) <= RARE:
        return found.c.id.in_(few)
    return exists().where(comment_words.c.response_id == found.c.id, stands)


def _state(state: State) -> ColumnElement[bool]:
    """Hidden ones are shown to nobody who didn't ask for them."""
    decided = {
        "hidden": moderation.c.hidden_ms.is_not(None),
        "praised": moderation.c.praised_ms.is_not(None) & moderation.c.hidden_ms.is_(None),
        "follow": moderation.c.follow_ms.is_not(None) & moderation.c.hidden_ms.is_(None),
    }
    if state == "shown":
        return found.c.id.not_in(select(moderation.c.response_id).where(decided["hidden"]))
    return found.c.id.in_(select(moderation.c.response_id).where(decided[state]))


def _mood(tx: Connection, mood: Mood) -> ColumnElement[bool]:
    """What was touched, on the scale of each question; the middle of a scale is neither."""
    parts = []
    for name, asked in counts.scored(tx).items():
        values = list(range(*_range(counts.Question(name, asked.scale).scale, mood)))
        parts.append((found.c.question == name) & found.c.value.in_(values))
    return or_(false(), *parts)


def _range(scale: Scale, mood: Mood) -> tuple[int, int]:
    """From the first value to before the end: NPS by its own groups, the others by their halves."""
    if scale.family == "nps":
        return (9, scale.high + 1) if mood == "happy" else (scale.low, 7)
    size = scale.high - scale.low + 1
    return (scale.high + 1 - size // 2, scale.high + 1) if mood == "happy" else (scale.low, scale.low + size // 2)


def _worded(tx: Connection, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """One condition a word; the rarest of them as a list of ids, so that nobody walks through a million comments for
    it. The last word is looked for by its beginning, too: somebody may still be typing it."""
    langs = list(tx.execute(select(found.c.lang).distinct()).scalars()) if words else []
    those: list[ColumnElement[bool]] = []
    rarest: list[str] | None = None
    for at, word in enumerate(words):
        stands = _stands(word, langs, is_last=at == len(words) - 1)
        ids = tx.execute(select(comment_words.c.response_id).where(stands).distinct().limit(RARE + 1)).scalars().all()
        if len(ids) <= RARE and (rarest is None or len(ids) < len(rarest)):
            rarest = list(ids)
        those.append(found.c.id.in_(select(comment_words.c.response_id).where(stands)))
    return [*those, found.c.id.in_(rarest)] if rarest is not None else those


def _stands(word: str, langs: Sequence[str], *, is_last: bool) -> ColumnElement[bool]:
    same = comment_words.c.word.in_(stems.alike(word, langs))
    if not is_last:
        return same
    return same | ((comment_words.c.word >= word) & (comment_words.c.word < word + "\uffff"))


def _has(column: Any, words: Sequence[str]) -> ColumnElement[bool]:
    """Whether one of these words of the index is in it; a word that ends in * by its beginning."""
    return column.in_(select(comment_words.c.response_id).where(_is_one_of(words)))  # type: ignore[no-any-return]


def _is_one_of(words: Sequence[str]) -> ColumnElement[bool]:
    whole = [word for word in words if not word.endswith("*")]
    begun = [word[:-1] for word in words if word.endswith("*")]
    any_of: list[ColumnElement[bool]] = [comment_words.c.word.in_(whole)] if whole else []
    any_of += [(comment_words.c.word >= word) & (comment_words.c.word < word + "\uffff") for word in begun]
    return or_(false(), *any_of)
