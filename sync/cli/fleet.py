"""`enrol-code`, `settle-clone` and `revoke`: the boxes in the shops."""

import argparse
import sys

from sync.centre import open_centre
from sync.cli import verbs
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.intake import erasures, ledger
from sync.office import enrolling, service
from sync.office.audit import COMMAND
from sync.office.enrolling import Invitation, New

_FORGOTTEN = (" One that was enrolled after the backup that was restored is shut out with --unknown, though it is not "
              "known here.")  # fmt: skip


def add(to: Verbs) -> None:
    verb = verbs.add(to, "enrol-code", _enrol_code, "print a code that leads a terminal to its place; valid 15 minutes")
    verb.add_argument("place", metavar="PLACE", help="the name of the place where the terminal stands")
    verb.add_argument("--touchpoint", metavar="NAME", help=f"where in the journey it asks ({enrolling.TOUCHPOINT})")
    verb.add_argument("--screen", metavar="NAME", help="a screen that stands there, to put another box behind it, or "
                      "the name of a new one (default: a new one); what a box still holds of a screen counts once it "
                      "is enrolled for it again, after replay-quarantine")  # fmt: skip
    verb.add_argument("--new", action="store_true", help="make the place and the touchpoint where they are missing")
    verb.add_argument("--zone", metavar="ZONE", help="time zone of a new place, such as Europe/Amsterdam")
    verb.add_argument("--group", metavar="NAME", help="group of a new place, made where it is missing")
    looked = verbs.add(to, "settle-clone", _settle, "say that somebody looked at a terminal that seemed to be two: its "
                       "answers are no longer marked")  # fmt: skip
    looked.add_argument(
        "device", metavar="DEVICE", help="the terminal's number at head office, such as dev-0123456789ab"
    )
    gone = verbs.add(to, "revoke", _revoke, "take a terminal out of service for good; what it sent stays")
    gone.add_argument("device", metavar="DEVICE", help="the terminal's number at head office, such as dev-0123456789ab")
    gone.add_argument("--unknown", action="store_true", help="also one that is not known here, as it was enrolled "
                      "after the backup that was restored")  # fmt: skip


def _enrol_code(settings: Settings, asked: argparse.Namespace) -> int:
    new = New(asked.zone, asked.group) if asked.new else None
    if new is None and (asked.zone or asked.group):
        raise Refused("--zone and --group say how to make a new place: they go with --new.")
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


def _settle(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.writing() as tx:
            if ledger.generation(tx, asked.device) is None:
                raise Refused(_unknown(asked.device))
            count = service.settle(tx, COMMAND, asked.device, centre.now_ms())
    finally:
        centre.db.close()
    done = f"Settled: {count}. Answers of {asked.device} are no longer marked."
    print(done if count else f"Nothing speaks for a second box like {asked.device}.")
    return OK


def _unknown(device: str) -> str:
    return (f"There is no terminal {device!r}: its page at head office, under Terminals, shows its number, which looks "
            f"like dev-0123456789ab.")  # fmt: skip


def _revoke(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings, migrate=False)
    try:
        path = settings.erasures_file
        done = service.revoke(centre.db, path, COMMAND, asked.device, centre.now_ms(), unknown=asked.unknown)
    except ValueError:
        may_be = erasures.DEVICE.fullmatch(asked.device) is not None
        raise Refused(_unknown(asked.device) + (_FORGOTTEN if may_be else "")) from None
    finally:
        centre.db.close()
    if done is None:
        print(f"The terminal {asked.device} is not known here. It is out of service all the same: nothing that it "
              f"sends is taken.")  # fmt: skip
        return OK
    print(f"The terminal {asked.device} {'is' if done else 'was already'} out of service. To go on it has to be "
          f"enrolled again, as a new one.")  # fmt: skip
    return OK
