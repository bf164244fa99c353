"""Which browser is which screen of a gateway: each holds a random key of which the gateway keeps only the hash.

Pairing a screen again gives it another key. A browser that was that screen before shows nothing any more, but what it
still holds is taken: it was captured in that screen's name."""

import hmac
import secrets
from hashlib import sha256
from threading import Lock

import msgspec

from kiosk import facts
from kiosk.disk import Disk

FACT = "screen_keys"
MOST_FORMER = 8
"""Former keys of a screen that are still good for what they hold."""
_HASH = 64


class _Kept(msgspec.Struct, frozen=True):
    """Screen -> the hashes of its keys, the newest first."""

    screens: dict[str, list[str]] = {}


class ScreenKeys:
    """Safe to use from several threads."""

    def __init__(self, disk: Disk) -> None:
        self._disk, self._guard = disk, Lock()
        self._kept: _Kept | None = None

    def bind(self, screen: str) -> str:
        """The key of the browser that is this screen from now on. Raises NotHeld: then nothing has changed."""
        key = secrets.token_urlsafe(32)
        with self._guard:
            known = self._read()
            former = known.screens.get(screen, [])[:MOST_FORMER]
            fresh = _Kept({**known.screens, screen: [_hashed(key), *former]})
            facts.write(self._disk, FACT, fresh)
            self._kept = fresh
        return key

    def is_current(self, screen: str, key: str) -> bool:
        """Whether whoever holds `key` is this screen. Raises NotHeld."""
        return self._at(screen, key) == 0

    def was(self, screen: str, key: str) -> bool:
        """The same of whoever is this screen, or was before. Raises NotHeld."""
        return self._at(screen, key) is not None

    def _at(self, screen: str, key: str) -> int | None:
        with self._guard:
            known = self._read().screens.get(screen, [])
        hashed = _hashed(key)
        return next((at for at, each in enumerate(known) if hmac.compare_digest(each, hashed)), None)

    def _read(self) -> _Kept:
        """From the disk once: nobody else writes it."""
        if self._kept is None:
            self._kept = facts.read(self._disk, FACT, _Kept) or _Kept()
        return self._kept


def _hashed(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
