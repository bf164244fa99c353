"""What a file of places would change, line by line, and everything that is wrong with it, before anything is done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, select

from sync import models
from sync.office import place_sheet, places, tree, zones
from sync.office.importing import items
from sync.office.importing.items import Finder, Item, folded
from sync.office.rights import EVERYWHERE, Rights
from sync.office.sheet_reading import Table
from sync.office.tongue import _
from sync.office.tree import Details, Node

MOST_SHOWN = 200
"""Problems, and changes, that are told one by one; of the rest only how many there are."""
_AT_ONCE = 500


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line of the file; `line` 1 is the first, its header."""

    line: int
    sentence: str


@dataclass(frozen=True)
class Opening:
    """A touchpoint that a place gets: its name, and what it is made from."""

    name: str
    template: int


@dataclass(frozen=True)
class Step:
    """What a line does to a place: `what` is of new, changed, moved, closed. `changes`: of each cell what was and what
    will be, by its column. `namesake`: of a new place, the way to one of its name that may have been meant."""

    line: int
    name: str
    what: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]
    item: Item
    details: Details
    openings: tuple[Opening, ...] = ()
    namesake: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that would be done (`steps`), or why none of it will (`problems`)."""

    table: Table
    steps: tuple[Step, ...]
    unchanged: int
    problems: tuple[Problem, ...]
    finder: Finder

    @property
    def counts(self) -> dict[str, int]:
        """How many places are what: a place may be more than one thing."""
        told = {what: sum(what in step.what for step in self.steps) for what in ("new", "changed", "moved", "closed")}
        return {**told, "unchanged": self.unchanged}

    @cached_property
    def digest(self) -> str:
        """The same for the same changes to the same places."""
        told = [
            (step.line, step.what, step.item.node.id if step.item.node else 0, step.changes, step.openings)
            for step in self.steps
        ]
        return sha256(msgspec.json.encode(told)).hexdigest()


def draw_up(tx: Connection, rights: Rights, table: Table) -> Plan:
    """What this table would change for somebody with these rights. Nothing is changed yet."""
    if "name" not in table.columns:
        told = _("There is no column “name”: {known} are known. The first line names the columns.")
        return Plan(table, (), 0, (Problem(1, told.format(known=place_sheet.KNOWN)),), Finder((), (), everywhere=False))
    roots = rights.roots("places")
    finder = Finder(_nodes(tx, roots), table.lines, everywhere=EVERYWHERE in roots)
    return _Drawing(tx, finder, table).plan()


def _nodes(tx: Connection, roots: tuple[str, ...]) -> Iterator[Node]:
    """Parents before children."""
    rows = tx.execute(select(models.locations).where(places.below(roots))).all()
    return (tree.as_node(row) for row in sorted(rows, key=lambda row: (row.path.count("/"), row.id)))


class _Drawing:
    """A plan while it is made."""

    def __init__(self, tx: Connection, finder: Finder, table: Table) -> None:
        self._finder, self._table = finder, table
        self._taken = _taken_elsewhere(tx, finder)
        there = [item.node for item in finder.items if item.node]
        self._stands, self._retired = (touchpoints(tx, there, in_use=each) for each in (True, False))
        self._templates = _templates(tx)
        self._final: dict[Item, Details] = {}
        self._found: list[Problem] = []
        self._odd_zones = 0

    def plan(self) -> Plan:
        for item in self._finder.lines:
            self._read(item)
        self._check_tree()
        made = [self._step(item) for item in self._finder.lines if item in self._final]
        steps = tuple(step for step in made if step.what)
        found = tuple(sorted(self._found, key=lambda problem: problem.line))
        return Plan(self._table, () if found else steps, len(made) - len(steps), found, self._finder)

    def _say(self, item: Item, sentence: str) -> None:
        self._found.append(Problem(item.line.number if item.line else 0, sentence))

    def _read(self, item: Item) -> None:
        """One line by itself."""
        line = item.line
        for problem in item.problems:
            self._say(item, problem)
        if line is None or line.problem:
            return
        before = item.node.details if item.node else None
        details, unread = place_sheet.read(line.cells, before)
        told = dict(unread)
        if details != before:
            told = {**_named(self._own_problems(details)), **unread}
        if details.ref in self._taken:
            told["ref"] = tree.taken_elsewhere()
        for name, problem in told.items():
            self._say(item, f"{place_sheet.COLUMNS[name]}: {problem}")
        if not told:
            self._final[item] = details

    def _own_problems(self, details: Details) -> dict[str, str | None]:
        """As the tree says it; to look for a similar time zone takes time, and not for thousands of them."""
        if details.zone and self._odd_zones > MOST_SHOWN and not zones.exists(details.zone):
            told = {"zone": _("There is no such time zone.")}
            return {**tree.own_problems(replace(details, zone=None)), **told}
        found = tree.own_problems(details)
        self._odd_zones += bool(found["zone"])
        return found

    def _check_tree(self) -> None:
        """The tree as it would be: nothing in itself, everything in groups."""
        every = self._finder.items
        round_ = items.rounds({item: item.parent for item in every})
        full = {item.parent for item in every if item.parent}
        for item in self._finder.lines:
            if item in round_ and not item.problems:
                self._say(item, round_[item])
            self._check_parent(item)
            self._check_kind(item, item in full)

    def _kind(self, item: Item) -> str:
        there = item.node.details.kind if item.node else ""
        return self._final[item].kind if item in self._final else there

    def _check_parent(self, item: Item) -> None:
        parent = item.parent
        is_put = item.node is None or self._is_moved(item)
        if parent is not None and is_put and self._kind(parent) in ("store", "crew"):
            told = _("{place} is a {kind}: places are put into groups only.")
            self._say(item, told.format(place=parent.name[:80], kind=self._kind(parent)))

    def _check_kind(self, item: Item, has_places: bool) -> None:
        if item.node is None or item not in self._final or self._kind(item) == item.node.details.kind:
            return
        if item.node.details.kind == "group" and has_places:
            self._say(item, _("There are places in it, so it stays a group."))
        if self._kind(item) == "group" and self._stands.get(item.node.id):
            self._say(item, _("It has touchpoints, so it cannot become a group."))

    def _step(self, item: Item) -> Step:
        details, before = self._final[item], item.node.details if item.node else None
        new, old = place_sheet.cells(details), place_sheet.cells(before) if before else {}
        changes = [(name, old.get(name, ""), new[name]) for name in new if old.get(name, "") != new[name]]
        what = [] if before else ["new"]
        closed = before is not None and before.closed_day is None and details.closed_day is not None
        if self._is_moved(item):
            what.append("moved")
        if before is None or "moved" in what:
            changes.append(("parent", self._way(item, now=True), self._way(item, now=False)))
        openings = self._openings(item)
        if openings:
            stand = self._stands.get(item.node.id, []) if item.node else []
            all_of = [*stand, *(opening.name for opening in openings)]
            changes.append(("touchpoints", place_sheet.several(stand), place_sheet.several(all_of)))
        what += ["closed"] if closed else []
        plain = [name for name, _old, _new in changes if name != "parent" and not (closed and name == "closed")]
        what += ["changed"] if before is not None and plain else []
        told = tuple(change for change in changes if change[1] != change[2])
        line, like = item.line.number if item.line else 0, self._finder.namesake(item)
        namesake = place_sheet.way([*self._names(like, now=True), like.name], {}) if like else ""
        return Step(line, item.name, tuple(what), told, item, details, openings, namesake)

    def _is_moved(self, item: Item) -> bool:
        return item.node is not None and item.parent is not self._finder.with_number(item.node.parent_id)

    def _way(self, item: Item, *, now: bool) -> str:
        """The way to the parent: as it is `now`, or as it will be."""
        return place_sheet.way(self._names(item, now=now), {})

    def _names(self, item: Item, *, now: bool) -> list[str]:
        """Those on the way to the parent, from the top."""
        above = item.parent
        if now:
            above = self._finder.with_number(item.node.parent_id if item.node else None)
        names: list[str] = []
        while above is not None and len(names) <= items.DEEPEST:
            names.append(above.node.details.name if now and above.node else above.name)
            above = self._finder.with_number(above.node.parent_id) if now and above.node else above.parent
        return names[::-1]

    def _openings(self, item: Item) -> tuple[Opening, ...]:
        """The touchpoints that the place doesn't have yet, each from the template of its name."""
        text = item.line.cells.get("touchpoints", "") if item.line else ""
        have = {folded(name) for name in (self._stands.get(item.node.id, []) if item.node else [])}
        gone = {folded(name) for name in (self._retired.get(item.node.id, []) if item.node else [])}
        wanted = {folded(name): name for name in place_sheet.each_of(text) if folded(name) not in have}
        for name in [each for key, each in wanted.items() if key in gone]:
            told = _("touchpoints: “{name}” was retired there; only its own page brings it back.")
            self._say(item, told.format(name=name[:60]))
            return ()
        if wanted and self._kind(item) == "group":
            self._say(item, _("touchpoints: they are at stores and crews, not at groups."))
            return ()
        found = [self._template(item, name) for name in wanted.values()]
        return tuple(opening for opening in found if opening)

    def _template(self, item: Item, name: str) -> Opening | None:
        """One that may be used there: everybody's, or that of a group above."""
        fits = [each for each in self._templates.get(folded(name), ()) if each[1] in {None, *_way_up(item)}]
        if len(fits) == 1:
            return Opening(fits[0][2], fits[0][0])
        told = _("touchpoints: there is no template “{name}” for this place.")
        if fits:
            told = _("touchpoints: {n} templates are called “{name}”.")
        self._say(item, told.format(name=name[:60], n=len(fits)))
        return None


