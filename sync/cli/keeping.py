"""`backup`, `restore` and `erase`: what the centre keeps, and what it forgets."""

import argparse
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from sync import models, wire
from sync.backups import making, restoring
from sync.backups.restoring import Restored, Wish
from sync.centre import open_centre, wall_clock_ms
from sync.cli import deeds, verbs
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.intake import erasures
from sync.office import audit
from sync.office.audit import COMMAND, Subject
from sync.office.rights import EVERYWHERE


def add(to: Verbs) -> None:
    backup = verbs.add(to, "backup", _backup, "copy the database into one file while the server goes on")
    backup.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="the file to write; an earlier backup of that name is replaced once the new one is whole",
    )
    restore = verbs.add(to, "restore", _restore, "put a backup in the database's place; what is there is kept aside")
    restore.add_argument("file", type=Path, metavar="FILE", help="the file that `smilepost server backup` wrote")
    restore.add_argument("--new-secret", action="store_true", help="go on though the secrets file is lost: every "
                         "terminal has to be enrolled again")  # fmt: skip
    restore.add_argument("--no-erasures", action="store_true", help="go on though the erasures file is lost: words "
                         "that were erased after the backup come back")  # fmt: skip
    erase = verbs.add(to, "erase", _erase, "take the words of one answer out for good; its face stays counted")
    erase.add_argument("id", metavar="ID", help="the answer's id, which stands below each comment on the "
                       "pages; one that has not arrived yet is erased in advance")  # fmt: skip


def _backup(settings: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(settings, migrate=False)
    try:
        making.make(centre, asked.file)
        with centre.db.writing() as tx:
            deeds.of_centre(tx, "backup made", asked.file.name, centre.now_ms())
    finally:
        centre.db.close()
    size = asked.file.stat().st_size
    print(f"{asked.file} ({size:,} bytes) holds the database, and was read once more. Keep copies of "
          f"{settings.secrets_file} and {settings.erasures_file} in another place.")  # fmt: skip
    return OK


def _restore(settings: Settings, asked: argparse.Namespace) -> int:
    wish = Wish(settings, asked.file, asked.new_secret, asked.no_erasures, wall_clock_ms())
    try:
        done = restoring.restore(wish)
    except OSError as problem:
        raise Refused(f"{asked.file} cannot be restored: {problem.strerror or problem}.") from None
    for sentence in _told(asked.file, done):
        print(sentence)
    return OK


def _told(file: Path, done: Restored) -> list[str]:
    said = [f"The database is what {file} holds. Everybody signs in again; terminals bring back what came after it."]
    if done.aside:
        said.append(f"What was in place is kept as {done.aside}; delete it when nobody needs it any more.")
    if done.erased or done.revoked:
        said.append(f"Erased once more: {done.erased}. Taken out of service once more: {done.revoked}.")
    if done.is_new_secret:
        said.append("No terminal's key fits any more: start the servers anew, and enrol every terminal again.")
    return said


def _note_erased(name: str, now_ms: int, tx: Connection) -> None:
    """At the place where it was given, as far as it has come."""
    table, places = models.responses, models.locations
    query = select(places.c.path).join(table, table.c.location_id == places.c.id).where(table.c.id == name)
    subject = Subject("answer", name, "", tx.execute(query).scalar() or EVERYWHERE)
    audit.note(tx, COMMAND, "answer erased", subject, now_ms)


def _erase(settings: Settings, asked: argparse.Namespace) -> int:
    name = asked.id.strip().lower()
    try:
        msgspec.convert(name, wire.Id)
    except msgspec.ValidationError:
        raise Refused(
            f"{asked.id!r} is no id of an answer: one looks like 0193f1c8-9a40-7c01-8a2b-5d1e0c9f7a11, and stands "
            'under "Id" below each comment on the pages.'
        ) from None
    centre = open_centre(settings, migrate=False)
    try:
        now_ms = centre.now_ms()
        note = partial(_note_erased, name, now_ms)
        found = erasures.erase(centre.db, settings.erasures_file, name, now_ms, by=COMMAND.name, also=note)
        aside = restoring.kept_aside(centre.db, settings)
    finally:
        centre.db.close()
    if found:
        print(f"The words of {name} are erased. Backups that were made before still hold them; restoring one erases "
              f"them again.")  # fmt: skip
    else:
        print(f"Nothing with the id {name} is here. If it comes, its words are left out.")
    if aside:
        print(f"What was in place before a restore may hold them as well; delete it: {', '.join(aside)}.")
    return OK
