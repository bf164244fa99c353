"""Codes of an authenticator app: RFC 6238 (TOTP) over RFC 4226 (HOTP), with SHA-1, steps of 30 s and six digits, which
every app speaks. Pure."""

import hmac
from base64 import b32encode
from urllib.parse import quote, urlencode

STEP_S, DIGITS = 30, 6
AROUND = (0, -1, 1)
"""Steps beside the present one whose codes are taken: a telephone's clock may be off, and people type slowly."""


def code(key: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step: RFC 4226, 5.3."""
    mac = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(now_ms: int) -> int:
    """The step that is going on: RFC 6238, 4.2."""
    return now_ms // (STEP_S * 1000)


def fits(key: bytes, typed: str, now_ms: int) -> int | None:
    """The step whose code was typed; None when it is none that is taken now."""
    steps = (step_of(now_ms) + by for by in AROUND)
    return next((step for step in steps if hmac.compare_digest(code(key, step), typed)), None)


def shown(key: bytes) -> str:
    """The key as people type it: base32, in groups of four."""
    text = _text(key)
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(key: bytes, account: str, issuer: str) -> str:
    """What the QR code says: Google's Key Uri Format. A colon would end the name of the issuer."""
    issuer = issuer.replace(":", " ")
    told = urlencode({"secret": _text(key), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{told}"


def _text(key: bytes) -> str:
    return b32encode(key).decode().rstrip("=")


def picture(key: bytes, account: str, issuer: str) -> str:
    """The QR code of the address, as an address of inline data."""
    import segno

    return str(segno.make_qr(address(key, account, issuer)).png_data_uri(scale=5, border=4))
