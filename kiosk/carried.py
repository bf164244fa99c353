"""What staff saved from a tablet as a file, because it finds no network: taken in as if the tablet had delivered it.
What is held here already stays as it is, so a file may come twice, and after the tablet itself. No I/O."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from kiosk.late import MAX_RESPONSES, Anchor, Delivery, Load, Unfit
from kiosk.outbox import NotHeld

MOST_RECORDS = 20_000
MOST_BYTES = 32 * 1024 * 1024
"""Of a file: two months of a van's work."""
_Anchors = Annotated[list[Anchor], msgspec.Meta(max_length=2)]


class _File(msgspec.Struct, frozen=True):
    smilepost_tablet: Literal[1]
    responses: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MOST_RECORDS)]
    loads: dict[Load, _Anchors]


class _Of(msgspec.Struct, frozen=True):
    """The load that a record is of, all that has to be known to hand it on."""

    load: str = ""


class Taken(NamedTuple):
    """`held`: how many records of a file are held here now; `refused`: how many never will be."""

    held: int = 0
    refused: int = 0


Receive = Callable[[Delivery], tuple[list[tuple[str, int]], list[int]]]
"""As kiosk.visits.Visits.receive: what is held, and the places of what never will be. May raise NotHeld."""

_file = msgspec.json.Decoder(_File)
_of = msgspec.json.Decoder(_Of)


def deliveries(content: bytes) -> Iterator[Delivery]:
    """What is in a file, a few records at a time. Raises Unfit for what no tablet has written."""
    try:
        told = _file.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unfit from None
    return _portions(told)


def _portions(told: _File) -> Iterator[Delivery]:
    for records in _chunks(told.responses):
        loads = {load for record in records if (load := _load(record)) in told.loads}
        yield Delivery(records, {load: told.loads[load] for load in loads})


def _chunks(records: list[msgspec.Raw]) -> Iterator[list[msgspec.Raw]]:
    for start in range(0, len(records), MAX_RESPONSES):
        yield records[start : start + MAX_RESPONSES]


def _load(record: Any) -> str:
    try:
        return _of.decode(record).load
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def take(portions: Iterable[Delivery], receive: Receive) -> Taken:
    """Hold it all. Raises NotHeld when the disk takes no more; what it took before is held, and the file may come
    again."""
    held = refused = 0
    for portion in portions:
        now_held, never = receive(portion)
        held, refused = held + len(now_held), refused + len(never)
        if len(now_held) + len(never) < len(portion.responses):
            raise NotHeld("the disk took only a part of it")
    return Taken(held, refused)
