"""What is put into servers that send letters: a briefing that costs nothing to compose, alone or with a bug, under
which the proof of tests.faults.letters turns red:

| plant              | because                                                        |
| ------------------ | -------------------------------------------------------------- |
| claims_after_it    | a server is killed after the letter and before the row         |
| no_unique_row      | every server sends all of them                                 |
| resends_unknown    | a letter without an outcome is sent again by itself            |
| forgets_on_a_start | a server that starts takes what it finds claimed for decided   |
"""

from typing import Any

from sqlalchemy import update

from sync.models import mailings as table
from sync.office import composing, mailings, posting
from sync.office.briefing import Briefing
from sync.office.carrying import Letter
from tests.faults.plants import Change


def _at_once(_was: Any) -> Any:
    def compose(_db: Any, due: Any, _now_ms: int) -> Briefing:
        return Briefing("store", due.subscription.place, "Oslo", "Oslo", due.day, "today", "en", "It was kind.", ())

    return compose


def _carry_then_claim(_was: Any) -> Any:
    def one(self: posting.Post, due: Any) -> None:
        written = self.write(due)
        assert isinstance(written, Letter)
        self._connection().carry(written)
        if self._claimed(due) is not None:
            with self.db.writing() as tx:
                mailings.sent(tx, due, self.by, self.clock())

    return one


def _anybody_wins(was: Any) -> Any:
    return lambda *given, **named: was(*given, **named) or True


def _stays_open(_was: Any) -> Any:
    return lambda *_given, **_named: True


def _send_again(was: Any) -> Any:
    def go(self: posting.Post) -> int:
        with self.db.writing() as tx:
            tx.execute(update(table).where(table.c.state == "claimed").values(state="refused", next_ms=0))
        return int(was(self))

    return go


def _forget(was: Any) -> Any:
    def go(self: posting.Post) -> int:
        with self.db.writing() as tx:
            tx.execute(update(table).where(table.c.state == "claimed").values(state="sent"))
        return int(was(self))

    return go


AT_ONCE: list[Change] = [(composing, "compose", _at_once)]
PLANTS: dict[str, list[Change]] = {
    "written_at_once": AT_ONCE,
    "claims_after_it": [*AT_ONCE, (posting.Post, "_one", _carry_then_claim)],
    "no_unique_row": [*AT_ONCE, (mailings, "_insert", _anybody_wins), (mailings, "_advance", _stays_open)],
    "resends_unknown": [*AT_ONCE, (posting.Post, "go_round", _send_again)],
    "forgets_on_a_start": [*AT_ONCE, (posting.Post, "go_round", _forget)],
}


def plant(name: str) -> None:
    """Into this process, until it ends."""
    for whose, attribute, change in PLANTS[name]:
        setattr(whose, attribute, change(getattr(whose, attribute)))
