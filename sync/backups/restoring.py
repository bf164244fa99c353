"""`restore`: a backup becomes the database, and what must not come back with it doesn't.

Everything is done to a copy that nobody sees; a refusal on the way leaves the database that is in place as it was."""

import secrets as random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import Connection, delete
from sqlalchemy.exc import DBAPIError

from sync import facts, migrations, models
from sync.backups import archive, sqlite
from sync.backups.archive import BadBackup
from sync.config import Settings
from sync.db import Database, DatabaseRefused, connect, open_database
from sync.intake import erasure_log, erasures
from sync.intake.erasure_log import Told
from sync.intake.keys import BadSecrets, Secrets
from sync.migrations import views_v1
from sync.occupancy import Occupancy, Occupied
from sync.office import audit
from sync.office.audit import COMMAND, Subject
from sync.office.rights import EVERYWHERE
from sync.sqlite_file import is_ours, peek_revision

WORKSHOP = "restoring-"
"""How the folder is called in which a database is made ready."""
LOST_SECRETS = (
    "Every terminal's key was made from it: put it back from its copy, or give --new-secret and enrol every terminal "
    "again."
)
LOST_ERASURES = (
    "The backup may hold words that were erased after it was made: put the file back from its copy, or give "
    "--no-erasures to let them come back."
)


@dataclass(frozen=True)
class Restored:
    """`aside`: where the database that was in place is now, None when there was none. `erased`, `revoked`: how many
    were done once more. `is_new_secret`: no terminal's key fits any more."""

    aside: str | None
    erased: int
    revoked: int
    is_new_secret: bool


@dataclass(frozen=True)
class Wish:
    """What was asked. `new_secret`: go on though the secrets that the terminals' keys were made from are lost.
    `no_erasures`: go on though the file of erasures is."""

    settings: Settings
    path: Path
    new_secret: bool
    no_erasures: bool
    now_ms: int


def restore(wish: Wish) -> Restored:
    """Raises BadBackup, DatabaseRefused, erasure_log.BadLog, OSError; nothing was changed then."""
    url = wish.settings.database
    kind, ours = archive.kind_of(wish.path), "sqlite" if url.startswith("sqlite") else "postgresql"
    if kind != ours:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise BadBackup(f"{wish.path} is a backup from {names[kind]}; database_url says {names[ours]}.")
    _remember_erasures(url, wish.settings.erasures_file)
    if not wish.settings.erasures_file.exists() and not wish.no_erasures:
        raise BadBackup(f"The erasures file {wish.settings.erasures_file} is not there. {LOST_ERASURES}")
    return _into_sqlite(wish) if ours == "sqlite" else _into_postgresql(wish)


def _remember_erasures(url: str, path: Path) -> None:
    """What the database in place knows of erasures goes into the file first, when it can be asked and the file is its
    own. What is wrong with the file is said when it is read."""
    try:
        db = open_database(url, migrate=False)
    except DatabaseRefused:
        return
    try:
        with suppress(erasure_log.BadLog):
            erasures.refill(db, path)
    finally:
        db.close()


