"""Letters that somebody may miss, as a list: what became of each, and what a person may have sent again."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, update

from sync.models import locations, mailings, subscriptions, users
from sync.office import audit, listing, local_time, places
from sync.office import subscriptions as subscribed
from sync.office.audit import Actor
from sync.office.listing import Page
from sync.office.local_time import DAY_MS
from sync.office.mailing_days import LISTED_DAYS
from sync.office.mailings import ASKED, UNKNOWN_MS, State
from sync.office.rights import EVERYWHERE, Rights
from sync.office.subscriptions import ADMINISTER, Subscription

Shown = Literal["missing", "waiting", "sent", "left_out", "all"]
SHOWN: tuple[Shown, ...] = ("missing", "waiting", "sent", "left_out", "all")
NEWS_DAYS = 3
"""How long the overview speaks of a letter that is missing."""


@dataclass(frozen=True)
class Mailing:
    """One letter. `is_unknown`: nobody will write down any more what became of it."""

    subscription: Subscription
    day: int
    state: State
    tries: int
    claimed_ms: int
    done_ms: int | None
    next_ms: int | None
    why: str
    is_unknown: bool

    @property
    def is_missing(self) -> bool:
        return self.is_unknown or self.state in ("gave_up", "missed")

    def may_be_sent(self, now_ms: int) -> bool:
        """Whether a person may have it sent (see `ask_again`)."""
        return self.is_missing and self.subscription.stopped_ms is None and self.day >= _oldest(now_ms)


def every(tx: Connection, rights: Rights, shown: Shown, search: str, number: int, now_ms: int) -> Page[Mailing]:
    """Those of places that this person runs, the newest day first."""
    query = _query().where(_theirs(rights), _those(shown, now_ms))
    if search:
        query = query.where(
            listing.holds(search, locations.c.name, subscriptions.c.address, users.c.name, users.c.email)
        )
    return listing.page(tx, query, number, lambda row: _read(row, now_ms), search=search)


def counted(tx: Connection, rights: Rights, now_ms: int) -> int:
    """How many of the last days are missing."""
    recent = mailings.c.claimed_ms >= now_ms - NEWS_DAYS * DAY_MS
    query = (
        select(func.count())
        .select_from(mailings.join(subscriptions).outerjoin(locations, locations.c.id == subscriptions.c.location_id))
        .where(_missing(now_ms), recent, _theirs(rights))
    )
    return int(tx.execute(query).scalar_one())


def ask_again(tx: Connection, by: Actor, number: int, day: int, now_ms: int) -> bool:
    """Has a letter that is missing sent, with the Message-ID that it has; False when it is not missing (any more), or
    too old."""
    table = mailings.c
    found = subscribed.one(tx, number)
    recent = table.day >= _oldest(now_ms)
    mine = (table.subscription_id == number, table.day == day, _missing(now_ms), recent)
    values = {"state": "again", "why": ASKED, "next_ms": now_ms, "done_ms": None}
    if found is None or found.stopped_ms is not None:
        return False
    if tx.execute(update(mailings).where(*mine).values(values)).rowcount != 1:
        return False
    told = {"to": found.address, "day": local_time.date_of(day).isoformat()}
    audit.note(tx, by, "briefing sent again", subscribed.subject(found), now_ms, after=told)
    return True


def _oldest(now_ms: int) -> int:
    return now_ms // DAY_MS - LISTED_DAYS - 1


def _query() -> Select[Any]:
    table = mailings.c
    columns = (table.day, table.state, table.tries, table.claimed_ms, table.done_ms, table.next_ms, table.why)
    joined = subscribed.query().join(mailings, table.subscription_id == subscriptions.c.id)
    return joined.add_columns(*columns).order_by(table.day.desc(), locations.c.name, table.subscription_id)


def _theirs(rights: Rights) -> ColumnElement[bool]:
    roots = rights.roots(ADMINISTER)
    mine = places.below(roots)
    return or_(mine, subscriptions.c.location_id.is_(None)) if EVERYWHERE in roots else mine


def _missing(now_ms: int) -> ColumnElement[bool]:
    table = mailings.c
    unknown = and_(table.state == "claimed", or_(table.why != "", table.claimed_ms < now_ms - UNKNOWN_MS))
    # The first of these is what an index finds, among years of letters that were sent.
    return and_(table.state.in_(("gave_up", "missed", "claimed")), or_(table.state != "claimed", unknown))


def _those(shown: Shown, now_ms: int) -> ColumnElement[bool]:
    state = mailings.c.state
    wanted: dict[Shown, ColumnElement[bool]] = {
        "missing": _missing(now_ms),
        "waiting": or_(state.in_(("refused", "again")), and_(state == "claimed", ~_missing(now_ms))),
        "sent": state == "sent",
        "left_out": state == "dropped",
    }
    return wanted.get(shown, state != "")


def _read(row: Row[Any], now_ms: int) -> Mailing:
    unknown = row.state == "claimed" and (row.why != "" or row.claimed_ms < now_ms - UNKNOWN_MS)
    return Mailing(subscribed.read(row), row.day, row.state, row.tries, row.claimed_ms, row.done_ms, row.next_ms,
                   row.why, unknown)  # fmt: skip
