"""The only way to a schema: which revision a database has, whether we know it, and the way to ours.

Called with a connection inside a transaction; what happens in it happens wholly or not at all.
"""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

VERSION_TABLE = "smilepost_revision"
"""Not Alembic's usual name: a database of another program that uses Alembic too is not taken for ours."""

_LOCK = 0x534D4350
"""PostgreSQL's advisory lock around a migration: several processes may start at once."""


class DatabaseRefused(Exception):
    """A database that this program will not use; the message is one sentence for whoever starts it."""


def is_current(connection: Connection, name: str) -> bool:
    """Whether the tables are those of this version. Raises DatabaseRefused for a newer version's and for a
    database of another program."""
    found = revision(connection)
    if found is None:
        _refuse_other_programs(connection, name)
    refuse_unknown(found, name)
    return found == head()


def upgrade(connection: Connection, name: str) -> None:
    """Brings the tables to this version, unless somebody else just did."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    if is_current(connection, name):
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError(f"the migration of {name} left rows that point at nothing; nothing was changed")


def refuse_unknown(found: str | None, name: str) -> None:
    """Raises DatabaseRefused when `found` is a revision that this version has never heard of."""
    if found is not None and found not in _known():
        raise DatabaseRefused(
            f"The database {name} was upgraded by a newer version of Smilepost (revision {found}, this one knows "
            f"{head()}): install that version."
        )


def refuse_older(name: str) -> None:
    raise DatabaseRefused(f"The database {name} does not have this version's tables: run `smilepost server migrate`.")


def revision(connection: Connection) -> str | None:
    """The revision that the database has; None when it has none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608 (a constant)


def head() -> str:
    """The revision of this version's tables."""
    return str(_scripts().get_current_head())


def _refuse_other_programs(connection: Connection, name: str) -> None:
    # A SQLite file is known by its application_id before anything else is asked of it.
    if connection.dialect.name == "postgresql" and inspect(connection).get_table_names():
        raise DatabaseRefused(f"The database {name} holds tables of another program: create one for Smilepost alone.")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "sync:migrations")
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


@cache
def _known() -> frozenset[str]:
    return frozenset(script.revision for script in _scripts().walk_revisions())
