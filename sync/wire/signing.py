"""Who said it: signatures of requests, answers and exports."""

import hmac
from base64 import b64encode
from hashlib import sha256

import msgspec

from sync.wire.messages import Answer
from sync.wire.reading import BROKEN

_answer = msgspec.json.Decoder(Answer)


def digest(body: bytes) -> str:
    """The Content-Digest header (RFC 9530) of a body as it is sent."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def _mac(key: bytes, *parts: str) -> str:
    return b64encode(hmac.digest(key, "\n".join(parts).encode(), "sha256")).decode()


def sign_request(key: bytes, method: str, path: str, request: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over method, path from /api/ on, request id and Content-Digest, one a line."""
    return _mac(key, method, path, request, digest(body))


def sign_answer(key: bytes, status: int, request: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over status, the request's id and the digest of the decoded body, one a line."""
    return _mac(key, str(status), request, digest(body))


def request_is_signed(key: bytes, method: str, path: str, request: str, body: bytes, signature: str) -> bool:
    return _same(sign_request(key, method, path, request, body), signature)


def answer_is_signed(key: bytes, status: int, request: str, body: bytes, signature: str) -> bool:
    return _same(sign_answer(key, status, request, body), signature)


def sign_export(key: bytes, digest: str) -> str:
    """Base64 of HMAC-SHA256 over what it is and the hex SHA-256 of every byte before an export's last line."""
    return _mac(key, "smilepost export", digest)


def export_is_signed(key: bytes, digest: str, signature: str) -> bool:
    return _same(sign_export(key, digest), signature)


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogateescape"))


def read_answer(
    key: bytes, status: int, content_type: str, request: str, batch: str, body: bytes, signature: str
) -> Answer | None:
    """The centre's answer to `batch`, or None when this is not one: only status 200, our JSON, the same batch and
    a valid signature count. A captive portal's page, a proxy's, a cut body or somebody else's answer do not."""
    if status != 200 or content_type.split(";")[0].strip().lower() != "application/json":
        return None
    if not answer_is_signed(key, status, request, body, signature):
        return None
    try:
        answer = _answer.decode(body)
    except BROKEN:
        return None
    return answer if answer.batch == batch else None
