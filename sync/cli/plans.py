"""What is planned for a place, as sentences of the command line."""

from sqlalchemy import Connection

from sync.office import local_time, places, schedules
from sync.office.enrolling import Spot
from sync.office.schedules import Schedule


def planned(tx: Connection, spot: Spot, now_ms: int) -> list[str]:
    """Everything from today on at a location or at one of its touchpoints, whatever was chosen for it."""
    zone = next(place.zone for place in places.locations(tx, spot.location))
    today = local_time.day_of(now_ms, zone)
    found = schedules.at(tx, spot.location, spot.touchpoint)
    return [_sentence(each) for each in found if each.to_day is None or each.to_day >= today]


def _sentence(each: Schedule) -> str:
    until = f" to {local_time.date_of(each.to_day)}" if each.to_day is not None else " on"
    where = each.place or "everywhere"
    kind = f", at touchpoints of the kind {each.template_name!r} alone" if each.template_name else ""
    return f"From {local_time.date_of(each.from_day)}{until} it asks {each.survey!r}, as planned for {where}{kind}."
