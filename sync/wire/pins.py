"""A PIN as it may be kept: its hash, as text. The terminal keeps no other, and neither does head office. That of the
staff is scrypt's; a crew's is PBKDF2's, since a tablet without network has to check it in its browser."""

import hmac
import secrets
from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac, scrypt
from itertools import pairwise

_N, _R, _P = 2**14, 8, 5
"""OWASP's choice for 16 MiB: a PIN is short, so each guess has to cost."""
_MEMORY = 64 * 1024 * 1024


CREW_ROUNDS = 600_000
"""OWASP's choice for PBKDF2-HMAC-SHA256."""
DAY_ROUNDS = 20_000
"""For a code of eight digits that is good for one day: a fleet has fifteen of them a crew every day."""


def is_trivial(pin: str) -> bool:
    """Of digits: one digit, a run up or down the keys, or two digits again and again: what everybody tries first."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return steps in ({0}, {1}, {9}) or (len(pin) % 2 == 0 and pin == pin[:2] * (len(pin) // 2))


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


def hash_crew_pin(pin: str, rounds: int = CREW_ROUNDS, salt: bytes | None = None) -> str:
    """`pbkdf2$ROUNDS$SALT$HASH`, the last two in base64: PBKDF2-HMAC-SHA256 of 32 bytes, as browsers know it. The same
    `salt` gives the same."""
    salt = secrets.token_bytes(16) if salt is None else salt
    known = pbkdf2_hmac("sha256", pin.encode(), salt, rounds, 32)
    return "$".join(["pbkdf2", str(rounds), b64encode(salt).decode(), b64encode(known).decode()])


def crew_pin_fits(pin: str, kept: str) -> bool:
    """Whether `pin` is the one that `kept` is the hash of; False for what is no such hash."""
    try:
        name, rounds, salt, known = kept.split("$")
        if name != "pbkdf2" or not 1 <= int(rounds) <= 10 * CREW_ROUNDS:
            return False
        found = pbkdf2_hmac("sha256", pin.encode(), b64decode(salt, validate=True), int(rounds), 32)
        return hmac.compare_digest(found, b64decode(known, validate=True))
    except ValueError:
        return False
