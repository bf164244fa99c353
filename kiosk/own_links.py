"""The link by which a customer answers on their own telephone: signed by its gateway, for one job, good for 48 hours.
It names the answer that it leads to, so however often it is opened, one answer counts. No I/O but the gateway's key."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from threading import Lock
from typing import NamedTuple
from uuid import UUID

import msgspec

from kiosk import facts
from kiosk.disk import Disk
from sync import wire

FACT = "own_key"
HOURS = 48
LASTS_S = HOURS * 3600
_ID, _UNTIL, _SIGNED = 16, 5, 16
"""Bytes: of the answer's id, of when the link ends, of what signs it."""
_MOST = 1_500


class Link(NamedTuple):
    """`response`: the id of the answer that it leads to; `until_s`: seconds since 1970 by the gateway's clock; `test`:
    staff tried the tablet."""

    response: str
    until_s: int
    screen: str
    placement: str
    crew: str
    job: str
    test: bool

    @property
    def handed(self) -> wire.Handed:
        return wire.Handed(self.job, self.crew, None, phone=True)


class NoLink(ValueError):
    """What somebody came with is none of this gateway's links."""


class Links:
    """Safe to use from several threads. Raises NotHeld while the gateway's key cannot be read or kept."""

    def __init__(self, disk: Disk) -> None:
        self._disk, self._guard = disk, Lock()
        self._known = b""

    @property
    def _key(self) -> bytes:
        """Made when it is first wanted, so that a disk in trouble keeps no gateway from starting."""
        with self._guard:
            if not self._known:
                kept = facts.fact(self._disk, FACT)
                if not kept:
                    kept = secrets.token_hex(32)
                    facts.remember(self._disk, FACT, kept)
                self._known = bytes.fromhex(kept)
            return self._known

    def write(self, link: Link) -> str:
        texts = "\n".join([link.screen, link.placement, link.crew, "test" if link.test else "", link.job])
        told = UUID(link.response).bytes + link.until_s.to_bytes(_UNTIL, "big") + texts.encode()
        return urlsafe_b64encode(told + self._sign(told)).decode().rstrip("=")

    def read(self, token: str) -> Link:
        """Whether it is over or not. Raises NoLink."""
        try:
            whole = urlsafe_b64decode(token[:_MOST].encode() + b"=" * (-len(token[:_MOST]) % 4))
            told, signature = whole[:-_SIGNED], whole[-_SIGNED:]
            if not hmac.compare_digest(signature, self._sign(told)):
                raise NoLink
            screen, placement, crew, test, job = told[_ID + _UNTIL :].decode().split("\n")
        except ValueError:
            raise NoLink from None
        until_s = int.from_bytes(told[_ID : _ID + _UNTIL], "big")
        return Link(str(UUID(bytes=told[:_ID])), until_s, screen, placement, crew, job, bool(test))

    def seat(self, link: Link) -> str:
        """What the browser that answered goes on with; whoever has the link alone never learns it."""
        return self._sign(b"seat " + link.response.encode()).hex()

    def _sign(self, told: bytes) -> bytes:
        return hmac.digest(self._key, b"own " + told, sha256)[:_SIGNED]


def as_job(told: object) -> str:
    """A job's number as a tablet says it. Raises NoLink."""
    try:
        return msgspec.convert(told, wire.JobRef)
    except msgspec.ValidationError:
        raise NoLink from None
