"""`erase`: what the centre keeps, and what it forgets."""

import argparse

import msgspec

from sync import wire
from sync.centre import open_centre
from sync.cli import verbs
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.intake import erasures


def add(to: Verbs) -> None:
    erase = verbs.add(to, "erase", _erase, "take the words of one answer out for good; its face stays counted")
    erase.add_argument("id", metavar="ID", help="the answer's id; one that has not arrived yet is erased in advance")


def _erase(settings: Settings, asked: argparse.Namespace) -> int:
    name = asked.id.strip().lower()
    try:
        msgspec.convert(name, wire.Id)
    except msgspec.ValidationError:
        raise Refused(
            f"{asked.id!r} is no id of an answer: one looks like 0193f1c8-9a40-7c01-8a2b-5d1e0c9f7a11."
        ) from None
    centre = open_centre(settings, migrate=False)
    try:
        found = erasures.erase(centre.db, settings.erasures_file, name, centre.now_ms())
    finally:
        centre.db.close()
    if found:
        print(f"The words of {name} are erased. Backups that were made before still hold them; restoring one erases "
              f"them again.")  # fmt: skip
    else:
        print(f"Nothing with the id {name} is here. If it comes, its words are left out.")
    return OK
