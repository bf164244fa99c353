"""What every table hangs on, and the facts about this centre."""

from sqlalchemy import Column, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row per fact about this centre: epoch, secret (fingerprint), organisation.
centre = Table(
    "centre", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)  # fmt: skip
