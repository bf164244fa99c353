"""Letting people in, giving them roles, taking them back. Whatever is done is looked at under one lock: by whom, with
what they may at that very moment, and whether somebody is left who looks after everything."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, insert, select, text
from sqlalchemy.exc import IntegrityError

from sync.models import grants, locations, one_time_links, recovery_codes, sessions, sign_in_links, users
from sync.office import audit, edits, forms, links, people, rights, tongue
from sync.office.audit import Actor, Subject
from sync.office.forms import Wrong
from sync.office.rights import EVERYWHERE, Grant, Rights
from sync.office.tongue import _

Role = tuple[str, int | None]
"""A role and the number of the place where it holds, None for the whole organisation."""
LONGEST_EMAIL = 200


class NotYours(Wrong):
    """It is not theirs to do, or not any more; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"": sentence})


class LastAdmin(Wrong):
    """Nobody would be left who looks after the whole organisation."""

    def __init__(self) -> None:
        super().__init__(
            {
                "": _(
                    "This is the last administrator of the whole organisation: make somebody else one first. Nothing "
                    "was changed."
                )
            }
        )


def invite(tx: Connection, by: Actor, email: str, name: str, language: str, roles: Sequence[Role], now_ms: int) -> int:
    """A new account's number, without a password yet. `language`: "" for that of their browser. Raises Wrong, with all
    problems at once."""
    mine = _begin(tx, by)
    forms.refuse(
        {
            "email": email_problem(email),
            "name": forms.name_problem(name),
            "language": None if language in ("", *tongue.LANGUAGES) else _("Choose one of these languages."),
            "role": None if roles else _("Give at least one role."),
        }
    )
    spots = [_may_give(tx, mine, role, location) for role, location in roles]
    row = {"email": email.strip().lower(), "name": name.strip(), "language": language or None, "created_ms": now_ms}
    try:
        with tx.begin_nested():
            number: int = tx.execute(insert(users).values(row).returning(users.c.id)).scalar_one()
    except IntegrityError:
        raise Wrong({"email": _taken()}) from None
    for role, location in dict.fromkeys(roles):
        tx.execute(insert(grants).values(user_id=number, role=role, location_id=location))
    given = [_told(role, spot.name) for (role, _place), spot in zip(roles, spots, strict=True)]
    subject = Subject("person", str(number), name.strip(), _common([spot.path for spot in spots]))
    audit.note(tx, by, "person invited", subject, now_ms, after={"email": row["email"], "roles": given})
    return number


def give(tx: Connection, by: Actor, person: int, version: int, role: str, location: int | None, now_ms: int) -> None:
    """One more role. Raises Wrong, Changed."""
    mine = _begin(tx, by)
    row = _row(tx, person)
    if by.user == person:
        raise NotYours(_("Nobody gives a role to themselves: another administrator does that."))
    spot = _may_give(tx, mine, role, location)
    have = select(grants.c.id).where(grants.c.user_id == person, grants.c.role == role)
    at = grants.c.location_id.is_(None) if location is None else grants.c.location_id == location
    if tx.execute(have.where(at)).first() is not None:
        raise Wrong({"role": _("They have this role there already.")})
    edits.save(tx, users, person, version)
    tx.execute(insert(grants).values(user_id=person, role=role, location_id=location))
    after = _told(role, spot.name)
    audit.note(tx, by, "role given", Subject("person", str(person), row.name, spot.path), now_ms, after=after)


def take(tx: Connection, by: Actor, person: int, version: int, grant: int, now_ms: int) -> None:
    """One role less; never the only one. Raises Wrong, Changed."""
    mine = _begin(tx, by)
    row = _row(tx, person)
    query = select(grants.c.role, locations.c.name, locations.c.path)
    query = query.outerjoin(locations, locations.c.id == grants.c.location_id)
    found = tx.execute(query.where(grants.c.id == grant, grants.c.user_id == person)).one_or_none()
    if found is None:
        raise edits.Changed
    path = found.path or EVERYWHERE
    if not mine.may("people", path):
        raise NotYours(_not_yours())
    if len(people.rights_of(tx, person).grants) == 1:
        raise Wrong({"": _("This is their only role: give them another one first, or disable the account.")})
    if found.role == "admin" and path == EVERYWHERE:
        _keep_an_admin(tx, person)
    edits.save(tx, users, person, version)
    tx.execute(delete(grants).where(grants.c.id == grant))
    before = _told(found.role, found.name)
    audit.note(tx, by, "role taken", Subject("person", str(person), row.name, path), now_ms, before=before)


