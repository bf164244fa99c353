"""Doing what a plan says, all of it in one transaction: many rows at once, and an entry in the audit log for each."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, func, select

from sync import models, rows
from sync.intake import sums
from sync.office import audit, place_sheet, tree, zones
from sync.office.audit import Actor, Deed, Subject
from sync.office.importing.items import Item
from sync.office.importing.plans import Plan, Step
from sync.office.rights import EVERYWHERE, Rights
from sync.office.tree import Details


def carry_out(tx: Connection, by: Actor, rights: Rights, plan: Plan, now_ms: int) -> None:
    """`plan` was drawn up for `rights` in this same transaction, after places.hold_tree, and has no problems."""
    carrying = _Carrying(tx, plan)
    zoned = any("moved" in step.what or _zone_differs(step) for step in plan.steps)
    tops: list[str] = list(rights.roots("places"))
    was = _zones(tx, tops) if zoned else {}
    carrying.write()
    if zoned:
        zones.keep(tx, was, _zones(tx, tops), now_ms)
    if zoned or any(_kind_differs(step) for step in plan.steps):
        sums.mark_all(tx)
    audit.note_all(tx, by, carrying.deeds(), now_ms)
    audit.note_all(tx, by, _summaries(plan, carrying.paths, tops), now_ms)


def _zone_differs(step: Step) -> bool:
    return step.item.node is not None and step.item.node.details.zone != step.details.zone


def _kind_differs(step: Step) -> bool:
    return step.item.node is not None and step.item.node.details.kind != step.details.kind


def _zones(tx: Connection, tops: Iterable[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for top in tops:
        found |= zones.resolved(tx, top)
    return found


def _summaries(plan: Plan, paths: dict[Item, str], tops: list[str]) -> Iterator[Deed]:
    """One for each part of the tree in which something was done."""
    for top in tops:
        done = [step for step in plan.steps if paths[step.item].startswith(top)]
        words = {"new": "new", "changed": "changed", "moved": "moved", "closed": "ended"}
        counts = {words[what]: sum(what in step.what for step in done) for what in words}
        if done:
            yield Deed("places imported", Subject("places", "", "", top), {}, counts)


class _Carrying:
    """The numbers of new places, and where every place lies afterwards."""

    def __init__(self, tx: Connection, plan: Plan) -> None:
        self._tx, self._steps = tx, {step.item: step for step in plan.steps}
        self._items = plan.finder.items
        self.ids = {item: item.node.id for item in self._items if item.node}
        new = [item for item in self._steps if item.node is None]
        self.ids |= dict(zip(new, _numbers(tx, models.locations, len(new)), strict=True))
        self.paths: dict[Item, str] = {}
        for item in self._items:
            self._place(item)

    def _place(self, item: Item) -> None:
        """The path of a place and of those above it."""
        way = [item]
        while (above := way[-1].parent) is not None and above not in self.paths:
            way.append(above)
        for each in reversed(way):
            top = each.parent
            before = each.node.path.rsplit("/", 2)[0] + "/" if each.node and top is None else EVERYWHERE
            if top is None and each.node and each in self._steps and "moved" in self._steps[each].what:
                before = EVERYWHERE
            self.paths[each] = f"{self.paths[top] if top else before}{self.ids[each]}/"

    def write(self) -> None:
        table = models.locations
        new, old = [], []
        for item in sorted(self._items, key=lambda each: self.paths[each].count("/")):
            step = self._steps.get(item)
            if item.node is None and step:
                new.append(self._row(item, step.details, 1))
            elif item.node and (step or item.node.path != self.paths[item]):
                details = step.details if step else item.node.details
                old.append(self._row(item, details, item.node.version + bool(step)))
        rows.append(self._tx, table, new)
        rows.put(self._tx, table, old)
        self._open_touchpoints()

    def _row(self, item: Item, details: Details, version: int) -> tuple[Any, ...]:
        above = self.ids[item.parent] if item.parent else self._outside(item)
        told = {"id": self.ids[item], "parent_id": above, "path": self.paths[item], "version": version}
        values = {**tree.kept(details), **told}
        return tuple(values[column.name] for column in models.locations.columns)

    def _outside(self, item: Item) -> int | None:
        """The parent of a topmost place, which may be beyond of what somebody looks after."""
        chain = [int(part) for part in self.paths[item].split("/") if part]
        return chain[-2] if len(chain) > 1 else None

    def _open_touchpoints(self) -> None:
        wanted = [(item, each) for item, step in self._steps.items() for each in step.openings]
        table = models.touchpoints
        made = []
        for number, (item, each) in zip(_numbers(self._tx, table, len(wanted)), wanted, strict=True):
            values = {"id": number, "location_id": self.ids[item], "name": each.name, "template_id": each.template,
                      "opened_day": None, "retired_day": None, "version": 1}  # fmt: skip
            made.append(tuple(values[column.name] for column in table.columns))
        rows.append(self._tx, table, made)

    def deeds(self) -> Iterator[Deed]:
        """In the words of the tree, so that a place's own history reads alike however it was changed."""
        for item, step in self._steps.items():
            subject = Subject("place", str(self.ids[item]), step.details.name, self.paths[item])
            before = tree.told(item.node.details) if item.node else {}
            after = tree.told(step.details)
            if item.node is None:
                yield Deed("place added", subject, {}, after)
            elif before != after:
                yield Deed("place changed", subject, before, after)
            if item.node and "moved" in step.what:
                told = {name: (old, new) for name, old, new in step.changes}
                old, new = told.get("parent", ("", ""))
                yield Deed("place moved", subject, {"above": old or None, "path": item.node.path},
                           {"above": new or None, "path": self.paths[item]})  # fmt: skip
            if step.openings:
                names = place_sheet.several(each.name for each in step.openings)
                yield Deed("touchpoints added", subject, {}, {"touchpoints": names})


def _numbers(tx: Connection, table: Table, count: int) -> list[int]:
    """So many new numbers of a table, which nobody else is given."""
    if not count:
        return []
    if tx.dialect.name == "postgresql":
        named = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        return [
            int(number) for number in tx.execute(select(named).select_from(func.generate_series(1, count))).scalars()
        ]
    highest = tx.execute(select(func.max(table.c.id))).scalar() or 0  # a write transaction is alone
    return list(range(highest + 1, highest + count + 1))
