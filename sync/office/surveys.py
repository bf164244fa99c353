"""Published surveys: versions that never change, and which of them is asked where."""

from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, func, insert, select

from sync import models, survey, wire
from sync.rows import put


class BadVersion(ValueError):
    """A version that cannot be published; the message is a sentence that says why."""


class ScaleChanged(BadVersion):
    """A question keeps its kind and its scale for ever; with another it needs another id. The message says which."""


_KINDS = {"reasons": "reasons", "text": "a comment", "contact": "a way to be reached"}


class Asked(NamedTuple):
    """A question that was ever asked: its scale, empty where it has none, its newest texts, and whether it is asked
    first rather than after an answer."""

    kind: str
    scale: str
    texts: survey.Texts
    is_first: bool = False


class Version(NamedTuple):
    """A published version, without its definition."""

    id: str
    version: int
    published_ms: int


def check(tx: Connection, definition: survey.Survey) -> bool:
    """Whether this version can be published; False when the very same is already. Raises BadVersion."""
    name, version = definition.id, definition.version
    kept, newest = published(tx, name, version), newest_version(tx, name)
    if kept == definition:
        return False
    if name == survey.BUILTIN.id:
        raise BadVersion(f"{name!r} is the survey that comes with Smilepost: give yours another id.")
    if kept is not None:
        raise BadVersion(
            f"Version {version} of {name!r} is published with other content, and stays as it is: give this one the "
            f"version {newest + 1}."
        )
    if version <= newest:
        raise BadVersion(
            f"Version {newest} of {name!r} is published, so {version} comes too late: give this one the version "
            f"{newest + 1}."
        )
    known = questions(tx)
    for question in definition.questions:
        _refuse_changed(question, known.get(question.id))
    return True


def publish(
    tx: Connection,
    definition: survey.Survey,
    now_ms: int,
    *,
    replaces: Mapping[str, str] | None = None,
    untouched: Set[str] = frozenset(),
) -> bool:
    """Publish a version, and register its questions; False when the very same is published already. `replaces`: by new
    question, the one whose place it takes. `untouched`: questions that others ask as well, and that stay registered as
    they are. Raises BadVersion."""
    if not check(tx, definition):
        return False
    known, before = questions(tx), _replaced(tx) | dict(replaces or {})
    rows = [
        (
            q.id,
            q.scale or "",
            q.kind,
            wire.encode((known[q.id].texts if q.id in known else {}) | q.texts).decode(),
            "first" if q in definition.firsts else "after",
            before.get(q.id),
        )
        for q in definition.questions
        if q.id not in untouched
    ]
    put(tx, models.questions, sorted(rows))
    row = {"id": definition.id, "version": definition.version, "definition": wire.encode(definition).decode()}
    tx.execute(insert(models.surveys).values(**row, published_ms=now_ms))
    return True


def _replaced(tx: Connection) -> dict[str, str]:
    """By question, the one whose place it took."""
    table = models.questions
    query = select(table.c.id, table.c.replaces).where(table.c.replaces.is_not(None))
    return {row.id: row.replaces for row in tx.execute(query)}


def _refuse_changed(question: survey.Question, before: Asked | None) -> None:
    scale = question.scale or ""
    if before is not None and (before.kind, before.scale) != (question.kind, scale):
        was, now = _on(before.kind, before.scale), _on(question.kind, scale)
        raise ScaleChanged(f"The question {question.id!r} is asked {was}; {now} it needs another id.")


def _on(kind: str, scale: str) -> str:
    return f"on {scale}" if kind == "scale" else f"for {_KINDS[kind]}"


def published(tx: Connection, name: str, version: int) -> survey.Survey | None:
    """That version, or None. The built-in survey is always there."""
    if (name, version) == (survey.BUILTIN.id, survey.BUILTIN.version):
        return survey.BUILTIN
    table = models.surveys
    found = tx.execute(select(table.c.definition).where(table.c.id == name, table.c.version == version)).scalar()
    return _load(found) if found else None


@lru_cache(maxsize=64)
def _load(definition: str) -> survey.Survey:
    """A published definition never changes, and is asked for again and again."""
    return survey.load(definition.encode())


def newest_version(tx: Connection, name: str) -> int:
    """0 when there is none."""
    table = models.surveys
    return tx.execute(select(func.max(table.c.version)).where(table.c.id == name)).scalar() or 0


