"""The messages between terminal and centre: their shapes, their limits, their signing. No I/O.

Version 1. Every number of milliseconds is an integer; a `wall_ms` or `server_ms` counts from 1970-01-01 UTC, a
`boottime_ms` from the start named by `boot`. Unknown fields are let through and kept with the entry as it came.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec

VERSION = "0.1.0"
"""Of this package; what a terminal and the centre tell each other."""
APP = f"smilepost/{VERSION}"
PROTO = 1
SCHEMA = 1
MAX_ENTRIES = 200
MAX_BYTES = 128 * 1024
"""A terminal's batch before gzip."""
MAX_INFLATED = 2 * 1024 * 1024
"""What the centre is willing to unpack."""
MAX_ENTRY = 32 * 1024
GZIP_ABOVE = 1024
MAX_AUDIT = 2_000
HEALTH_TEXT = 200

BATCHES = "/api/v1/batches"
ENROLMENTS = "/api/v1/enrolments"
MANIFEST = "/api/v1/manifest"

DEVICE_HEADER = "Smilepost-Device"
REQUEST_HEADER = "Smilepost-Request"
SIGNATURE_HEADER = "Smilepost-Signature"
DIGEST_HEADER = "Content-Digest"

Ms = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
WallMs = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
"""UUIDv7 layout, lower case."""
Name = Annotated[str, msgspec.Meta(pattern="^[!-~]{1,80}$")]
"""An id or a name of a machine's: printable ASCII without spaces."""
Sha = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Rev = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]

Verdict = Literal["stored", "duplicate", "quarantined", "erased", "refused", "later"]


class Stamp(msgspec.Struct, frozen=True):
    """When something was captured, as far as its own clock knows."""

    boot: Name
    boottime_ms: Ms
    wall_ms: WallMs
    synced: bool


class Anchor(msgspec.Struct, frozen=True):
    """An answer of the centre seen at `boottime_ms` of `boot`: the server's time then, ± `rtt_ms` / 2."""

    boot: Name
    boottime_ms: Ms
    server_ms: WallMs
    rtt_ms: Ms


class Head(msgspec.Struct, frozen=True):
    """What every entry of every kind and schema has; enough to hold it without understanding it."""

    kind: Name
    id: Id
    rev: Rev
    stream: Name
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    schema: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    sha: Sha


class Response(msgspec.Struct, frozen=True):
    """One customer's visit to one screen, whole, at revision `rev` (schema 1).

    `answers`: question id -> value on its scale, list of reasons, or free text. `shown`: the order in which
    reasons were shown. `first_ms`: from the question's appearance to the tap; `total_ms`: to the last touch;
    `since_prev_ms`: from the previous response on this screen, flagged or not, to this one's tap; None when
    there was none since the start. `ended`: `done`, `idle`, `left`, or what a newer terminal calls it. `wiped`:
    question id -> hash of a text that was taken out."""

    kind: Literal["response"]
    id: Id
    rev: Rev
    stream: Name
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    schema: Literal[1]
    test: bool
    screen: Name | None
    placement: Name | None
    survey: Name
    version: Annotated[int, msgspec.Meta(ge=1)]
    lang: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{2,12}$")]
    mode: Literal["store", "handover"]
    stamp: Stamp
    answers: dict[str, int | list[str] | str]
    shown: dict[str, list[str]]
    ended: Name
    first_ms: Ms | None
    total_ms: Ms | None
    since_prev_ms: Ms | None
    flags: Annotated[list[Annotated[str, msgspec.Meta(max_length=40)]], msgspec.Meta(max_length=8)]
    salt: Annotated[str, msgspec.Meta(max_length=64)] | None
    sha: Sha
    wiped: dict[str, Sha] = {}


