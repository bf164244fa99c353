"""What a request says of the device itself, and which requests come too late to say anything. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from sync import wire


class Known(NamedTuple):
    """What is on record of a device before a request of it is served. `generation` is 0 when it was revoked. `boot`:
    the start it was last heard in, `boottime_ms` into it, having seen `seen_ms` and tried `seen_tries` since. `top`:
    the highest number received or told of the request's own stream, `received` the highest received. `uncertain`: a
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
