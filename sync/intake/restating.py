"""Counts that move, and why: whatever changes the counts of a day that is over is written down with its cause.

There is one way for a response to move in the counts: `settle` (all of a plan) or `move` (one) take what it counted
before and what it counts now. Both add to the tallies and, where the day is over at its place, to the record, which is
written in the same transaction. A person's decision about a flag goes this way, too:

    tallies, restated = Tallies(), Restated()
    move(tallies, restated, before, after, Scope(ingest.published(tx), calendar(tx, None, now_ms), By(actor="Astrid")))
    put(tx, models.responses, [after]); tallies.write(tx); restated.write(tx, now_ms)

with the row as it was read and locked (`ingest.rows`), and the same row with other `flags` and `aside`."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sync.intake import flags
from sync.intake.days import Calendar
from sync.intake.decisions import Decisions
from sync.intake.held import Row
from sync.intake.record import By, Cause, Restated, Spot
from sync.intake.tally import Tallies
from sync.intake.verdicts import Plan
from sync.survey import Survey


class Scope(NamedTuple):
    """What has to be known to move counts: the surveys, the days, and whose doing it is."""

    survey: Callable[[str, int], Survey | None]
    today: Calendar
    by: By


def settle(plan: Plan, held: Mapping[str, Row], scope: Scope, decided: Decisions | None = None) -> None:
    """Count what a plan brings and changes, by what was `held` of it: each response once, however often it was judged
    on the way. What people `decided` about the flags of those that change stands above what rules say now."""
    for name, decisions in (decided or {}).items():
        plan.changed[name] = _heeding(plan.changed[name], decisions)
    for rows in (plan.fresh, plan.changed):
        for name, after in rows.items():
            move(plan.tallies, plan.restated, held.get(name), after, scope, plan.answers.get(name))


def move(
    tallies: Tallies, restated: Restated, before: Row | None, after: Row, scope: Scope,
    answers: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Take away what a response counted (`before`; None: it is new), add what it counts now, and note both where they
    changed a day that is over. `answers`: those of `after`, where they are at hand. Nothing happens where nothing that
    counts differs."""
    if before is not None and before.rev == after.rev and _kept(before) == _kept(after):
        return
    why = scope.by.cause or cause(before, after)
    now = _answers(after) if answers is None else answers
    if before is not None:
        former, asked = _answers(before), scope.survey(after.survey, after.version)
        _count(tallies, restated, before, former, -1, why, scope)
        if asked is not None and not before.test:
            tallies.carry(before.counted, after.counted, asked, now, former)
    _count(tallies, restated, after, now, 1, why, scope)


def _heeding(row: Row, decisions: Mapping[str, bool]) -> Row:
    found = flags.decided(filter(None, row.flags.split(",")), decisions)
    return row._replace(flags=",".join(found), aside=not flags.ASIDE.isdisjoint(found))


def _kept(row: Row) -> tuple[object, ...]:
    return (*row.counted, row.test)


def _answers(row: Row) -> Mapping[str, Any]:
    answers: Mapping[str, Any] = json.loads(row.body)["answers"]
    return answers


def _count(
    tallies: Tallies, restated: Restated, row: Row, answers: Mapping[str, Any], by: int, why: Cause, scope: Scope
) -> None:
    asked = None if row.test else scope.survey(row.survey, row.version)
    if asked is None:
        return
    tallies.move(row.counted, asked, answers, by)
    if row.day >= scope.today(row.location):
        return
    for question, answer in answers.items():
        if isinstance(answer, int):
            spot = Spot(row.location, question, row.day, why, scope.by.device, scope.by.actor)
            restated.note(spot, row.id, answer, 0 if row.aside else by)


def cause(before: Row | None, after: Row) -> Cause:
    """Why a response counts otherwise, as what differs says."""
    if before is None:
        return "late"
    if before.rev != after.rev:
        return "revised"
    if (before.location, before.touchpoint) != (after.location, after.touchpoint):
        return "moved"
    if (before.day, before.hour) != (after.day, after.hour):
        return "clock"
    return "flagged" if after.aside else "lifted"
