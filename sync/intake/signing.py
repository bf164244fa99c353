"""Who sends, and whether the body is what was sent. Works on plain values; knows nothing of HTTP's machinery."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from sync import problems, wire
from sync.intake.keys import Secrets
from sync.problems import Refused

_DEVICE = re.compile(r"([!-~]{1,80})\.([0-9]{1,6})")
_REQUEST = re.compile(r"[!-~]{1,80}")


@dataclass(frozen=True)
class Caller:
    """A device as a request names it. `key` signs the answer. Until `checked` returned it, it is a claim."""

    device: str
    generation: int
    request: str
    key: bytes


def claimed(headers: Mapping[str, str], keys: Secrets) -> Caller | None:
    """Whom the request says it is from: refusals are signed for them, so that nobody on the way can make one."""
    device = _DEVICE.fullmatch(headers.get(wire.DEVICE_HEADER, ""))
    request = _REQUEST.fullmatch(headers.get(wire.REQUEST_HEADER, ""))
    if not device or not request:
        return None
    name, generation = device[1], int(device[2])
    return Caller(name, generation, request[0], keys.key(name, generation))


def checked(
    caller: Caller | None, keys: Secrets, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> Caller:
    """The caller, proved, with the key it signs with. Raises Refused (`unsigned`, `bad_digest`, `bad_signature`)."""
    signature = headers.get(wire.SIGNATURE_HEADER, "")
    if caller is None or not signature:
        raise Refused(problems.UNSIGNED)
    if headers.get(wire.DIGEST_HEADER, "") != wire.digest(body):
        raise Refused(problems.BAD_DIGEST)
    for key in keys.keys(caller.device, caller.generation):
        if wire.request_is_signed(key, method, path, caller.request, body, signature):
            return Caller(caller.device, caller.generation, caller.request, key)
    raise Refused(problems.BAD_SIGNATURE)


def inflate(body: bytes, encoding: str, limit: int = wire.MAX_INFLATED) -> bytes:
    """The body without its gzip, never more than `limit` bytes of it. Raises Refused (`too_large`, `bad_gzip`,
    `wrong_type`)."""
    if encoding in ("", "identity"):
        plain = body
    elif encoding == "gzip":
        plain = _gunzip(body, limit)
    else:
        raise Refused(problems.WRONG_TYPE)
    if len(plain) > limit:
        raise Refused(problems.TOO_LARGE)
    return plain


def _gunzip(body: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = stream.decompress(body, limit + 1)
    except zlib.error:
        raise Refused(problems.BAD_GZIP) from None
    if len(plain) <= limit and (not stream.eof or stream.unused_data):
        raise Refused(problems.BAD_GZIP)
    return plain
