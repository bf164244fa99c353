"""Run by Alembic: migrates over the connection it is given, inside that connection's transaction."""

from alembic import context

from sync.migrations import VERSION_TABLE
from sync.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=True,  # SQLite can, and Alembic would not ask it to
)
with context.begin_transaction():
    context.run_migrations()
