"""Which survey is asked from one local day to another: what people planned, and what comes of it at a screen.

What was chosen for one touchpoint alone goes first; then what is planned for the day: deeper in the tree before higher
up, for touchpoints of one kind (a template) before for all of them, the later beginning before the earlier, the newer
before the older; then what holds without a plan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, or_, select

from sync.models import locations, schedules, touchpoint_templates, touchpoints
from sync.office import audit, edits, local_time, places, survey_list
from sync.office.audit import Actor, Subject
from sync.office.forms import Wrong
from sync.office.places import Standing
from sync.office.rights import EVERYWHERE
from sync.office.tongue import _

MOST_AHEAD = 12
"""Changes that a screen is told ahead of time."""
MOST = 200
"""Schedules of one survey: nobody keeps an eye on more."""
LAST_DAY = 47_482
"""In the year 2100: far enough, and no typing mistake beyond it."""


@dataclass(frozen=True)
class Schedule:
    """`survey` is asked from `from_day` to `to_day` (None: until it is taken back), local days, both included: at the
    location with this path and below it, "/" everywhere; at the touchpoints of a template, or (None) at all."""

    id: int
    survey: str
    location: int | None
    path: str
    place: str
    template: int | None
    template_name: str
    from_day: int
    to_day: int | None
    version: int

    def holds_on(self, day: int) -> bool:
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)

    def holds_at(self, path: str, template: int | None) -> bool:
        return path.startswith(self.path) and self.template in (None, template)

    def meets(self, other: "Schedule") -> bool:
        """Whether there may be a screen and a day at which both hold."""
        days = (self.to_day is None or other.from_day <= self.to_day) and (
            other.to_day is None or self.from_day <= other.to_day
        )
        where = self.path.startswith(other.path) or other.path.startswith(self.path)
        return days and where and (self.template == other.template or None in (self.template, other.template))

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """The highest one goes first."""
        return self.path.count("/"), self.template is not None, self.from_day, self.id

    @property
    def subject(self) -> Subject:
        return Subject("schedule", str(self.id), self.survey, self.path)


class Change(NamedTuple):
    """From this local day on, this survey is asked."""

    from_day: int
    survey: str


class Plan(NamedTuple):
    """What a screen asks `now`, and what it will ask after that."""

    now: str
    ahead: tuple[Change, ...] = ()


def _query() -> Select[tuple[object, ...]]:
    return (
        select(schedules, locations.c.path, locations.c.name, touchpoint_templates.c.name.label("template"))
        .outerjoin(locations, locations.c.id == schedules.c.location_id)
        .outerjoin(touchpoint_templates, touchpoint_templates.c.id == schedules.c.template_id)
        .order_by(schedules.c.from_day, schedules.c.id)
    )


def _read(row: Row[tuple[object, ...]]) -> Schedule:
    return Schedule(
        id=row.id,
        survey=row.survey,
        location=row.location_id,
        path=row.path or EVERYWHERE,
        place=row.name or "",
        template=row.template_id,
        template_name=row.template or "",
        from_day=row.from_day,
        to_day=row.to_day,
        version=row.version,
    )


def find(tx: Connection, number: int) -> Schedule | None:
    row = tx.execute(_query().where(schedules.c.id == number)).first()
    return _read(row) if row else None


def of(tx: Connection, survey: str) -> list[Schedule]:
    """Those of one survey, by their first day."""
    return [_read(row) for row in tx.execute(_query().where(schedules.c.survey == survey).limit(MOST))]


def beside(tx: Connection, mine: Sequence[Schedule]) -> dict[int, list[Schedule]]:
    """By the number of each of these, every other one that holds at some place and day where it does."""
    if not mine:
        return {}
    every = [_read(row) for row in tx.execute(_query().where(schedules.c.from_day <= _last(mine)))]
    return {each.id: [other for other in every if other.id != each.id and each.meets(other)] for each in mine}


def _last(mine: Sequence[Schedule]) -> int:
    return max(LAST_DAY if each.to_day is None else each.to_day for each in mine)


def add(
    tx: Connection,
    by: Actor,
    survey: str,
    location: int | None,
    template: int | None,
    days: tuple[int, int | None],
    now_ms: int,
) -> int:
    """Plan it; its number. Raises Wrong where the survey may not be asked, and for days in the wrong order."""
    first, last = days
    path = _path(tx, location)
    _refuse_days(first, last)
    if survey not in survey_list.askable(tx, path):
        raise Wrong({"place": _("This survey belongs to another part of the organisation, or isn't published yet.")})
    row = {"survey": survey, "location_id": location, "template_id": template, "from_day": first, "to_day": last}
    number = int(tx.execute(insert(schedules).values(row).returning(schedules.c.id)).scalar_one())
    made = find(tx, number)
    if made is None:
        raise LookupError(f"schedule {number} is gone at once")
    audit.note(tx, by, "survey scheduled", made.subject, now_ms, after=_told(made))
    return number


def change(
    tx: Connection, by: Actor, schedule: Schedule, version: int, days: tuple[int, int | None], now_ms: int
) -> None:
    """Other days. Raises Wrong, edits.Changed."""
    first, last = days
    _refuse_days(first, last)
    edits.save(tx, schedules, schedule.id, version, from_day=first, to_day=last)
    after = _told(schedule) | {"from": _day(first), "to": _day(last)}
    audit.note(tx, by, "schedule changed", schedule.subject, now_ms, before=_told(schedule), after=after)


def remove(tx: Connection, by: Actor, schedule: Schedule, version: int, now_ms: int) -> None:
    """Take it back. Raises edits.Changed."""
    edits.drop(tx, schedules, schedule.id, version)
    audit.note(tx, by, "schedule taken back", schedule.subject, now_ms, before=_told(schedule))


def _refuse_days(first: int, last: int | None) -> None:
    problems = {}
    if not 0 <= first <= LAST_DAY:
        problems["from"] = _("Give a day between 1970 and 2100.")
    if last is not None and not first <= last <= LAST_DAY:
        problems["to"] = _("The last day cannot be before the first.")
    if problems:
        raise Wrong(problems)


def _path(tx: Connection, location: int | None) -> str:
    return EVERYWHERE if location is None else f"/{'/'.join(map(str, places.paths(tx, {location})[location]))}/"


def _told(schedule: Schedule) -> dict[str, object]:
    return {
        "survey": schedule.survey,
        "place": schedule.place,
        "touchpoints": schedule.template_name,
        "from": _day(schedule.from_day),
        "to": _day(schedule.to_day),
    }


def _day(day: int | None) -> str | None:
    return None if day is None else local_time.date_of(day).isoformat()


def plans(
    tx: Connection, standings: Iterable[Standing], without: dict[str, str], own: set[str], now_ms: int
) -> dict[str, Plan]:
    """What each screen asks by placement, and will ask. `without`: what it asks without any plan; `own`: the placements
    whose touchpoint has a survey of its own, which goes before every plan. In as many queries for one as for
    hundreds."""
    standing = [each for each in standings if each.placement not in own]
    plain = {placement: Plan(survey) for placement, survey in without.items()}
    if not standing:
        return plain
    at = {each.location_id for each in standing}
    planned = [_read(row) for row in tx.execute(_query().where(_above(at)))]
    if not planned:
        return plain
    chains = places.paths(tx, at)
    kinds = _templates(tx, {each.touchpoint_id for each in standing})
    for each in standing:
        path = f"/{'/'.join(map(str, chains[each.location_id]))}/"
        mine = [one for one in planned if one.holds_at(path, kinds.get(each.touchpoint_id))]
        today = local_time.day_of(now_ms, each.zone)
        plain[each.placement] = planned_from(mine, without[each.placement], today)
    return plain


def planned_from(mine: Sequence[Schedule], without: str, today: int) -> Plan:
    """What comes of the schedules of one screen, from today on. Pure."""

    def on(day: int) -> str:
        active = [each for each in mine if each.holds_on(day)]
        return max(active, key=lambda each: each.rank).survey if active else without

    turns = {each.from_day for each in mine} | {each.to_day + 1 for each in mine if each.to_day is not None}
    now = last = on(today)
    ahead = []
    for day in sorted(day for day in turns if day > today):
        if on(day) != last:
            last = on(day)
            ahead.append(Change(day, last))
    return Plan(now, tuple(ahead[:MOST_AHEAD]))


def at(tx: Connection, location: int, touchpoint: int | None) -> list[Schedule]:
    """What is planned for a location, or for one of its touchpoints, by its first day."""
    (chain,) = places.paths(tx, {location}).values()
    path = _path(tx, location)
    kind = _templates(tx, {touchpoint}).get(touchpoint) if touchpoint else None
    query = _query().where(or_(schedules.c.location_id.is_(None), schedules.c.location_id.in_(chain)))
    return [each for each in map(_read, tx.execute(query)) if each.holds_at(path, kind)]


def _above(numbers: set[int]) -> ColumnElement[bool]:
    """Schedules of everywhere, of these locations, and of those above them."""
    below = locations.alias()
    leads = select(below.c.id).where(below.c.id.in_(numbers), below.c.path.startswith(locations.c.path))
    return or_(schedules.c.location_id.is_(None), leads.exists())


def _templates(tx: Connection, numbers: set[int]) -> dict[int, int]:
    """The template of each of these touchpoints that has one."""
    table = touchpoints
    query = select(table.c.id, table.c.template_id).where(table.c.id.in_(numbers), table.c.template_id.is_not(None))
    return {row.id: row.template_id for row in tx.execute(query)}
