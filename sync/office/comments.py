"""What customers wrote, newest first. Only for viewers with the permission `responses`: the routes ask for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from unicodedata import category

from sqlalchemy import ColumnElement, Connection, Row, exists, literal_column, or_, select, tuple_

from sync import wire
from sync.models import locations, moderation, responses, told_answers
from sync.office import crew_sight, latest, places, surveys
from sync.office.places import Location
from sync.survey import SCALES, Survey

A_PAGE = 20


class Cursor(NamedTuple):
    """A comment's place in the order: when its answer was given, then its id."""

    captured_ms: int
    id: str

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """None for what is no cursor."""
        moment, _, name = (text or "").partition(".")
        fits = moment.isascii() and moment.isdecimal() and len(moment) <= 15 and name.isascii() and name.isprintable()
        return cls(int(moment), name) if fits and 0 < len(name) <= 40 else None

    def __str__(self) -> str:
        return f"{self.captured_ms}.{self.id}"


@dataclass(frozen=True)
class Comment:
    """What one customer wrote, and the face they touched (`value` on `scale_name`, None when that survey is not
    known any more). `reasons`: the texts of those they chose, by language. `aside`: a flag keeps the answer out of
    the score. `is_timed`: whether the hour is known."""

    cursor: Cursor
    place: Location
    lang: str
    text: str
    value: int | None
    scale_name: str | None
    reasons: tuple[dict[str, str], ...]
    aside: bool
    is_timed: bool


@dataclass(frozen=True)
class Comments:
    """One page of them; `older` is the cursor to go on from, None at the end."""

    shown: tuple[Comment, ...]
    older: Cursor | None

    @property
    def newest(self) -> Cursor:
        return self.shown[0].cursor if self.shown else Cursor(0, "0")


def before(tx: Connection, path: str, cursor: Cursor | None) -> Comments:
    """The newest comments at and below `path` that are older than `cursor` (None: the newest of all)."""
    those = [*_COMMENTS, _key() < cursor] if cursor is not None else _COMMENTS
    rows = _rows(tx, latest.ids(tx, responses, path, those, A_PAGE + 1))
    older = Cursor(rows[A_PAGE - 1].captured_ms, rows[A_PAGE - 1].id) if len(rows) > A_PAGE else None
    return Comments(tuple(_read(tx, rows[:A_PAGE])), older)


def after(tx: Connection, path: str, cursor: Cursor) -> Comments:
    """The comments newer than `cursor`, newest first: what has come in since a page was drawn."""
    found = latest.ids(tx, responses, path, [*_COMMENTS, _key() > cursor], A_PAGE, oldest=True)
    return Comments(tuple(_read(tx, _rows(tx, found))), None)


def those(tx: Connection, ids: Sequence[str]) -> list[Comment]:
    """These, newest first, as far as they still have words."""
    return _read(tx, _rows(tx, ids))


def praised(tx: Connection, path: str, since_ms: int, most: int) -> list[Comment]:
    """Those that somebody passed on as praise to places at and below `path`, given since then, unless they were hidden
    or their words were taken out: for everybody who sees the place. What a crew's own customers said comes with its
    briefing, among others: they were told that the crew cannot see it."""
    table, given = moderation.c, responses.c
    same = (told_answers.c.location_id == locations.c.id, told_answers.c.response_id == given.id)
    may_be_known = or_(locations.c.kind != "crew", given.location_id != locations.c.id, exists().where(*same))
    query = (
        select(table.response_id)
        .join(responses, given.id == table.response_id)
        .join(locations, locations.c.id == table.praise_id)
        .where(
            crew_sight.answered([path]),
            table.hidden_ms.is_(None),
            given.commented,
            ~given.test,
            given.captured_ms > since_ms,
        )
        .where(may_be_known)
        .order_by(table.praised_ms.desc(), table.response_id)
        .limit(most)
    )
    ids = list(tx.execute(query).scalars())
    return those(tx, ids) if ids else []


# In the words of their indexes: SQLite does not know "commented = 1" for the same.
_HIDDEN = select(moderation.c.response_id).where(moderation.c.hidden_ms.is_not(None))
_COMMENTS: list[ColumnElement[bool]] = [
    literal_column("responses.commented"), ~responses.c.test, responses.c.id.not_in(_HIDDEN),
]  # fmt: skip


def _key() -> Any:
    return tuple_(responses.c.captured_ms, responses.c.id)


def _rows(tx: Connection, ids: Sequence[str]) -> Sequence[Row[Any]]:
    """The newest first."""
    query = select(responses).where(responses.c.id.in_(ids))
    return tx.execute(query.order_by(responses.c.captured_ms.desc(), responses.c.id.desc())).all()


def _read(tx: Connection, rows: Sequence[Row[Any]]) -> list[Comment]:
    there = places.resolved(tx, {row.location_id for row in rows})
    asked: dict[tuple[str, int], Survey | None] = {}
    for row in rows:
        key = (row.survey, row.version)
        if key not in asked:
            asked[key] = surveys.published(tx, *key)
    read = [_comment(there[row.location_id], asked[row.survey, row.version], row) for row in rows]
    return [comment for comment in read if comment.text]


def _comment(place: Location, survey: Survey | None, row: Row[Any]) -> Comment:
    entry = wire.read_entry(row.body.encode())
    answers = entry["answers"]
    first = survey.first_answer(answers) if survey else None
    value, scale_name = (first[1], first[0].scale) if first else (None, None)
    on_scale = scale_name is not None and value in _values(scale_name)
    return Comment(
        cursor=Cursor(row.captured_ms, row.id),
        place=place,
        lang=entry["lang"],
        # Only a free text is text: values are numbers, reasons are lists.
        text="\n\n".join(_readable(answer) for answer in answers.values() if isinstance(answer, str)).strip(),
        value=value if on_scale else None,
        scale_name=scale_name if on_scale else None,
        reasons=tuple(_reasons(survey, answers)) if survey else (),
        aside=row.aside,
        is_timed=row.hour is not None,
    )


def _readable(text: str) -> str:
    """Without control characters, which no screen of ours lets through."""
    return "".join(each for each in text if each == "\n" or category(each) != "Cc").strip()


def _reasons(survey: Survey, answers: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for question in survey.questions:
        chosen = answers.get(question.id) if question.kind == "reasons" else None
        yield from (choice.texts for choice in question.choices if choice.id in (chosen or ()))


def _values(scale_name: str) -> range:
    scale = SCALES[scale_name]
    return range(scale.low, scale.high + 1)
