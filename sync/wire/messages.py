"""The shapes of what terminals send, and of the answers. No I/O."""

from typing import Annotated, Any, Literal

import msgspec

from sync.wire.words import HEALTH_TEXT, MAX_AUDIT, Count, Id, Ms, Name, Rev, Sha, Verdict, WallMs


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


JobRef = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A job's number as it was given or typed."""


class Handed(msgspec.Struct, frozen=True, omit_defaults=True):
    """That an answer was given on a crew's tablet, or (`phone`) on the customer's own telephone: for which job, of
    which crew (its location's number, as the manifest told it), and for how long they had been holding the tablet by
    then, milliseconds since they said that they have it; None on their own telephone."""

    job: JobRef
    crew: Name
    held_ms: Ms | None = None
    phone: bool = False


class Response(msgspec.Struct, frozen=True):
    """One customer's visit to one screen, whole, at revision `rev` (schema 1).

    `answers`: question id -> value on its scale, list of reasons, or free text. `shown`: what chance decided and the
    customer saw: a question of reasons with the order of all of them, a pool with the one question picked.
    `first_ms`: from the question's appearance to the tap; `total_ms`: to the last touch;
    `since_prev_ms`: from the previous response on this screen, flagged or not, to this one's tap; None when
    there was none since the start. `pause_ms`: the longest time in which nobody touched the glass anywhere, between
    the last touch of the visit before and this one's first answer; None when the page cannot say. `ended`: `done`,
    `idle`, `left`, or what a newer terminal calls it. `flags`: what the page noticed itself (`ghost`). `wiped`:
    question id -> hash of a text that was taken out. `handover`: of mode `handover` alone."""

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
    pause_ms: Ms | None = None
    handover: Handed | None = None


class Handover(msgspec.Struct, frozen=True):
    """A tablet that a crew offered to a customer after a job, or did not (schema 1).

    `outcome`: `answered` (`response` is the answer's id), `declined` by the customer, `skipped` by the crew,
    `timed_out` without an answer, `phone` when the customer took the answer to their own telephone (`response` is the
    id that it will have), or what a newer terminal calls it. `held_ms`: from "I have the tablet" to the end. `stamp`:
    when it was offered. `answers` is empty: nothing that anybody wrote stands here."""

    kind: Literal["handover"]
    id: Id
    rev: Rev
    stream: Name
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    schema: Literal[1]
    test: bool
    screen: Name | None
    placement: Name | None
    job: JobRef
    crew: Name
    lang: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{2,12}$")]
    stamp: Stamp
    outcome: Name
    response: Id | None
    held_ms: Ms | None
    salt: Annotated[str, msgspec.Meta(max_length=64)] | None
    sha: Sha
    answers: Annotated[dict[str, str], msgspec.Meta(max_length=0)] = {}
    wiped: dict[str, Sha] = {}


class Contact(msgspec.Struct, frozen=True):
    """How to reach the customer who gave the response `response`, kept apart from it (schema 1).

    `answers` holds what they typed, as free text: `name`, which may be missing, and `reach`, a telephone number or a
    mail address; once it is wiped, neither. `consent`: the question of the survey whose sentence they agreed to, in
    `lang`. `rev` is the response's."""

    kind: Literal["contact"]
    id: Id
    rev: Rev
    stream: Name
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    schema: Literal[1]
    test: bool
    response: Id
    screen: Name | None
    placement: Name | None
    survey: Name
    version: Annotated[int, msgspec.Meta(ge=1)]
    lang: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{2,12}$")]
    stamp: Stamp
    consent: Name
    answers: Annotated[dict[Literal["name", "reach"], str], msgspec.Meta(max_length=2)]
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
