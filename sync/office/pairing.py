"""Pairing in the browser: a place is chosen, a screen there, and a code leads a box to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from sync.intake import enrol
from sync.models import locations, placements, screens, touchpoints
from sync.office import audit, forms, listing, local_time, places
from sync.office.audit import Actor, Subject
from sync.office.listing import Page
from sync.office.places import Location
from sync.office.tongue import _


@dataclass(frozen=True)
class Choice:
    """A place where a screen may stand; `above`: the names of the groups around it, the widest first."""

    id: int
    name: str
    above: tuple[str, ...]


@dataclass(frozen=True)
class Screen:
    """A screen that stands at a touchpoint; `device`: the box that drives it."""

    id: str
    name: str
    device: str | None


@dataclass(frozen=True)
class Point:
    """A touchpoint that is in use, and the screens that stand at it."""

    id: int
    name: str
    screens: tuple[Screen, ...]


def choices(tx: Connection, roots: Sequence[str], search: str, number: int) -> Page[Choice]:
    """The places at and below these paths, by name; groups hold places, and no screens."""
    query = select(locations).where(places.below(roots), locations.c.kind != "group").order_by(locations.c.name)
    if search:
        query = query.where(listing.holds(search, locations.c.name, locations.c.ref))
    found = listing.page(tx, query.order_by(locations.c.id), number, lambda row: row, search=search)
    chains = {row.id: [int(part) for part in row.path.split("/") if part][:-1] for row in found.items}
    above = {each for chain in chains.values() for each in chain}
    seen = select(locations.c.id, locations.c.name).where(locations.c.id.in_(above), places.below(roots))
    names = {row.id: str(row.name) for row in tx.execute(seen)}
    items = (
        Choice(row.id, row.name, tuple(names[each] for each in chains[row.id] if each in names)) for row in found.items
    )
    return Page(tuple(items), found.number, found.pages, found.total, search)


def points(tx: Connection, place: Location, now_ms: int) -> list[Point]:
    """Where at a place a screen may stand today, in the order in which it was made."""
    today = local_time.day_of(now_ms, place.zone)
    standing: dict[int, list[Screen]] = {}
    query = (
        select(placements.c.touchpoint_id, screens.c.id, screens.c.name, screens.c.device_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .where(touchpoints.c.location_id == place.id, placements.c.to_ms.is_(None))
        .order_by(placements.c.from_ms, placements.c.id)
    )
    for point, *screen in tx.execute(query):
        standing.setdefault(point, []).append(Screen(*screen))
    mine = select(touchpoints).where(touchpoints.c.location_id == place.id).order_by(touchpoints.c.id)
    return [
        Point(row.id, row.name, tuple(standing.get(row.id, ())))
        for row in tx.execute(mine)
        if row.retired_day is None or row.retired_day >= today
    ]


def add_screen(tx: Connection, by: Actor, place: Location, touchpoint: str, name: str, now_ms: int) -> str:
    """A new screen, standing at a touchpoint of this place from now on. Its id. Raises forms.Wrong."""
    there = {str(point.id): point for point in points(tx, place, now_ms)}
    point = there.get(touchpoint)
    taken = {screen.name.casefold() for screen in point.screens} if point else set()
    problem = forms.name_problem(name)
    if name.strip().casefold() in taken:
        problem = _("A screen there is called that already: choose another name, or pair that one.")
    forms.refuse({"touchpoint": None if point else _("Choose one of the touchpoints of this place."), "name": problem})
    screen, _placement = places.add_screen(tx, name.strip(), int(touchpoint), now_ms)
    about = {"touchpoint": point.name if point else ""}
    audit.note(tx, by, "screen added", Subject("screen", screen, name.strip(), place.path), now_ms, after=about)
    return screen


@dataclass(frozen=True)
class Spot:
    """A screen, where it stands (None: nowhere now), and the box that drives it."""

    id: str
    name: str
    version: int
    device: str | None
    placement: str | None
    touchpoint: str
    touchpoint_id: int | None
    place: Location | None


def spot(tx: Connection, screen: str) -> Spot | None:
    """The screen with this id."""
    query = (
        select(screens, placements.c.id.label("placement"), touchpoints.c.name.label("touchpoint"))
        .add_columns(touchpoints.c.id.label("touchpoint_id"), touchpoints.c.location_id)
        .outerjoin(placements, (placements.c.screen_id == screens.c.id) & placements.c.to_ms.is_(None))
        .outerjoin(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .where(screens.c.id == screen)
    )
    row = tx.execute(query).first()
    if row is None:
        return None
    at = places.resolved(tx, {row.location_id})[row.location_id] if row.location_id else None
    spoken = (row.placement, row.touchpoint or "", row.touchpoint_id, at)
    return Spot(row.id, row.name, row.version, row.device_id, *spoken)


class Unplaced(ValueError):
    """The screen stands nowhere; the message is a sentence."""


def invite(tx: Connection, by: Actor, screen: str, now_ms: int) -> str:
    """A code for a screen where it stands now, the only one. Raises Unplaced."""
    at = spot(tx, screen)
    if at is None or at.placement is None or at.place is None:
        raise Unplaced(_("This screen stands nowhere now: move it to a touchpoint first."))
    enrol.withdraw(tx, at.placement)
    code = enrol.new_code(tx, at.placement, now_ms)
    about = {"valid_until_ms": now_ms + enrol.VALID_MS, "replaces": at.device}
    audit.note(tx, by, "pairing code made", Subject("screen", screen, at.name, at.place.path), now_ms, after=about)
    return code


def withdraw(tx: Connection, by: Actor, screen: str, now_ms: int) -> None:
    """Nobody gets in any more by the codes for this screen."""
    at = spot(tx, screen)
    if at is not None and at.placement is not None and at.place is not None and enrol.withdraw(tx, at.placement):
        audit.note(tx, by, "pairing code withdrawn", Subject("screen", screen, at.name, at.place.path), now_ms)


@dataclass(frozen=True)
class Invitation:
    """What became of a code. `state`: "open"; "come" (`device` traded it); "over" (fifteen minutes went by); "dead"
    (ten wrong tries); "gone": withdrawn, or never of this screen, or not known to this browser."""

    state: str
    expires_ms: int = 0
    wrong: int = 0
    device: str | None = None

    @property
    def tries(self) -> int:
        """How many wrong tries are left."""
        return max(enrol.WRONG_PROOFS - self.wrong, 0)


def look(tx: Connection, at: Spot, code: str, now_ms: int) -> Invitation:
    """What became of a code for this screen."""
    found = enrol.find_code(tx, code)
    if found is None or found.placement != at.placement:
        return Invitation("gone")
    if found.device is not None:
        return Invitation("come", device=found.device)
    state = "open"
    if found.is_over(now_ms):
        state = "dead" if found.wrong >= enrol.WRONG_PROOFS else "over"
    return Invitation(state, found.expires_ms, found.wrong)


def picture(code: str) -> str:
    """The code for a scanner that types what it reads into the terminal's page, as an address of inline data."""
    import segno

    return str(segno.make_qr(code).png_data_uri(scale=8, border=4))
