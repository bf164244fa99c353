"""Taking the words out of a response for good, and a device out of service: first into the file, then the database.

The file outlives the database: every start and every restore bring both to what either knows."""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from sync import facts, models, wire
from sync.db import Database
from sync.intake import erasure_log
from sync.intake.days import calendar
from sync.intake.entries import ID
from sync.intake.erasure_log import BadLog, Erased, Line, Owner, Revoked, Told
from sync.intake.record import Restated, Spot
from sync.rows import fetch

DEVICE = re.compile("dev-[0-9a-f]{12}")
"""A device's name, as it is given one when it is enrolled."""
WIPED = "erased"
"""The code of what is kept apart and could only be emptied: replaying it would bring nothing back."""


@dataclass(frozen=True)
class Refilled:
    """What a start had to catch up with. `cut`: the file's last line was cut off by a crash and says nothing."""

    erased: int
    revoked: int
    cut: bool


Also = Callable[[Connection], None]


def erase(db: Database, path: Path, name: str, now_ms: int, *, by: str = "", also: Also | None = None) -> bool:
    """Take the words out of everything with this id, wherever it is, and of what comes later; numbers and receipts
    stay. Whether anything with the id was here. The same again changes nothing. `by`: who asked for it, as the record
    of what changed says. `also` is done in the same transaction.
    Raises erasure_log.BadLog."""
    if name not in erasure_log.read(path).erased:
        erasure_log.append(path, [Erased(name, now_ms)])
    with db.writing() as tx:
        found = _erase(tx, {name: now_ms}, by)
        if also is not None:
            also(tx)
    db.forget()
    return found


def revoke(
    db: Database,
    path: Path,
    device: str,
    now_ms: int,
    *,
    unknown: bool = False,
    also: Also | None = None,
) -> bool | None:
    """Nothing that this device signs is taken from now on. False when it was revoked before; None when this database
    doesn't know it, as after a restore, and was to revoke it all the same (`unknown`). `also` is done in the same
    transaction. Raises erasure_log.BadLog, and ValueError for an unknown one otherwise, or one whose name no device of
    ours can have."""
    table = models.devices
    with db.reading() as tx:
        row = tx.execute(select(table.c.generation, table.c.revoked_ms).where(table.c.id == device)).first()
    if row is not None and row.revoked_ms is not None:
        return False
    if row is None and not (unknown and DEVICE.fullmatch(device)):
        raise ValueError(device)
    line = Revoked(device, (row.generation if row else 1) + 1, now_ms)
    erasure_log.append(path, [line])
    with db.writing() as tx:
        _revoke(tx, line)
        if also is not None:
            also(tx)
    return True if row else None


def refill(db: Database, path: Path) -> Refilled:
    """Bring the file and the database to what either knows. To be done before anything is taken in or shown. Raises
    erasure_log.BadLog, also for the file of another database."""
    told = erasure_log.read(path)
    with db.reading() as tx:
        known, owner = _known(tx), facts.get(tx, facts.ERASURES)
    if owner is None:
        with db.writing() as tx:
            owner = facts.claim(tx, facts.ERASURES, told.owner or secrets.token_hex(16))
    if told.owner not in ("", owner):
        raise BadLog(f"The erasures file {path} belongs to another database: put it back from its copy.")
    lines: list[Line] = [] if told.owner else [Owner(owner)]
    lines += [Erased(name, ms) for name, ms in known.erased.items() if name not in told.erased]
    lines += [line for device, line in known.revoked.items() if device not in told.revoked]
    if lines or told.cut:
        erasure_log.append(path, lines)
    if told.erased.keys() <= known.erased.keys() and told.revoked.keys() <= known.revoked.keys():
        return Refilled(0, 0, told.cut)
    with db.writing() as tx:
        erased, revoked = apply(tx, told)
    db.forget()
    return Refilled(erased, revoked, told.cut)


def apply(tx: Connection, told: Told) -> tuple[int, int]:
    """Erase and revoke what this database doesn't know to be: how many of each."""
    known = _known(tx)
    words = {name: ms for name, ms in told.erased.items() if name not in known.erased}
    devices = [line for device, line in told.revoked.items() if device not in known.revoked]
    # In the order in which a batch takes its locks: the device's row first, or they wait in a circle.
    for line in devices:
        _revoke(tx, line)
    _erase(tx, words)
    return len(words), len(devices)


def among(tx: Connection, ids: Iterable[str]) -> frozenset[str]:
    """Those of these ids that were erased. On PostgreSQL the rows of `responses` have to be locked before, so that no
    erasure comes in between."""
    return frozenset(row[0] for row in fetch(tx, models.erasures, ids))


def _known(tx: Connection) -> Told:
    devices = models.devices
    revoked = select(devices.c.id, devices.c.generation, devices.c.revoked_ms).where(devices.c.revoked_ms.is_not(None))
    return Told(
        {row.id: row.erased_ms for row in tx.execute(select(models.erasures))},
        {row.id: Revoked(*row) for row in tx.execute(revoked)},
    )


