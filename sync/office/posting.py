"""The round of a server process: it sends the letters that are due, over one connection, and waits for the next minute.
Any number of processes may go their rounds beside each other, and any of them may be killed at any moment."""

import logging
import os
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from sync.config import Settings
from sync.db import Database
from sync.office import carrying, mail, mailings
from sync.office.carrying import Carrier, Letter, Unanswered, Undelivered
from sync.office.mailings import Due

log = logging.getLogger(__name__)

EVERY_S, LONGEST_S = 20.0, 600.0
STOP_WITHIN_S = 0.5
AT_ONCE, A_CONNECTION = 200, 50
"""Letters of one round, and those after which a new connection is made: many servers take no more."""

Write = Callable[[Due], Letter | str]
"""Makes a letter, or says why nobody is written to (see subscribing.left_out)."""


@dataclass
class Post:
    """What a round needs. `by`: this process, as claims name it."""

    db: Database
    settings: Settings
    clock: Callable[[], int]
    write: Write
    told: Event = field(default_factory=Event)
    by: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(8)}")
    carrier: Carrier | None = None

    def go_round(self) -> int:
        """Sends what is due; how many letters were looked at. Raises Undelivered when the mail server cannot be
        asked at all: everything waits then."""
        now_ms = self.clock()
        self._settle_restored(now_ms)
        with self.db.reading() as tx:
            found = mailings.look(tx, now_ms)
            waiting = mailings.again(tx, now_ms, AT_ONCE)
        self._write_down(found, [due for due in waiting if mailings.is_over(due, now_ms)], now_ms)
        batch = self._batch(found.due, [due for due in waiting if not mailings.is_over(due, now_ms)])
        try:
            for due in batch:
                if self.told.is_set():
                    break
                self._one(due)
        except Undelivered as problem:
            self._leave(batch, problem)
            raise
        finally:
            self._hang_up()
        return len(batch)

    def _settle_restored(self, now_ms: int) -> None:
        with self.db.reading() as tx:
            if mailings.is_settled(tx):
                return
        with self.db.writing() as tx:
            n = mailings.settle_restored(tx, now_ms)
        if n:
            log.warning("A backup was put back: %d briefings may have been sent before. See /mailings.", n)

    def _write_down(self, found: mailings.Look, over: list[Due], now_ms: int) -> None:
        for start in range(0, len(found.missed), AT_ONCE):
            part = mailings.Look([], found.missed[start : start + AT_ONCE])
            with self.db.writing() as tx:
                n = mailings.miss(tx, part, now_ms)
            if n:
                log.warning("%d briefings were not sent on days on which no server ran: see /mailings.", n)
        if over:
            with self.db.writing() as tx:
                mailings.give_up(tx, over, now_ms)

    def _batch(self, fresh: list[Due], waiting: list[Due]) -> list[Due]:
        """Neither those that were refused nor those that are new have to wait for all of the others. Two processes do
        not go through them in the same order."""
        new, old = fresh[:AT_ONCE], waiting[: AT_ONCE // 4 if fresh else AT_ONCE]
        batch = [*new, *old]
        random.shuffle(batch)
        return batch

    def _one(self, due: Due) -> None:
        """Raises Undelivered when there is no mail server to hand it to; then it is not claimed."""
        try:
            written = self.write(due)
        except Exception as problem:  # a mistake of ours: the others are sent, and this one is tried again later
            log.error("A briefing could not be written: %s.", type(problem).__name__)
            self._settled(due, "unwritten")
            return
        if isinstance(written, str):
            self._settled(due, written, drops=True)
            return
        carrier = self._connection()
        id = self._claimed(due)
        if id is not None:
            self._carry(carrier, due, Letter(written.to, written.subject, written.text, written.html,
                                             {**written.headers, "Message-ID": id}))  # fmt: skip

    def _claimed(self, due: Due) -> str | None:
        """The letter's Message-ID, if it is for this process to send."""
        with self.db.writing() as tx:
            domain = carrying.domain(self.settings)
            id = mailings.message_id(mailings.centre_id(tx), due.subscription.id, due.day, domain)
            return mailings.claim(tx, due, self.by, id, self.clock())

    def _carry(self, carrier: Carrier, due: Due, letter: Letter) -> None:
        try:
            carrier.carry(letter)
        except Unanswered:
            log.warning("The mail server did not say whether it took a briefing: see /mailings.")
            with self.db.writing() as tx:
                mailings.unanswered(tx, due, self.by)
        except Undelivered as problem:
            with self.db.writing() as tx:
                mailings.refused(tx, due, self.by, problem.why, self.clock(), is_final=problem.is_final)
            self._tell(problem.why)
        else:
            with self.db.writing() as tx:
                mailings.sent(tx, due, self.by, self.clock())
            self._tell(None)

    def _settled(self, due: Due, why: str, *, drops: bool = False) -> None:
        """A letter that there is none of, without a mail server."""
        if self._claimed(due) is None:
            return
        with self.db.writing() as tx:
            if drops:
                mailings.drop(tx, due, self.by, why, self.clock())
            else:
                mailings.refused(tx, due, self.by, why, self.clock(), is_final=True)

    def _connection(self) -> Carrier:
        if self.carrier is not None and (not self.carrier.is_open or self.carrier.carried >= A_CONNECTION):
            self._hang_up()
        if self.carrier is None:
            self.carrier = Carrier(self.settings)
        return self.carrier

    def _hang_up(self) -> None:
        carrier, self.carrier = self.carrier, None
        if carrier is not None:
            carrier.__exit__()

    def _leave(self, batch: list[Due], problem: Undelivered) -> None:
        """There is no mail server for any of them: each is written down as refused, and waits."""
        with self.db.writing() as tx:
            mailings.unreachable(tx, batch, self.by, carrying.domain(self.settings), problem.why, self.clock())
        self._tell(problem.why)

    _last: str | None = "?"

    def _tell(self, why: str | None) -> None:
        """For those who look after people; once for each change."""
        if why == self._last:
            return
        mail.note(self.db, why, self.clock())
        if why:
            log.warning("A briefing was not sent: %s.", why)
        elif self._last != "?":
            log.info("Briefings are sent again.")
        self._last = why

    def keep(self) -> None:
        """Goes round and round until told to stop."""
        wait_s = 0.0
        while not self.told.wait(wait_s):
            try:
                n = self.go_round()
                wait_s = 0.0 if n >= AT_ONCE else EVERY_S
            except Undelivered:
                wait_s = min(max(wait_s, EVERY_S) * 2, LONGEST_S)
            except Exception as problem:  # the next round may find the database again
                log.warning("Briefings could not be looked at: %s", type(problem).__name__)
                wait_s = EVERY_S


@contextmanager
def kept(post: Post) -> Iterator[None]:
    """Meanwhile letters leave when they are due. A letter that is on its way when this ends is not waited for: it is
    listed as one that may not have arrived, or tried again."""
    thread = Thread(target=post.keep, name="briefings", daemon=True)
    thread.start()
    try:
        yield
    finally:
        post.told.set()
        thread.join(timeout=STOP_WITHIN_S)
        if thread.is_alive() and (carrier := post.carrier) is not None:
            carrier.hang_up()
            thread.join(timeout=STOP_WITHIN_S)
