"""What can be said of an entry by itself, before anybody asks what the centre holds. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sync import wire

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

AnyHead = wire.Head | wire.Response | wire.Contact | wire.Handover
"""Who an entry is; one that is understood says so itself."""


@dataclass(frozen=True)
class Entry:
    """One entry as it came, but for what is masked, read as far as it can be read. `code` says why not further: with a
    `head` but none of `response`, `contact` and `handover` it is refused with that code, or not of a kind that is
    understood (code empty). `erased`: its words were taken out."""

    raw: bytes
    id: str
    rev: int
    head: AnyHead | None = None
    response: wire.Response | None = None
    contact: wire.Contact | None = None
    handover: wire.Handover | None = None
    code: str = ""
    erased: bool = False

    @property
    def said(self) -> wire.Response | wire.Contact | wire.Handover | None:
        """What was understood of it."""
        return self.response or self.contact or self.handover


def read(raw: bytes, *, is_kept: bool = False) -> Entry:
    """Everything that can be said of an entry by itself: done before a transaction begins. Once it proved to be whole,
    the free texts of a response are masked: terminals of before don't. One that `is_kept` was not too large when it
    came; what masking and wiping leave in it may take more room than what they took."""
    head: AnyHead
    response, contact, handover, code = None, None, None, ""
    try:
        head = response = wire.read_response(raw)
    except wire.Unreadable as problem:
        try:
            head = wire.read_head(raw)
        except wire.Unreadable as worse:
            return Entry(raw, *_named(raw), code=worse.code)
        if (head.kind, head.schema) == ("response", wire.SCHEMA):
            code = problem.code
        elif (head.kind, head.schema) == ("contact", wire.SCHEMA):
            contact, code = _contact(raw)
        elif (head.kind, head.schema) == ("handover", wire.SCHEMA):
            handover, code = _handover(raw)
    if len(raw) > wire.MAX_ENTRY and not is_kept:
        return Entry(raw, head.id, head.rev, code="too_large")
    try:
        whole = wire.read_entry(raw)
    except wire.Unreadable as problem:
        return Entry(raw, head.id, head.rev, code=problem.code)
    if not wire.is_intact(whole):
        return Entry(raw, head.id, head.rev, code="bad_sha")
    entry = Entry(raw, head.id, head.rev, head, response, contact, handover, code)
    return _masked(entry, whole) if head.kind == "response" else entry


def _masked(entry: Entry, whole: dict[str, Any]) -> Entry:
    """A response of a schema that isn't understood yet has its answers where those of every schema have them."""
    masked = wire.mask_entry(whole)
    if masked == whole:
        return entry
    raw = wire.encode(masked)
    if entry.response is None:
        return replace(entry, raw=raw)
    response = wire.read_response(raw)
    return replace(entry, raw=raw, head=response, response=response)


def _contact(raw: bytes) -> tuple[wire.Contact | None, str]:
    try:
        return wire.read_contact(raw), ""
    except wire.Unreadable as problem:
        return None, problem.code


def _handover(raw: bytes) -> tuple[wire.Handover | None, str]:
    try:
        return wire.read_handover(raw), ""
    except wire.Unreadable as problem:
        return None, problem.code


def named(entry: Entry) -> Iterable[str]:
    """The ids that an entry is about: its own, and whatever ids stand in one that isn't understood. A way to reach a
    customer has an id of its own, and the response's inside."""
    if entry.head is None:
        return ()
    if entry.response is not None or entry.handover is not None:
        return (entry.head.id,)
    if entry.contact is not None:
        return (entry.contact.id, entry.contact.response)
    return ID.findall(entry.raw.decode("utf-8", "replace"))


def _named(raw: bytes) -> tuple[str, int]:
    """The id and revision of something unreadable, as far as they can be made out, so that its sender finds it."""
    try:
        entry = wire.read_entry(raw)
    except wire.Unreadable:
        return "", 0
    name, rev = entry.get("id"), entry.get("rev")
    return (name, rev) if isinstance(name, str) and len(name) <= 80 and type(rev) is int else ("", 0)
