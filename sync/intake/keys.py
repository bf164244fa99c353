"""Master secrets, and what is derived from them, the keys of devices and second factors: a stolen database holds none.

The file holds one secret a line (64 hex digits), the newest first: the first signs, all verify."""

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


class BadSecrets(ValueError):
    """The file of secrets cannot be used; the message is a sentence that names the file, never its content."""


@dataclass(frozen=True)
class Secrets:
    """The master secrets of one centre."""

    masters: tuple[bytes, ...]

    @classmethod
    def load_or_create(cls, path: Path) -> "Secrets":
        """Reads the file, or makes it with one new secret, readable by its owner only. Raises BadSecrets, OSError."""
        if not path.exists():
            _create(path)
        lines = [line.strip() for line in path.read_text(encoding="ascii", errors="replace").splitlines()]
        try:
            masters = tuple(bytes.fromhex(line) for line in lines if line and not line.startswith("#"))
        except ValueError:
            masters = ()
        if not masters or any(len(master) != 32 for master in masters):
            raise BadSecrets(f"{path} does not hold secrets of 64 hex digits, one a line.")
        return cls(masters)

    @property
    def fingerprints(self) -> list[str]:
        """What the database may know of each secret, to notice that it was moved beside another one."""
        return [sha256(b"smilepost fingerprint\n" + master).hexdigest()[:32] for master in self.masters]

    def key(self, device: str, generation: int) -> bytes:
        """The key a device of this generation is given."""
        return _derive(self.masters[0], device, generation)

    def keys(self, device: str, generation: int) -> Iterator[bytes]:
        """Every key that such a device may have been given."""
        return (_derive(master, device, generation) for master in self.masters)

    def day_code(self, crew: int, day: int) -> str:
        """The eight digits with which a crew signs in on its tablet on that local day, and on no other."""
        told = hmac.digest(self.masters[0], f"smilepost day's code\n{crew}\n{day}".encode(), "sha256")
        return f"{int.from_bytes(told[:8], 'big') % 10**8:08d}"

    def second_factors(self, user: int, nonce: str) -> list[bytes]:
        """The 20 bytes that a person's authenticator app may share with us, those of the newest secret first."""
        told = f"smilepost second factor\n{user}\n{nonce}".encode()
        return [hmac.digest(master, told, "sha256")[:20] for master in self.masters]

    def leave_tokens(self, subscription: int, made_ms: int) -> list[str]:
        """What the link in a letter may end with that stops these letters, that of the newest secret first: it is in
        every one of them, and the database knows no more than its hash."""
        told = f"smilepost leave\n{subscription}\n{made_ms}".encode()
        return [urlsafe_b64encode(hmac.digest(master, told, "sha256")).rstrip(b"=").decode() for master in self.masters]


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _derive(master: bytes, device: str, generation: int) -> bytes:
    return hmac.digest(master, f"smilepost device\n{device}\n{generation}".encode(), "sha256")
