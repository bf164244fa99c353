"""Bytes to messages and back. What is not a message is refused with a stable code, never with what was sent."""

from typing import Any

import msgspec

from sync.wire.messages import Batch, Contact, ExportEnd, ExportHeader, Handover, Head, Response
from sync.wire.words import PROTO


class Unreadable(ValueError):
    """A message that doesn't have its shape. `code` is stable; the message never repeats what was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_encoder = msgspec.json.Encoder(order="sorted")
_batch = msgspec.json.Decoder(Batch)
_head = msgspec.json.Decoder(Head)
_response = msgspec.json.Decoder(Response)
_contact = msgspec.json.Decoder(Contact)
_handover = msgspec.json.Decoder(Handover)
_export_header = msgspec.json.Decoder(ExportHeader)
_export_end = msgspec.json.Decoder(ExportEnd)
_dict = msgspec.json.Decoder(dict[str, Any])
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for anything that is no message."""


def encode(message: Any) -> bytes:
    """JSON in UTF-8 with sorted keys and no spaces."""
    return _encoder.encode(message)


def read_batch(body: bytes) -> Batch:
    """Raises Unreadable (`bad_json`, `bad_batch`, or `unsupported_proto` when it speaks another version)."""
    try:
        return _batch.decode(body)
    except msgspec.ValidationError:
        raise Unreadable("bad_batch" if _speaks(body) in (None, PROTO) else "unsupported_proto") from None
    except BROKEN:
        raise Unreadable("bad_json") from None


def read_export_header(line: bytes) -> ExportHeader:
    """Raises Unreadable (`bad_export`)."""
    try:
        return _export_header.decode(line)
    except BROKEN:
        raise Unreadable("bad_export") from None


def read_export_end(line: bytes) -> ExportEnd:
    """Raises Unreadable (`bad_export`)."""
    try:
        return _export_end.decode(line)
    except BROKEN:
        raise Unreadable("bad_export") from None


def _speaks(body: bytes) -> int | None:
    """The version of the protocol that a message says it is in."""
    try:
        proto = msgspec.json.decode(body, type=dict[str, Any]).get("proto")
    except BROKEN:
        return None
    return proto if type(proto) is int else None


def read_head(entry: bytes) -> Head:
    """Raises Unreadable (`bad_entry`)."""
    try:
        return _head.decode(entry)
    except BROKEN:
        raise Unreadable("bad_entry") from None


def read_response(entry: bytes) -> Response:
    """Raises Unreadable (`bad_shape`)."""
    try:
        return _response.decode(entry)
    except BROKEN:
        raise Unreadable("bad_shape") from None


def read_contact(entry: bytes) -> Contact:
    """Raises Unreadable (`bad_shape`)."""
    try:
        return _contact.decode(entry)
    except BROKEN:
        raise Unreadable("bad_shape") from None


def read_handover(entry: bytes) -> Handover:
    """Raises Unreadable (`bad_shape`)."""
    try:
        return _handover.decode(entry)
    except BROKEN:
        raise Unreadable("bad_shape") from None


def read_entry(entry: bytes) -> dict[str, Any]:
    """The entry with every field it came with. Raises Unreadable (`bad_entry`)."""
    try:
        return _dict.decode(entry)
    except BROKEN:
        raise Unreadable("bad_entry") from None


def problem_code(body: bytes) -> str:
    """The code of a refusal; empty when the body is none."""
    try:
        return str(_dict.decode(body).get("code", ""))
    except BROKEN:
        return ""


def boot_of(entry: bytes) -> str:
    """The start in which an entry was captured; empty when it doesn't say. Of any kind and schema."""
    try:
        stamp = read_entry(entry).get("stamp")
    except Unreadable:
        return ""
    return str(stamp.get("boot", "")) if isinstance(stamp, dict) else ""
