"""What a customer has answered so far, and the entries that it becomes when it is sealed. No I/O."""

from typing import Any, Literal

import msgspec

from kiosk import late, reach
from kiosk.reach import Reach
from sync import wire

Ended = Literal["done", "idle", "left"]


class Draft(msgspec.Struct, frozen=True):
    """A response at its newest revision, while the customer is there; the fields are those of wire.Response. When it is
    sealed, `contact` becomes an entry of its own."""

    id: str
    rev: int
    screen: str | None
    placement: str | None
    survey: str
    version: int
    lang: str
    answers: dict[str, int | list[str] | str]
    shown: dict[str, list[str]]
    stamp: wire.Stamp
    first_ms: int | None
    total_ms: int | None
    since_prev_ms: int | None
    flags: list[str]
    test: bool = False
    mode: Literal["store", "handover"] = "store"
    pause_ms: int | None = None
    contact: Reach | None = None
    handover: wire.Handed | None = None


def as_entry(draft: Draft, ended: Ended) -> dict[str, Any]:
    plain = msgspec.to_builtins(draft)
    del plain["contact"]
    if draft.handover is None:
        del plain["handover"]
    return {**plain, "kind": "response", "schema": wire.SCHEMA, "ended": ended}


def as_handover(offered: late.Offered, stamp: wire.Stamp) -> dict[str, Any]:
    plain = msgspec.to_builtins(offered)
    for name in ("ended", "load", "page_ms", "wall_ms"):
        del plain[name]
    return {**plain, "schema": wire.SCHEMA, "stamp": msgspec.to_builtins(stamp), "answers": {}}


_SHARED = ("rev", "test", "screen", "placement", "survey", "version", "lang", "stamp")
"""What the entry of a contact says as its response does."""


def as_contact(draft: Draft, contact: Reach) -> dict[str, Any]:
    plain = msgspec.to_builtins(draft)
    return {
        **{name: plain[name] for name in _SHARED}, "kind": "contact", "schema": wire.SCHEMA, "id": contact.id,
        "response": draft.id, "consent": contact.consent, "answers": reach.answers(contact),
    }  # fmt: skip


def withdrawn(entry: bytes, response: str) -> Reach | None:
    """What says nothing any more, if the entry is how to reach whoever gave `response`."""
    try:
        contact = wire.read_contact(entry)
    except wire.Unreadable:
        return None
    return Reach(contact.id, contact.consent, "", "") if contact.response == response else None