def _erase(tx: Connection, names: dict[str, int], by: str = "") -> bool:
    """Whether anything with one of these ids was here."""
    if not names:
        return False
    if tx.dialect.name == "postgresql":
        # Whoever stores something locks its rows here before it asks what was erased.
        tx.exec_driver_sql(f"LOCK TABLE {models.responses.name} IN EXCLUSIVE MODE")
    done = among(tx, names)
    new = [{"id": name, "erased_ms": ms} for name, ms in names.items() if name not in done]
    if new:
        tx.execute(insert(models.erasures), new)
    for name in sorted(names.keys() - done):
        _note(tx, name, by, names[name])
    found = [strip_response(tx, name) for name in sorted(names)]
    found.append(_strip_contacts(tx, names.keys()))
    return any([*found, *_strip_quarantined(tx, names.keys())])


def _note(tx: Connection, name: str, by: str, ms: int) -> None:
    """No count moves, but whoever asks why a figure changed is told of it."""
    table, restated = models.responses, Restated()
    row = tx.execute(select(table.c.location_id, table.c.day).where(table.c.id == name, ~table.c.test)).first()
    if row is not None and row.day < calendar(tx, None, ms)(row.location_id):
        restated.note(Spot(row.location_id, "", row.day, "erased", None, by), name)
        restated.write(tx, ms)


def strip_response(tx: Connection, name: str) -> bool:
    """Take the words of a response out, and what it is found by; whether there is one."""
    table = models.responses
    body = tx.execute(select(table.c.body).where(table.c.id == name)).scalar()
    if body is None:
        return False
    try:
        wiped = wire.encode(wire.wipe(wire.read_entry(body.encode()))).decode()
    except wire.Unreadable:  # damaged: `verify` says so with or without it
        wiped = ""
    tx.execute(update(table).where(table.c.id == name).values(body=wiped, commented=False))
    tx.execute(delete(models.comments).where(models.comments.c.id == name))
    tx.execute(delete(models.comment_words).where(models.comment_words.c.response_id == name))
    return True


def _strip_contacts(tx: Connection, names: Set[str]) -> bool:
    """How to reach the customers of these responses, or those with such an id themselves. Whether one of them was."""
    table, found = models.contacts, set()
    wanted = sorted(names)
    for start in range(0, len(wanted), 400):
        part = wanted[start : start + 400]
        those = table.c.id.in_(part) | table.c.response_id.in_(part)
        for row in tx.execute(select(table.c.id, table.c.body).where(those)).all():
            wiped = wire.encode(wire.wipe(wire.read_entry(row.body.encode()))).decode()
            tx.execute(update(table).where(table.c.id == row.id).values(body=wiped, wiped=True))
            found.add(row.id)
    return not found.isdisjoint(names)


def _strip_quarantined(tx: Connection, names: Set[str]) -> list[bool]:
    """What has one of these ids, and what names one: a way to reach a customer is an entry of its own, with the id
    inside. Of each whether the id is its own."""
    table = models.quarantine
    rows = [row for row in _quarantined(tx, names) if not names.isdisjoint(ID.findall(row.body))]
    for row in rows:
        body, code = _stripped(row.body.encode(), row.code)
        this = (table.c.id == row.id) & (table.c.rev == row.rev) & (table.c.sha == row.sha)
        tx.execute(update(table).where(this).values(body=body.decode(), code=code))
    return [row.id in names for row in rows]


def _quarantined(tx: Connection, names: Set[str]) -> Iterator[Row[Any]]:
    """For one id the database looks through the bodies itself; for many they come here, once."""
    query = select(models.quarantine)
    if len(names) == 1:
        query = query.where(models.quarantine.c.body.contains(next(iter(names)), autoescape=True))
    yield from tx.execute(query.execution_options(yield_per=500))


def _stripped(body: bytes, code: str) -> tuple[bytes, str]:
    """A response of ours without its words. Of what this version doesn't understand only the head stays: words may
    be anywhere in it."""
    try:
        wire.read_contact(body) if wire.read_head(body).kind == "contact" else wire.read_response(body)
    except wire.Unreadable:
        return wire.encode(wire.read_head(body)), WIPED
    return wire.encode(wire.wipe(wire.read_entry(body))), code


def _revoke(tx: Connection, line: Revoked) -> None:
    table = models.devices
    row = tx.execute(select(table.c.generation).where(table.c.id == line.revoked).with_for_update()).first()
    if row is None:
        # Enrolled after the backup that was restored: it stays revoked all the same.
        nothing = {"install": "", "fingerprint": "", "app": "unknown", "enrolled_ms": line.ms}
        tx.execute(insert(table).values(id=line.revoked, generation=line.generation, revoked_ms=line.ms, **nothing))
        return
    generation = max(row.generation, line.generation)
    tx.execute(
        update(table).where(table.c.id == line.revoked).values(generation=generation, revoked_ms=line.ms, look_ms=0)
    )
    # An open code would hand the same device its key once more.
    codes = models.enrol_codes
    tx.execute(delete(codes).where(codes.c.device_id == line.revoked))
