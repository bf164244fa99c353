"""What somebody says of their own account: what they are called, which language they read."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from sync.models import users
from sync.office import audit, edits, people
from sync.office.audit import Actor
from sync.office.forms import Wrong
from sync.office.people import BadPerson
from sync.office.tongue import LANGUAGES, _


@dataclass(frozen=True)
class Account:
    """As it is kept; `language` "" is the browser's. `has_password`: one that its owner may know."""

    name: str
    language: str
    version: int
    has_password: bool


def read(tx: Connection, user: int) -> Account:
    row = tx.execute(select(users).where(users.c.id == user)).one()
    return Account(row.name, row.language or "", row.version, row.password_hash is not None)


def change(tx: Connection, by: Actor, user: int, version: int, name: str, language: str, now_ms: int) -> None:
    """Raises Wrong, and edits.Changed."""
    before = read(tx, user)
    problems = {}
    try:
        name = people.a_name(name)
    except BadPerson as problem:
        problems["name"] = str(problem)
    if language not in ("", *LANGUAGES):
        problems["language"] = _("Choose one of these languages.")
    if problems:
        raise Wrong(problems)
    edits.save(tx, users, user, version, name=name, language=language or None)
    old, new = ({"name": each[0], "language": each[1]} for each in ((before.name, before.language), (name, language)))
    if old != new:
        audit.note(tx, by, "account changed", people.subject(tx, user), now_ms, before=old, after=new)