class StreamCounts(msgspec.Struct, frozen=True):
    """What a terminal says of one stream: entries ever sealed into it, acked, waiting and parked. Of a file that was
    damaged only what could be salvaged is acked, waiting or parked; `sealed` stays the highest number known."""

    sealed: Count
    acked: Count
    pending: Count
    parked: Count


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a terminal is. `oldest_pending_ms`: how long its oldest unsent entry has been waiting. `screens`: per
    screen `beat_ms`, how long ago its page was last heard; whether the browser promised to keep the page's own
    store (`persisted`), what is `unsent` in it, and for how long something was, `held_ms`. `stream`: the one that
    new entries go into. `fingerprint`: of the hardware it runs on. `lost`: ids whose highest acked revision the
    centre misses and whose body is gone here. `aside`: damaged files that were moved aside; `damaged`: entries that
    could not be read any more. `storage`: what is wrong with its disk now (`full`, `read_only`, `failing`,
    `pinned`), None when nothing is."""

    streams: Annotated[dict[Name, StreamCounts], msgspec.Meta(max_length=200)] = {}
    oldest_pending_ms: Ms | None = None
    last_success_ms: WallMs | None = None
    last_error: Annotated[str, msgspec.Meta(max_length=HEALTH_TEXT)] | None = None
    free_bytes: Count | None = None
    sqlite: str | None = None
    journal: str | None = None
    screens: Annotated[dict[Name, dict[str, Any]], msgspec.Meta(max_length=400)] = {}
    stream: Name | None = None
    fingerprint: Annotated[str, msgspec.Meta(pattern="^[ -~]{0,80}$")] = ""
    lost: Count = 0
    aside: Count = 0
    damaged: Count = 0
    storage: Name | None = None

    @property
    def in_pages(self) -> tuple[int, int]:
        """What the pages' own stores hold that the terminal did not take yet, and for how many milliseconds the longest
        has. Whatever stands there: what is no such number counts as none."""
        held = [(page.get("unsent"), page.get("held_ms")) for page in self.screens.values()]
        known = [(_up_to(n, 10**6), _up_to(ms, 10**12)) for n, ms in held if _up_to(n, 10**6)]
        return sum(n for n, _ in known), max((ms for _, ms in known), default=0)


def _up_to(told: object, most: int) -> int:
    return min(max(told, 0), most) if type(told) is int else 0


class Batch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request to /api/v1/batches. `seen`: server time of the last accepted answer, and requests tried since.
    `boots`: start -> which one it was, counted as the terminal lived through them: this one, those of its entries, and
    the anchored ones next to those. `audit` names acked entries; such a request carries no entries."""

    proto: Literal[1]
    batch: Name
    install: Name
    boot: Name
    boottime_ms: Ms
    wall_ms: WallMs
    synced: bool
    app: Name
    seen: tuple[WallMs, Count]
    anchors: Annotated[list[Anchor], msgspec.Meta(max_length=400)]
    entries: list[msgspec.Raw]
    health: Health
    audit: Annotated[list[tuple[Id, Rev]], msgspec.Meta(max_length=MAX_AUDIT)] | None = None
    boots: Annotated[dict[Name, Count], msgspec.Meta(max_length=400)] = {}


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The verdict on one entry. `retry_ms`: not before this many milliseconds (verdict `later`)."""

    id: str
    rev: int
    verdict: Verdict
    code: str | None = None
    retry_ms: Ms | None = None


class Held(msgspec.Struct, frozen=True):
    """What the centre knows of a stream: how many receipts it holds, and the highest sequence number that it received
    or was ever told of. A terminal that has sealed less than that was rolled back."""

    n: Count
    max_seq: Count


class Answer(msgspec.Struct, frozen=True):
    """The centre's answer to a batch. `app` is the centre's version; `backed_up_ms` the start of its newest finished
    backup. `missing` answers an audit. `do` may name things that an older terminal doesn't know; it skips them."""

    proto: Literal[1]
    batch: str
    epoch: str
    server_ms: WallMs
    results: list[Result]
    have: dict[str, Held]
    app: str = ""
    backed_up_ms: WallMs | None = None
    missing: list[tuple[str, int]] | msgspec.UnsetType = msgspec.UNSET
    do: list[str] = []


class EnrolmentRequest(msgspec.Struct, frozen=True):
    """`code`: the eight characters, with or without a dash."""

    code: Annotated[str, msgspec.Meta(max_length=20)]
    install: Name
    fingerprint: Annotated[str, msgspec.Meta(pattern="^[ -~]{0,80}$")]
    app: Name


class Enrolment(msgspec.Struct, frozen=True):
    """The centre's answer to an enrolment. `key` is base64."""

    device: str
    generation: int
    key: str
    screen: str
    placement: str
    server_ms: WallMs


class ScreenManifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one screen shows, and where it stands. `opening_hours`: seven lists of [open, close] minutes of the
    day, Monday first, or None when it is always open."""

    placement: str
    surveys: list[dict[str, Any]]
    languages: list[str]
    place: str
    time_zone: str
    opening_hours: list[list[tuple[int, int]]] | None = None
    messages: list[dict[str, Any]] = []
    settings: dict[str, Any] = {}


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """The centre's answer to GET /api/v1/manifest: a terminal works from the last good one for ever."""

    screens: dict[str, ScreenManifest]
    min_app: str = "0"


class ExportHeader(msgspec.Struct, frozen=True):
    """The first line of an export, a gzip of lines of JSON: who wrote it, and when by its own clock. After it comes a
    `Batch` a line, as it would have been sent, and an `ExportEnd`."""

    smilepost_export: Literal[1]
    device: Name
    generation: Count
    install: Name
    app: Name
    made_ms: WallMs


class ExportEnd(msgspec.Struct, frozen=True):
    """The last line of an export. `signature` is over every byte before this line, see `sign_export`."""

    batches: Count
    entries: Count
    signature: Annotated[str, msgspec.Meta(max_length=100)]


