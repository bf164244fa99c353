"""What travels: a request as a terminal signed it, and what comes back, from whomever."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from sync import problems, wire

JSON = "application/json"


class Post(NamedTuple):
    """A request to /api/v1/batches; `headers` are those of the protocol."""

    request: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """An answer over HTTP, read to its end."""

    status: int
    body: bytes
    signature: str = ""
    kind: str = JSON
    retry_after: str | None = None


def signed_post(key: bytes, device: str, generation: int, request: str, body: bytes) -> Post:
    return Post(
        request,
        {
            wire.DEVICE_HEADER: f"{device}.{generation}",
            wire.REQUEST_HEADER: request,
            wire.DIGEST_HEADER: wire.digest(body),
            wire.SIGNATURE_HEADER: wire.sign_request(key, "POST", wire.BATCHES, request, body),
        },
        body,
    )


def signed_reply(key: bytes, request: str, status: int, body: bytes, kind: str = JSON) -> Reply:
    return Reply(status, body, wire.sign_answer(key, status, request, body), kind, "5" if status == 503 else None)


def problem(key: bytes | None, request: str, refused: problems.Problem) -> Reply:
    """A refusal, signed when it is known for whom."""
    body, kind = msgspec.json.encode(refused.as_json()), "application/problem+json"
    return (
        Reply(refused.status, body, kind=kind)
        if key is None
        else signed_reply(key, request, refused.status, body, kind)
    )
