"""Letters that are due, and what became of each. A letter is sent by whoever committed its row first, so it is sent at
most once, by however many servers; a row whose outcome nobody wrote down is never sent again by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, update

from sync import facts
from sync.models import mailings, subscriptions
from sync.office import letter_times, local_time, mailing_days
from sync.office import subscriptions as subscribed
from sync.office.local_time import DAY_MS, MINUTE_MS
from sync.office.mailing_days import Clock, Step
from sync.office.subscriptions import Subscription
from sync.rows import insert_of

State = Literal["claimed", "sent", "refused", "gave_up", "missed", "dropped", "again"]
UNKNOWN_MS = 5 * MINUTE_MS
"""How long a claim may be without its outcome, before nobody expects one any more."""
UNANSWERED = "unanswered"
"""Why a claim has no outcome, where the mail server let the last answer go missing."""
RESTORED = "restored"
"""The same, where a backup was put back that may be older than the letter."""
ASKED = "asked"
"""Why a letter waits to be sent again: somebody pressed the button."""
EARLIEST_MS = 15 * 60 * MINUTE_MS
"""No clock of the world is ahead of UTC by more."""
FIRST_WAIT_MS, LONGEST_WAIT_MS = 2 * MINUTE_MS, 120 * MINUTE_MS
FINAL_WAIT_MS = 60 * MINUTE_MS
"""The first wait after an answer that will be the same in a minute."""
EPOCH_SEEN = "mail_epoch"
"""The fact of the epoch in which letters were sent last."""
CENTRE_ID = "mail_centre"
"""The fact of what this centre calls itself in its letters: a restore leaves it."""


@dataclass(frozen=True)
class Due:
    """A letter to be sent for a local day of `zone`. `tries`: how often it was tried before; `is_asked`: somebody asked
    for it, on whatever day."""

    subscription: Subscription
    day: int
    zone: str
    tries: int = 0
    is_asked: bool = False


@dataclass(frozen=True)
class Look:
    """`due` letters, and `missed`: days without one of a subscription, and the first day that is open after them."""

    due: list[Due]
    missed: list[tuple[Subscription, tuple[int, ...], int]]


def message_id(centre: str, subscription: int, day: int, domain: str) -> str:
    """Always the same for one letter: a mailbox that gets it twice can see that."""
    digest = sha256(f"{centre}\n{subscription}\n{day}".encode()).hexdigest()[:40]
    return f"<briefing.{digest}@{domain}>"


def centre_id(tx: Connection) -> str:
    """Made at the first question; a write transaction is needed then."""
    return facts.get(tx, CENTRE_ID) or facts.claim(tx, CENTRE_ID, token_hex(16))


def wait_ms(tries: int, *, is_final: bool) -> int:
    """How long to leave a mail server alone that refused a letter for the `tries`-th time."""
    first = FINAL_WAIT_MS if is_final else FIRST_WAIT_MS
    return int(min(first * 2 ** min(tries - 1, 10), LONGEST_WAIT_MS))


# What is due


def look(tx: Connection, now_ms: int) -> Look:
    """Every letter whose time has come and for which nothing is decided yet, in the order of their times; and what
    `miss` is to write down."""
    found, open_ones = [], []
    for each, clock, step in _steps(tx, now_ms):
        if step.due is not None:
            found.append((clock.due_ms(step.due), Due(each, step.due, clock.zone)))
        until = step.next_day if step.due is None else step.due
        if step.missed or until != each.next_day:
            open_ones.append((each, step.missed, until))
    found.sort(key=lambda pair: (pair[0], pair[1].subscription.id))
    return Look([due for _, due in found], open_ones)


def miss(tx: Connection, found: Look, now_ms: int) -> int:
    """Writes down the days on which no server ran: how many letters that were."""
    n = 0
    for each, days, until in found.missed:
        n += sum(_insert(tx, each.id, day, "missed", "", "", now_ms, tries=0, done_ms=now_ms) for day in days)
        _advance(tx, each.id, until, back=each.next_day > until)
    return n


def _steps(tx: Connection, now_ms: int) -> list[tuple[Subscription, Clock, Step]]:
    every = [subscribed.read(row) for row in tx.execute(subscribed.query().where(*_may_be_due(now_ms)))]
    clocks = letter_times.clocks(tx, (each.about for each in every))
    found = []
    for each in every:
        clock, next_day = clocks[each.about], each.next_day
        if mailing_days.is_ahead(each.cadence, clock, next_day, now_ms):
            next_day = _after_last(tx, each.id, clock.today(now_ms))
        found.append((each, clock, mailing_days.step(each.cadence, clock, next_day, now_ms)))
    return found


def _may_be_due(now_ms: int) -> tuple[ColumnElement[bool], ...]:
    """By the day of those who are furthest ahead. What lies far beyond was decided by a clock that was wrong."""
    table, world = subscriptions.c, now_ms // DAY_MS
    newest = (now_ms + EARLIEST_MS) // DAY_MS
    ahead = or_(table.next_day > world + 40, and_(table.cadence == "daily", table.next_day > world + 4))
    return table.stopped_ms.is_(None), or_(table.next_day <= newest, ahead)


def _after_last(tx: Connection, subscription: int, today: int) -> int:
    """The day after the last one up to today for which something was decided."""
    table = mailings.c
    query = select(func.max(table.day)).where(table.subscription_id == subscription, table.day <= today)
    last = tx.execute(query).scalar()
    return today if last is None else int(last) + 1


def again(tx: Connection, now_ms: int, most: int) -> list[Due]:
    """Letters that were refused and are to be tried once more by now, those that wait longest first; and those that
    somebody asked for; at most so many."""
    table = mailings.c
    query = (
        subscribed.query()
        .join(mailings, table.subscription_id == subscriptions.c.id)
        .add_columns(table.day, table.tries, table.state, table.next_ms)
        .where(table.state.in_(("refused", "again")), table.next_ms <= now_ms)
        .order_by(table.next_ms, table.subscription_id)
        .limit(most)
    )
    rows = tx.execute(query).all()
    every = [subscribed.read(row) for row in rows]
    clocks = letter_times.clocks(tx, (each.about for each in every))
    return [
        Due(each, row.day, clocks[each.about].zone, row.tries, row.state == "again")
        for each, row in zip(every, rows, strict=True)
    ]


def is_over(due: Due, now_ms: int) -> bool:
    """Whether its day is: then it is not tried again by itself."""
    return not due.is_asked and local_time.day_of(now_ms, due.zone) > due.day


def is_settled(tx: Connection) -> bool:
    """Whether there is nothing for `settle_restored` to do."""
    return facts.get(tx, facts.EPOCH) == facts.get(tx, EPOCH_SEEN)


def settle_restored(tx: Connection, now_ms: int) -> int:
    """After a backup was put back nobody knows which letters left since it was made: those that are due now are not
    sent by themselves but listed. How many these were; none where nothing was put back."""
    epoch, known = facts.get(tx, facts.EPOCH) or "", facts.get(tx, EPOCH_SEEN)
    if epoch == known:
        return 0
    facts.keep(tx, EPOCH_SEEN, epoch)
    if known is None:
        return 0
    n = 0
    for due in look(tx, now_ms).due:
        number = due.subscription.id
        _advance(tx, number, mailing_days.on_or_after(due.subscription.cadence, due.day + 1))
        n += _insert(tx, number, due.day, "claimed", "", "", now_ms, tries=1, why=RESTORED)
    table = mailings.c
    waits = update(mailings).where(table.state.in_(("refused", "again")))
    return n + tx.execute(waits.values(state="claimed", why=RESTORED, next_ms=None)).rowcount


# Who sends it


def claim(tx: Connection, due: Due, by: str, id: str, now_ms: int) -> str | None:
    """The letter's Message-ID if this process, and no other one, is to send it. Nothing is sent before this is
    committed. `id`: what it is called unless it has a name already."""
    if due.tries or due.is_asked:
        return _claim_again(tx, due, by, id, now_ms)
    next_day = mailing_days.on_or_after(due.subscription.cadence, due.day + 1)
    if not _advance(tx, due.subscription.id, next_day):
        return None  # it was stopped meanwhile
    return id if _insert(tx, due.subscription.id, due.day, "claimed", id, by, now_ms, tries=1) else None


def _claim_again(tx: Connection, due: Due, by: str, id: str, now_ms: int) -> str | None:
    table = mailings.c
    was = table.state == ("again" if due.is_asked else "refused")
    mine = (table.subscription_id == due.subscription.id, table.day == due.day, was, table.tries == due.tries)
    values = {
        "state": "claimed",
        "claimed_ms": now_ms,
        "claimed_by": by,
        "tries": due.tries + 1,
        "next_ms": None,
        "why": "",
        "message_id": case((table.message_id == "", id), else_=table.message_id),
    }
    return tx.execute(update(mailings).where(*mine).values(values).returning(table.message_id)).scalar()


def _insert(
    tx: Connection, subscription: int, day: int, state: State, id: str, by: str, now_ms: int, *, tries: int,
    done_ms: int | None = None, why: str = "",
) -> bool:  # fmt: skip
    """Whether there was none of this day yet."""
    row = {
        "subscription_id": subscription,
        "day": day,
        "state": state,
        "message_id": id,
        "claimed_ms": now_ms,
        "claimed_by": by,
        "tries": tries,
        "done_ms": done_ms,
        "why": why,
    }
    new = insert_of(tx)(mailings).values(row).on_conflict_do_nothing().returning(mailings.c.day)
    return tx.execute(new).scalar() is not None


def _advance(tx: Connection, subscription: int, next_day: int, *, back: bool = False) -> bool:
    """The first day that is open now; False when it was stopped."""
    table = subscriptions.c
    later = next_day if back else case((table.next_day < next_day, next_day), else_=table.next_day)
    mine = (table.id == subscription, table.stopped_ms.is_(None))
    return tx.execute(update(subscriptions).where(*mine).values(next_day=later)).rowcount == 1


# What became of it


def sent(tx: Connection, due: Due, by: str, now_ms: int) -> bool:
    return _settle(tx, due, by, "sent", "", now_ms)


def drop(tx: Connection, due: Due, by: str, why: str, now_ms: int) -> bool:
    """Of a claim: there is nobody to write to, or nothing to write."""
    return _settle(tx, due, by, "dropped", why, now_ms)


def refused(tx: Connection, due: Due, by: str, why: str, now_ms: int, *, is_final: bool) -> bool:
    """It certainly did not leave, and is tried again while its day lasts; one that somebody asked for is not."""
    if due.is_asked:
        return _settle(tx, due, by, "gave_up", why, now_ms)
    next_ms = now_ms + wait_ms(due.tries + 1, is_final=is_final)
    return _settle(tx, due, by, "refused", why, None, next_ms=next_ms)


def unanswered(tx: Connection, due: Due, by: str) -> bool:
    """It may have arrived."""
    return _settle(tx, due, by, "claimed", UNANSWERED, None)


def _settle(
    tx: Connection, due: Due, by: str, state: State, why: str, done_ms: int | None, *, next_ms: int | None = None
) -> bool:
    """Only who claimed it says what became of it, and only while nobody else did."""
    table = mailings.c
    mine = (table.subscription_id == due.subscription.id, table.day == due.day, table.state == "claimed",
            table.claimed_by == by, table.tries == due.tries + 1)  # fmt: skip
    values = {"state": state, "why": why, "done_ms": done_ms, "next_ms": next_ms}
    return tx.execute(update(mailings).where(*mine).values(values)).rowcount == 1


def give_up(tx: Connection, dues: Iterable[Due], now_ms: int) -> None:
    """Those that were refused and whose day is over."""
    table = mailings.c
    for due in dues:
        mine = (table.subscription_id == due.subscription.id, table.day == due.day, table.state == "refused")
        tx.execute(update(mailings).where(*mine).values(state="gave_up", done_ms=now_ms, next_ms=None))


def unreachable(tx: Connection, dues: Sequence[Due], by: str, domain: str, why: str, now_ms: int) -> None:
    """The mail server could not even be asked: all of them wait."""
    centre = centre_id(tx)
    for due in dues:
        id = message_id(centre, due.subscription.id, due.day, domain)
        if claim(tx, due, by, id, now_ms):
            refused(tx, due, by, why, now_ms, is_final=False)