def _into_sqlite(wish: Wish) -> Restored:
    path = Path(wish.settings.database.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_ours(path):
        migrations.refuse_unknown(peek_revision(path), str(path))
    try:
        place = Occupancy(path.parent, alone=True)
    except Occupied:
        raise BadBackup(f"Somebody works on the database {path}: stop the server first.") from None
    for left in path.parent.glob(f"{WORKSHOP}*"):
        shutil.rmtree(left)  # of one that was cut off
    workshop = Path(mkdtemp(prefix=WORKSHOP, dir=path.parent))
    try:
        new = workshop / path.name
        archive.unpack(wish.path, new)
        sqlite.inspect(new, str(wish.path))
        renewed = _renew_file(wish, new)
        aside = sqlite.put_in_place(new, path, wish.now_ms)
    finally:
        shutil.rmtree(workshop)
        place.leave()
    return renewed(str(aside) if aside else None)


def _renew_file(wish: Wish, new: Path) -> Callable[[str | None], Restored]:
    db = open_database(f"sqlite:///{new}", migrate=True)
    try:
        with db.writing() as tx:
            renewed = _renew(tx, wish)
        db.forget()
    finally:
        db.close()
    sqlite.settle(new)
    return renewed


def _into_postgresql(wish: Wish) -> Restored:
    from sync.backups import postgres

    postgres.inspect(wish.path, str(wish.path))
    moment = datetime.fromtimestamp(wish.now_ms / 1000, UTC)
    schema = f"{postgres.ASIDE}{moment:%Y%m%d_%H%M%S}_{wish.now_ms % 1000:03}"
    engine = connect(wish.settings.database)
    try:
        with engine.begin() as tx:
            migrations.is_current(tx, engine.url.database or "")  # another program's, or a newer version's
            was_there = postgres.set_aside(tx, schema)
            postgres.load(tx, wish.path)
            migrations.refuse_unknown(migrations.revision(tx), str(wish.path))
            migrations.upgrade(tx, str(wish.path))
            views_v1.create(tx)  # those that were there would go on reading the tables set aside
            renewed = _renew(tx, wish)
    except DBAPIError as problem:
        raise postgres.refusal(wish.path, getattr(problem.orig, "sqlstate", None)) from None
    finally:
        engine.dispose()
    with suppress(DatabaseRefused):
        db = open_database(wish.settings.database, migrate=False)
        db.forget()
        db.close()
    return renewed(schema if was_there else None)


def _renew(tx: Connection, wish: Wish) -> Callable[[str | None], Restored]:
    """What makes a backup the centre again: its secret, what is erased stays erased, nobody is signed in, and
    terminals notice."""
    secrets = _secrets(facts.get(tx, facts.SECRET), wish)
    is_new = facts.get(tx, facts.SECRET) not in (None, *secrets.fingerprints)
    facts.keep(tx, facts.SECRET, secrets.fingerprints[0])
    facts.keep(tx, facts.EPOCH, random.token_hex(16))
    for table in (models.sessions, models.sign_in_links, models.one_time_links, models.enrol_codes):
        tx.execute(delete(table))
    erased, revoked = erasures.apply(tx, _erasures(tx, wish))
    subject = Subject("centre", "", wish.path.name, EVERYWHERE)
    audit.note(tx, COMMAND, "backup restored", subject, wish.now_ms, after={"erased": erased, "revoked": revoked})
    return lambda aside: Restored(aside, erased, revoked, is_new)


def _erasures(tx: Connection, wish: Wish) -> Told:
    """What the file says. Raises BadBackup when it is another database's, unless that is accepted: a new machine that
    was started before made one of its own."""
    path = wish.settings.erasures_file
    told = erasure_log.read(path)
    expected = facts.get(tx, facts.ERASURES)
    if told.owner:
        if expected not in (None, told.owner) and not wish.no_erasures:
            raise BadBackup(f"The erasures file {path} belongs to another database. {LOST_ERASURES}")
        facts.keep(tx, facts.ERASURES, told.owner)
    return told


def _secrets(expected: str | None, wish: Wish) -> Secrets:
    """Raises BadBackup when they are not those that the terminals' keys were made from, unless that is accepted."""
    path = wish.settings.secrets_file
    if not path.exists() and expected is not None and not wish.new_secret:
        raise BadBackup(f"The secrets file {path} is not there. {LOST_SECRETS}")
    try:
        secrets = Secrets.load_or_create(path)
    except BadSecrets as problem:
        raise BadBackup(str(problem)) from None
    if expected is not None and expected not in secrets.fingerprints and not wish.new_secret:
        raise BadBackup(f"The secrets file {path} belongs to another database. {LOST_SECRETS}")
    return secrets


def kept_aside(db: Database, settings: Settings) -> list[str]:
    """Where databases are that were in place before a restore: an erasure doesn't reach them."""
    if db.dialect == "sqlite":
        path = Path(settings.database.removeprefix("sqlite:///"))
        return [str(found) for found in (*sqlite.kept_aside(path), *path.parent.glob(f"{WORKSHOP}*"))]
    from sync.backups import postgres

    with db.reading() as tx:
        return postgres.kept_aside(tx)
