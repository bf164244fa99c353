"""Two boxes with one identity, a cloned card or one that was rolled back: what speaks for it in a request, and which
requests come too late to speak. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sync import wire

FINGERPRINT, SLOT, BOOT, ROLLED_BACK = "fingerprint", "slot", "boot", "rolled_back"
"""Other hardware than it was enrolled with; a place in a stream that another entry holds; a start that returns after
another one was heard; fewer entries sealed than it once said."""


class Known(NamedTuple):
    """What is on record of a device before a request of it is served. `generation` is 0 when it was revoked. `boot`:
    the start it was last heard in, `boottime_ms` into it, having seen `seen_ms` and tried `seen_tries` since. `top`:
    the highest number it ever said was sealed into the request's own stream, `received` the highest received, by
    whatever way. `uncertain`: a
    sign is open."""

    generation: int
    fingerprint: str
    boot: str | None
    boottime_ms: int
    seen_ms: int
    seen_tries: int
    top: int
    received: int
    uncertain: bool


def is_late(known: Known, batch: wire.Batch, order: Mapping[str, int]) -> bool:
    """Whether a request is a late replay: a newer one of this device was served before. Within one start its own clock
    tells. Of another start: the later one (by `order`) is new, and so is who saw an answer that the last one heard
    had not seen; where the order isn't known, `seen` decides alone."""
    told, seen = tuple(batch.seen), (known.seen_ms, known.seen_tries)
    if batch.boot == known.boot:
        return (batch.boottime_ms, *told) < (known.boottime_ms, *seen)
    here, there = order.get(batch.boot), order.get(known.boot or "")
    if here is None or there is None:
        return told < seen
    return here <= there and batch.seen[0] <= known.seen_ms


def found(known: Known, batch: wire.Batch, order: Mapping[str, int], was_heard: bool, slot: bool) -> frozenset[str]:
    """The signs in a request that is no late replay. `was_heard`: its start was known before; `slot`: one of its
    entries is new in a place that another holds (`in_taken_slots`). A later start (by `order`) doesn't return: a stick
    may have told of it before a restore let us forget that it was heard."""
    counts = batch.health.streams.get(batch.health.stream or "")
    print_now = batch.health.fingerprint
    here, there = order.get(batch.boot), order.get(known.boot or "")
    is_later = here is not None and there is not None and here > there
    returned = was_heard and not is_later and known.boot not in (None, batch.boot) and batch.seen[0] > known.seen_ms
    signs = {
        FINGERPRINT: bool(print_now and known.fingerprint and print_now != known.fingerprint),
        SLOT: slot,
        BOOT: returned,
        ROLLED_BACK: counts is not None and counts.sealed < known.top,
    }
    return frozenset(name for name, holds in signs.items() if holds)


def asked(signs: Collection[str], own_slot: bool) -> list[str]:
    """What the terminal is asked to do about them. `own_slot`: the taken place is in the stream it now writes."""
    rotate = ROLLED_BACK in signs or own_slot
    return [*(["reenrol"] if FINGERPRINT in signs else []), *(["rotate_stream"] if rotate else [])]


class Slot(NamedTuple):
    """Who holds a place in a stream."""

    stream: str
    seq: int
    id: str
    rev: int


def in_taken_slots(new: Iterable[Slot], held: Iterable[Slot]) -> set[str]:
    """The streams in which one of the `new` entries claims a place that another entry holds."""
    holders = {(slot.stream, slot.seq): (slot.id, slot.rev) for slot in held}
    taken = set()
    for slot in new:
        if holders.setdefault((slot.stream, slot.seq), (slot.id, slot.rev)) != (slot.id, slot.rev):
            taken.add(slot.stream)
    return taken
