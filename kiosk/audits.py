"""When a terminal asks the centre which of its acked entries it misses, and what follows from the answer. Pure.

Nothing starts an audit but an answer of the centre: it carries the epoch, the time and the counters. Counters only
start an audit; what is missing is an exact set difference."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

import msgspec

from kiosk import keeping

DAY_MS = 24 * 60 * 60_000
NIGHT_FROM, NIGHT_MINUTES = 1, 240
"""The hour of the place from which audits are made, and how many minutes they are spread over."""

Why = Literal["night", "epoch", "shortfall", "asked"]
Chance = Callable[[], float]
"""A random number, 0 ≤ x < 1."""


class Audit(msgspec.Struct, frozen=True):
    """What a terminal remembers of its audits, from start to start. `why`: the reason of the one that is due, None
    when none is. `after`: the cursor, the place in the order of sealing up to which it was answered. `short`: what the
    centre's counters lacked when it became due, per stream; `excused`: what they may lack without starting another.
    `night_ms`: the centre's time of the next nightly one; `done_ms`: that of the answer that finished the last;
    `restored_ms`: that of the answer that finished the last one after a restore."""

    epoch: str = ""
    why: Why | None = None
    after: int = 0
    short: dict[str, int] = {}
    excused: dict[str, int] = {}
    night_ms: int | None = None
    done_ms: int | None = None
    restored_ms: int | None = None

    @property
    def due(self) -> bool:
        return self.why is not None


class Heard(NamedTuple):
    """What an accepted answer says that matters here. `have`: stream -> receipts at the centre; `acked`: stream ->
    acked here, once this answer's verdicts are written down; `asked`: the centre wants an audit."""

    epoch: str
    server_ms: int
    have: Mapping[str, int]
    acked: Mapping[str, int]
    asked: bool = False


def noted(audit: Audit, heard: Heard, chance: Chance, zone: tzinfo) -> Audit:
    """The same after an accepted answer: maybe an audit is due now, or the one under way begins anew because the
    centre was restored. `zone` is the place's. To be written down with the verdicts, in one transaction."""
    short = shortfalls(heard)
    night_ms = audit.night_ms
    is_night = night_ms is not None and heard.server_ms >= night_ms
    # A centre whose clock had been years ahead must not put the nights off for years.
    if night_ms is None or is_night or night_ms > heard.server_ms + 2 * DAY_MS:
        night_ms = next_night(heard.server_ms, chance, zone)
    why = _reason(audit, heard, short, is_night)
    if heard.epoch != audit.epoch:
        audit = msgspec.structs.replace(audit, epoch=heard.epoch, why=None, after=0)
    if why is None or audit.due:
        return msgspec.structs.replace(audit, night_ms=night_ms)
    return msgspec.structs.replace(audit, why=why, after=0, short=short, night_ms=night_ms)


def _reason(audit: Audit, heard: Heard, short: Mapping[str, int], is_night: bool) -> Why | None:
    if heard.epoch != audit.epoch:
        return "epoch" if any(heard.acked.values()) else None
    if heard.asked:
        return "asked"
    if any(lack > audit.excused.get(stream, 0) for stream, lack in short.items()):
        return "shortfall"
    return "night" if is_night else None


def shortfalls(heard: Heard) -> dict[str, int]:
    """Stream -> how many receipts fewer than acked entries the centre says it holds, where it is fewer."""
    lacks = {stream: heard.acked.get(stream, 0) - n for stream, n in heard.have.items()}
    return {stream: lack for stream, lack in lacks.items() if lack > 0}


def next_night(server_ms: int, chance: Chance, zone: tzinfo) -> int:
    """The centre's time of a random minute of the next night at the place."""
    there = datetime.fromtimestamp(server_ms / 1000, UTC).astimezone(zone)
    minute = NIGHT_FROM * 60 + int(chance() * NIGHT_MINUTES)
    then = there.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    if then <= there:
        then += timedelta(days=1)
    return int(then.timestamp() * 1000)


class Acked(NamedTuple):
    """An acked entry as an audit sees it. `place` in the order of sealing; `acked_ms` is the centre's time; `has_body`:
    it could be sent again; `gone`: an earlier audit missed it when its body was gone already."""

    place: int
    id: str
    rev: int
    acked_ms: int
    has_body: bool
    gone: bool = False


class Found(NamedTuple):
    """What an audit's answer says of the entries it was asked for. `again`: missing, to be sent again; `gone`:
    missing, and their bodies are gone here too; `back`: there after all; `kept`: there for so long that their
    bodies may go."""

    again: list[Acked]
    gone: list[Acked]
    back: list[Acked]
    kept: list[Acked]


def found(asked: Iterable[Acked], missing: Collection[tuple[str, int]], server_ms: int) -> Found:
    """What the answer of `server_ms` says. What it names that was not asked for counts for nothing."""
    lacking, result = set(missing), Found([], [], [], [])
    for entry in asked:
        if (entry.id, entry.rev) in lacking:
            if entry.has_body:
                result.again.append(entry)
            elif not entry.gone:
                result.gone.append(entry)
            continue
        if entry.gone:
            result.back.append(entry)
        if entry.has_body and keeping.may_drop(entry.acked_ms, server_ms):
            result.kept.append(entry)
    return result


def advanced(before: Audit, audit: Audit, asked: Sequence[Acked], last: bool, heard: Heard) -> Audit:
    """The same after the centre answered for `asked`; `last`: no acked entry lies after them. `before`: as the request
    was made; `audit`: what `noted` gave for its answer; `heard` taken anew, after what is missing became pending
    again. The answer of a centre that was restored since moves nothing: the audit begins anew."""
    if before.epoch != audit.epoch or before.why is None:
        return audit
    if not last:
        return msgspec.structs.replace(audit, after=max([audit.after, *(entry.place for entry in asked)]))
    now = shortfalls(heard)
    # What was lost while the audit was under way is not excused: it may lie before the cursor.
    excused = {stream: min(lack, now.get(stream, 0)) for stream, lack in audit.short.items()}
    return msgspec.structs.replace(
        audit, why=None, after=0, short={}, excused={s: n for s, n in excused.items() if n}, done_ms=heard.server_ms,
        restored_ms=heard.server_ms if audit.why == "epoch" else audit.restored_ms,
    )  # fmt: skip


def given_up(audit: Audit) -> Audit:
    """The same when the centre answered without saying what is missing: until there is another reason."""
    return msgspec.structs.replace(audit, why=None, after=0, short={}, excused={**audit.excused, **audit.short})


class Revision(NamedTuple):
    """One revision of an id, as far as it is known here. `gone`: acked, missing at the centre, its body gone here."""

    rev: int
    gone: bool


def is_lost(revisions: Iterable[Revision]) -> bool:
    """Whether nobody holds the answer any more: the highest revision that was ever sealed here is gone. A higher one
    that waits or is parked holds it; a lower one would not be the answer."""
    highest = max(revisions, default=None)
    return highest is not None and highest.gone
