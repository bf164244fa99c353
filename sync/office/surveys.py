"""Published surveys: versions that never change, and which one a touchpoint asks."""

import msgspec
from sqlalchemy import Connection, insert, select

from sync import models, survey, wire


class ScaleChanged(ValueError):
    """A question keeps its scale for ever; with another one it needs another id. The message says which."""


def publish(tx: Connection, definition: survey.Survey, now_ms: int) -> None:
    """Publish a version, and register its questions. Raises ScaleChanged."""
    for question in definition.questions:
        if question.kind == "scale":
            _register(tx, question.id, str(question.scale))
    row = {"id": definition.id, "version": definition.version, "definition": wire.encode(definition).decode()}
    tx.execute(insert(models.surveys).values(**row, published_ms=now_ms))


def _register(tx: Connection, question: str, scale: str) -> None:
    table = models.questions
    known = tx.execute(select(table.c.scale).where(table.c.id == question)).scalar()
    if known is None:
        tx.execute(insert(table).values(id=question, scale=scale))
    elif known != scale:
        raise ScaleChanged(f"The question {question!r} is asked on {known}; on {scale} it needs another id.")


def published(tx: Connection, name: str, version: int) -> survey.Survey | None:
    """That version, or None. The built-in survey is always there."""
    if (name, version) == (survey.BUILTIN.id, survey.BUILTIN.version):
        return survey.BUILTIN
    table = models.surveys
    found = tx.execute(select(table.c.definition).where(table.c.id == name, table.c.version == version)).scalar()
    return survey.load(found.encode()) if found else None


def current(tx: Connection, touchpoint: int) -> survey.Survey:
    """What a touchpoint asks now: the newest version of its survey, or the built-in one."""
    name = tx.execute(select(models.touchpoints.c.survey).where(models.touchpoints.c.id == touchpoint)).scalar()
    table = models.surveys
    newest = select(table.c.definition).where(table.c.id == name).order_by(table.c.version.desc()).limit(1)
    found = tx.execute(newest).scalar() if name else None
    return survey.load(found.encode()) if found else survey.BUILTIN


def scales(tx: Connection) -> dict[str, str]:
    """Question id -> scale, of every question ever published and the built-in one."""
    table = models.questions
    known = {row.id: row.scale for row in tx.execute(select(table.c.id, table.c.scale))}
    return {survey.BUILTIN.first.id: str(survey.BUILTIN.first.scale)} | known


def as_data(definition: survey.Survey) -> dict[str, object]:
    """The definition as plain data for a manifest."""
    plain: dict[str, object] = msgspec.to_builtins(definition)
    return plain