def rename(tx: Connection, by: Actor, person: int, version: int, name: str, email: str, now_ms: int) -> None:
    """What they are called, and the address they sign in with. Raises Wrong, Changed."""
    row, subject = _theirs(tx, by, person, is_own_allowed=True)
    forms.refuse({"name": forms.name_problem(name), "email": email_problem(email)})
    after = {"name": name.strip(), "email": email.strip().lower()}
    try:
        with tx.begin_nested():
            edits.save(tx, users, person, version, **after)
    except IntegrityError:
        raise Wrong({"email": _taken()}) from None
    audit.note(tx, by, "person renamed", subject, now_ms, before={"name": row.name, "email": row.email}, after=after)


def disable(tx: Connection, by: Actor, person: int, version: int, now_ms: int) -> None:
    """They cannot sign in any more, and are signed out; everything they did stays. Raises Wrong, Changed."""
    row, subject = _theirs(tx, by, person)
    if Grant("admin", None, EVERYWHERE) in people.rights_of(tx, person).grants and row.disabled_ms is None:
        _keep_an_admin(tx, person)
    edits.save(tx, users, person, version, disabled_ms=now_ms)
    people.sign_out_everywhere(tx, person, now_ms)
    links.withdraw(tx, person, now_ms)
    audit.note(tx, by, "person disabled", subject, now_ms)


def enable(tx: Connection, by: Actor, person: int, version: int, now_ms: int) -> None:
    """Raises Wrong, Changed."""
    subject = _theirs(tx, by, person)[1]
    edits.save(tx, users, person, version, disabled_ms=None)
    audit.note(tx, by, "person enabled", subject, now_ms)


def end_sessions(tx: Connection, by: Actor, person: int, version: int, now_ms: int) -> None:
    """Raises Wrong, Changed."""
    subject = _theirs(tx, by, person)[1]
    edits.save(tx, users, person, version)
    people.sign_out_everywhere(tx, person, now_ms)
    audit.note(tx, by, "person signed out", subject, now_ms)


def remove_second(tx: Connection, by: Actor, person: int, version: int, now_ms: int) -> None:
    """For somebody who lost both telephone and codes: they are signed out, and an administrator sets up a new one when
    they sign in next. Raises Wrong, Changed."""
    subject = _theirs(tx, by, person)[1]
    edits.save(tx, users, person, version, totp_nonce=None, totp_ms=None, totp_step=0)
    tx.execute(delete(recovery_codes).where(recovery_codes.c.user_id == person))
    people.sign_out_everywhere(tx, person, now_ms)
    audit.note(tx, by, "second factor removed", subject, now_ms)


def withdraw(tx: Connection, by: Actor, person: int, version: int, now_ms: int) -> None:
    """An invitation that nobody followed: it is as if it never was. Raises Wrong, and Changed also when they came
    meanwhile."""
    subject = _theirs(tx, by, person)[1]
    edits.save(tx, users, person, version)
    for table in (grants, one_time_links, sessions, sign_in_links, recovery_codes):
        tx.execute(delete(table).where(table.c.user_id == person))
    gone = delete(users).where(users.c.id == person, users.c.password_hash.is_(None))
    if tx.execute(gone).rowcount != 1:
        raise edits.Changed
    audit.note(tx, by, "invitation withdrawn", subject, now_ms)


def new_link(tx: Connection, by: Actor, person: int, now_ms: int) -> tuple[links.Purpose, str]:
    """A new link for somebody, to come in or (who has a password) to a new one: what it is for, and its token. Raises
    Wrong."""
    row, subject = _theirs(tx, by, person)
    if row.disabled_ms is not None:
        raise Wrong({"": _("This account is disabled: enable it first.")})
    if row.password_hash is None:
        audit.note(tx, by, "invitation made", subject, now_ms)
        return "invite", links.invite(tx, person, now_ms)
    audit.note(tx, by, "password link made", subject, now_ms)
    return "password", links.reset(tx, person, now_ms)


def email_problem(given: str) -> str | None:
    """Why this can't be an address to sign in with; None when it can."""
    email = given.strip()
    user, at, host = email.rpartition("@")
    fits = (
        user and at and host and len(email) <= LONGEST_EMAIL and email.isprintable() and not set(' <>,;"') & set(email)
    )
    return None if fits else _("An email address looks like astrid@example.com.")


