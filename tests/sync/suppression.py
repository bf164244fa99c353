"""A chain in which anything may happen to answers, and somebody who keeps every figure that they were ever shown.

`World` counts answers through the functions that ingest, flags, moves and clocks go through, and reads through those
that pages and machines read through. `World.look` is the adversary: what they saw are sets of real answers, and no
sum or difference of these may be some, but fewer than five of them."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import delete, select

from sync import models
from sync.centre import Centre
from sync.intake import briefings, restating, tally
from sync.intake.held import Row
from sync.intake.record import By, Restated
from sync.intake.restating import Scope
from sync.intake.tally import Tallies
from sync.models import VALUES
from sync.office import local_time, overview, places, reporting, tree
from sync.office.audit import COMMAND
from sync.office.people import User
from sync.office.rights import Grant, Rights
from sync.survey import BUILTIN

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
BEGAN_MS = 1_772_535_600_000
ZONES = ("Europe/Oslo", "Asia/Kolkata", "America/New_York")
QUESTION = BUILTIN.first.id
FEW = 5

Counts = tuple[int, ...]
Spot = tuple[int, str, int]
"""A place, a reason (or none), and the day under which a figure stands."""
Cell = tuple[int, str, int, int]
"""A place, a reason (or none), a true day and a value: what counts there can't be told apart."""


class Slot(NamedTuple):
    """One answer among those that were released, whichever of its cell it is."""

    cell: Cell
    number: int


@dataclass
class Answer:
    """One customer's, as it counts now. `cells`: all in which it ever counted, by its revisions."""

    row: Row
    cells: set[tuple[int, Cell]] = field(default_factory=set)


def reason_of(value: int) -> str:
    return "visit_unhappy" if value < 2 else "visit_happy"


