"""Who this box is, and what head office told it last: two small files, written whole or not at all."""

import logging
import os
import secrets
from base64 import b64decode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec

from kiosk.storage import is_no_file, open_own, sync_folder
from sync import wire

log = logging.getLogger(__name__)

_HARDWARE = (Path("/proc/device-tree/serial-number"), Path("/sys/block/mmcblk0/device/cid"), Path("/etc/machine-id"))


class Identity(msgspec.Struct, frozen=True):
    """`install` is made once per data folder. `device`, `generation`, `key` (base64) and `screens` (screen id ->
    placement id) come from enrolment. `hardware`: the fingerprint of the machine it was on last. `successor`: the
    install as which it will enrol, because its card was found in another machine; empty when it was not."""

    install: str
    device: str | None = None
    generation: int = 0
    key: str = ""
    screens: dict[str, str] = {}
    hardware: str = ""
    successor: str = ""

    @property
    def secret(self) -> bytes:
        return b64decode(self.key, validate=True)


class KeptManifest(msgspec.Struct, frozen=True):
    """The last good manifest, and the ETag it came with."""

    etag: str
    manifest: wire.Manifest


_Kept = TypeVar("_Kept", Identity, KeptManifest)


def fingerprint() -> str:
    """A hash of what identifies the hardware (board serial, card id), so that a copied card is noticed."""
    found = [path.read_bytes() for path in _HARDWARE if path.is_file() and os.access(path, os.R_OK)]
    return sha256(b"\n".join(found)).hexdigest()[:32]


def found_on(who: Identity, hardware: str) -> tuple[Identity, bool]:
    """Who this box is on this machine, and whether its card was moved or copied here from another one. Of two that
    were copied nobody knows which is the first: each goes on as before, in a stream of its own, and asks to be enrolled
    again as somebody new."""
    moved = who.hardware not in ("", hardware)
    there = msgspec.structs.replace(who, hardware=hardware)
    if not moved:
        return there, False
    if who.device is None:  # nobody knows it yet
        return msgspec.structs.replace(there, install=secrets.token_hex(16)), True
    return msgspec.structs.replace(there, successor=who.successor or secrets.token_hex(16)), True


def enrolled(who: Identity, given: wire.Enrolment) -> Identity:
    """Who this box is after head office gave it a place."""
    screens = who.screens if who.device == given.device else {}
    return Identity(
        who.successor or who.install, given.device, given.generation, given.key,
        {**screens, given.screen: given.placement}, who.hardware,
    )  # fmt: skip


def load(folder: Path) -> Identity | None:
    """The identity in `folder`; None when there is none yet, or none that can be read. A damaged one is moved aside."""
    return _load(folder / "identity.json", Identity)


def read(copy: str) -> Identity | None:
    """The identity from its second copy, or None."""
    return _decoded(copy.encode(), Identity)


def text(kept: "Identity | KeptManifest") -> str:
    """What a second copy holds."""
    return msgspec.json.encode(kept).decode()


def save(folder: Path, identity: Identity) -> None:
    """Raises OSError."""
    write_whole(folder / "identity.json", msgspec.json.encode(identity))


def load_manifest(folder: Path) -> KeptManifest | None:
    """The last good manifest, or None. A damaged one is moved aside."""
    return _load(folder / "manifest.json", KeptManifest)


def read_manifest(copy: str) -> KeptManifest | None:
    """The manifest from its second copy, or None."""
    return _decoded(copy.encode(), KeptManifest)


def save_manifest(folder: Path, kept: KeptManifest) -> None:
    """Raises OSError."""
    write_whole(folder / "manifest.json", msgspec.json.encode(kept))


def _load(path: Path, kind: type[_Kept]) -> _Kept | None:
    try:
        found = None if is_no_file(path) else _decoded(path.read_bytes(), kind)
    except FileNotFoundError:
        return None
    except OSError as problem:
        log.error("%s cannot be read (%s)", path.name, problem.strerror)
        found = None
    if found is None:
        with suppress(OSError):
            log.error("%s is damaged: it is kept as %s", path.name, _aside(path))
    return found


def _aside(path: Path) -> str:
    number = 1 + len(list(path.parent.glob(f"{path.stem}-aside-*{path.suffix}")))
    return path.rename(path.with_stem(f"{path.stem}-aside-{number}")).name


def _decoded(content: bytes, kind: type[_Kept]) -> _Kept | None:
    try:
        found = msgspec.json.decode(content, type=kind)
        return found if not isinstance(found, Identity) or found.secret is not None else None
    except (ValueError, msgspec.MsgspecError, RecursionError):  # the first: of a key that is none
        return None


def write_whole(path: Path, content: bytes) -> None:
    """The file holds the old content or the new one, whatever happens; only its owner may read it. Raises OSError."""
    fresh = path.with_suffix(".new")
    if is_no_file(fresh):
        _aside(fresh)
    with os.fdopen(open_own(fresh), "wb") as file:
        file.truncate()
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)
