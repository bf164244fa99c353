"""Who did what to what, from where, before and after. Written in the transaction of the deed; never changed, never
deleted: the database refuses it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, insert

from sync.models import audit


@dataclass(frozen=True)
class Actor:
    """Who does it: a person by their number, or (None) something that has only a name: a machine's key, the server's
    own commands. `address` is where they are, empty on the server itself."""

    name: str
    user: int | None = None
    address: str = ""


COMMAND = Actor("the server's command line")


@dataclass(frozen=True)
class Subject:
    """What it is done to: its `kind` in one word ("place", "device", "person" …), its number or id, what people call
    it, and the path of the location where it belongs ("/" for what belongs to the whole organisation)."""

    kind: str
    id: str
    name: str
    path: str


def note(
    tx: Connection,
    by: Actor,
    action: str,
    subject: Subject,
    now_ms: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write a deed down. `action` is a verb in the past, with its kind: "place renamed". Of `before` and `after` (plain
    values) only what differs is kept. Secrets, keys, hashes and customers' words don't belong into them."""
    note_all(tx, by, [Deed(action, subject, before or {}, after or {})], now_ms)


@dataclass(frozen=True)
class Deed:
    """One of many things that were done at once; as in `note`."""

    action: str
    subject: Subject
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def note_all(tx: Connection, by: Actor, deeds: Iterable[Deed], now_ms: int) -> None:
    """Write many deeds of one moment down, in their order."""
    who = {"at_ms": now_ms, "user_id": by.user, "actor": by.name, "address": by.address}
    rows = [{**who, **_row(deed)} for deed in deeds]
    if rows:
        tx.execute(insert(audit), rows)


def _row(deed: Deed) -> dict[str, Any]:
    old, new, subject = dict(deed.before), dict(deed.after), deed.subject
    same = {key for key in old.keys() & new.keys() if old[key] == new[key]}
    kept = [{key: value for key, value in side.items() if key not in same} for side in (old, new)]
    was, is_now = (msgspec.json.encode(side).decode() if side else None for side in kept)
    what = {"kind": subject.kind, "subject": subject.id, "name": subject.name, "path": subject.path}
    return {"action": deed.action, **what, "before": was, "after": is_now}