class World:
    def __init__(self, centre: Centre, kinds: list[str], zone: int = 0) -> None:
        self.centre, self.now_ms = centre, BEGAN_MS
        self.answers: list[Answer] = []
        self.parts: dict[Spot, list[frozenset[Slot]]] = defaultdict(list)
        self.released: dict[tuple[Cell, int], int] = defaultdict(int)
        self.shown: dict[Spot, frozenset[Slot]] = {}
        self.seen: set[frozenset[Slot]] = set()
        self.held: dict[Slot, tuple[int, int]] = {}
        self.moved: dict[int, tuple[int, int]] = {}
        with centre.db.writing() as tx:
            for table in (models.releases, models.sums_marks):
                tx.execute(delete(table))
            self.top = places.add_location(tx, "Top", kind="group", zone=ZONES[zone % 3])
            self.groups = [places.add_location(tx, f"Group {n}", kind="group", parent=self.top) for n in range(2)]
            self.places = [
                places.add_location(tx, f"Place {n}", kind=kind, parent=self.groups[n % 2], zone=ZONES[(zone + n) % 3])
                for n, kind in enumerate(kinds)
            ]
            self.zones = {number: ZONES[(zone + n) % 3] for n, number in enumerate(self.places)}
        self.crews = {number for number, kind in zip(self.places, kinds, strict=True) if kind == "crew"}
        self.path = f"/{self.top}/"

    # What happens

    def today(self, place: int) -> int:
        return local_time.day_of(self.now_ms, self.zones[place])

    def give(self, at: int, values: list[int], back: int = 0, reason: bool = False) -> list[Answer]:
        """Customers answer at a place, or what they answered days ago comes in."""
        place = self.places[at % len(self.places)]
        fresh = [
            Answer(
                Row(f"{self.top}-{len(self.answers) + n}", 1, "dev", place, 1, BUILTIN.id, BUILTIN.version, False,
                    self.now_ms, "anchored", 0, "", self.today(place) - back, None, "", False, False, "en",
                    self.now_ms, _body(value, reason))
            )
            for n, value in enumerate(values)
        ]  # fmt: skip
        self.answers += fresh
        self._count([(None, answer, answer.row) for answer in fresh])
        return fresh

    def change(self, which: list[Answer], **values: Any) -> None:
        """A flag, another placement, another day or another answer: as the responses of these would be changed."""
        self._count([(answer.row, answer, answer.row._replace(**values)) for answer in which])

    def revise(self, which: list[Answer], value: int) -> None:
        for answer in which:
            self.change([answer], rev=answer.row.rev + 1, body=_body(value, False))

    def _count(self, changes: list[tuple[Row | None, Answer, Row]]) -> None:
        tallies, restated = Tallies(), Restated()

        def asked(name: str, version: int) -> Any:
            return BUILTIN

        scope = Scope(asked, lambda place: self.today(place), By(actor="Astrid"))
        for before, answer, after in changes:
            restating.move(tallies, restated, before, after, scope)
            answer.row = after
            answer.cells |= {(after.rev, cell) for cell in _cells(after)}
        with self.centre.db.writing() as tx:
            tallies.write(tx)

    def some(self, start: int, many: int, *, aside: bool) -> list[Answer]:
        """Some answers of one place, one after the other, that are (not) set aside."""
        those = [answer for answer in self.answers if answer.row.aside == aside]
        if not those:
            return []
        place = those[start % len(those)].row.location
        return [answer for answer in those[start % len(those) :] if answer.row.location == place][:many]

    def move(self, at: int, to: int) -> None:
        with self.centre.db.writing() as tx:
            place = self.places[at % len(self.places)]
            tree.move(tx, COMMAND, place, self.groups[to % 2], tree.get(tx, place).version, self.now_ms)

    def rebuild(self) -> None:
        """All shown figures, from what was released alone."""
        with self.centre.db.writing() as tx:
            tx.execute(delete(models.sums_day))
            rows = [{"location_id": number, "day": None} for number in (0, self.top, *self.groups, *self.places)]
            tx.execute(models.sums_marks.insert(), rows)

    # What is seen

    def look(self, at: int = 0) -> None:
        viewer = User(9, "k@example.com", "Kari", Rights((Grant("crew", None, self.path),)))
        overview.prepare(self.centre.db, viewer, self.now_ms)
        most = overview.MOST_LINES
        with self.centre.db.reading() as tx:
            self._release(tx)
            try:
                # Every other time as if there were very many places: groups are read from their sums then.
                overview.MOST_LINES = most if at % 2 else 0
                self._check_figures(tx, viewer, at)
            finally:
                overview.MOST_LINES = most
            found = tally.releasing.problem(tx)
            assert found is None, found
        self._check_moments()
        self._match()
        for seen in self.seen:
            assert len(seen) >= FEW, (len(seen), "were shown")

    def _release(self, tx: Any) -> None:
        """Follow what is shown as sets of answers."""
        new: dict[Spot, set[Slot]] = defaultdict(set)
        given = models.released_day.c
        query = select(models.released_day).where(given.location_id.in_(self.places), given.label >= 0)
        for row in tx.execute(query):
            for value, name in enumerate(VALUES):
                cell = (row.location_id, _name(row), row.day, value)
                were, now = self.released[cell, row.label], getattr(row, name)
                assert now >= were, "what was released is no longer"
                if now == were:
                    continue
                taken = sum(n for (each, _), n in self.released.items() if each == cell)
                new[row.location_id, _name(row), row.label] |= {Slot(cell, taken + n) for n in range(now - were)}
                self.released[cell, row.label] = now
        for spot, slots in new.items():
            if slots:
                self.parts[spot].append(frozenset(slots))
        table = models.shown_day
        for row in tx.execute(select(table).where(table.c.location_id.in_(self.places))):
            spot = (row.location_id, _name(row), row.day)
            before, fresh = self.shown.get(spot, frozenset()), frozenset(new.get(spot, ()))
            now = self._explained(spot, tuple(getattr(row, name) for name in VALUES), before, fresh)
            if now != before:
                self.moved[row.location_id] = (self.now_ms, row.day)
                assert row.day < self.today(row.location_id) or row.location_id not in self.crews, "a crew's day"
                self._check_hour(row.location_id)
            self.shown[spot] = now
            self.seen |= {now} if now else set()

    def _explained(
        self, spot: Spot, counts: Counts, before: frozenset[Slot], fresh: frozenset[Slot]
    ) -> frozenset[Slot]:
        """Which answers a figure can be: all that was ever released there, what was there with what is new, that
        alone, or what is left of it."""
        every = frozenset[Slot]().union(*self.parts[spot])
        for guess in (before | fresh, every, fresh, frozenset[Slot]()):
            if _sum(guess) == counts:
                return guess
        left, found = list(counts), set(fresh)
        for slot in sorted(fresh):
            left[slot.cell[-1]] -= 1
        for slot in sorted(before or every, key=lambda slot: (not self._is_there(slot), slot)):
            if left[slot.cell[-1]] > 0 and slot not in found:
                left[slot.cell[-1]] -= 1
                found.add(slot)
        assert not any(left), (spot, counts, "is no sum of what was released")
        return frozenset(found)

    def _is_there(self, slot: Slot) -> bool:
        counted = sum(slot.cell in _cells(answer.row) for answer in self.answers if not answer.row.aside)
        return slot.number < counted

    def _check_hour(self, place: int) -> None:
        if place in self.crews:
            there = local_time.at(self.now_ms, self.zones[place])
            assert there.hour >= briefings.BRIEFING_HOUR, "before the briefing"

    def _check_moments(self) -> None:
        """A crew's figures move once a local day."""
        for place in self.crews & self.moved.keys():
            when, _ = self.moved[place]
            before = self.told.get(place) if hasattr(self, "told") else None
            if before is not None and before != when:
                assert local_time.day_of(before, self.zones[place]) < local_time.day_of(when, self.zones[place])
        self.told = {**getattr(self, "told", {}), **{place: self.moved[place][0] for place in self.moved}}

    def _check_figures(self, tx: Any, viewer: User, at: int) -> None:
        """Every figure that is shown is the sum of what is shown of its places on its days."""
        page = overview.overview(tx, viewer, self.now_ms)
        figures = {line.place.id: line for line in (*page.lines, page.whole) if line}
        for number, line in figures.items():
            members = self._members(tx, number)
            assert line.figure.counts == self._between(members, 27, 0), number
            assert line.before.counts == self._between(members, 27, 7)
            assert line.since.counts == self._between(members, 6, 0)
            if number in self.places:
                for day in line.days:
                    assert day.figure.counts == _sum(self.shown.get((number, "", day.day), frozenset()))[:4]
        place = self.places[at % len(self.places)]
        day = local_time.date_of(self.today(place) - at % 5)
        for number in (place, self.top):
            members = [each for each in self._members(tx, number) if each not in self.crews]
            told = reporting.score(tx, number, self.now_ms, QUESTION, day.isoformat(), day.isoformat())
            n = sum(_sum(self.shown.get((each, "", local_time.day_number(day)), frozenset()))[value]
                    for each in members for value in range(4))  # fmt: skip
            assert (told["n"] or 0) == n

    def _members(self, tx: Any, number: int) -> list[int]:
        path = places.resolved(tx, {number})[number].path
        return [each.id for each in places.visible(tx, (path,)) if each.id in self.places]

    def _between(self, members: list[int], back: int, until: int) -> Counts:
        sums = [0] * 4
        for (place, choice, day), slots in self.shown.items():
            if place in members and not choice and until <= self.today(place) - day <= back:
                sums = [a + b for a, b in zip(sums, _sum(slots)[:4], strict=True)]
        return tuple(sums)

    def _match(self) -> None:
        """Every part is of answers that were in none before: there are as many of them as were released."""
        could: dict[Cell, list[tuple[int, int]]] = defaultdict(list)
        for number, answer in enumerate(self.answers):
            for revision, cell in sorted(answer.cells):
                # Where a reason is chosen it is another figure than the question itself.
                could[cell].append((number * 1000 + revision, hash(cell[1])))
        taken = {who: slot for slot, who in self.held.items()}
        for slot in sorted(slot for parts in self.parts.values() for part in parts for slot in part):
            if slot not in self.held:
                assert self._assign(slot, could, taken, set()), f"{slot} was released elsewhere already"

    def _assign(
        self, slot: Slot, could: dict[Cell, list[tuple[int, int]]], taken: dict[tuple[int, int], Slot],
        tried: set[tuple[int, int]],
    ) -> bool:  # fmt: skip
        for who in could[slot.cell]:
            if who in tried:
                continue
            tried.add(who)
            if who not in taken or self._assign(taken[who], could, taken, tried):
                taken[who], self.held[slot] = slot, who
                return True
        return False

    def subtract(self) -> None:
        """Any figure, any two and any three of them, added and subtracted."""
        beside: dict[frozenset[Slot], set[frozenset[Slot]]] = {
            one: {other for other in self.seen if other != one and other & one} for one in self.seen
        }
        for one, others in beside.items():
            for other in others:
                _check((one, other))
            for two in combinations(others, 2):
                _check((one, *two))


