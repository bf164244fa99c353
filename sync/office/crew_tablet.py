"""The briefing on a crew's tablet, for the gateway that drives it: it shows it to whoever signed in as the crew."""

import msgspec
from sqlalchemy import Connection

from sync.db import Database
from sync.office import briefing_times, crew_briefing, local_time, places, tongue
from sync.office.briefing import Briefing
from sync.office.briefing_times import Times


class Told(msgspec.Struct, frozen=True):
    """`briefing` None: this morning's is not due before `due_ms`, which is `at` ("07:00") on the crew's own clock."""

    briefing: Briefing | None
    due_ms: int
    at: str


def told(db: Database, device: str, screen: str, lang: str, now_ms: int) -> Told | None:
    """For the crew whose touchpoint this screen stands at; None when this device drives no such screen there. `lang`:
    as the crew reads it, English where that is not spoken here."""
    with db.reading() as tx:
        crew = _crew(tx, device, screen)
        times = briefing_times.of(tx, [crew])[crew] if crew is not None else None
    if crew is None or times is None:
        return None
    today = local_time.day_of(now_ms, times.zone)
    if times.newest(now_ms) < today:
        return _due(times, today, None)
    crew_briefing.prepare(db, crew, now_ms)
    with db.reading() as tx, tongue.speaking(lang):
        return _due(times, today, crew_briefing.compose(tx, crew, today, now_ms))


def _due(times: Times, today: int, briefing: Briefing | None) -> Told:
    return Told(briefing, times.due_ms(today), f"{times.minute // 60:02}:{times.minute % 60:02}")


def _crew(tx: Connection, device: str, screen: str) -> int | None:
    standing = next((each for each in places.stands(tx, device).values() if each.screen == screen), None)
    if standing is None:
        return None
    at = places.resolved(tx, {standing.location_id})[standing.location_id]
    return at.id if at.kind == "crew" else None
