"""What comments are found by. Whoever stores, changes or wipes an answer with words marks it in the same transaction
(sync.intake.marks); whoever wants to search folds the marks first. The texts stand in the responses alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from sync import wire
from sync.db import Database
from sync.models import comment_marks, comment_words, comments, responses
from sync.office import stems, surveys
from sync.rows import append
from sync.survey import Survey

AT_ONCE = 500
_LOCK = 0x574F5244


def fold(db: Database) -> None:
    """Take up what is marked. Nothing is written where nothing is."""
    while _some(db):
        with db.writing() as tx:
            _fold_some(tx)


def _some(db: Database) -> bool:
    with db.reading() as tx:
        return tx.execute(select(comment_marks.c.id).limit(1)).first() is not None


def _fold_some(tx: Connection) -> None:
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    marks = tx.execute(select(comment_marks).order_by(comment_marks.c.id).limit(AT_ONCE)).all()
    names = sorted({mark.response_id for mark in marks})
    tx.execute(delete(comment_marks).where(comment_marks.c.id.in_([mark.id for mark in marks])))
    # Locked, so that nobody wipes the words between the look and the index.
    rows = tx.execute(select(responses).where(responses.c.id.in_(names)).order_by(responses.c.id).with_for_update())
    _replace(tx, names, rows.all())


def _replace(tx: Connection, names: Sequence[str], rows: Sequence[Row[Any]]) -> None:
    tx.execute(delete(comments).where(comments.c.id.in_(names)))
    tx.execute(delete(comment_words).where(comment_words.c.response_id.in_(names)))
    asked: dict[tuple[str, int], Survey | None] = {}
    found, entries = [], []
    for row in rows:
        if not row.commented or row.test:
            continue
        if (row.survey, row.version) not in asked:
            asked[row.survey, row.version] = surveys.published(tx, row.survey, row.version)
        answers: Mapping[str, Any] = wire.read_entry(row.body.encode())["answers"]
        lang = str(wire.read_entry(row.body.encode())["lang"])
        entries.append(_entry(row, lang, asked[row.survey, row.version], answers))
        text = "\n".join(answer for answer in answers.values() if isinstance(answer, str))
        found += [(word, row.id) for word in sorted(stems.index(text, lang))]
    append(tx, comments, entries)
    append(tx, comment_words, found)


def _entry(row: Row[Any], lang: str, survey: Survey | None, answers: Mapping[str, Any]) -> tuple[Any, ...]:
    first = survey.first_answer(answers) if survey else None
    question, value = (first[0].id, first[1]) if first else ("", None)
    return (
        row.id, row.rev, row.location_id, row.touchpoint_id, row.captured_ms, row.day, lang, question, value, row.aside,
    )  # fmt: skip