def _way_up(item: Item) -> set[int]:
    """The numbers of a place and of everything above it, as it will be."""
    found: set[int] = set()
    step: Item | None = item
    while step is not None and len(found) <= items.DEEPEST:
        top = step.parent is None and step.node is not None
        found |= {int(part) for part in step.node.path.split("/") if part} if top and step.node else set()
        found |= {step.node.id} if step.node else set()
        step = step.parent
    return found


def _named(problems: dict[str, str | None]) -> dict[str, str]:
    """By the columns of the sheet."""
    columns = {"opened_day": "opened", "closed_day": "closed"}
    return {columns.get(name, name): problem for name, problem in problems.items() if problem}


def _taken_elsewhere(tx: Connection, finder: Finder) -> set[str]:
    """Numbers in the file that a place has which is none of theirs."""
    wanted = sorted({item.ref for item in finder.lines if item.ref and "\0" not in item.ref} - finder.numbers)
    found: set[str] = set()
    for start in range(0, len(wanted), _AT_ONCE):
        part = models.locations.c.ref.in_(wanted[start : start + _AT_ONCE])
        found |= set(tx.execute(select(models.locations.c.ref).where(part)).scalars())
    return found


def touchpoints(tx: Connection, nodes: Iterable[Node], *, in_use: bool = True) -> dict[int, list[str]]:
    """The names of those in use at these places; else of the retired ones."""
    known = {node.id for node in nodes}
    table = models.touchpoints
    query = (
        select(table.c.location_id, table.c.name).where(table.c.retired_day.is_(None) == in_use).order_by(table.c.id)
    )
    found: dict[int, list[str]] = {}
    for row in tx.execute(query):
        if row.location_id in known:
            found.setdefault(row.location_id, []).append(row.name)
    return found


def _templates(tx: Connection) -> dict[str, list[tuple[int, int | None, str]]]:
    """By folded name: number, whose it is, name."""
    table = models.touchpoint_templates
    found: dict[str, list[tuple[int, int | None, str]]] = {}
    for row in tx.execute(select(table).where(table.c.retired_ms.is_(None))):
        found.setdefault(folded(row.name), []).append((row.id, row.location_id, row.name))
    return found
