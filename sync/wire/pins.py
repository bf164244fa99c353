"""A PIN as it may be kept: its scrypt hash, as text. The terminal keeps no other, and neither does head office."""

import hmac
import secrets
from base64 import b64decode, b64encode
from hashlib import scrypt

_N, _R, _P = 2**14, 8, 5
"""OWASP's choice for 16 MiB: a PIN is short, so each guess has to cost."""
_MEMORY = 64 * 1024 * 1024


def hash_pin(pin: str) -> str:
    """`scrypt$N$R$P$SALT$HASH`, the last two in base64."""
    salt = secrets.token_bytes(16)
    return "$".join(
        ["scrypt", str(_N), str(_R), str(_P), b64encode(salt).decode(), b64encode(_hash(pin, salt)).decode()]
    )


def pin_fits(pin: str, kept: str) -> bool:
    """Whether `pin` is the one that `kept` is the hash of; False for what is no such hash. Takes about a tenth of a
    second, and 16 MiB."""
    try:
        name, n, r, p, salt, known = kept.split("$")
        if (name, int(n), int(r), int(p)) != ("scrypt", _N, _R, _P):
            return False
        return hmac.compare_digest(_hash(pin, b64decode(salt, validate=True)), b64decode(known, validate=True))
    except ValueError:
        return False


def _hash(pin: str, salt: bytes) -> bytes:
    return scrypt(pin.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)
