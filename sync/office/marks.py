"""What happened at a place that may explain its trend: another version of the survey, another terminal, a screen that
came or went, an improvement. Days are local days of the place."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, select

from sync import models
from sync.office import local_time, surveys
from sync.office.counts import Question
from sync.office.improvements import Improvement
from sync.office.places import Location

Kind = Literal["improvement", "version", "published", "survey", "terminal", "came", "left"]
DAY_MS = 86_400_000
MOST_DEVICES, MOST_VERSIONS = 4, 3
"""So few boxes and versions are asked for the first answer under a version; else the day of publishing stands there."""
ADOPTED_MS = 3 * DAY_MS
"""Within so long after a version was published its first answer is looked for."""
MOST = 12
"""On one trend, the newest."""


@dataclass(frozen=True)
class Mark:
    """`what` is a name: of a survey, of a screen; empty for an improvement, which speaks for itself."""

    day: int
    kind: Kind
    what: str = ""
    version: int = 0
    improvement: Improvement | None = None


def shown(
    tx: Connection, place: Location, question: Question, first: int, last: int, changed: list[Improvement]
) -> list[Mark]:
    """What happened on the days `first` … `last`, the oldest first. Of a group: what holds for all of it."""
    found = [Mark(each.day, "improvement", improvement=each) for each in changed if first <= each.day <= last]
    names = sorted({each.id for each in surveys.asked_at(tx, place.path, question.id)})
    span = _Span(place, (first - 1) * DAY_MS, (last + 2) * DAY_MS)
    screens = _screens(tx, span) if place.kind != "group" else []
    boxes = {box for each in screens for box, _ in each.boxes}
    found += _versions(tx, span, names, boxes)
    found += _chosen(tx, place, first, last)
    for each in screens:
        found += each.marks(place.zone, span)
    kept = {mark for mark in found if first < mark.day <= last}
    return sorted(kept, key=lambda mark: (mark.day, mark.kind, mark.what))[-MOST:]


class _Span(NamedTuple):
    place: Location
    from_ms: int
    to_ms: int

    def holds(self, ms: int | None) -> bool:
        return ms is not None and self.from_ms <= ms < self.to_ms


def _versions(tx: Connection, span: _Span, names: list[str], boxes: set[str]) -> list[Mark]:
    """Versions after the first, from the day of the first answer under each, where that is cheap to know."""
    table = models.surveys.c
    query = (
        select(table.id, table.version, table.published_ms)
        .where(table.id.in_(names), table.version > 1, table.published_ms.between(span.from_ms, span.to_ms))
        .order_by(table.published_ms.desc())
        .limit(MOST)
    )
    found = []
    for number, (name, version, published_ms) in enumerate(tx.execute(query).all()):
        few = len(boxes) <= MOST_DEVICES and number < MOST_VERSIONS
        days = [_first_under(tx, span.place, box, name, version, published_ms) for box in sorted(boxes) if few]
        known = min((day for day in days if day is not None), default=None)
        day = local_time.day_of(published_ms, span.place.zone) if known is None else known
        found.append(Mark(day, "published" if known is None else "version", name, version))
    return found


def _first_under(tx: Connection, place: Location, box: str, name: str, version: int, published_ms: int) -> int | None:
    """The local day of a box's first answer under a version: a walk along its answers from the publishing on, which is
    over as soon as the box took the version up."""
    table = models.responses.c
    query = (
        select(table.day)
        .where(table.device_id == box, ~table.test)
        .where(table.captured_ms.between(published_ms, published_ms + ADOPTED_MS))
        .where(table.survey == name, table.version >= version, table.location_id == place.id)
        .order_by(table.captured_ms)
        .limit(1)
    )
    found: int | None = tx.execute(query).scalar()
    return found


def _chosen(tx: Connection, place: Location, first: int, last: int) -> list[Mark]:
    """Surveys that were planned from one of these days on, here or above."""
    table, above = models.schedules.c, [int(part) for part in place.path.split("/") if part]
    query = select(table.survey, table.from_day).where(table.from_day.between(first, last))
    rows = tx.execute(query.where(table.location_id.is_(None) | table.location_id.in_(above)).limit(MOST))
    return [Mark(day, "survey", name) for name, day in rows]


@dataclass(frozen=True)
class _Screen:
    """A screen that stands or stood there; `boxes` that drove it, with the moment of their enrolment, in order."""

    name: str
    from_ms: int
    to_ms: int | None
    boxes: tuple[tuple[str, int], ...]

    def marks(self, zone: str, span: _Span) -> list[Mark]:
        found = [Mark(local_time.day_of(ms, zone), "terminal", self.name) for _, ms in self.boxes[1:] if span.holds(ms)]
        if span.holds(self.from_ms):
            found.append(Mark(local_time.day_of(self.from_ms, zone), "came", self.name))
        if self.to_ms is not None and span.holds(self.to_ms):
            found.append(Mark(local_time.day_of(self.to_ms, zone), "left", self.name))
        return found


def _screens(tx: Connection, span: _Span) -> list[_Screen]:
    placements, screens, driven, devices = models.placements, models.screens, models.driven, models.devices
    query: Any = (
        select(
            placements.c.id, screens.c.name, placements.c.from_ms, placements.c.to_ms, devices.c.id.label("box"),
            devices.c.enrolled_ms,
        )
        .join(models.touchpoints, models.touchpoints.c.id == placements.c.touchpoint_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .outerjoin(driven, driven.c.screen_id == screens.c.id)
        .outerjoin(devices, devices.c.id == driven.c.device_id)
        .where(models.touchpoints.c.location_id == span.place.id)
        .where(placements.c.to_ms.is_(None) | (placements.c.to_ms >= span.from_ms))
        .order_by(placements.c.from_ms, devices.c.enrolled_ms)
    )  # fmt: skip
    found: dict[str, _Screen] = {}
    for row in tx.execute(query):
        known = found.get(row.id) or _Screen(row.name, row.from_ms, row.to_ms, ())
        boxes = known.boxes + (((row.box, row.enrolled_ms),) if row.box else ())
        found[row.id] = _Screen(row.name, row.from_ms, row.to_ms, boxes)
    return list(found.values())
