"""Bugs that others had, or that would be easy to have: each is planted from outside, in a process of its own, and a
simulation that does not find it proves nothing."""

from collections.abc import Callable
from typing import Any

import msgspec

from kiosk import audits, keeping
from sync import wire
from sync.intake import clocks, signs, verdicts
from sync.intake.entries import Entry
from sync.intake.held import Held, Row
from tests.faults.simulation import box, shipped, tables
from tests.faults.simulation.card import Card
from tests.faults.simulation.centre import Centre, Died
from tests.faults.simulation.tables import Tables


def batch_size() -> None:
    """Counts what came instead of what was new."""
    judge = verdicts._judge

    def planted(entry: Entry, held: Any, scene: Any, plan: verdicts.Plan) -> wire.Result:
        result = judge(entry, held, scene, plan)
        if result.verdict == "duplicate" and entry.head and entry.response and scene.standings:
            standing, asked = verdicts._understood(entry.head, entry, scene)
            row = verdicts._as_row(entry.response, standing, asked, entry.raw, scene)
            plan.tallies.move(row.counted, asked, entry.response.answers, 1)
        return result

    verdicts._judge = planted


def any_200_is_an_ack() -> None:
    """Believes whoever answers."""

    def planted(key: bytes, status: int, kind: str, request: str, batch: str, body: bytes, signature: str) -> Any:
        try:
            return msgspec.json.decode(body, type=wire.Answer) if status == 200 else None
        except msgspec.DecodeError:
            return None

    wire.read_answer = planted


def identity_by_id() -> None:
    """Knows an id, and takes any revision of it for the one that it has."""

    def planted(head: Any, held: Held, plan: verdicts.Plan) -> tuple[str, str] | None:
        known = [pair for pair in (*held.receipts, *plan.receipts) if pair[0] == head.id]
        return (head.sha, "stored") if known else None

    verdicts._receipt = planted


def identity_by_slot() -> None:
    """Takes (stream, seq) for who an entry is."""
    held = Tables.held

    def planted(self: Tables, entries: Any, also: Any = frozenset()) -> Held:
        found = held(self, entries, also)
        heads = [entry.head for entry in entries if entry.head and (entry.head.stream, entry.head.seq) in self.holders]
        return Held({(h.id, h.rev): (h.sha, "stored") for h in heads}, found.rows, found.erased)

    Tables.held = planted


def lower_replaces_higher() -> None:
    """Believes that what comes last is the newest."""
    place = verdicts._place

    def planted(row: Row, answers: Any, held: Any, plan: verdicts.Plan) -> None:
        known = plan.fresh.get(row.id) or plan.changed.get(row.id) or held.rows.get(row.id)
        if known is not None and known.rev > row.rev:
            (plan.changed if row.id in held.rows else plan.fresh)[row.id] = row
            plan.answers[row.id] = answers
            return
        place(row, answers, held, plan)

    verdicts._place = planted


def check_then_insert() -> None:
    """Looks whether it is there, then writes it, and nothing stands between."""

    def planted(self: Centre, tx: Tables) -> None:
        vars(tx).update(vars(self.tables.copy()))

    Centre._clash = planted


def ack_before_commit() -> None:
    """Answers, then commits, and dies in between."""
    take = Centre.take

    def planted(self: Centre, *arguments: Any, dying: str = "", **others: Any) -> wire.Answer:
        before, told = self.tables, self.on_commit
        if dying == "before":
            self.on_commit = lambda device, entries, answer: None
        answer = take(self, *arguments, **others)
        if dying == "before":
            self.tables, self.on_commit = before, told
        elif dying:
            raise Died
        return answer

    Centre.take = planted


def two_transactions() -> None:
    """Commits the receipts first, and dies before it commits the tallies."""
    take, tally = Centre.take, Tables.tally

    def planted(self: Centre, *arguments: Any, dying: str = "", **others: Any) -> wire.Answer:
        Tables.tally = (lambda tx, plan: None) if dying == "before" else tally
        try:
            answer = take(self, *arguments, **others)
        finally:
            Tables.tally = tally
        if dying:
            raise Died
        return answer

    Centre.take = planted