def _begin(tx: Connection, by: Actor) -> Rights:
    """What whoever does it may at this moment: two people at each other's rights come one after the other, and the
    second is looked at as the first left them. Raises NotYours."""
    if tx.dialect.name == "postgresql":  # on SQLite only one transaction writes anyway
        tx.execute(text("LOCK TABLE grants IN SHARE ROW EXCLUSIVE MODE"))
    if by.user is None:
        return Rights((Grant("admin", None, EVERYWHERE),))
    mine = people.rights_of(tx, by.user)
    here = select(users.c.id).where(users.c.id == by.user, users.c.disabled_ms.is_(None))
    if tx.execute(here).first() is None or not mine.may_somewhere("people"):
        raise NotYours(_("What you may was changed a moment ago, so nothing was done."))
    return mine


def _theirs(tx: Connection, by: Actor, person: int, *, is_own_allowed: bool = False) -> tuple[Row[Any], Subject]:
    """Somebody whose every role lies where they look after people. Raises NotYours, Changed."""
    mine = _begin(tx, by)
    row = _row(tx, person)
    theirs = people.rights_of(tx, person)
    if not (mine.covers(theirs) if theirs.grants else mine.may("people", EVERYWHERE)):
        raise NotYours(_not_yours())
    if by.user == person and not is_own_allowed:
        raise NotYours(_("This cannot be done to one's own account here: another administrator does it."))
    return row, Subject("person", str(person), row.name, _common([each.path for each in theirs.grants]))


def _row(tx: Connection, person: int) -> Row[Any]:
    row = tx.execute(select(users).where(users.c.id == person).with_for_update()).one_or_none()
    if row is None:
        raise edits.Changed
    return row


class _Spot(NamedTuple):
    path: str
    name: str | None


def _may_give(tx: Connection, mine: Rights, role: str, location: int | None) -> _Spot:
    """Where that place is. Raises Wrong for a role that there isn't, a place that isn't theirs, or a role that may more
    than they do themselves."""
    forms.refuse({"role": None if role in rights.ROLES else _("Choose a role.")})
    spot = _Spot(EVERYWHERE, None)
    if location is not None:
        row = tx.execute(select(locations.c.path, locations.c.name).where(locations.c.id == location)).one_or_none()
        spot = _Spot(row.path, row.name) if row is not None else _Spot("", None)
    if not spot.path or not mine.may("people", spot.path):
        raise Wrong({"place": _("This is not among the places that you look after: choose another one.")})
    if not all(mine.may(permission, spot.path) for permission in rights.ROLES[role]):
        raise Wrong({"role": _("This role may more there than you do yourself.")})
    return spot


def _told(role: str, place: str | None) -> dict[str, str]:
    """A role for the log; one without a place holds everywhere."""
    return {"role": role} if place is None else {"role": role, "place": place}


def _keep_an_admin(tx: Connection, without: int) -> None:
    """Raises LastAdmin when this person is the only one left who looks after everything and can sign in."""
    acting = (users.c.disabled_ms.is_(None), users.c.password_hash.is_not(None))
    query = select(users.c.id).join(grants, grants.c.user_id == users.c.id)
    whole = (grants.c.role == "admin", grants.c.location_id.is_(None))
    if tx.execute(query.where(users.c.id != without, *acting, *whole)).first() is None:
        raise LastAdmin


def _common(paths: Sequence[str]) -> str:
    """The deepest place that is above all of these, or is the only one of them."""
    chains = [path.strip("/").split("/") for path in paths if path != EVERYWHERE]
    if len(chains) != len(paths) or not chains:
        return EVERYWHERE
    shared = []
    for parts in zip(*chains, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "/" + "".join(f"{part}/" for part in shared)


def _taken() -> str:
    return _(
        "There is already an account for this address. If you do not see it, somebody who looks after the whole "
        "organisation can give it a role."
    )


def _not_yours() -> str:
    return _("Somebody else looks after this account, too: it has roles elsewhere, and can only be changed from there.")


Deed = Callable[[Connection, Actor, int, int, int], None]
DEEDS: Mapping[str, Deed] = {
    "disable": disable,
    "enable": enable,
    "sessions": end_sessions,
    "second": remove_second,
    "withdraw": withdraw,
}
"""What is done to a person as a whole: (transaction, by whom, person, version, when)."""
