"""What a crew's tablet is told: who may sign in, and which jobs there are."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Connection, select

from sync import wire
from sync.intake import clocks
from sync.intake.keys import Secrets
from sync.models import jobs
from sync.office.places import Standing
from sync.office.settings import Told

AHEAD = 14
"""Days of which a tablet has the code: so long it may be without network."""
MOST_JOBS = 400
"""Of one crew, over three days."""


def told(
    tx: Connection, standing: Sequence[Standing], settings: Mapping[str, Told], keys: Secrets, now_ms: int
) -> dict[str, wire.Handing]:
    """By placement, for screens that crews hand over."""
    days = {each.placement: clocks.local(now_ms, each.zone).day for each in standing}
    listed = _jobs(tx, {each.location_id: days[each.placement] for each in standing})
    found = {}
    for each in standing:
        pin, today = settings[each.placement].crew_pin, days[each.placement]
        codes = {str(day): _hashed(keys, each.location_id, day) for day in range(today, today + AHEAD + 1)}
        found[each.placement] = wire.Handing(
            str(each.location_id), each.place, [pin] if pin else [], codes, listed.get(each.location_id, [])
        )
    return found


@lru_cache(100_000)
def _hashed(keys: Secrets, crew: int, day: int) -> str:
    """The same each time, so that a manifest that says nothing new has the same tag."""
    salt = sha256(f"smilepost day's code\n{crew}\n{day}".encode()).digest()[:16]
    return wire.hash_crew_pin(keys.day_code(crew, day), wire.DAY_ROUNDS, salt)


def _jobs(tx: Connection, today: Mapping[int, int]) -> dict[int, list[wire.Job]]:
    """Crew -> its jobs of yesterday, today and tomorrow that were not cancelled."""
    if not today:
        return {}
    first, last = min(today.values()) - 1, max(today.values()) + 1
    query = (
        select(jobs.c.location_id, jobs.c.ref, jobs.c.day, jobs.c.what)
        .where(jobs.c.location_id.in_(today), jobs.c.day.between(first, last), jobs.c.state != "cancelled")
        .order_by(jobs.c.day, jobs.c.id)
    )
    found: dict[int, list[wire.Job]] = {}
    for row in tx.execute(query):
        mine = found.setdefault(row.location_id, [])
        if abs(row.day - today[row.location_id]) <= 1 and len(mine) < MOST_JOBS:
            mine.append(wire.Job(row.ref, row.day, row.what))
    return found
