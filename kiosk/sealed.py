"""What a tablet kept sealed to its gateway (static/kiosk/seal.js), opened: ECDH on P-256 with a key of the record's
own, HKDF-SHA256, AES-256-GCM. The record's id, revision, screen and load stand outside and are bound to what is
inside."""

import logging
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk import facts
from kiosk.disk import Disk, NotHeld
from kiosk.identity import write_whole
from kiosk.late import Unfit
from sync import wire

log = logging.getLogger(__name__)

FILE = "seal.key"
FACT = "seal_key"
_CURVE = ec.SECP256R1()
_POINT, _IV = 65, 12
_INFO = b"smilepost sealed 1"


class Sealed(msgspec.Struct, frozen=True):
    """As it waits in a tablet. `ended` may be written outside later: whoever was there when a page ended has left."""

    id: wire.Id
    rev: wire.Rev
    screen: wire.Name
    load: str
    ended: Literal["done", "idle", "left"] | None
    sealed: str


_sealed = msgspec.json.Decoder(Sealed)


class Safe:
    """The gateway's private key. Safe to use from several threads."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @property
    def public(self) -> str:
        """The point that pages seal to, in base64."""
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return b64encode(point).decode()

    def opened(self, record: bytes) -> bytes:
        """The record as its page made it; one that is not sealed as it is. Raises Unfit for what this key doesn't open:
        its page keeps it for a person."""
        try:
            outer = _sealed.decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return record
        inner = self._inner(outer)
        if (inner.get("id"), inner.get("rev"), inner.get("screen")) != (outer.id, outer.rev, outer.screen):
            raise Unfit
        return wire.encode({**inner, "ended": inner.get("ended") or outer.ended})

    def _inner(self, outer: Sealed) -> dict[str, Any]:
        about = f"{outer.id} {outer.rev} {outer.screen} {outer.load}".encode()
        try:
            whole = b64decode(outer.sealed, validate=True)
            point, iv, hidden = whole[:_POINT], whole[_POINT : _POINT + _IV], whole[_POINT + _IV :]
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
            shared = self._private.exchange(ec.ECDH(), theirs)
            key = HKDF(hashes.SHA256(), 32, salt=point, info=_INFO).derive(shared)
            return msgspec.json.decode(AESGCM(key).decrypt(iv, hidden, about), type=dict[str, Any])
        except (NoBase64, ValueError, InvalidTag, msgspec.MsgspecError, RecursionError):
            raise Unfit from None


def safe(folder: Path, disk: Disk) -> Safe | None:
    """The gateway's own, made at its first start and kept twice, in a file and in the outbox. None while it can't be
    written down: pages then keep nothing in their own stores, and hand over what they have at once."""
    try:
        kept = _read(folder, disk) or f"{ec.generate_private_key(_CURVE).private_numbers().private_value:064x}"
        if facts.fact(disk, FACT) != kept:
            facts.remember(disk, FACT, kept)
        if _in_file(folder) != kept:
            write_whole(folder / FILE, kept.encode())
    except (NotHeld, OSError) as problem:
        log.warning("the key that tablets seal to cannot be written down (%s): they keep nothing", problem)
        return None
    return Safe(ec.derive_private_key(int(kept, 16), _CURVE))


def _read(folder: Path, disk: Disk) -> str | None:
    """The one that is known, from wherever it can be read. Raises NotHeld."""
    return next((kept for kept in (_in_file(folder), facts.fact(disk, FACT)) if _is_key(kept)), None)


def _in_file(folder: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return (folder / FILE).read_text("ascii").strip()
    return ""


def _is_key(kept: str) -> bool:
    return len(kept) == 64 and all(letter in "0123456789abcdef" for letter in kept)
