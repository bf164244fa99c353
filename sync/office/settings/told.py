"""What comes of the settings in a manifest."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from sync import wire
from sync.office import colours
from sync.office.places import Standing
from sync.office.settings.kept import Found, nearest
from sync.office.settings.keys import KEYS, SECONDS


class Told(NamedTuple):
    """What one screen is told. `languages`: those of the place, its own first; empty where those of the survey hold.
    `survey` is the id of what it asks, unless another is planned for the day; what was chosen for its touchpoint alone
    (`is_own`) goes before every plan. `hands_over`: a crew hands it to its customers, and `crew_pin` is the hash of
    what it signs in with."""

    settings: wire.ScreenSettings
    messages: tuple[wire.Message, ...]
    languages: tuple[str, ...]
    survey: str
    is_own: bool = False
    hands_over: bool = False
    crew_pin: str | None = None


def resolved(tx: Connection, standings: Iterable[Standing]) -> dict[str, Told]:
    """By placement, in as many queries for one screen as for hundreds."""
    standing = list(standings)
    found = nearest(tx, {(each.location_id, each.touchpoint_id) for each in standing})
    return {each.placement: _told(each, found[each.location_id, each.touchpoint_id]) for each in standing}


def _told(standing: Standing, found: Found) -> Told:
    def value(name: str) -> Any:
        own = found.get(name)
        return own.value if own else KEYS[name].default

    accent, logo = value("accent"), value("logo")
    settings = wire.ScreenSettings(
        accent=colours.accent(accent) if accent else None,
        logo=wire.Logo(logo["kind"], logo["data"], value("logo_name") or standing.place) if logo else None,
        seconds=_seconds(found),
        large=value("large"),
        low_reach=value("low_reach"),
        staff_pin=value("staff_pin"),
    )
    messages = tuple(wire.Message(each["said"], each["did"]) for each in value("messages"))
    languages, handing = tuple(value("languages") or ()), (value("handover"), value("crew_pin"))
    return Told(settings, messages, languages, value("survey"), _is_own(found), *handing)


def _is_own(found: Found) -> bool:
    return "survey" in found and found["survey"].touchpoint != 0


def _seconds(found: Found) -> wire.Seconds:
    """Those that somebody set; the very default where nobody did, which is then left out of the message."""
    own = {key.removeprefix(SECONDS): each.value for key, each in found.items() if key.startswith(SECONDS)}
    return wire.Seconds(**own) if own else wire.ScreenSettings().seconds
