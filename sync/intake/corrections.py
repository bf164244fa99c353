"""Times of capture that a later anchor lets us know better, and what moves with them. Pure."""

from collections.abc import Iterable

from sync import wire
from sync.intake import clocks, flags
from sync.intake.clocks import Captured
from sync.intake.held import Held, Row
from sync.intake.verdicts import Plan, Scene
from sync.office.places import Standing


def recorrect(names: Iterable[str], held: Held, scene: Scene, plan: Plan) -> None:
    """Correct these once more, never to a worse error. What the batch brought anew was judged by the same clocks
    already."""
    for name in sorted(names):
        before = held.rows.get(name)
        row = _again(before, scene) if before is not None and name not in plan.changed else None
        if row is not None:
            plan.changed[name] = row


def _again(row: Row, scene: Scene) -> Row | None:
    """The row with its time corrected anew; None when it is not known better."""
    try:
        response = wire.read_response(row.body.encode())
    except wire.Unreadable:  # damaged: `verify` says so
        return None
    captured = scene.starts.correct(response.stamp, row.received_ms)
    old = Captured(row.captured_ms, row.quality, row.error_ms)
    here = (each for each in (scene.standings or {}).values() if each.touchpoint_id == row.touchpoint)
    standing = next(here, None)
    if standing is None or not clocks.is_better(captured, old):
        return None
    return _standing_there(row, response, captured, standing)


def moved(row: Row, placement: str, standing: Standing) -> Row | None:
    """A row that names this placement, as it counts at another one; None when it names none or another."""
    try:
        response = wire.read_response(row.body.encode())
    except wire.Unreadable:
        return None
    if response.placement != placement or row.quality == "unknown":
        return None
    captured = Captured(row.captured_ms, row.quality, row.error_ms)
    counted = _standing_there(row, response, captured, standing)
    # Its neighbours on the screen move with it: who mashed the buttons did so there, too.
    kept = {flags.BURST, flags.SECOND} & set(row.flags.split(","))
    found = sorted({*filter(None, counted.flags.split(",")), *kept})
    return counted._replace(
        flags=",".join(found), aside=not flags.ASIDE.isdisjoint(found),
        location=standing.location_id, touchpoint=standing.touchpoint_id,
    )  # fmt: skip


def _standing_there(row: Row, response: wire.Response, captured: Captured, standing: Standing) -> Row:
    """The row as a response that was captured then, in a place where time runs like that."""
    zone = standing.zone_at(captured.ms)
    there = clocks.local(captured.ms, zone)
    kept = {"unplaced": response.placement is None, "uncertain": "identity_conflict" in row.flags.split(",")}
    found = flags.flags(response, captured, there, zone, standing.hours, interval_ms=standing.interval_ms, **kept)
    return row._replace(
        captured_ms=captured.ms, quality=captured.quality, error_ms=captured.error_ms,
        day=there.day, hour=clocks.hour_of(captured, there),
        flags=",".join(found), aside=not flags.ASIDE.isdisjoint(found),
    )  # fmt: skip
