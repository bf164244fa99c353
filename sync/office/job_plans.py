"""Many jobs at once, from a sheet or a machine: what would change, everything that is wrong with it, and then all of it
or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, select, update

from sync.intake.handed import key
from sync.models import handovers, jobs, locations
from sync.office import audit, local_time, places, zones
from sync.office import jobs as single
from sync.office.audit import Actor, Subject
from sync.office.jobs import Given
from sync.office.rights import EVERYWHERE, Permission, Rights
from sync.office.sheet_reading import Table
from sync.office.tongue import _

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "job": ("job", "number", "order", "opdracht", "auftrag", "order number"),
    "crew": ("crew", "team", "van", "ploeg"),
    "day": ("day", "date", "datum"),
    "what": ("what", "description", "omschrijving", "beschreibung"),
    "state": ("state", "status"),
}
KNOWN = ", ".join(COLUMNS)
Does = Literal["new", "changed", "moved", "unchanged"]


def column(header: str) -> str | None:
    """The one that a header means."""
    plain = " ".join(header.casefold().split())
    return next((name for name, words in COLUMNS.items() if plain in words), None)


class Wish(NamedTuple):
    """A line as it came, every cell as text; `line` is its number for whoever reads what is wrong with it."""

    line: int
    job: str
    crew: str
    day: str
    what: str = ""
    state: str = ""


class Problem(NamedTuple):
    line: int
    sentence: str


class Step(NamedTuple):
    """What a line does: to a job at `place`; `number` is that of the job where there is one."""

    line: int
    does: Does
    place: int
    name: str
    given: Given
    number: int | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that would be done, or why none of it will."""

    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]

    @property
    def counts(self) -> dict[str, int]:
        return {
            does: sum(step.does == does for step in self.steps) for does in ("new", "changed", "moved", "unchanged")
        }

    @property
    def digest(self) -> str:
        """The same for the same changes."""
        return sha256(msgspec.json.encode([step for step in self.steps if step.does != "unchanged"])).hexdigest()


def wishes(table: Table) -> list[Wish]:
    """The lines of a sheet; one that could not be read has nothing in it, and says so."""
    return [
        Wish(line.number, *(line.cells.get(name, "").strip() for name in COLUMNS))
        for line in table.lines
        if line.problem is None
    ]


def unread(table: Table) -> list[Problem]:
    return [Problem(line.number, line.problem) for line in table.lines if line.problem is not None]


class _Place(NamedTuple):
    id: int
    parent: int | None
    name: str
    zone: str


def draw_up(
    tx: Connection, rights: Rights, permission: Permission, lines: Sequence[Wish], now_ms: int, here: int | None = None
) -> Plan:
    """What these lines would do at the crews and stores where somebody has this permission. `here`: where a line that
    names no crew belongs."""
    finder = _Finder(tx, rights, permission)
    wrong: list[Problem] = []
    wanted: dict[tuple[int, str], tuple[Wish, Given]] = {}
    for wish in lines:
        place = finder.by_number.get(here) if not wish.crew and here is not None else finder.find(wish.crew)
        if isinstance(place, str) or place is None:
            wrong.append(Problem(wish.line, place or _("The line names no crew.")))
            continue
        given = _given(wish, local_time.day_of(now_ms, place.zone))
        if isinstance(given, str):
            wrong.append(Problem(wish.line, given))
        elif (place.id, key(given.ref)) in wanted:
            first = wanted[place.id, key(given.ref)][0].line
            wrong.append(Problem(wish.line, _("Line {n} names the same job.").format(n=first)))
        else:
            wanted[place.id, key(given.ref)] = wish, given
    if wrong:
        return Plan((), tuple(wrong))
    return Plan(tuple(_steps(tx, finder, wanted)), ())


