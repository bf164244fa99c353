"""The jobs of crews: those of a day with what came of each, adding one, changing one. Days are local days since
1970-01-01."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select

from sync import wire
from sync.intake.handed import key
from sync.models import handovers, jobs, locations
from sync.office import asked, audit, edits, forms, local_time
from sync.office.audit import Actor, Subject
from sync.office.places import Location
from sync.office.tongue import _

STATES = ("planned", "done", "cancelled")
MAX_REF, MAX_WHAT = 40, 120
BACK, AHEAD = 366, 366
"""Days from today on which a job may be."""


@dataclass(frozen=True)
class Job:
    """`outcome`: what came of the tablet, as in wire.Handover, None where it was never heard of; `id` is None of a job
    that only the tablet knows."""

    id: int | None
    place_id: int
    place: str
    path: str
    ref: str
    day: int
    what: str
    state: str
    version: int
    outcome: str | None = None


class Given(NamedTuple):
    """What somebody says of a job. `state` None: as it is, `planned` for a new one."""

    ref: str
    day: int
    what: str = ""
    state: str | None = None


def cleaned(given: Given) -> Given:
    """Blanks put straight, and what reaches or identifies a customer masked (sync.wire.mask)."""
    return given._replace(ref=" ".join(given.ref.split()), what=wire.mask(" ".join(given.what.split())))


def problems(given: Given, today: int) -> dict[str, str]:
    """A sentence by the name of what is wrong with it."""
    found: dict[str, str] = {}
    if not given.ref:
        found["ref"] = _("A job has a number.")
    elif len(given.ref) > MAX_REF or not given.ref.isprintable():
        found["ref"] = _("A job's number has 1 to {most} characters that can be seen.").format(most=MAX_REF)
    if not today - BACK <= given.day <= today + AHEAD:
        found["day"] = _("A job's day lies within a year from today.")
    if len(given.what) > MAX_WHAT or not given.what.isprintable():
        found["what"] = _("What is done has at most {most} characters that can be seen.").format(most=MAX_WHAT)
    if given.state is not None and given.state not in STATES:
        found["state"] = _("A job is planned, done or cancelled.")
    return found


def of_day(tx: Connection, place: Location, day: int) -> list[Job]:
    """Those planned for a day or handed over for on it, by their numbers."""
    offered = _offered(tx, place.id, day)
    query = _query().where(jobs.c.location_id == place.id, (jobs.c.day == day) | jobs.c.key.in_(offered))
    found = {row.key: _job(row, offered.get(row.key)) for row in tx.execute(query)}
    for name, outcome in offered.items():
        if name not in found:
            found[name] = Job(None, place.id, place.name, place.path, name, day, "", "done", 0, outcome)
    return [found[name] for name in sorted(found)]


def find(tx: Connection, number: int) -> Job | None:
    row = tx.execute(_query().where(jobs.c.id == number)).first()
    return _job(row, None) if row else None


def add(tx: Connection, by: Actor, place: Location, given: Given, source: str, now_ms: int) -> int:
    """Its number. Raises Wrong, also when there is one of this number."""
    given = cleaned(given)
    wrong = problems(given, local_time.day_of(now_ms, place.zone))
    there = select(jobs.c.id).where(jobs.c.location_id == place.id, jobs.c.key == key(given.ref))
    if not wrong and tx.execute(there).first() is not None:
        wrong["ref"] = _("There is a job with this number already.")
    if place.kind == "group":
        wrong[""] = _("Jobs are those of crews and stores, not of groups.")
    if wrong:
        raise forms.Wrong(wrong)
    number = write(tx, place.id, given, source, now_ms)
    audit.note(tx, by, "job added", _subject(number, given.ref, place.path), now_ms, after=_told(given))
    return number


def write(tx: Connection, place: int, given: Given, source: str, now_ms: int) -> int:
    """A new one, as it was checked; its number."""
    row = {
        "location_id": place, "ref": given.ref, "key": key(given.ref), "day": given.day, "what": given.what,
        "state": given.state or "planned", "source": source, "changed_ms": now_ms,
    }  # fmt: skip
    return int(tx.execute(insert(jobs).values(row).returning(jobs.c.id)).scalar_one())


def change(tx: Connection, by: Actor, number: int, version: int, given: Given, now_ms: int) -> Job:
    """As it was. Its number stays. Raises Wrong, and edits.Changed."""
    before = find(tx, number)
    if before is None:
        raise edits.Changed
    given = cleaned(given)._replace(ref=before.ref)
    wrong = problems(given, given.day)
    if wrong:
        raise forms.Wrong(wrong)
    state = given.state or before.state
    if (given.day, given.what, state) == (before.day, before.what, before.state):
        return before
    edits.save(tx, jobs, number, version, day=given.day, what=given.what, state=state, changed_ms=now_ms)
    told = Given(before.ref, before.day, before.what, before.state)
    subject = _subject(number, before.ref, before.path)
    after = _told(given._replace(state=state))
    audit.note(tx, by, "job changed", subject, now_ms, before=_told(told), after=after)
    return before


def _offered(tx: Connection, place: int, day: int) -> dict[str, str]:
    """Key -> what came of it, for what was handed over on a day."""
    query = select(handovers.c.job, handovers.c.outcome).where(
        handovers.c.location_id == place, handovers.c.day == day, ~handovers.c.test
    )
    found: dict[str, str] = {}
    order = {name: at for at, name in enumerate(asked.OUTCOMES)}
    for row in tx.execute(query):
        known = found.get(row.job)
        if known is None or order.get(row.outcome, len(order)) < order.get(known, len(order)):
            found[row.job] = row.outcome
    return found


def _query() -> Any:
    return select(jobs, locations.c.name, locations.c.path).join(locations, locations.c.id == jobs.c.location_id)


def _job(row: Row[Any], outcome: str | None) -> Job:
    return Job(
        row.id, row.location_id, row.name, row.path, row.ref, row.day, row.what, row.state, row.version, outcome
    )  # fmt: skip


def _told(given: Given) -> dict[str, Any]:
    return {"day": local_time.date_of(given.day).isoformat(), "what": given.what, "state": given.state or "planned"}


def _subject(number: int, ref: str, path: str) -> Subject:
    return Subject("job", str(number), ref, path)
