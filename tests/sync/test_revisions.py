"""A customer who changes their mind, told in any order, as often as you like, in any pieces, twice at once: the same
answers and the same tallies in the end, on both databases."""

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sync import models, wire
from sync.centre import Centre
from sync.intake import ingest, tally
from tests.boxes import NOON, Box, enrol_box, new_id, open_shop

HOUR = 3_600_000
REASONS = {0: "visit_unhappy", 1: "visit_unhappy", 2: "visit_happy", 3: "visit_happy"}


class Told(NamedTuple):
    """One revision of what a customer said."""

    who: int
    rev: int
    value: int
    reasons: tuple[str, ...]
    comment: str
    hours_ago: int
    test: bool
    ghost: bool

    def entry(self, box: Box, name: str) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        if self.reasons:
            answers[REASONS[self.value]] = list(self.reasons)
        if self.comment:
            answers["comment"] = self.comment
        return box.response(
            self.value, at_ms=NOON - self.hours_ago * HOUR, id=name, rev=self.rev, answers=answers, test=self.test,
            flags=["ghost"] * self.ghost,
        )  # fmt: skip


told = st.builds(
    Told,
    who=st.integers(0, 3),
    rev=st.integers(1, 4),
    value=st.integers(0, 3),
    reasons=st.lists(st.sampled_from(["staff", "price", "waiting"]), max_size=2, unique=True).map(tuple),
    comment=st.sampled_from(["", "Takk!"]),
    hours_ago=st.sampled_from([0, 1, 15, 40]),
    test=st.booleans(),
    ghost=st.booleans(),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Told], list[tuple[list[int], int]]]:
    """Revisions, and the batches that bring them: which ones (by index, repeated at will), and how many senders bring
    the same batch at once. Every revision comes at least once."""
    every = draw(st.lists(told, min_size=1, max_size=8, unique_by=lambda one: (one.who, one.rev)))
    index = st.integers(0, len(every) - 1)
    order = draw(st.permutations(range(len(every)))) + draw(st.lists(index, max_size=8))
    batches, start = [], 0
    while start < len(order):
        size = draw(st.integers(1, 4))
        batches.append((order[start : start + size], draw(st.sampled_from([1, 1, 2, 3]))))
        start += size
    return every, draw(st.permutations(batches))


@pytest.fixture
def boxes(a_centre: Centre) -> list[Box]:
    """A box, and another one at the same screen: a cloned card brings the same answers under another name."""
    _, placement = open_shop(a_centre, "Oslo")
    first, second = enrol_box(a_centre, placement), enrol_box(a_centre, placement)
    return [first, first, second]


def deliver(centre: Centre, boxes: Sequence[Box], entries: Sequence[Any], senders: int) -> None:
    """The same batch, from this many senders at once."""
    message = msgspec.json.encode(boxes[0].batch([msgspec.Raw(wire.encode(entry)) for entry in entries]))
    batch, failed = wire.read_batch(message), []

    def bring(box: Box) -> None:
        try:
            answer = ingest.take(centre.db, box.device, 1, batch, NOON)
            assert {result.verdict for result in answer.results} <= {"stored", "duplicate"}
        except Exception as problem:
            failed.append(problem)

    threads = [threading.Thread(target=bring, args=(box,)) for box in boxes[:senders]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
def test_any_order_of_revisions_ends_in_the_same_answers_and_tallies(
    a_centre: Centre, boxes: list[Box], drawn: tuple[list[Told], list[tuple[list[int], int]]]
) -> None:
    every, batches = drawn
    ids = [new_id() for _ in range(4)]
    entries = [one.entry(boxes[0], ids[one.who]) for one in every]
    for indices, senders in batches:
        deliver(a_centre, boxes, [entries[index] for index in indices], senders)
    last = {one.who: index for index, one in sorted(enumerate(every), key=lambda each: each[1].rev)}
    expected = {ids[who]: wire.encode(entries[index]).decode() for who, index in last.items()}
    responses, receipts = models.responses, models.receipts
    with a_centre.db.reading() as tx:
        found = tx.execute(select(responses).where(responses.c.id.in_(ids))).all()
        assert {row.id: row.body for row in found} == expected
        for row in found:
            one = every[last[ids.index(row.id)]]
            assert (row.rev, row.test, row.aside, row.commented) == (one.rev, one.test, one.ghost, bool(one.comment))
            assert row.captured_ms == NOON - one.hours_ago * HOUR
        held = tx.execute(select(receipts.c.id, receipts.c.rev).where(receipts.c.id.in_(ids))).all()
        assert sorted(tuple(pair) for pair in held) == sorted((ids[one.who], one.rev) for one in every)
        assert tally.verify(tx) is None  # the tallies are a recount of these answers
