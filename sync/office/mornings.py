"""The morning after: what was counted of a local day when somebody first looked at it after it was over. It is kept by
whoever reads first, so that what comes later can be told as what it is, a figure that was restated."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, func, select, text

from sync.db import Database
from sync.intake import shown
from sync.intake.shown import COUNTS
from sync.models import devices, former_zones, locations, mornings, placements, screens, touchpoints
from sync.office import places, surveys, zones

GRACE_MS = 5 * 60_000
"""A day is over for so long before anything of it is kept: what a terminal brought shortly before midnight is being
stored, and the clocks of several servers differ a little."""
BACK = shown.BACK
"""Days over for longer that nobody looked at were never shown, so nothing of them is ever restated."""
_QUARTER_MS = 15 * 60_000
"""A day begins with a quarter of an hour, in whatever zone."""


class _Kept(NamedTuple):
    """When this process last looked, and which days it found kept then: the last one over in each time zone."""

    quarter: int
    days: frozenset[tuple[str, int]]


_kept: WeakKeyDictionary[Database, dict[tuple[str, ...], _Kept]] = WeakKeyDictionary()


def keep(db: Database, paths: Sequence[str], now_ms: int, before: Callable[[], None] = lambda: None) -> None:
    """Keep what the days that are over are like at and below these paths, where nobody did yet: to be called before
    they are shown. `before` brings what is kept up to date, where something is missing. Costs nothing for the rest of a
    quarter of an hour, next to nothing for the rest of a day."""
    known, at = _kept.setdefault(db, {}), tuple(paths)
    quarter = (now_ms - GRACE_MS) // _QUARTER_MS
    if at in known and known[at].quarter == quarter:
        return
    with db.reading() as tx:
        settled_ms = _settled_ms(tx, now_ms)
        days = _days(tx, settled_ms)
        missing = _missing(tx, at, settled_ms) if at not in known or known[at].days != days else []
    if missing:
        before()
        with db.writing() as tx:
            _write(tx, missing, now_ms)
    known[at] = _Kept(quarter, days)


def _settled_ms(tx: Connection, now_ms: int) -> int:
    """Everything before this moment was stored: nobody is at it who may have begun before. Whoever stores knows what
    day it is from before their transaction began."""
    began_ms = now_ms
    if tx.dialect.name == "postgresql":
        oldest = tx.execute(text(
            "SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) * 1000 FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
        )).scalar()  # fmt: skip
        began_ms -= int(oldest or 0)
    return began_ms - GRACE_MS


def _days(tx: Connection, settled_ms: int) -> frozenset[tuple[str, int]]:
    """What day it was then in each zone that was ever set."""
    now = tx.execute(select(locations.c.zone).distinct().where(locations.c.zone.is_not(None))).scalars()
    before = tx.execute(select(former_zones.c.zone).distinct()).scalars()
    return frozenset((zone, zones.today(zone, (), settled_ms)) for zone in {zones.DEFAULT_ZONE, *now, *before})


class _Morning(NamedTuple):
    place: int
    day: int
    complete_ms: int | None


def _missing(tx: Connection, paths: tuple[str, ...], settled_ms: int) -> list[_Morning]:
    """The days over at places where answers are given, of which nothing is kept."""
    today = _today(tx, paths, settled_ms)
    first = min(today.values(), default=0) - BACK
    marks = select(mornings.c.location_id, mornings.c.day).where(
        mornings.c.question == shown.MARK, mornings.c.whole, mornings.c.day >= first
    )
    there = {(row.location_id, row.day) for row in tx.execute(marks)}
    complete = _complete(tx, paths)
    return [
        _Morning(place, day, complete.get(place))
        for place, now in sorted(today.items())
        for day in range(now - BACK, now)
        if (place, day) not in there
    ]


def _today(tx: Connection, paths: tuple[str, ...], settled_ms: int) -> dict[int, int]:
    query = select(touchpoints.c.location_id).distinct().join(locations, locations.c.id == touchpoints.c.location_id)
    asked = set(tx.execute(query.where(places.below(paths))).scalars())
    former, at = zones.former(tx), {}
    day = cache(lambda zone: zones.today(zone, (), settled_ms))
    for path in paths:
        at.update(zones.resolved(tx, path))
    return {
        place: zones.today(zone, former[place], settled_ms) if place in former else day(zone)
        for place, zone in at.items()
        if place in asked
    }


def _complete(tx: Connection, paths: tuple[str, ...]) -> dict[int, int]:
    """Through when the terminals of each place had delivered, where it is known of all of them."""
    query = (
        select(
            touchpoints.c.location_id, func.min(devices.c.complete_ms), func.count(), func.count(devices.c.complete_ms)
        )
        .select_from(placements)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .join(devices, devices.c.id == screens.c.device_id)
        .where(placements.c.to_ms.is_(None), places.below(paths))
        .group_by(touchpoints.c.location_id)
    )
    return {place: ms for place, ms, boxes, known in tx.execute(query) if boxes == known}


def _write(tx: Connection, missing: Iterable[_Morning], now_ms: int) -> None:
    """One statement reads the counts and what was recorded of them, and so sees both before a change or both after it;
    another one that keeps the same has either finished, or waits until this one has."""
    shown.hold(tx)
    there = msgspec.json.encode(list(missing)).decode()
    asked = msgspec.json.encode(sorted(surveys.questions(tx))).decode()
    tx.execute(text(_statement(tx.dialect.name)), {"there": there, "asked": asked, "now": now_ms})


@cache
def _statement(dialect: str) -> str:
    counts = ", ".join(COUNTS)
    sums = ", ".join(f"SUM(counted.{name})" for name in COUNTS)
    plain = ", ".join(f"counted.{name}" for name in COUNTS)
    nothing = ", ".join("0" for _ in COUNTS)
    if dialect == "postgresql":
        there = ("SELECT (value->>0)::int AS place, (value->>1)::int AS day, (value->>2)::bigint AS complete_ms"
                 " FROM jsonb_array_elements(CAST(:there AS jsonb))")  # fmt: skip
        asked = "SELECT value AS question FROM jsonb_array_elements_text(CAST(:asked AS jsonb))"
        numbers, yes, no = "string_agg(CAST(made.id AS text), ',')", "true", "false"
    else:
        there = ("SELECT json_extract(value, '$[0]') AS place, json_extract(value, '$[1]') AS day,"
                 " json_extract(value, '$[2]') AS complete_ms FROM json_each(:there)")  # fmt: skip
        asked = "SELECT value AS question FROM json_each(:asked)"
        numbers, yes, no = "group_concat(made.id)", "1", "0"
    # The names in it are those of our own tables and columns.
    return f"""
