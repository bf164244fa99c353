"""`user …`: people who sign in."""

import argparse
import getpass
import sys
from collections.abc import Callable

from sqlalchemy import Connection

from sync import serving
from sync.centre import open_centre
from sync.cli import verbs
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.office import audit, enrolling, hiring, links, people, rights, roster
from sync.office.audit import COMMAND
from sync.office.forms import Wrong
from sync.office.roster import Enlisted


def add(to: Verbs) -> None:
    user = to.add_parser("user", help="people who sign in", description="People who sign in.")
    below = user.add_subparsers(title="verbs", metavar="VERB", required=True)
    verb = verbs.add(below, "add", _user_add, "add somebody who may sign in; asks for a password twice")
    verb.add_argument("email", metavar="EMAIL", help="the address to sign in with")
    verb.add_argument("--name", metavar="NAME", required=True, help="what the pages call this person")
    verb.add_argument(
        "--at", metavar="PLACE", help="see this place or group and what is below it (default: everything)"
    )
    verb.add_argument("--role", choices=tuple(rights.ROLES), default="admin", help="what they may there (admin)")
    verb.add_argument("--password-stdin", action="store_true", help="read the password from standard input instead")
    verbs.add(below, "list", _list, "who there is, what they may where, and how it stands with their accounts")
    reset = verbs.add(below, "reset", _reset, "print a link to a new password, for somebody who lost theirs; it works "
                      "once, for 48 hours")  # fmt: skip
    reset.add_argument("email", metavar="EMAIL", help="the address they sign in with")
    reset.add_argument("--second", action="store_true", help="also remove their second factor, and sign them out: for "
                       "somebody who lost telephone and recovery codes")  # fmt: skip
    for name, run, does in (
        ("disable", _disable, "let somebody sign in no more, and sign them out; what they did stays"),
        ("enable", _enable, "let somebody sign in again"),
    ):
        verb = verbs.add(below, name, run, does)
        verb.add_argument("email", metavar="EMAIL", help="the address they sign in with")


def _user_add(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.reading() as tx:
            at = enrolling.must_find(tx, asked.at) if asked.at else None
        password = _password(asked.password_stdin)
        with centre.db.writing() as tx:
            roles, now_ms = [(asked.role, at.id if at else None)], centre.now_ms()
            number = people.add_user(tx, asked.email, asked.name, password, roles=roles, now_ms=now_ms)
            about = {"role": asked.role, "place": at.name if at else None}
            audit.note(tx, COMMAND, "person added", people.subject(tx, number), now_ms, after=about)
    finally:
        centre.db.close()
    print(f"{asked.name} may sign in as {asked.email} and sees {at.name if at else 'every place'}.")
    return OK


def _list(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.reading() as tx:
            lines = [_line(each) for each in roster.every(tx)]
    finally:
        centre.db.close()
    print("\n".join(lines) or "There is nobody yet.")
    return OK


def _line(each: Enlisted) -> str:
    second = "with a second factor" if each.has_second else "without a second factor"
    state = "disabled" if each.is_disabled else second if each.has_password else "has not come yet"
    roles = ", ".join(f"{role} at {place}" if place else f"{role} everywhere" for role, place in each.roles)
    return f"{each.email}\t{each.name}\t{roles or 'no role'}\t{state}"


def _reset(settings: Settings, asked: argparse.Namespace) -> int:
    def reset(tx: Connection, found: Enlisted, now_ms: int) -> str:
        if asked.second:
            hiring.remove_second(tx, COMMAND, found.id, found.version, now_ms)
        purpose, token = hiring.new_link(tx, COMMAND, found.id, now_ms)
        hours = links.PERSON_MS // links.HOUR_MS
        what = "chooses a password" if purpose == "invite" else "chooses a new password"
        return (f"With this link {found.name} {what}; it works once, for {hours} hours, and the ones before it no "
                f"longer:\n{serving.address(settings)}{links.PATHS[purpose]}{token}")  # fmt: skip

    return _done(settings, asked, reset)


def _disable(settings: Settings, asked: argparse.Namespace) -> int:
    def disable(tx: Connection, found: Enlisted, now_ms: int) -> str:
        hiring.disable(tx, COMMAND, found.id, found.version, now_ms)
        return f"{found.name} is signed out, and may sign in no more; `user enable` takes that back."

    return _done(settings, asked, disable)


def _enable(settings: Settings, asked: argparse.Namespace) -> int:
    def enable(tx: Connection, found: Enlisted, now_ms: int) -> str:
        hiring.enable(tx, COMMAND, found.id, found.version, now_ms)
        return f"{found.name} may sign in again."

    return _done(settings, asked, enable)


def _done(settings: Settings, asked: argparse.Namespace, do: Callable[[Connection, Enlisted, int], str]) -> int:
    """Does it to who has this address, and says so."""
    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.writing() as tx:
            found = roster.find(tx, asked.email)
            if found is None:
                raise Refused(f"Nobody signs in as {asked.email!r}: `smilepost server user list` says who there is.")
            said = do(tx, found, centre.now_ms())
    except Wrong as problem:
        raise Refused(str(problem)) from None
    finally:
        centre.db.close()
    print(said)
    return OK


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Refused("Nobody is here to type a password: give it on standard input with --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Refused("These were two different passwords; nothing was added.")
    return password