def erasures_not_read() -> None:
    """Takes in again what was erased."""
    verdicts.named = lambda entry: ()
    tables.named = verdicts.named


def restore_keeps_the_epoch() -> None:
    """Nobody hears that the centre's memory was replaced."""
    restore = Centre.restore

    def planted(self: Centre, index: int) -> None:
        epoch = self.tables.epoch
        restore(self, index)
        self.tables.epoch = epoch

    Centre.restore = planted


def epoch_ignored() -> None:
    """Hears that the centre's memory was replaced, and thinks nothing of it."""
    audits._reason = lambda audit, heard, short, is_night: "night" if is_night else None


def audit_by_counters() -> None:
    """Answers an audit by how many there are."""
    missing = Tables.missing
    Tables.missing = lambda self, asked: [] if len(self.receipts) >= len(asked) else missing(self, asked)


def pruning_forgets() -> None:
    """Deletes the row instead of the body."""
    prune = Card.prune

    def planted(self: Card, room: keeping.Room, wanted: int) -> None:
        prune(self, room, wanted)
        for pair in [pair for pair, kept in self.entries.items() if kept.body is None]:
            del self.entries[pair]

    Card.prune = planted


def replay_counts_again() -> None:
    """Counts what was kept apart beside what counts already."""
    held = Tables.held

    class Blind(Tables):
        def held(self, entries: Any, also: Any = frozenset()) -> Held:
            found = held(self, entries, also)
            return Held(found.receipts, {}, found.erased)

    shipped._replay = shipped.replaying(Blind)


def wipe_loses_the_hash() -> None:
    """Takes a text out, and what stood for it in the hash."""
    wipe = wire.wipe
    wire.wipe = lambda entry: {**wipe(entry), "wiped": {}}


def unknown_has_an_hour() -> None:
    """Puts into an hour what nobody knows the hour of."""
    clocks.hour_of = lambda captured, there: there.hour
    verdicts.clocks.hour_of = clocks.hour_of


def dated_before_the_commit() -> None:
    """Says when it began to store, and a backup that began while it did is believed to have it."""
    take = Centre.take

    def planted(self: Centre, *arguments: Any, **others: Any) -> wire.Answer:
        began_ms = self.now_ms()
        return msgspec.structs.replace(take(self, *arguments, **others), server_ms=began_ms)

    Centre.take = planted


def late_replays_count() -> None:
    """Believes what an old request says of the terminal."""
    signs.is_late = lambda known, batch, order: False


def one_order_for_two_cards() -> None:
    """Puts the starts of two cards of one name into one row."""
    begin = clocks.Starts.__init__
    clocks.Starts.__init__ = lambda self, ends, order, told=None: begin(self, ends, order)


def never_rotates() -> None:
    """A card that was rolled back gives numbers that are taken."""
    box.must_rotate = lambda told, max_seq, asked, sealed: False


def wiped_while_asking() -> None:
    """Lets the words go while the centre may just have forgotten them."""
    may = keeping.may_wipe
    keeping.may_wipe = lambda acked, now, backed_up, due, restored=None: may(acked, now, backed_up, False, restored)


PLANTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant
    for plant in (
        batch_size, any_200_is_an_ack, identity_by_id, identity_by_slot, lower_replaces_higher, check_then_insert,
        ack_before_commit, two_transactions, erasures_not_read, restore_keeps_the_epoch, epoch_ignored,
        audit_by_counters, pruning_forgets, replay_counts_again, wipe_loses_the_hash, unknown_has_an_hour,
        dated_before_the_commit, late_replays_count, one_order_for_two_cards, wiped_while_asking, never_rotates,
    )
}  # fmt: skip
