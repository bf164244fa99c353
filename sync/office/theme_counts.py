"""What comments are about: how many speak of each theme, and how those who did felt, by the face that they touched.
Only for viewers with the permission `responses`: the routes ask for it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from sync.models import comment_words
from sync.models import comments as found
from sync.office import comment_search, comments, counts, theme_words
from sync.office.comment_search import Wanted
from sync.office.comments import Comment
from sync.office.counts import Figure, Question
from sync.office.filters import Filters, Narrowed
from sync.office.theme_words import Finders, Words
from sync.office.themes import Theme

LOOKED, TRIED, EXAMPLES = 1_000, 500, 8
"""Of the newest comments so many are looked through to count, so many to try words out, and so many shown for it."""
_LAST = 1_000_000


class Said(NamedTuple):
    """`n` comments speak of it; `figure` are the faces of those who touched one of the question's."""

    theme: Theme
    n: int
    figure: Figure


@dataclass(frozen=True)
class Told:
    """What the newest `looked` comments are about, the most frequent first; `more`: there are older ones."""

    looked: int
    more: bool
    question: Question | None
    every: tuple[Said, ...] = ()

    @property
    def spoken_of(self) -> tuple[Said, ...]:
        return tuple(said for said in self.every if said.n)


class Example(NamedTuple):
    """A comment in pieces of which each is marked or not."""

    comment: Comment
    pieces: list[tuple[str, bool]]


@dataclass(frozen=True)
class Trial:
    """What words would find in the newest `looked` comments: `n` of them, some as `examples`. `idle`: entries that
    find nothing, by language."""

    looked: int
    n: int
    examples: tuple[Example, ...] = ()
    idle: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def told(tx: Connection, wanted: Wanted, themes: Sequence[Theme]) -> Told:
    """Of the comments that are wanted. The marks have to be folded (comment_index.fold)."""
    if not themes:
        return Told(0, False, None)
    ids = comment_search.ids(tx, wanted, LOOKED + 1)
    looked = ids[:LOOKED]
    rows = tx.execute(select(found).where(found.c.id.in_(looked))).all() if looked else []
    asked = _question(tx, wanted.filters, rows)
    finders = {theme.id: Finders(theme.words) for theme in themes}
    about = _about(tx, rows, finders)
    every = [_said(theme, [row for row in rows if row.id in about[theme.id]], asked) for theme in themes]
    every.sort(key=lambda said: (-said.n, said.theme.name.casefold()))
    return Told(len(looked), len(ids) > LOOKED, asked, tuple(every))


def _said(theme: Theme, rows: Sequence[Row[Any]], asked: Question | None) -> Said:
    scale = (asked or Question("", "smiley4")).scale
    touched = Counter(row.value for row in rows if asked and row.question == asked.id and not row.aside)
    return Said(theme, len(rows), Figure(scale, tuple(touched[value] for value in range(scale.low, scale.high + 1))))


def _question(tx: Connection, filters: Filters, rows: Sequence[Row[Any]]) -> Question | None:
    """The one that is asked for, else the one that most of them answered: scales are never mixed."""
    known = counts.scored(tx)
    often = Counter(row.question for row in rows if row.question in known)
    name = filters.question if filters.question in known else next((each for each, _n in often.most_common(1)), None)
    return Question(name, known[name].scale, known[name].texts) if name else None


def _about(tx: Connection, rows: Sequence[Row[Any]], finders: Mapping[int, Finders]) -> dict[int, set[str]]:
    """By theme the comments that speak of it: by the index, and by their text where words have to follow each other."""
    held = _held(tx, [row.id for row in rows], finders.values())
    about: dict[int, set[str]] = {number: set() for number in finders}
    unsure: dict[str, list[int]] = {}
    for row in rows:
        for number, theme in finders.items():
            finder = theme.of(row.lang)
            stands = finder.may_stand(held.get(row.id, frozenset())) if finder else False
            if stands:
                about[number].add(row.id)
            elif stands is None:
                unsure.setdefault(row.id, []).append(number)
    for comment in comments.those(tx, list(unsure)) if unsure else ():
        for number in unsure[comment.cursor.id]:
            if finders[number].hold(comment.text, comment.lang):
                about[number].add(comment.cursor.id)
    return about


def _held(tx: Connection, ids: Sequence[str], themes: Iterable[Finders]) -> dict[str, set[str]]:
    """The words of these comments as far as they are any theme's. All of them are read: told which, SQLite would look
    through every comment that has one."""
    every = [finder for theme in themes for finder in theme.every.values()]
    whole = {key for finder in every for key in finder.keys}
    begun = tuple({beginning for finder in every for beginning in finder.beginnings})
    held: dict[str, set[str]] = {}
    if not ids or not every:
        return held
    query = select(comment_words.c.response_id, comment_words.c.word).where(comment_words.c.response_id.in_(ids))
    for name, word in tx.execute(query):
        if word in whole or word.startswith(begun):
            held.setdefault(name, set()).add(word)
    return held


def tried(tx: Connection, paths: tuple[str, ...], words: Words) -> Trial:
    """What these words find in the newest comments there. The marks have to be folded (comment_index.fold)."""
    newest = Wanted(paths, Filters(narrowed=Narrowed(flagged="with")), -_LAST, _LAST)
    texts = comments.those(tx, comment_search.ids(tx, newest, TRIED))
    finders = Finders(words)
    hits = [(comment, found) for comment in texts if (found := finders.hits(comment.text, comment.lang))]
    worked = {(comment.lang.split("-")[0].lower(), hit.entry) for comment, found in hits for hit in found}
    idle = {
        lang: tuple(entry for entry in listed if (lang, entry) not in worked)
        for lang, listed in words.items()
        if listed
    }
    examples = (Example(comment, theme_words.pieces(comment.text, found)) for comment, found in hits[:EXAMPLES])
    return Trial(len(texts), len(hits), tuple(examples), {lang: listed for lang, listed in idle.items() if listed})