def newest(tx: Connection, names: Iterable[str] | None = None) -> dict[str, survey.Survey]:
    """The newest version of each of these surveys (None: of all), by id; the built-in one among them where it is
    meant."""
    table, above = models.surveys, models.surveys.alias()
    top = select(func.max(above.c.version)).where(above.c.id == table.c.id).scalar_subquery()
    query = select(table.c.definition).where(table.c.version == top).order_by(table.c.id)
    wanted = None if names is None else set(names)
    if wanted is not None:
        query = query.where(table.c.id.in_(wanted))
    found = [_load(definition) for definition in tx.execute(query).scalars()]
    if wanted is None or survey.BUILTIN.id in wanted:
        found.append(survey.BUILTIN)
    return {each.id: each for each in found}


def versions(tx: Connection) -> list[Version]:
    """Every version that was published, by id, the newest first."""
    table = models.surveys
    query = select(table.c.id, table.c.version, table.c.published_ms).order_by(table.c.id, table.c.version.desc())
    return [Version(*row) for row in tx.execute(query)]


def names(tx: Connection) -> frozenset[str]:
    """The ids of all surveys there are."""
    return frozenset(tx.execute(select(models.surveys.c.id).distinct()).scalars()) | {survey.BUILTIN.id}


def places(tx: Connection) -> dict[str, list[str]]:
    """By survey, the names of the places (and touchpoints) where it was set."""
    table, locations, touchpoints = models.settings, models.locations, models.touchpoints
    query = (
        select(table.c.value, locations.c.name, touchpoints.c.name)
        .join(locations, locations.c.id == table.c.location_id)
        .outerjoin(touchpoints, touchpoints.c.id == table.c.touchpoint_id)
        .where(table.c.key == "survey")
        .order_by(locations.c.name, touchpoints.c.name)
    )
    found: dict[str, list[str]] = {}
    for value, place, touchpoint in tx.execute(query):
        found.setdefault(msgspec.json.decode(value), []).append(f"{place} ({touchpoint})" if touchpoint else place)
    return found


def languages(tx: Connection) -> frozenset[str]:
    """Every language that a survey is in."""
    return frozenset(lang for each in newest(tx).values() for lang in each.languages)


def questions(tx: Connection) -> dict[str, Asked]:
    """Every question that was ever published, and those of the built-in survey, by id."""
    table = models.questions
    ours = {
        each.id: Asked(each.kind, each.scale or "", each.texts, each in survey.BUILTIN.firsts)
        for each in survey.BUILTIN.questions
    }
    return ours | {
        row.id: Asked(row.kind, row.scale, msgspec.json.decode(row.texts), row.asked == "first")
        for row in tx.execute(select(table))
    }


def asked_at(tx: Connection, path: str, first: str) -> list[survey.Survey]:
    """What may be asked at and below `path`: the surveys that were set or planned there, and the nearest one above;
    each as it asked `first` last, where it ever did."""
    names = _set_at(tx, path) | _planned_at(tx, path)
    found = newest(tx, names)
    if any(question.id == first for each in found.values() for question in each.firsts):
        return list(found.values())
    table = models.surveys
    query = select(table.c.definition).where(table.c.id.in_(names), table.c.definition.contains(f'"{first}"'))
    for definition in tx.execute(query.order_by(table.c.version)).scalars():
        older = _load(definition)
        if any(question.id == first for question in older.firsts):
            found[older.id] = older
    return list(found.values())


def _planned_at(tx: Connection, path: str) -> set[str]:
    table, locations = models.schedules, models.locations
    above = [int(part) for part in path.split("/") if part]
    there = table.c.location_id.in_(above) | locations.c.path.startswith(path)
    query = select(table.c.survey).outerjoin(locations, locations.c.id == table.c.location_id)
    return set(tx.execute(query.where(table.c.location_id.is_(None) | there).distinct()).scalars())


def _set_at(tx: Connection, path: str) -> set[str]:
    settings, locations = models.settings, models.locations
    above = [int(part) for part in path.split("/") if part]
    query = (
        select(settings.c.location_id, settings.c.touchpoint_id, settings.c.value)
        .join(locations, locations.c.id == settings.c.location_id)
        .where(settings.c.key == "survey", settings.c.location_id.in_(above) | locations.c.path.startswith(path))
    )
    below, inherited = set[str](), {0: survey.BUILTIN.id}
    for location, touchpoint, value in tx.execute(query):
        name = msgspec.json.decode(value)
        if touchpoint == 0 and location in above:
            inherited[1 + above.index(location)] = name
        elif location not in above[:-1]:
            below.add(name)
    return {*below, inherited[max(inherited)]}


def as_data(definition: survey.Survey) -> dict[str, object]:
    """The definition as plain data for a manifest."""
    plain: dict[str, object] = msgspec.to_builtins(definition)
    return plain
