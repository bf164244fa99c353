"""The beginning of an empty centre: the first person, and then what a guided set-up still has to ask for."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, select

from sync import facts, survey
from sync.models import locations, screens, settings, touchpoints, users
from sync.office import audit, forms, links, organisation, pairing, passwords, people, places, surveys
from sync.office.audit import Actor
from sync.office.people import BadPerson
from sync.office.rights import EVERYWHERE, Rights

DISMISSED = "set_up_dismissed"
"""The fact that nobody wants to be reminded of the set-up."""
MOST_CHOICES = 50
STEPS = ("account", "place", "touchpoint", "survey", "screen")
"""What the set-up goes through, in this order."""


class Gone(Exception):
    """The link leads nowhere any more; nothing was done."""


@dataclass(frozen=True)
class First:
    """What the first person says."""

    organisation: str
    name: str
    email: str
    password: str


def invite_first(tx: Connection, now_ms: int) -> str | None:
    """The token of the link with which an empty centre begins; None where there is somebody already."""
    return None if _has_people(tx) else links.first(tx, now_ms)


def begin(tx: Connection, token: str, first: First, address: str, now_ms: int) -> int:
    """The first person's number: an administrator of everything. Of several who come with the same link at once, one
    gets in. Raises Wrong, and Gone."""
    if links.look(tx, "first", token, now_ms) is None:
        raise Gone
    forms.refuse(_problems(first))
    if not links.use(tx, "first", token, now_ms) or _has_people(tx):
        raise Gone
    organisation.call(tx, first.organisation.strip())
    roles = [("admin", None)]
    number = people.add_user(tx, first.email, first.name, first.password, roles=roles, now_ms=now_ms)
    by = Actor(f"{first.name.strip()} <{people.an_email(first.email)}>", number, address)
    about = {"organisation": first.organisation.strip(), "role": "admin"}
    audit.note(tx, by, "centre begun", people.subject(tx, number), now_ms, after=about)
    return number


def _problems(first: First) -> dict[str, str | None]:
    found: dict[str, str | None] = {"organisation": forms.name_problem(first.organisation)}
    for name, check in (("name", people.a_name), ("email", people.an_email)):
        try:
            check(getattr(first, name))
        except BadPerson as problem:
            found[name] = str(problem)
    found["password"] = passwords.problem(first.password, (first.email, first.name, first.organisation))
    return found


def _has_people(tx: Connection) -> bool:
    return tx.execute(select(users.c.id).limit(1)).first() is not None


@dataclass(frozen=True)
class Spot:
    """Where the set-up goes on: the oldest place, and the oldest touchpoint of it."""

    place: int
    place_name: str
    touchpoint: int | None
    touchpoint_name: str


@dataclass(frozen=True)
class Progress:
    """What of STEPS there is already."""

    done: frozenset[str]

    @property
    def next(self) -> str | None:
        """The first step that isn't done; None when all are."""
        return next((step for step in STEPS if step not in self.done), None)


def progress(tx: Connection) -> Progress:
    """Told by what there is, however it came: the set-up is left and taken up again at any time."""
    paired = _is_there(tx, select(screens.c.id).where(screens.c.device_id.is_not(None)))
    there = {
        "account": True,
        "place": _is_there(tx, select(locations.c.id).where(locations.c.kind != "group")),
        "touchpoint": _is_there(tx, select(touchpoints.c.id)),
        "survey": paired or _is_there(tx, select(settings.c.key).where(settings.c.key == "survey")),
        "screen": paired,
    }
    return Progress(frozenset(step for step, is_there in there.items() if is_there))


def card(tx: Connection, rights: Rights) -> Progress | None:
    """What the overview reminds this person of; None when there is nothing, or it isn't theirs to do."""
    if not rights.may("places", EVERYWHERE) or facts.get(tx, DISMISSED) is not None:
        return None
    state = progress(tx)
    return state if state.next else None


def dismiss(tx: Connection, now_ms: int) -> None:
    facts.keep(tx, DISMISSED, str(now_ms))


def spot(tx: Connection) -> Spot | None:
    """Where the next step belongs; None while there is no place."""
    at = touchpoints.c.name.label("at")
    query = (
        select(locations.c.id, locations.c.name, touchpoints.c.id.label("touchpoint"), at)
        .where(locations.c.kind != "group")
        .order_by(locations.c.id, touchpoints.c.id)
        .limit(1)
    )
    # One after the other: for both at once every place there is would be read and put in order.
    row = tx.execute(query.join(touchpoints, touchpoints.c.location_id == locations.c.id)).first()
    row = row or tx.execute(query.outerjoin(touchpoints, touchpoints.c.location_id == locations.c.id)).first()
    return Spot(row.id, row.name, row.touchpoint, row.at or "") if row else None


def waiting_screen(tx: Connection, by: Actor, at: Spot, now_ms: int) -> str:
    """The screen at this spot that waits for its terminal; a new one where none does. Its id."""
    place = places.resolved(tx, {at.place})[at.place]
    points = pairing.points(tx, place, now_ms)
    standing = next((point.screens for point in points if point.id == at.touchpoint), ())
    waiting = next((screen.id for screen in standing if screen.device is None), None)
    taken = {screen.name.casefold() for screen in standing}
    names = (at.touchpoint_name, *(f"{at.touchpoint_name} {n}" for n in range(2, len(standing) + 3)))
    free = next(name for name in names if name.casefold() not in taken)
    return waiting or pairing.add_screen(tx, by, place, str(at.touchpoint), free[: places.MAX_NAME], now_ms)


@dataclass(frozen=True)
class Choice:
    """A survey to pick: what it asks first, in which languages, how many questions."""

    id: str
    asks: str
    questions: int
    languages: int


def choices(tx: Connection, lang: str) -> list[Choice]:
    """The one that comes with Smilepost first, then the others by name; the first MOST_CHOICES."""
    every = surveys.newest(tx, surveys.names(tx))
    found = []
    for name in sorted(every, key=lambda each: (each != survey.BUILTIN.id, each))[:MOST_CHOICES]:
        texts = every[name].questions[0].texts
        asks = texts.get(lang) or next(iter(texts.values()))
        found.append(Choice(name, asks, len(every[name].questions), len(every[name].languages)))
    return found


def _is_there(tx: Connection, query: Select[Any]) -> bool:
    return bool(tx.execute(select(exists(query))).scalar())
