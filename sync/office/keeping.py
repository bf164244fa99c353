"""How long words are kept, as whoever runs the organisation sets it."""

from sqlalchemy import Connection

from sync.intake import retention
from sync.intake.retention import LONGEST, Terms
from sync.office import audit, edits, forms
from sync.office.audit import Actor, Subject
from sync.office.rights import EVERYWHERE
from sync.office.tongue import _


def change(tx: Connection, by: Actor, contacts: str, comments: str, seen: str, now_ms: int) -> None:
    """From the next look on (within the hour) these days hold. `seen` is what the form had shown (`told`). Raises
    Wrong, and edits.Changed when somebody else changed it meanwhile."""
    before = retention.terms(tx)
    forms.refuse(
        {
            "contacts": _problem(contacts, LONGEST.contacts),
            "comments": _problem(comments, LONGEST.comments),
        }
    )
    if seen != told(before):
        raise edits.Changed
    after = Terms(int(contacts), int(comments))
    retention.keep(tx, after)
    subject = Subject("centre", "retention", "", EVERYWHERE)
    audit.note(tx, by, "retention changed", subject, now_ms, before=before._asdict(), after=after._asdict())


def told(terms: Terms) -> str:
    """What a form holds of the terms that its reader saw."""
    return f"{terms.contacts} {terms.comments}"


def _problem(text: str, most: int) -> str | None:
    fits = text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= most
    return None if fits else _("The number of days is a whole one from 1 to {most}.").format(most=most)
