"""What the sheet for a works council says about crews, read from the running system: what is kept of them, for how
long, who sees it, and whether an agreement opens it."""

from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from sync import models
from sync.i18n import mark
from sync.intake import crew_atoms, retention
from sync.intake.atoms import FEW
from sync.intake.briefings import BRIEFING_HOUR
from sync.intake.retention import Terms
from sync.models import settings
from sync.office import agreements
from sync.office.agreements import Agreement
from sync.office.rights import Rights
from sync.office.settings.keys import BRIEFING_AT, BRIEFING_LEAD, KEYS

KEPT: tuple[tuple[Table, str], ...] = (
    (models.locations, mark("A crew: a place in the tree with a name and dates")),
    (models.jobs, mark("A job: its number, its day, a line about the work")),
    (models.handovers, mark("A tablet that was offered to a customer, or was not, and what came of it")),
    (models.responses, mark("An answer: what the customer touched and wrote")),
    (models.handed_answers, mark("How long the customer held the tablet, and took for the first answer")),
    (models.signals, mark("What looks unusual in a crew’s answers: it changes no figure, and a person lifts it")),
    (models.crew_notes, mark("The crew’s own line to a day")),
    (models.crew_links, mark("The link to a crew’s briefing, as a hash")),
    (models.crew_phones, mark("A telephone that was bound to the link, as a hash, without whose it is")),
)
"""The tables that hold what is recorded of crews; tests/sync/test_works_council.py walks all of them."""


@dataclass(frozen=True)
class Sheet:
    """`leads`: minutes by which crews read before their managers, the smallest and the largest that hold anywhere;
    `ats`: the same of the times at which they do. `opened`: agreements of places that the reader sees, those that
    ended, too; `few`, `crews` and `most` (percent) are the rule by which crews are summed up."""

    terms: Terms
    leads: tuple[int, int]
    ats: tuple[str, str]
    opened: tuple[Agreement, ...]
    kept: tuple[tuple[str, str, tuple[str, ...]], ...]
    few: int = FEW
    crews: int = crew_atoms.CREWS
    most: int = int(crew_atoms.MOST_OF_ONE * 100)
    hour: int = BRIEFING_HOUR


def sheet(tx: Connection, rights: Rights) -> Sheet:
    """As it holds now, for somebody with these rights."""
    leads = [int(KEYS[BRIEFING_LEAD].default), *(int(each) for each in _set(tx, BRIEFING_LEAD))]
    ats = [str(KEYS[BRIEFING_AT].default), *(each.strip('"') for each in _set(tx, BRIEFING_AT))]
    return Sheet(
        terms=retention.terms(tx),
        leads=(min(leads), max(leads)),
        ats=(min(ats), max(ats)),
        opened=tuple(agreements.seen(tx, rights)),
        kept=tuple((table.name, said, tuple(column.name for column in table.columns)) for table, said in KEPT),
    )


def _set(tx: Connection, key: str) -> list[str]:
    """The values that were set anywhere, as they are kept."""
    return list(tx.execute(select(settings.c.value).where(settings.c.key == key).distinct()).scalars())
