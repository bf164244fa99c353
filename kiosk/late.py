"""What a page delivers, read with suspicion. No I/O.

The page keeps a store of its own (static/kiosk/store.js) and sends each response whole, as it was captured, at once
or much later. What was thanked is never thrown away: of a survey that is asked here now, answers that fit no question
are left out; of any other, what has the shape of an answer is kept, and head office decides."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from kiosk import touches
from kiosk.reach import Reach, can_be_reached
from sync import survey, wire
from sync.survey import Survey

DAY_MS = 86_400_000
MAX_RESPONSES = 20
MAX_BYTES = 30_000
"""Of one response: as an entry it must fit into wire.MAX_ENTRY."""
MAX_ANSWERS = 12
MAX_REASONS = 20
STEADY_MS = 10 * 60_000
"""A clock that was synchronised is, so far from then, still right to a fraction of a second without anybody's help."""

Load = Annotated[str, msgspec.Meta(pattern="^page-[0-9a-f]{32}$")]
"""One load of a page, as a start of its clock: never to be taken for one of a machine's."""
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
_Names = Annotated[list[_Name], msgspec.Meta(max_length=MAX_REASONS)]
_Value = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31)]
_Day = Annotated[int, msgspec.Meta(ge=0, le=DAY_MS)]
_Language = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{2,12}$")]
_Shown = Annotated[dict[_Name, _Names], msgspec.Meta(max_length=MAX_ANSWERS)]
_Flags = Annotated[list[_Name], msgspec.Meta(max_length=8)]
_Answers = dict[_Name, _Value | _Names | str]


class Anchor(msgspec.Struct, frozen=True):
    """An answer of this terminal that the page saw at `page_ms` of its load, ± `rtt_ms` / 2; `stamp` is what the
    terminal's clock said."""

    page_ms: wire.Ms
    rtt_ms: wire.Ms
    stamp: wire.Stamp


class Late(msgspec.Struct, frozen=True):
    """One response at one revision. It was captured at `page_ms` of the load `load`, by a wall clock that said
    `wall_ms`. `ended` is None while its customer is there. `since_prev_ms`: from the response before it on the same
    load, None for the first one. `test`: staff tried the screen."""

    id: wire.Id
    rev: wire.Rev
    screen: wire.Name | None
    placement: wire.Name | None
    survey: _Name
    version: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    lang: _Language
    answers: Annotated[_Answers, msgspec.Meta(min_length=1, max_length=MAX_ANSWERS)]
    shown: _Shown
    first_ms: _Day | None
    total_ms: _Day | None
    since_prev_ms: wire.Ms | None
    ended: Literal["done", "idle", "left"] | None
    load: Load
    page_ms: wire.Ms
    wall_ms: wire.WallMs
    pause_ms: wire.Ms | None = None
    flags: _Flags = []
    test: bool = False
    contact: Reach | None = None
    handover: wire.Handed | None = None


class Offered(msgspec.Struct, frozen=True):
    """A tablet that was offered to a customer, or was not, once that is over; the fields are those of wire.Handover and
    of Late."""

    kind: Literal["handover"]
    id: wire.Id
    rev: wire.Rev
    screen: wire.Name | None
    placement: wire.Name | None
    job: wire.JobRef
    crew: wire.Name
    lang: _Language
    outcome: Annotated[str, msgspec.Meta(pattern="^[a-z_]{1,20}$")]
    response: wire.Id | None
    held_ms: wire.Ms | None
    ended: Literal["done", "idle", "left"]
    load: Load
    page_ms: wire.Ms
    wall_ms: wire.WallMs
    test: bool = False


_DETAILS: tuple[tuple[str, Any, Any], ...] = (
    ("lang", _Language, "und"),
    ("shown", _Shown, {}),
    ("first_ms", _Day | None, None),
    ("total_ms", _Day | None, None),
    ("since_prev_ms", wire.Ms | None, None),
    ("wall_ms", wire.WallMs, 0),
    ("pause_ms", wire.Ms | None, None),
    ("flags", _Flags, []),
    ("contact", Reach | None, None),
    ("handover", wire.Handed | None, None),
)
"""What a page says beside the answer: its name, what it may be, and what is kept instead of anything else."""


class Delivery(msgspec.Struct, frozen=True):
    """`responses` are read one by one, so that a bad one spoils no other; `loads`: the anchors of their loads."""

    responses: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_RESPONSES)]
    loads: Annotated[dict[Load, Annotated[list[Anchor], msgspec.Meta(max_length=2)]], msgspec.Meta(max_length=40)]


class Unfit(ValueError):
    """What a page sent is none of ours, and will not become one by sending it again."""


