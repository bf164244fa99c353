"""What every route of the centre needs, put together once at the start: its database, settings, secrets and clock."""

import logging
import secrets as random
import time
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import cast

from flask import current_app

from sync import facts
from sync.config import Settings
from sync.db import Database, open_database
from sync.intake import erasures
from sync.intake.erasure_log import BadLog
from sync.intake.keys import BadSecrets, Secrets

EXTENSION = "smilepost"

log = logging.getLogger(__name__)


class CentreRefused(Exception):
    """The centre cannot start like this; the message is one sentence for whoever starts it."""


@dataclass(frozen=True)
class Centre:
    """`now_ms`: milliseconds since 1970-01-01 UTC."""

    db: Database
    settings: Settings
    secrets: Secrets
    now_ms: Callable[[], int]


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def centre() -> Centre:
    """The centre that answers the current request. Only routes ask."""
    return cast(Centre, current_app.extensions[EXTENSION])


def open_centre(settings: Settings, now_ms: Callable[[], int] = wall_clock_ms, *, migrate: bool = True) -> Centre:
    """Opens the database and the secrets; makes both at the first start. Raises DatabaseRefused, CentreRefused."""
    if settings.database_url is None and migrate:
        _make_folder(settings)
    if migrate:
        _try_secrets_place(settings)
    db = open_database(settings.database, migrate=migrate)
    try:
        secrets = _load_secrets(db, settings)
        _settle_facts(db, secrets)
        _refill_erasures(db, settings)
    except BaseException:
        db.close()
        raise
    return Centre(db, settings, secrets, now_ms)


def _make_folder(settings: Settings) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise CentreRefused(f"The data folder {settings.data} cannot be made: {problem.strerror}.") from None


def _try_secrets_place(settings: Settings) -> None:
    """Whether a file of secrets can be made where it is missing, before a database is made that needs it."""
    path = settings.secrets_file
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as problem:
        raise CentreRefused(f"The secrets file {path} cannot be used: {problem.strerror}.") from None


def _load_secrets(db: Database, settings: Settings) -> Secrets:
    with db.reading() as tx:
        expected = facts.get(tx, facts.SECRET)
    path = settings.secrets_file
    lost = "Every terminal's key was made from it: put it back from its copy."
    if expected is not None and not path.exists():
        raise CentreRefused(f"The secrets file {path}, which belongs to this database, is not there. {lost}")
    try:
        secrets = Secrets.load_or_create(path)
    except BadSecrets as problem:
        raise CentreRefused(str(problem)) from None
    except OSError as problem:
        raise CentreRefused(f"The secrets file {path} cannot be used: {problem.strerror}.") from None
    if expected is not None and expected not in secrets.fingerprints:
        raise CentreRefused(f"The secrets file {path} belongs to another database. {lost}")
    return secrets


def _settle_facts(db: Database, secrets: Secrets) -> None:
    """Write down what is not there yet: the epoch, and which secret is the newest."""
    with db.reading() as tx:
        epoch, secret = facts.get(tx, facts.EPOCH), facts.get(tx, facts.SECRET)
    if epoch is not None and secret == secrets.fingerprints[0]:
        return
    with db.writing() as tx:
        # The newest one, so that after a rotation the old secret may go.
        facts.keep(tx, facts.SECRET, secrets.fingerprints[0])
        facts.claim(tx, facts.EPOCH, random.token_hex(16))


def _refill_erasures(db: Database, settings: Settings) -> None:
    """Before anything is taken in: what was erased stays erased, also in a database that was put back."""
    try:
        done = erasures.refill(db, settings.erasures_file)
    except BadLog as problem:
        raise CentreRefused(str(problem)) from None
    if done.cut:
        log.warning("The last line of the erasures file was cut off while it was written; it was ended and left out.")
    if done.erased or done.revoked:
        log.warning(
            "Erased once more, as the erasures file says: %d; revoked once more: %d.", done.erased, done.revoked
        )
