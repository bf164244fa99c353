"""A person's word on what a rule said of an answer. It belongs to the response, whatever revision of it comes later."""

from sqlalchemy import Connection, select

from sync import models
from sync.intake import decisions, flags, ingest, marks, restating
from sync.intake.days import calendar
from sync.intake.record import By, Restated
from sync.intake.restating import Scope
from sync.intake.tally import Tallies
from sync.office import audit, forms
from sync.office.audit import Actor, Subject
from sync.office.flag_words import name
from sync.office.tongue import _
from sync.rows import put

LONGEST_REASON = 300


def decide(tx: Connection, by: Actor, response: str, flag: str, holds: bool, reason: str, now_ms: int) -> None:
    """Lift a flag that keeps this answer out of the score (`holds` false), or set one: again a lifted one, or a
    person's own. The counts follow in the same transaction. Raises Wrong, and LookupError when there is no such
    answer."""
    held = ingest.rows(tx, [response])
    if not held:
        raise LookupError(response)
    row = held[0]
    told = decisions.of(tx, [response]).get(response, {})
    forms.refuse(
        {
            "flag": _problem(row.flags.split(","), told, flag, holds=holds),
            "reason": _reason_problem(reason),
        }
    )
    decisions.keep(tx, response, flag, holds, reason.strip(), by.name, now_ms)
    found = flags.decided(_derived(row.flags, told), {**told, flag: holds})
    after = row._replace(flags=",".join(found), aside=not flags.ASIDE.isdisjoint(found))
    tallies, restated = Tallies(), Restated()
    scope = Scope(ingest.published(tx), calendar(tx, None, now_ms), By(actor=by.name))
    restating.move(tallies, restated, row, after, scope)
    put(tx, models.responses, [after])
    marks.mark(tx, [after])
    tallies.write(tx)
    restated.write(tx, now_ms)
    _note(tx, by, response, row.location, flag, holds, reason, now_ms)


def _derived(held: str, told: dict[str, bool]) -> list[str]:
    """What the rules said: what holds now, without what was set, with what was lifted."""
    names = [each for each in held.split(",") if each and not told.get(each)]
    return [*names, *(flag for flag, holds in told.items() if not holds)]


def _problem(held: list[str], told: dict[str, bool], flag: str, *, holds: bool) -> str | None:
    if flag not in flags.ASIDE:
        return _("There is no such flag: choose one that keeps answers out of the score.")
    if not holds and flag not in held:
        return _("This flag does not stand on the answer any more.")
    if holds and flag in held:
        return _("This flag stands on the answer already.")
    if holds and flag != flags.HAND and told.get(flag) is not False:
        return _("Only a rule sets this flag: choose “{name}”.").format(name=name(flags.HAND))
    return None


def _reason_problem(reason: str) -> str | None:
    if not reason.strip():
        return _("Say why, for those who look at it in a year.")
    if len(reason.strip()) > LONGEST_REASON:
        return _("A reason has at most {most} characters.").format(most=LONGEST_REASON)
    return forms.name_problem(reason.strip()[:120])


def _note(
    tx: Connection, by: Actor, response: str, location: int, flag: str, holds: bool, reason: str, now_ms: int
) -> None:
    table = models.locations
    path = tx.execute(select(table.c.path).where(table.c.id == location)).scalar_one()
    action = "flag set" if holds else "flag lifted"
    after = {"flag": flag, "reason": reason.strip()}
    audit.note(tx, by, action, Subject("answer", response, response, path), now_ms, after=after)
