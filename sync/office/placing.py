"""Where screens stand: the history of it, and what people change of it. Each change is one transaction, by somebody, on
the version that they saw."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from sync.intake import enrol, ledger, moves
from sync.models import locations, placements, screens, touchpoints
from sync.office import audit, edits, forms, local_time, pairing, places
from sync.office.audit import Actor, Subject
from sync.office.pairing import Spot
from sync.office.tongue import _
from sync.office.writing import moment

BACK_MS = 31 * 86_400_000
"""How long after it happened a move may be written down: what came in since is counted anew."""
_FORMAT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Period:
    """Where a screen stood from when to when (None: it still does)."""

    screen: str
    name: str
    touchpoint: str
    location: int
    place: str
    zone: str
    from_ms: int
    to_ms: int | None


def history(tx: Connection, those: Iterable[str], roots: Sequence[str]) -> list[Period]:
    """Where these screens stood in the part of the tree at and below these paths, the newest first."""
    query = (
        select(screens.c.id, screens.c.name, touchpoints.c.name, touchpoints.c.location_id, locations.c.name)
        .add_columns(placements.c.from_ms, placements.c.to_ms)
        .join(placements, placements.c.screen_id == screens.c.id)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(screens.c.id.in_(sorted(set(those))), places.below(roots))
        .order_by(placements.c.from_ms.desc(), placements.c.id)
    )
    rows = tx.execute(query).all()
    zones = places.resolved(tx, {row[3] for row in rows})
    return [Period(row[0], row[1], row[2], row[3], row[4], zones[row[3]].zone, row[5], row[6]) for row in rows]


def standing_at(tx: Connection, location: int) -> list[Spot]:
    """The screens that stand at a place now, by touchpoint and name: for the page of the place."""
    query = (
        select(screens.c.id)
        .join(placements, (placements.c.screen_id == screens.c.id) & placements.c.to_ms.is_(None))
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .where(touchpoints.c.location_id == location)
        .order_by(touchpoints.c.name, screens.c.name, screens.c.id)
    )
    found = (pairing.spot(tx, screen) for screen in tx.execute(query).scalars().all())
    return [each for each in found if each is not None]


def rename(tx: Connection, by: Actor, at: Spot, version: int, name: str, now_ms: int) -> None:
    """Raises forms.Wrong, edits.Changed."""
    forms.refuse({"name": forms.name_problem(name)})
    edits.save(tx, screens, at.id, version, name=name.strip())
    before, after = {"name": at.name}, {"name": name.strip()}
    audit.note(tx, by, "screen renamed", _subject(tx, at), now_ms, before=before, after=after)


def now_there(zone: str, now_ms: int) -> str:
    """This minute on the clock of a zone, as a form's field holds it."""
    return local_time.at(now_ms, zone).strftime(_FORMAT)


def moved_ms(at: Spot, typed: str, now_ms: int) -> int:
    """When a screen was moved, from what was typed on the clock of where it stood; empty, or this very minute: now.
    Raises forms.Wrong for what is no time, lies ahead, or before it came to where it stands."""
    if at.place is None or not typed.strip() or typed.strip() == now_there(at.place.zone, now_ms):
        return now_ms
    try:
        told = datetime.strptime(typed.strip(), _FORMAT).replace(tzinfo=ZoneInfo(at.place.zone))
        ms = round(told.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise forms.Wrong({"at": _("Give a day and a time, or leave it empty for now.")}) from None
    if ms > now_ms:
        raise forms.Wrong({"at": _("A move is written down when it happened: give a time that is over.")})
    if ms < now_ms - BACK_MS:
        raise forms.Wrong({"at": _("A move can be written down up to 31 days later, not more.")})
    return ms


def move(tx: Connection, by: Actor, at: Spot, version: int, touchpoint: int, typed: str, now_ms: int) -> int:
    """Put a screen at another touchpoint from the moment `typed` on the clock of where it stood (see moved_ms): what it
    captured before counts where it stood then, whenever it arrives, and what was captured since counts at the new one.
    One that stood nowhere stands there from now on. Returns how many answers that were here already went with it.
    Raises forms.Wrong, edits.Changed."""
    target = tx.execute(select(touchpoints).where(touchpoints.c.id == touchpoint)).one()
    there = places.resolved(tx, {target.location_id})[target.location_id]
    retired = target.retired_day is not None and target.retired_day < local_time.day_of(now_ms, there.zone)
    problem = _("That touchpoint is not in use any more.") if retired else None
    forms.refuse({"touchpoint": _("It stands there already.") if touchpoint == at.touchpoint_id else problem})
    from_ms = moved_ms(at, typed, now_ms)
    began_ms = tx.execute(select(placements.c.from_ms).where(placements.c.id == at.placement)).scalar()
    if at.place is not None and began_ms is not None and from_ms < began_ms:
        since = moment(began_ms, at.place.zone, now_ms)
        raise forms.Wrong({"at": _("It stands where it is since {moment}: give a later time.").format(moment=since)})
    edits.save(tx, screens, at.id, version)
    from_ms = from_ms if began_ms is None else max(from_ms, began_ms + 1)  # no two begin at once
    fresh = f"plc-{secrets.token_hex(6)}"
    tx.execute(insert(placements).values(id=fresh, screen_id=at.id, touchpoint_id=touchpoint, from_ms=from_ms))
    if at.device is not None:
        ledger.look_again(tx, at.device)
    went = 0
    if at.placement is not None:
        _close(tx, at.placement, from_ms)
        went = moves.recount(tx, at.placement, fresh, by.name, now_ms) if from_ms < now_ms else 0
    before = {"touchpoint": at.touchpoint, "place": at.place.name if at.place else None}
    after = {"touchpoint": target.name, "place": there.name, "from_ms": from_ms, "answers": went}
    audit.note(tx, by, "screen moved", _subject(tx, at), now_ms, before=before, after=after)
    return went


def retire(tx: Connection, by: Actor, at: Spot, version: int, now_ms: int) -> None:
    """The screen stands nowhere from now on, and no box drives it; what was captured there still counts there. Raises
    edits.Changed."""
    subject = _subject(tx, at)
    edits.save(tx, screens, at.id, version, device_id=None)
    if at.device is not None:
        ledger.look_again(tx, at.device)
    if at.placement is not None:
        _close(tx, at.placement, now_ms)
    before = {"touchpoint": at.touchpoint, "place": at.place.name if at.place else None, "device": at.device}
    after = {"touchpoint": None, "place": None, "device": None}
    audit.note(tx, by, "screen retired", subject, now_ms, before=before, after=after)


def _close(tx: Connection, placement: str, to_ms: int) -> None:
    enrol.withdraw(tx, placement)
    tx.execute(update(placements).where(placements.c.id == placement).values(to_ms=to_ms))


def _subject(tx: Connection, at: Spot) -> Subject:
    """Of a screen, for the log: where it stands, or stood last."""
    if at.place is not None:
        return Subject("screen", at.id, at.name, at.place.path)
    last = (
        select(locations.c.path)
        .join(touchpoints, touchpoints.c.location_id == locations.c.id)
        .join(placements, placements.c.touchpoint_id == touchpoints.c.id)
        .where(placements.c.screen_id == at.id)
        .order_by(placements.c.from_ms.desc())
        .limit(1)
    )
    return Subject("screen", at.id, at.name, tx.execute(last).scalar() or "/")
