"""Who may be subscribed to what: asked when somebody subscribes, and again before each letter."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select, text

from sync.intake.keys import Secrets
from sync.models import users
from sync.office import crew_readers, forms, local_time, people, places, subscriptions, tongue
from sync.office.audit import Actor
from sync.office.forms import Wrong
from sync.office.letter_times import TEAMS, About
from sync.office.mailing_days import CADENCES, Cadence
from sync.office.people import BadPerson
from sync.office.places import Location
from sync.office.rights import Rights
from sync.office.subscriptions import Subscription
from sync.office.tongue import _

What = Literal["team", "lead"]
"""The briefing of a crew or a store itself, or that of those who look after it."""
_TELLS_OF: dict[Cadence, int] = {"daily": 1, "weekly": 7, "monthly": 31}
"""How many days before it a letter speaks of, at most."""
TEAM_CADENCES: tuple[Cadence, ...] = ("daily",)


@dataclass(frozen=True)
class Asked:
    """What somebody asks for. `place` None: the whole organisation; `to` is an address."""

    what: str
    cadence: str
    place: int | None
    to: str
    language: str


def subscribe(tx: Connection, by: Actor, asked: Asked, secrets: Secrets, now_ms: int) -> int:
    """The number of the subscription; of one that was stopped and is taken up again. Raises Wrong."""
    place = places.resolved(tx, {asked.place})[asked.place] if asked.place is not None else None
    problems: dict[str, str | None] = {
        "what": _what_problem(asked.what, place),
        "cadence": _cadence_problem(asked.what, asked.cadence),
        "language": None if asked.language in tongue.LANGUAGES else _("Choose the language of the letter."),
        "place": _place_problem(place, now_ms),
    }
    try:
        address = people.an_email(asked.to)
    except BadPerson as problem:
        forms.refuse({**problems, "to": str(problem)})
        raise
    user = _account(tx, address)
    if not problems["what"]:
        problems["to"] = _to_problem(tx, asked.what, place, address, user, now_ms)
    forms.refuse(problems)
    about = About(_kind(asked.what, place), asked.place, user)
    _hold(tx)
    cadence = next(each for each in CADENCES if each == asked.cadence)
    there = subscriptions.same(tx, about, cadence, address)
    if there is None:
        return subscriptions.begin(tx, by, about, cadence, address, asked.language, secrets, now_ms)
    if not subscriptions.resume(tx, by, there.id, now_ms):
        raise Wrong({"to": _("{address} gets this briefing already.").format(address=address)})
    return there.id


def left_out(found: Subscription, user: Rights | None, place: Location | None, day: int) -> str | None:
    """Why nobody is written to on this day, though the letter would be due: it was `stopped`; its person is `disabled`
    or lacks the `rights`; the place is `closed`. None: somebody is. `user`: what its person may; None when it is for an
    address, or when they don't sign in any more."""
    if found.stopped_ms is not None:
        return "stopped"
    if found.user is not None and user is None:
        return "disabled"
    if place is not None and place.closed_day is not None and place.closed_day < day - _TELLS_OF[found.cadence]:
        return "closed"
    if user is not None and not may_read(user, place):
        return "rights"
    return None


def may_read(rights: Rights, place: Location | None) -> bool:
    """Whether a briefing about this place, or (None) about all that they see, is for somebody with these rights."""
    return rights.may_somewhere("see") if place is None else crew_readers.may_read(rights, place)


def _kind(what: str, place: Location | None) -> str:
    if what == "team" and place is not None:
        return place.kind
    return "office" if place is None else "manager"


def _what_problem(what: str, place: Location | None) -> str | None:
    if what not in ("team", "lead"):
        return _("Choose one of the briefings.")
    if what == "team" and (place is None or place.kind not in TEAMS):
        return _("Only a store or a crew has a team’s briefing: choose the manager’s, or another place.")
    return None


def _cadence_problem(what: str, cadence: str) -> str | None:
    if cadence not in CADENCES:
        return _("Choose how often it comes.")
    if what == "team" and cadence not in TEAM_CADENCES:
        return _("A team’s briefing comes every day: it speaks of the week, too.")
    return None


def _place_problem(place: Location | None, now_ms: int) -> str | None:
    if place is None or place.closed_day is None or place.closed_day >= local_time.day_of(now_ms, place.zone):
        return None
    return _("{place} is closed: nothing new is said there.").format(place=place.name)


def _to_problem(
    tx: Connection, what: str, place: Location | None, address: str, user: int | None, now_ms: int
) -> str | None:
    if user is None:
        if _is_disabled(tx, address):
            return _("The account of {address} is switched off.").format(address=address)
        if what == "team":
            return None
        return _("The manager’s briefing goes to people who sign in, as it shows what each of them may see.")
    if may_read(people.rights_of(tx, user, now_ms), place):
        return None
    if place is not None and place.kind == "crew":
        return _("{address} belongs to somebody who is neither of this crew nor its manager.").format(address=address)
    return _("{address} belongs to somebody who may not see this place.").format(address=address)


def _account(tx: Connection, address: str) -> int | None:
    """Who signs in with this address."""
    query = select(users.c.id).where(users.c.email == address, users.c.disabled_ms.is_(None))
    return tx.execute(query).scalar()


def _is_disabled(tx: Connection, address: str) -> bool:
    return tx.execute(select(users.c.id).where(users.c.email == address)).first() is not None


def _hold(tx: Connection) -> None:
    """Nobody else subscribes until the end of this transaction: a button that was pressed twice subscribes once. On
    SQLite a write transaction is alone anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('smilepost subscriptions'))"))
