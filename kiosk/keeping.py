"""What a terminal keeps of an acked entry and for how long, and when it begins a new stream. Pure: times come in as
the centre's, in milliseconds.

The (id, rev) stays for ever. The texts go once a backup of the centre has them, the body once an audit long after the
ack found it held."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

DAY_MS = 24 * 60 * 60_000
BODY_MS = 30 * DAY_MS
TEXT_MS = 7 * DAY_MS

Room = Literal["enough", "little", "none"]
"""How much the disk can still take; at `none` it has refused something."""


LITTLE_BYTES = 64 * 2**20
"""With less than that, or a tenth of a small disk, bodies that the centre holds make room."""

AT_ONCE_BYTES = LITTLE_BYTES // 16
"""What a disk that takes nothing any more lacks at least."""


def room(free: int, total: int, full: bool) -> tuple[Room, int]:
    """How much the disk can still take, and the bytes it lacks. `free` counts what is unused inside the outbox too;
    `full`: it refused something."""
    lacks = max(min(LITTLE_BYTES, total // 10) - free, 0)
    if full:
        return "none", max(lacks, AT_ONCE_BYTES)
    return ("little" if lacks else "enough"), lacks


def may_wipe(
    acked_ms: int, server_ms: int, backed_up_ms: int | None, audit_due: bool, restored_ms: int | None = None
) -> bool:
    """Whether the texts of an entry go: the newest finished backup was started after the ack, or the ack is 7 days
    old. Never while an audit is due: the centre may just have been restored to before it. An ack from before a restore
    is worth no more than the audit that followed it, answered at `restored_ms`: what that found held may have come
    back with a late replay, after a backup was started."""
    if audit_due:
        return False
    held_ms = max(acked_ms, restored_ms or 0)
    return (backed_up_ms is not None and backed_up_ms > held_ms) or server_ms - acked_ms > TEXT_MS


def may_drop(acked_ms: int, audited_ms: int) -> bool:
    """Whether the body of an entry may go that an audit, answered at `audited_ms`, found held."""
    return audited_ms - acked_ms > BODY_MS


class Body(NamedTuple):
    """A body that is still kept. `size` in bytes; `kept`: `may_drop` was true when an audit found it held."""

    place: int
    acked_ms: int
    size: int
    kept: bool


def to_drop(acked: Iterable[Body], room: Room, audit_due: bool, wanted: int) -> list[Body]:
    """Which bodies of acked entries go now: those that may, and with little room the oldest acks first until about
    `wanted` bytes are free. While an audit is due, only what an audit already found held, unless the disk takes nothing
    any more: an answer that cannot be captured is lost for certain, one that a restored centre misses only perhaps.
    What is pending or parked is never offered here."""
    bodies = sorted(acked, key=lambda body: (body.acked_ms, body.place))
    chosen = [body for body in bodies if body.kept]
    if room == "enough" or (room == "little" and audit_due):
        return chosen
    freed = sum(body.size for body in chosen)
    for body in bodies:
        if freed >= wanted:
            break
        if not body.kept:
            chosen.append(body)
            freed += body.size
    return chosen


def must_rotate(told: int, max_seq: int, asked: bool, sealed: int) -> bool:
    """Whether new entries go into a new stream. `told`: the highest number the request said was sealed into this one;
    `max_seq`: the highest the centre ever received or was told of; higher means that this card was rolled back, and
    the next numbers are taken. `asked`: the centre wants it; a stream with nothing `sealed` in it has no slot that
    could be taken."""
    return max_seq > told or (asked and sealed > 0)
