"""`verify`, `rebuild-tallies`, `import` and `replay-quarantine`: what counts, and whether the counts say so."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from sync.centre import open_centre
from sync.cli import deeds, verbs
from sync.cli.verbs import DIFFERENT, OK, Refused, Verbs
from sync.config import Settings


def add(to: Verbs) -> None:
    taking = verbs.add(to, "import", _import, "take in what `smilepost kiosk export` wrote; twice is harmless")
    taking.add_argument("file", type=Path, metavar="FILE", help="the file, as it came from the terminal")
    verbs.add(to, "replay-quarantine", _replay, "judge once more what was kept apart, such as after an upgrade")
    verbs.add(to, "rebuild-tallies", _rebuild, "count every answer again and write the counts anew")
    verbs.add(to, "verify", _verify, "count every answer again and compare; exit code 1 with the first difference")


def _import(settings: Settings, asked: argparse.Namespace) -> int:
    from sync.intake import imports

    centre = open_centre(settings, migrate=False)
    try:
        done = imports.take(centre, asked.file)
        with centre.db.writing() as tx:
            took = {"device": done.device, "verdicts": dict(done.verdicts)}
            deeds.of_centre(tx, "answers imported", asked.file.name, centre.now_ms(), **took)
    except imports.BadExport as problem:
        raise Refused(str(problem)) from None
    finally:
        centre.db.close()
    why = f" ({_listed(done.reasons)})" if done.reasons else ""
    print(f"{sum(done.verdicts.values())} entries of the terminal {done.device}: {_listed(done.verdicts)}{why}.")
    if not done.is_known:
        print("The centre doesn't know this terminal: enrol it again, then `smilepost server replay-quarantine`.")
    return OK


def _replay(settings: Settings, asked: argparse.Namespace) -> int:
    from sync.intake import ingest, quarantine

    centre = open_centre(settings, migrate=False)
    try:
        done = quarantine.replay(centre.db, centre.now_ms())
        with centre.db.writing() as tx:
            counted = {"count": dict(done.count), "stay": dict(done.stay)}
            deeds.of_centre(tx, "quarantine replayed", "", centre.now_ms(), **counted)
    except ingest.Busy:
        raise Refused("The database is busy: try again, what was done stays done.") from None
    finally:
        centre.db.close()
    print(f"Counting now: {_listed(done.count)}. Still kept apart: {_listed(done.stay)}.")
    return OK


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count) or "none"


def _rebuild(settings: Settings, asked: argparse.Namespace) -> int:
    from sync.intake import tally

    centre = open_centre(settings, migrate=False)
    try:
        with centre.db.writing() as tx:
            count = tally.rebuild(tx, centre.now_ms())
            deeds.of_centre(tx, "counts rebuilt", "", centre.now_ms(), rows=count)
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
