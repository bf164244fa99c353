"""Who this box is, and what head office told it last: two small files, written whole or not at all."""

import os
import secrets
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import msgspec

from sync import wire

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
        return b64decode(self.key)


class KeptManifest(msgspec.Struct, frozen=True):
    """The last good manifest, and the ETag it came with."""

    etag: str
    manifest: wire.Manifest


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


def load(folder: Path) -> Identity:
    """The identity in `folder`, made at the first start. Raises OSError, ValueError when it cannot be read."""
    path = folder / "identity.json"
    if not path.exists():
        save(folder, Identity(install=secrets.token_hex(16)))
    return msgspec.json.decode(path.read_bytes(), type=Identity)


def save(folder: Path, identity: Identity) -> None:
    write_whole(folder / "identity.json", msgspec.json.encode(identity))


def load_manifest(folder: Path) -> KeptManifest | None:
    """The last good manifest, or None."""
    try:
        return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=KeptManifest)
    except (OSError, msgspec.DecodeError):
        return None


def save_manifest(folder: Path, kept: KeptManifest) -> None:
    write_whole(folder / "manifest.json", msgspec.json.encode(kept))


def write_whole(path: Path, content: bytes) -> None:
    """The file holds the old content or the new one, whatever happens; only its owner may read it."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