_delivery = msgspec.json.Decoder(Delivery)
_late = msgspec.json.Decoder(Late)
_offered = msgspec.json.Decoder(Offered)
_WRONG = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(body: bytes) -> Delivery:
    """Raises Unfit."""
    try:
        return _delivery.decode(body)
    except _WRONG:
        pass
    try:
        return _delivery.decode(_well_formed(body))
    except _WRONG:
        raise Unfit from None


def _well_formed(body: bytes) -> bytes:
    """The same without halves of characters: a browser lets a text be cut in the middle of an emoji."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "ignore")
    except (ValueError, RecursionError):
        return b""


def read_one(response: bytes, asked: Sequence[Survey]) -> Late:
    """One response, with the answers that can be kept. `asked`: the surveys that this terminal knows. Raises Unfit."""
    if len(response) > MAX_BYTES:
        raise Unfit
    try:
        late = _late.decode(response)
    except _WRONG:
        late = _mended(response)
    known = next((one for one in asked if (one.id, one.version) == (late.survey, late.version)), None)
    answers = {name: _clean(answer) for name, answer in late.answers.items()}
    answers = _fitting(known, answers) if known else answers
    answers = {name: answer for name, answer in answers.items() if answer not in ("", [])}
    if not answers:
        raise Unfit
    return msgspec.structs.replace(late, answers=answers, contact=_reachable(late.contact, known))


def read_offered(record: bytes) -> Offered | None:
    """A handover; None for what is none. Raises Unfit for one that cannot be kept."""
    if b'"kind"' not in record:
        return None
    try:
        return _offered.decode(record)
    except _WRONG:
        raise Unfit from None


def _mended(response: bytes) -> Late:
    """The same, though something beside the first answer is nothing that an entry may carry: it is left out. A screen
    that nobody touched for days gives days as the time to the first touch. Raises Unfit."""
    try:
        raw = msgspec.json.decode(response, type=dict[str, Any])
        answers = {name: answer for name, answer in raw["answers"].items() if _is({name: answer}, _Answers)}
        details = {name: raw.get(name) if _is(raw.get(name), kind) else without for name, kind, without in _DETAILS}
        return msgspec.convert({**raw, **details, "answers": answers}, Late)
    except (*_WRONG, KeyError, AttributeError):
        raise Unfit from None


def _is(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _clean(answer: int | list[str] | str) -> int | list[str] | str:
    if isinstance(answer, str):
        return touches.words(answer)
    return list(dict.fromkeys(answer)) if isinstance(answer, list) else answer


def _reachable(contact: Reach | None, known: Survey | None) -> Reach | None:
    """How to reach a customer, if the survey asks for it and it can be used."""
    if contact is None:
        return None
    asked = known.question(contact.consent) if known else None
    name, reach = (touches.comment(text).replace("\n", " ") for text in (contact.name, contact.reach))
    if (known and (asked is None or asked.kind != "contact")) or not can_be_reached(reach):
        return None
    return msgspec.structs.replace(contact, name=name, reach=reach)


def _fitting(known: Survey, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that `known` asks for; nothing when the first question has none."""
    firsts = {question.id for question in known.firsts}
    first = {name: answer for name, answer in answers.items() if name in firsts}
    if survey.problem_with(known, first):
        return {}
    return {
        name: answer for name, answer in answers.items() if survey.problem_with(known, {**first, name: answer}) is None
    }


def stamp(
    late: Late | Offered, anchors: Sequence[Anchor], now: wire.Stamp, is_known: Callable[[str], bool]
) -> wire.Stamp:
    """When it was captured: by this terminal's clock if its load was ever anchored to it, the nearest anchor first,
    else by the page's own. Never later than `now` of the same start. `is_known`: whether head office's time is known of
    a start; of another one, what came after the page last heard of it may have come after its end."""
    for anchor in sorted(anchors, key=lambda anchor: abs(anchor.page_ms - late.page_ms)):
        ahead_ms = late.page_ms - anchor.page_ms
        if anchor.stamp.boot == now.boot:
            ahead_ms = min(ahead_ms, now.boottime_ms - anchor.stamp.boottime_ms)
        elif ahead_ms > 0 and not is_known(anchor.stamp.boot):
            continue
        seen = anchor.stamp
        if seen.boottime_ms + ahead_ms >= 0:
            synced = seen.synced and abs(ahead_ms) <= STEADY_MS
            return wire.Stamp(seen.boot, seen.boottime_ms + ahead_ms, seen.wall_ms + ahead_ms, synced)
    return wire.Stamp(late.load, late.page_ms, late.wall_ms, synced=False)
