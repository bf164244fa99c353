"""A request to the centre, as it is sent or written into a file: as many entries as its size allows, and what is
needed to understand them. Nothing is changed here."""

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from kiosk.identity import Identity
from kiosk.outbox import Waiting
from kiosk.starts import Starts
from sync import wire


class Sheet(NamedTuple):
    """What every request says of its sender: who and when it is, how it is, and `seen` as the protocol has it."""

    who: Identity
    stamp: wire.Stamp
    health: wire.Health
    seen: tuple[int, int]


def with_entries(sheet: Sheet, starts: Starts, waiting: Sequence[Waiting] = ()) -> tuple[wire.Batch, bytes]:
    """The request for as many of `waiting`, from the first on, as fit into its size; at least for one."""

    def write(size: int) -> wire.Batch:
        raws = [msgspec.Raw(entry.body) for entry in waiting[:size]]
        boots = {sheet.stamp.boot, *(wire.boot_of(entry.body) for entry in waiting[:size])}
        return _batch(sheet, starts, boots - {""}, raws)

    room, size = wire.MAX_BYTES - len(wire.encode(write(0))), 0
    while size < len(waiting) and (room := room - len(waiting[size].body) - 1) >= 0:
        size += 1
    return _fitting(write, max(size, min(1, len(waiting))))


def with_audit(sheet: Sheet, starts: Starts, pairs: Sequence[tuple[str, int]]) -> tuple[wire.Batch, bytes]:
    """The request that asks after as many of `pairs`, from the first on, as fit into its size. It carries every
    anchor."""
    return _fitting(lambda size: _batch(sheet, starts, None, [], list(pairs[:size])), len(pairs))


def _fitting(write: Callable[[int], wire.Batch], size: int) -> tuple[wire.Batch, bytes]:
    while True:
        batch = write(size)
        body = wire.encode(batch)
        if len(body) <= wire.MAX_BYTES or size <= 1:
            return batch, body
        size = size * 3 // 4


def _batch(
    sheet: Sheet,
    starts: Starts,
    boots: set[str] | None,
    raws: list[msgspec.Raw],
    audit: list[tuple[str, int]] | None = None,
) -> wire.Batch:
    told, stamp = starts.told(boots), sheet.stamp
    return wire.Batch(
        proto=1, batch=secrets.token_hex(16), install=sheet.who.install, boot=stamp.boot,
        boottime_ms=stamp.boottime_ms, wall_ms=stamp.wall_ms, synced=stamp.synced, app=wire.APP, seen=sheet.seen,
        anchors=told.anchors, entries=raws, health=sheet.health, audit=audit, boots=told.boots,
    )  # fmt: skip
