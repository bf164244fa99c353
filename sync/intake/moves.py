"""A screen was moved, and it is written down later: what came in meanwhile counts where the screen stood by then."""

from sqlalchemy import Connection, select, update

from sync import models
from sync.intake import corrections, decisions, handed, ingest, marks
from sync.intake.days import calendar
from sync.intake.held import Row
from sync.intake.record import By
from sync.intake.restating import Scope, settle
from sync.intake.verdicts import Plan
from sync.office import places
from sync.rows import put


def recount(tx: Connection, old: str, new: str, by: str, now_ms: int) -> int:
    """Of the responses that name the placement `old`, those that were certainly captured since `new` began count
    there from now on, as somebody named `by` told us; their contacts go with them. Returns how many."""
    before, after = places.placed(tx, old), places.placed(tx, new)
    if before is None or after is None:
        return 0
    rows, plan = _since(tx, before.screen, before.touchpoint_id, after.from_ms), Plan()
    for row in rows:
        fresh = corrections.moved(row, old, after)
        if fresh is not None:
            plan.changed[row.id] = fresh
    days = calendar(tx, {old: before, new: after}, now_ms)
    scope = Scope(ingest.published(tx), days, By(actor=by, cause="moved"))
    settle(plan, {row.id: row for row in rows}, scope, decisions.of(tx, plan.changed))
    put(tx, models.responses, [plan.changed[name] for name in sorted(plan.changed)])
    where = {"location_id": after.location_id, "touchpoint_id": after.touchpoint_id}
    for name in sorted(plan.changed):
        tx.execute(update(models.contacts).where(models.contacts.c.response_id == name).values(where))
    handed.keep(tx, plan.changed.values())
    marks.mark(tx, plan.changed.values())
    plan.restated.write(tx, now_ms)
    plan.tallies.write(tx)
    return len(plan.changed)


def _since(tx: Connection, screen: str, touchpoint: int, from_ms: int) -> list[Row]:
    """In the order of their ids, as everybody locks them."""
    table, driven = models.responses, models.driven
    boxes = select(driven.c.device_id).where(driven.c.screen_id == screen)
    query = (
        select(table)
        .where(
            table.c.device_id.in_(boxes),
            table.c.captured_ms >= from_ms + table.c.error_ms,
            table.c.captured_ms >= from_ms,
            table.c.touchpoint_id == touchpoint,
        )
        .order_by(table.c.id)
        .with_for_update()
    )
    return [Row(*row) for row in tx.execute(query)]
