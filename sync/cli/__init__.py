"""`smilepost server …`: the centre from the command line. A user's mistake is one sentence and exit code 2."""

import argparse
import sys
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from sync import config, serving
from sync.backups.archive import BadBackup
from sync.centre import CentreRefused
from sync.cli import counts, fleet, keeping, mailing, people, running, settings, surveys
from sync.cli.verbs import DIFFERENT, OK, REFUSED, Refused, Run
from sync.config import BadConfig
from sync.intake.erasure_log import BadLog
from sync.migrations import DatabaseRefused
from sync.office.people import BadPerson
from sync.office.places import BadPlace

__all__ = ["DIFFERENT", "OK", "REFUSED", "main", "parser"]

EPILOG = "Every verb takes --config FILE; config.example.toml explains its keys. Without one the defaults hold."
_REFUSALS = (
    Refused,
    BadBackup,
    BadConfig,
    BadLog,
    BadPerson,
    BadPlace,
    CentreRefused,
    DatabaseRefused,
    serving.PortRefused,
)


def main(arguments: Sequence[str]) -> int:
    """Runs one verb; returns the exit code: 0 done, 1 `verify` found a difference, 2 refused."""
    asked = parser().parse_args(arguments)
    try:
        verb: Run = asked.verb
        return verb(config.load(asked.config), asked)
    except _REFUSALS as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except OperationalError as problem:
        # Its first line names what is wrong with the database, never a row of it.
        reason = (str(problem.orig).strip().splitlines() or ["no reason was given"])[0].rstrip(".")
        print(f"The database cannot do that now: {reason}.", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="smilepost server", description="Head office: the pages, and what terminals send to.", epilog=EPILOG
    )
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for room in (running, fleet, settings, surveys, people, mailing, keeping, counts):
        room.add(verbs)
    return top
