"""One answer a job: of several that were given for the same job of a crew the first counts, whatever the order in which
they came; the others are kept and flagged. Pure."""

from collections.abc import Mapping

from sync.intake import flags, handed
from sync.intake.held import Row
from sync.intake.verdicts import Plan

Job = tuple[int, str]
"""A crew's location, and a job's key."""


def concerned(plan: Plan) -> set[Job]:
    """The jobs for which a plan brings or changes an answer."""
    return {(each.location, each.job) for each in handed.answers((*plan.fresh.values(), *plan.changed.values()))}


def mark(rows: Mapping[str, Row], plan: Plan) -> None:
    """Flag the later answers to each of those jobs, and no first one. `rows`: all that is held of them."""
    wanted, now = concerned(plan), {**rows, **plan.changed, **plan.fresh}
    given = [each for each in handed.answers(now.values()) if (each.location, each.job) in wanted and not each.test]
    firsts: dict[Job, str] = {}
    for each in sorted(given, key=lambda each: (each.captured_ms, each.response)):
        firsts.setdefault((each.location, each.job), each.response)
    for each in given:
        row = now[each.response]
        is_second = firsts[each.location, each.job] != row.id
        names = {name for name in row.flags.split(",") if name} - {flags.SECOND}
        told = sorted(names | {flags.SECOND} if is_second else names)
        if ",".join(told) != row.flags:
            fresh = row._replace(flags=",".join(told), aside=not flags.ASIDE.isdisjoint(told))
            (plan.fresh if row.id in plan.fresh else plan.changed)[row.id] = fresh