class _Finder:
    """The crews and stores that somebody may name: by number, own number, or name."""

    def __init__(self, tx: Connection, rights: Rights, permission: Permission) -> None:
        roots = rights.roots(permission)
        own = {number: zone for path in roots for number, zone in zones.resolved(tx, path).items()}
        query = select(locations).where(places.below(roots), locations.c.kind != "group")
        rows = [row for row in tx.execute(query) if row.closed_day is None]
        self.by_number = {row.id: _Place(row.id, row.parent_id, row.name, own.get(row.id, "UTC")) for row in rows}
        self._by_ref = {row.ref.casefold(): row.id for row in rows if row.ref}
        self._by_name: dict[str, list[int]] = {}
        for row in rows:
            self._by_name.setdefault(row.name.casefold(), []).append(row.id)

    def find(self, told: str) -> _Place | str | None:
        """The place, a sentence that says why it is none, or None for nothing."""
        plain = told.casefold().strip()
        if not plain:
            return None
        if plain in self._by_ref:
            return self.by_number[self._by_ref[plain]]
        found = self._by_name.get(plain, [])
        if len(found) == 1:
            return self.by_number[found[0]]
        if found:
            return _("There are {n} places called “{name}”: give its own number.").format(n=len(found), name=told)
        return _("There is no crew or store “{name}” that you may give jobs to.").format(name=told)


def _given(wish: Wish, today: int) -> Given | str:
    try:
        day = local_time.day_number(date.fromisoformat(wish.day)) if wish.day else today
    except ValueError:
        return _("“{text}” is no day: write it like 2026-11-21.").format(text=wish.day[:40])
    given = single.cleaned(Given(wish.job, day, wish.what, wish.state.casefold() or None))
    return next(iter(single.problems(given, today).values()), None) or given


def _steps(tx: Connection, finder: _Finder, wanted: Mapping[tuple[int, str], tuple[Wish, Given]]) -> Iterable[Step]:
    known = _known(tx, {name for _place, name in wanted})
    for (number, name), (wish, given) in wanted.items():
        place, there = finder.by_number[number], known.get(name, {})
        mine = there.get(number)
        if mine is not None:
            same = (mine.day, mine.what, mine.state) == (given.day, given.what, given.state or mine.state)
            yield Step(wish.line, "unchanged" if same else "changed", number, place.name, given, mine.id)
            continue
        # Somebody else of the same depot does it now; a job that was handed over for stays where it was done.
        beside = [
            row
            for at, row in there.items()
            if at in finder.by_number and finder.by_number[at].parent == place.parent and (at, name) not in wanted
        ]
        free = next((row for row in beside if not row.handed), None)
        yield Step(wish.line, "moved" if free else "new", number, place.name, given, free.id if free else None)


class _Known(NamedTuple):
    id: int
    day: int
    what: str
    state: str
    handed: bool


def _known(tx: Connection, names: set[str]) -> dict[str, dict[int, _Known]]:
    """Key -> place -> the job of this number."""
    found: dict[str, dict[int, _Known]] = {}
    every = sorted(names)
    handed = (
        select(handovers.c.id)
        .where(handovers.c.location_id == jobs.c.location_id, handovers.c.job == jobs.c.key, ~handovers.c.test)
        .exists()
    )
    for start in range(0, len(every), 500):
        query = select(jobs, handed.label("handed")).where(jobs.c.key.in_(every[start : start + 500]))
        for row in tx.execute(query):
            held = _Known(row.id, row.day, row.what, row.state, bool(row.handed))
            found.setdefault(row.key, {})[row.location_id] = held
    return found


def carry_out(tx: Connection, by: Actor, plan: Plan, source: str, now_ms: int) -> None:
    """All of it. Only of a plan without problems."""
    for step in plan.steps:
        if step.does == "unchanged":
            continue
        if step.number is None:
            single.write(tx, step.place, step.given, source, now_ms)
            continue
        values = {"location_id": step.place, "day": step.given.day, "what": step.given.what, "changed_ms": now_ms}
        if step.given.state:
            values["state"] = step.given.state
        tx.execute(update(jobs).where(jobs.c.id == step.number).values(**values, version=jobs.c.version + 1))
    told = {does: n for does, n in plan.counts.items() if n}
    if any(does != "unchanged" for does in told):
        audit.note(tx, by, "jobs imported", Subject("jobs", "", _("Jobs"), EVERYWHERE), now_ms, after=told)
