"""Planted bugs: put into a process from outside, by changing what its modules say; nothing shipped knows of them. A
proof that stays green on one of these proves nothing, so CI plants each and wants its proof to turn red for the reason
named here. These are put into real processes:

| plant                  | caught by                                 | because                                    |
| ---------------------- | ----------------------------------------- | ------------------------------------------ |
| answer_before_commit   | wire: a line that is well                 | a false ack                                |
| counts_the_batch       | wire: duplicated                          | a stream with receipts that are not there  |
| two_transactions       | stops: a request stopped at any step      | tallies that the responses don't add up to |
| check_then_insert      | two boxes at once, on PostgreSQL          | the same                                   |
| believes_late_health   | wire: repeated late                       | a clone that is none                       |
| any_200_is_an_ack      | wire: a captive portal's page             | a false ack                                |
| any_answer_is_an_ack   | wire: a captive portal's JSON             | a false ack                                |
| ack_before_send        | wire: refused                             | a false ack                                |
| acks_what_was_refused  | wire: an answer that is never taken       | a false ack                                |
| new_id_at_retry        | wire: cut after commit                    | entries that nobody gave                   |
| gives_up               | wire: bad gateway                         | what was given is gone                     |
| obeys_anybody          | wire: an unsigned 401                     | a rest of 15 minutes                       |
| ignores_the_epoch      | restores: the newest backup               | what came after it never comes back        |
| wipes_at_once          | restores: the newest backup               | words that came after it are gone          |
| parks_while_it_sends   | stops: a sender stopped at any step       | parked, though nothing is wrong with it    |
| thanks_before_it_holds | kills: the terminal                       | thanked for and not stored                 |

The rules alone are tried by simulated histories, which have to break the truth under each of these
(simulation/plants.py): batch_size, any_200_is_an_ack, identity_by_id, identity_by_slot, lower_replaces_higher,
check_then_insert, ack_before_commit, two_transactions, erasures_not_read, restore_keeps_the_epoch, epoch_ignored,
audit_by_counters, pruning_forgets, replay_counts_again, wipe_loses_the_hash, unknown_has_an_hour,
dated_before_the_commit, late_replays_count, one_order_for_two_cards, wiped_while_asking, never_rotates.

The disk alone is tried by power cuts, after which something that was thanked for is gone under each of these
(power/planted.py): synchronous_off, synchronous_normal, journal_in_memory, trusts_a_failed_sync.
"""

import functools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import msgspec

from kiosk import audits, keeping, outbox, sender
from kiosk.pace import Kind, Outcome
from sync import rows, wire
from sync.intake import ingest, ledger, signs
from sync.intake.held import Receipt
from sync.wire import signing

Change = tuple[Any, str, Callable[[Any], Any]]
"""Whose attribute, which, and what it becomes, given what it was."""


def _answer_before_commit(_was: Any) -> Any:
    def take(db: Any, device: str, generation: int, batch: wire.Batch, now_ms: int) -> wire.Answer:
        writing = db.writing()
        tx = writing.__enter__()
        entries = [ingest.read(bytes(raw)) for raw in batch.entries]
        answer = ingest._take(tx, device, generation, batch, entries, now_ms, carried=False)
        threading.Timer(0.3, writing.__exit__, (None, None, None)).start()
        return answer

    return take


_here = threading.local()


def _remember_the_batch(was: Any) -> Any:
    def judge(entries: Any, *rest: Any) -> Any:
        _here.heads = [entry.head for entry in entries if entry.head]
        return was(entries, *rest)

    return judge


def _count_the_batch(was: Any) -> Any:
    def count(tx: Any, device: str, _receipts: Any, *rest: Any, **named: Any) -> Any:
        every = [Receipt(h.id, h.rev, h.sha, device, h.stream, h.seq, "stored", 0) for h in _here.heads]
        return was(tx, device, every, *rest, **named)

    return count


def _store_without_tallies(was: Any) -> Any:
    def store(tx: Any, plan: Any, now_ms: int, before: Any) -> None:
        _here.tallies, plan.tallies = plan.tallies, type(plan.tallies)()
        was(tx, plan, now_ms, before)

    return store


def _tallies_in_a_second_transaction(was: Any) -> Any:
    def take(db: Any, *rest: Any) -> Any:
        answer = was(db, *rest)
        with db.writing() as tx:
            _here.tallies.write(tx)
        return answer

    return take


def _insert_what_is_not_there(_was: Any) -> Any:
    def append(tx: Any, table: Any, new: Any) -> None:
        time.sleep(0.02)  # what was checked was checked a while ago
        for row in new:
            marks = ", ".join(["%s"] * len(row))
            insert = f"INSERT INTO {table.name} ({rows._names(table)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
            tx.exec_driver_sql(insert, tuple(row))

    return append


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _was: lambda *_, **__: value


def _keep_the_reply(was: Any) -> Any:
    def signed(self: Any, *rest: Any) -> Any:
        request, self.reply = was(self, *rest)
        return request, self.reply

    return signed


