"""What changed counts after they were first shown, as the record says: read for a place or for all of a group."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select

from sync.intake import shown
from sync.intake.record import Cause
from sync.models import driven, locations, mornings, placements, restatements, screens, shown_day, touchpoints
from sync.office import crew_sight, local_time, places
from sync.office.awaited import Days
from sync.office.counts import Question, value_columns
from sync.scores import Histogram

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Change:
    """What one box, person or command did to counts that had been shown, in one go: with less than an hour between its
    transactions. `counts`: what came to the histogram, or was taken from it. `is_news` false: it was in what was shown
    first, or nobody had looked yet."""

    cause: Cause
    device: str | None
    actor: str
    from_ms: int
    to_ms: int
    responses: int
    counts: Histogram
    is_news: bool

    @property
    def n(self) -> int:
        return sum(self.counts)


def changes(
    tx: Connection, paths: Sequence[str], question: Question, days: Days, now_ms: int, *, news: bool = True
) -> list[Change]:
    """Of these days at and below these paths, the oldest first; only those since it was first shown, unless not only
    `news` is asked for."""
    low, high = days(now_ms // local_time.DAY_MS - 1)[0], days(now_ms // local_time.DAY_MS + 1)[1]
    those = (restatements.c.question.in_((question.id, shown.MARK)), restatements.c.day.between(low, high))
    fresh = shown.is_since()
    query = (
        select(restatements, (mornings.c.day.is_not(None) & fresh).label("news"))
        .join(locations, locations.c.id == restatements.c.location_id)
        .outerjoin(mornings, shown.kept())
        .where(crew_sight.answered(paths), *those)
        .order_by(restatements.c.at_ms, restatements.c.id)
    )
    if news:
        query = query.where(mornings.c.day.is_not(None), fresh)
    return _together(_within(tx, tx.execute(query).all(), days, now_ms), question)


def _within(tx: Connection, rows: Sequence[Row[Any]], days: Days, now_ms: int) -> Iterable[Row[Any]]:
    tree = places.resolved(tx, {row.location_id for row in rows}) if rows else {}
    spans = {number: days(local_time.day_of(now_ms, place.zone)) for number, place in tree.items()}
    return (row for row in rows if spans[row.location_id][0] <= row.day <= spans[row.location_id][1])


def _together(rows: Iterable[Row[Any]], question: Question) -> list[Change]:
    found: list[Change] = []
    last: dict[tuple[Any, ...], int] = {}
    for row in rows:
        key = (row.cause, row.device_id, row.actor, bool(row.news))
        counts = tuple(int(row._mapping[column.name]) for column in value_columns(question.scale))
        at = last.get(key)
        if at is not None and row.at_ms - found[at].to_ms < HOUR_MS:
            sums = tuple(a + b for a, b in zip(found[at].counts, counts, strict=True))
            responses = found[at].responses + row.responses
            found[at] = replace(found[at], to_ms=row.at_ms, responses=responses, counts=sums)
            continue
        last[key] = len(found)
        made = (row.cause, row.device_id, row.actor, row.at_ms, row.at_ms, row.responses, counts)
        found.append(Change(*made, bool(row.news)))
    return found


def shown_since(tx: Connection, paths: Sequence[str], question: Question, days: Days, now_ms: int) -> Histogram:
    """What came since it was first shown to the histogram that those see who may not see single answers."""
    low, high = days(now_ms // local_time.DAY_MS - 1)[0], days(now_ms // local_time.DAY_MS + 1)[1]
    columns = value_columns(question.scale, shown_day)
    differ = [(shown_day.c[each.name] - mornings.c[each.name]).label(each.name) for each in columns]
    same = (mornings.c.location_id == shown_day.c.location_id) & (mornings.c.day == shown_day.c.day)
    query = (
        select(shown_day.c.location_id, shown_day.c.day, *differ)
        .join(locations, locations.c.id == shown_day.c.location_id)
        .join(mornings, same & (mornings.c.question == shown_day.c.question) & ~mornings.c.whole)
        .where(crew_sight.answered(paths), shown_day.c.question == question.id, shown_day.c.choice == "")
        .where(shown_day.c.day.between(low, high))
    )
    rows = _within(tx, tx.execute(query).all(), days, now_ms)
    return tuple(map(sum, zip(*(tuple(row)[2:] for row in rows), strict=True))) or (0,) * len(columns)


def boxes(tx: Connection, paths: Sequence[str], devices: Iterable[str | None]) -> dict[str, list[tuple[str, str]]]:
    """The screens that each of these boxes drives or drove at or below these paths, with the place where each stood
    last: names."""
    wanted = sorted({each for each in devices if each is not None})
    query = (
        select(driven.c.device_id, screens.c.id, screens.c.name, locations.c.name.label("place"))
        .join(screens, screens.c.id == driven.c.screen_id)
        .join(placements, placements.c.screen_id == screens.c.id)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(driven.c.device_id.in_(wanted), places.below(paths))
        .order_by(driven.c.device_id, screens.c.name, placements.c.from_ms)
    )
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for row in tx.execute(query) if wanted else ():
        found.setdefault(row.device_id, {})[row.id] = (row.name, row.place)
    return {device: list(each.values()) for device, each in found.items()}
