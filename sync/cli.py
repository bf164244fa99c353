"""`smilepost server …`: the centre from the command line. A user's mistake is one sentence and exit code 2."""

import argparse
import getpass
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sync import config, serving
from sync.centre import Centre, CentreRefused, has_people, open_centre
from sync.config import BadConfig, Settings
from sync.migrations import DatabaseRefused
from sync.office import enrolling, people
from sync.office.enrolling import Invitation, New
from sync.office.people import BadPerson
from sync.office.places import BadPlace

OK, DIFFERENT, REFUSED = 0, 1, 2
EPILOG = "Every verb takes --config FILE; config.example.toml explains its keys. Without one the defaults hold."
_REFUSALS = (BadConfig, BadPerson, BadPlace, CentreRefused, DatabaseRefused, serving.PortRefused)


class _Refused(Exception):
    """What was asked cannot be done; the message is one sentence."""


def main(arguments: Sequence[str]) -> int:
    """Runs one verb; returns the exit code: 0 done, 1 `verify` found a difference, 2 refused."""
    asked = parser().parse_args(arguments)
    try:
        verb: Callable[[Settings, argparse.Namespace], int] = asked.verb
        return verb(config.load(asked.config), asked)
    except (_Refused, *_REFUSALS) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="smilepost server", description="Head office: the pages, and what terminals send to.", epilog=EPILOG
    )
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    _verb(verbs, "run", _run, "serve the pages and the terminals until told to stop; brings the database up to date")
    _verb(verbs, "migrate", _migrate, "make the database, or bring it to this version's tables, and stop")
    _enrol_code_verb(verbs)
    user = verbs.add_parser("user", help="people who sign in", description="People who sign in.")
    _user_add_verb(user.add_subparsers(title="verbs", metavar="VERB", required=True))
    _verb(verbs, "rebuild-tallies", _rebuild, "count every answer again and write the counts anew")
    _verb(verbs, "verify", _verify, "count every answer again and compare; exit code 1 with the first difference")
    return top


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[Settings, argparse.Namespace], int],
    does: str,
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    verb.add_argument("--config", type=Path, metavar="FILE", help="config.toml (default: none, the defaults hold)")
    verb.set_defaults(verb=run)
    return verb


def _enrol_code_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "enrol-code", _enrol_code, "print a code that leads a terminal to its place; valid 15 minutes")
    verb.add_argument("place", metavar="PLACE", help="the name of the place where the terminal stands")
    verb.add_argument("--touchpoint", metavar="NAME", help=f"where in the journey it asks ({enrolling.TOUCHPOINT})")
    verb.add_argument("--screen", metavar="NAME", help="a screen that stands there, to put another box behind it, or "
                      "the name of a new one (default: a new one)")  # fmt: skip
    verb.add_argument("--new", action="store_true", help="make the place and the touchpoint where they are missing")
    verb.add_argument("--zone", metavar="ZONE", help="time zone of a new place, such as Europe/Amsterdam")
    verb.add_argument("--group", metavar="NAME", help="group of a new place, made where it is missing")


def _user_add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "add", _user_add, "add somebody who may sign in; asks for a password twice")
    verb.add_argument("email", metavar="EMAIL", help="the address to sign in with")
    verb.add_argument("--name", metavar="NAME", required=True, help="what the pages call this person")
    verb.add_argument(
        "--at", metavar="PLACE", help="see this place or group and what is below it (default: everything)"
    )
    verb.add_argument("--responses", action=argparse.BooleanOptionalAction, default=True,
                      help="may read single answers and comments (default: yes)")  # fmt: skip
    verb.add_argument("--password-stdin", action="store_true", help="read the password from standard input instead")


def _run(settings: Settings, asked: argparse.Namespace) -> int:
    # The port first: a second start by mistake doesn't even open the database.
    sockets = serving.bind(settings.host, settings.port)
    try:
        from sync.app import MAX_BODY, create_app

        centre = open_centre(settings)
        try:
            app = create_app(centre)
            print(f"Head office is at {settings.public_url or _address(settings)}.", flush=True)
            _say_what_next(centre, asked)
            logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
            serving.serve(app, sockets, threads=settings.threads, max_body=MAX_BODY,
                          proxied=settings.trusted_proxies > 0)  # fmt: skip
        finally:
            centre.db.close()
    finally:
        for sock in sockets:
            sock.close()
    return OK


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _say_what_next(centre: Centre, asked: argparse.Namespace) -> None:
    if has_people(centre):
        return
    with_config = f" --config {asked.config}" if asked.config else ""
    print(
        f"Nobody may sign in yet: `smilepost server user add EMAIL --name NAME{with_config}` adds the first person, "
        f"`smilepost server enrol-code PLACE --new{with_config}` the first terminal.",
        flush=True,
    )


def _migrate(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings)
    print("The database has this version's tables.")
    centre.db.close()
    return OK


def _enrol_code(settings: Settings, asked: argparse.Namespace) -> int:
    new = New(asked.zone, asked.group) if asked.new else None
    if new is None and (asked.zone or asked.group):
        raise _Refused("--zone and --group say how to make a new place: they go with --new.")
    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.writing() as tx:
            given = enrolling.invite(tx, asked.place, asked.touchpoint, asked.screen, new, centre.now_ms())
    finally:
        centre.db.close()
    _show(given)
    return OK


def _show(given: Invitation) -> None:
    import segno

    segno.make_qr(given.code).terminal(sys.stdout, compact=True)
    print(f"{given.code} leads a terminal to {_where(given)}; it is valid for 15 minutes.")
    if given.replaces:
        print("It takes the place of the box that drives this screen now.")
    print(f"On the terminal: smilepost kiosk enrol {given.code}")


def _where(given: Invitation) -> str:
    """The place and the touchpoint, and the screen unless it is called like them."""
    there = f"{given.place}, {given.touchpoint}"
    return there if given.screen in (given.touchpoint, there) else f"{there}, the screen {given.screen!r}"


def _user_add(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.reading() as tx:
            at = enrolling.must_find(tx, asked.at) if asked.at else None
        password = _password(asked.password_stdin)
        with centre.db.writing() as tx:
            people.add_user(
                tx, asked.email, asked.name, password, location=at.id if at else None, responses=asked.responses,
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
        raise _Refused("Nobody is here to type a password: give it on standard input with --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise _Refused("These were two different passwords; nothing was added.")
    return password


def _rebuild(settings: Settings, asked: argparse.Namespace) -> int:
    from sync.intake import tally

    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.writing() as tx:
            count = tally.rebuild(tx)
    except tally.Difference as difference:
        print(f"Nothing was changed: {difference}", file=sys.stderr)
        return DIFFERENT
    finally:
        centre.db.close()
    print(f"{count} rows of counts were written anew.")
    return OK


def _verify(settings: Settings, asked: argparse.Namespace) -> int:
    from sync.intake import tally

    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.reading() as tx:
            difference = tally.verify(tx)
    finally:
        centre.db.close()
    print(difference or "The counts are what the answers say.", file=sys.stderr if difference else sys.stdout)
    return DIFFERENT if difference else OK