class Unreadable(ValueError):
    """A message that doesn't have its shape. `code` is stable; the message never repeats what was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_encoder = msgspec.json.Encoder(order="sorted")
_batch = msgspec.json.Decoder(Batch)
_head = msgspec.json.Decoder(Head)
_response = msgspec.json.Decoder(Response)
_answer = msgspec.json.Decoder(Answer)
_export_header = msgspec.json.Decoder(ExportHeader)
_export_end = msgspec.json.Decoder(ExportEnd)
_dict = msgspec.json.Decoder(dict[str, Any])
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def encode(message: Any) -> bytes:
    """JSON in UTF-8 with sorted keys and no spaces."""
    return _encoder.encode(message)


def read_batch(body: bytes) -> Batch:
    """Raises Unreadable (`bad_json`, `bad_batch`, or `unsupported_proto` when it speaks another version)."""
    try:
        return _batch.decode(body)
    except msgspec.ValidationError:
        raise Unreadable("bad_batch" if _speaks(body) in (None, PROTO) else "unsupported_proto") from None
    except _BROKEN:
        raise Unreadable("bad_json") from None


def read_export_header(line: bytes) -> ExportHeader:
    """Raises Unreadable (`bad_export`)."""
    try:
        return _export_header.decode(line)
    except _BROKEN:
        raise Unreadable("bad_export") from None


def read_export_end(line: bytes) -> ExportEnd:
    """Raises Unreadable (`bad_export`)."""
    try:
        return _export_end.decode(line)
    except _BROKEN:
        raise Unreadable("bad_export") from None


def _speaks(body: bytes) -> int | None:
    """The version of the protocol that a message says it is in."""
    try:
        proto = msgspec.json.decode(body, type=dict[str, Any]).get("proto")
    except _BROKEN:
        return None
    return proto if type(proto) is int else None


def read_head(entry: bytes) -> Head:
    """Raises Unreadable (`bad_entry`)."""
    try:
        return _head.decode(entry)
    except _BROKEN:
        raise Unreadable("bad_entry") from None


def read_response(entry: bytes) -> Response:
    """Raises Unreadable (`bad_shape`)."""
    try:
        return _response.decode(entry)
    except _BROKEN:
        raise Unreadable("bad_shape") from None


def read_entry(entry: bytes) -> dict[str, Any]:
    """The entry with every field it came with. Raises Unreadable (`bad_entry`)."""
    try:
        return _dict.decode(entry)
    except _BROKEN:
        raise Unreadable("bad_entry") from None


def problem_code(body: bytes) -> str:
    """The code of a refusal; empty when the body is none."""
    try:
        return str(_dict.decode(body).get("code", ""))
    except _BROKEN:
        return ""


def boot_of(entry: bytes) -> str:
    """The start in which an entry was captured; empty when it doesn't say. Of any kind and schema."""
    try:
        stamp = read_entry(entry).get("stamp")
    except Unreadable:
        return ""
    return str(stamp.get("boot", "")) if isinstance(stamp, dict) else ""


def entry_sha(entry: Mapping[str, Any]) -> str:
    """Hex SHA-256 over the canonical rest of an entry: without `sha`, `salt` and `wiped`, keys sorted, each free
    text replaced by hex SHA-256(salt ‖ text), so that a text can be wiped while the entry stays valid."""
    rest = dict(entry)
    rest.pop("sha", None)
    salt, wiped = str(rest.pop("salt", None) or ""), rest.pop("wiped", None) or {}
    answers = rest.get("answers")
    if isinstance(answers, dict):
        rest["answers"] = {name: _hashed(salt, value) for name, value in answers.items()} | wiped
    return sha256(_encoder.encode(rest)).hexdigest()


def _hashed(salt: str, answer: Any) -> Any:
    return sha256((salt + answer).encode()).hexdigest() if isinstance(answer, str) else answer


def seal(entry: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """The entry with its `salt` and `sha`: from here on it never changes."""
    salted = {**entry, "salt": salt}
    return {**salted, "sha": entry_sha(salted)}


def wipe(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without its free texts and their salt; its `sha` still holds."""
    salt = str(entry.get("salt") or "")
    texts = {name: text for name, text in entry.get("answers", {}).items() if isinstance(text, str)}
    wiped = {name: _hashed(salt, text) for name, text in texts.items()} | (entry.get("wiped") or {})
    answers = {name: value for name, value in entry.get("answers", {}).items() if name not in texts}
    return {**entry, "answers": answers, "salt": None, "wiped": wiped}


def is_intact(entry: Mapping[str, Any]) -> bool:
    """Whether the entry's `sha` fits what it says."""
    try:
        return hmac.compare_digest(entry_sha(entry), str(entry.get("sha", "")))
    except (TypeError, ValueError, OverflowError):
        return False


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
    except _BROKEN:
        return None
    return answer if answer.batch == batch else None