def _check(those: tuple[frozenset[Slot], ...]) -> None:
    for signs in range(2 ** (len(those) - 1)):
        weights: dict[Slot, int] = defaultdict(int)
        for at, seen in enumerate(those):
            sign = -1 if at and signs >> (at - 1) & 1 else 1
            for slot in seen:
                weights[slot] += sign
        kinds = {weight for weight in weights.values() if weight}
        if len(kinds) == 1:
            left = sum(bool(weight) for weight in weights.values())
            assert left >= FEW, (left, "can be subtracted out")


def _body(value: int, reason: bool) -> str:
    answers: dict[str, Any] = {QUESTION: value}
    if reason:
        answers[reason_of(value)] = ["price"]
    return msgspec.json.encode({"answers": answers}).decode()


def _cells(row: Row) -> set[Cell]:
    if row.aside:
        return set()
    answers = msgspec.json.decode(row.body)["answers"]
    cells = {(row.location, "", row.day, answers[QUESTION])}
    return cells | {(row.location, f"{name} price", row.day, answers[QUESTION]) for name in answers if name != QUESTION}


def _name(row: Any) -> str:
    return f"{row.question} {row.choice}" if row.choice else ""


def _sum(slots: frozenset[Slot]) -> Counts:
    found = [0] * len(VALUES)
    for slot in slots:
        found[slot.cell[-1]] += 1
    return tuple(found)