WITH there AS ({there}), asked AS ({asked}),
fresh AS (SELECT * FROM there WHERE NOT EXISTS (SELECT 1 FROM mornings
    WHERE location_id = there.place AND question = '' AND mornings.day = there.day AND whole = {yes}))
INSERT INTO mornings (location_id, question, day, whole, shown_ms, complete_ms, changes, {counts})
SELECT place, '', fresh.day, {yes}, CAST(:now AS bigint), complete_ms, COALESCE((SELECT {numbers} FROM restatements made
    WHERE made.location_id = place AND made.day = fresh.day), ''), {nothing}
  FROM fresh
UNION ALL
SELECT place, asked.question, fresh.day, {yes}, CAST(:now AS bigint), complete_ms, '', {sums}
  FROM fresh CROSS JOIN asked JOIN tallies_day counted ON counted.location_id = place AND counted.day = fresh.day
   AND counted.question = asked.question AND counted.choice = '' AND counted.aside = {no}
 GROUP BY place, asked.question, fresh.day, complete_ms
UNION ALL
SELECT place, asked.question, fresh.day, {no}, CAST(:now AS bigint), complete_ms, '', {plain}
  FROM fresh CROSS JOIN asked JOIN shown_day counted ON counted.location_id = place AND counted.day = fresh.day
   AND counted.question = asked.question AND counted.choice = ''
 WHERE true
ON CONFLICT DO NOTHING"""  # noqa: S608
