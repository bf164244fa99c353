"""`verify` and `rebuild-tallies`: whether the counts are what the answers say."""

import argparse
import sys

from sync.centre import open_centre
from sync.cli import verbs
from sync.cli.verbs import DIFFERENT, OK, Verbs
from sync.config import Settings


def add(to: Verbs) -> None:
    verbs.add(to, "rebuild-tallies", _rebuild, "count every answer again and write the counts anew")
    verbs.add(to, "verify", _verify, "count every answer again and compare; exit code 1 with the first difference")


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
