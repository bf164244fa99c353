"""`user …`: people who sign in."""

import argparse
import getpass
import sys

from sync.centre import open_centre
from sync.cli import verbs
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.office import enrolling, people, rights


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


def _user_add(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.reading() as tx:
            at = enrolling.must_find(tx, asked.at) if asked.at else None
        password = _password(asked.password_stdin)
        with centre.db.writing() as tx:
            people.add_user(
                tx, asked.email, asked.name, password, roles=[(asked.role, at.id if at else None)],
                now_ms=centre.now_ms(),
            )  # fmt: skip
    finally:
        centre.db.close()
    print(f"{asked.name} may sign in as {asked.email} and sees {at.name if at else 'every place'}.")
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