def _take_any_200(was: Any) -> Any:
    def send(self: Any, who: Any, asked: Any) -> Any:
        outcome, anchor = was(self, who, asked)
        reply = self._line.reply
        if outcome.kind is Kind.ACCEPTED or reply is None or reply.status != 200:
            return outcome, anchor
        now = self._clock.wall_ms()
        results = [wire.Result(name, rev, "stored") for name, rev in asked.sent]
        answer = wire.Answer(1, asked.batch.batch, "", now, results, {})
        return Outcome(Kind.ACCEPTED, answer), wire.Anchor(asked.batch.boot, self._clock.boottime_ms(), now, 0)

    return send


def _settle_first(was: Any) -> Any:
    def send(self: Any, who: Any, asked: Any) -> Any:
        results = [wire.Result(name, rev, "stored") for name, rev in asked.sent]
        self._outbox.settle(results, self._clock.wall_ms())
        return was(self, who, asked)

    return send


def _all_stored(was: Any) -> Any:
    def settle(self: Any, results: Any, server_ms: int) -> None:
        was(self, [msgspec.structs.replace(result, verdict="stored") for result in results], server_ms)

    return settle


def _rename_what_failed(was: Any) -> Any:
    def blame(self: Any, outcome: Any, sent: Any, now: float) -> None:
        was(self, outcome, sent, now)
        disk = self._outbox.disk
        for name, rev in sent:
            found = disk.row("SELECT body FROM entries WHERE id = ? AND rev = ?", name, rev)
            fresh = f"{name[:-12]}{time.time_ns() % 16**12:012x}"
            entry = wire.seal({**wire.read_entry(found[0]), "id": fresh}, "pepper")
            with disk.durable() as db:
                db.execute(
                    "UPDATE entries SET id = ?, sha = ?, body = ? WHERE id = ? AND rev = ?",
                    (fresh, entry["sha"], wire.encode(entry), name, rev),
                )

    return blame


def _throw_away_what_failed(was: Any) -> Any:
    def blame(self: Any, outcome: Any, sent: Any, now: float) -> None:
        was(self, outcome, sent, now)
        if self.pace.failures >= 2:
            with self._outbox.disk.durable() as db:
                db.executemany("DELETE FROM entries WHERE id = ? AND rev = ?", sent)

    return blame


def _everything_is_signed(was: Any) -> Any:
    return lambda status, _signed, *rest: was(status, True, *rest)


def _park_meanwhile(was: Any) -> Any:
    def send(self: Any, who: Any, asked: Any) -> Any:
        self._outbox.park(asked.sent, "sending")
        came = was(self, who, asked)
        with self._outbox.disk.durable() as db:
            db.executemany("UPDATE entries SET state = 'sealed' WHERE id = ? AND rev = ?", asked.sent)
        return came

    return send


def _hold_later(was: Any) -> Any:
    def hold(self: Any, draft: Any, touched: Any) -> Any:
        threading.Timer(0.15, functools.partial(_hold_quietly, was), (self, draft, touched)).start()
        return draft

    return hold


def _hold_quietly(hold: Any, *what: Any) -> None:
    with suppress(outbox.NotHeld, sqlite3.Error):  # nobody asks any more
        hold(*what)


PLANTS: dict[str, list[Change]] = {
    "answer_before_commit": [(ingest, "take", _answer_before_commit)],
    "counts_the_batch": [(ingest, "judge", _remember_the_batch), (ledger, "count", _count_the_batch)],
    "two_transactions": [(ingest, "store", _store_without_tallies), (ingest, "take", _tallies_in_a_second_transaction)],
    "check_then_insert": [(ingest, "append", _insert_what_is_not_there)],
    "believes_late_health": [(signs, "is_late", _always(False))],
    "any_200_is_an_ack": [(sender.Line, "signed", _keep_the_reply), (sender.Sender, "_send", _take_any_200)],
    "any_answer_is_an_ack": [(signing, "answer_is_signed", _always(True))],
    "ack_before_send": [(sender.Sender, "_send", _settle_first)],
    "acks_what_was_refused": [(outbox.Outbox, "settle", _all_stored)],
    "new_id_at_retry": [(sender.Sender, "_blame", _rename_what_failed)],
    "gives_up": [(sender.Sender, "_blame", _throw_away_what_failed)],
    "obeys_anybody": [(sender, "judge", _everything_is_signed)],
    "ignores_the_epoch": [(audits, "_reason", _always(None))],
    "wipes_at_once": [(keeping, "may_wipe", _always(True))],
    "parks_while_it_sends": [(sender.Sender, "_send", _park_meanwhile)],
    "thanks_before_it_holds": [(outbox.Outbox, "hold", _hold_later)],
}


def plant(name: str) -> None:
    """Into this process, until it ends."""
    for whose, attribute, change in PLANTS[name]:
        setattr(whose, attribute, change(getattr(whose, attribute)))


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Into this process, as long as the block."""
    with ExitStack() as undo:
        for whose, attribute, change in PLANTS[name]:
            was = getattr(whose, attribute)
            undo.callback(setattr, whose, attribute, was)
            setattr(whose, attribute, change(was))
        yield
