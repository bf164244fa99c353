"""What the demo writes into head office's database by itself: the chain, its people, codes for its terminals."""

import secrets
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from sync import survey
from sync.demo import history, world
from sync.demo.folder import Account, Chain, Screen
from sync.intake import enrol
from sync.office import links, people, places, settings, surveys, templates, touchpoints
from sync.office.audit import COMMAND
from sync.office.templates import Template

_HERE = Path(__file__).parent
ENTRANCE = "Entrance"
LINK_MS = 24 * 3_600_000
"""How long the printed link signs in; the next start of the demo prints a new one."""


def found(tx: Connection, days: int, now_ms: int) -> Chain:
    """Puts the whole chain into an empty centre. Its past is the last `days` days, today included."""
    today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(world.AMSTERDAM)).date()
    seed = secrets.token_hex(8)
    story = history.begun(seed, today, days)
    # The screens have stood there since before the first answer.
    since_ms = now_ms - (days + 1) * 86_400_000
    user = _hire(tx, world.ASTRID, {}, now_ms)
    chain = Chain(seed, story.first, story.turned, user, {}, {})
    surveys.publish(tx, survey.load(_HERE.joinpath("entrance.json").read_bytes()), now_ms)
    names = dict.fromkeys((*(box.touchpoint for box in world.BOXES), ENTRANCE))
    made = {name: templates.get(tx, templates.add(tx, COMMAND, name, None, now_ms)) for name in names}
    stand: dict[str, int] = {}
    for group in world.GROUPS:
        above = stand[group.name] = places.add_location(tx, group.name, kind="group", zone=group.zone)
        settings.put(tx, above, None, "messages", _HERE.joinpath("messages.json").read_bytes(), now_ms)
        if group.accent:
            settings.put(tx, above, None, "accent", group.accent, now_ms)
        for place in group.places:
            stand[place.name] = _open_shop(tx, chain, above, place, made, since_ms)
    for person in world.COLLEAGUES:
        _hire(tx, person, stand, now_ms)
    return chain


def _hire(tx: Connection, person: world.Person, stand: dict[str, int], now_ms: int) -> int:
    """Nobody knows their password: Astrid's link is the way in, and she can make links for the others."""
    password = secrets.token_urlsafe(24) if person.comes else None
    roles = [(person.role, stand[person.at] if person.at else None)]
    user = people.add_user(tx, person.email, person.name, password, roles=roles, now_ms=now_ms)
    if not person.comes:
        links.invite(tx, user, now_ms)
    return user


def _open_shop(
    tx: Connection, chain: Chain, above: int, place: world.Place, made: dict[str, Template], since_ms: int
) -> int:
    """The number of the shop. `made`: the templates of its touchpoints, by name."""

    def touchpoint(name: str) -> int:
        return touchpoints.add(tx, COMMAND, shop, name, made[name], None, since_ms)

    shop = places.add_location(tx, place.name, parent=above, zone=place.zone, hours=place.hours)
    spots = {name: touchpoint(name) for name in dict.fromkeys(place.screens)}
    for box in world.BOXES:
        if box.place is place:
            name = f"{place.name}, {box.touchpoint}"
            screen, placement = places.add_screen(tx, name, spots[box.touchpoint], since_ms)
            chain.boxes[box.key] = Account(screen, placement, secrets.token_hex(8), secrets.token_hex(8))
    if place.live:
        stands = next(iter(spots.values()))
        if place.asks:
            stands = touchpoint(ENTRANCE)
            settings.put(tx, shop, stands, "survey", place.asks, since_ms)
        _, placement = places.add_screen(tx, f"{place.name}, entrance", stands, since_ms)
        chain.live[place.key] = Screen(placement)
    return shop


def codes(tx: Connection, chain: Chain, now_ms: int) -> dict[str, str]:
    """An enrolment code for each terminal that has none of its devices yet, by the key of its box or place."""
    missing = {key: account.placement for key, account in chain.boxes.items() if account.device is None}
    missing |= {key: screen.placement for key, screen in chain.live.items() if not screen.enrolled}
    return {key: enrol.new_code(tx, placement, now_ms) for key, placement in missing.items()}


def sign_in_link(tx: Connection, chain: Chain, now_ms: int) -> str:
    """The token of a link that signs in as the demo's head office."""
    return people.new_link(tx, chain.user, now_ms + LINK_MS)
