"""How long words are kept: what nobody needs any more is taken out, and touches no count."""

import logging
from typing import NamedTuple

from sqlalchemy import Boolean, Connection, literal_column, select, text, update

from sync import facts, models, wire
from sync.db import Database
from sync.intake import erasures
from sync.intake.erasures import WIPED

DAY_MS = 86_400_000
AT_ONCE = 200
"""Entries that are wiped in one transaction: others wait for it."""
CONTACTS, COMMENTS = "keep_contacts_days", "keep_comments_days"
"""The facts that hold them."""
_LOOKED = "quarantine_wiped_ms"
"""The fact up to when what is kept apart was looked through, by when it was received: contacts, then comments."""

log = logging.getLogger(__name__)


class Terms(NamedTuple):
    """Days from when it was given: how to reach a customer, and what they wrote. Counts stay for ever."""

    contacts: int = 65
    comments: int = 400


USUAL = Terms()
LONGEST = Terms(contacts=730, comments=3_650)
"""Nobody needs them longer; for ever is not offered."""


class Wiped(NamedTuple):
    """How many were taken out."""

    contacts: int
    comments: int


def terms(tx: Connection) -> Terms:
    """What holds here."""
    contacts, comments = facts.get(tx, CONTACTS), facts.get(tx, COMMENTS)
    return Terms(int(contacts or USUAL.contacts), int(comments or USUAL.comments))


def keep(tx: Connection, told: Terms) -> None:
    """From the next look on, for what is there already, too."""
    facts.keep(tx, CONTACTS, str(told.contacts))
    facts.keep(tx, COMMENTS, str(told.comments))


def wipe(db: Database, now_ms: int) -> Wiped:
    """Take out what is older than its term, also where it lies apart. What this version cannot read stays apart as it
    came: nobody can say where its words stand, and its answer may still count one day."""
    with db.reading() as tx:
        told = terms(tx)
    done = [0, 0]
    while some := _wipe_contacts(db, now_ms - told.contacts * DAY_MS):
        done[0] += some
    while some := _wipe_comments(db, now_ms - told.comments * DAY_MS):
        done[1] += some
    apart = _wipe_apart(db, now_ms, told)
    found = Wiped(done[0] + apart.contacts, done[1] + apart.comments)
    if any(found):
        db.forget()
        log.info("Taken out as too old: how to reach %d customers, the words of %d comments.", *found)
    return found


def _wipe_contacts(db: Database, before_ms: int) -> int:
    table = models.contacts
    old = select(table.c.id, table.c.body).where(text("NOT contacts.wiped"), table.c.captured_ms < before_ms)
    with db.writing() as tx:
        rows = tx.execute(old.order_by(table.c.captured_ms, table.c.id).limit(AT_ONCE)).all()
        for row in rows:
            tx.execute(update(table).where(table.c.id == row.id).values(body=_without_words(row.body), wiped=True))
    return len(rows)


def _wipe_comments(db: Database, before_ms: int) -> int:
    table = models.responses
    old = select(table.c.id).where(literal_column("responses.commented", Boolean()), table.c.captured_ms < before_ms)
    with db.writing() as tx:
        names = tx.execute(old.order_by(table.c.captured_ms, table.c.id).limit(AT_ONCE)).scalars().all()
        for name in names:
            erasures.strip_response(tx, name)
    return len(names)


def _wipe_apart(db: Database, now_ms: int, told: Terms) -> Wiped:
    """Of what is kept apart, by when it was received: each entry is looked at once for each of the two terms."""
    ends = Wiped(now_ms - told.contacts * DAY_MS, now_ms - told.comments * DAY_MS)
    table, done = models.quarantine, [0, 0]
    with db.writing() as tx:
        looked = (facts.get(tx, _LOOKED) or "0 0").split()
        for at, (kind, end) in enumerate((("contact", ends.contacts), ("response", ends.comments))):
            since = table.c.received_ms.between(int(looked[at]), end)
            for row in tx.execute(select(table).where(since, table.c.code != WIPED)).all():
                if _kind(row.body) != kind or (body := _without_words(row.body)) == row.body:
                    continue
                this = (table.c.id == row.id) & (table.c.rev == row.rev) & (table.c.sha == row.sha)
                tx.execute(update(table).where(this).values(body=body))
                done[at] += 1
        facts.keep(tx, _LOOKED, f"{max(ends.contacts, 0)} {max(ends.comments, 0)}")
    return Wiped(*done)


def _kind(body: str) -> str | None:
    """None for what this version cannot read."""
    raw = body.encode()
    try:
        if wire.read_head(raw).kind == "contact":
            wire.read_contact(raw)
            return "contact"
        wire.read_response(raw)
    except wire.Unreadable:
        return None
    return "response"


def _without_words(body: str) -> str:
    try:
        return wire.encode(wire.wipe(wire.read_entry(body.encode()))).decode()
    except wire.Unreadable:  # damaged: `verify` says so with or without it
        return ""
