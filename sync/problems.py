"""Every refusal: a stable code, a status, a sentence. Machines get it as application/problem+json (RFC 9457)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """`code` never changes once released; `sentence` says what to do about it."""

    code: str
    status: int
    sentence: str

    def as_json(self) -> dict[str, object]:
        return {"type": f"about:blank#{self.code}", "code": self.code, "status": self.status, "title": self.sentence}


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


BAD_DIGEST = Problem("bad_digest", 400, "The body is not what its Content-Digest says; send it again.")
BAD_GZIP = Problem("bad_gzip", 400, "The body is not the gzip that its Content-Encoding says; send it again.")
BAD_JSON = Problem("bad_json", 400, "The body is not JSON in UTF-8; send it again.")
BAD_BATCH = Problem("bad_batch", 400, "The batch does not have the shape of protocol version 1.")
UNSUPPORTED_PROTO = Problem(
    "unsupported_proto", 426, "This centre speaks version 1 of the protocol; update whichever of the two is older."
)
BAD_CODE = Problem("bad_code", 400, "An enrolment code is eight letters and digits, as head office shows it.")
UNSIGNED = Problem("unsigned", 401, "The request names no device or no signature; enrol this terminal first.")
BAD_SIGNATURE = Problem("bad_signature", 401, "The signature does not fit; enrol this terminal again.")
REVOKED = Problem("revoked", 401, "This device was taken out of service; enrol it again to go on.")
CODE_UNKNOWN = Problem("code_unknown", 404, "No open enrolment has this code; check it, or ask for a new one.")
CODE_EXPIRED = Problem("code_expired", 410, "This enrolment code is over; ask head office for a new one.")
CODE_TAKEN = Problem("code_taken", 409, "Another terminal used this enrolment code; ask head office for a new one.")
NO_KEY = Problem("no_key", 401, "This address is for machines: send a key as `Authorization: Bearer KEY`.")
KEY_UNKNOWN = Problem("key_unknown", 401, "No key in use is this one; copy it once more, or have a new one made.")
KEY_THROTTLED = Problem("key_throttled", 429, "Too many wrong keys came from this address; try again later.")
KEY_KIND = Problem(
    "key_kind",
    403,
    "This key is of another kind than this address needs; kinds are read, responses, import.",
)
KEY_BUSY = Problem("key_busy", 429, "This key asks too often; wait as long as Retry-After says.")
KEY_PART = Problem("key_part", 403, "This needs a key for the whole organisation; this one is for a part of it.")
CREW_CLOSED = Problem(
    "crew_closed",
    403,
    "A crew's results are for the crew and whoever manages it; machines get those of several together.",
)
NOT_THERE = Problem("not_there", 404, "There is no such thing in the part of the tree that this key is for.")
NO_BRIEFING = Problem("no_briefing", 404, "This device drives no such screen at a crew; pair the tablet again.")
TOO_LARGE = Problem("too_large", 413, "The body is larger than the centre takes; send fewer entries.")
TOO_MANY = Problem("too_many_entries", 413, "A batch holds at most 200 entries; send fewer.")
WRONG_TYPE = Problem("wrong_type", 415, "The body must be application/json, plain or gzip.")
CLOCK = Problem("clock", 503, "The centre's own clock is wrong; it takes nothing until its machine has the time.")
BUSY = Problem("busy", 503, "The centre cannot take this now; try again shortly.")
